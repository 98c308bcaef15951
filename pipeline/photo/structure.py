"""Parts of the station in front of the ground: large, even and bright, and cut off by the edge of the frame.

Towns are bright too, but never even; clouds are even, but not bright. Airglow is both, and no ground either.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, label

from pipeline.photo.photo import Photo

EVENNESS_BLOCK_PX = 16  # side of a block whose evenness is judged
MIN_STATION_LIGHT = 0.04  # of white, above the median of the frame: moonlit clouds stay below
MAX_STATION_CONTRAST = 0.5  # (90th - 10th percentile) / median, above that of the frame: towns have more
MIN_STATION_SHARE = 0.003  # of the frame, in one piece
MAX_SATURATED_SHARE = 0.05  # of a block: what is clipped is even whatever it is


def structure(photo: Photo) -> NDArray[np.bool_]:
    """Pixels (height, width) that show a part of the station, to whole blocks and one block around."""
    light = np.nan_to_num(photo.light[1])
    height, width = (side // EVENNESS_BLOCK_PX * EVENNESS_BLOCK_PX for side in light.shape)
    blocks, clipped = (
        values[:height, :width]
        .reshape(
            height // EVENNESS_BLOCK_PX, EVENNESS_BLOCK_PX, width // EVENNESS_BLOCK_PX, EVENNESS_BLOCK_PX
        )
        .swapaxes(1, 2)
        .reshape(height // EVENNESS_BLOCK_PX, width // EVENNESS_BLOCK_PX, -1)
        for values in (light, photo.saturated)
    )
    low, middle, high = np.quantile(blocks, (0.1, 0.5, 0.9), axis=-1) - np.median(light)
    even = (
        (low > MIN_STATION_LIGHT)
        & (high - low < MAX_STATION_CONTRAST * middle)
        & (clipped.mean(-1) < MAX_SATURATED_SHARE)
    )
    patches, _ = label(even)
    station = np.zeros(even.shape, bool)
    edge = np.unique(np.concatenate([patches[0], patches[-1], patches[:, 0], patches[:, -1]]))
    for number in edge[edge > 0]:
        patch = patches == number
        station |= patch if patch.mean() > MIN_STATION_SHARE else False
    station = binary_dilation(station, np.ones((3, 3), bool))
    whole = np.kron(station, np.ones((EVENNESS_BLOCK_PX, EVENNESS_BLOCK_PX), bool))
    beyond = [(0, full - covered) for full, covered in zip(light.shape, whole.shape, strict=True)]
    return np.pad(whole, beyond, mode="edge")


def without_structure(photo: Photo) -> tuple[Photo, float]:
    """The photo with parts of the station invalid, and the share of the frame they take."""
    hidden = structure(photo)
    return photo.without(hidden), float(hidden.mean())
