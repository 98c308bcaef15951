"""What quantisation hid of the colours of small lights in a JPEG.

A JPEG holds Cb and Cr as cosine waves over blocks of 8 x 8 values, and each wave's strength only as a whole
number of steps. The waves of a light a pixel wide are weaker than half a step and are stored as 0: only its
slow waves are left, which spread its colour over the block and pale it. Brightness, stored more finely,
still shows where the light is. So within a block colour is taken to follow brightness, as that of lamps of
one kind does:

    a = sum(y c) / (sum(y y) + 1/4)    over all waves but the mean, y and c brightness and colour in steps
    c' = a y, but within c - 1/2 and c + 1/2

The sums count each wave by how finely it is stored; the 1/4 is the square of half a step, so that what is
hardly brighter than its surroundings tells no slope. Whatever comes out, the file's own numbers would have
been the same: no wave is moved beyond what its rounding hid, and the mean of a block is left as it is.
"""

import numpy as np
from scipy.fft import dctn, idctn

from pipeline.arrays import Floats

BLOCK = 8  # values across, of JPEG's transform
HALF = np.float32(0.5)


def sharpened(colours: list[Floats], bright: Floats, steps: list[Floats]) -> list[Floats]:
    """Cb and Cr (rows, columns) as they may have been before they were rounded to their `steps` (8, 8), from
    the brightness of the same places. The first row and column are the first of a block."""
    height, width = bright.shape
    margin = ((0, -height % BLOCK), (0, -width % BLOCK))
    waves = _to_waves(np.pad(bright, margin, mode="edge"))
    waves[:, 0, :, 0] = 0
    return [
        _to_values(_filled(_to_waves(np.pad(colour, margin, mode="edge")), waves, step))[:height, :width]
        for colour, step in zip(colours, steps, strict=True)
    ]


def _filled(colour: Floats, bright: Floats, step: Floats) -> Floats:
    """Waves (block rows, 8, block columns, 8) of a colour that follow those of brightness, means apart."""
    step = step[:, None, :]
    c, y = colour / step, bright / step
    slope = np.einsum("ikjl,ikjl->ij", y, c) / (np.einsum("ikjl,ikjl->ij", y, y) + HALF**2)
    y *= slope[:, None, :, None]
    filled = np.clip(y, c - HALF, c + HALF)
    filled[:, 0, :, 0] = c[:, 0, :, 0]
    filled *= step
    return np.asarray(filled)


def _to_waves(values: Floats) -> Floats:
    height, width = values.shape
    blocks = values.reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK)
    return np.asarray(dctn(blocks, axes=(1, 3), norm="ortho"))


def _to_values(waves: Floats) -> Floats:
    rows, _, columns, _ = waves.shape
    return np.asarray(idctn(waves, axes=(1, 3), norm="ortho")).reshape(rows * BLOCK, columns * BLOCK)
