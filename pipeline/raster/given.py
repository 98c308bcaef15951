"""Rasters that users give: opened alone, so that nothing in them leads to another file or to the network.

GDAL opens a file by its content, whatever its name, and some formats (VRT, WMS, ...) are nothing but
references. Even a GeoTIFF may name the file of its overviews. So the format is told by the first bytes, only
plain ones are opened, files beside it are not looked at, and references are refused.
"""

import math
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
from pyproj import CRS
from rasterio._err import CPLE_BaseError  # GDAL's errors that rasterio hands on as they are
from rasterio.enums import Interleaving
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader
from rasterio.windows import Window

from pipeline.camera.earth import MEAN_RADIUS_KM
from pipeline.errors import GivenFileError, said_by

# GDAL's drivers of formats that hold their own pixels, by the bytes that files of theirs begin with.
FIRST_BYTES = {
    "GTiff": (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "DTED": (b"UHL1",),
    "JPEG": (b"\xff\xd8\xff",),
    "PNG": (b"\x89PNG",),
}
HGT = "SRTMHGT"  # whose files begin with a height: their name tells them
MAPS = ("GTiff", "DTED", HGT)
PICTURES = ("GTiff", "JPEG", "PNG")
# No files beside the one named, no network. A download may ask for one file only: none has this name.
ALONE = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "CPL_VSIL_CURL_ALLOWED_FILENAME": "none"}
# Of GDAL, in bytes: blocks are read once. By itself it would take a twentieth of the machine's memory.
CACHE_BYTES = 64_000_000
# A block (tile or strip) is unpacked whole. So many hold a strip as high as a photo of 100 megapixels, of 16
# bits.
MAX_BLOCK_BYTES = 600_000_000
# Reading and averaging so many takes about 10 s; cells of 30 m over 6 by 6 degrees are 470 million.
MAX_CELLS_READ = 500_000_000
OTHER_RADIUS = 0.01  # the share by which ellipsoids and spheres that maps of the Earth use differ from it


@contextmanager
def open_given(file: Path, drivers: Collection[str] = MAPS) -> Iterator[DatasetReader]:
    """A raster in one of the formats `drivers`, open while the block lasts. Raises GivenFileError for any
    other and for what cannot be read, in the block too."""
    driver = driver_of(file, drivers)
    if driver is None:
        raise GivenFileError(
            file,
            "cannot be read: it is not a raster in one of the formats that are read "
            f"({', '.join(drivers)}); formats that lead to other files or to servers (VRT, WMS) are not "
            "followed; write it anew with gdal_translate -of GTiff",
        )
    try:
        with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES, **ALONE):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotGeoreferencedWarning)  # callers say it with the way out
                # As an absolute path it cannot be taken for an address.
                source = rasterio.open(str(file.absolute()), driver=driver)
            with source:
                _check_alone(file, source)
                yield source
    except (RasterioError, CPLE_BaseError) as error:
        raise GivenFileError(file, f"cannot be read: {said_by(error)}") from None
    except UnicodeDecodeError:  # of what GDAL says of the file, with words of the file in it
        raise GivenFileError(
            file, "cannot be read: its texts are no UTF-8; write it anew with gdal_translate"
        ) from None


def driver_of(file: Path, drivers: Collection[str]) -> str | None:
    """The one of GDAL's drivers that a file's first bytes ask for; None if it is of no such format. Raises
    GivenFileError where they cannot be read."""
    try:
        with file.open("rb") as stream:
            head = stream.read(4)
    except (OSError, ValueError) as error:  # ValueError: a name that holds a zero byte
        reason = getattr(error, "strerror", None) or str(error)
        raise GivenFileError(file, f"cannot be read: {reason.lower()}") from None
    if file.suffix.lower() == ".hgt" and HGT in drivers:
        return HGT
    known = ((name, first) for name, all_first in FIRST_BYTES.items() for first in all_first)
    return next((name for name, first in known if name in drivers and head.startswith(first)), None)


def _check_alone(file: Path, source: DatasetReader) -> None:
    """Raise GivenFileError where a raster names another file, or has blocks that fill the memory."""
    if source.tags(ns="OVERVIEWS"):
        raise GivenFileError(
            file,
            "names another file as its overviews, which is not followed; write it anew with "
            "gdal_translate -of GTiff",
        )
    rows, columns = source.block_shapes[0]
    bands = source.count if source.interleaving is Interleaving.pixel else 1
    if rows * columns * bands * np.dtype(source.dtypes[0]).itemsize > MAX_BLOCK_BYTES:
        raise GivenFileError(
            file,
            f"is stored in blocks of {columns} x {rows} cells, too large to be unpacked; write it anew with "
            "gdal_translate -co TILED=YES",
        )


def check_placed(file: Path, source: DatasetReader) -> CRS:
    """The coordinate reference system of a raster, without heights. Raises GivenFileError for one that is not
    on the Earth, and for cells that have no place or no size."""
    if source.crs is None:
        raise GivenFileError(
            file,
            "is not georeferenced: it states no coordinate reference system; set it with gdal_edit.py -a_srs",
        )
    if not all(map(math.isfinite, source.transform)) or source.transform.is_degenerate:
        raise GivenFileError(
            file,
            f"its cells have no size or no place (geotransform {tuple(source.transform)[:6]}); set it with "
            "gdal_edit.py -a_ullr",
        )
    crs = CRS.from_user_input(source.crs)
    if not is_of_the_earth(crs):
        raise GivenFileError(
            file, "its coordinate reference system is not on the Earth; set it with gdal_edit.py -a_srs"
        )
    return crs.to_2d()


def is_of_the_earth(crs: CRS) -> bool:
    """Whether it gives places on the Earth: neither local coordinates nor those of another body."""
    if crs.ellipsoid is None or not (crs.is_geographic or crs.is_projected):
        return False
    radius_m = crs.ellipsoid.semi_major_metre
    return abs(radius_m / (1e3 * MEAN_RADIUS_KM) - 1) < OTHER_RADIUS


def check_work(file: Path, source: DatasetReader, window: Window, shape: Sequence[int]) -> None:
    """Raise GivenFileError where too many cells would have to be read to average a window into so many rows
    and columns: overviews of a suitable size spare that."""
    wanted = min(window.height / shape[0], window.width / shape[1])
    factors = [factor for factor in source.overviews(1) if factor <= wanted]
    cells = window.width * window.height / max(factors, default=1) ** 2
    if cells > MAX_CELLS_READ:
        raise GivenFileError(
            file,
            f"has {cells / 1e6:.0f} million cells around the photo, more than {MAX_CELLS_READ / 1e6:.0f} "
            "million; make overviews (gdaladdo -r average), or a coarser raster (gdalwarp -tr)",
        )
