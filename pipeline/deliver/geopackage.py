"""The city's GeoPackage: every table with the style it opens with in QGIS, and the QGIS project."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from pipeline.deliver.joined_geopackages import add_tables
from pipeline.files import temporary_file

# GeoPackages note when they were written; one fixed date makes equal runs equal files.
WRITTEN = "2000-01-01T00:00:00.000Z"
# The GDAL inside QGIS 3.22 warns about later versions.
VERSION = {"VERSION": "1.2"}
# Tables that GDAL writes into one file; more are joined by SQL.
AT_ONCE = 20

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
    """A table: its name in the file, its title, its content, the QML it opens with in QGIS, and its kind
    ("contrasts", whatever photo it is of)."""

    table: str
    title: str
    frame: pd.DataFrame
    qml: str
    kind: str

    @property
    def geometry(self) -> str:
        """Point, LineString or Polygon; nothing for a table without a place on the map."""
        if not isinstance(self.frame, gpd.GeoDataFrame):
            return ""
        return str(self.frame.geom_type.dropna().iloc[0]).removeprefix("Multi")


def write_geopackage(
    file: Path, tables: Sequence[StyledTable], project: str = "", project_qgz: bytes = b""
) -> None:
    """Tables with their default styles, and a QGIS project by its name, into a new file."""
    with _options():
        _write_tables(file, tables[:AT_ONCE])
        for first in range(AT_ONCE, len(tables), AT_ONCE):
            with temporary_file(file, "tables") as some:
                _write_tables(some, tables[first : first + AT_ONCE])
                add_tables(file, some)
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("PRAGMA synchronous = OFF")
        _write_styles(database, tables)
        if project_qgz:
            _write_project(database, project, project_qgz)


def _write_tables(file: Path, tables: Sequence[StyledTable]) -> None:
    for table in tables:
        on_map = {"promote_to_multi": table.geometry != "Point"} if table.geometry else {}
        pyogrio.write_dataframe(
            table.frame,
            file,
            layer=table.table,
            driver="GPKG",
            dataset_options=VERSION,
            layer_options={"DESCRIPTION": table.title},
            **on_map,
        )


def _write_styles(database: sqlite3.Connection, tables: Sequence[StyledTable]) -> None:
    """The `layer_styles` table, which QGIS looks into for a layer's default style."""
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
        [(each.table, geometry.get(each.table, ""), each.qml, each.title, WRITTEN) for each in tables],
    )


def _write_project(database: sqlite3.Connection, name: str, content: bytes) -> None:
    """The `qgis_projects` table, from which QGIS opens a project that lies in the file itself; its content is
    a .qgz in hexadecimal digits."""
    database.execute("CREATE TABLE qgis_projects (name TEXT PRIMARY KEY, metadata BLOB, content BLOB)")
    about = {"last_modified_time": WRITTEN.removesuffix("Z"), "last_modified_user": ""}
    database.execute("INSERT INTO qgis_projects VALUES (?, ?, ?)", (name, json.dumps(about), content.hex()))


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
