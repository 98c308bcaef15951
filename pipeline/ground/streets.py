"""Streets as lines with their class, from any map that has OpenStreetMap's classes."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.camera.terrain import Bounds
from pipeline.errors import GivenFileError, ReferenceLightError
from pipeline.ground.map_files import read_map


@dataclass(frozen=True, eq=False)
class Streets:
    """Lines in degrees, OpenStreetMap's class of street (`highway`) of each, and the file, for messages."""

    lines: NDArray[np.object_]
    highway: NDArray[np.object_]
    file: str


def read_streets(file: Path, around: Bounds, classes: Collection[str]) -> Streets:
    """Lines with an OpenStreetMap `highway` class, one of `classes`, near a place (degrees), of a map file
    (`map_files`) in any CRS of the Earth. Raises ReferenceLightError."""
    try:
        table = read_map(file, columns=["highway"], around=around)
    except GivenFileError as error:
        raise ReferenceLightError(f"{file}: roads: {error.reason}") from None
    if "highway" not in table.columns:
        raise ReferenceLightError(f"{file}: roads: has no column highway (OpenStreetMap's class of street)")
    table = table[table["highway"].isin(classes) & table.geometry.notna()].to_crs("EPSG:4326")
    lines = table.explode(index_parts=False)
    lines = lines[(lines.geometry.geom_type == "LineString") & _finite(lines.geometry)]
    # Unlike an intersection it does not ask where lines cross, which takes long where they do so often.
    lines = lines.set_geometry(lines.geometry.clip_by_rect(*around)).explode(index_parts=False)
    lines = lines[lines.geometry.geom_type == "LineString"]
    return Streets(np.asarray(lines.geometry), lines["highway"].to_numpy(object), str(file))


def _finite(shapes: gpd.GeoSeries) -> NDArray[np.bool_]:
    """Which shapes have all their vertices at places."""
    xy, shape = shapely.get_coordinates(shapes, return_index=True)
    finite = np.ones(len(shapes), bool)
    finite[shape[~np.isfinite(xy).all(axis=1)]] = False
    return finite
