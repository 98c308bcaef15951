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
from dataclasses import dataclass
from itertools import product
from typing import Protocol

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pipeline.arrays import Floats
from pipeline.camera.camera import Camera
from pipeline.camera.channel_shifts import ChannelRegistration, ChannelShift
from pipeline.camera.earth import Array
from pipeline.camera.footprint import MAX_ZENITH_DEG
from pipeline.camera.terrain import FLAT, Terrain
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.ortho.pixel_map import STEP, Ground, PixelMap, TileMap, node_places, pixel_map
from pipeline.photo.photo import Photo
from pipeline.raster.bands import GEOMETRY_BANDS, ORTHO_BANDS
from pipeline.raster.dataset import labelled
from pipeline.raster.grid import Grid
from pipeline.raster.lattice import Lattice
from pipeline.raster.tiled import tiled
from pipeline.raster.tiles import TILE, Tile

# Rows of a tile that are worked out together: an array of 16 x 1024 cells has 0.1 MB, so that the ten or so
# of a look-up stay in the processor's cache.
STRIP = 16
# Along each axis. Two thirds of a pixel apart, bilinear samples weigh all pixels alike within 11 %; more than
# a pixel apart, they would pass some over.
SAMPLES_A_PIXEL = 1.5
# Of the photo at a time, 0.1 GB with what is made of them: a tile that shows more is worked out in halves.
MAX_PIXELS = 4_000_000

SATURATED = [band.name for band in ORTHO_BANDS].index("saturated")


class Frame(Protocol):
    """A photo in memory, or a file of which windows are read."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        ...

    def window(self, rows: slice, columns: slice) -> Photo:
        """A part of it."""
        ...


def geometry_lattice(
    solved: SolvedCamera, grid: Grid, tile: Tile, terrain: Terrain = FLAT, step: int = STEP
) -> Lattice:
    """View zenith (degrees), cosine and sine of the azimuth, ground sample distance (m), position sigma (m),
    around the cells of a tile.

    The azimuth is kept as a vector, which has no jump at north. All are of the ellipsoid below a cell: 700 m
    of height change the zenith by less than 0.1 degrees. An error of the terrain's height displaces by its
    size times tan(zenith) along the azimuth; half of that square is its share in a circular variance.
    """
    lon, lat = node_places(grid, step, 0.0, tile)
    zenith, azimuth, _ = solved.camera.view(lon, lat)
    turn = np.radians(azimuth)
    gsd_m = solved.camera.ground_sample_distance_m(lon, lat)
    # Nodes off the frame carry the cells at its rim.
    camera_sigma_m = solved.ground_sigma_m(lon, lat, margin_px=np.inf)
    sigma_m = np.hypot(camera_sigma_m, terrain.sigma_m * np.tan(np.radians(zenith)) / 2**0.5)
    values = np.stack([zenith, np.cos(turn), np.sin(turn), gsd_m, sigma_m])
    return Lattice(step, values, (tile.row // step, tile.column // step))


def subsamples(resolution_m: float, pixel_m: float) -> int:
    """How many samples per cell and axis average the photo's pixels, `pixel_m` the narrowest of them: one
    where cells are no wider, else SAMPLES_A_PIXEL, so that none is passed over."""
    pixels = resolution_m / pixel_m
    return 1 if pixels <= 1 else math.ceil(SAMPLES_A_PIXEL * pixels)


def interleaved(photo: Photo) -> Floats:
    """Red, green, blue and saturated side by side, shape (height, width, 4): one look-up gives all."""
    return np.ascontiguousarray(np.stack([*photo.light, photo.saturated.astype(np.float32)], -1))


@dataclass(frozen=True, eq=False)
class LightOfTile:
    """Red, green, blue and the saturated share of a tile: n x n bilinear samples averaged in each cell.

    NaN where any of a cell's samples falls outside the frame or on an invalid pixel. Bands that the lens has
    displaced are looked up in places of their own, and saturation with them.
    """

    photo: Frame
    pixels: PixelMap
    n: int
    displaced: tuple[tuple[int, ChannelShift], ...] = ()

    def __call__(self, tile: Tile) -> Floats:
        """The bands (4, height, width) of a tile."""
        places = self.pixels.of(tile)
        rows, columns = self._window(places)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        if height * width > MAX_PIXELS and max(tile.height, tile.width) > STEP:
            return np.concatenate([self(half) for half in tile.halves()], axis=2 if tile.is_wide else 1)
        if min(height, width) < 2:  # out of sight
            return np.full((4, tile.height, tile.width), np.nan, np.float32)
        seen = interleaved(self.photo.window(rows, columns))
        part = _Part(seen, (rows.start, columns.start), self.photo.size)
        light = np.empty((4, tile.height, tile.width), np.float32)
        offsets = (np.arange(self.n) + 0.5) / self.n - 0.5
        for within, strip in tile.strips(STRIP):
            total = np.zeros((4, strip.height, strip.width), np.float32)
            for down, right in product(offsets, offsets):
                total += _samples(part, self.displaced, *places.at(strip, down, right))
            light[:, within] = total / np.float32(self.n * self.n)
        # A ratio needs all bands: where one is lost at the frame's edge or by a hole, so are they.
        if self.displaced:
            light[:3, np.isnan(light[:3]).any(0)] = np.nan
        return light

    def _window(self, places: TileMap) -> tuple[slice, slice]:
        """Rows and columns of the photo that the samples of a tile may need."""
        reach = places.reach()
        if reach is None:
            return slice(0, 0), slice(0, 0)
        corners = np.stack(np.meshgrid(*np.transpose(reach)))
        moved = [corners, *(np.stack(shift.place(*corners)) for _, shift in self.displaced)]
        spans = []
        for axis, size in ((1, self.photo.size[0]), (0, self.photo.size[1])):
            along = np.stack(moved)[:, axis]
            first, last = np.clip([np.floor(along.min()) - 1, np.floor(along.max()) + 2], 0, size).astype(int)
            spans.append(slice(int(first), int(last)))
        return spans[0], spans[1]


@dataclass(frozen=True, eq=False)
class GeometryOfTile:
    """View zenith and azimuth (degrees), ground sample distance and position sigma (m) of a tile."""

    solved: SolvedCamera
    pixels: PixelMap

    def __call__(self, tile: Tile) -> Floats:
        """The bands (4, height, width) of a tile."""
        places = self.pixels.of(tile)
        geometry = geometry_lattice(self.solved, self.pixels.grid, tile, places.terrain)
        frame = self.solved.camera.height, self.solved.camera.width
        bands = np.empty((4, tile.height, tile.width), np.float32)
        for rows, strip in tile.strips(STRIP):
            zenith, cosine, sine, gsd_m, sigma_m = geometry.at(strip)
            turn = np.degrees(np.arctan2(sine, cosine))
            azimuth = (turn + 360.0 * (turn < 0)).astype(np.float32)  # `%` takes ten times as long
            azimuth[azimuth == 360] = 0  # where float32 rounds up
            bands[:, rows] = zenith, azimuth, gsd_m, sigma_m
            column, row, view_zenith = places.at(strip)
            bands[:, rows][:, ~_in_frame(column, row, view_zenith, *frame)] = np.nan
        return bands


@dataclass(frozen=True, eq=False)
class _Part:
    """A window of a photo, interleaved (rows, columns, 4), its first row and column, and the photo's size."""

    values: Floats
    first: tuple[int, int]
    size: tuple[int, int]


def _samples(
    part: _Part, displaced: tuple[tuple[int, ChannelShift], ...], column: Array, row: Array, zenith: Array
) -> Floats:
    """Red, green, blue and saturated (4, *places) at green's places in the photo; a displaced band is looked
    up where the lens shows it, and its saturation is added."""
    samples = _bilinear(part, column, row, zenith)
    for band, shift in displaced:
        own_place = _bilinear(part, *shift.place(column, row), zenith)
        samples[band] = own_place[band]
        samples[SATURATED] = np.maximum(samples[SATURATED], own_place[SATURATED])
    return samples


def _bilinear(part: _Part, column: Array, row: Array, zenith: Array) -> Floats:
    """Pixels at places (height, width) in the photo, shape (4, height, width); NaN outside the frame."""
    from pipeline.raster.kernels import sample_pixels  # compiled: a fifth of numpy's time

    samples = np.empty((len(ORTHO_BANDS), *column.shape), np.float32)
    sample_pixels(part.values, *part.first, *part.size, MAX_ZENITH_DEG, column, row, zenith, samples)
    return samples


def _in_frame(column: Array, row: Array, zenith: Array, height: int, width: int) -> NDArray[np.bool_]:
    """Where bilinear interpolation has its four pixels and the ground is not too oblique."""
    inside = (column >= 0) & (column <= width - 1) & (row >= 0) & (row <= height - 1)
    return np.asarray(inside & (zenith <= MAX_ZENITH_DEG))


def orthorectify(
    photo: Frame,
    camera: Camera,
    grid: Grid,
    pixel_m: float,
    tile: int = TILE,
    ground: Ground = FLAT,
    channels: ChannelRegistration | None = None,
) -> xr.Dataset:
    """The bands ORTHO_BANDS of a photo on the grid, not yet computed.

    `pixel_m` is the narrowest side of the photo's pixels on the grid. `channels` says where red and blue lie
    beside green; what is not significant of it is left alone.
    """
    displaced = channels.displaced() if channels else ()
    samples = subsamples(grid.resolution_m, pixel_m)
    light = LightOfTile(photo, pixel_map(camera, grid, ground), samples, displaced)
    return labelled(tiled((len(ORTHO_BANDS), grid.height, grid.width), tile, light), grid, ORTHO_BANDS)


def view_geometry(solved: SolvedCamera, grid: Grid, tile: int = TILE, ground: Ground = FLAT) -> xr.Dataset:
    """The bands GEOMETRY_BANDS of a photo on the grid, not yet computed."""
    geometry = GeometryOfTile(solved, pixel_map(solved.camera, grid, ground))
    return labelled(
        tiled((len(GEOMETRY_BANDS), grid.height, grid.width), tile, geometry), grid, GEOMETRY_BANDS
    )
