"""Vector maps that users give: one layer read with what of it can be used, and sentences for the rest."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry


def read_layer(file: Path, wanted: str) -> gpd.GeoDataFrame | str:
    """The layer `wanted` of a file, or else its first one; a sentence that says why where there is none."""
    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(file)]
        table = gpd.read_file(file, layer=wanted if wanted in layers else layers[0])
    except (DataSourceError, DataLayerError, IndexError) as error:
        return f"{file} cannot be read: {' '.join(str(error).split())}."
    if not isinstance(table, gpd.GeoDataFrame) or table.geometry.isna().all():
        return f"{file} has nothing to draw in its layer {wanted if wanted in layers else layers[0]}."
    if table.crs is None:
        return f"{file} states no coordinate system; set it in QGIS (Layer > Set CRS) and save the file anew."
    return table


def kept_parts(table: gpd.GeoDataFrame, dimension: int) -> list[BaseGeometry]:
    """By row the parts of one dimension (1 lines, 2 polygons), made valid, without height."""
    return [_parts(shape, dimension) for shape in table.geometry]


def _parts(shape: BaseGeometry | None, dimension: int) -> BaseGeometry:
    collected = shapely.MultiLineString if dimension == 1 else shapely.MultiPolygon
    if shape is None or not np.isfinite(shapely.get_coordinates(shape)).all():
        return collected()
    parts = shapely.get_parts(shapely.make_valid(shapely.force_2d(shape)))
    parts = np.concatenate([shapely.get_parts(part) for part in parts]) if len(parts) else parts
    return collected([part for part in parts if shapely.get_dimensions(part) == dimension])


def left_out(file: Path, good: "pd.Series[bool]", wanted: str) -> str:
    """In a sentence how many features of a file are not `good`, that is, not what is `wanted`."""
    return f"{int((~good).sum())} of {len(good)} features of {file} are no {wanted} and were left out."
