"""Heights of the ground: tiles of Copernicus GLO-90 around a place, as one raster above the geoid."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.warp import Resampling, reproject

from pipeline.archive.cache import damaged, fetched_on, is_kept, is_kept_absence, keep_absence, kept
from pipeline.archive.client import Limits
from pipeline.camera.terrain import Bounds
from pipeline.errors import DownloadError, NotThereError

SERVER = "https://copernicus-dem-90m.s3.amazonaws.com"
LICENCE = (
    "produced using Copernicus WorldDEM-90 © DLR e.V. 2010-2014 and © Airbus Defence and Space GmbH "
    "2014-2018, provided under COPERNICUS by the European Union and ESA; all rights reserved"
)
CRS = "EPSG:4326"
CELLS_A_DEGREE = 1200  # of a tile, southwards; fewer eastwards beyond 50 degrees of latitude
MAX_CELLS_A_SIDE = 4000  # of the raster, as many as are used of any DEM
MAX_TILES = 48  # of a degree; 3 MB each
TILE_KINDS = ("image/", "application/octet-stream", "binary/octet-stream")
TILE_LIMITS = Limits(silence_s=30.0, total_s=120.0, size_bytes=20e6)
ALL_TILES_S = 900.0  # a run waits no longer: it goes on without heights, and says so
LOWEST_M, HIGHEST_M = -500.0, 9000.0


@dataclass(frozen=True, eq=False)
class Heights:
    """Metres above the geoid (rows, columns), 0 at sea, on degrees, and what is to be told of them."""

    above_geoid_m: NDArray[np.float32]
    transform: Affine
    told: dict[str, str]


def tile_name(lon: int, lat: int) -> str:
    """Of the tile whose south-west corner is at whole degrees."""
    north_south, east_west = ("N" if lat >= 0 else "S"), ("E" if lon >= 0 else "W")
    return f"Copernicus_DSM_COG_30_{north_south}{abs(lat):02d}_00_{east_west}{abs(lon):03d}_00_DEM"


def fetch_heights(around: Bounds, cache: Path, server: str = SERVER) -> Heights:
    """The heights in bounds (degrees), of tiles that are in the folder `cache` or come from `server`, one
    after the other. A tile that the server has not is sea, if it has others of the area: one that has none is
    not where the tiles are. Raises DownloadError where one cannot be had."""
    if tile_count(around) > MAX_TILES:
        raise DownloadError(f"{tile_count(around)} tiles would be needed, more than {MAX_TILES}")
    west, south, east, north = _whole_degrees(around)
    columns, rows = east - west, north - south
    names = [
        tile_name((lon + 180) % 360 - 180, lat) for lat in range(south, north) for lon in range(west, east)
    ]
    tiles, sea = _tiles(names, cache, server)
    a_degree = min(CELLS_A_DEGREE, MAX_CELLS_A_SIDE // max(columns, rows))
    transform = Affine(1 / a_degree, 0, west, 0, -1 / a_degree, north)
    heights_m = np.zeros((rows * a_degree, columns * a_degree), np.float32)
    for tile in tiles:
        _lay(tile, heights_m, transform)
    fetched = fetched_on([*tiles, *sea])
    told = {"source": f"Copernicus GLO-90, {server}", "fetched": fetched, "licence": LICENCE}
    return Heights(heights_m, transform, told)


def tile_count(around: Bounds) -> int:
    """How many tiles cover bounds in degrees."""
    west, south, east, north = _whole_degrees(around)
    return (east - west) * (north - south)


def _whole_degrees(around: Bounds) -> tuple[int, int, int, int]:
    west, south, east, north = around
    return math.floor(west), math.floor(south), math.ceil(east), math.ceil(north)


def _tiles(names: Sequence[str], cache: Path, server: str) -> tuple[list[Path], list[Path]]:
    """The files of tiles, and where those that are sea would be. What a server has not counts as sea, now and
    later, only after it gave another tile of the area: else it may be that its tiles are elsewhere."""
    deadline = monotonic() + ALL_TILES_S
    tiles, sea, not_there, gave_one = list[Path](), list[Path](), list[Path](), False
    for file in (cache / f"{name}.tif" for name in names):
        if is_kept_absence(file):
            sea.append(file)
            continue
        new = not is_kept(file)
        try:
            tiles.append(_tile(file, server, deadline))
            gave_one |= new
        except NotThereError:
            not_there.append(file)
    if not tiles:
        raise DownloadError(f"{server} has none of the {len(names)} tiles of the area")
    if not_there and not gave_one:
        with TemporaryDirectory() as again:
            _tile(Path(again) / tiles[0].name, server, deadline)
    for file in not_there:
        keep_absence(file, _url(file, server), LICENCE)
    return tiles, sea + not_there


def _tile(file: Path, server: str, deadline: float) -> Path:
    """The file of a tile, fetched unless it is kept."""
    return kept(file, [_url(file, server)], LICENCE, TILE_KINDS, TILE_LIMITS.until(deadline), _check)


def _url(file: Path, server: str) -> str:
    return f"{server}/{file.stem}/{file.name}"


def _lay(file: Path, heights_m: NDArray[np.float32], transform: Affine) -> None:
    """Put a tile's heights where they belong; its cells reach half a cell over its degree."""
    try:
        with rasterio.open(file, driver="GTiff") as tile:
            reproject(
                rasterio.band(tile, 1),
                heights_m,
                dst_transform=transform,
                dst_crs=CRS,
                resampling=Resampling.average,
                init_dest_nodata=False,
            )
    except RasterioError:
        raise damaged(file) from None


def _check(file: Path) -> None:
    """Raise DownloadError for what is no tile of heights."""
    try:
        with rasterio.open(file, driver="GTiff") as tile:
            form = tile.count, tile.dtypes[0], tile.height
            if form != (1, "float32", CELLS_A_DEGREE) or tile.width > CELLS_A_DEGREE or tile.crs is None:
                raise DownloadError("the server's tile is not one of Copernicus GLO-90")
            heights_m = tile.read(1)
    except RasterioError:
        raise DownloadError("the server's tile is no GeoTIFF that can be read") from None
    if not (np.isfinite(heights_m) & (heights_m >= LOWEST_M) & (heights_m <= HIGHEST_M)).all():
        raise DownloadError("the server's tile holds heights that no ground has")
