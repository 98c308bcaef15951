"""A photo strip by strip: what is worked on a few rows at a time needs no second copy of a large frame."""

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

# With 50 bytes a pixel in use at once, a strip takes 1 byte a pixel of a 12-megapixel frame, less of larger.
STRIP_ROWS = 64

Value = TypeVar("Value", bound=np.generic)


def strips(height: int, unit: int = 1) -> Iterator[slice]:
    """Rows 0 to `height` in slices of about STRIP_ROWS, each but the last a multiple of `unit` rows."""
    rows = -(-STRIP_ROWS // unit) * unit
    return (slice(top, min(top + rows, height)) for top in range(0, height, rows))


def in_blocks(values: NDArray[Value], side: int) -> NDArray[Value]:
    """The whole square blocks of a band, as (rows, columns, pixels of a block); what is left over is not."""
    rows, columns = (length // side for length in values.shape)
    whole = values[: rows * side, : columns * side].reshape(rows, side, columns, side)
    return whole.swapaxes(1, 2).reshape(rows, columns, -1)


def dark_where_invalid(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """A copy with 0 in the place of NaN."""
    return np.where(np.isnan(values), np.float32(0), values)
