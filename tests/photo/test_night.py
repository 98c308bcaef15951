"""What can be a night photograph, by the light of frames at hand: white is 1."""

import numpy as np
import pytest

from pipeline.errors import PhotoError
from pipeline.photo.night import check_night
from pipeline.photo.photo import Photo


def frame(median: float, lamps: float, noise: float = 1e-4) -> Photo:
    """A frame of even darkness with noise, one in a thousand of its pixels a lamp."""
    light = np.random.default_rng(0).normal(median, noise, (3, 100, 200))
    light[:, ::25, ::40] = lamps
    return Photo(light.astype(np.float32), np.zeros((100, 200), bool))


@pytest.mark.parametrize("median", [0.0, 0.016, 0.079])
def test_a_night_is_darker_than_8_in_100_of_white(median: float) -> None:
    """Nights at hand have a median of 0 to 0.016, days of 0.15 to 0.4; the limit is their geometric middle,
    a little to the side of the day: moonlit snow is a night."""
    check_night(frame(median, 1.0), "a.jpg")


@pytest.mark.parametrize("median", [0.081, 0.15, 0.4])
def test_a_day_is_refused_by_its_median_light(median: float) -> None:
    told = rf"^a\.jpg: is too bright for a night photograph: its median light is {median:.2f} of white, "
    with pytest.raises(PhotoError, match=told + r"at night below 0\.08;"):
        check_night(frame(median, 1.0), "a.jpg")


@pytest.mark.parametrize(("lamps", "noise"), [(0.0049, 1e-5), (0.0165, 5e-4)])
def test_light_that_does_not_rise_above_the_dark_is_refused(lamps: float, noise: float) -> None:
    """Darker than code 16 of 255; or a part of the noise, 6 sigmas of which are 0.003 here."""
    dark = 0.001 if lamps < 0.005 else 0.016
    with pytest.raises(PhotoError, match="is all black: its brightest light is 0"):
        check_night(frame(dark, lamps, noise), "a.jpg")
    check_night(frame(dark, lamps + 0.01, noise), "a.jpg")


def test_a_frame_without_light_is_refused() -> None:
    with pytest.raises(PhotoError, match=r"^a\.jpg: is all black; no light to measure"):
        check_night(frame(np.nan, np.nan), "a.jpg")


def test_a_frame_darker_than_black_is_a_night() -> None:
    """A raw file that overstates its black level by two codes has a negative median."""
    check_night(frame(-2 / 16383, 1.0), "a.nef")
    with pytest.raises(PhotoError, match="is all black: its brightest light is 0"):
        check_night(frame(-2 / 16383, 0.004), "a.nef")
