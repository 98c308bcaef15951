"""Contrasts across a border: planted ones are recovered, absent ones not found, none made of too little."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from benchmarks.borders.contrast import (
    CONFIG,
    EXCLUSION_M,
    PLANTED,
    SETTINGS,
    Setting,
    coverage,
    measured,
    nadir_below,
    scene,
)
from pipeline.borders.beside import beside
from pipeline.borders.border_line import BorderLine
from pipeline.borders.cells import Cells
from pipeline.borders.contrast import EQUIVALENCE, Contrast, border_contrast, statement
from pipeline.borders.fit import mean_fit, ratio_fit
from pipeline.borders.interval import estimate
from pipeline.borders.matching import near_patches, overlap_weights, strata
from pipeline.borders.patches import patches
from pipeline.borders.settings import IN_FORCE
from pipeline.borders.trend import Trend, stepped
from pipeline.borders.units import unit_scales
from tests.borders.test_profiles import straight
from tests.scenes.lands import place


def test_weights_give_both_sides_the_same_light_in_every_stratum():
    stratum = np.array([0, 0, 0, 1, 1, 2])
    second = np.array([False, True, False, False, True, False])
    light = np.array([3.0, 2.0, 1.0, 5.0, 5.0, 7.0])
    weight = overlap_weights(stratum, second, light)
    # Stratum 0: 4 of light against 2, so a third and two thirds; 1: 5 against 5; 2 has no other side.
    assert weight == pytest.approx([1 / 3, 2 / 3, 1 / 3, 0.5, 0.5, 0])
    for one in (0, 1):
        sides = [(weight * light)[(stratum == one) & side].sum() for side in (second, ~second)]
        assert sides[0] == pytest.approx(sides[1])


def test_with_groups_alone_the_fit_gives_ratios_of_sums():
    red, green = np.array([1.0, 9.0, 2.0, 2.0]), np.array([1.0, 3.0, 1.0, 3.0])
    weight, group = np.array([1.0, 1.0, 1.0, 0.5]), np.array([0, 0, 1, 1])
    fit = ratio_fit(red, green, weight, np.eye(2)[group], np.arange(4))
    assert fit.coefficients == pytest.approx([math.log2(4 / 10), math.log2(2.5 / 3)])


def small_fit(value: np.ndarray, seed: int = 0) -> tuple:
    """40 patches of 8 units in two groups over a plane; the last unit lies in both groups."""
    rng = np.random.default_rng(seed)
    unit = np.repeat(np.arange(8), 5)
    group = (unit >= 4).astype(int)
    group[-2:] = 0
    design, step = stepped(group, rng.normal(size=(40, 2)))
    return mean_fit(value, rng.uniform(0.5, 2, 40), design, unit), rng, design, unit, step


def test_leaving_a_unit_out_is_what_a_new_fit_without_it_gives():
    value = np.random.default_rng(1).normal(size=40)
    fit, _, design, unit, _ = small_fit(value)
    weight = np.random.default_rng(0)
    weight.normal(size=(40, 2))
    weight = weight.uniform(0.5, 2, 40)
    for index in range(8):
        rest = unit != index
        again = mean_fit(value[rest], weight[rest], design[rest], unit[rest])
        # Weighted least squares is linear: the update is exact.
        assert fit.coefficients + fit.left_out[index] == pytest.approx(again.coefficients, abs=1e-9)


def test_a_fit_knows_how_it_moves_with_its_units():
    effect = np.random.default_rng(2).normal(size=8)
    fit = small_fit(effect[np.repeat(np.arange(8), 5)])[0]
    assert fit.influence.T @ effect == pytest.approx(fit.coefficients, abs=1e-9)
    moved = np.einsum("upq,q->up", fit.through, fit.weight_sums.T @ effect) - fit.own * effect[:, None]
    assert moved == pytest.approx(fit.left_out, abs=1e-9)


@pytest.mark.parametrize("n", [3, 5, 20])
def test_equal_units_have_students_interval(n):
    """Two groups of n units of equal light: what the classical two-sample t interval gives."""
    value = np.random.default_rng(n).normal(size=2 * n)
    group = np.repeat([0, 1], n)
    fit = mean_fit(value, np.ones(2 * n), np.eye(2)[group], np.arange(2 * n))
    found = estimate(fit, np.array([-1.0, 1.0]), 20_000, IN_FORCE.contrast)
    assert found.value == pytest.approx(value[n:].mean() - value[:n].mean())
    pooled = math.sqrt((value[:n].var(ddof=1) + value[n:].var(ddof=1)) / n)
    # Quantiles of 20,000 draws are good to 2 %.
    assert found.half95 == pytest.approx(pooled * student.ppf(0.975, 2 * n - 2), rel=0.04)
    assert found.half90 == pytest.approx(pooled * student.ppf(0.95, 2 * n - 2), rel=0.04)


def test_a_trend_is_a_plane_until_there_are_units_enough_for_a_curve():
    x, y = np.array([0.0, 10.0, 5.0]), np.array([0.0, 4.0, 2.0])
    assert Trend.over(x, y, 19, 20).terms(x, y).tolist() == [[-1, -1], [1, 1], [0, 0]]
    assert Trend.over(x, y, 20, 20).terms(x, y)[1].tolist() == [1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    "name", ["typical", "very uneven towns", "short border, 8 towns a side", "trend 0.3, no contrast"]
)
def test_the_interval_covers_what_was_planted(name):
    """The whole range of settings, with 200 scenes each, is in benchmarks/borders/contrast.json."""
    result = coverage(SETTINGS[name], 60)
    assert result["given"] >= 40
    # 60 scenes tell a coverage of 95 % to 3 %.
    assert result["coverage"] >= 0.86
    assert abs(result["bias"]) < 3 * result["bias_sigma"]
    # An interval that is wide for all would cover too: a town's tone scatters by 0.3.
    assert result["half_width_median"] < 0.75


def test_a_gradient_is_no_border():
    """With 3 times the towns a gradient of 0.3 over 60 km shifts the plain ratio, not the contrast."""
    setting = Setting(contrast=0, trend=0.3, density=0.06, scatter=0.1)
    found = [measured(scene(setting, seed))[0] for seed in range(12)]
    plain, contrast = (np.array([getattr(one, key) for one in found]) for key in ("plain", "contrast"))
    # Sides lie 10 km apart on average: 0.05.
    assert plain.mean() == pytest.approx(0.05, abs=0.03)
    assert abs(contrast.mean()) < 0.03


def test_a_step_of_brightness_is_matched_away():
    """Brighter is greener in both countries, one is dim: its lights are no other, only fewer a cell."""
    setting = replace(SETTINGS["brighter is greener, one side dim"], scatter=0.1, contrast=0)
    found = [measured(scene(setting, seed))[0] for seed in range(12)]
    assert np.mean([one.plain for one in found]) < -0.05
    assert abs(np.mean([one.contrast for one in found])) < 0.04


@pytest.fixture(scope="module")
def made():
    return scene(Setting(density=0.05, contrast=0.6), 3)


def test_the_same_light_gives_the_same_interval(made):
    assert measured(made) == measured(made)


def test_exposure_is_no_contrast(made):
    """Light four times as bright: each cell two steps of brightness higher, the matching as before."""
    cells = replace(made.cells, red=4 * made.cells.red, green=4 * made.cells.green)
    one, other = measured(made)[0], measured(replace(made, cells=cells))[0]
    assert (other.contrast, other.low, other.high) == pytest.approx((one.contrast, one.low, one.high))


def test_exchanging_the_countries_turns_the_sign(made):
    swapped = replace(made.cells, country=1 - made.cells.country)
    one = measured(made)[0]
    other = contrast_at(made.line, swapped, EXCLUSION_M, ("DE", "BE"))
    assert other.contrast == pytest.approx(-one.contrast)
    # The units come in another order: other draws, of which 2000 give a quantile to 4 %.
    assert other.high - other.contrast == pytest.approx(one.high - one.contrast, rel=0.1)
    assert "The German side is greener than the Belgian one" in one.statement
    assert "The German side is greener than the Belgian one" in other.statement


def test_brightness_distance_and_view_zenith_make_strata(made):
    near = near_patches(beside(made.cells, made.line, 0, 1, 20e3), EXCLUSION_M, CONFIG, IN_FORCE.patches)
    code = strata(near, nadir_below, IN_FORCE.contrast.zenith_step_deg)
    zenith = nadir_below(near.x, near.y)
    for one in np.unique(code)[:20]:
        own = code == one
        assert len(np.unique(near.level[own])) == len(np.unique(near.key[own])) == 1
        assert np.ptp(zenith[own]) <= 5.0
    # Bands end at 1, 2, 5 and 10 km; light nearer than the exclusion zone or beyond 10 km is not there.
    assert set(np.unique(near.key)) == {1, 2, 3, 4}


def towns_at(x_km, y_km, tone, light=1.0):
    """Cells of 200 m of square towns, 2 km wide, at places beside a border at 20 km."""
    parts = []
    for at_x, at_y, own in zip(x_km, y_km, tone, strict=True):
        x, y = (v.ravel() for v in np.meshgrid(*(at + np.arange(-0.9, 1, 0.2) for at in (at_x, at_y))))
        red = np.full(len(x), light, np.float32)
        green = (red * 2**own).astype(np.float32)
        country = (x > 20).astype(np.int8)
        parts.append(Cells(*place(x, y), red, green, country, np.full(len(x), own, np.float32)))
    return Cells.joined(parts)


def contrast_of(cells, exclusion_m=0.0, codes=("BE", "LU")):
    return contrast_at(BorderLine.of(straight(100), 2000.0, IN_FORCE.line), cells, exclusion_m, codes)


def contrast_at(line, cells, exclusion_m, codes, settings=IN_FORCE):
    near = near_patches(beside(cells, line, 0, 1, 20e3), exclusion_m, CONFIG, settings.patches)
    scales = unit_scales(cells, 2, settings.contrast.smoothing_blocks)
    frame = patches(cells, settings.patches)
    return border_contrast(near, frame, scales, line, 1, nadir_below, codes, CONFIG, settings.contrast)[0]


def test_too_few_towns_give_a_reason_that_names_the_side():
    y_km = np.arange(5, 100, 20.0)
    result = contrast_of(towns_at([*[16] * 5, 24], [*y_km, 45.0], [0.0] * 6))
    assert (result.contrast, result.low, result.high, result.alike) == (None,) * 4
    assert (result.n_blocks, result.n_cells) == (1, 600)
    assert result.statement == (
        "No contrast can be given: 1 town with light on the Luxembourgish side within 10 km of the border, "
        "and 2 are needed."
    )
    nothing = contrast_of(towns_at([16] * 5, y_km, [0.0] * 5))
    assert "no towns with light on the Luxembourgish side" in nothing.statement


def test_one_town_is_no_country():
    """Two towns lie beyond the border, but one of them has 95 % of the light."""
    y_km = np.arange(5, 100, 20.0)
    cells = towns_at([*[16] * 5, 24, 24], [*y_km, 45.0, 85.0], [0.0, 0.2, -0.2, 0.1, 0, 0, 0])
    dim = (cells.x > place(20, 0)[0]) & (cells.y > place(0, 65)[1])
    cells = replace(cells, **{k: np.where(dim, 0.05, 1).astype(np.float32) for k in ("red", "green")})
    faint = towns_at([16], [65.0], [0.0], light=0.025)
    result = contrast_of(Cells.joined([cells, faint]))
    assert result.contrast is None
    assert "is of one town" in result.statement


def test_light_in_the_exclusion_zone_and_beyond_the_reach_does_not_count():
    """Both countries are alike from 2 to 10 km; nearer Germany is greener by 1, farther by 2."""
    y_km = np.tile(np.arange(5, 100, 10.0), 6)
    x_km = np.repeat([5.0, 14.0, 19.0, 21.0, 26.0, 35.0], 10)
    tone = np.select([x_km == 21, x_km == 35], [1.0, 2.0], 0.0)
    cells = towns_at(x_km, y_km, tone)
    without = contrast_of(cells, exclusion_m=2100.0)
    # Exact: float32 light of equal tone.
    assert without.plain == pytest.approx(0, abs=1e-6)
    assert without.n_cells == 2 * 10 * 100
    assert contrast_of(cells).plain == pytest.approx(math.log2(1.5), abs=0.01)
    too_far = contrast_of(cells, exclusion_m=12_300.0)
    assert "no towns with light on the Belgian side" in too_far.statement


@pytest.mark.parametrize(
    ("numbers", "half90", "p", "sentence"),
    [
        (
            (0.31, 0.23, 0.39),
            0.07,
            0.002,
            "The German side is greener than the Belgian one by 0.31 (0.23 to 0.39) in log2(G/R), placebo "
            "p = 0.002.",
        ),
        (
            (-0.31, -0.39, -0.23),
            0.07,
            None,
            "The Belgian side is greener than the German one by 0.31 (0.23 to 0.39) in log2(G/R).",
        ),
        (
            (0.03, -0.15, 0.21),
            0.16,
            None,
            "Neither side is clearly greener: the German side differs from the Belgian one by 0.03 "
            "(-0.15 to 0.21) in log2(G/R).",
        ),
        (
            (0.03, -0.05, 0.11),
            0.07,
            None,
            "Neither side is clearly greener: the German side differs from the Belgian one by 0.03 "
            "(-0.05 to 0.11) in log2(G/R); the two are alike to within 0.14.",
        ),
    ],
)
def test_statements(numbers, half90, p, sentence):
    value = numbers[0]
    made = Contrast(*numbers, 9, 999, "", value - half90, value + half90)
    assert statement(made, "BE", "DE", p) == sentence


def test_alike_is_when_the_whole_90_percent_interval_lies_within_a_tenth():
    def alike(low, high):
        return Contrast(0.0, low, high, 9, 9, "", low, high).alike

    assert alike(-0.13, 0.139)
    assert not alike(-0.13, EQUIVALENCE + 1e-9)
    assert not alike(-0.15, 0.0)
    assert Contrast(None, None, None, 0, 0, "").alike is None


def test_planted_contrasts_are_told_with_their_sign():
    found = [measured(scene(Setting(density=0.06, contrast=1.0), seed))[0] for seed in range(8)]
    assert all("The German side is greener" in one.statement for one in found)
    assert PLANTED < np.mean([one.contrast for one in found]) == pytest.approx(1.0, abs=0.15)
