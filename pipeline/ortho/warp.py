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

import dask.array as da
import numpy as np
from dask.delayed import delayed
from numpy.typing import NDArray

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array
from pipeline.camera.footprint import MAX_ZENITH_DEG
from pipeline.camera.terrain import FLAT, Terrain
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.georeference.channels import ChannelRegistration, ChannelShift
from pipeline.ortho.pixel_map import STEP, PixelMap, node_places, pixel_map
from pipeline.photo.photo import Photo
from pipeline.raster.grid import Grid
from pipeline.raster.lattice import Lattice
from pipeline.raster.tiles import TILE, Tile, tiled

# Rows of a tile that are worked out together: an array of 16 x 1024 cells has 0.1 MB, so that the ten or so
# of a look-up stay in the processor's cache.
STRIP = 16
# Along each axis. Two thirds of a pixel apart, bilinear samples weigh all pixels alike within 11 %; more than
# a pixel apart, they would pass some over.
SAMPLES_A_PIXEL = 1.5

Floats = NDArray[np.float32]


def geometry_lattice(solved: SolvedCamera, grid: Grid, terrain: Terrain = FLAT, step: int = STEP) -> Lattice:
    """View zenith (degrees), cosine and sine of the azimuth, ground sample distance (m), position sigma (m).

    The azimuth is kept as a vector, which has no jump at north. All are of the ellipsoid below a cell: 700 m
    of height change the zenith by less than 0.1 degrees. An error of the terrain's height displaces by its
    size times tan(zenith) along the azimuth; half of that square is its share in a circular variance.
    """
    lon, lat = node_places(grid, step)
    zenith, azimuth, _ = solved.camera.view(lon, lat)
    turn = np.radians(azimuth)
    gsd_m = solved.camera.ground_sample_distance_m(lon, lat)
    # Nodes off the frame carry the cells at its rim.
    camera_sigma_m = solved.ground_sigma_m(lon, lat, margin_px=np.inf)
    sigma_m = np.hypot(camera_sigma_m, terrain.sigma_m * np.tan(np.radians(zenith)) / 2**0.5)
    return Lattice(step, np.stack([zenith, np.cos(turn), np.sin(turn), gsd_m, sigma_m]))


def subsamples(resolution_m: float, pixel_m: float) -> int:
    """How many samples per cell and axis average the photo's pixels, `pixel_m` the narrowest of them: one
    where cells are no wider, else SAMPLES_A_PIXEL, so that none is passed over."""
    pixels = resolution_m / pixel_m
    return 1 if pixels <= 1 else math.ceil(SAMPLES_A_PIXEL * pixels)


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
                total[:, rows] += _samples(pixels, displaced, *places.at(strip, down, right))
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


def _samples(
    pixels: Floats, displaced: tuple[tuple[int, ChannelShift], ...], column: Array, row: Array, zenith: Array
) -> Floats:
    """Red, green, blue and saturated (4, *places) at green's places in the photo; a displaced band is looked
    up where the lens shows it, and its saturation is added."""
    samples = _bilinear(pixels, column, row, zenith)
    for band, shift in displaced:
        own_place = _bilinear(pixels, *shift.place(column, row), zenith)
        samples[band] = own_place[band]
        samples[3] = np.maximum(samples[3], own_place[3])
    return samples


def _bilinear(pixels: Floats, column: Array, row: Array, zenith: Array) -> Floats:
    """Pixels (height, width, k) at places in the photo, shape (k, *places); NaN outside the frame."""
    height, width, bands = pixels.shape
    inside = _in_frame(column, row, zenith, height, width)
    if not inside.any():
        return np.full((bands, *column.shape), np.nan, np.float32)
    column, row = np.where(inside, column, 0), np.where(inside, row, 0)
    left = np.minimum(column.astype(np.intp), width - 2)
    top = np.minimum(row.astype(np.intp), height - 2)
    right_share = (column - left).astype(np.float32)[..., None]
    low_share = (row - top).astype(np.float32)[..., None]
    flat, first = pixels.reshape(-1, bands), top * width + left
    upper, lower = flat.take(first, 0), flat.take(first + width, 0)
    upper += (flat.take(first + 1, 0) - upper) * right_share
    lower += (flat.take(first + width + 1, 0) - lower) * right_share
    upper += (lower - upper) * low_share
    upper[~inside] = np.nan
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
