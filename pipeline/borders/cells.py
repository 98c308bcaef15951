"""Lit cells as lists, their sums over patches of ground, and where each lies along a border."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.features import rasterize
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from pipeline.camera.earth import Array
from pipeline.raster.grid import Grid
from pipeline.raster.tiles import Tile

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

POINT_SPACING_M = 50.0
SEGMENT_KM = 15.0
MIN_BLOCKS = 5
PATCH_M = 1000.0
CELLS_AT_A_TIME = 1 << 20
# Smoothing that makes units, from coarse to fine, of a block: as coarse as leaves units enough.
SMOOTHING_BLOCKS = (1.25, 0.75, 0.5)
EVEN_ENOUGH = 2.0
# Light is told apart in steps of a factor of two: linear light of 2^-24 to 2^8.
DIMMEST, BRIGHTEST = -24, 8


@dataclass(frozen=True, eq=False)
class Cells:
    """Lit cells: centre (m), light, the country by its place in a list, and tone (log2 G/R)."""

    x: Array
    y: Array
    red: Floats
    green: Floats
    country: NDArray[np.int8]
    tone: Floats

    def __len__(self) -> int:
        return len(self.x)

    def chosen(self, mask: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "Cells":
        return Cells(*(getattr(self, field.name)[mask] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence["Cells"]) -> "Cells":
        return cls(*(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(cls)))


def lit_cells(
    light: Floats, tone: Floats, areas: gpd.GeoDataFrame, grid: Grid, tile: Tile, crs: str
) -> Cells:
    """The cells of a tile that have a tone (log2 G/R) and whose centre lies in one of the areas; their places
    in `crs`."""
    country = countries_at(areas, grid, tile)
    row, column = np.nonzero(np.isfinite(tone) & (country >= 0))
    x, y = places(row, column, grid, tile, crs)
    return Cells(x, y, light[0, row, column], light[1, row, column], country[row, column], tone[row, column])


def countries_at(areas: gpd.GeoDataFrame, grid: Grid, tile: Tile) -> NDArray[np.int8]:
    """By centre, the place of each cell of a tile in the list of areas (in the grid's CRS); -1 outside."""
    shapes = [(shape, index) for index, shape in enumerate(areas.geometry, 1)]
    if not shapes:
        return np.full((tile.height, tile.width), -1, np.int8)
    corner = grid.transform @ Affine.translation(tile.column, tile.row)
    country = rasterize(shapes, (tile.height, tile.width), transform=corner, dtype="uint8")
    return np.asarray(country.astype(np.int8) - 1, np.int8)


def places(
    row: NDArray[np.intp], column: NDArray[np.intp], grid: Grid, tile: Tile, crs: str
) -> tuple[Array, Array]:
    """Where the centres of cells of a tile lie in `crs`."""
    x, y = grid.centres(tile.column + column.astype(float), tile.row + row.astype(float))
    if crs != grid.crs:
        x, y = Transformer.from_crs(grid.crs, crs, always_xy=True).transform(x, y)
    return np.asarray(x), np.asarray(y)


@dataclass(frozen=True, eq=False)
class Units:
    r"""Which light counts as one when an interval is made: hills of smoothed light, each country by itself.

       _      __            Neighbouring streets share their lamps, towns choose them: what is drawn at
      / \_  _/  \    _      random is a town. A square belongs to the hill that the steepest way up
    _/    \/     \__/ \_    leads to; near towns of one country make one hill.
      one  | two |three
    """

    column: int
    row: int
    label: NDArray[np.int32]

    @classmethod
    def of(cls, cells: Cells, smoothing_m: float) -> "Units":
        """The hills of the light of some cells; `smoothing_m` is the Gaussian's sigma."""
        column, row = squares(cells.x, cells.y)
        if not len(cells):
            return cls(0, 0, np.zeros((1, 1, 1), np.int32))
        origin = int(column.min()), int(row.min())
        shape = int(row.max()) - origin[1] + 1, int(column.max()) - origin[0] + 1
        index = (row - origin[1]) * shape[1] + column - origin[0]
        labels = []
        for country in range(int(cells.country.max()) + 1):
            own = cells.country == country
            power = (cells.red[own] + cells.green[own]).astype(float)
            light = np.bincount(index[own], power, shape[0] * shape[1]).reshape(shape).astype(float)
            hill = _hills(gaussian_filter(light, smoothing_m / PATCH_M, mode="constant"))
            labels.append(hill + country * shape[0] * shape[1])
        return cls(*origin, np.stack(labels).astype(np.int32))

    def at(self, x: Array, y: Array, country: NDArray[np.integer[Any]]) -> Ints:
        """The unit of places of a country among those the units were made of."""
        column, row = squares(x, y)
        return np.asarray(self.label[country, row - self.row, column - self.column], np.int64)


def unit_scales(cells: Cells, block_km: float) -> tuple[Units, ...]:
    """Units of some cells from coarse to fine."""
    return tuple(Units.of(cells, 1e3 * block_km * blocks) for blocks in SMOOTHING_BLOCKS)


def settled(
    scales: Sequence[Units], x: Array, y: Array, country: Ints, lights: Sequence[Array]
) -> tuple[Units, float]:
    """The coarsest units at which each of several lights (at the places) is spread over EVEN_ENOUGH of them,
    else the finest; and over how many the least spread one is."""
    for units in scales:
        unit = units.at(x, y, country)
        least = min(even_units(unit, light) for light in lights)
        if least >= EVEN_ENOUGH:
            break
    return units, least


def even_units(unit: Ints, light: Array) -> float:
    """How many evenly lit units would weigh as much as the uneven ones do (Kish); 0 without light."""
    own = np.bincount(np.unique(unit, return_inverse=True)[1], light)
    return float(own.sum() ** 2 / (own**2).sum()) if own.any() else 0.0


def squares(x: Array, y: Array) -> tuple[Ints, Ints]:
    """Column and row, counted eastward and northward, of the squares of PATCH_M that places lie in."""
    return np.floor(x / PATCH_M).astype(np.int64), np.floor(y / PATCH_M).astype(np.int64)


def _hills(height: Array) -> Ints:
    """For each element the flat index of the summit that the steepest way up leads to."""
    rows, columns = height.shape
    around = sliding_window_view(np.pad(height, 1, constant_values=-np.inf), (3, 3)).reshape(rows, columns, 9)
    down, right = np.divmod(around.argmax(axis=2), 3)
    up = ((np.arange(rows)[:, None] + down - 1) * columns + np.arange(columns) + right - 1).ravel()
    while not np.array_equal(up, higher := up[up]):
        up = higher
    return np.asarray(up.reshape(rows, columns), np.int64)


@dataclass(frozen=True, eq=False)
class Patches:
    """Sums of light over patches of ground: a square of PATCH_M, one country, one step of light a cell, and
    one value of whatever key the caller splits by.

    x and y are the mean place (m) of a patch's cells; light of 2^level to 2^(level + 1) a cell.
    """

    x: Array
    y: Array
    red: Array
    green: Array
    n_cells: Ints
    country: Ints
    level: Ints
    key: Ints

    def __len__(self) -> int:
        return len(self.x)

    @property
    def light(self) -> Array:
        return self.red + self.green

    @property
    def tone(self) -> float:
        """log2 of the ratio of the sums of green and red."""
        return float(np.log2(self.green.sum() / self.red.sum()))

    def chosen(self, mask: NDArray[np.bool_]) -> "Patches":
        return Patches(*(getattr(self, field.name)[mask] for field in fields(self)))


def patches(cells: Cells, key: NDArray[np.integer[Any]] | None = None) -> Patches:
    """Cells summed over patches; `key` (0 to 65,535) splits patches further."""
    split = np.zeros(len(cells), np.int64) if key is None else key
    # A part at a time: what is made on the way takes five times the memory of the cells.
    ends = [slice(start, start + CELLS_AT_A_TIME) for start in range(0, len(cells), CELLS_AT_A_TIME)]
    parts = [_sums_by_code(cells.chosen(part), split[part]) for part in ends or [slice(0)]]
    code, index = np.unique(np.concatenate([one for one, _ in parts]), return_inverse=True)
    columns = np.concatenate([sums for _, sums in parts], axis=1)
    n, x, y, red, green = (np.bincount(index, column, len(code)).astype(float) for column in columns)
    rest, country = np.divmod(code >> 32, 128)
    divided, level = np.divmod(rest, 64)
    return Patches(x / n, y / n, red, green, n.astype(np.int64), country, level + DIMMEST, divided)


def _sums_by_code(cells: Cells, split: NDArray[np.integer[Any]]) -> tuple[Ints, Array]:
    """The patches of cells, as numbers made of key, level, country, row and column; how many cells and sums
    of x, y, red and green in each."""
    column, row = squares(cells.x, cells.y)
    power = np.maximum((cells.red + cells.green).astype(float), 2.0**DIMMEST)
    level = np.clip(np.floor(np.log2(power)), DIMMEST, BRIGHTEST).astype(np.int64)
    code = split.astype(np.int64)
    parts = ((level - DIMMEST, 64), (cells.country, 128), (row, 1 << 16), (column, 1 << 16))
    for part, size in parts:
        code = code * size + part.astype(np.int64) % size
    found, index = np.unique(code, return_inverse=True)
    values = (None, cells.x, cells.y, cells.red, cells.green)
    return found, np.stack([np.bincount(index, value, len(found)).astype(float) for value in values])


@dataclass(frozen=True, eq=False)
class BorderLine:
    r"""A border as closely set points, and its course without wiggles as points with their chainage (m) and
    the segment they are of, about SEGMENT_KM long.

     __/\__   _   the border: how far a cell is from it
    '------\_/ \_
    ~~~~~~~~~~~~~~  its course: which stretch of it a cell belongs to
    """

    points: cKDTree
    course: cKDTree
    chainage_m: Array
    segment: Ints

    @classmethod
    def of(cls, line: BaseGeometry, block_m: float) -> "BorderLine":
        """The course is good to half a block; each of its parts begins at a multiple of the block."""
        points, chainage, segment = _measured(_course(line, block_m), block_m)
        return cls(cKDTree(_measured([line], block_m)[0]), cKDTree(points), chainage, segment)

    def distance_m(self, x: Array, y: Array, limit_m: float) -> Array:
        """Distance to the border, infinite beyond the limit; up to 25 m too long, 3 m from 100 m on."""
        return np.asarray(self.points.query(np.column_stack([x, y]), distance_upper_bound=limit_m)[0])

    def along_m(self, x: Array, y: Array) -> Array:
        """Chainage of the nearest point of the course."""
        return np.asarray(self.chainage_m[self._nearest(x, y)])

    def segment_at(self, x: Array, y: Array) -> Ints:
        """The segment (0, 1, ...) of the nearest point of the course."""
        return np.asarray(self.segment[self._nearest(x, y)])

    def _nearest(self, x: Array, y: Array) -> NDArray[np.intp]:
        return np.asarray(self.course.query(np.column_stack([x, y]))[1])


def _course(line: BaseGeometry, block_m: float) -> list[BaseGeometry]:
    """The parts of the simplified border, without enclaves and scraps where anything else is left."""
    parts = [part for part in shapely.get_parts(line.simplify(block_m / 2)) if part.length > 0]
    longer = [part for part in parts if part.length >= block_m and not part.is_ring]
    return longer or parts or [line]


def _measured(parts: Sequence[BaseGeometry], block_m: float) -> tuple[Array, Array, Ints]:
    """Points every POINT_SPACING_M along lines, their chainage and their segment."""
    points, chainage, segment, start, first = [], [], [], 0.0, 0
    for part in (piece for line in parts for piece in shapely.get_parts(line)):
        along = np.linspace(0, part.length, 2 + int(part.length / POINT_SPACING_M))
        points.append(shapely.get_coordinates(shapely.line_interpolate_point(part, along)))
        chainage.append(start + along)
        count = max(1, round(part.length / 1e3 / SEGMENT_KM))
        segment.append(first + np.minimum(along / part.length * count, count - 1).astype(np.int64))
        start, first = start + block_m * math.ceil(part.length / block_m), first + count
    return np.concatenate(points), np.concatenate(chainage), np.concatenate(segment)


@dataclass(frozen=True, eq=False)
class Beside:
    """The lit cells near a border: which of them lie on the second country's side, and how far from it."""

    cells: Cells
    second: NDArray[np.bool_]
    distance_m: Array


def beside(cells: Cells, line: BorderLine, first: int, second: int, limit_m: float) -> Beside:
    """The cells of two countries (by their place in the list) up to a distance from their border."""
    own = cells.chosen(np.flatnonzero((cells.country == first) | (cells.country == second)))
    own = own.chosen(_squares_near(own, line, limit_m))
    distance_m = line.distance_m(own.x, own.y, limit_m)
    near = np.isfinite(distance_m)
    return Beside(own.chosen(near), own.country[near] == second, distance_m[near])


def _squares_near(cells: Cells, line: BorderLine, limit_m: float) -> NDArray[np.bool_]:
    """The cells in squares that reach to within a distance of a border: most others need not be measured."""
    column, row = squares(cells.x, cells.y)
    code, index = np.unique(row * (1 << 32) + column, return_inverse=True)
    rows, columns = np.divmod(code, 1 << 32)
    away = line.distance_m((columns + 0.5) * PATCH_M, (rows + 0.5) * PATCH_M, limit_m + PATCH_M)
    return np.asarray(np.isfinite(away)[index])


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
