"""Where each cell of a grid lies in the photo: exact on a lattice, between its nodes to a stated error."""

from dataclasses import dataclass

import numpy as np
from pyproj import Transformer

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array
from pipeline.camera.footprint import MAX_ZENITH_DEG
from pipeline.camera.terrain import FLAT, Terrain
from pipeline.raster.grid import Grid
from pipeline.raster.lattice import Lattice
from pipeline.raster.tiles import Tile

# Cells between nodes, halved until the map is good enough: 16 leave 1 cell in 256 to be worked out exactly.
STEP = 16
# A fiftieth of what the best solved camera is off (1 px RMSE), so that the map adds nothing to it.
MAX_ERROR_PX = 0.02
# Shares of half the terrain's range of heights: its ends, its middle, and between them where a parabola
# through those three is farthest from a smooth curve.
HEIGHTS_CHECKED = (-1.0, -(3**-0.5), 0.0, 3**-0.5, 1.0)


@dataclass(frozen=True, eq=False)
class PixelMap:
    """Photo column, row and view zenith at the cells of a grid, as seen on a terrain.

    The lattice holds them at the middle of the terrain's range of heights. Where that is not one height
    alone, there follow the two coefficients of a parabola in height, each for column and row (per half of the
    range, and per its square), and the (column, row) in the terrain's raster.
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


def pixel_map(camera: Camera, grid: Grid, terrain: Terrain = FLAT, step: int = STEP) -> PixelMap:
    """Photo column, row and view zenith over the grid, with a step fine enough for MAX_ERROR_PX."""
    while True:
        pixels = PixelMap(Lattice(step, _nodes(camera, grid, terrain, step, 0.0)), terrain)
        if step == 1 or map_error_px(camera, grid, pixels) <= MAX_ERROR_PX:
            return pixels
        step //= 2


def map_error_px(camera: Camera, grid: Grid, pixels: PixelMap) -> float:
    """Largest distance, in pixels of the frame, between the map and the exact one in the meshes' middles.

    The error of bilinear interpolation of a smooth map peaks there. With terrain it is taken at heights over
    the terrain's whole range, wherever it has them; added is what a height looked up beside its place can be
    wrong by, with the steepest slope there is. This bounds the error for any relief.
    """
    step, terrain = pixels.lattice.step, pixels.terrain
    middle_m, half_m = _middle_and_half(terrain)
    exact = _nodes(camera, grid, terrain, step, step / 2)[:, :-1, :-1]
    corners = pixels.lattice.values
    middle = (corners[:, :-1, :-1] + corners[:, :-1, 1:] + corners[:, 1:, :-1] + corners[:, 1:, 1:]) / 4
    if half_m:
        lon, lat = (v[:-1, :-1] for v in node_places(grid, step, step / 2))
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
    """Column and row at a share of half the range above its middle, from a PixelMap's lattice values."""
    return np.asarray(values[:2] + share * (values[3:5] + share * values[5:7]))


def _nodes(camera: Camera, grid: Grid, terrain: Terrain, step: int, offset: float) -> Array:
    """Exact values of a PixelMap's lattice at every `step`-th cell from `offset`, beyond the last cell."""
    lon, lat = node_places(grid, step, offset)
    zenith, _, _ = camera.view(lon, lat)
    middle_m, half_m = _middle_and_half(terrain)
    level = np.stack(camera.project(lon, lat, middle_m))
    if not half_m:
        return np.stack([*level, zenith])
    below, above = (np.stack(camera.project(lon, lat, middle_m + side * half_m)) for side in (-1, 1))
    return np.stack(
        [*level, zenith, *(above - below) / 2, *(above + below) / 2 - level, *terrain.cells(lon, lat)]
    )


def node_places(grid: Grid, step: int, offset: float = 0.0) -> tuple[Array, Array]:
    """Longitude and latitude (degrees) of a lattice's nodes: every `step`-th cell centre from `offset` cells
    on, and beyond the last cell."""
    columns, rows = (offset + step * np.arange(n // step + 2, dtype=float) for n in (grid.width, grid.height))
    x, y = grid.centres(*np.meshgrid(columns, rows))
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(lon), np.asarray(lat)
