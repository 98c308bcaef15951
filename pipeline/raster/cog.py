"""Cloud-optimised GeoTIFFs: written tile by tile, with exact statistics, whole or not at all."""

import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import dask.array as da
import dask.config
import numpy as np
import rasterio
import rasterio.shutil
from dask.delayed import Delayed
from dask.system import CPU_COUNT
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError  # GDAL's errors that rasterio hands on as they are
from rasterio.enums import Resampling
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from pipeline.errors import OutputError
from pipeline.files import temporary_file
from pipeline.raster.bands import Band
from pipeline.raster.grid import Grid
from pipeline.raster.statistics import Statistics

BLOCK = 256  # a tile with a margin takes whole blocks: larger ones would be read again and again
CACHE_BYTES = 128 << 20  # of GDAL: its default is a twentieth of the machine's memory


@dataclass(frozen=True)
class Raster:
    """A float32 raster to write, in which NaN is no data. An overview's cell is the mean of its cells."""

    file: Path
    bands: tuple[Band, ...]
    tags: Mapping[str, str]

    resampling: ClassVar[Resampling] = Resampling.average

    @property
    def count(self) -> int:
        """How many bands it has."""
        return len(self.bands)

    @property
    def profile(self) -> dict[str, Any]:
        """What rasterio needs to know of its values."""
        return {"dtype": "float32", "count": self.count, "nodata": np.nan}

    def describe(self, target: DatasetWriter) -> None:
        """Write its tags, and each band's name, unit and meaning."""
        target.update_tags(**self.tags)
        for index, band in enumerate(self.bands, 1):
            target.set_band_description(index, band.name)
            target.set_band_unit(index, band.unit)
            target.update_tags(index, meaning=band.meaning)


@dataclass(frozen=True)
class Class:
    """What a value of a class map means, and its colour as #rrggbb; none is transparent."""

    name: str
    colour: str | None


@dataclass(frozen=True)
class ClassMap:
    """A paletted uint8 raster of classes to write: the name of its one band, and what its values mean; 0 is
    no data. An overview's cell has the class most of its cells have."""

    file: Path
    name: str
    classes: Mapping[int, Class]
    tags: Mapping[str, str]

    count: ClassVar[int] = 1
    resampling: ClassVar[Resampling] = Resampling.mode

    @property
    def profile(self) -> dict[str, Any]:
        """What rasterio needs to know of its values."""
        return {"dtype": "uint8", "count": self.count, "nodata": 0, "photometric": "palette"}

    def describe(self, target: DatasetWriter) -> None:
        """GeoTIFF has no place for the classes' names: they are in the band's tags `class_1`, ..."""
        colours = {
            value: (*bytes.fromhex(meaning.colour[1:]), 255) if meaning.colour else (0, 0, 0, 0)
            for value, meaning in self.classes.items()
        }
        target.write_colormap(1, colours)
        target.update_tags(**self.tags)
        target.set_band_description(1, self.name)
        target.update_tags(1, **{f"class_{value}": meaning.name for value, meaning in self.classes.items()})


def write_cog(
    file: Path, array: da.Array, grid: Grid, bands: tuple[Band, ...], tags: Mapping[str, str]
) -> None:
    """Compute a (band, height, width) array and write it as a float32 COG: `write_cogs` of one."""
    write_cogs([Raster(file, bands, tags)], array, grid)


def write_cogs(rasters: Sequence[Raster | ClassMap], array: da.Array, grid: Grid) -> None:
    """Compute a (band, height, width) array chunk by chunk and write its bands as COGs, the first raster's
    first.

    At any time only a few chunks are in memory. Files appear, and replace older ones, when all are whole.
    Raises OutputError if one cannot be written.
    """
    with ExitStack() as stack:
        plain, parts = (
            [stack.enter_context(temporary_file(raster.file, kind)) for raster in rasters]
            for kind in ("tiles", "part")
        )
        try:
            _write_plain(plain, rasters, array, grid)
            for each in zip(rasters, plain, parts, strict=True):
                _finish(*each)
            for raster, part in zip(rasters, parts, strict=True):
                part.replace(raster.file)
                # Statistics of an older file would be believed by QGIS.
                raster.file.with_name(f"{raster.file.name}.aux.xml").unlink(missing_ok=True)
        except (rasterio.errors.RasterioError, CPLE_BaseError) as error:
            files = ", ".join(str(raster.file) for raster in rasters)
            raise OutputError(f"{files}: cannot be written: {' '.join(str(error).split())}") from error


def _write_plain(
    files: Sequence[Path], rasters: Sequence[Raster | ClassMap], array: da.Array, grid: Grid
) -> None:
    """Tiled GeoTIFFs, not compressed."""
    layout = {
        **{"driver": "GTiff", "width": grid.width, "height": grid.height, "bigtiff": "YES"},
        **{"crs": grid.crs, "transform": grid.transform, "interleave": "band"},
        **{"tiled": True, "blockxsize": BLOCK, "blockysize": BLOCK},
    }
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), ExitStack() as stack:
        targets = [
            stack.enter_context(rasterio.open(file, "w", **layout, **raster.profile))
            for file, raster in zip(files, rasters, strict=True)
        ]
        for raster, target in zip(rasters, targets, strict=True):
            raster.describe(target)
        ends = np.cumsum([raster.count for raster in rasters])[:-1]
        statistics = [Statistics() for _ in range(array.shape[0])]
        for window, values, of_chunk in _computed(array):
            for target, bands in zip(targets, np.split(values, ends), strict=True):
                target.write(bands.astype(target.dtypes[0], copy=False), window=window)
            for of_band, of_band_here in zip(statistics, of_chunk, strict=True):
                of_band.add(of_band_here)
        for raster, target, first in zip(rasters, targets, (0, *ends), strict=True):
            if isinstance(raster, Raster):
                for index in target.indexes:
                    target.update_tags(index, **statistics[first + index - 1].tags())


def _finish(raster: Raster | ClassMap, plain: Path, part: Path) -> None:
    """Make a COG, as `part`, of a plain GeoTIFF, which is removed.

    Overviews are made of the plain one: the COG driver would compress and unpack them on the way. ZSTD takes
    half of DEFLATE's time to write and to read for the same size; noise packs no better at levels above 1,
    nor with a predictor, which doubles the time of maps that are mostly empty.
    """
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES, GDAL_NUM_THREADS=_threads()):
        with rasterio.open(plain, "r+") as target:
            levels = _levels(target.width, target.height)
            if levels:
                target.build_overviews([2**k for k in range(1, levels + 1)], raster.resampling)
        rasterio.shutil.copy(
            plain,
            part,
            driver="COG",
            compress="ZSTD",
            level=1,
            blocksize=BLOCK,
            num_threads=_threads(),
            overviews="FORCE_USE_EXISTING" if levels else "NONE",
            bigtiff="IF_SAFER",
        )
        _read_ends(part, levels)
    plain.unlink()


def _read_ends(file: Path, levels: int) -> None:
    """Raise a RasterioError unless the last block of each level can be read: what GDAL writes when it closes
    a file on a disk that has become full is lost in silence."""
    for level in (None, *range(levels)):
        options = {} if level is None else {"overview_level": level}
        with rasterio.open(file, **options) as source:
            source.read(window=Window(source.width - 1, source.height - 1, 1, 1))


def _levels(width: int, height: int) -> int:
    """How many overviews, each of half the size, until one fits into a block."""
    return max(0, math.ceil(math.log2(max(width, height) / BLOCK)))


def _threads() -> int:
    return int(dask.config.get("num_workers", None) or CPU_COUNT)


def _computed(array: da.Array) -> Iterator[tuple[Window, NDArray[np.float32], list[Statistics]]]:
    """The chunks of a (band, height, width) array from north to south with their windows and the statistics
    of each band.

    As many chunks as there are threads are at work while another is being written.
    """
    tops, lefts = ([0, *np.cumsum(sizes)[:-1]] for sizes in array.chunks[1:])
    windows = [
        Window(left, top, width, height)
        for top, height in zip(tops, array.chunks[1], strict=True)
        for left, width in zip(lefts, array.chunks[2], strict=True)
    ]
    chunks = array.to_delayed()[0].ravel()  # type: ignore[no-untyped-call]
    threads = _threads()
    with ThreadPoolExecutor(threads) as pool:
        at_work = deque(pool.submit(_chunk, chunk) for chunk in chunks[:threads])
        try:
            for next_one, window in enumerate(windows, threads):
                values, statistics = at_work.popleft().result()
                if next_one < len(chunks):
                    at_work.append(pool.submit(_chunk, chunks[next_one]))
                yield window, values, statistics
        finally:
            pool.shutdown(cancel_futures=True)


def _chunk(chunk: Delayed) -> tuple[NDArray[np.float32], list[Statistics]]:
    values = chunk.compute(scheduler="synchronous")  # type: ignore[no-untyped-call]
    return values, [Statistics.of(band) for band in values]
