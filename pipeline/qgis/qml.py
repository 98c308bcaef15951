"""A layer's style as QGIS reads it: in a QML file, a GeoPackage's `layer_styles` and a project."""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pipeline.qgis.symbols import QGIS_VERSION


@dataclass(frozen=True, eq=False)
class VectorStyle:
    """A renderer (none of a table without a map), labels if any, the expression that names a feature in QGIS,
    the sentence that QGIS says of it, and what describes the fields. `over_time`: features have a time, the
    field `taken_at`."""

    renderer: Element | None
    labeling: Element | None = None
    display: str = ""
    tip: str = ""
    fields: Sequence[Element] = ()
    over_time: bool = False

    def elements(self) -> list[Element]:
        """What stands inside <qgis> of a QML and inside <maplayer> of a project."""
        texts = []
        for tag, text in (("previewExpression", self.display), ("mapTip", self.tip)):
            element = Element(tag)
            element.text = text
            texts += [element] if text else []
        temporal = [_at_the_time_of("taken_at")] if self.over_time else []
        drawn = [part for part in (self.renderer, self.labeling) if part is not None]
        return [*drawn, *texts, *temporal, *self.fields]

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of <qgis> of a QML and of <maplayer> of a project."""
        return {"labelsEnabled": "0" if self.labeling is None else "1", "hasScaleBasedVisibilityFlag": "0"}


@dataclass(frozen=True, eq=False)
class RasterStyle:
    """A raster renderer and the gamma that follows it; and when the raster was taken, as ISO 8601, for a map
    that goes through the photos by their time."""

    renderer: Element
    gamma: float = 1.0
    taken_at: str = ""

    def elements(self) -> list[Element]:
        """What stands inside <qgis> of a QML and inside <maplayer> of a project."""
        pipe = Element("pipe")
        pipe.append(self.renderer)
        SubElement(pipe, "brightnesscontrast", brightness="0", contrast="0", gamma=f"{self.gamma:g}")
        SubElement(pipe, "huesaturation", saturation="0", grayscaleMode="0", colorizeOn="0", invertColors="0")
        SubElement(pipe, "rasterresampler", maxOversampling="2")
        if not self.taken_at:
            return [pipe]
        temporal = Element("temporal", enabled="1", mode="0", fetchMode="0")
        fixed = SubElement(temporal, "fixedRange")
        for end in ("start", "end"):
            SubElement(fixed, end).text = self.taken_at
        return [pipe, temporal]

    @property
    def attributes(self) -> dict[str, str]:
        """Attributes of <qgis> of a QML and of <maplayer> of a project."""
        return {"hasScaleBasedVisibilityFlag": "0"}


def _at_the_time_of(field: str) -> Element:
    """Each feature is shown at the moment that a field says."""
    fields = {"startField": field, "endField": "", "durationField": "", "durationUnit": "min"}
    kind = {"enabled": "1", "mode": "1", "fixedDuration": "0", "accumulate": "0", "limitMode": "0"}
    return Element("temporal", {**kind, **fields})


def qml(style: VectorStyle | RasterStyle) -> str:
    """A style as the text of a QML file."""
    root = Element("qgis", {"version": QGIS_VERSION, **style.attributes})
    root.extend(style.elements())
    indent(root)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(root, encoding="unicode")
