"""Which pixels are saturated: so bright that the camera no longer tells how bright, nor of which colour.

They are found when a photo is read and travel with it as `Photo.saturated`, then as the mask of `photo.tif`
and as the share of saturated pixels in each cell of `ortho.tif`; `tone/saturation.py` masks these cells and
their halo.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Share of white. Above it the camera's tone curve bends and channels clip one by one, red first on sodium.
SATURATION = 0.95


def saturated(values: NDArray[Any], white: float) -> NDArray[np.bool_]:
    """Pixels (height, width) of which any channel of (3, height, width) is at 95 % of `white` or more."""
    level = SATURATION * white
    if values.dtype.kind == "u":
        level = values.dtype.type(math.ceil(level))  # whole codes are compared as they are
    return any_channel(values >= level)


def any_channel(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels (height, width) of which any channel (3, height, width) is set; `any` along so short an axis
    takes ten times as long."""
    return np.asarray(mask[0] | mask[1] | mask[2])
