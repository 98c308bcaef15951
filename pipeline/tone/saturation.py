"""Saturated cells and their halo, which have no tone: a channel that clips fakes the colour of the others."""

import numpy as np
from scipy.ndimage import maximum_filter

from pipeline.tone.background import Floats

# Pixels of the photo: demosaicing and a JPEG's shared colours carry what a clipped channel lacks that far.
SATURATION_HALO_PX = 2


def halo_cells(gsd_m: float, resolution_m: float) -> int:
    """How many cells of the grid the halo of a saturated one reaches, one or more."""
    return max(1, round(SATURATION_HALO_PX * gsd_m / resolution_m))


def without_saturated(ortho: Floats, halo: int) -> Floats:
    """Light (3, height, width) of `ortho` (red, green, blue, saturated share) less `halo` cells at each edge.

    NaN where a cell is saturated or lies within `halo` cells of one that is, diagonals included.
    """
    inner = (slice(halo, -halo or None), slice(halo, -halo or None))
    near_saturated = maximum_filter(ortho[3] > 0, size=2 * halo + 1)[inner]
    return np.where(near_saturated, np.float32(np.nan), ortho[:3, *inner])
