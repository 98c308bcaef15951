"""Files that a step fetched, or wrote empty because it could not: what they say of themselves."""

from pathlib import Path

from pipeline.errors import GivenFileError
from pipeline.raster.given import open_given

PROBLEM = "problem"
"""The key of a file's metadata under which a sentence says why it could not be fetched."""


def read_problem(file: Path) -> str | None:
    """The sentence of a GeoTIFF or a GeoPackage that says why it holds nothing; None of all others."""
    if file.suffix != ".tif":
        return _problem_of_map(file)
    try:
        with open_given(file, ("GTiff",)) as raster:
            return _told(raster.tags())
    except (GivenFileError, OSError):
        return None  # whoever reads it says what is wrong with it


def _problem_of_map(file: Path) -> str | None:
    # Imported here: it takes 0.3 s, which steps that open a raster need not wait for.
    import sqlite3

    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    from pipeline.ground.map_files import check_plain_table, is_geopackage

    try:
        if not is_geopackage(file):  # by its content: others of that name may lead to a server
            return None
        layer = str(pyogrio.list_layers(file)[0][0])
        check_plain_table(file, layer)
        return _told(pyogrio.read_info(file, layer=layer)["layer_metadata"] or {})
    except (GivenFileError, OSError, IndexError, DataSourceError, DataLayerError, sqlite3.Error):
        return None


def _told(metadata: dict[str, str]) -> str | None:
    problem = metadata.get(PROBLEM)
    return None if problem is None else str(problem)
