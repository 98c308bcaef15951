"""Noise beside the road, planted lit stretches, and classes by hand."""

import itertools
import math

import numpy as np
import pytest

from pipeline.motorways.lit_segments import (
    RoadNoise,
    change_points,
    classified,
    grouped,
    lit_light,
    make_profile,
    runs,
)
from pipeline.motorways.settings import MOTORWAY_SETTINGS
from tests.motorways.roads import (
    LIT,
    segment,
    segments_of,
    strips_of,
)

LIT_SIGMAS = MOTORWAY_SETTINGS.lit_sigmas


def test_grouped_means_are_weighted_and_the_last_group_takes_the_rest():
    values, weight = np.array([1.0, 3.0, np.nan, 5.0, 7.0, 9.0, 11.0]), np.array([1.0, 1, 0, 1, 3, 1, 1])
    means, total = grouped(values, weight, 2)
    np.testing.assert_allclose(means, [2.0, 5.0, (21 + 9 + 11) / 5])
    np.testing.assert_allclose(total, [2.0, 1.0, 5.0])


def test_noise_of_a_known_sigma_is_found():
    profile = make_profile(*strips_of(np.random.default_rng(0), lambda s: s < 0))
    # The corridor less the mean of two strips: sqrt(1 + 1/2) of the noise; 13 x 800 values tell it to 3 %.
    assert np.median(profile.sigma) == pytest.approx(40 * math.sqrt(1.5), rel=0.05)
    assert profile.noise.spread == pytest.approx(1.0, abs=0.1)
    assert profile.noise.tail >= 10  # the noise is normal
    assert profile.noise.memory < 1.3  # and each block's its own


@pytest.mark.parametrize(("tail", "blocks"), [(1.5, 3), (2.0, 5), (3.0, 15), (100.0, 9)])
def test_noise_with_heavy_tails_is_as_seldom_bright_as_normal_noise(tail, blocks):
    """3 sigma of a median of few blocks, in which one town may have the say."""
    sigma = RoadNoise(tail, 2.0, 1.0).median_sigma(blocks, float(blocks), LIT_SIGMAS)
    draws = 2 * np.random.default_rng(8).standard_t(tail, (100_000, blocks))
    # Of normal noise 0.00135; the law of the tail is good to a factor of two, chance to 0.0001. With the
    # sigma of normal noise it would be 0.029, 0.013, 0.0045 and 0.0013.
    assert 0.0006 < np.mean(np.median(draws, axis=1) > 3 * sigma) < 0.0016
    # Of blocks that know of each other fewer count.
    assert (
        RoadNoise(tail, 2.0, 2.0).median_sigma(blocks, float(blocks), LIT_SIGMAS)
        > math.sqrt(2) * 0.999 * sigma
    )


def test_planted_stretches_are_foundand_classified():
    def lit(s):
        return (s < -4000) | ((s > 0) & (s < 5000))

    profile = make_profile(*strips_of(np.random.default_rng(1), lit))
    found = runs(segments_of(profile))
    assert [run.lit for run in found] == ["lit", "dark", "lit", "dark"]
    edges_m = [profile.chainage_m[run.start] for run in found[1:]]
    assert edges_m == pytest.approx([-4000, 0, 5000], abs=150)  # a block and a half
    for run in found[::2]:
        assert run.light == pytest.approx(LIT, abs=4 * run.sigma)
    # 160 stations of sigma 49 in 4 km.
    assert found[1].sigma == pytest.approx(40 * math.sqrt(1.5 / 160), rel=0.25)


def test_a_village_on_a_dark_road_is_neither_a_lit_road_nor_the_end_of_one():
    """Light of 800 m and of ten times the road's, on the road and as far beside it as the nearest strips."""
    chainage, strips, noise, blur, _ = strips_of(np.random.default_rng(2), lambda s: s < -3000)
    village = np.exp(-(((chainage - 3000) / 400) ** 2) / 2)
    for index in range(4, 9):
        strips[index] += 10 * LIT * village * np.random.default_rng(index).gamma(2, 0.5, len(chainage))
    profile = make_profile(chainage, strips, noise, blur, MOTORWAY_SETTINGS)
    assert [run.lit for run in runs(segments_of(profile))] == ["lit", "dark"]
    town = profile.in_town(LIT, MOTORWAY_SETTINGS.town_share)
    assert town[np.abs(chainage - 3000) < 300].all()
    assert not town[np.abs(chainage - 3000) > 2500].any()


def test_what_cannot_be_seen_is_undecidable():
    chainage, strips, noise, blur, _ = strips_of(np.random.default_rng(3), lambda s: s < 0)
    strips[:, chainage > -500] = np.nan
    found = segments_of(make_profile(chainage, strips, noise, blur, MOTORWAY_SETTINGS))
    assert {one.lit for one in found} == {"lit"}
    assert sum(one.stop - one.start for one in found) == len(chainage)
    nothing = segments_of(
        make_profile(chainage, np.full_like(strips, np.nan), noise, blur, MOTORWAY_SETTINGS)
    )
    assert [one.lit for one in nothing] == ["undecidable"]
    assert math.isnan(nothing[0].light)


@pytest.mark.parametrize(
    ("one", "lit", "expected"),
    [
        (segment(90, 3), 100, "lit"),
        (segment(5, 3), 100, "dark"),
        (segment(28, 3), 100, "dark"),  # light, but less than 0.3 of a lit motorway's
        (segment(45, 3), 100, "lit"),
        (segment(25, 13), 100, "undecidable"),  # may be half as bright as a lit one
        (segment(90, 18), 100, "undecidable"),  # 2 km would not stand out by 4 sigma
        (segment(90, 3, seen=0.2), 100, "undecidable"),
        (segment(90, 3, town=0.6), 100, "undecidable"),
        (segment(90, 3, even=False), 100, "undecidable"),
        (segment(5, 3), None, "dark"),
        (segment(8, 3), None, "undecidable"),  # light of 2.7 sigma may be that of faint lamps
    ],
)
def test_classes_by_hand(one, lit, expected):
    assert classified([one], lit, MOTORWAY_SETTINGS)[0].lit == expected


def test_the_light_of_a_lit_motorway_is_the_median_over_length_of_what_is_sure():
    lengths = {80.0: 30, 100.0: 50, 150.0: 40}
    sure = [segment(light, 1.0, start=0, stop=n) for light, n in lengths.items()]
    unsure = [segment(500, 101), segment(500, 1, town=0.9), segment(500, 1, even=False)]
    assert lit_light([*sure, *unsure], MOTORWAY_SETTINGS) == 100.0
    assert lit_light(unsure, MOTORWAY_SETTINGS) is None
    assert lit_light([segment(500, 1, length_m=1500.0)], MOTORWAY_SETTINGS) is None


def test_like_neighbours_are_joined_over_what_is_undecidable():
    kinds = ["lit", "undecidable", "lit", "dark", "undecidable", "lit"]
    found = runs([segment(0, 1, start=k, stop=k + 1, lit=kind) for k, kind in enumerate(kinds)])
    assert [(run.start, run.stop, run.lit) for run in found] == [
        (0, 3, "lit"),
        (3, 4, "dark"),
        (5, 6, "lit"),
    ]


def squares_about_means(value, weight, cuts):
    parts = zip([0, *cuts], [*cuts, len(value)], strict=True)
    means = [(slice(*part), np.average(value[slice(*part)], weights=weight[slice(*part)])) for part in parts]
    return sum(float(weight[part] @ (value[part] - mean) ** 2) for part, mean in means)


@pytest.mark.parametrize("seed", range(5))
def test_changes_are_those_of_least_cost_of_all_there_could_be(seed):
    rng, n, size, penalty = np.random.default_rng(seed), 11, 2, 1.5
    value, weight = rng.normal(size=n) + 2 * (np.arange(n) > 4), rng.uniform(0.5, 2, n)
    every = [
        cuts
        for count in range(n // size)
        for cuts in itertools.combinations(range(1, n), count)
        if np.diff([0, *cuts, n]).min() >= size
    ]
    costs = [squares_about_means(value, weight, cuts) + penalty * (len(cuts) + 1) for cuts in every]
    assert change_points(value, weight, size, penalty) == list(every[int(np.argmin(costs))])
    assert change_points(value, weight, size, 100.0) == []
