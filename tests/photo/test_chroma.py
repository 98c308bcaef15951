"""Lamps a pixel wide keep their colour in JPEGs that store one colour for several pixels."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pipeline.photo.chroma import coloured, keep_colour_apart
from pipeline.photo.reader import read_photo, srgb_to_linear
from pipeline.simulate.render import developed

SODIUM = (0.4, 0.16, 0.08)


def saved(codes: NDArray[np.uint8], folder: Path, quality: int, subsampling: int) -> Path:
    file = folder / "a.jpg"
    Image.fromarray(codes).save(file, quality=quality, subsampling=subsampling)
    return file


def lamps(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Linear light of sodium lamps, a pixel wide, on a dark ground."""
    rng = np.random.default_rng(0)
    lit = np.zeros(shape)
    lit[rng.integers(0, shape[0], 300), rng.integers(0, shape[1], 300)] = 4.0
    return np.reshape(SODIUM, (3, 1, 1)) * gaussian_filter(lit, 0.7) + 0.004


def tone(light: NDArray[np.floating], lit: NDArray[np.bool_]) -> float:
    red, green = (light[band][lit].sum() - 0.004 * lit.sum() for band in (0, 1))
    return float(np.log2(green / red))


@pytest.mark.parametrize("subsampling", [1, 2], ids=["two pixels", "four pixels"])
@pytest.mark.parametrize("shape", [(240, 320), (241, 323)], ids=["even", "odd"])
def test_small_lamps_keep_their_colour(tmp_path, subsampling, shape):
    light = lamps(shape)
    lit = light[1] > 0.02
    file = saved(developed(light), tmp_path, 98, subsampling)
    plain = srgb_to_linear(np.moveaxis(np.asarray(Image.open(file)), -1, 0) / 255)
    true = tone(light, lit)
    # What is left is the rounding of colours in the file: 2 % of the ratio.
    assert tone(read_photo(file).photo.light, lit) == pytest.approx(true, abs=0.04)
    assert tone(plain, lit) > true + (0.04 if subsampling == 1 else 0.1)


def test_what_is_wider_than_a_few_pixels_stays_as_it_is_decoded(tmp_path):
    rng = np.random.default_rng(1)
    smooth = np.stack([gaussian_filter(rng.uniform(0, 1, (200, 240)), 12) for _ in range(3)])
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    file = saved(developed(0.05 + 0.5 * smooth), tmp_path, 95, 2)
    plain = np.asarray(Image.open(file)).astype(int)
    image = Image.open(file)
    shared = keep_colour_apart(image)
    assert shared == (2, 2)
    # Rounded twice, once as brightness and colour and once as red, green and blue.
    assert np.abs(np.asarray(coloured(image, shared)).astype(int) - plain).max() <= 3


def test_a_file_with_a_colour_for_every_pixel_is_read_as_it_is(tmp_path):
    file = saved(developed(lamps((240, 320))), tmp_path, 95, 0)
    plain = srgb_to_linear(np.moveaxis(np.asarray(Image.open(file)), -1, 0) / 255)
    np.testing.assert_array_equal(read_photo(file).photo.light, plain)
    assert keep_colour_apart(Image.open(file)) is None
