"""Lit cells as lists, and where each lies along a border."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.features import rasterize
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from pipeline.camera.earth import Array
from pipeline.ortho.grid import Grid
from pipeline.ortho.warp import Tile

Floats = NDArray[np.float32]

POINT_SPACING_M = 50.0
MIN_BLOCKS = 5


@dataclass(frozen=True, eq=False)
class Cells:
    """Lit cells: centre (m), light, and the country by its place in a list."""

    x: Array
    y: Array
    red: Floats
    green: Floats
    country: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.x)

    def chosen(self, mask: NDArray[np.bool_]) -> "Cells":
        return Cells(*(getattr(self, field.name)[mask] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence["Cells"]) -> "Cells":
        return cls(*(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(cls)))


def lit_cells(
    light: Floats, lit: NDArray[np.bool_], areas: gpd.GeoDataFrame, grid: Grid, tile: Tile, crs: str
) -> Cells:
    """The lit cells of a tile whose centre lies in one of the areas; their places in `crs`."""
    shapes = [(shape, index) for index, shape in enumerate(areas.geometry, 1)]
    corner = grid.transform @ Affine.translation(tile.column, tile.row)
    country = rasterize(shapes, (tile.height, tile.width), transform=corner, dtype="uint8")
    row, column = np.nonzero(lit & (country > 0))
    to_crs = Transformer.from_crs(grid.crs, crs, always_xy=True)
    x, y = to_crs.transform(*grid.centres(tile.column + column.astype(float), tile.row + row.astype(float)))
    index = (country[row, column] - 1).astype(np.int8)
    return Cells(x, y, light[0, row, column], light[1, row, column], index)


@dataclass(frozen=True, eq=False)
class BorderLine:
    r"""A border as closely set points, and its course without wiggles as points with their chainage (m).

     __/\__   _   the border: how far a cell is from it
    '------\_/ \_
    ~~~~~~~~~~~~~~  its course: which stretch of it a cell belongs to
    """

    points: cKDTree
    course: cKDTree
    chainage_m: Array

    @classmethod
    def of(cls, line: BaseGeometry, block_m: float) -> "BorderLine":
        """The course is good to half a block; each of its parts begins at a multiple of the block."""
        points, chainage = _measured(_course(line, block_m), block_m)
        return cls(cKDTree(_measured([line], block_m)[0]), cKDTree(points), chainage)

    def distance_m(self, x: Array, y: Array, limit_m: float) -> Array:
        """Distance to the border, infinite beyond the limit; up to 25 m too long, 3 m from 100 m on."""
        return np.asarray(self.points.query(np.column_stack([x, y]), distance_upper_bound=limit_m)[0])

    def along_m(self, x: Array, y: Array) -> Array:
        """Chainage of the nearest point of the course."""
        return np.asarray(self.chainage_m[self.course.query(np.column_stack([x, y]))[1]])


def _course(line: BaseGeometry, block_m: float) -> list[BaseGeometry]:
    """The parts of the simplified border, without enclaves and scraps where anything else is left."""
    parts = [part for part in shapely.get_parts(line.simplify(block_m / 2)) if part.length > 0]
    longer = [part for part in parts if part.length >= block_m and not part.is_ring]
    return longer or parts or [line]


def _measured(parts: Sequence[BaseGeometry], block_m: float) -> tuple[Array, Array]:
    """Points every POINT_SPACING_M along lines, and their chainage."""
    points, chainage, start = [], [], 0.0
    for part in (piece for line in parts for piece in shapely.get_parts(line)):
        along = np.linspace(0, part.length, 2 + int(part.length / POINT_SPACING_M))
        points.append(shapely.get_coordinates(shapely.line_interpolate_point(part, along)))
        chainage.append(start + along)
        start += block_m * math.ceil(part.length / block_m)
    return np.concatenate(points), np.concatenate(chainage)


@dataclass(frozen=True, eq=False)
class Beside:
    """The lit cells near a border: which of them lie on the second country's side, and how far from it."""

    cells: Cells
    second: NDArray[np.bool_]
    distance_m: Array


def beside(cells: Cells, line: BorderLine, first: int, second: int, limit_m: float) -> Beside:
    """The cells of two countries (by their place in the list) up to a distance from their border."""
    own = cells.chosen((cells.country == first) | (cells.country == second))
    distance_m = line.distance_m(own.x, own.y, limit_m)
    near = np.isfinite(distance_m)
    return Beside(own.chosen(near), own.country[near] == second, distance_m[near])


def block_sums(block: NDArray[np.integer[Any]], *values: Array | Floats) -> Array:
    """Sums of values over blocks, shape (occupied blocks, number of values)."""
    _, index = np.unique(block, return_inverse=True)
    return np.stack([np.bincount(index, value) for value in values], axis=1)


def log_ratio_sigma(red: Array, green: Array) -> float:
    """1 sigma of log2(sum of green / sum of red) from the scatter of the ratio between blocks of ground; NaN
    of too few blocks. Noise is in it, and so is the chance of which towns a zone happens to hold.
    """
    if len(red) < MIN_BLOCKS or not (red.sum() > 0 and green.sum() > 0):
        return math.nan
    influence = green / green.sum() - red / red.sum()
    return float(np.sqrt(len(red) / (len(red) - 1) * (influence**2).sum()) / math.log(2))
