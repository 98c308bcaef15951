"""A layer's style as QGIS reads it: in a QML file, a GeoPackage's `layer_styles` and a project."""

from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pipeline.qgis.symbols import QGIS_VERSION


@dataclass(frozen=True, eq=False)
class VectorStyle:
    """A renderer, labels if any, and the expression that names a feature in QGIS."""

    renderer: Element
    labeling: Element | None = None
    display: str = ""

    def elements(self) -> list[Element]:
        """What stands inside <qgis> of a QML and inside <maplayer> of a project."""
        shown = Element("previewExpression")
        shown.text = self.display
        parts = [self.renderer, *([self.labeling] if self.labeling is not None else [])]
        return [*parts, *([shown] if self.display else [])]

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of <qgis> of a QML and of <maplayer> of a project."""
        return {"labelsEnabled": "0" if self.labeling is None else "1", "hasScaleBasedVisibilityFlag": "0"}


@dataclass(frozen=True, eq=False)
class RasterStyle:
    """A raster renderer and the gamma that follows it."""

    renderer: Element
    gamma: float = 1.0

    def elements(self) -> list[Element]:
        """What stands inside <qgis> of a QML and inside <maplayer> of a project."""
        pipe = Element("pipe")
        pipe.append(self.renderer)
        SubElement(pipe, "brightnesscontrast", brightness="0", contrast="0", gamma=f"{self.gamma:g}")
        SubElement(pipe, "huesaturation", saturation="0", grayscaleMode="0", colorizeOn="0", invertColors="0")
        SubElement(pipe, "rasterresampler", maxOversampling="2")
        return [pipe]

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of <qgis> of a QML and of <maplayer> of a project."""
        return {"hasScaleBasedVisibilityFlag": "0"}


def qml(style: VectorStyle | RasterStyle) -> str:
    """A style as the text of a QML file."""
    root = Element("qgis", {"version": QGIS_VERSION, **style.attributes})
    root.extend(style.elements())
    indent(root)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(root, encoding="unicode")
