"""Tiles: windows of a grid, and arrays that are computed window by window."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import dask.array as da

TILE = 1024  # cells along each axis: a float32 band of a tile takes 4 MB, so that many fit into memory


@dataclass(frozen=True)
class Tile:
    """A window of the grid: its first row and column, and how many."""

    row: int
    column: int
    height: int
    width: int

    @property
    def is_wide(self) -> bool:
        """Whether it has more columns than rows."""
        return self.width > self.height

    def halves(self) -> tuple["Tile", "Tile"]:
        """Its left and right, or upper and lower half, across the longer side."""
        if self.is_wide:
            left = self.width // 2
            first = Tile(self.row, self.column, self.height, left)
            return first, Tile(self.row, self.column + left, self.height, self.width - left)
        upper = self.height // 2
        first = Tile(self.row, self.column, upper, self.width)
        return first, Tile(self.row + upper, self.column, self.height - upper, self.width)

    def strips(self, rows: int) -> Iterator[tuple[slice, "Tile"]]:
        """A few rows at a time, for the processor's cache: rows within the tile, and their window."""
        for first in range(0, self.height, rows):
            here = min(rows, self.height - first)
            yield slice(first, first + here), Tile(self.row + first, self.column, here, self.width)


def tiled(
    shape: tuple[int, int, int], tile: int, compute: Callable[[Tile], NDArray[np.float32]]
) -> "da.Array":
    """A float32 array (bands, height, width), of which each chunk is what `compute` makes of its tile.

    `compute` travels with every task, so it should hold names of files rather than what is in them.
    """
    import dask.array as da  # half a second, which steps without tiles need not wait for

    bands, height, width = shape
    across = tuple(
        tuple(min(tile, size - first) for first in range(0, size, tile)) for size in (height, width)
    )
    array: da.Array = da.map_blocks(  # type: ignore[no-untyped-call]
        _of_block,
        chunks=((bands,), *across),
        dtype=np.float32,
        meta=np.empty((0, 0, 0), np.float32),
        name=f"tiled-{uuid4()}",  # else dask hashes all that `compute` holds
        compute=compute,
    )
    return array


def _of_block(compute: Callable[[Tile], Any], block_info: dict[Any, Any]) -> NDArray[np.float32]:
    """What a block holds, from its place in the whole array."""
    _, (top, bottom), (left, right) = block_info[None]["array-location"]
    values: NDArray[np.float32] = compute(Tile(top, left, bottom - top, right - left))
    return values
