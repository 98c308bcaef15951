"""Lit or dark and the offset of the line, both at once: planted roads are found, and probabilities are those
of counting all states."""

import math
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest

from pipeline.motorways.ridge import student_log
from pipeline.motorways.road_chain import chain_of, end_density, levels_of, weighed
from pipeline.motorways.settings import MOTORWAY_SETTINGS
from tests.motorways.roads import LIT, a_ridge


def followed_of(*ridges, settings=MOTORWAY_SETTINGS):
    levels = levels_of(ridges, settings)
    return weighed([chain_of(ridge, levels, settings) for ridge in ridges], settings)


def planted(rng, lit, offset_m=0.0, **more):
    """A road of 200 blocks, lit where it is said, so far off its line, in a band of 500 m on either side."""
    light = np.zeros((51, 200))
    light[25 + np.round(np.full(200, offset_m) / 20).astype(int), np.arange(200)] = LIT * lit
    return a_ridge(rng, light, **more)


def test_probabilities_are_those_of_counting_all_states():
    """Four blocks and three offsets: 6^4 states, each with its own product of odds."""
    rng = np.random.default_rng(1)
    ridge = a_ridge(rng, 8 * rng.random((3, 4)), sigma=5.0, sigma_m=15.0)
    settings, level = MOTORWAY_SETTINGS, 12.0
    chain = chain_of(ridge, np.array([level]), settings)
    change = 100 / settings.stretch_m
    law = np.exp(-0.5 * (ridge.offset_m / 15) ** 2)
    law /= law.sum()
    sigma = math.hypot(5.0, settings.lamp_scatter * level)
    lit = student_log((ridge.light - level) / sigma, 100.0) - math.log(sigma)
    odds = np.exp((lit - student_log(ridge.light / 5.0, 100.0) + math.log(5.0)) / settings.quiet_root)
    total, where = 0.0, np.zeros((4, 2, 3))
    for states in product(product((0, 1), range(3)), repeat=4):
        weight = law[states[0][1]] / 2
        for before, after in pairwise(states):
            weight *= change if before[0] != after[0] else 1 - change
            weight *= chain.moves[after[1], before[1]]
        for block, (is_lit, offset) in enumerate(states):
            weight *= odds[offset, block] if is_lit else 1.0
        total += weight
        for block, (is_lit, offset) in enumerate(states):
            where[block, is_lit, offset] += weight
    assert chain.posterior[0] == pytest.approx(where / total)
    assert chain.evidence[0] == pytest.approx(math.log(total))
    # The offsets' normal law stays as it is from block to block, and every column of moves adds up to 1.
    assert chain.moves @ law == pytest.approx(law)
    assert chain.moves.sum(axis=0) == pytest.approx(1)


@pytest.mark.parametrize("side", [1, -1])
def test_a_line_that_is_off_is_registered_to_its_light(side):
    """Half of the road is lit, 180 m beside a line good to 150 m; its other half is dark."""
    rng = np.random.default_rng(2)
    lit = np.arange(200) < 100
    (road,) = followed_of(planted(rng, lit, side * 180.0))
    assert (road.lit[:99] > 0.975).all()
    assert (road.lit[101:] < 0.025).all()
    assert road.offset_m[:100] == pytest.approx(side * 180.0, abs=10)  # half a step of 20 m
    assert (road.offset_sigma_m[:99] < 10).all()
    # Away from the light the road is known the less the farther, and at last as little as the line tells.
    assert (np.diff(road.offset_sigma_m[101:]) > -0.5).all()
    assert 60 < road.offset_sigma_m[120] < road.offset_sigma_m[-1] <= 155


def test_a_line_that_winds_about_its_road_is_followed():
    rng = np.random.default_rng(3)
    offset_m = 120 * np.sin(np.arange(200) / 200 * 2 * np.pi)
    (road,) = followed_of(planted(rng, np.ones(200), offset_m))
    assert (road.lit > 0.975).all()
    assert road.offset_m == pytest.approx(offset_m, abs=25)  # a step of 20 m, and what rounding planted


def test_the_light_of_a_lit_motorway_is_found_and_shared():
    """A faint lit road beside a bright one counts as dark: motorways of one photo are alike."""
    rng = np.random.default_rng(4)
    bright, faint = planted(rng, np.ones(200)), planted(rng, np.full(200, 0.04), sigma=2.0)
    alone, both = followed_of(faint)[0], followed_of(bright, faint)
    assert both[0].level == pytest.approx(LIT, rel=0.2)  # levels are 1.5 apart
    assert alone.lit.mean() > 0.3
    assert both[1].lit.mean() < 0.05


def test_a_photo_that_shows_nothing_tells_nothing():
    rng = np.random.default_rng(5)
    ridge = planted(rng, np.arange(200) < 100)
    hidden = replace(ridge, seen=np.arange(200) < 60)
    (road,) = followed_of(hidden)
    assert (road.lit[:55] > 0.975).all()
    assert np.diff(road.lit[60:]).max() < 0  # towards one half, the farther the nearer
    assert road.lit[-1] == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("lit_before", [True, False])
@pytest.mark.parametrize("end_m", [-40.0, 0.0, 730.0])
def test_an_end_within_a_block_is_placed_by_its_share_of_light(lit_before, end_m):
    rng = np.random.default_rng(6)
    chainage_m = (np.arange(200) - 99.5) * 100.0
    at = chainage_m[:, None] + (np.arange(50) + 0.5) * 2 - 50
    lit = ((at < end_m) == lit_before).mean(axis=1)
    (road,) = followed_of(planted(rng, lit, sigma=2.0))
    places, density = end_density(road, 50, 150, lit_before, MOTORWAY_SETTINGS)
    assert density.sum() == pytest.approx(1)
    assert np.diff(places) == pytest.approx(20.0)
    mean = float(density @ places)
    sigma = math.sqrt(float(density @ (places - mean) ** 2))
    # Lamps scatter by 0.3 of a block's light, so that the end is known to some 30 m.
    assert 10 < sigma < 40
    assert mean == pytest.approx(end_m, abs=2 * sigma)
