"""The geoid's height above the WGS84 ellipsoid, from a table of EGM96 that comes with the project."""

from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import map_coordinates

NODES_PER_DEGREE = 10  # between nodes so close the geoid is straight to a centimetre
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


def above_ellipsoid_m(
    above_geoid_m: NDArray[np.float32], transform: Affine, table: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Heights above the ellipsoid, in the place of those above the geoid, so that no second raster is held;
    `transform` is in degrees."""
    from scipy.interpolate import RegularGridInterpolator

    rows, columns = above_geoid_m.shape
    lon = transform.c + transform.a * (np.arange(columns) + 0.5)
    lat = transform.f + transform.e * (np.arange(rows) + 0.5)
    nodes_lon = np.linspace(lon[0], lon[-1], max(2, round(NODES_PER_DEGREE * columns * transform.a)))
    nodes_lat = np.linspace(lat[0], lat[-1], max(2, round(-NODES_PER_DEGREE * rows * transform.e)))
    nodes_m = geoid_m(table, *np.meshgrid(nodes_lon, nodes_lat))
    along = RegularGridInterpolator((nodes_lat[::-1], nodes_lon), nodes_m[::-1])
    for row in range(rows):
        above_geoid_m[row] += along(np.column_stack([np.full(columns, lat[row]), lon]))
    return above_geoid_m
