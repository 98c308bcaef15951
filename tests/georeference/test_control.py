"""Cities held out of the fit: which they are, and the odds that chance puts them where they are predicted."""

import numpy as np
import pytest

from pipeline.camera.earth import Array
from pipeline.georeference.control import ControlPoints, held_out, held_out_probability
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
