"""The geoid's height above the WGS84 ellipsoid, from a table of EGM96 that comes with the project."""

from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

GEOID = Path(__file__).parents[2] / "data" / "geoid.tif"


def read_geoid(file: Path = GEOID) -> NDArray[np.float64]:
    """Metres at the crossings of whole degrees: (181, 361), from 90 N and 180 W."""
    with rasterio.open(file, driver="GTiff") as table:
        return np.asarray(table.read(1) * table.scales[0], float)


def geoid_m(table: NDArray[np.float64], lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
    """The geoid's height at places (degrees), cubic between the table's; a few decimetres off the model."""
    column, row = np.atleast_1d((np.asarray(lon, float) + 180) % 360, 90 - np.asarray(lat, float))
    # Three columns of the other side, so that the table is whole where it is cut.
    around = np.concatenate([table[:, -4:-1], table, table[:, 1:4]], axis=1)
    return np.asarray(map_coordinates(around, [row, column + 3], order=3, mode="nearest"))
