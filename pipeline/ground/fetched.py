"""Files that a step fetched, or wrote empty because it could not: what they say of themselves."""

import warnings
from pathlib import Path

import pyogrio
import rasterio
from pyogrio.errors import DataLayerError, DataSourceError
from rasterio.errors import NotGeoreferencedWarning, RasterioError

PROBLEM = "problem"
"""The key of a file's metadata under which a sentence says why it could not be fetched."""


def read_problem(file: Path) -> str | None:
    """The sentence of a GeoTIFF or a GeoPackage that says why it holds nothing; None of all others."""
    try:
        if file.suffix == ".tif":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotGeoreferencedWarning)  # its reader says so
                with rasterio.open(file, driver="GTiff") as raster:
                    told = raster.tags()
        elif file.suffix == ".gpkg":
            told = pyogrio.read_info(file)["layer_metadata"] or {}
        else:
            return None
    except (RasterioError, DataSourceError, DataLayerError):
        return None  # whoever reads it says what is wrong with it
    problem = told.get(PROBLEM)
    return None if problem is None else str(problem)
