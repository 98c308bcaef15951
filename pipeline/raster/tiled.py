"""Arrays that dask works out tile by tile. Apart from `tiles`, for many steps need tiles and no dask."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from pipeline.raster.tiles import Tile


def tiled(shape: tuple[int, int, int], tile: int, compute: Callable[[Tile], NDArray[np.float32]]) -> da.Array:
    """A float32 array (bands, height, width), of which each chunk is what `compute` makes of its tile.

    `compute` travels with every task, so it should hold names of files rather than what is in them.
    """
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
