"""`photo.tif`: linear light between the steps."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from rasterio.windows import Window

from pipeline.errors import OutputError
from pipeline.photo.photo import Photo

# x is the column and y minus the row, pixel centres integers. A file without any such coordinates is read
# with a warning, which threads cannot silence for themselves alone.
PIXELS = Affine(1, 0, -0.5, 0, -1, 0.5)


def write_photo(photo: Photo, file: Path) -> None:
    """Float32 bands red, green, blue; the dataset mask is 0 where a pixel is saturated or invalid (NaN).

    Raises OutputError or RasterioIOError if the file cannot be written whole.
    """
    _, height, width = photo.light.shape
    usable = photo.valid & ~photo.saturated
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(
            file,
            "w",
            driver="GTiff",
            width=width,
            height=height,
            count=3,
            transform=PIXELS,
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
    with rasterio.open(file) as source:
        source.read(window=Window(width - 1, height - 1, 1, 1))
        if not np.array_equal(source.dataset_mask() > 0, usable):
            raise OutputError(f"{file}: cannot be written whole: the disk may be full")


def read_photo_tif(file: Path, window: Window | None = None) -> Photo:
    """The photo `write_photo` wrote, or a window of it."""
    with rasterio.open(file) as source:
        light = source.read(window=window)
        usable = source.dataset_mask(window=window) > 0
    return Photo(light, ~usable & np.isfinite(light).all(axis=0))


@dataclass(frozen=True)
class PhotoTif:
    """A `photo.tif` of which windows are read where they are needed, by whichever process needs them."""

    file: Path

    @cached_property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        with rasterio.open(self.file) as source:
            return source.height, source.width

    def window(self, rows: slice, columns: slice) -> Photo:
        """A part of the photo, as `Photo.window` gives it."""
        return read_photo_tif(self.file, Window.from_slices(rows, columns))
