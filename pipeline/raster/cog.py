"""Cloud-optimised GeoTIFFs: written tile by tile, with exact statistics, whole or not at all."""

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.array as da
import dask.base
import dask.local
import numpy as np
import rasterio
import rasterio.shutil
import xarray as xr
from dask.delayed import Delayed, delayed
from numpy.typing import NDArray
from rasterio._err import CPLE_BaseError  # GDAL's errors that rasterio hands on as they are
from rasterio.enums import ColorInterp, Resampling
from rasterio.io import DatasetWriter
from rasterio.windows import Window

from pipeline.errors import OutputError, said_by
from pipeline.files import temporary_file
from pipeline.raster.bands import Class
from pipeline.raster.dataset import classes_of, grid_of
from pipeline.raster.statistics import Statistics
from pipeline.raster.workers import threads_here, worked_out

BLOCK = 256  # a tile with a margin takes whole blocks: larger ones would be read again and again
CACHE_BYTES = 128 << 20  # of GDAL: its default is a twentieth of the machine's memory
RGB = ("red", "green", "blue")  # a raster that begins with these opens in colour
FLOATS = {"dtype": "float32", "nodata": np.nan}


def write_cog(file: Path, raster: xr.Dataset) -> None:
    """Work out a dataset and write it as a COG: `write_cogs` of one."""
    write_cogs({file: raster})


def write_cogs(rasters: Mapping[Path, xr.Dataset]) -> None:
    """Work out datasets that share a grid and its chunks, chunk by chunk, and write each as a COG.

    Variables are float32, in which NaN is no data, or one alone is a class map (`dataset.class_map`). Chunks
    are written as they come, and a bounded number is in memory at any time. Files appear, and replace older
    ones, when all are whole. Raises OutputError if one cannot be written.
    """
    with ExitStack() as stack:
        plain, parts = (
            [stack.enter_context(temporary_file(file, kind)) for file in rasters]
            for kind in ("tiles", "part")
        )
        try:
            _write_plain(dict(zip(plain, rasters.values(), strict=True)))
            with ThreadPoolExecutor(threads_here()) as pool:  # GDAL packs with all, but reads with one
                list(pool.map(_finish, rasters.values(), plain, parts))
            for file, part in zip(rasters, parts, strict=True):
                part.replace(file)
                # Statistics of an older file would be believed by QGIS.
                file.with_name(f"{file.name}.aux.xml").unlink(missing_ok=True)
        except (rasterio.errors.RasterioError, CPLE_BaseError) as error:
            names = ", ".join(str(file) for file in rasters)
            raise OutputError(f"{names}: cannot be written: {said_by(error)}") from error


def _write_plain(rasters: Mapping[Path, xr.Dataset]) -> None:
    """Tiled GeoTIFFs, not compressed."""
    chunks = _chunks([layer.data for raster in rasters.values() for layer in raster.values()])
    ends = np.cumsum([len(raster) for raster in rasters.values()])[:-1]
    statistics: dict[int, list[Statistics]] = {}
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES), ExitStack() as stack:
        targets = [stack.enter_context(_opened(file, raster)) for file, raster in rasters.items()]
        for chunk, (values, of_bands) in worked_out(_computed, chunks):
            statistics[chunk.number] = of_bands
            for target, bands in zip(targets, np.split(np.arange(len(values)), ends), strict=True):
                for number, band in enumerate(bands, 1):
                    target.write(values[band], number, window=chunk.window)
        # Added up from north to south, whatever came first: sums of the same order are the same.
        totals = [Statistics() for _ in statistics[0]]
        for _, of_bands in sorted(statistics.items()):
            for total, of_band in zip(totals, of_bands, strict=True):
                total.add(of_band)
        for target, raster, first in zip(targets, rasters.values(), (0, *ends), strict=True):
            for number, layer in enumerate(raster.values(), 1):
                if not classes_of(layer):
                    target.update_tags(number, **totals[first + number - 1].tags())


def _opened(file: Path, raster: xr.Dataset) -> DatasetWriter:
    """A new file for a dataset that says what is in it: tags, and each band's name, unit and meaning.

    GeoTIFF has no place for the names of classes: they are in the band's tags `class_1`, ...
    """
    grid, (first, *_) = grid_of(raster), raster.values()
    classes = classes_of(first)
    kind = {"dtype": "uint8", "nodata": 0, "photometric": "palette"} if classes else FLOATS
    target: DatasetWriter = rasterio.open(
        file,
        "w",
        driver="GTiff",
        width=grid.width,
        height=grid.height,
        count=len(raster),
        crs=grid.crs,
        transform=grid.transform,
        interleave="band",
        tiled=True,
        blockxsize=BLOCK,
        blockysize=BLOCK,
        bigtiff="YES",
        **kind,
    )
    if classes:
        target.write_colormap(1, {value: _colour(each) for value, each in classes.items()})
    target.update_tags(**raster.attrs)
    if list(raster)[: len(RGB)] == list(RGB):
        more = [ColorInterp.undefined] * (len(raster) - len(RGB))
        target.colorinterp = [*(ColorInterp[name] for name in RGB), *more]
    for number, (name, layer) in enumerate(raster.items(), 1):
        target.set_band_description(number, str(name))
        if classes:
            target.update_tags(number, **{f"class_{value}": each.name for value, each in classes.items()})
        else:
            target.set_band_unit(number, layer.attrs["units"])
            target.update_tags(number, meaning=layer.attrs["long_name"])
    return target


def _colour(meaning: Class) -> tuple[int, ...]:
    """Red, green, blue and opacity."""
    return (*bytes.fromhex(meaning.colour[1:]), 255) if meaning.colour else (0, 0, 0, 0)


def _finish(raster: xr.Dataset, plain: Path, part: Path) -> None:
    """Make a COG, as `part`, of a plain GeoTIFF, which is removed.

    An overview's cell is the mean of its cells, of a class map the class that most of them have. Overviews
    are made of the plain one: the COG driver would compress and unpack them on the way. ZSTD takes half of
    DEFLATE's time to write and to read for the same size; noise packs no better at levels above 1, nor with
    a predictor, which doubles the time of maps that are mostly empty.
    """
    is_map = any(classes_of(layer) for layer in raster.values())
    threads = threads_here()
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES, GDAL_NUM_THREADS=threads):
        with rasterio.open(plain, "r+") as target:
            levels = _levels(target.width, target.height)
            if levels:
                target.build_overviews(
                    [2**k for k in range(1, levels + 1)], Resampling.mode if is_map else Resampling.average
                )
        rasterio.shutil.copy(
            plain,
            part,
            driver="COG",
            compress="ZSTD",
            level=1,
            blocksize=BLOCK,
            num_threads=threads,
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


@dataclass(frozen=True, eq=False)
class _Chunk:
    """A chunk of all bands: its number from north to south, its window, and how it is worked out."""

    number: int
    window: Window
    bands: Delayed


def _chunks(layers: Sequence[da.Array]) -> Iterator[_Chunk]:
    """The chunks of bands (height, width), each with only what it needs, so that it can travel."""
    heights, widths = layers[0].chunks
    tops, lefts = ([0, *np.cumsum(sizes)[:-1]] for sizes in (heights, widths))
    blocks = [layer.to_delayed(optimize_graph=False) for layer in layers]  # type: ignore[no-untyped-call]
    for number, (row, column) in enumerate(np.ndindex(len(heights), len(widths))):
        window = Window(lefts[column], tops[row], widths[column], heights[row])
        bands = delayed(list)([of_band[row, column] for of_band in blocks])
        (own,) = dask.base.optimize(bands)  # type: ignore[no-untyped-call]
        yield _Chunk(number, window, own)


def _computed(chunk: _Chunk) -> tuple[list[NDArray[Any]], list[Statistics]]:
    """The bands of a chunk and their statistics, worked out in one thread of whoever is asked."""
    values = chunk.bands.compute(scheduler=dask.local.get_sync)  # type: ignore[no-untyped-call]
    return values, [Statistics.of(band) for band in values]
