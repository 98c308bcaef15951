"""The XML with which QGIS 3.22 and later describes symbols, renderers and labels.

Only what differs from QGIS's own defaults is written; QGIS fills in the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

QGIS_VERSION = "3.22.16-Białowieża"


def options(values: Mapping[str, object]) -> Element:
    """QGIS's map of named strings."""
    element = Element("Option", type="Map")
    for name, value in values.items():
        SubElement(element, "Option", name=name, type="QString", value=str(value))
    return element


def rgba(colour: str, opacity: float = 1.0) -> str:
    """#rrggbb as QGIS's "red,green,blue,alpha"."""
    return ",".join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5)) + f",{round(255 * opacity)}"


def line(colour: str, width_mm: float, opacity: float = 1.0, style: str = "solid") -> Element:
    return _layer(
        "SimpleLine",
        line_color=rgba(colour, opacity),
        line_style=style,
        line_width=width_mm,
        line_width_unit="MM",
        capstyle="round",
        joinstyle="round",
    )


def fill(colour: str | None, opacity: float, outline: str, width_mm: float, style: str = "solid") -> Element:
    return _layer(
        "SimpleFill",
        color=rgba(colour or "#000000", opacity),
        style="no" if colour is None else "solid",
        outline_color=rgba(outline, 0.9),
        outline_style=style,
        outline_width=width_mm,
        outline_width_unit="MM",
        joinstyle="round",
    )


def marker(shape: str, colour: str | None, size_mm: float, outline: str, width_mm: float = 0.2) -> Element:
    return _layer(
        "SimpleMarker",
        name=shape,
        color=rgba(colour or "#000000", 1.0 if colour else 0.0),
        size=size_mm,
        size_unit="MM",
        outline_color=rgba(outline),
        outline_style="solid",
        outline_width=width_mm,
        outline_width_unit="MM",
    )


def _layer(kind: str, **properties: object) -> Element:
    element = Element("layer", {"class": kind, "enabled": "1", "locked": "0", "pass": "0"})
    element.append(options(properties))
    return element


def symbol(*layers: Element) -> Element:
    """A symbol of one or more symbol layers, the first one lowest."""
    kind = {"SimpleLine": "line", "SimpleFill": "fill", "SimpleMarker": "marker"}[layers[0].attrib["class"]]
    element = Element("symbol", type=kind, alpha="1", clip_to_extent="1", force_rhr="0")
    element.extend(layers)
    return element


@dataclass(frozen=True, eq=False)
class Rule:
    """Features that pass `filter` (all when empty) are drawn so, from 1:`from_scale` on (0: always)."""

    label: str
    symbol: Element
    filter: str = ""
    from_scale: int = 0


def single(one: Element) -> Element:
    """Every feature by one symbol."""
    renderer = _renderer("singleSymbol")
    _symbols(renderer, [one])
    return renderer


def by_rules(rules: Sequence[Rule]) -> Element:
    """A feature by every rule it passes."""
    renderer = _renderer("RuleRenderer")
    root = SubElement(renderer, "rules", key="root")
    for index, rule in enumerate(rules):
        element = SubElement(root, "rule", key=f"rule{index}", symbol=str(index), label=rule.label)
        if rule.filter:
            element.set("filter", rule.filter)
        if rule.from_scale:
            element.set("scalemaxdenom", str(rule.from_scale))
            element.set("scalemindenom", "1")
    _symbols(renderer, [rule.symbol for rule in rules])
    return renderer


def by_value(column: str, ranges: Sequence[tuple[float, float, str, Element]]) -> Element:
    """A feature by the range (lower, upper, label, symbol) its number falls in."""
    renderer = _renderer("graduatedSymbol", attr=column, symbologyMode="GraduatedColor")
    renderer.set("graduatedMethod", "GraduatedColor")
    listed = SubElement(renderer, "ranges")
    for index, (lower, upper, label, _) in enumerate(ranges):
        limits = {"lower": str(lower), "upper": str(upper), "label": label}
        SubElement(listed, "range", limits, symbol=str(index), render="true")
    _symbols(renderer, [one for _, _, _, one in ranges])
    return renderer


def _renderer(kind: str, **attributes: str) -> Element:
    defaults = {"forceraster": "0", "enableorderby": "0", "symbollevels": "0", "referencescale": "-1"}
    return Element("renderer-v2", {"type": kind, **defaults, **attributes})


def _symbols(renderer: Element, symbols: Sequence[Element]) -> None:
    parent = SubElement(renderer, "symbols")
    for index, one in enumerate(symbols):
        one.set("name", str(index))
        parent.append(one)


def labels(
    expression: str,
    colour: str,
    halo: str,
    size_pt: float,
    placement: str,
    priority: str = "",
    spacing_pt: float = 0.0,
    opacity: float = 1.0,
) -> Element:
    """Labels with a halo: `around` a point, `along` a line smoothed to the scale, or `inside` an area.

    `priority` is an expression from 0 to 10; the higher one wins where labels collide.
    """
    element = Element("labeling", type="simple")
    settings = SubElement(element, "settings", calloutType="simple")
    style = SubElement(
        settings,
        "text-style",
        fieldName=expression,
        isExpression="1",
        textColor=rgba(colour),
        textOpacity=str(opacity),
        fontSize=str(size_pt),
        fontSizeUnit="Point",
        fontLetterSpacing=str(spacing_pt),
        fontWeight="50",
    )
    SubElement(
        style,
        "text-buffer",
        bufferDraw="1",
        bufferSize="0.6",
        bufferSizeUnits="MM",
        bufferColor=rgba(halo),
        bufferOpacity="0.85",
        bufferJoinStyle="128",
        bufferNoFill="1",
    )
    # Numbers of QgsPalLayerSettings::Placement: ordered positions 6, curved 3, horizontal 4.
    code, kind = {
        "around": (6, "PointGeometry"),
        "along": (3, "LineGeometry"),
        "inside": (4, "PolygonGeometry"),
    }[placement]
    SubElement(
        settings,
        "placement",
        placement=str(code),
        layerType=kind,
        dist="1.5",
        distUnits="MM",
        priority="5",
        placementFlags="10",
        polygonPlacementFlags="2",
        predefinedPositionOrder="TR,TL,BR,BL,R,L,TSR,BSR",
        geometryGeneratorEnabled="1" if placement == "along" else "0",
        geometryGenerator="simplify($geometry, @map_scale / 100)",
        geometryGeneratorType="LineGeometry",
    )
    SubElement(
        settings, "rendering", obstacle="1", obstacleFactor="0.3", drawLabels="1", fontMinPixelSize="3"
    )
    if priority:
        settings.append(_data_defined("Priority", priority))
    return element


def _data_defined(name: str, expression: str) -> Element:
    element = Element("dd_properties")
    outer = SubElement(element, "Option", type="Map")
    SubElement(outer, "Option", name="name", type="QString", value="")
    properties = SubElement(outer, "Option", name="properties", type="Map")
    one = SubElement(properties, "Option", name=name, type="Map")
    SubElement(one, "Option", name="active", type="bool", value="true")
    SubElement(one, "Option", name="expression", type="QString", value=expression)
    SubElement(one, "Option", name="type", type="int", value="3")
    SubElement(outer, "Option", name="type", type="QString", value="collection")
    return element
