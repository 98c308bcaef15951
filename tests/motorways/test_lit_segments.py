"""Stretches of a road from how probably each block of it is lit."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.motorways.lit_segments import find_segments, lit_light, runs
from pipeline.motorways.settings import MOTORWAY_SETTINGS
from tests.motorways.roads import LIT, a_road


def kinds_of(road):
    return [(segment.lit, segment.start, segment.stop) for segment in road.segments]


def test_stretches_lie_end_to_end_and_are_what_their_blocks_are():
    road = a_road((-2, "lit"), (1, "undecidable"), (15, "dark"))
    assert kinds_of(road) == [("lit", 0, 130), ("undecidable", 130, 160), ("dark", 160, 300)]
    lit, _, dark = road.segments
    assert (lit.length_m, dark.length_m) == (13_000, 14_000)
    assert lit.light == pytest.approx(LIT)
    # 130 blocks of sigma 1 each.
    assert lit.sigma == pytest.approx(130**-0.5)
    assert (lit.seen, lit.town) == (1, 0)


def test_a_lit_stretch_never_covers_what_cannot_be_told():
    road = a_road((-2, "lit"), (-1.5, "undecidable"), (5, "lit"), (15, "dark"))
    assert [kind for kind, *_ in kinds_of(road)] == ["lit", "undecidable", "lit", "dark"]
    assert [(run.lit, run.start, run.stop) for run in runs(road.segments)] == [
        ("lit", 0, 200),
        ("dark", 200, 300),
    ]


@pytest.mark.parametrize(
    ("length_km", "kinds"), [(0.9, ["lit", "undecidable", "lit"]), (1.0, ["lit", "dark", "lit"])]
)
def test_what_is_shorter_than_a_kilometre_may_be_a_village(length_km, kinds):
    road = a_road((-2, "lit"), (-2 + length_km, "dark"), (15, "lit"))
    assert [kind for kind, *_ in kinds_of(road)] == kinds


def test_like_stretches_count_as_one_over_what_cannot_be_told_between_them():
    """Twice 600 m of darkness around 300 m of a town."""
    road = a_road((-2, "lit"), (-1.4, "dark"), (-1.1, "undecidable"), (-0.5, "dark"), (15, "lit"))
    assert [kind for kind, *_ in kinds_of(road)] == ["lit", "dark", "undecidable", "dark", "lit"]


def test_odds_of_39_to_one_tell():
    road = a_road((15, "lit"))
    for probability, kind in (
        (0.974, "undecidable"),
        (0.976, "lit"),
        (0.024, "dark"),
        (0.026, "undecidable"),
    ):
        followed = replace(road.followed, lit=np.full(300, probability))
        (segment,) = find_segments(followed, road.profile, MOTORWAY_SETTINGS)
        assert segment.lit == kind


def test_light_of_a_lit_motorway_needs_two_kilometres():
    for lit_km, expected in ((1.9, None), (2.0, LIT)):
        road = a_road((-15 + lit_km, "lit"), (15, "dark"))
        found = lit_light([(road.followed, road.segments)], MOTORWAY_SETTINGS)
        assert found == (None if expected is None else pytest.approx(expected))


def test_a_joined_run_has_the_light_and_the_length_of_its_parts():
    """3 km of light 100 and 1 km of 60, all of one sigma, with 1 km between that cannot be told."""
    road = a_road((-12, "lit"), (-11, "undecidable"), (-10, "lit"), (15, "dark"))
    road.profile.light[40:50] = 60.0
    segments = find_segments(road.followed, road.profile, MOTORWAY_SETTINGS)
    run = runs(segments)[0]
    assert (run.start, run.stop, run.length_m) == (0, 50, 4000)
    assert run.light == pytest.approx((3 * 100 + 60) / 4)
    assert run.sigma == pytest.approx(40**-0.5)
