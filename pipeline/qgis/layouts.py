"""Print layouts: a page with title, map, legend, scale, north arrow, sources, and a stamp where simulated."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5
from xml.etree.ElementTree import Element, SubElement

from pipeline.deliver.palette import BACKGROUND, MUTED, SIMULATED, TEXT
from pipeline.qgis.document import Document, Entry

PAGE, MAP, PICTURE, LABEL, LEGEND, SCALE_BAR = 65638, 65639, 65640, 65641, 65642, 65646  # QGIS's numbers
# In millimetres on A4 lying: left, top, width, height.
SHEET = (0.0, 0.0, 297.0, 210.0)
TITLE_BOX, SUBTITLE_BOX, STAMP_BOX = (
    (10.0, 6.0, 195.0, 10.0),
    (10.0, 15.0, 195.0, 7.0),
    (210.0, 6.0, 77.0, 12.0),
)
MAP_BOX, LEGEND_BOX = (10.0, 24.0, 195.0, 162.0), (210.0, 24.0, 77.0, 162.0)
SCALE_BOX, NORTH_BOX, SOURCES_BOX = (
    (10.0, 188.0, 80.0, 12.0),
    (192.0, 27.0, 10.0, 14.0),
    (95.0, 188.0, 192.0, 18.0),
)
ARROW = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 28"><path d="M10 9 L17 27 L10 22 L3 27 Z" '
    f'fill="{TEXT}" stroke="{BACKGROUND}"/><text x="10" y="8" font-size="9" text-anchor="middle" '
    f'font-family="sans-serif" fill="{TEXT}">N</text></svg>'
)
IN_COLOUR = ("ortho", "light", "photo_in_place")  # rasters that need no legend
LEGEND_FONTS = {"title": 11, "group": 8, "subgroup": 8, "symbol": 7, "symbolLabel": 7}  # points


@dataclass(frozen=True)
class Page:
    """What stands on a layout: its name, which is that of the theme its map shows, title, subtitle, sources,
    a stamp ("" for none), and the layers of the legend."""

    name: str
    title: str
    subtitle: str
    sources: str
    stamp: str
    legend: Sequence[Entry]


def add_layouts(document: Document, pages: Sequence[Page]) -> None:
    """A layout for each page."""
    layouts = SubElement(document.root, "Layouts")
    for page in pages:
        layouts.append(_layout(page, document))


def _layout(page: Page, document: Document) -> Element:
    layout = Element("Layout", name=page.name, units="mm", printResolution="200", worldFileMap="")
    pages = SubElement(layout, "PageCollection")
    pages.append(_item(PAGE, "page", SHEET, page))
    # What is listed first lies on top.
    of_map = _item(MAP, "map", MAP_BOX, page, BACKGROUND)
    of_map.attrib |= {"followPreset": "true", "followPresetName": page.name, "drawCanvasItems": "true"}
    SubElement(of_map, "Extent", _extent(document))
    boxes = [(SUBTITLE_BOX, page.subtitle, 9, "#444444"), (SOURCES_BOX, page.sources, 7, "#444444")]
    layout.append(_label("title", page.title, TITLE_BOX, page, 16, "#000000"))
    for number, (box, text, size, colour) in enumerate(boxes):
        layout.append(_label(f"text{number}", text, box, page, size, colour))
    if page.stamp:
        layout.append(_label("stamp", page.stamp, STAMP_BOX, page, 12, BACKGROUND, behind=SIMULATED))
    layout.append(_north(page))
    layout.append(_scale_bar(page, document))
    layout.append(_legend(page))
    layout.append(of_map)
    for depth, item in enumerate(reversed(layout.findall("LayoutItem")), 1):
        item.set("zValue", str(depth))
    return layout


def _item(kind: int, name: str, box: Sequence[float], page: Page, behind: str | None = None) -> Element:
    """An item of a layout, on a background of a colour if one is given."""
    left, top, width, height = box
    element = Element(
        "LayoutItem",
        {
            **dict.fromkeys(("uuid", "templateUuid"), _uuid(page, name)),
            **dict.fromkeys(("position", "positionOnPage"), f"{left:g},{top:g},mm"),
            **{"type": str(kind), "id": name, "size": f"{width:g},{height:g},mm", "visibility": "1"},
            **{"opacity": "1", "frame": "false", "background": str(behind is not None).lower()},
            **{"referencePoint": "0", "itemRotation": "0", "blendMode": "0"},
        },
    )
    if behind is not None:
        SubElement(element, "BackgroundColor", _colour(behind))
    return element


def _label(
    name: str, text: str, box: Sequence[float], page: Page, size: int, colour: str, behind: str | None = None
) -> Element:
    """Words; in the middle of their box if there is a colour behind them."""
    element = _item(LABEL, name, box, page, behind)
    halign, valign = ("4", "128") if behind else ("1", "32")
    element.attrib |= {"labelText": text, "halign": halign, "valign": valign, "htmlState": "0"}
    SubElement(element, "LabelFont", description=f"Sans,{size},-1,5,{75 if behind else 50},0,0,0,0,0")
    SubElement(element, "FontColor", _colour(colour))
    return element


def _north(page: Page) -> Element:
    element = _item(PICTURE, "north", NORTH_BOX, page)
    drawn = base64.b64encode(ARROW.encode()).decode()
    # Mode 0 is a drawing; it points to true north.
    element.attrib |= {"file": f"base64:{drawn}", "mode": "0", "mapUuid": _uuid(page, "map")}
    element.attrib |= {"northMode": "1", "northOffset": "0", "resizeMode": "0"}
    return element


def _scale_bar(page: Page, document: Document) -> Element:
    """A bar of two parts, each about a tenth of the map's width."""
    sides = _extent(document)
    tenth_km = (float(sides["xmax"]) - float(sides["xmin"])) / 1e4
    part_km = max(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500) if step <= max(tenth_km, 1))
    element = _item(SCALE_BAR, "scale", SCALE_BOX, page)
    element.attrib |= {"mapUuid": _uuid(page, "map"), "style": "Single Box", "unitLabel": "km"}
    element.attrib |= {
        "unitType": "km",
        "numUnitsPerSegment": str(part_km),
        "numMapUnitsPerScaleBarUnit": "1",
    }
    element.attrib |= {"numSegments": "2", "numSegmentsLeft": "0", "height": "2", "segmentSizeMode": "0"}
    SubElement(element, "text-style", fontFamily="Sans", fontSize="8", fontSizeUnit="Point")
    return element


def _legend(page: Page) -> Element:
    """The layers of the page, as far as the map shows something of them."""
    element = _item(LEGEND, "legend", LEGEND_BOX, page, BACKGROUND)
    element.attrib |= {"map_uuid": _uuid(page, "map"), "legendFilterByMap": "1", "resizeToContents": "0"}
    element.attrib |= {"fontColor": TEXT, "columnCount": "1", "symbolWidth": "6", "symbolHeight": "3"}
    element.attrib |= {
        "boxSpace": "3",
        "wrapChar": "|",
        "lineSpacing": "1",
        "title": "",
        "rasterBorderColor": MUTED,
    }
    styles = SubElement(element, "styles")
    for name, size in LEGEND_FONTS.items():
        style = SubElement(
            styles, "style", name=name, alignment="1", indent="0", marginTop="1.5", marginLeft="2"
        )
        SubElement(style, "styleFont", description=f"Sans,{size},-1,5,50,0,0,0,0,0", style="")
    tree = SubElement(element, "layer-tree-group")
    for entry in page.legend:
        if entry.kind in IN_COLOUR:
            continue
        layer = SubElement(
            tree, "layer-tree-layer", id=entry.id, name="", checked="Qt::Checked", expanded="1"
        )
        if entry.n_classes:  # without the name of the band, which is the first line
            lines = ",".join(str(number) for number in range(1, entry.n_classes + 1))
            options = SubElement(SubElement(layer, "customproperties"), "Option", type="Map")
            SubElement(options, "Option", name="legend/node-order", type="QString", value=lines)
    return element


def _extent(document: Document) -> dict[str, str]:
    """The grid, widened to the shape of the map's box."""
    left, bottom, right, top = document.grid.bounds
    _, _, width, height = MAP_BOX
    half_width = max(right - left, (top - bottom) * width / height) / 2
    x, y, half_height = (left + right) / 2, (bottom + top) / 2, half_width * height / width
    sides = (x - half_width, y - half_height, x + half_width, y + half_height)
    return dict(zip(("xmin", "ymin", "xmax", "ymax"), (f"{side:.12g}" for side in sides), strict=True))


def _uuid(page: Page, item: str) -> str:
    """An identifier that is the same in every run."""
    return f"{{{uuid5(NAMESPACE_URL, f'borderlight/{page.name}/{item}')}}}"


def _colour(colour: str) -> dict[str, str]:
    bands = {name: str(int(colour[k : k + 2], 16)) for name, k in (("red", 1), ("green", 3), ("blue", 5))}
    return {**bands, "alpha": "255"}
