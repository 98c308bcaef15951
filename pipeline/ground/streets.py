"""Streets as lines with their class, from any map that has OpenStreetMap's classes."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.camera.terrain import Bounds
from pipeline.errors import ReferenceLightError


@dataclass(frozen=True, eq=False)
class Streets:
    """Lines in degrees, OpenStreetMap's class of street (`highway`) of each, and the file, for messages."""

    lines: NDArray[np.object_]
    highway: NDArray[np.object_]
    file: str


def read_streets(file: Path, around: Bounds, classes: Collection[str]) -> Streets:
    """Lines with an OpenStreetMap `highway` class, one of `classes`, near a place (degrees). GeoPackage,
    GeoParquet or whatever GDAL reads, in any CRS. Raises ReferenceLightError."""
    try:
        table = gpd.read_parquet(file) if file.suffix == ".parquet" else gpd.read_file(file)
    except Exception as error:
        raise ReferenceLightError(f"{file}: roads: cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(table, gpd.GeoDataFrame):
        raise ReferenceLightError(f"{file}: roads: is a table without lines")
    if "highway" not in table.columns:
        raise ReferenceLightError(f"{file}: roads: has no column highway (OpenStreetMap's class of street)")
    if table.crs is None:
        raise ReferenceLightError(
            f"{file}: roads: says no coordinate reference system; write it into the file"
        )
    table = table.to_crs("EPSG:4326")
    table = table[table["highway"].isin(classes) & table.geometry.notna()]
    lines = table.explode(index_parts=False)
    lines = lines[lines.geometry.geom_type == "LineString"].clip(shapely.box(*around), keep_geom_type=True)
    lines = lines.explode(index_parts=False)
    return Streets(np.asarray(lines.geometry), lines["highway"].to_numpy(object), str(file))
