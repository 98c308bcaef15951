"""The vector layers of a city: one list from which the GeoPackage and the project are both made."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from pipeline.deliver.contrasts import PooledResults
from pipeline.deliver.geopackage import StyledTable
from pipeline.deliver.region import RegionResults
from pipeline.deliver.results import CityResults, PairResults, PhotoResults
from pipeline.qgis import border_styles, motorway_styles, placement_styles, town_styles
from pipeline.qgis.qml import VectorStyle, qml

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
    """A table of the GeoPackage with its style, whether it is switched on, and its group in the project."""

    style: VectorStyle
    visible: bool
    group: str = ""


def common_layers(city: CityResults) -> list[Layer]:
    """The layers shared by all photos, top first; empty ones are left out."""
    return _made(COMMON, city, "{}")


def photo_layers(photo: PhotoResults) -> list[Layer]:
    """A photo's own layers, top first; their tables carry the photo's id."""
    groups = PER_PHOTO.items()
    return [layer for group, titles in groups for layer in _made(titles, photo, f"{{}}_{photo.name}", group)]


def pooled_layers(pooled: PooledResults) -> list[Layer]:
    """What all photos of a city say together, top first; none where it has one photo. Its towns are switched
    off at first: they would cover the light."""
    layers = _made(ALL_PHOTOS, pooled, f"{{}}_{pooled.name}")
    return [replace(layer, visible=layer.visible and layer.geometry != "Point") for layer in layers]


def pair_layers(pair: PairResults) -> list[Layer]:
    """What changed between two photos, top first; the tables carry the ids of both."""
    return _made(PER_PAIR, pair, f"{{}}_{pair.before}_{pair.after}")


def city_layers(city: CityResults) -> list[Layer]:
    """All layers of a city."""
    of_photos = [layer for photo in city.photos for layer in photo_layers(photo)]
    of_pairs = [layer for pair in city.pairs for layer in pair_layers(pair)]
    return [*common_layers(city), *pooled_layers(city.pooled), *of_photos, *of_pairs]


def region_layers(region: RegionResults) -> list[Layer]:
    """All layers of a region, top first."""
    return _made(REGION, region, "{}")


def _made(
    titles: dict[str, str],
    results: CityResults | PooledResults | PhotoResults | PairResults | RegionResults,
    table: str,
    group: str = "",
) -> list[Layer]:
    """Layers of what results hold; one without a place to draw is left out."""
    layers = []
    for kind, title in titles.items():
        frame = getattr(results, kind)
        if frame.geometry.notna().any():
            style = STYLES[kind]()
            layers.append(Layer(table.format(kind), title, frame, qml(style), style, kind in VISIBLE, group))
    return layers
