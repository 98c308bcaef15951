"""Night light as a satellite saw it in 2016: tiles of NASA's Black Marble around a place, as one raster.

The tiles are pictures for the eye: 8 bits, stretched, unlit land tinted blue. They tell where light is, never
how much. Light is taken from red, which tells lamps from unlit land best, as the pictures' sRGB has it.
"""

import warnings
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from PIL import Image

from pipeline.archive.cache import damaged, fetched_on, kept
from pipeline.archive.client import Limits
from pipeline.camera.terrain import Bounds
from pipeline.errors import DownloadError

SERVER = (
    "https://gibs.earthdata.nasa.gov/wmts/epsg3857/best/VIIRS_Black_Marble/default/2016-01-01/"
    "GoogleMapsCompatible_Level8"
)
LICENCE = "NASA Earth Observatory, Suomi NPP VIIRS: Black Marble 2016, by NASA's GIBS; public domain"
CRS = "EPSG:3857"
TILE_PX = 256
# NASA has no finer tiles than those of zoom 8, 611 m a pixel at the equator; at zoom 6 a pixel is 1.6 km wide
# at 50 degrees, and cities by their coordinates are known better.
FINEST_ZOOM, COARSEST_ZOOM = 8, 6
# At zoom 8 and 50 degrees, 800 km across: more than all but the widest lenses show. About 3 MB.
MAX_TILES = 64
TILE_LIMITS = Limits(silence_s=30.0, total_s=60.0, size_bytes=1e6)
ALL_TILES_S = 300.0  # a run waits no longer: cities serve without
HALF_WORLD_M = 20_037_508.342789244  # from the middle of the map to its edge
MAX_LAT_DEG = 85.0  # the map ends there


@dataclass(frozen=True, eq=False)
class NightLightMap:
    """Relative light (rows, columns) on a map in CRS, at which zoom, and what is to be told of it."""

    light: NDArray[np.float32]
    transform: Affine
    zoom: int
    told: dict[str, str]


@dataclass(frozen=True)
class Tiles:
    """A rectangle of tiles of one zoom: first and last column and row, both included; rows count from
    north."""

    zoom: int
    columns: range
    rows: range

    def __len__(self) -> int:
        return len(self.columns) * len(self.rows)

    @property
    def transform(self) -> Affine:
        """From (column, row) of pixels' corners to metres of the map."""
        tile_m = 2 * HALF_WORLD_M / 2**self.zoom
        west, north = self.columns[0] * tile_m - HALF_WORLD_M, HALF_WORLD_M - self.rows[0] * tile_m
        return Affine(tile_m / TILE_PX, 0, west, 0, -tile_m / TILE_PX, north)


def tiles_of(around: Bounds) -> Tiles:
    """The finest tiles that cover bounds in degrees, MAX_TILES at most. Raises DownloadError where they would
    be too coarse to tell anything."""
    for zoom in range(FINEST_ZOOM, COARSEST_ZOOM - 1, -1):
        tiles = _covering(around, zoom)
        if len(tiles) <= MAX_TILES:
            return tiles
    raise DownloadError(
        "the place of the photo is not known well enough: state look_at with a small radius_km"
    )


def fetch_night_light(around: Bounds, cache: Path, server: str = SERVER) -> NightLightMap:
    """The light around a place, of tiles that are in the folder `cache` or come from `server`, one after the
    other. Raises DownloadError where one of them cannot be had."""
    tiles, deadline = tiles_of(around), monotonic() + ALL_TILES_S
    files = []
    light = np.zeros((TILE_PX * len(tiles.rows), TILE_PX * len(tiles.columns)), np.float32)
    for i, row in enumerate(tiles.rows):
        for j, column in enumerate(tiles.columns):
            place = f"{tiles.zoom}/{row}/{column}.png"
            limits = TILE_LIMITS.until(deadline)
            file = kept(cache / place, [f"{server}/{place}"], LICENCE, ("image/png",), limits, _check)
            within = slice(i * TILE_PX, (i + 1) * TILE_PX), slice(j * TILE_PX, (j + 1) * TILE_PX)
            try:
                light[within] = _light(file)
            except DownloadError:  # it passed when it came
                raise damaged(file) from None
            files.append(file)
    told = {"source": server, "zoom": str(tiles.zoom), "fetched": fetched_on(files), "licence": LICENCE}
    return NightLightMap(light, tiles.transform, tiles.zoom, told)


def _covering(around: Bounds, zoom: int) -> Tiles:
    west, south, east, north = around
    last = 2**zoom - 1

    def column(lon: float) -> int:
        return int(np.clip((lon + 180) / 360 * 2**zoom, 0, last))

    def row(lat: float) -> int:
        lat = np.radians(np.clip(lat, -MAX_LAT_DEG, MAX_LAT_DEG))
        return int(np.clip((1 - np.arcsinh(np.tan(lat)) / np.pi) / 2 * 2**zoom, 0, last))

    return Tiles(zoom, range(column(west), column(east) + 1), range(row(north), row(south) + 1))


def _check(file: Path) -> None:
    """Raise DownloadError for what is no tile."""
    _light(file)


def _light(file: Path) -> NDArray[np.float32]:
    """The relative light of a tile's pixels."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=["PNG"]) as picture:
                if picture.size != (TILE_PX, TILE_PX):
                    raise DownloadError(f"the server's tile is {picture.size} pixels large")
                red = np.asarray(picture.convert("RGB"))[..., 0] / np.float32(255)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise DownloadError("the server's tile is no PNG that can be read") from None
    return np.where(red <= 0.04045, red / 12.92, ((red + 0.055) / 1.055) ** 2.4).astype(np.float32)
