"""Rasters of the pipeline, read window by window."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import dask.array as da
import numpy as np
import rasterio
import rasterio.shutil
from dask.delayed import delayed
from numpy.typing import NDArray
from rasterio.windows import Window

from pipeline.raster.grid import Grid
from pipeline.raster.tiles import TILE, Tile, tiled

OVERVIEW_CELLS = 512  # along each axis: a median needs no more, and a COG has overviews of about this size


def read_tile(file: Path, tile: Tile, margin: int = 0, bands: int | None = None) -> NDArray[np.float32]:
    """All bands, or the first few, of a window of a raster, widened by a margin; NaN beyond the raster's
    edge."""
    top, left = max(0, tile.row - margin), max(0, tile.column - margin)
    with rasterio.open(file) as source:
        bottom = min(source.height, tile.row + tile.height + margin)
        right = min(source.width, tile.column + tile.width + margin)
        first = range(1, 1 + (bands or source.count))
        values: NDArray[np.float32] = source.read(
            list(first), window=Window(left, top, right - left, bottom - top)
        )
    above, before = top - (tile.row - margin), left - (tile.column - margin)
    shape = values.shape[0], tile.height + 2 * margin, tile.width + 2 * margin
    if shape == values.shape:
        return values
    padded = np.full(shape, np.nan, np.float32)
    padded[:, above : above + bottom - top, before : before + right - left] = values
    return padded


def opened(file: Path) -> da.Array:
    """A raster of the pipeline as a (band, height, width) array that is read when computed."""
    with rasterio.open(file) as source:
        shape = source.count, source.height, source.width
    return tiled(shape, TILE, lambda tile: delayed(read_tile)(file, tile))


def mapped(
    file: Path, bands: int, margin: int, function: Callable[[NDArray[np.float32], Tile], NDArray[np.float32]]
) -> da.Array:
    """The array of what `function` makes of each tile of a raster, given the tile widened by a margin."""
    with rasterio.open(file) as source:
        shape = bands, source.height, source.width
    shared = delayed(function, traverse=False)
    return tiled(shape, TILE, lambda tile: shared(delayed(read_tile)(file, tile, margin), tile))


def median_of_band(file: Path, band: str) -> float:
    """The median of a band by name, from its overviews."""
    with rasterio.open(file) as source:
        index = source.descriptions.index(band) + 1
        shape = tuple(min(OVERVIEW_CELLS, side) for side in source.shape)
        return float(np.nanmedian(source.read(index, out_shape=shape)))


def raster_grid(file: Path) -> Grid:
    """The grid of a raster of the pipeline."""
    with rasterio.open(file) as source:
        xmin, ymin, xmax, ymax = source.bounds
        return Grid(source.crs.to_string(), source.res[0], (xmin, ymin, xmax, ymax))


def read_rows(
    *files: Path, bands: Sequence[int] | None = None
) -> Iterator[tuple[Tile, list[NDArray[np.float32]]]]:
    """Rasters on one grid, rows of tiles' height at a time, from north to south; `bands` tells how many of
    each are read, all without it."""
    grid = raster_grid(files[0])
    counts = [None] * len(files) if bands is None else bands
    for top in range(0, grid.height, TILE):
        tile = Tile(top, 0, min(TILE, grid.height - top), grid.width)
        yield tile, [read_tile(file, tile, bands=n) for file, n in zip(files, counts, strict=True)]
