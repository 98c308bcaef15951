"""Sums over a whole map, a row of tiles at a time: each is read and worked out by one of the workers."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pipeline.raster.read import raster_grid, read_bands
from pipeline.raster.tiles import TILE, Tile
from pipeline.raster.workers import in_order

Result = TypeVar("Result")


@dataclass(frozen=True)
class Strip:
    """Bands, by name, of rasters on one grid in a row of tiles, read by the worker that needs them."""

    tile: Tile
    bands: tuple[tuple[Path, tuple[str, ...]], ...]

    def read(self) -> tuple[Any, ...]:
        """The tile, and of each raster its bands (band, height, width) in the order named."""
        return self.tile, *(read_bands(file, names, self.tile) for file, names in self.bands)


Strips = Iterable[Strip | tuple[Any, ...]]
"""Strips of files, or what they hold: a tile and arrays (band, height, width)."""


def strips(*bands: tuple[Path, tuple[str, ...]]) -> Iterator[Strip]:
    """Rasters on one grid, with the names of the bands to read of each, from north to south."""
    grid = raster_grid(bands[0][0])
    files = tuple((file.absolute(), names) for file, names in bands)
    for top in range(0, grid.height, TILE):
        yield Strip(Tile(top, 0, min(TILE, grid.height - top), grid.width), files)


def of_each(function: Callable[..., Result], parts: Strips) -> list[Result]:
    """What `function` makes of the tile and the arrays of each strip, from north to south."""
    return in_order(lambda strip: function(*(strip.read() if isinstance(strip, Strip) else strip)), parts)
