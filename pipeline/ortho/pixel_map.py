"""Where each cell of a grid lies in the photo: exact on a lattice, between its nodes to a stated error."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol

import numpy as np
from scipy.ndimage import binary_dilation

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, transformer
from pipeline.camera.footprint import MAX_ZENITH_DEG
from pipeline.camera.terrain import FLAT, Terrain
from pipeline.raster.grid import Grid
from pipeline.raster.lattice import Lattice
from pipeline.raster.tiles import Tile
from pipeline.raster.workers import in_order

# Cells between nodes, halved until the map is good enough: 16 leave 1 cell in 256 to be worked out exactly.
STEP = 16
# A fiftieth of what the best solved camera is off (1 px RMSE), so that the map adds nothing to it.
MAX_ERROR_PX = 0.02
# Shares of half the terrain's range of heights: its ends, its middle, and between them where a parabola
# through those three is farthest from a smooth curve.
HEIGHTS_CHECKED = (-1.0, -(3**-0.5), 0.0, 3**-0.5, 1.0)
CHECKED_CELLS = 1024  # a side of the part of the grid that one thread checks at a time


class Ground(Hashable, Protocol):
    """A terrain, or one that has yet to be read from its file."""

    def loaded(self) -> Terrain:
        """The heights themselves."""
        ...


@dataclass(frozen=True, eq=False)
class PixelMap:
    """Photo column, row and view zenith at the cells of a grid, as seen on a terrain. It is small: what it
    says of a tile is worked out where it is needed."""

    camera: Camera
    grid: Grid
    ground: Ground = FLAT
    step: int = STEP

    def of(self, tile: Tile) -> "TileMap":
        """The part of the map for the cells of a tile; nodes are tied to the grid, not to the tile."""
        terrain = self.ground.loaded()
        values = _nodes(self.camera, self.grid, terrain, self.step, 0.0, tile)
        first = tile.row // self.step, tile.column // self.step
        return TileMap(Lattice(self.step, values, first), terrain)


@dataclass(frozen=True, eq=False)
class TileMap:
    """A part of a PixelMap, for the cells of a tile.

    The lattice holds column, row and zenith at the middle of the terrain's range of heights. Where that is
    not one height alone, there follow the two coefficients of a parabola in height, each for column and row
    (per half of the range, and per its square), and the (column, row) in the terrain's raster.
    """

    lattice: Lattice
    terrain: Terrain

    def at(self, tile: Tile, down: float = 0.0, right: float = 0.0) -> Array:
        """Values (3, height, width) at a tile's cell centres moved by up to half a cell."""
        values = self.lattice.at(tile, down, right)
        middle_m, half_m = _middle_and_half(self.terrain)
        if not half_m:
            return values
        values[:2] = _raised(values, (self.terrain.at(*values[7:]) - middle_m) / half_m)
        return values[:3]

    def reach(self) -> tuple[Array, Array] | None:
        """The lowest and highest (column, row) that any cell in sight may have, none where none is: the
        nodes', with the terrain's highest and lowest ground, and as much as lies between two nodes beyond."""
        nodes, (_, half_m) = self.lattice.values, _middle_and_half(self.terrain)
        relief = np.abs(nodes[3:5]) + np.abs(nodes[5:7]) if half_m else 0.0
        # Towards the horizon places run away from the photo; a cell needs the nodes of its own mesh alone.
        needed = binary_dilation(nodes[2] <= MAX_ZENITH_DEG, np.ones((3, 3))) & np.isfinite(nodes[:2]).all(0)
        if not needed.any():
            return None
        places = np.where(needed, nodes[:2], np.nan)
        between = [np.nan_to_num(np.abs(np.diff(places, axis=axis))).max((1, 2)) for axis in (1, 2)]
        low, high = (np.nanmin(places - relief, (1, 2)), np.nanmax(places + relief, (1, 2)))
        return low - sum(between), high + sum(between)


@lru_cache(maxsize=1)  # a photo's light and its geometry ask for the same one
def pixel_map(camera: Camera, grid: Grid, ground: Ground = FLAT, step: int = STEP) -> PixelMap:
    """Photo column, row and view zenith over the grid, with a step fine enough for MAX_ERROR_PX."""
    while True:
        pixels = PixelMap(camera, grid, ground, step)
        if step == 1 or map_error_px(pixels) <= MAX_ERROR_PX:
            return pixels
        step //= 2


def map_error_px(pixels: PixelMap) -> float:
    """Largest distance, in pixels of the frame, between the map and the exact one in the meshes' middles.

    The error of bilinear interpolation of a smooth map peaks there. With terrain it is taken at heights over
    the terrain's whole range, wherever it has them; added is what a height looked up beside its place can be
    wrong by, with the steepest slope there is. This bounds the error for any relief.
    """
    return max(in_order(partial(_error_px, pixels), _parts(pixels.grid)))


def _parts(grid: Grid) -> Iterator[Tile]:
    """The grid in parts that are checked side by side."""
    for row in range(0, grid.height, CHECKED_CELLS):
        for column in range(0, grid.width, CHECKED_CELLS):
            sides = grid.height - row, grid.width - column
            yield Tile(row, column, *(min(CHECKED_CELLS, side) for side in sides))


def _error_px(pixels: PixelMap, tile: Tile) -> float:
    """`map_error_px` of a part of the grid."""
    camera, grid, step = pixels.camera, pixels.grid, pixels.step
    own = pixels.of(tile)
    corners, terrain = own.lattice.values, own.terrain
    middle_m, half_m = _middle_and_half(terrain)
    exact = _nodes(camera, grid, terrain, step, step / 2, tile)[:, :-1, :-1]
    middle = (corners[:, :-1, :-1] + corners[:, :-1, 1:] + corners[:, 1:, :-1] + corners[:, 1:, 1:]) / 4
    if half_m:
        lon, lat = (v[:-1, :-1] for v in node_places(grid, step, step / 2, tile))
        error = np.max(
            [
                np.hypot(*(_raised(middle, h) - np.stack(camera.project(lon, lat, middle_m + h * half_m))))
                for h in HEIGHTS_CHECKED
            ],
            axis=0,
        )
        beside_m = terrain.steepest_m * np.hypot(*(middle - exact)[7:])
        error += beside_m / half_m * (np.hypot(*exact[3:5]) + 2 * np.hypot(*exact[5:7]))
    else:
        error = np.hypot(*(middle - exact)[:2])
    column, row, zenith = exact[:3]
    mapped = camera.inside(column, row) & (zenith <= MAX_ZENITH_DEG) & np.isfinite(error)
    return float(error[mapped].max(initial=0.0))


def _middle_and_half(terrain: Terrain) -> tuple[float, float]:
    """The middle of a terrain's range of heights and half the range, in m."""
    low, high = terrain.range_m
    return (low + high) / 2, (high - low) / 2


def _raised(values: Array, share: float | Array) -> Array:
    """Column and row at a share of half the range above its middle, from a TileMap's lattice values."""
    return np.asarray(values[:2] + share * (values[3:5] + share * values[5:7]))


def _nodes(camera: Camera, grid: Grid, terrain: Terrain, step: int, offset: float, tile: Tile) -> Array:
    """Exact values of a TileMap's lattice at every `step`-th cell from `offset`, around a tile's cells."""
    lon, lat = node_places(grid, step, offset, tile)
    zenith, _, _ = camera.view(lon, lat)
    middle_m, half_m = _middle_and_half(terrain)
    level = np.stack(camera.project(lon, lat, middle_m))
    if not half_m:
        return np.stack([*level, zenith])
    below, above = (np.stack(camera.project(lon, lat, middle_m + side * half_m)) for side in (-1, 1))
    return np.stack(
        [*level, zenith, *(above - below) / 2, *(above + below) / 2 - level, *terrain.cells(lon, lat)]
    )


def node_places(grid: Grid, step: int, offset: float, tile: Tile) -> tuple[Array, Array]:
    """Longitude and latitude (degrees) of a lattice's nodes around a tile: every `step`-th cell centre of the
    grid from `offset` cells on, to beyond the tile's last cell."""
    spans = (tile.column, tile.width), (tile.row, tile.height)
    columns, rows = (
        offset + step * np.arange(first // step, (first + size - 1) // step + 2, dtype=float)
        for first, size in spans
    )
    x, y = grid.centres(*np.meshgrid(columns, rows))
    lon, lat = transformer(grid.crs, "EPSG:4326").transform(x, y)
    return np.asarray(lon), np.asarray(lat)
