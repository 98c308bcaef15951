"""The city's GeoPackage: every table with the style it opens with in QGIS, and where it all came from."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from pipeline.deliver.provenance import Fact

# GeoPackages note when they were written; one fixed date makes equal runs equal files.
WRITTEN = "2000-01-01T00:00:00.000Z"
# The GDAL inside QGIS 3.22 warns about later versions.
VERSION = {"VERSION": "1.2"}

LAYER_STYLES = """
CREATE TABLE layer_styles (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    f_table_catalog TEXT(256), f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256),
    styleName TEXT(30), styleQML TEXT, styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30),
    ui TEXT(30), update_time DATETIME
)
"""


@dataclass(frozen=True, eq=False)
class StyledTable:
    """A table with a place on the map: its name in the file, its title, and the QML it opens with in QGIS."""

    table: str
    title: str
    frame: gpd.GeoDataFrame
    qml: str

    @property
    def geometry(self) -> str:
        """Point, LineString or Polygon."""
        return str(self.frame.geom_type.dropna().iloc[0]).removeprefix("Multi")


def write_geopackage(
    file: Path, layers: Sequence[StyledTable], tables: Mapping[str, pd.DataFrame], facts: Sequence[Fact]
) -> None:
    """Layers with their default styles, plain tables and the table `metadata`, into a new file."""
    with _options():
        for layer in layers:
            pyogrio.write_dataframe(
                layer.frame,
                file,
                layer=layer.table,
                driver="GPKG",
                dataset_options=VERSION,
                promote_to_multi=layer.geometry != "Point",
                layer_options={"DESCRIPTION": layer.title},
            )
        for name, table in {**tables, "metadata": pd.DataFrame(facts)}.items():
            pyogrio.write_dataframe(table, file, layer=name, driver="GPKG", dataset_options=VERSION)
    _write_styles(file, layers)


def _write_styles(file: Path, layers: Sequence[StyledTable]) -> None:
    """The `layer_styles` table, which QGIS looks into for a layer's default style."""
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute(LAYER_STYLES)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id)"
            " VALUES ('layer_styles', 'attributes', 'layer_styles', 'Default styles for QGIS', ?, 0)",
            (WRITTEN,),
        )
        geometry = dict(database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        database.executemany(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column,"
            " styleName, styleQML, styleSLD, useAsDefault, description, owner, update_time)"
            " VALUES ('', '', ?, ?, 'default', ?, '', 1, ?, '', ?)",
            [(layer.table, geometry[layer.table], layer.qml, layer.title, WRITTEN) for layer in layers],
        )


@contextmanager
def _options() -> Iterator[None]:
    """GDAL with a fixed date. A whole file or none is what callers see, so nothing is gained by a journal on
    disk and by waiting for the disk after each of forty tables: 3 s of 8 s without."""
    options = {"OGR_CURRENT_DATE": WRITTEN, "OGR_SQLITE_SYNCHRONOUS": "OFF", "OGR_SQLITE_JOURNAL": "MEMORY"}
    pyogrio.set_gdal_config_options(options)
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(options))
