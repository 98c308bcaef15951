"""How cities and towns look, and what was measured of them."""

from dataclasses import replace
from xml.etree.ElementTree import Element

from pipeline.deliver import palette
from pipeline.deliver.palette import BACKGROUND, TEXT
from pipeline.qgis.colour_classes import difference_classes, difference_label, tone_classes
from pipeline.qgis.labels import labels
from pipeline.qgis.qml import VectorStyle
from pipeline.qgis.renderers import Rule, by_rules
from pipeline.qgis.symbols import fill, marker, symbol


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


def towns() -> VectorStyle:
    """Towns in the colours of their tone, named close up."""
    text = labels('CASE WHEN @map_scale < 200000 THEN "name" END', TEXT, BACKGROUND, 7, "inside", "3")
    return VectorStyle(tone_classes(0.6), text, '"name"')


def town_units() -> VectorStyle:
    """Towns of all photos as discs: by their tone against the middle of the towns, and as large as their
    light, named close up. Light along motorways that is no town is left out."""
    size = 'scale_exp("light_share", 0, 0.02, 0.8, 7, 0.5)'  # mm; the area grows as the light
    rules, above = [], ""
    for stop in palette.TONE_CHANGE:
        below = f'"tone_g_r" < {stop.value:g}' if stop.value < float("inf") else ""
        disc = symbol(marker("circle", stop.colour, 2.0, BACKGROUND, 0.15, size_by=size))
        rules.append(Rule(stop.label, disc, " AND ".join(filter(None, ('"is_town"', above, below)))))
        above = f'"tone_g_r" >= {stop.value:g}'
    text = labels('CASE WHEN @map_scale < 200000 THEN "name" END', TEXT, BACKGROUND, 7, "around", "3")
    return VectorStyle(by_rules(rules), text, '"name"')


def cores() -> VectorStyle:
    """The towns around a city, coloured by how the city differs from them."""

    def area(colour: str, style: str) -> Element:
        return symbol(fill(colour, 0.6, TEXT, 0.2, style))

    words = {"first country": "the towns", "second country": "the city"}
    stops = [replace(stop, label=_worded(stop.label, words)) for stop in palette.CONTRAST]
    text = difference_label("name", "contrast_g_r", "low95", "high95", "inside")
    return VectorStyle(by_rules(difference_classes("contrast_g_r", stops, area)), text, '"statement"')


def _worded(text: str, words: dict[str, str]) -> str:
    for old, new in words.items():
        text = text.replace(old, new)
    return text
