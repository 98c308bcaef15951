"""Contrasts across a border: planted ones are recovered, absent ones not found, none made of too little."""

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely

from pipeline.borders.cells import BorderLine, Cells, beside
from pipeline.borders.contrast import block_contrast, border_contrast, statement
from pipeline.config import BordersConfig
from tests.borders.lands import place

CONFIG = BordersConfig(replicates=500)
PLANTED = 0.25
SCATTER = 0.3  # of one town's tone, in log2: the difference between sodium and mercury is 1.5


def towns_beside(rng, length_km, towns_a_side, contrast=PLANTED, spread=1.0, scatter=SCATTER):
    """Block of 2 km, side, red and green of light beside a straight border.

    Towns are discs of 1 to 10 km across, of log-normal light, each with a tone of its own.
    """
    x, y = np.meshgrid(np.arange(0.35, length_km, 0.7), np.arange(-9.8, 10, 0.7))
    red, green = np.zeros_like(x), np.zeros_like(x)
    for side in (0, 1):
        for _ in range(rng.poisson(towns_a_side)):
            across, along = rng.uniform(0, 10) * (1 if side else -1), rng.uniform(0, length_km)
            light = np.exp(rng.normal(0, spread))
            width = 0.5 + 0.47 * np.sqrt(light)
            near = np.s_[
                :, np.searchsorted(x[0], along - 4 * width) : np.searchsorted(x[0], along + 4 * width)
            ]
            away2 = (x[near] - along) ** 2 + (y[near] - across) ** 2
            disc = light * np.exp(-away2 / 2 / width**2) / width**2
            disc[(disc < 0.05) | ((y[near] > 0) != (side == 1))] = 0
            red[near] += disc
            green[near] += disc * 2 ** (rng.normal(-0.8, scatter) + contrast * side)
    lit = red > 0
    return (x[lit] / 2).astype(np.int64), (y[lit] > 0).astype(int), red[lit], green[lit]


def contrasts(seeds, **scene):
    found = [
        block_contrast(*towns_beside(np.random.default_rng(s), **scene), ("BE", "DE"), CONFIG) for s in seeds
    ]
    return [one for one in found if one.contrast is not None]


@pytest.mark.parametrize(
    "scene",
    [
        {"length_km": 100, "towns_a_side": 20},
        {"length_km": 100, "towns_a_side": 60},
        {"length_km": 100, "towns_a_side": 20, "scatter": 0.1},
        {"length_km": 100, "towns_a_side": 14, "spread": 1.3},
        {"length_km": 300, "towns_a_side": 60},
    ],
    ids=["typical", "dense", "even", "one large city", "long"],
)
def test_the_interval_covers_a_planted_contrast(scene):
    """Towns are wider than a block and differ: percentiles of short blocks would cover 70 % of these."""
    found = contrasts(range(200), **scene)
    assert len(found) > 195
    covered = np.mean([one.low <= PLANTED <= one.high for one in found])
    # 200 scenes tell a coverage of 95 % to 1.5 %; very uneven towns cost a few per cent.
    assert 0.90 <= covered <= 0.99
    # Without bias: the mean of 200 is good to a fourteenth of one's spread.
    values = np.array([one.contrast for one in found])
    assert abs(values.mean() - PLANTED) < 3 * values.std() / math.sqrt(len(found))


def test_few_towns_beside_a_short_border_are_covered_a_little_too_seldom():
    found = contrasts(range(200), length_km=40, towns_a_side=8)
    assert np.mean([one.low <= PLANTED <= one.high for one in found]) >= 0.85


def test_where_nothing_was_planted_little_is_found():
    found = contrasts(range(200), length_km=100, towns_a_side=20, contrast=0.0)
    claimed = np.mean([one.low > 0 or one.high < 0 for one in found])
    assert 0.0 < claimed <= 0.10
    assert sum("Neither side is clearly greener" in one.statement for one in found) == round(
        (1 - claimed) * len(found)
    )


def test_short_blocks_are_lengthened_where_towns_are_wide():
    """The same light in blocks a twentieth of a town long gives an interval as wide, not a fourth of it."""
    block, side, red, green = towns_beside(np.random.default_rng(1), 100, 20)
    two_km = block_contrast(block, side, red, green, ("BE", "DE"), CONFIG)
    fine = CONFIG.model_copy(update={"block_km": 0.5})
    quarter = block_contrast(4 * block + np.arange(len(block)) % 4, side, red, green, ("BE", "DE"), fine)
    assert quarter.contrast == pytest.approx(two_km.contrast, abs=1e-9)
    assert quarter.high - quarter.low == pytest.approx(two_km.high - two_km.low, rel=0.35)
    assert two_km.n_blocks < 50 / 2


def test_the_same_light_gives_the_same_interval():
    light = towns_beside(np.random.default_rng(2), 100, 20)
    assert block_contrast(*light, ("BE", "DE"), CONFIG) == block_contrast(*light, ("BE", "DE"), CONFIG)


def test_exchanging_the_countries_turns_the_sign():
    block, side, red, green = towns_beside(np.random.default_rng(3), 100, 60, contrast=0.6)
    one = block_contrast(block, side, red, green, ("BE", "DE"), CONFIG)
    other = block_contrast(block, 1 - side, red, green, ("DE", "BE"), CONFIG)
    assert (other.contrast, other.low, other.high) == pytest.approx((-one.contrast, -one.high, -one.low))
    assert other.statement == one.statement


def test_brightness_of_a_side_is_no_contrast():
    block, side, red, green = towns_beside(np.random.default_rng(4), 100, 20)
    dim = np.where(side == 1, 0.2, 1.0)
    one = block_contrast(block, side, red, green, ("BE", "DE"), CONFIG)
    other = block_contrast(block, side, dim * red, dim * green, ("BE", "DE"), CONFIG)
    assert (other.contrast, other.low, other.high) == pytest.approx((one.contrast, one.low, one.high))


def test_too_few_blocks_give_a_reason_that_names_the_side():
    block = np.arange(10)
    side = np.array([0] * 7 + [1] * 3)
    ones = np.ones(10)
    result = block_contrast(block, side, ones, ones, ("BE", "LU"), CONFIG)
    assert (result.contrast, result.low, result.high) == (None, None, None)
    assert (result.n_blocks, result.n_cells) == (3, 10)
    assert result.statement == (
        "No contrast can be given: only 3 of the 5 stretches of 2 km that are needed have light on the "
        "Luxembourgish side."
    )
    nothing = block_contrast(block[:0], side[:0], ones[:0], ones[:0], ("BE", "LU"), CONFIG)
    assert "only 0 of the 5" in nothing.statement


@pytest.mark.parametrize("share", [0.5, 0.9, 1 - 1e-12])
def test_one_town_is_no_country(share):
    """Five blocks a side are lit, but one of them has nearly all the second side's light: no interval."""
    block, side = np.concatenate([np.arange(40), np.arange(5)]), np.array([0] * 40 + [1] * 5)
    tone = np.random.default_rng(0).normal(-0.8, 0.3, 45) + PLANTED * side
    red = np.ones(45)
    red[40], red[41:] = share, (1 - share) / 4
    result = block_contrast(block, side, red, red * 2**tone, ("BE", "DE"), CONFIG)
    assert (result.contrast is None) == (share > 0.8)
    assert ("most light of one side lies in one stretch" in result.statement) == (share > 0.8)


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ((0.31, 0.23, 0.39), "The German side is greener than the Belgian one by 0.31 (0.23 to 0.39)"),
        ((-0.31, -0.39, -0.23), "The Belgian side is greener than the German one by 0.31 (0.23 to 0.39)"),
        (
            (0.03, -0.05, 0.11),
            "Neither side is clearly greener: the German side differs from the Belgian one by 0.03 "
            "(-0.05 to 0.11)",
        ),
    ],
)
def test_statements(numbers, sentence):
    assert statement(*numbers, "BE", "DE") == f"{sentence} in log2(G/R)."


def on_map(rng, n=20_000, length_km=100.0):
    """Cells to 15 km on both sides; Germany greener by PLANTED, within 2 km of the border by 1 more."""
    x_km, y_km = rng.uniform(5, 35, n), rng.uniform(0, length_km, n)
    tone = np.where(x_km > 20, PLANTED, 0) + np.where((x_km > 20) & (x_km < 22), 1.0, 0)
    red = rng.lognormal(0, 1, n).astype(np.float32)
    cells = Cells(*place(x_km, y_km), red, (red * 2**tone).astype(np.float32), (x_km > 20).astype(np.int8))
    line = BorderLine.of(shapely.MultiLineString([[place(20, 0), place(20, length_km)]]), 2000.0)
    return cells, line


def test_cells_in_the_donut_and_beyond_the_reach_do_not_count():
    cells, line = on_map(np.random.default_rng(0))
    near = beside(cells, line, 0, 1, 20_000.0)
    without = border_contrast(near, line, 2000.0, "BE", "DE", CONFIG)
    # All light beyond the donut has the planted contrast exactly, in float32.
    assert without.contrast == pytest.approx(PLANTED, abs=1e-6)
    assert without.n_cells == pytest.approx(20_000 * 16 / 30, rel=0.03)  # 8 km of 15 on each side
    withit = border_contrast(near, line, 0.0, "BE", "DE", CONFIG)
    assert withit.contrast > PLANTED + 0.2
    wide = border_contrast(near, line, 2000.0, "BE", "DE", CONFIG.model_copy(update={"contrast_km": 5.0}))
    assert wide.n_cells == pytest.approx(20_000 * 6 / 30, rel=0.05)


def test_a_position_too_unsure_for_the_reach_is_said():
    cells, line = on_map(np.random.default_rng(0))
    near = beside(cells, line, 0, 1, 20_000.0)
    result = border_contrast(near, line, 12_300.0, "BE", "DE", CONFIG)
    assert result.contrast is None
    assert result.statement == (
        "No contrast can be given: light is placed only to 12.3 km and 10 km are compared."
    )


def test_an_unlit_frame_gives_a_reason():
    cells, line = on_map(np.random.default_rng(0))
    dark = replace(cells, **{k: getattr(cells, k)[:0] for k in ("x", "y", "red", "green", "country")})
    result = border_contrast(beside(dark, line, 0, 1, 20_000.0), line, 100.0, "BE", "NL", CONFIG)
    assert result.contrast is None
    assert "Belgian side" in result.statement
