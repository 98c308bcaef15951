"""The height of the ground, read from a digital elevation model (DEM)."""

import logging
import math
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj.exceptions import ProjError
from rasterio.enums import Resampling
from rasterio.windows import Window

from pipeline.camera.earth import transformer
from pipeline.camera.terrain import Bounds, Terrain, TerrainError
from pipeline.errors import GivenFileError
from pipeline.raster.given import check_placed, check_work, open_given

log = logging.getLogger(__name__)

LOWEST_M, HIGHEST_M = -500.0, 9000.0  # of any ground on Earth, the shore of the Dead Sea and Everest included
MAX_CELLS_A_SIDE = 4000  # of the raster that is kept: 64 MB of heights
MARGIN_CELLS = 2  # around what is needed, for interpolation
RIM_SAMPLES = 33  # of the bounds, a side, where they are brought into the raster's own coordinates
# The share of the bounds that a DEM must cover to pass without a warning. Gaps smaller than the rest are more
# likely the curved rim of a map projection than ground that is missing.
COVERED = 0.9


@dataclass(frozen=True)
class TerrainFile:
    """The part of a DEM around a place, to be read where it is needed, once in each process."""

    path: Path
    heights: Literal["ellipsoidal", "geoid"]
    geoid_m: float | None
    around: Bounds

    def loaded(self) -> Terrain:
        """Its heights, as `read_terrain` reads them."""
        return _read_once(self.path, self.heights, self.geoid_m, self.around)


def read_terrain(
    path: Path, heights: Literal["ellipsoidal", "geoid"], geoid_m: float | None, around: Bounds
) -> Terrain:
    """The part of a DEM, a raster (`raster.given`) in any CRS of the Earth, that covers bounds in degrees.

    Heights above the geoid ("above sea level") become ellipsoidal by adding `geoid_m`, the geoid's height
    above the ellipsoid near the city. At most about 4000 x 4000 cells are kept, averages of the file's where
    it has more. Cells without a height get the mean of the others. Raises TerrainError.
    """
    if (heights == "geoid") != (geoid_m is not None):
        raise TerrainError(
            f"{path}: heights = {heights}, geoid_m = {geoid_m}: heights above the geoid (sea level) need "
            "geoid_m, the geoid's height above the WGS84 ellipsoid in metres, about 46 near Liège; "
            "ellipsoidal ones must not have it"
        )
    values, crs, transform = _averaged(path, around)
    heights_m = _filled(path, values, around) + np.float32(geoid_m or 0.0)
    return Terrain(heights_m, crs, transform)


@lru_cache(maxsize=1)
def _read_once(
    path: Path, heights: Literal["ellipsoidal", "geoid"], geoid_m: float | None, around: Bounds
) -> Terrain:
    return read_terrain(path, heights, geoid_m, around)


def _averaged(path: Path, around: Bounds) -> tuple[NDArray[np.float32], str, Affine]:
    """The raster around bounds, MAX_CELLS_A_SIDE at most, NaN where it holds nothing; CRS and transform."""
    try:
        with open_given(path) as source:
            _check_form(path, source)
            crs = check_placed(path, source).to_wkt()
            window = _window(path, source, crs, around)
            rows, columns = (
                math.ceil(n / math.ceil(n / MAX_CELLS_A_SIDE)) for n in (window.height, window.width)
            )
            check_work(path, source, window, (rows, columns))
            values = source.read(
                1,
                window=window,
                out_shape=(rows, columns),
                out_dtype="float32",
                masked=True,
                resampling=Resampling.average,
            )
            values = values * np.float32(source.scales[0]) + np.float32(source.offsets[0])
            corner = source.transform @ Affine.translation(window.col_off, window.row_off)
    except GivenFileError as error:
        raise TerrainError(f"{path}: dem: {error.reason}") from None
    except ProjError:
        raise TerrainError(
            f"{path}: its coordinate reference system cannot show {_shown(around)}; set it with "
            "gdal_edit.py -a_srs"
        ) from None
    return values.filled(np.nan), crs, corner @ Affine.scale(window.width / columns, window.height / rows)


def _filled(path: Path, values: NDArray[np.float32], around: Bounds) -> NDArray[np.float32]:
    """Heights with their mean where there are none, once they are known to be heights."""
    good = np.isfinite(values)
    if not good.any():
        raise TerrainError(f"{path}: holds no height in {_shown(around)}; give a DEM of that place")
    valid = values[good]
    worst = float(valid[np.abs(valid - (LOWEST_M + HIGHEST_M) / 2).argmax()])
    if not LOWEST_M <= worst <= HIGHEST_M:
        raise TerrainError(
            f"{path}: height = {worst:g}: outside {LOWEST_M:g} to {HIGHEST_M:g} m; if it stands for no data, "
            f"declare it (gdal_edit.py -a_nodata {worst:g}), and give heights in metres"
        )
    return np.where(good, values, valid.mean(dtype=float)).astype(np.float32)


def _check_form(path: Path, source: rasterio.DatasetReader) -> None:
    """Raise TerrainError for what cannot be one band of heights in metres on the map."""
    if source.count != 1:
        raise TerrainError(
            f"{path}: has {source.count} bands, a DEM has one; take it out with gdal_translate -b"
        )
    if source.dtypes[0].startswith("complex"):
        raise TerrainError(f"{path}: holds complex numbers, not heights; give a DEM")
    unit = (source.units[0] or "m").lower()
    if unit.startswith(("ft", "foot", "feet", "us")):
        raise TerrainError(f"{path}: unit = {unit}: heights must be in metres; convert it with gdal_calc.py")


def _window(path: Path, source: rasterio.DatasetReader, crs: str, around: Bounds) -> Window:
    """The raster's cells that cover the bounds, with a small margin."""
    west, south, east, north = around
    lon, lat = np.meshgrid(np.linspace(west, east, RIM_SAMPLES), np.linspace(south, north, RIM_SAMPLES))
    column, row = ~source.transform @ tuple(
        np.asarray(v) for v in transformer("EPSG:4326", crs).transform(lon, lat)
    )
    inside = (column >= 0) & (column <= source.width) & (row >= 0) & (row <= source.height)
    spans = []
    for place, size in ((column, source.width), (row, source.height)):
        known = place[np.isfinite(place)]
        first, last = (float(known.min()), float(known.max())) if known.size else (-1.0, -1.0)
        if last <= 0 or first >= size:
            raise TerrainError(
                f"{path}: does not overlap {_shown(around)}; give a DEM of that place, and check its CRS"
            )
        # The bounds' rim may bulge between the samples.
        margin = MARGIN_CELLS + (last - first) / RIM_SAMPLES
        spans.append((max(0, math.floor(first - margin)), min(size, math.ceil(last + margin))))
    (left, right), (top, bottom) = spans
    if inside.mean() < COVERED:
        log.warning(
            "%s: covers %.0f %% of %s; its mean height is used elsewhere",
            path,
            100 * inside.mean(),
            _shown(around),
        )
    return Window(left, top, right - left, bottom - top)


def _shown(bounds: Bounds) -> str:
    """Bounds in words."""
    west, south, east, north = bounds
    return f"lon {west:g} to {east:g}, lat {south:g} to {north:g}"
