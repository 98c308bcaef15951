"""The search: how the photo, turned and shifted, correlates with the light expected; its peaks."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import affine_transform, gaussian_filter, maximum_filter

from pipeline.georeference.reference import Image
from pipeline.georeference.search import _correlate, _Spectra, _turned, highest_peaks, straightened
from pipeline.georeference.working_image import WorkingImage
from tests.georeference.test_adjust import PRIOR

DISTANCE_PX, COUNT = 8, 2


@pytest.mark.parametrize("shape", [(64, 64), (61, 90), (7, 5)])
@pytest.mark.parametrize("seed", range(5))
def test_the_highest_peaks_are_those_of_a_filter_over_all(shape: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    score = gaussian_filter(rng.standard_normal(shape), 2).astype(np.float32)
    score[rng.random(shape) < 0.2] = -1  # not allowed
    peaks = (score == maximum_filter(score, DISTANCE_PX)) & (score > -1)
    expected = sorted(np.argwhere(peaks).tolist(), key=lambda at: -score[tuple(at)])[:COUNT]
    assert [list(at) for at in highest_peaks(score, COUNT, DISTANCE_PX)] == expected


def test_where_nothing_is_allowed_there_is_no_peak() -> None:
    assert highest_peaks(np.full((20, 30), -1, np.float32), COUNT, DISTANCE_PX) == []


def drawn(values: Image, roll_deg: float, side: int) -> Image:
    """A picture turned about the middle of a canvas."""
    angle = np.radians(roll_deg)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = (np.array(values.shape) - 1) / 2
    return affine_transform(values, turn, middle - turn @ np.full(2, (side - 1) / 2), (side, side), order=1)


def by_hand(reference: Image, image: Image, mask: NDArray[np.bool_], shift: tuple[int, int]) -> float:
    """The correlation of what the mask lets through, at one shift."""
    seen = np.roll(reference, (-shift[0], -shift[1]), (0, 1))[mask]
    return float(np.corrcoef(seen, image[mask])[0, 1])


@pytest.mark.parametrize("side", [75, 80])
@pytest.mark.parametrize("roll_deg", [4.0, 32.0, 100.0])
@pytest.mark.parametrize("symmetric", [True, False], ids=["frame", "frame with a corner hidden"])
def test_a_turned_photo_correlates_upright_and_upside_down(
    side: int, roll_deg: float, symmetric: bool
) -> None:
    rng = np.random.default_rng(side)
    image = gaussian_filter(rng.lognormal(0, 2, (25, 36)), 1).astype(np.float32)
    valid = np.ones(image.shape, bool)
    if not symmetric:
        valid[:9, :12] = False
    reference = gaussian_filter(rng.lognormal(0, 2, (side, side)), 1).astype(np.float32)
    reference -= reference.mean()
    spectra = _Spectra(fft.rfft2(reference), fft.rfft2(reference**2))
    place = np.arange(side // 2 - 8, side // 2 + 9)
    turned = _turned(image, valid, roll_deg, side)
    assert turned.even == symmetric
    both = _correlate(spectra, turned, place)
    for k, correlation in enumerate(both):
        roll = roll_deg + 180 * k
        mask = drawn(valid.astype(np.float32), roll, side) > 0.5
        light = drawn(image, roll, side)
        for i, j in ((0, 0), (3, 12), (16, 7)):
            shift = int(place[i]) - (side - 1) // 2, int(place[j]) - (side - 1) // 2
            # Fourier transforms of 32 bits, of light whose brightest pixels are a hundred times the rest.
            assert correlation[i, j] == pytest.approx(by_hand(reference, light, mask, shift), abs=1e-4)


def spots(places: list[tuple[int, int]]) -> WorkingImage:
    """Lights of one pixel at search size, of a photo 16 times as large."""
    image = np.zeros((88, 133), np.float32)
    for row, column in places:
        image[row, column] = 1
    return WorkingImage(gaussian_filter(image, 2), np.ones(image.shape, bool), 1 / 16)


def test_a_whole_frame_is_searched_as_it_is() -> None:
    view = spots([(20, 30)])
    assert straightened(view, PRIOR) is view


@pytest.mark.parametrize(("column", "seen"), [(66, 66.0), (110, 95.9)])
def test_a_crop_is_straightened_as_a_lens_behind_its_middle_would_show_it(column: int, seen: float) -> None:
    """Of 125 px at search size, at the left edge: the middle is 28.0 degrees off its axis, a light 44 px
    farther right 41.5 degrees, which is 125 tan(13.5) = 29.9 px from the middle of the other lens."""
    prior = replace(PRIOR, focal_px=2000.0, principal_point_px=(-0.5, 703.5))
    image = straightened(spots([(44, column)]), prior).image
    rows, columns = np.indices(image.shape)
    assert (columns * image).sum() / image.sum() == pytest.approx(seen, abs=0.5)
    assert (rows * image).sum() / image.sum() == pytest.approx(44, abs=0.5)
