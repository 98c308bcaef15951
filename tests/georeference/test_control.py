"""Cities held out of the fit: which they are, and the odds that chance puts them where they are predicted."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.camera.earth import Array
from pipeline.georeference.control import ControlPoints, check_errors, held_out, held_out_probability
from pipeline.georeference.settings import ControlSettings
from pipeline.ground.cities import Cities

REACH_PX = 30.0
# A disc of a third of the reach in the square of the reach each way: pi 10^2 / 60^2.
NEAR = 0.0872665


def checked(away_px: list[float], used: str = "check") -> ControlPoints:
    """Cities whose light is so far from where it is predicted, to the lower right."""
    away = np.array(away_px)
    n = len(away)
    residual: Array = np.stack([0.6 * away, 0.8 * away], -1)
    cities = Cities(*(np.zeros(n) for _ in range(3)), np.full(n, "x"), np.full(n, "DE"))
    return ControlPoints(
        cities=cities,
        seen_px=residual,
        residual_px=residual,
        residual_m=away,
        correlation=np.ones(n),
        used=np.full(n, used),
        zenith_deg=np.zeros(n),
        reach_px=REACH_PX,
    )


@pytest.mark.parametrize(
    ("away_px", "odds"),
    [
        ([9.9], NEAR),
        ([10.1], 1.0),
        ([9.9, 9.9], NEAR**2),
        ([9.9, 25.0], 1 - (1 - NEAR) ** 2),
        ([0.0, 5.0, 29.0], 3 * NEAR**2 * (1 - NEAR) + NEAR**3),
    ],
)
def test_odds_are_those_of_so_many_or_more_in_a_third_of_the_reach(away_px: list[float], odds: float) -> None:
    assert held_out_probability(checked(away_px)) == pytest.approx(odds, rel=1e-5)


def test_only_held_out_cities_count() -> None:
    assert held_out_probability(checked([0.0, 0.0], used="fit")) == 1.0
    assert held_out_probability(checked([])) == 1.0


def test_every_fifth_city_is_held_out_but_not_the_biggest() -> None:
    assert np.flatnonzero(held_out(13, ControlSettings().check_every)).tolist() == [2, 7, 12]


def test_cities_near_the_limb_do_not_enter_the_errors() -> None:
    """Beyond 70 degrees nothing is mapped; a light seen beside the Earth's limb is at no distance at all."""
    points = replace(
        checked([3.0, 4.0, 500.0, 2.0]),
        zenith_deg=np.array([10.0, 70.0, 70.1, 89.0]),
        residual_m=np.array([300.0, 400.0, 16_439.0, np.nan]),
    )
    errors = check_errors(points)
    assert errors.n == 2
    assert errors.rmse_m == pytest.approx(353.6, abs=0.1)
    assert errors.max_px == pytest.approx(4.0)


def test_a_light_seen_in_the_sky_is_no_error_in_metres() -> None:
    points = replace(checked([3.0, 4.0]), residual_m=np.array([300.0, np.nan]))
    assert check_errors(points).rmse_m is None
