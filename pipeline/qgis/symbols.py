"""The XML with which QGIS 3.22 and later describes symbols.

Only what differs from QGIS's own defaults is written, here and in `renderers` and `labels`; QGIS fills in the
rest.
"""

from collections.abc import Mapping
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
    """A symbol layer that draws a line; `style` is solid, dash or dot."""
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
    """A symbol layer that fills an area, only outlines it without a `colour`."""
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


def marker(
    shape: str, colour: str | None, size_mm: float, outline: str, width_mm: float = 0.2, size_by: str = ""
) -> Element:
    """A symbol layer that draws a shape at a point, only its outline without a `colour`; of a size in mm
    that the expression `size_by` gives, if there is one."""
    layer = _layer(
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
    if size_by:
        layer.append(data_defined("data_defined_properties", "size", size_by))
    return layer


def data_defined(tag: str, name: str, expression: str) -> Element:
    """A property of a symbol or of a label that an expression gives for each feature."""
    element = Element(tag)
    collection = SubElement(element, "Option", type="Map")
    SubElement(collection, "Option", name="name", type="QString", value="")
    properties = SubElement(collection, "Option", name="properties", type="Map")
    by_expression = SubElement(properties, "Option", name=name, type="Map")
    SubElement(by_expression, "Option", name="active", type="bool", value="true")
    SubElement(by_expression, "Option", name="expression", type="QString", value=expression)
    SubElement(by_expression, "Option", name="type", type="int", value="3")
    SubElement(collection, "Option", name="type", type="QString", value="collection")
    return element


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
