"""Where the Sun stands, against ephemerides computed elsewhere."""

from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.camera.sun import sun_elevation_deg

# The formulas are good to 0.01 degrees, their sidereal time with UTC for UT1 to 0.004.
TOLERANCE_DEG = 0.02


@pytest.mark.parametrize(
    ("time", "lon", "lat", "expected_deg"),
    [
        # J. Meeus, Astronomical Algorithms, example 25.b: at 0 h TD of 13 October 1992 the Sun's apparent
        # declination is -7.78507 and its right ascension 198.38083 degrees. It is in the zenith of the place
        # of that latitude whose sidereal time, 21.7912 degrees at 0 h UT plus the longitude, is that right
        # ascension.
        (datetime(1992, 10, 13, tzinfo=UTC), 198.38083 - 21.7912, -7.78507, 90.0),
        # Example in NREL/TP-560-34302 (Solar Position Algorithm): 17 October 2003, 12:30:30 at UTC-7,
        # 39.742476 N, 105.1786 W: topocentric elevation without refraction 39.872046 degrees.
        (datetime(2003, 10, 17, 19, 30, 30, tzinfo=UTC), -105.1786, 39.742476, 39.872),
        # The pole at the June solstice of 2012 sees the obliquity of the ecliptic, 23.4377 degrees.
        (datetime(2012, 6, 20, 23, 9, tzinfo=UTC), 0.0, 90.0, 23.438),
    ],
)
def test_the_sun_is_where_others_compute_it(
    time: datetime, lon: float, lat: float, expected_deg: float
) -> None:
    # Of a Sun in the zenith, what both its coordinates are off by makes the distance from there.
    slack = 2 * TOLERANCE_DEG if expected_deg == 90 else TOLERANCE_DEG
    assert sun_elevation_deg(time, lon, lat) == pytest.approx(expected_deg, abs=slack)


def test_many_places_at_once() -> None:
    lon, lat = np.meshgrid([0.0, 90.0, 180.0], [-40.0, 0.0, 40.0])
    time = datetime(2012, 2, 9, 21, 51, 26, tzinfo=UTC)
    elevation = sun_elevation_deg(time, lon, lat)
    assert elevation.shape == (3, 3)
    assert elevation[2, 0] < -20  # night over Europe
    assert elevation[1, 2] > 45  # ten in the morning in the Pacific
