"""`photo.tif`: linear light between the steps."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window

from pipeline.errors import OutputError
from pipeline.photo.photo import Photo


def write_photo(photo: Photo, file: Path) -> None:
    """Float32 bands red, green, blue; the dataset mask is 0 where a pixel is saturated or invalid (NaN).

    Raises OutputError or RasterioIOError if the file cannot be written whole.
    """
    _, height, width = photo.light.shape
    usable = photo.valid & ~photo.saturated
    with (
        _pixel_coordinates(),
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            file,
            "w",
            driver="GTiff",
            width=width,
            height=height,
            count=3,
            dtype="float32",
            tiled=True,
            blockxsize=256,
            blockysize=256,
            compress="deflate",
            zlevel=1,
            photometric="rgb",
        ) as target,
    ):
        target.write(photo.light)
        target.write_mask(usable)
        target.descriptions = ("red", "green", "blue")
        target.update_tags(light="linear, white = 1; NaN where invalid; masked where invalid or saturated")
    # What GDAL writes when it closes a file on a disk that has become full is lost in silence.
    with _pixel_coordinates(), rasterio.open(file) as source:
        source.read(window=Window(width - 1, height - 1, 1, 1))
        if not np.array_equal(source.dataset_mask() > 0, usable):
            raise OutputError(f"{file}: cannot be written whole: the disk may be full")


def read_photo_tif(file: Path, window: Window | None = None) -> Photo:
    """The photo `write_photo` wrote, or a window of it."""
    with _pixel_coordinates(), rasterio.open(file) as source:
        light = source.read(window=window)
        usable = source.dataset_mask(window=window) > 0
    return Photo(light, ~usable & np.isfinite(light).all(axis=0))


@contextmanager
def _pixel_coordinates() -> Iterator[None]:
    """A photo has no map coordinates; that is no reason for a warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield
