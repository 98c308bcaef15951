"""The vector layers of a city: one list from which the GeoPackage and the project are both made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

import geopandas as gpd
import pandas as pd

from pipeline.deliver.contrasts import PooledResults
from pipeline.deliver.geopackage import StyledTable
from pipeline.deliver.region import RegionResults
from pipeline.deliver.results import CityResults, PairResults, PhotoResults
from pipeline.qgis import border_styles, motorway_styles, placement_styles, town_styles
from pipeline.qgis.about import About, about
from pipeline.qgis.fields import field_elements
from pipeline.qgis.qml import VectorStyle, qml
from pipeline.qgis.tips import TIPS
from pipeline.raster.bands import Origin

COMMON = {
    "cities": "Cities",
    "borders": "Borders",
    "motorways": "Motorways",
    "countries": "Countries",
}
PER_PHOTO = {  # by the group they stand in
    "Motorways": {
        "motorway_ends": "Where the light of motorways ends",
        "motorway_segments": "Motorways, lit and dark",
    },
    "Borders": {
        "contrasts": "Contrast of tone at the border",
        "segments": "Contrast along the border",
        "regional_contrasts": "Contrast between regions (control)",
        "strips": "Strips along the border",
        "zones": "Countries in the frame",
    },
    "Towns": {
        "towns": "Tone of towns",
        "cores": "Cities against the towns around them",
    },
    "Placing the photo": {
        "control_points": "Control points",
        "residuals": "Residuals",
        "footprint": "Frame of the photo",
    },
}
ALL_PHOTOS = {
    "contrasts": "Contrast of tone at the border, all photos",
    "contrasts_by_years": "Contrast of tone at the border, by years",
    "contrast_trends": "Change of the contrast over the years",
    "town_units": "Tone of towns, all photos",
    "motorway_crossings": "Where the light of motorways ends, all photos",
}
PER_PAIR = {
    "border_changes": "Change of tone across the border",
    "changes": "Change of light beside the border",
}
# Of all photos in one layer each, which QGIS shows by the time of the photo.
OVER_TIME = {
    "motorway_ends": "Where the light of motorways ends, over time",
    "motorway_segments": "Motorways, lit and dark, over time",
    "contrasts": "Contrast of tone at the border, over time",
    "segments": "Contrast along the border, over time",
    "footprint": "Frames of the photos, over time",
}
TABLES = {
    "notes": "What cannot be told, and why",
    "events": "Lighting policies at the hour of the photos",
    "profiles": "Light and tone by distance from the border",
    "motorway_stations": "Light along motorways, block by block",
    "contrast_by_range": "Contrast by how far from the border towns count",
    "contrast_trends": "Change of the contrast over the years",
    "left_out": "What moves the contrast when it is left out",
    "country_tones": "Tone of countries, and whether it depends on the view",
    "lamp_shares": "Families of lamps by country",
    "metadata": "Sources, licences, settings, versions",
}
REGION = {
    "cities": "Cities",
    "contrasts": "Contrast of a typical town, all photos",
    "other_contrasts": "Contrast of motorways, and of towns off them",
    "contrasts_by_years": "Contrast of a typical town, by years",
    "borders": "Borders",
    "town_units": "Tone of towns against each other",
    "photos": "Frames of the photos",
    "countries": "Countries",
}
# Switched on at first; the others would cover the light.
VISIBLE = {*COMMON, *PER_PAIR, "motorway_ends", "contrasts", "footprint", "town_units", "photos"}
# How each kind of layer looks.
STYLES: dict[str, Callable[[], VectorStyle]] = {
    "borders": border_styles.borders,
    "countries": border_styles.countries,
    "contrasts": border_styles.contrasts,
    "other_contrasts": border_styles.contrasts,
    "contrasts_by_years": border_styles.contrasts,
    "contrast_trends": border_styles.contrast_trends,
    "regional_contrasts": border_styles.regional_contrasts,
    "segments": border_styles.segments,
    "strips": border_styles.strips,
    "zones": border_styles.zones,
    "border_changes": border_styles.border_changes,
    "changes": border_styles.changes,
    "cities": town_styles.cities,
    "towns": town_styles.towns,
    "town_units": town_styles.town_units,
    "cores": town_styles.cores,
    "motorways": motorway_styles.motorways,
    "motorway_ends": motorway_styles.motorway_ends,
    "motorway_crossings": motorway_styles.motorway_ends,
    "motorway_segments": motorway_styles.motorway_segments,
    "control_points": placement_styles.control_points,
    "residuals": placement_styles.residuals,
    "footprint": placement_styles.footprint,
    "photos": placement_styles.footprint,
}


@dataclass(frozen=True, eq=False)
class Layer(StyledTable):
    """A table of the GeoPackage with its style, what it says of itself, whether it is switched on, and its
    group in the project."""

    style: VectorStyle
    about: About
    visible: bool
    group: str = ""


def common_layers(city: CityResults) -> list[Layer]:
    """The layers shared by all photos, top first; empty ones are left out."""
    return _made(COMMON, city, city.origins, "{}")


@cache  # the GeoPackage, the project in it and that beside it ask for the same
def photo_layers(photo: PhotoResults) -> tuple[Layer, ...]:
    """A photo's own layers, top first; their tables carry the photo's id."""
    groups = PER_PHOTO.items()
    return tuple(
        layer
        for group, titles in groups
        for layer in _made(titles, photo, photo.origins, f"{{}}_{photo.name}", group)
    )


def pooled_layers(city: CityResults) -> list[Layer]:
    """What all photos of a city say together, top first; none where it has one photo. Its towns are switched
    off at first: they would cover the light."""
    layers = _made(ALL_PHOTOS, city.pooled, city.origins, f"{{}}_{city.pooled.name}")
    return [replace(layer, visible=layer.visible and layer.geometry != "Point") for layer in layers]


@cache
def pair_layers(pair: PairResults, city: CityResults) -> tuple[Layer, ...]:
    """What changed between two photos of a city, top first; the tables carry the ids of both."""
    return tuple(_made(PER_PAIR, pair, of_pair(pair, city), f"{{}}_{pair.before}_{pair.after}"))


def of_pair(pair: PairResults, city: CityResults) -> list[Origin]:
    """The two photos, and whether each is simulated."""
    return [origin for origin in city.origins if origin[0] in (pair.before, pair.after)]


def over_time_layers(city: CityResults) -> list[Layer]:
    """All photos in one layer of each of some kinds, top first; none where fewer than two photos have a
    date."""
    times = {photo: pd.Timestamp(photo.facts.taken_at) for photo in city.photos if photo.facts.taken_at}
    if len(times) < 2:
        return []
    layers = []
    for kind, title in OVER_TIME.items():
        taken = [getattr(photo, kind).assign(taken_at=time) for photo, time in times.items()]
        filled = [table for table in taken if table.geometry.notna().any()]
        if filled:
            table = gpd.GeoDataFrame(pd.concat(filled, ignore_index=True), crs=city.grid.crs)
            style = replace(STYLES[kind](), over_time=True)
            layers.append(_layer(kind, f"{kind}_over_time", title, table, style, city.origins))
    return layers


def city_layers(city: CityResults) -> list[Layer]:
    """All layers of a city."""
    of_photos = [layer for photo in city.photos for layer in photo_layers(photo)]
    of_pairs = [layer for pair in city.pairs for layer in pair_layers(pair, city)]
    shared = [*common_layers(city), *pooled_layers(city), *over_time_layers(city)]
    return [*shared, *of_photos, *of_pairs]


def table_layers(tables: Mapping[str, pd.DataFrame], photos: Sequence[Origin]) -> list[Layer]:
    """Tables without a map, by name, made from photos."""
    plain = VectorStyle(None)
    return [_layer(kind, kind, TABLES[kind], table, plain, photos) for kind, table in tables.items()]


def region_layers(region: RegionResults) -> list[Layer]:
    """All layers of a region, top first."""
    return _made(REGION, region, region.origins, "{}")


def _made(
    titles: dict[str, str],
    results: CityResults | PooledResults | PhotoResults | PairResults | RegionResults,
    photos: Sequence[Origin],
    table: str,
    group: str = "",
) -> list[Layer]:
    """Layers of what results of photos hold; one without a place to draw is left out."""
    layers = []
    for kind, title in titles.items():
        frame = getattr(results, kind)
        if frame.geometry.notna().any():
            layer = _layer(kind, table.format(kind), title, frame, STYLES[kind](), photos)
            layers.append(replace(layer, visible=kind in VISIBLE, group=group))
    return layers


def _layer(
    kind: str, table: str, title: str, frame: pd.DataFrame, style: VectorStyle, photos: Sequence[Origin]
) -> Layer:
    """A layer made from photos, switched off, with what its fields are called and what is said of it and of
    its features."""
    style = replace(style, tip=TIPS.get(kind, ""), fields=field_elements(kind, frame))
    return Layer(table, title, frame, qml(style), kind, style, about(kind, photos), visible=False)
