"""The height of the ground, from a digital elevation model (DEM), and where a pixel's ray meets it.

A height h displaces what the camera shows by h tan(view zenith): 500 m at 45 degrees is 10 px at 85 mm.
"""

import logging
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from affine import Affine
from numpy.typing import ArrayLike, NDArray

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, transformer
from pipeline.errors import PipelineError

log = logging.getLogger(__name__)

Bounds = tuple[float, float, float, float]
"""West, south, east and north in degrees."""

# What free DEMs of 30 to 90 m cells (SRTM, Copernicus) are good to on land with houses and trees.
DEM_SIGMA_M = 10.0
# A hundredth of that; at a view zenith of 70 degrees it displaces by 0.3 m, a few thousandths of a pixel.
HEIGHT_TOLERANCE_M = 0.1
# From 9 km, the highest ground there is, 17 halvings leave 0.1 m.
MAX_HALVINGS = 20


class TerrainError(PipelineError):
    """A DEM cannot be read or does not fit the place."""


@dataclass(frozen=True, eq=False)
class Terrain:
    """Ground heights (rows, columns) in metres above the WGS84 ellipsoid at the cell centres of a raster.

    `transform` takes (column, row) of cell corners to (x, y) in `crs`; all cells hold a height. `sigma_m` is
    the vertical 1 sigma. Beyond the raster's edge the ground is at its mean height: of all guesses that need
    no neighbour it is the least wrong, while the edge's own height may be that of a single hill.
    """

    heights_m: NDArray[np.float32]
    crs: str
    transform: Affine
    sigma_m: float = DEM_SIGMA_M

    def loaded(self) -> "Terrain":
        """Itself; one that has yet to be read (`ground.elevation`) may stand in its place."""
        return self

    @cached_property
    def mean_m(self) -> float:
        """The mean height, which is taken for the ground beyond the raster's edge."""
        return float(self.heights_m.mean(dtype=float))

    @cached_property
    def range_m(self) -> tuple[float, float]:
        """The lowest and the highest ground."""
        return float(self.heights_m.min()), float(self.heights_m.max())

    @cached_property
    def steepest_m(self) -> float:
        """The most that the height changes over the width of a cell, in any direction."""
        along = (float(np.abs(np.diff(self.heights_m, axis=axis)).max(initial=0)) for axis in (0, 1))
        return math.hypot(*along)

    def height_m(self, lon: ArrayLike, lat: ArrayLike) -> Array:
        """Bilinear heights at places in degrees."""
        return self.at(*self.cells(lon, lat))

    def cells(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
        """(column, row) in the raster of places in degrees; cell centres are integers."""
        x, y = transformer("EPSG:4326", self.crs).transform(np.asarray(lon, float), np.asarray(lat, float))
        column, row = ~self.transform @ tuple(np.where(np.isfinite(v), v, np.nan) for v in (x, y))
        return column - 0.5, row - 0.5

    def at(self, column: Array, row: Array) -> Array:
        """Bilinear heights at places in the raster, element by element."""
        rows, columns = self.heights_m.shape
        inside = (column >= -0.5) & (column <= columns - 0.5) & (row >= -0.5) & (row <= rows - 0.5)
        column = np.clip(np.where(inside, column, 0), 0, columns - 1)
        row = np.clip(np.where(inside, row, 0), 0, rows - 1)
        left, top = column.astype(np.intp), row.astype(np.intp)
        right, low = np.minimum(left + 1, columns - 1), np.minimum(top + 1, rows - 1)
        flat, u, v = self.heights_m.reshape(-1), column - left, row - top
        upper = flat[top * columns + left] * (1 - u) + flat[top * columns + right] * u
        lower = flat[low * columns + left] * (1 - u) + flat[low * columns + right] * u
        return np.where(inside, upper * (1 - v) + lower * v, self.mean_m)


FLAT = Terrain(np.zeros((1, 1), np.float32), "EPSG:4326", Affine.identity(), sigma_m=0.0)
"""No terrain: the ellipsoid itself."""


def to_ground(
    camera: Camera, column: ArrayLike, row: ArrayLike, terrain: Terrain
) -> tuple[Array, Array, Array]:
    """Pixels to (longitude, latitude, height) where their rays meet the terrain; NaN for sky.

    The height is halved in between the lowest and the highest ground, below and above which every ray is
    under and over the terrain, until it is known to 0.1 m (or 20 times). Plain iteration from height to
    place to height oscillates where slope x tan(view zenith) exceeds 1; halving cannot. There, a ray may
    meet the ground several times: what is found is one of these places, not surely the first, so that the
    far side of a ridge may be taken for the near one.
    """
    low, high = (np.full(np.broadcast_shapes(np.shape(column), np.shape(row)), h) for h in terrain.range_m)
    sky = np.isnan(camera.to_ground(column, row, low)[0])
    for _ in range(MAX_HALVINGS):
        if not (high - low > HEIGHT_TOLERANCE_M).any():
            break
        middle = (low + high) / 2
        under = terrain.height_m(*camera.to_ground(column, row, middle)) > middle
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    height_m = np.where(sky, np.nan, (low + high) / 2)
    lon, lat = camera.to_ground(column, row, height_m)
    return lon, lat, height_m
