"""Which pixels of a photo hold no usable light."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SATURATION = 0.95  # of white; above it the camera's tone curve bends and channels clip one by one


def saturated(values: NDArray[Any], white: float) -> NDArray[np.bool_]:
    """Pixels (height, width) of which any channel of (3, height, width) is at 95 % of `white` or more."""
    return np.asarray((values >= SATURATION * white).any(axis=0))


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
