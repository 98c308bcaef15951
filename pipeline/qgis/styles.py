"""How every layer looks: the one place from which QML files, default styles and the project are written."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from pipeline.deliver import palette
from pipeline.deliver.palette import BACKGROUND, MUTED, RULE, SIMULATED, SODIUM, TEAL, TEXT, Stop
from pipeline.ground.country_table import COUNTRY_TABLE, country_title
from pipeline.models import EvidenceLevel
from pipeline.qgis.symbols import (
    QGIS_VERSION,
    Rule,
    by_rules,
    by_value,
    fill,
    labels,
    line,
    marker,
    single,
    symbol,
)
from pipeline.tone.lamps import lamp_classes


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
        return {"labelsEnabled": "0" if self.labeling is None else "1", "hasScaleBasedVisibilityFlag": "0"}


@dataclass(frozen=True, eq=False)
class RasterStyle:
    """A raster renderer and the gamma that follows it."""

    renderer: Element
    gamma: float = 1.0

    def elements(self) -> list[Element]:
        pipe = Element("pipe")
        pipe.append(self.renderer)
        SubElement(pipe, "brightnesscontrast", brightness="0", contrast="0", gamma=f"{self.gamma:g}")
        SubElement(pipe, "huesaturation", saturation="0", grayscaleMode="0", colorizeOn="0", invertColors="0")
        SubElement(pipe, "rasterresampler", maxOversampling="2")
        return [pipe]

    @property
    def attributes(self) -> dict[str, str]:
        return {"hasScaleBasedVisibilityFlag": "0"}


def qml(style: VectorStyle | RasterStyle) -> str:
    """A style as the text of a QML file."""
    root = Element("qgis", {"version": QGIS_VERSION, **style.attributes})
    root.extend(style.elements())
    indent(root)
    return "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n" + tostring(root, encoding="unicode")


# Rasters


def ortho() -> RasterStyle:
    """Light as the camera saw it: red, green, blue from 0 to LIGHT_MAX, then a gamma."""
    bands = {"redBand": "1", "greenBand": "2", "blueBand": "3"}
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
    return RasterStyle(_pseudocolour(1, "INTERPOLATED", palette.TONE))


def geometry() -> RasterStyle:
    """Band 4, the position's sigma in metres, in classes."""
    return RasterStyle(_pseudocolour(4, "DISCRETE", palette.SIGMA))


def light_change(band: int) -> RasterStyle:
    return RasterStyle(_pseudocolour(band, "DISCRETE", palette.CHANGE))


def tone_change(band: int) -> RasterStyle:
    return RasterStyle(_pseudocolour(band, "DISCRETE", palette.TONE_CHANGE))


def lamps(level: EvidenceLevel) -> RasterStyle:
    """The classes that this evidence level can have; the uncoloured one is not drawn."""
    renderer = Element("rasterrenderer", type="paletted", band="1", opacity="1", alphaBand="-1")
    entries = SubElement(renderer, "colorPalette")
    for value, one in lamp_classes(level).items():
        if one.colour:
            SubElement(
                entries, "paletteEntry", value=str(value), color=one.colour, alpha="255", label=one.name
            )
    return RasterStyle(renderer)


def rasters(level: EvidenceLevel) -> dict[str, RasterStyle]:
    """The style of each raster in the project, of a photo of this evidence level."""
    return {"ortho": ortho(), "tone": tone(), "lamps": lamps(level), "geometry": geometry()}


def _pseudocolour(band: int, kind: str, stops: tuple[Stop, ...]) -> Element:
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


# Vectors


def borders() -> VectorStyle:
    return VectorStyle(single(symbol(line(BACKGROUND, 0.5, 0.5), line(TEXT, 0.2))), display='"pair"')


def countries() -> VectorStyle:
    names = " ".join(
        f"WHEN \"country\" = '{code}' THEN '{country_title(code).upper()}'" for code in COUNTRY_TABLE
    )
    text = labels(
        f'CASE {names} ELSE "country" END', MUTED, BACKGROUND, 8, "inside", "1", spacing_pt=2.5, opacity=0.75
    )
    return VectorStyle(single(symbol(fill(None, 0, RULE, 0.15))), text, '"country"')


def cities() -> VectorStyle:
    """Rings, because a white dot on a night picture would read as a light; small places only close up."""
    # From and below how many inhabitants, ring in mm, shown and named at this scale and closer (0: always).
    sizes = ((100_000, 100_000_000, 1.8, 0), (20_000, 100_000, 1.3, 400_000), (3_000, 20_000, 1.0, 150_000))
    rules, shown = [], []
    for least, below, size_mm, scale in (*sizes, (0, 3_000, 0.8, 60_000)):
        outer = marker("circle", None, size_mm, BACKGROUND, 0.6)
        ring = symbol(outer, marker("circle", None, size_mm, TEXT, 0.25))
        inside = f'"population" >= {least} AND "population" < {below}'
        label = f"{least:,} to {below:,} inhabitants" if scale else f"{least:,} inhabitants and more"
        rules.append(Rule(label, ring, inside, scale))
        shown.append(f"({inside})" + (f" AND @map_scale <= {scale}" if scale else ""))
    named = " OR ".join(f"({condition})" for condition in shown)
    weight = 'scale_linear(log10(max("population", 1)), 3, 6, 1, 10)'
    text = labels(f'CASE WHEN {named} THEN "name" END', TEXT, BACKGROUND, 8.5, "around", weight)
    return VectorStyle(by_rules(rules), text, '"name"')


def motorways() -> VectorStyle:
    renderer = by_rules(
        [
            Rule("motorway", symbol(line(BACKGROUND, 0.5, 0.5), line(MUTED, 0.2, 0.8)), 'NOT "approximate"'),
            Rule(
                "motorway, drawn by hand",
                symbol(line(BACKGROUND, 0.5, 0.5), line(MUTED, 0.2, 0.8, "dash")),
                '"approximate"',
            ),
        ]
    )
    text = labels('CASE WHEN @map_scale < 600000 THEN "ref" END', MUTED, BACKGROUND, 6, "along", "1")
    return VectorStyle(renderer, text, '"ref"')


def control_points() -> VectorStyle:
    kinds = (
        ("fit", "used to solve", "circle", TEAL, 2.8),
        ("check", "held out to check", "diamond", SODIUM, 3.4),
        ("manual", "set by hand", "square", "#63b3ee", 2.8),
        ("unmatched", "not matched", "cross2", MUTED, 1.2),
    )
    rules = [
        Rule(
            label,
            symbol(marker(shape, None, size, BACKGROUND, 0.7), marker(shape, None, size, colour, 0.35)),
            f"\"used\" = '{kind}'",
        )
        for kind, label, shape, colour, size in kinds
    ]
    return VectorStyle(by_rules(rules), display="\"name\" || ' ' || round(\"residual_m\") || ' m'")


def residuals() -> VectorStyle:
    return VectorStyle(
        single(symbol(line(SIMULATED, 0.35))), display="\"name\" || ' ' || round(\"residual_m\") || ' m'"
    )


def footprint() -> VectorStyle:
    """The frame; a simulated one says so in its midst, for maps get cut out and passed on."""
    words = "CASE WHEN \"simulated\" THEN 'SIMULATED' END"
    text = labels(words, SIMULATED, BACKGROUND, 10, "inside", "10", spacing_pt=1.5)
    return VectorStyle(single(symbol(fill(None, 0, MUTED, 0.2, "dash"))), text)


def zones() -> VectorStyle:
    return VectorStyle(tone_classes(0.55), display='"country"')


def strips() -> VectorStyle:
    shown = "\"pair\" || ' ' || \"side\" || ' ' || \"band_from_km\" || '-' || \"band_to_km\" || ' km'"
    return VectorStyle(tone_classes(0.75), display=shown)


def tone_classes(opacity: float) -> Element:
    """Areas filled with the tone scale in steps of 0.25; the end classes are open."""
    edges = [
        palette.TONE_MIN + 0.25 * i for i in range(round((palette.TONE_MAX - palette.TONE_MIN) / 0.25) + 1)
    ]
    ranges = []
    for lower, upper in pairwise(edges):
        low = -99.0 if lower == edges[0] else lower
        high = 99.0 if upper == edges[-1] else upper
        colour = palette.tone_colour((lower + upper) / 2)
        ranges.append(
            (low, high, f"{lower:+.2f} to {upper:+.2f}", symbol(fill(colour, opacity, BACKGROUND, 0.15)))
        )
    return by_value("tone_g_r", ranges)


VECTOR: dict[str, Callable[[], VectorStyle]] = {
    "borders": borders,
    "countries": countries,
    "cities": cities,
    "motorways": motorways,
    "control_points": control_points,
    "residuals": residuals,
    "footprint": footprint,
    "zones": zones,
    "strips": strips,
}
