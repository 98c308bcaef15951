"""Tiles: windows of a grid, and arrays that are computed window by window."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np

TILE = 1024  # cells along each axis: a float32 band of a tile takes 4 MB, so that many fit into memory


@dataclass(frozen=True)
class Tile:
    """A window of the grid: its first row and column, and how many."""

    row: int
    column: int
    height: int
    width: int

    def strips(self, rows: int) -> Iterator[tuple[slice, "Tile"]]:
        """A few rows at a time, for the processor's cache: rows within the tile, and their window."""
        for first in range(0, self.height, rows):
            count = min(rows, self.height - first)
            yield slice(first, first + count), Tile(self.row + first, self.column, count, self.width)


def tiled(shape: tuple[int, int, int], tile: int, compute: Callable[[Tile], Any]) -> da.Array:
    """A float32 array (bands, height, width); each chunk is what `compute` delays for its tile."""
    bands, height, width = shape
    rows = []
    for row in range(0, height, tile):
        windows = [
            Tile(row, column, min(tile, height - row), min(tile, width - column))
            for column in range(0, width, tile)
        ]
        chunks = [
            da.from_delayed(compute(w), (bands, w.height, w.width), np.float32)  # type: ignore[no-untyped-call]
            for w in windows
        ]
        rows.append(da.concatenate(chunks, axis=2))  # type: ignore[no-untyped-call]
    array: da.Array = da.concatenate(rows, axis=1)  # type: ignore[no-untyped-call]
    return array
