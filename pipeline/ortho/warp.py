"""From the photo to the map: one exact inverse mapping, one resampling, tile by tile.

    cell (column, row) of the grid -> x, y -> longitude, latitude -> camera -> pixel (column, row)

The mapping is exact on the nodes of a lattice laid over the whole grid and bilinear between them. Nodes are
tied to the grid, not to a tile, so any tiling gives the same numbers bit for bit.

     o . . . o . . . o      o node: exact      . between: bilinear
     . . . . . . . . .      x middle: where the error is largest and is checked
     . . x . . . x . .
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
from dask.delayed import delayed
from numpy.typing import NDArray
from pyproj import Transformer

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array
from pipeline.camera.footprint import MAX_ZENITH_DEG
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.ortho.grid import Grid
from pipeline.photo.photo import Photo

STEP = 16
MAX_ERROR_PX = 0.02
TILE = 1024
STRIP = 16

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Tile:
    """A window of the grid: its first row and column, and how many."""

    row: int
    column: int
    height: int
    width: int

    def strips(self) -> Iterator[tuple[slice, "Tile"]]:
        """A few rows at a time, which the processor's cache holds: rows within the tile, and their window."""
        for first in range(0, self.height, STRIP):
            count = min(STRIP, self.height - first)
            yield slice(first, first + count), Tile(self.row + first, self.column, count, self.width)


@dataclass(frozen=True, eq=False)
class Lattice:
    """Values (k, rows, columns) at every `step`-th cell centre of a grid, the first node at cell (0, 0)."""

    step: int
    values: Array

    def at(self, tile: Tile, down: float = 0.0, right: float = 0.0) -> Array:
        """Bilinear values (k, height, width) at a tile's cell centres moved by up to half a cell.

        A cell belongs to the mesh of its centre, so the half cell beyond a node is extrapolated. All steps
        are element by element, which keeps them the same for any tile.
        """
        row = np.arange(tile.row, tile.row + tile.height)
        mesh, v = row // self.step, ((row % self.step + down) / self.step)[:, None]
        first, last = tile.column // self.step, (tile.column + tile.width - 1) // self.step
        nodes = self.values[:, :, first : last + 2]
        along = nodes[:, mesh] + (nodes[:, mesh + 1] - nodes[:, mesh]) * v
        u = (np.arange(self.step) + right) / self.step
        whole = along[:, :, :-1, None] + np.diff(along, axis=2)[..., None] * u
        start = tile.column - first * self.step
        return whole.reshape(len(whole), tile.height, -1)[:, :, start : start + tile.width]


def pixel_lattice(camera: Camera, grid: Grid, step: int = STEP) -> Lattice:
    """Photo column, row and view zenith over the grid, with a step fine enough for MAX_ERROR_PX."""
    while True:
        lattice = Lattice(step, _nodes(camera, grid, step, 0.0))
        if step == 1 or map_error_px(camera, grid, lattice) <= MAX_ERROR_PX:
            return lattice
        step //= 2


def map_error_px(camera: Camera, grid: Grid, lattice: Lattice) -> float:
    """Largest distance, in pixels of the frame, between the lattice and the exact map in its meshes' middles.

    The error of bilinear interpolation of a smooth map peaks there.
    """
    exact = _nodes(camera, grid, lattice.step, lattice.step / 2)[:, :-1, :-1]
    corners = lattice.values
    middle = (corners[:, :-1, :-1] + corners[:, :-1, 1:] + corners[:, 1:, :-1] + corners[:, 1:, 1:]) / 4
    column, row, zenith = exact
    error = np.hypot(*(middle - exact)[:2])
    seen = camera.inside(column, row) & (zenith <= MAX_ZENITH_DEG) & np.isfinite(error)
    return float(error[seen].max(initial=0.0))


def _nodes(camera: Camera, grid: Grid, step: int, offset: float) -> Array:
    """Exact pixel column, row and view zenith at every `step`-th cell from `offset`, beyond the last cell."""
    lon, lat = _node_places(grid, step, offset)
    zenith, _, _ = camera.view(lon, lat)
    return np.stack([*camera.project(lon, lat), zenith])


def _node_places(grid: Grid, step: int, offset: float = 0.0) -> tuple[Array, Array]:
    columns, rows = (offset + step * np.arange(n // step + 2, dtype=float) for n in (grid.width, grid.height))
    x, y = grid.centres(*np.meshgrid(columns, rows))
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(lon), np.asarray(lat)


def geometry_lattice(solved: SolvedCamera, grid: Grid, step: int = STEP) -> Lattice:
    """View zenith (degrees), cosine and sine of the azimuth, ground sample distance (m), position sigma (m).

    The azimuth is kept as a vector, which has no jump at north.
    """
    lon, lat = _node_places(grid, step)
    zenith, azimuth, _ = solved.camera.view(lon, lat)
    turn = np.radians(azimuth)
    gsd_m = solved.camera.ground_sample_distance_m(lon, lat)
    # Nodes off the frame carry the cells at its rim.
    sigma_m = solved.ground_sigma_m(lon, lat, margin_px=np.inf)
    return Lattice(step, np.stack([zenith, np.cos(turn), np.sin(turn), gsd_m, sigma_m]))


def subsamples(resolution_m: float, pixel_m: float) -> int:
    """How many samples per cell and axis average the photo's pixels, `pixel_m` the narrowest of them: one
    where cells are no wider, else one and a half a pixel, so that none is passed over."""
    ratio = resolution_m / pixel_m
    return 1 if ratio <= 1 else math.ceil(1.5 * ratio)


def interleaved(photo: Photo) -> Floats:
    """Red, green, blue and saturated side by side, shape (height, width, 4): one look-up gives all."""
    return np.ascontiguousarray(np.stack([*photo.light, photo.saturated.astype(np.float32)], -1))


def light_tile(pixels: Floats, lattice: Lattice, n: int, tile: Tile) -> Floats:
    """Red, green, blue and the saturated share of one tile: n x n bilinear samples averaged in each cell.

    NaN where any of a cell's samples falls outside the frame or on an invalid pixel.
    """
    total = np.zeros((4, tile.height, tile.width), np.float32)
    offsets = (np.arange(n) + 0.5) / n - 0.5
    for rows, strip in tile.strips():
        for down in offsets:
            for right in offsets:
                total[:, rows] += _bilinear(pixels, *lattice.at(strip, down, right))
    return total / np.float32(n * n)


def geometry_tile(lattice: Lattice, geometry: Lattice, frame: tuple[int, int], tile: Tile) -> Floats:
    """View zenith and azimuth (degrees), ground sample distance and position sigma (m) of one tile."""
    bands = np.empty((4, tile.height, tile.width), np.float32)
    for rows, strip in tile.strips():
        zenith, cosine, sine, gsd_m, sigma_m = geometry.at(strip)
        azimuth = (np.degrees(np.arctan2(sine, cosine)) % 360).astype(np.float32)
        azimuth[azimuth == 360] = 0  # where float32 rounds up
        bands[:, rows] = zenith, azimuth, gsd_m, sigma_m
        column, row, view_zenith = lattice.at(strip)
        bands[:, rows][:, ~_in_frame(column, row, view_zenith, *frame)] = np.nan
    return bands


def _bilinear(pixels: Floats, column: Array, row: Array, zenith: Array) -> Floats:
    """Pixels (height, width, k) at places in the photo, shape (k, *places); NaN outside the frame."""
    height, width, bands = pixels.shape
    seen = _in_frame(column, row, zenith, height, width)
    if not seen.any():
        return np.full((bands, *column.shape), np.nan, np.float32)
    column, row = np.where(seen, column, 0), np.where(seen, row, 0)
    left = np.minimum(column.astype(np.intp), width - 2)
    top = np.minimum(row.astype(np.intp), height - 2)
    right_share = (column - left).astype(np.float32)[..., None]
    low_share = (row - top).astype(np.float32)[..., None]
    flat, first = pixels.reshape(-1, bands), top * width + left
    upper, lower = flat.take(first, 0), flat.take(first + width, 0)
    upper += (flat.take(first + 1, 0) - upper) * right_share
    lower += (flat.take(first + width + 1, 0) - lower) * right_share
    upper += (lower - upper) * low_share
    upper[~seen] = np.nan
    return np.moveaxis(upper, -1, 0)


def _in_frame(column: Array, row: Array, zenith: Array, height: int, width: int) -> NDArray[np.bool_]:
    """Where bilinear interpolation has its four pixels and the ground is not too oblique."""
    inside = (column >= 0) & (column <= width - 1) & (row >= 0) & (row <= height - 1)
    return np.asarray(inside & (zenith <= MAX_ZENITH_DEG))


def orthorectify(photo: Photo, camera: Camera, grid: Grid, pixel_m: float, tile: int = TILE) -> da.Array:
    """Red, green, blue and saturated share on the grid, shape (4, height, width), not yet computed.

    `pixel_m` is the narrowest side of the photo's pixels on the grid.
    """
    lattice = delayed(pixel_lattice(camera, grid), traverse=False)
    pixels, n = delayed(interleaved(photo), traverse=False), subsamples(grid.resolution_m, pixel_m)
    size = (4, grid.height, grid.width)
    return tiled(size, tile, lambda window: delayed(light_tile)(pixels, lattice, n, window))


def view_geometry(solved: SolvedCamera, grid: Grid, tile: int = TILE) -> da.Array:
    """View zenith, azimuth, ground sample distance and position sigma on the grid, not yet computed."""
    camera = solved.camera
    lattice = delayed(pixel_lattice(camera, grid), traverse=False)
    geometry = delayed(geometry_lattice(solved, grid), traverse=False)
    frame, size = (camera.height, camera.width), (4, grid.height, grid.width)
    return tiled(size, tile, lambda window: delayed(geometry_tile)(lattice, geometry, frame, window))


def tiled(shape: tuple[int, int, int], tile: int, compute: Callable[[Tile], Any]) -> da.Array:
    """A float32 array (bands, height, width); each chunk is what `compute` delays for its tile."""
    bands, height, width = shape
    rows = []
    for row in range(0, height, tile):
        windows = [
            Tile(row, column, min(tile, height - row), min(tile, width - column))
            for column in range(0, width, tile)
        ]
        chunks = [
            da.from_delayed(compute(w), (bands, w.height, w.width), np.float32)  # type: ignore[no-untyped-call]
            for w in windows
        ]
        rows.append(da.concatenate(chunks, axis=2))  # type: ignore[no-untyped-call]
    array: da.Array = da.concatenate(rows, axis=1)  # type: ignore[no-untyped-call]
    return array
