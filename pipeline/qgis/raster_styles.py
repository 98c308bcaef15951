"""How rasters look: light, tone, lamps, position uncertainty and change."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement

from pipeline.deliver import palette
from pipeline.deliver.palette import Stop
from pipeline.models import EvidenceLevel
from pipeline.qgis.qml import RasterStyle, qml
from pipeline.raster.bands import GEOMETRY_BANDS, ORTHO_BANDS, Band
from pipeline.tone.bands import tone_bands
from pipeline.tone.lamps import lamp_classes


def rasters(level: EvidenceLevel, sigma: Sequence[Stop]) -> dict[str, RasterStyle]:
    """The style of each raster in the project, of a photo of this evidence level and with these classes of
    the position's sigma. Light and the photo in its own geometry are drawn as on the map."""
    return {
        "ortho": ortho(),
        "light": ortho(),
        "tone": tone(),
        "lamps": lamps(level),
        "geometry": geometry(sigma),
        "photo_in_place": ortho(),
    }


def raster_qml(level: EvidenceLevel, sigma: Sequence[Stop]) -> dict[str, str]:
    """The QML that belongs beside each raster of a photo, by the raster's name; as `rasters`."""
    return {name: qml(style) for name, style in rasters(level, sigma).items()}


def ortho() -> RasterStyle:
    """Light as the camera saw it: red, green, blue from 0 to LIGHT_MAX, then a gamma."""
    bands = {f"{name}Band": str(number(ORTHO_BANDS, name)) for name in ("red", "green", "blue")}
    renderer = Element(
        "rasterrenderer", {"type": "multibandcolor", "opacity": "1", "alphaBand": "-1", **bands}
    )
    for colour in ("red", "green", "blue"):
        stretch = SubElement(renderer, f"{colour}ContrastEnhancement")
        for name, value in (
            ("minValue", "0"),
            ("maxValue", f"{palette.LIGHT_MAX:g}"),
            ("algorithm", "StretchToMinimumMaximum"),
        ):
            SubElement(stretch, name).text = value
    return RasterStyle(renderer, palette.LIGHT_GAMMA)


def tone() -> RasterStyle:
    """log2(G/R) in the fixed colours of the scale."""
    return RasterStyle(
        _pseudocolour(number(tone_bands("jpeg", None), "log2_g_r"), "INTERPOLATED", palette.TONE)
    )


def geometry(sigma: Sequence[Stop]) -> RasterStyle:
    """The position's sigma in metres, in classes."""
    return RasterStyle(_pseudocolour(number(GEOMETRY_BANDS, "position_sigma_m"), "DISCRETE", sigma))


def lamps(level: EvidenceLevel) -> RasterStyle:
    """The classes that this evidence level can have; the uncoloured one is not drawn."""
    renderer = Element("rasterrenderer", type="paletted", band="1", opacity="1", alphaBand="-1")
    entries = SubElement(renderer, "colorPalette")
    for value, lamp_class in lamp_classes(level).items():
        if lamp_class.colour:
            SubElement(
                entries,
                "paletteEntry",
                value=str(value),
                color=lamp_class.colour,
                alpha="255",
                label=lamp_class.name,
            )
    return RasterStyle(renderer)


def light_change(band: int) -> RasterStyle:
    """A band of `change.tif`, change of log2 light, in classes."""
    return RasterStyle(_pseudocolour(band, "DISCRETE", palette.LIGHT_CHANGE))


def tone_change(band: int) -> RasterStyle:
    """A band of `change.tif`, change of log2(G/R), in classes."""
    return RasterStyle(_pseudocolour(band, "DISCRETE", palette.TONE_CHANGE))


def number(bands: Sequence[Band], name: str) -> int:
    """The number by which QGIS knows a band."""
    return 1 + [band.name for band in bands].index(name)


def _pseudocolour(band: int, kind: str, stops: Sequence[Stop]) -> Element:
    finite = [stop.value for stop in stops if stop.value < float("inf")]
    lowest, highest = f"{min(finite) if kind == 'INTERPOLATED' else 0:g}", f"{max(finite):g}"
    renderer = Element(
        "rasterrenderer",
        type="singlebandpseudocolor",
        band=str(band),
        opacity="1",
        alphaBand="-1",
        classificationMin=lowest,
        classificationMax=highest,
    )
    shader = SubElement(
        SubElement(renderer, "rastershader"),
        "colorrampshader",
        colorRampType=kind,
        classificationMode="1",
        clip="0",
        minimumValue=lowest,
        maximumValue=highest,
        labelPrecision="2",
    )
    for stop in stops:
        SubElement(shader, "item", value=f"{stop.value:g}", color=stop.colour, alpha="255", label=stop.label)
    # Entries, not one continuous bar, so that the legend shows the labels.
    SubElement(shader, "rampLegendSettings", useContinuousLegend="0")
    return renderer
