"""Small pictures of known content."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def night_codes(width: int = 160, height: int = 120, seed: int = 0) -> NDArray[np.uint8]:
    """A dark picture (height, width, 3) with noise and a few orange lights, 8-bit sRGB."""
    random = np.random.default_rng(seed)
    codes = random.integers(2, 14, size=(height, width, 3)).astype(np.uint8)
    for row, column in random.integers((10, 10), (height - 10, width - 10), size=(20, 2)):
        codes[row - 1 : row + 2, column - 1 : column + 2] = (200, 120, 40)
    return codes


def save_jpeg(codes: NDArray[np.uint8], file: Path, **options: object) -> Path:
    Image.fromarray(codes).save(file, quality=95, subsampling=0, **options)
    return file
