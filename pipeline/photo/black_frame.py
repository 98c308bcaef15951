"""The black frame that some pictures have around them, which is no dark night."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def black_frame(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Rows and columns along the edges that are exactly zero from end to end: a frame, not a dark night,
    which has noise."""
    dark = ~(values != 0).any(axis=0)
    frame = np.zeros(dark.shape, bool)
    for axis in (0, 1):
        empty = dark.all(axis=1 - axis)
        first = int(np.argmin(empty)) if not empty.all() else len(empty)
        last = len(empty) - int(np.argmin(empty[::-1])) if not empty.all() else len(empty)
        edge = np.ones(len(empty), bool)
        edge[first:last] = False
        frame |= edge[:, None] if axis == 0 else edge[None, :]
    return frame
