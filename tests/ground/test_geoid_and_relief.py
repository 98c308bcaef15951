"""Tables of the ground that come with the project: the geoid, and how uneven the ground is."""

import numpy as np
import pytest

from pipeline.ground.geoid import geoid_m, read_geoid
from pipeline.ground.relief import DEFAULT_M, read_relief_m


@pytest.mark.parametrize(
    ("lat", "lon", "height_m"),
    [
        (38.6281550, 269.7791550, -31.628),
        (-14.6212170, 305.0211140, -2.969),
        (46.8743190, 102.4487290, -43.575),
        (-23.6174460, 133.8747120, 15.871),
        (38.6254730, 359.9995000, 50.066),
        (-0.4667440, 0.0023000, 17.329),
    ],
)
def test_the_geoid_is_that_of_its_authors(lat: float, lon: float, height_m: float) -> None:
    """The six places of the test file that NGA gives with EGM96's own program. A table of whole degrees is
    off by 0.4 m (1 sigma) of the model, which is a twentieth of what a DEM is good to."""
    assert geoid_m(read_geoid(), lon, lat)[0] == pytest.approx(height_m, abs=1.2)


def test_the_geoid_has_no_seam() -> None:
    table = read_geoid()
    assert np.ptp(geoid_m(table, [179.9999, -179.9999, 180.0, -180.0], [10.0] * 4)) < 0.01
    assert np.isfinite(geoid_m(table, [0.0, 77.0], [90.0, -90.0])).all()


@pytest.mark.parametrize(
    ("lon", "lat", "sigma_m"),
    [(4.4, 51.9, 20), (5.6, 50.65, 140), (8.6, 50.0, 160), (135.5, 34.7, DEFAULT_M)],
)
def test_relief_is_of_the_place_or_cautious(lon: float, lat: float, sigma_m: float) -> None:
    """Rotterdam, Liège, Frankfurt, Osaka."""
    assert read_relief_m(lon, lat) == sigma_m
