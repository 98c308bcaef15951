"""Parts of the station in front of the ground: large, even and bright, and cut off by the edge of the frame.

Towns are bright too, but never even; clouds are even, but not bright. Airglow is both, and no ground either.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label

from pipeline.photo.photo import Photo
from pipeline.photo.strips import dark_where_invalid, in_blocks, strips

EVENNESS_BLOCK_PX = 16  # side of a block whose evenness is judged
MIN_STATION_LIGHT = 0.04  # of white, above the median of the frame: moonlit clouds stay below
MAX_STATION_CONTRAST = 0.5  # (90th - 10th percentile) / median, above that of the frame: towns have more
LOW_SHARE = 0.1  # of a block's pixels below its 10th percentile
MIN_STATION_SHARE = 0.003  # of the frame, in one piece
MAX_SATURATED_SHARE = 0.05  # of a block: what is clipped is even whatever it is


def structure(photo: Photo) -> NDArray[np.bool_]:
    """Pixels (height, width) that show a part of the station, to whole blocks and one block around."""
    even = _even_blocks(photo)
    patches, _ = label(even)
    station = np.zeros(even.shape, bool)
    edge = np.unique(np.concatenate([patches[0], patches[-1], patches[:, 0], patches[:, -1]]))
    for number in edge[edge > 0]:
        patch = patches == number
        station |= patch if patch.mean() > MIN_STATION_SHARE else False
    station = binary_dilation(station, np.ones((3, 3), bool))
    whole = np.kron(station, np.ones((EVENNESS_BLOCK_PX, EVENNESS_BLOCK_PX), bool))
    beyond = [(0, full - covered) for full, covered in zip(photo.saturated.shape, whole.shape, strict=True)]
    return np.pad(whole, beyond, mode="edge")


def _even_blocks(photo: Photo) -> NDArray[np.bool_]:
    """Whole blocks that are bright and even, and not because they are clipped."""
    green = photo.light[1]
    median = np.median(dark_where_invalid(green), overwrite_input=True)
    even = []
    for rows in strips(len(green) // EVENNESS_BLOCK_PX * EVENNESS_BLOCK_PX, EVENNESS_BLOCK_PX):
        blocks = in_blocks(dark_where_invalid(green[rows]), EVENNESS_BLOCK_PX)
        clipped = in_blocks(photo.saturated[rows], EVENNESS_BLOCK_PX)
        # Only of blocks that can be bright are the quantiles worth their time: few towns fill one.
        bright = (blocks - median > MIN_STATION_LIGHT).mean(-1) >= 1 - LOW_SHARE - 1 / EVENNESS_BLOCK_PX**2
        low, middle, high = np.quantile(blocks[bright], (LOW_SHARE, 0.5, 1 - LOW_SHARE), axis=-1) - median
        bright[bright] = (
            (low > MIN_STATION_LIGHT)
            & (high - low < MAX_STATION_CONTRAST * middle)
            & (clipped[bright].mean(-1) < MAX_SATURATED_SHARE)
        )
        even.append(bright)
    return np.concatenate(even)


def without_structure(photo: Photo) -> tuple[Photo, float]:
    """The photo with parts of the station invalid, and the share of the frame they take."""
    hidden = structure(photo)
    return photo.without(hidden), float(hidden.mean())
