"""What can be a night photograph, by the light of frames at hand: white is 1."""

from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.errors import PhotoError
from pipeline.models import Facts, LonLat, LookAt
from pipeline.photo.night import Sun, check_night, sun_over
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


LIEGE = LookAt(lon=5.57, lat=50.64, radius_km=50)
DAY, NIGHT = Sun(0.1, 30.0), Sun(-50.0, -6.1)


def test_a_bright_city_by_night_is_no_day() -> None:
    """400 mm over a city: half of its pixels are streets and squares, at 0.28 of white."""
    check_night(frame(0.28, 1.0), "a.jpg", NIGHT)
    # Its lights are no further above the middle than neighbours differ.
    check_night(frame(0.28, 1.0, noise=0.1), "a.jpg", NIGHT)


@pytest.mark.parametrize("sun", [None, Sun(-6.2, -5.9), Sun(-0.1, 5.0), Sun(-40.0, 3.0)])
def test_brightness_tells_where_the_sun_does_not(sun: Sun | None) -> None:
    """No time, twilight, or a view so wide that the Sun stands on some of it."""
    with pytest.raises(PhotoError, match=r"too bright for a night photograph: .*, or taken_at if a bright"):
        check_night(frame(0.28, 1.0), "a.jpg", sun)
    check_night(frame(0.02, 1.0), "a.jpg", sun)


def test_a_dark_picture_taken_by_day_is_refused() -> None:
    with pytest.raises(PhotoError, match=r"^a\.jpg: was taken by day: the Sun stood 0 degrees or more above"):
        check_night(frame(0.01, 1.0), "a.jpg", DAY)


def test_the_sun_stands_where_the_photo_looks_and_below_the_station() -> None:
    """On 21 March it is at the zenith at 0 E, 0 N near noon UTC: 90 degrees off it stands at the horizon."""
    noon = datetime(2012, 3, 20, 12, 7, tzinfo=UTC)
    seen = LookAt(lon=0.0, lat=0.0, radius_km=111.2)
    sun = sun_over(Facts(taken_at=noon, nadir=LonLat(lon=20.0, lat=0.0)), seen)
    assert sun is not None
    # The time is rounded to the minute, a quarter of a degree, and the Sun's declination is not quite 0.
    assert (sun.lowest_deg, sun.highest_deg) == pytest.approx((69.0, 91.0), abs=0.6)
    assert sun_over(Facts(nadir=LonLat(lon=20.0, lat=0.0)), seen) is None


@pytest.mark.parametrize(("hour", "day"), [(12, True), (22, False)])
def test_liege_in_summer(hour: int, day: bool) -> None:
    sun = sun_over(Facts(taken_at=datetime(2012, 6, 20, hour, tzinfo=UTC)), LIEGE)
    assert sun is not None
    assert (sun.lowest_deg > 0) is day
    assert (sun.highest_deg < -6) is not day


def test_a_frame_darker_than_black_is_a_night() -> None:
    """A raw file that overstates its black level by two codes has a negative median."""
    check_night(frame(-2 / 16383, 1.0), "a.nef")
    with pytest.raises(PhotoError, match="is all black: its brightest light is 0"):
        check_night(frame(-2 / 16383, 0.004), "a.nef")
