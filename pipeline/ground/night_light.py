"""Night light as a satellite sees it: any georeferenced raster."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from pyproj import CRS, Transformer
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.windows import Window

from pipeline.camera.earth import Array
from pipeline.camera.terrain import Bounds
from pipeline.errors import ReferenceLightError

# Where the raster has more around the photo they are averaged: each cell may become a source of light.
MAX_CELLS = 4_000_000


@dataclass(frozen=True, eq=False)
class NightLight:
    """Light of cells (rows, columns), 0 where there are no data, longitude and latitude of their middles, and
    the file, for messages."""

    light: Array
    lon: Array
    lat: Array
    file: str


def read_night_light(file: Path, around: Bounds) -> NightLight:
    """The first band of a raster in any CRS that GDAL knows, near a place (degrees). Raises
    ReferenceLightError."""
    try:
        with rasterio.open(file) as raster:
            window = _window(file, raster, around)
            shrink = max(1.0, float(np.sqrt(window.width * window.height / MAX_CELLS)))
            rows, columns = max(1, int(window.height / shrink)), max(1, int(window.width / shrink))
            values = raster.read(
                1, window=window, out_shape=(rows, columns), masked=True, resampling=Resampling.average
            )
            transform, crs = raster.window_transform(window), raster.crs
    except RasterioError as error:
        raise ReferenceLightError(
            f"{file}: night_light: cannot be read: {' '.join(str(error).split())}"
        ) from None
    light = np.nan_to_num(np.asarray(values.filled(0), float))
    column, row = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    x, y = transform @ (column * window.width / columns, row * window.height / rows)
    lon, lat = Transformer.from_crs(CRS(crs), "EPSG:4326", always_xy=True).transform(x, y)
    return NightLight(light, lon, lat, str(file))


def _window(file: Path, raster: rasterio.DatasetReader, around: Bounds) -> Window:
    """The raster's cells near the place."""
    if raster.crs is None:
        raise ReferenceLightError(f"{file}: night_light: is not georeferenced; write its CRS into the file")
    to_raster = Transformer.from_crs("EPSG:4326", raster.crs, always_xy=True)
    west, south, east, north = to_raster.transform_bounds(*around)
    # By its corners, so that a raster may be turned or have its south up.
    corners = [
        ~raster.transform @ corner for corner in ((west, south), (west, north), (east, south), (east, north))
    ]
    low = np.maximum(np.min(corners, axis=0), 0)
    high = np.minimum(np.max(corners, axis=0), (raster.width, raster.height))
    if (high <= low).any():
        raise ReferenceLightError(f"{file}: night_light: does not show the place of the photo")
    window = Window(*low, *(high - low)).round_offsets().round_lengths()
    if min(window.width, window.height) < 2:
        raise ReferenceLightError(f"{file}: night_light: only touches the place of the photo")
    return window
