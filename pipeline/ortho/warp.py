"""From the photo to the map: one exact inverse mapping, one resampling, tile by tile.

    cell (column, row) of the grid -> x, y -> longitude, latitude -> height -> camera -> pixel (column, row)

The mapping is exact on the nodes of a lattice laid over the whole grid and bilinear between them. Nodes are
tied to the grid, not to a tile, so any tiling gives the same numbers bit for bit.

     o . . . o . . . o      o node: exact      . between: bilinear
     . . . . . . . . .      x middle: where the error is largest and is checked
     . . x . . . x . .

Terrain is too rough for a lattice, so heights are looked up at every cell. What the lattice holds of it is
smooth: how the pixel moves with height, and where in the terrain's raster a cell lies. Ground behind a
ridge is given the ridge's light, as in any map made without ray tracing.
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
from pipeline.camera.terrain import FLAT, Terrain
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.georeference.channels import ChannelRegistration, ChannelShift
from pipeline.ortho.grid import Grid
from pipeline.photo.photo import Photo

STEP = 16
MAX_ERROR_PX = 0.02
TILE = 1024
STRIP = 16
# Shares of half the terrain's range of heights: its ends, its middle, and between them where a parabola
# through those three is farthest from a smooth curve.
HEIGHTS_CHECKED = (-1.0, -(3**-0.5), 0.0, 3**-0.5, 1.0)

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Tile:
    """A window of the grid: its first row and column, and how many."""

    row: int
    column: int
    height: int
    width: int

    def strips(self, rows: int) -> Iterator[tuple[slice, "Tile"]]:
        """A few rows at a time, for the processor's cache: rows within the tile, and their window."""
        for first in range(0, self.height, rows):
            count = min(rows, self.height - first)
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
        lon, lat = (v[:-1, :-1] for v in _node_places(grid, step, step / 2))
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
    seen = camera.inside(column, row) & (zenith <= MAX_ZENITH_DEG) & np.isfinite(error)
    return float(error[seen].max(initial=0.0))


def _middle_and_half(terrain: Terrain) -> tuple[float, float]:
    """The middle of a terrain's range of heights and half the range, in m."""
    low, high = terrain.range_m
    return (low + high) / 2, (high - low) / 2


def _raised(values: Array, share: float | Array) -> Array:
    """Column and row at a share of half the range above its middle, from a PixelMap's lattice values."""
    return np.asarray(values[:2] + share * (values[3:5] + share * values[5:7]))


def _nodes(camera: Camera, grid: Grid, terrain: Terrain, step: int, offset: float) -> Array:
    """Exact values of a PixelMap's lattice at every `step`-th cell from `offset`, beyond the last cell."""
    lon, lat = _node_places(grid, step, offset)
    zenith, _, _ = camera.view(lon, lat)
    middle_m, half_m = _middle_and_half(terrain)
    level = np.stack(camera.project(lon, lat, middle_m))
    if not half_m:
        return np.stack([*level, zenith])
    below, above = (np.stack(camera.project(lon, lat, middle_m + side * half_m)) for side in (-1, 1))
    return np.stack(
        [*level, zenith, *(above - below) / 2, *(above + below) / 2 - level, *terrain.cells(lon, lat)]
    )


def _node_places(grid: Grid, step: int, offset: float = 0.0) -> tuple[Array, Array]:
    columns, rows = (offset + step * np.arange(n // step + 2, dtype=float) for n in (grid.width, grid.height))
    x, y = grid.centres(*np.meshgrid(columns, rows))
    lon, lat = Transformer.from_crs(grid.crs, "EPSG:4326", always_xy=True).transform(x, y)
    return np.asarray(lon), np.asarray(lat)


def geometry_lattice(solved: SolvedCamera, grid: Grid, terrain: Terrain = FLAT, step: int = STEP) -> Lattice:
    """View zenith (degrees), cosine and sine of the azimuth, ground sample distance (m), position sigma (m).

    The azimuth is kept as a vector, which has no jump at north. All are of the ellipsoid below a cell: 700 m
    of height change the zenith by less than 0.1 degrees. An error of the terrain's height displaces by its
    size times tan(zenith) along the azimuth; half of that square is its share in a circular variance.
    """
    lon, lat = _node_places(grid, step)
    zenith, azimuth, _ = solved.camera.view(lon, lat)
    turn = np.radians(azimuth)
    gsd_m = solved.camera.ground_sample_distance_m(lon, lat)
    # Nodes off the frame carry the cells at its rim.
    camera_sigma_m = solved.ground_sigma_m(lon, lat, margin_px=np.inf)
    sigma_m = np.hypot(camera_sigma_m, terrain.sigma_m * np.tan(np.radians(zenith)) / 2**0.5)
    return Lattice(step, np.stack([zenith, np.cos(turn), np.sin(turn), gsd_m, sigma_m]))


def subsamples(resolution_m: float, pixel_m: float) -> int:
    """How many samples per cell and axis average the photo's pixels, `pixel_m` the narrowest of them: one
    where cells are no wider, else one and a half a pixel, so that none is passed over."""
    ratio = resolution_m / pixel_m
    return 1 if ratio <= 1 else math.ceil(1.5 * ratio)


def interleaved(photo: Photo) -> Floats:
    """Red, green, blue and saturated side by side, shape (height, width, 4): one look-up gives all."""
    return np.ascontiguousarray(np.stack([*photo.light, photo.saturated.astype(np.float32)], -1))


def light_tile(
    pixels: Floats, places: PixelMap, n: int, displaced: tuple[tuple[int, ChannelShift], ...], tile: Tile
) -> Floats:
    """Red, green, blue and the saturated share of one tile: n x n bilinear samples averaged in each cell.

    NaN where any of a cell's samples falls outside the frame or on an invalid pixel. Bands that the lens has
    displaced are looked up in places of their own, and saturation with them.
    """
    total = np.zeros((4, tile.height, tile.width), np.float32)
    offsets = (np.arange(n) + 0.5) / n - 0.5
    for rows, strip in tile.strips(STRIP):
        for down in offsets:
            for right in offsets:
                column, row, zenith = places.at(strip, down, right)
                sample = _bilinear(pixels, column, row, zenith)
                for band, shift in displaced:
                    own = _bilinear(pixels, *shift.place(column, row), zenith)
                    sample[band] = own[band]
                    sample[3] = np.maximum(sample[3], own[3])
                total[:, rows] += sample
    if displaced:  # a ratio needs all bands: where one is lost at the frame's edge or by a hole, so are they
        total[:3, np.isnan(total[:3]).any(0)] = np.nan
    return total / np.float32(n * n)


def geometry_tile(places: PixelMap, geometry: Lattice, frame: tuple[int, int], tile: Tile) -> Floats:
    """View zenith and azimuth (degrees), ground sample distance and position sigma (m) of one tile."""
    bands = np.empty((4, tile.height, tile.width), np.float32)
    for rows, strip in tile.strips(STRIP):
        zenith, cosine, sine, gsd_m, sigma_m = geometry.at(strip)
        azimuth = (np.degrees(np.arctan2(sine, cosine)) % 360).astype(np.float32)
        azimuth[azimuth == 360] = 0  # where float32 rounds up
        bands[:, rows] = zenith, azimuth, gsd_m, sigma_m
        column, row, view_zenith = places.at(strip)
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


def orthorectify(
    photo: Photo,
    camera: Camera,
    grid: Grid,
    pixel_m: float,
    tile: int = TILE,
    terrain: Terrain = FLAT,
    channels: ChannelRegistration | None = None,
) -> da.Array:
    """Red, green, blue and saturated share on the grid, shape (4, height, width), not yet computed.

    `pixel_m` is the narrowest side of the photo's pixels on the grid. `channels` says where red and blue lie
    beside green; what is not significant of it is left alone.
    """
    places = delayed(pixel_map(camera, grid, terrain), traverse=False)
    pixels, n = delayed(interleaved(photo), traverse=False), subsamples(grid.resolution_m, pixel_m)
    displaced = channels.displaced() if channels else ()
    size = (4, grid.height, grid.width)
    return tiled(size, tile, lambda window: delayed(light_tile)(pixels, places, n, displaced, window))


def view_geometry(solved: SolvedCamera, grid: Grid, tile: int = TILE, terrain: Terrain = FLAT) -> da.Array:
    """View zenith, azimuth, ground sample distance and position sigma on the grid, not yet computed."""
    camera = solved.camera
    places = delayed(pixel_map(camera, grid, terrain), traverse=False)
    geometry = delayed(geometry_lattice(solved, grid, terrain), traverse=False)
    frame, size = (camera.height, camera.width), (4, grid.height, grid.width)
    return tiled(size, tile, lambda window: delayed(geometry_tile)(places, geometry, frame, window))


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
