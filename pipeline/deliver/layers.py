"""The vector layers of a city: one list from which the GeoPackage and the project are both made."""

from dataclasses import dataclass

import geopandas as gpd

from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.deliver.styles import VECTOR, VectorStyle

COMMON = {
    "cities": "Cities",
    "borders": "Borders",
    "motorways": "Motorways",
    "countries": "Countries",
}
PER_PHOTO = {
    "contrasts": "Contrast of tone at the border",
    "control_points": "Control points",
    "residuals": "Residuals",
    "footprint": "Frame of the photo",
    "strips": "Strips along the border",
    "zones": "Countries in the frame",
}
# Switched off at first: they would cover the light.
HIDDEN = {"control_points", "residuals", "strips", "zones"}


@dataclass(frozen=True, eq=False)
class Layer:
    """A table of the GeoPackage with its style and its title in the project."""

    table: str
    title: str
    frame: gpd.GeoDataFrame
    style: VectorStyle
    visible: bool


def common_layers(city: CityResults) -> list[Layer]:
    """The layers shared by all photos, top first; empty ones are left out."""
    return _made({kind: (kind, title, getattr(city, kind)) for kind, title in COMMON.items()})


def photo_layers(photo: PhotoResults) -> list[Layer]:
    """A photo's own layers, top first; their tables carry the photo's id."""
    return _made(
        {kind: (f"{kind}_{photo.name}", title, getattr(photo, kind)) for kind, title in PER_PHOTO.items()}
    )


def _made(kinds: dict[str, tuple[str, str, gpd.GeoDataFrame]]) -> list[Layer]:
    return [
        Layer(table, title, frame, VECTOR[kind](), kind not in HIDDEN)
        for kind, (table, title, frame) in kinds.items()
        if len(frame)
    ]
