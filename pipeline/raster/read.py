"""Windows of rasters, their bands by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import Resampling
from rasterio.io import DatasetReader
from rasterio.windows import Window

from pipeline.errors import RasterError
from pipeline.raster.grid import Grid
from pipeline.raster.tiles import Tile

OVERVIEW_CELLS = 512  # along each axis: a median needs no more, and a COG has overviews of about this size


def read_bands(file: Path, names: Sequence[str], tile: Tile, margin: int = 0) -> NDArray[Any]:
    """Bands of a window of a raster, in the order named, widened by a margin; NaN beyond the raster's edge.

    Raises RasterError for a name that no band has.
    """
    top, left = max(0, tile.row - margin), max(0, tile.column - margin)
    with rasterio.open(file) as source:
        bottom = min(source.height, tile.row + tile.height + margin)
        right = min(source.width, tile.column + tile.width + margin)
        values: NDArray[Any] = source.read(
            band_numbers(source, names), window=Window(left, top, right - left, bottom - top)
        )
    above, before = top - (tile.row - margin), left - (tile.column - margin)
    shape = values.shape[0], tile.height + 2 * margin, tile.width + 2 * margin
    if shape == values.shape:
        return values
    padded = np.full(shape, np.nan, np.float32)
    padded[:, above : above + bottom - top, before : before + right - left] = values
    return padded


def band_numbers(source: DatasetReader, names: Sequence[str]) -> list[int]:
    """GDAL's numbers of bands by their names. Raises RasterError."""
    for name in names:
        if name not in source.descriptions:
            known = ", ".join(str(known) for known in source.descriptions)
            raise RasterError(
                f"{source.name}: has no band {name!r}, only {known}; delete the file and run snakemake again"
            )
    return [source.descriptions.index(name) + 1 for name in names]


def read_overview(file: Path, name: str, cells: int = OVERVIEW_CELLS) -> NDArray[Any]:
    """A band of a raster by name, shrunk to at most `cells` a side by its overviews' nearest cells."""
    with rasterio.open(file) as source:
        shape = tuple(min(cells, side) for side in source.shape)
        values: NDArray[Any] = source.read(
            band_numbers(source, [name])[0], out_shape=shape, resampling=Resampling.nearest
        )
    return values


def raster_grid(file: Path) -> Grid:
    """The grid of a raster of the pipeline."""
    with rasterio.open(file) as source:
        xmin, ymin, xmax, ymax = source.bounds
        return Grid(source.crs.to_string(), source.res[0], (xmin, ymin, xmax, ymax))
