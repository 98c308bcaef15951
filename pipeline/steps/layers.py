"""Layers of `borders.gpkg`, of a city and of a region, as they are written."""

from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from pipeline.borders.schema import GEOMETRY


def write_layer(file: Path, name: str, table: gpd.GeoDataFrame) -> None:
    """A layer, or a table where there is no geometry."""
    if name in GEOMETRY or table.geometry.notna().any():
        table.to_file(file, layer=name, driver="GPKG", geometry_type=GEOMETRY.get(name))
    else:
        pyogrio.write_dataframe(pd.DataFrame(table.drop(columns="geometry")), file, layer=name, driver="GPKG")
