"""Colour that follows brightness is found again where its waves were too weak to be stored."""

import numpy as np
from scipy.fft import dctn, idctn

from pipeline.photo.quantisation import sharpened

STEP = np.full((8, 8), 16.0, np.float32)
STEP[:3, :3] = 4.0


def waves(values: np.ndarray) -> np.ndarray:
    """Blocks (rows, columns, 8, 8) of the transform of values whose sides are whole blocks."""
    height, width = values.shape
    blocks = values.reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2)
    return dctn(blocks, axes=(2, 3), norm="ortho")


def stored(colour: np.ndarray) -> np.ndarray:
    """A colour as a file gives it back."""
    whole_steps = np.rint(waves(colour) / STEP) * STEP
    blocks = idctn(whole_steps, axes=(2, 3), norm="ortho")
    return blocks.swapaxes(1, 2).reshape(colour.shape).astype(np.float32)


def lamps(seed: int, shape: tuple[int, int] = (64, 96)) -> np.ndarray:
    """Brightness in codes: two lamps of one value each in every block, on a dark ground."""
    rng = np.random.default_rng(seed)
    lit = np.zeros((shape[0] // 8, shape[1] // 8, 64), np.float32)
    np.put_along_axis(lit, rng.integers(0, 64, (*lit.shape[:2], 2)), 40, axis=2)
    return 20 + lit.reshape(*lit.shape[:2], 8, 8).swapaxes(1, 2).reshape(shape)


def test_weak_waves_of_lamps_come_back():
    bright = lamps(1)
    colour = 0.4 * (bright - 20)
    blunt = stored(colour)
    sharp, coarse = sharpened([blunt, blunt], bright, [STEP, 2 * STEP])
    lit = bright > 20
    # Alone in 2 of 64 values, most of a lamp's 16 codes is in waves that were stored as 0. They count as
    # colour that does not follow, which takes a third off the slope.
    assert blunt[lit].mean() < 0.2 * 16
    assert 0.6 * 16 < sharp[lit].mean() < 16
    # Each colour has steps of its own.
    np.testing.assert_array_equal(coarse, sharpened([blunt], bright, [2 * STEP])[0])
    assert np.abs(coarse - sharp).max() > 0.1


def test_no_wave_leaves_what_its_rounding_hid_and_means_stay():
    rng = np.random.default_rng(2)
    bright = lamps(2)
    colour = rng.normal(0, 10, bright.shape)  # which follows nothing
    blunt = stored(colour)
    moved = waves(sharpened([blunt], bright, [STEP])[0]) - waves(blunt)
    assert (np.abs(moved) <= STEP / 2 + 1e-3).all()
    assert np.abs(moved[..., 0, 0]).max() < 1e-3
    assert np.abs(moved).max() > 7.9  # some are moved as far as they may


def test_a_block_is_its_own():
    bright = lamps(3)
    bright[:, 40:] = 20  # nothing to follow
    blunt = stored(np.where(np.arange(96) < 40, 0.4, 0.0) * (bright - 20))
    other = bright.copy()
    other[8:16, 8:16] = 20
    sharp, apart = (sharpened([blunt], b, [STEP])[0] for b in (bright, other))
    changed = np.abs(sharp - apart) > 1e-3
    assert changed[8:16, 8:16].any()
    changed[8:16, 8:16] = False
    assert not changed.any()
    np.testing.assert_allclose(sharp[:, 40:], blunt[:, 40:], atol=1e-3)


def test_sides_need_not_be_whole_blocks():
    bright = lamps(4, (64, 96))
    blunt = stored(0.4 * (bright - 20))
    whole = sharpened([blunt], bright, [STEP])[0]
    part = sharpened([blunt[:61, :90]], bright[:61, :90], [STEP])[0]
    assert part.shape == (61, 90)
    np.testing.assert_allclose(part[:56, :88], whole[:56, :88], atol=1e-4)
