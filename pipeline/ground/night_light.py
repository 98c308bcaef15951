"""Night light as a satellite sees it: any georeferenced raster."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from rasterio.enums import Resampling
from rasterio.windows import Window

from pipeline.camera.earth import Array
from pipeline.camera.terrain import Bounds
from pipeline.errors import GivenFileError, ReferenceLightError
from pipeline.raster.given import check_placed, check_work, open_given

# Where the raster has more around the photo they are averaged: each cell may become a source of light.
MAX_CELLS = 4_000_000
MAX_LIGHT = 1e30  # in whatever unit; more is a mark for no data that nobody declared


@dataclass(frozen=True, eq=False)
class NightLight:
    """Light of cells (rows, columns), 0 where there are no data, longitude and latitude of their middles, and
    the file, for messages."""

    light: Array
    lon: Array
    lat: Array
    file: str


def read_night_light(file: Path, around: Bounds) -> NightLight:
    """The first band of a raster (`raster.given`) in any CRS of the Earth, near a place (degrees). Raises
    ReferenceLightError."""
    try:
        with open_given(file) as raster:
            crs = check_placed(file, raster)
            window = _window(file, raster, crs, around)
            shrink = max(1.0, float(np.sqrt(window.width * window.height / MAX_CELLS)))
            rows, columns = max(1, int(window.height / shrink)), max(1, int(window.width / shrink))
            check_work(file, raster, window, (rows, columns))
            values = raster.read(
                1, window=window, out_shape=(rows, columns), masked=True, resampling=Resampling.average
            )
            transform = raster.window_transform(window)
    except GivenFileError as error:
        raise ReferenceLightError(f"{file}: night_light: {error.reason}") from None
    light = _light(file, values)
    column, row = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    x, y = transform @ (column * window.width / columns, row * window.height / rows)
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    known = np.isfinite(lon) & np.isfinite(lat)  # a map projection may have cells beyond the Earth's edge
    if not known.all():
        raise ReferenceLightError(
            f"{file}: night_light: has cells without a place near the photo; bring it to EPSG:4326 (gdalwarp)"
        )
    return NightLight(light, lon, lat, str(file))


def _light(file: Path, values: "np.ma.MaskedArray[Any, Any]") -> Array:
    """Light as numbers, 0 where there is none or it is not finite."""
    if values.dtype.kind == "c":
        raise ReferenceLightError(f"{file}: night_light: holds complex numbers, not light")
    light = np.asarray(values.filled(0), float)
    return np.where(np.isfinite(light) & (np.abs(light) < MAX_LIGHT), light, 0.0)


def _window(file: Path, raster: rasterio.DatasetReader, crs: CRS, around: Bounds) -> Window:
    """The raster's cells near the place."""
    absent = ReferenceLightError(f"{file}: night_light: does not show the place of the photo")
    try:
        to_raster = Transformer.from_crs("EPSG:4326", crs, always_xy=True)
        west, south, east, north = to_raster.transform_bounds(*around)
    except ProjError:
        raise absent from None
    # By its corners, so that a raster may be turned or have its south up.
    corners = [
        ~raster.transform @ corner for corner in ((west, south), (west, north), (east, south), (east, north))
    ]
    low = np.maximum(np.min(corners, axis=0), 0)
    high = np.minimum(np.max(corners, axis=0), (raster.width, raster.height))
    if not (low < high).all():  # nor if they are not finite
        raise absent
    window = Window(*low, *(high - low)).round_offsets().round_lengths()
    if min(window.width, window.height) < 2:
        raise ReferenceLightError(f"{file}: night_light: only touches the place of the photo")
    return window
