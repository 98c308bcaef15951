"""Files that a step fetched, or wrote empty because it could not: what they say of themselves."""

import sqlite3
from pathlib import Path

import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from pipeline.errors import GivenFileError
from pipeline.ground.map_files import check_plain_table, is_geopackage
from pipeline.raster.given import open_given

PROBLEM = "problem"
"""The key of a file's metadata under which a sentence says why it could not be fetched."""


def read_problem(file: Path) -> str | None:
    """The sentence of a GeoTIFF or a GeoPackage that says why it holds nothing; None of all others."""
    try:
        if file.suffix == ".tif":
            with open_given(file, ("GTiff",)) as raster:
                told = raster.tags()
        elif is_geopackage(file):  # by its content: others of that name may lead to a server
            layer = str(pyogrio.list_layers(file)[0][0])
            check_plain_table(file, layer)
            told = pyogrio.read_info(file, layer=layer)["layer_metadata"] or {}
        else:
            return None
    except (GivenFileError, OSError, IndexError, DataSourceError, DataLayerError, sqlite3.Error):
        return None  # whoever reads it says what is wrong with it
    problem = told.get(PROBLEM)
    return None if problem is None else str(problem)
