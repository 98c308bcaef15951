"""Lamps a pixel wide keep their colour in JPEGs that store one colour for several pixels."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from pipeline.photo.chroma import coloured_rows, keep_colour_apart, shared_colour
from pipeline.photo.reader import read_photo, srgb_to_linear
from pipeline.photo.strips import strips
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


def as_decoded(file: Path) -> NDArray[np.float32]:
    return srgb_to_linear(np.moveaxis(np.asarray(Image.open(file)), -1, 0) / 255)


@pytest.mark.parametrize("subsampling", [1, 2], ids=["two pixels", "four pixels"])
@pytest.mark.parametrize("shape", [(240, 320), (241, 323)], ids=["even", "odd"])
def test_small_lamps_keep_their_colour(tmp_path, subsampling, shape):
    light = lamps(shape)
    lit = light[1] > 0.02
    file = saved(developed(light), tmp_path, 98, subsampling)
    true = tone(light, lit)
    # Rounding of light to 8 bits alone makes it 0.03 too low; dim edges of lamps are given too much, 0.04.
    assert tone(read_photo(file).photo.light, lit) == pytest.approx(true, abs=0.08)
    assert tone(as_decoded(file), lit) > true + (0.04 if subsampling == 1 else 0.1)


# Steps of colours, 2 codes at quality 98, are 10 and more of the fast waves at 92 and 25 at 80.
@pytest.mark.parametrize(("quality", "error", "decoded"), [(92, 0.06, 0.4), (80, 0.15, 0.8)])
def test_small_lamps_keep_what_coarse_steps_hide(tmp_path, quality, error, decoded):
    light = lamps((240, 320))
    lit = light[1] > 0.02
    file = saved(developed(light), tmp_path, quality, 2)
    true = tone(light, lit)
    assert tone(read_photo(file).photo.light, lit) == pytest.approx(true, abs=error)
    assert tone(as_decoded(file), lit) > true + decoded


@pytest.mark.parametrize("subsampling", [1, 2], ids=["two pixels", "four pixels"])
@pytest.mark.parametrize("shape", [(240, 320), (241, 323)], ids=["even", "odd"])
def test_strips_are_parts_of_the_whole(tmp_path, subsampling, shape):
    image = Image.open(saved(developed(lamps(shape)), tmp_path, 80, subsampling))
    shared = keep_colour_apart(image)
    assert shared is not None
    image.load()
    colour = shared_colour(image, shared)
    whole = coloured_rows(image, colour, slice(0, image.height))
    for rows in strips(image.height):
        np.testing.assert_array_equal(coloured_rows(image, colour, rows), whole[:, rows])


def test_what_is_wider_than_a_few_pixels_is_as_right_as_decoded(tmp_path):
    rng = np.random.default_rng(1)
    smooth = np.stack([gaussian_filter(rng.uniform(0, 1, (200, 240)), 12) for _ in range(3)])
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    codes = developed(0.05 + 0.5 * smooth).astype(int)
    file = saved(codes.astype(np.uint8), tmp_path, 95, 2)
    plain = np.asarray(Image.open(file))
    image = Image.open(file)
    shared = keep_colour_apart(image)
    assert shared == (2, 2)
    image.load()
    read = np.moveaxis(coloured_rows(image, shared_colour(image, shared), slice(0, image.height)), 0, -1)
    plain_error, error = ((values.astype(int) - codes).std() for values in (plain, read))
    assert error < 1.02 * plain_error < 1  # codes; chance alone makes a hundredth of a difference


def test_a_file_with_a_colour_for_every_pixel_is_read_as_it_is(tmp_path):
    file = saved(developed(lamps((240, 320))), tmp_path, 95, 0)
    np.testing.assert_array_equal(read_photo(file).photo.light, as_decoded(file))
    assert keep_colour_apart(Image.open(file)) is None
