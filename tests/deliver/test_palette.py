"""Classes of position uncertainty that fit their own range."""

import numpy as np
import pytest

from pipeline.deliver.palette import SIGMA, sigma_stops


@pytest.mark.parametrize(
    ("low", "high", "edges"),
    [(15, 59, [20, 30, 40, 50]), (60, 400, [100, 200, 300]), (2.1, 4.2, [2.5, 3, 3.5, 4])],
)
def test_a_range_has_four_to_six_classes(low: float, high: float, edges: list[float]) -> None:
    stops = sigma_stops(np.linspace(low, high, 1001))
    ends = [stop.value for stop in stops]
    assert ends[-1] == np.inf
    assert set(edges) <= set(ends)
    assert 4 <= len(stops) <= len(SIGMA)
    assert len({stop.colour for stop in stops}) == len(stops)


def test_labels_say_the_ends() -> None:
    labels = [stop.label for stop in sigma_stops(np.linspace(15, 59, 1001))]
    assert labels[:2] == ["up to 20 m", "20 to 30 m"]
    assert labels[-1] == "over 50 m"


def test_one_value_has_a_class_and_none_has_the_fixed_ones() -> None:
    assert [stop.label for stop in sigma_stops(np.full(9, 30.0))] == ["up to 30 m", "over 30 m"]
    assert sigma_stops(np.full(9, np.nan)) == SIGMA
