"""Contrasts across a border: planted ones are recovered, absent ones not found, none made of too little."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import t as student

from pipeline.borders.beside import Beside, beside, edges_m
from pipeline.borders.border_line import BorderLine
from pipeline.borders.cells import Cells
from pipeline.borders.contrast import EQUIVALENCE, Contrast, border_contrast, statement, verdict
from pipeline.borders.fit import mean_fit, ratio_fit
from pipeline.borders.interval import Estimate, estimate
from pipeline.borders.matching import near_patches, overlap_weights, strata
from pipeline.borders.patches import Patches, patches
from pipeline.borders.settings import IN_FORCE
from pipeline.borders.trend import Trend, stepped
from pipeline.borders.units import unit_scales
from tests.borders.test_profiles import straight
from tests.scenes.border_towns import (
    CONFIG,
    EDGES_M,
    EXCLUSION_M,
    PLANTED,
    SETTINGS,
    Setting,
    coverage,
    measured,
    nadir_below,
    scene,
)
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
    near = near_patches(
        beside(made.cells, made.line, 0, 1, 20e3, EDGES_M), EXCLUSION_M, CONFIG, IN_FORCE.patches
    )
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
    near = near_patches(
        beside(cells, line, 0, 1, 20e3, edges_m(exclusion_m, CONFIG, settings.profiles)),
        exclusion_m,
        CONFIG,
        settings.patches,
    )
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
    assert "mostly from one town" in result.statement


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
    assert not alike(-EQUIVALENCE, 0.0)
    assert not alike(0.0, EQUIVALENCE)
    # A tenth in G/R is 0.1375; said with two digits.
    assert math.log2(1.1) == pytest.approx(EQUIVALENCE, abs=0.005)
    assert Contrast(0.0, None, None, 9, 9, "", -0.1).alike is None
    assert Contrast(0.0, None, None, 9, 9, "", None, 0.1).alike is None
    assert Contrast(None, None, None, 0, 0, "").alike is None


def test_planted_contrasts_are_told_with_their_sign():
    found = [measured(scene(Setting(density=0.06, contrast=1.0), seed))[0] for seed in range(8)]
    assert all("The German side is greener" in one.statement for one in found)
    assert PLANTED < np.mean([one.contrast for one in found]) == pytest.approx(1.0, abs=0.15)


X_KM = np.array([2, 6, 12, 15, 18, 21, 24, 27, 33, 38])


def lit_squares(tone_of, light_of=None):
    """Squares of 1 km at X_KM, every 10 km, each of one tone that follows from its middle (km) and side."""
    parts = []
    for x0 in X_KM:
        for y0 in np.arange(4, 100, 10):
            x, y = (v.ravel() for v in np.meshgrid(x0 + np.arange(0.1, 1, 0.2), y0 + np.arange(0.1, 1, 0.2)))
            tone = tone_of(x0 + 0.5, y0 + 0.5, x0 > 20)
            red = np.full(len(x), 1.0 if light_of is None else light_of(x0, y0), np.float32)
            green = (red * 2**tone).astype(np.float32)
            country = np.full(len(x), x0 > 20, np.int8)
            parts.append(Cells(*place(x, y), red, green, country, np.full(len(x), tone, np.float32)))
    return Cells.joined(parts)


def fit_of(cells, settings=IN_FORCE.contrast):
    line = BorderLine.of(straight(100), 2000.0, IN_FORCE.line)
    near = near_patches(beside(cells, line, 0, 1, 20e3, EDGES_M), 0.0, CONFIG, IN_FORCE.patches)
    scales = unit_scales(cells, 2, settings.smoothing_blocks)
    where = line, 1, nadir_below, ("BE", "DE")
    return border_contrast(near, patches(cells, IN_FORCE.patches), scales, *where, CONFIG, settings)


def plane(x_km, y_km):
    return 0.3 * x_km / 40 - 0.2 * y_km / 100


def surface(x_km, y_km):
    return plane(x_km, y_km) + 0.2 * (x_km / 20 - 1) ** 2 - 0.1 * (x_km / 20 - 1) * (y_km / 50 - 1)


def uneven(x_km, y_km):
    return 1.0 + (7 * x_km + 3 * y_km) % 5 / 10


@pytest.mark.parametrize(("trend", "curved_from"), [(plane, 1000), (surface, 20)], ids=["plane", "curved"])
def test_the_step_that_a_trend_leaves_is_found_exactly(trend, curved_from):
    """Light without scatter: a step of 0.25 near the border, other levels far from it, and a trend."""
    far = {False: 0.5, True: -0.4}

    def tone(x_km, y_km, second):
        level = far[bool(second)] if abs(x_km - 20) > 10 else 0.25 * second
        return -0.8 + level + trend(x_km, y_km)

    cells = lit_squares(tone, uneven)
    contrast, fit = fit_of(cells, replace(IN_FORCE.contrast, curved_from_units=curved_from))
    # Light is of 32 bits.
    assert contrast.contrast == pytest.approx(0.25, abs=1e-5)
    x, y = place(np.array([3.0, 21.0, 35.0]), np.array([90.0, 50.0, 10.0]))
    expected = trend(np.array([3.0, 21.0, 35.0]), np.array([90.0, 50.0, 10.0]))
    assert np.diff(fit.tilt(x, y)) == pytest.approx(np.diff(expected), abs=1e-5)
    near = np.abs(cells.x - place(20, 0)[0]) < 10e3
    plain = [
        math.log2(cells.green[near & side].sum() / cells.red[near & side].sum())
        for side in (cells.country == 0, cells.country == 1)
    ]
    assert contrast.plain == pytest.approx(plain[1] - plain[0], abs=1e-5)


def test_a_contrast_is_told_with_both_of_its_intervals_and_its_towns():
    rng = np.random.default_rng(5)
    cells = lit_squares(lambda x, y, second: rng.normal(-0.8 + second, 0.3))
    contrast, fit = fit_of(cells)
    whole = estimate(fit.fit, fit.step, CONFIG.replicates, IN_FORCE.contrast)
    assert (contrast.contrast, contrast.low, contrast.high) == (
        whole.value,
        whole.value - whole.half95,
        whole.value + whole.half95,
    )
    assert (contrast.low90, contrast.high90) == (whole.value - whole.half90, whole.value + whole.half90)
    assert 0 < whole.half90 < whole.half95
    towns = [len(np.unique(fit.near_unit[side])) for side in (~fit.second, fit.second)]
    assert contrast.n_blocks == min(towns) >= 10
    assert contrast.n_cells == 25 * 60
    assert (fit.near.x[fit.second] > place(20, 0)[0]).all()
    assert contrast.statement.startswith("The German side is greener than the Belgian one by ")


def test_two_even_towns_a_side_are_enough_and_no_fewer():
    cells = towns_at([16, 16, 24, 24], [25.0, 65.0, 25.0, 65.0], [0.0, 0.1, 0.5, 0.6])

    def of(**more):
        return fit_of(cells, replace(IN_FORCE.contrast, **more))[0]

    assert of().contrast == pytest.approx(0.5, abs=0.02)
    # Just as even as is asked for: the towns of a side are alike to the last digit.
    alike = towns_at([16, 16, 24, 24], [25.0, 65.0, 25.0, 65.0], [0.0, 0.0, 0.5, 0.5])
    for asked, given in ((2.0, True), (2.0 + 1e-6, False)):
        contrast, _ = fit_of(alike, replace(IN_FORCE.contrast, min_even_units=asked))
        assert (contrast.contrast is not None) == given, contrast.statement
    few = of(min_units=3)
    assert few.contrast is None
    assert few.statement == (
        "No contrast can be given: 2 towns with light on the Belgian side within 10 km of the border, "
        "and 3 are needed."
    )


def test_towns_are_counted_as_finely_as_they_can_be_told_apart():
    """At the coarser smoothings (40 km) the two towns of a side are one."""
    cells = towns_at([16, 16, 24, 24], [25.0, 65.0, 25.0, 65.0], [0.0, 0.1, 0.5, 0.6])
    settings = replace(IN_FORCE.contrast, smoothing_blocks=(20.0, 20.0, 0.5))
    assert fit_of(cells, settings)[0].n_blocks == 2


def test_how_even_towns_are_is_judged_by_their_light():
    """Three towns a side, one 1.9 times as bright: they weigh like 3.9^2 / (1 + 1 + 1.9^2) = 2.71."""
    towns = [towns_at([16, 24], [y, y], [0.0, 0.0], light) for y, light in ((40, 1.0), (60, 1.0), (80, 1.9))]
    for asked, given in ((2.70, True), (2.72, False)):
        settings = replace(IN_FORCE.contrast, min_even_units=asked)
        assert (fit_of(Cells.joined(towns), settings)[0].contrast is not None) == given


def test_an_interval_without_end_is_no_contrast(monkeypatch):
    cells = towns_at([16, 16, 24, 24], [25.0, 65.0, 25.0, 65.0], [0.0, 0.1, 0.5, 0.6])
    monkeypatch.setattr("pipeline.borders.contrast.estimate", lambda *_: Estimate(0.5, math.inf, math.inf))
    contrast, fit = fit_of(cells)
    assert (contrast.contrast, fit) == (None, None)
    assert contrast.statement == "No contrast can be given: too few towns tell how towns differ."


def test_a_town_without_light_of_its_like_across_is_said_in_full():
    y_km = np.arange(5, 100, 20.0)
    cells = towns_at([*[16] * 5, 24, 24], [*y_km, 45.0, 85.0], np.zeros(7))
    faint = cells.chosen((cells.x > place(20, 0)[0]) & (cells.y > place(0, 65)[1]))
    bright = cells.chosen(~((cells.x > place(20, 0)[0]) & (cells.y > place(0, 65)[1])))
    dim = replace(faint, red=faint.red / 64, green=faint.green / 64)
    contrast, _ = fit_of(Cells.joined([bright, dim]))
    assert contrast.statement == (
        "No contrast can be given: the light of one side that can be compared with the other comes mostly "
        "from one town."
    )


def test_light_at_the_edges_of_what_counts_is_counted():
    x, y = place(np.array([20.5, 21.0, 25.0, 30.0, 30.1]), np.full(5, 0.0))
    ones = np.ones(5, np.float32)
    cells = Cells(x, y, ones, ones, np.ones(5, np.int8), 0 * ones)
    distance_m = np.array([499.0, 500.0, 5000.0, 10_000.0, 10_000.1])
    near = near_patches(
        Beside(cells, np.arange(5), np.ones(5, bool), distance_m), 500.0, CONFIG, IN_FORCE.patches
    )
    assert near.n_cells.sum() == 3
    # Bands from 0.5, 5 and 10 km on.
    assert sorted(near.key) == [1, 4, 5]


def test_strata_are_of_one_brightness_band_and_step_of_view_zenith():
    x = np.arange(5.0)
    near = Patches(
        x, x, x, x, x.astype(int), x.astype(int), np.array([0, 0, 0, 1, 1]), np.array([1, 2, 1, 1, 1])
    )
    zenith = np.array([4.9, 4.9, 5.0, 0.0, 3.0])
    assert strata(near, lambda x, y: zenith, 5.0).tolist() == [0, 2, 1, 3, 3]
    assert strata(near, lambda x, y: zenith, 2.5).tolist() == [0, 2, 1, 3, 4]


def test_a_stratum_without_light_has_no_weight():
    weight = overlap_weights(np.array([0, 0, 1]), np.array([True, False, True]), np.array([0.0, 0.0, 1.0]))
    assert weight.tolist() == [0, 0, 0]


def test_a_step_is_between_the_two_levels_near_the_border():
    terms = np.full((4, 2), 7.0)
    design, step = stepped(np.array([0, 1, 2, 3]), terms)
    assert design.tolist() == [[*row, 7, 7] for row in np.eye(4).tolist()]
    assert step.tolist() == [-1, 1, 0, 0, 0, 0]
    design, step = stepped(np.array([0, 1, 1, 3]), terms)
    assert design[:, :3].tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert step.tolist() == [-1, 1, 0, 0, 0]


def test_terms_of_a_trend_are_places_in_units_of_the_frame():
    trend = Trend.over(np.array([0.0, 10.0]), np.array([5.0, 5.0]), 20, 20)
    # A frame without height does not divide by 0: its reach is 1 m.
    assert trend.terms(np.array([7.5]), np.array([5.5])).tolist() == [[0.5, 0.5, 0.25, 0.25, 0.25]]
    u, v = 0.5, -0.25
    terms = Trend((0.0, 0.0), (2.0, 4.0), True).terms(np.array([1.0]), np.array([-1.0]))
    assert terms.tolist() == [[u, v, u * u, u * v, v * v]]


@pytest.mark.parametrize(
    ("interval", "alike", "word"),
    [
        ((None, None), None, "none"),
        ((0.1, None), None, "none"),
        ((None, 0.1), None, "none"),
        ((0.1, 0.2), False, "second greener"),
        ((-0.2, -0.1), False, "first greener"),
        ((-0.1, 0.3), False, "undecided"),
        ((0.0, 0.3), False, "undecided"),
        ((-0.3, 0.0), False, "undecided"),
        ((0.01, 0.1), True, "alike"),
    ],
)
def test_verdicts(interval, alike, word):
    assert verdict(*interval, alike) == word
    assert alike or verdict(*interval) == word


def test_an_interval_that_ends_at_nothing_leaves_the_sign_in_doubt():
    for numbers in ((0.1, 0.0, 0.2), (-0.1, -0.2, 0.0)):
        sentence = statement(Contrast(*numbers, 9, 9, "", -1.0, 1.0), "BE", "DE")
        assert sentence.startswith("Neither side is clearly greener")
    half = Contrast(0.2, None, None, 9, 9, "not given")
    assert statement(half, "BE", "DE") == statement(replace(half, low=0.1), "BE", "DE") == "not given"


def test_a_unit_left_out_by_hand():
    """Of four units of one value each, weighing 1, 1, 2, 4: without a unit the mean is that of the others."""
    value, weight = np.array([1.0, 2.0, 4.0, 9.0]), np.array([1.0, 1.0, 2.0, 4.0])
    fit = mean_fit(value, weight, np.ones((4, 1)), np.array([7, 3, 5, 9]))
    others = ((weight * value).sum() - weight * value) / (weight.sum() - weight)
    order = np.argsort([7, 3, 5, 9])
    assert fit.units.tolist() == [3, 5, 7, 9]
    assert fit.residual == pytest.approx((value - others)[order])
    assert fit.left_out[:, 0] == pytest.approx((others - fit.coefficients[0])[order])
    assert fit.influence[:, 0] == pytest.approx((weight / weight.sum())[order])
    assert fit.own[:, 0] == pytest.approx((weight / (weight.sum() - weight))[order])


def test_a_ratio_without_a_unit_by_hand():
    """Three units of one group: with p the share of green in all light and n a unit's light, a unit weighs
    n p (1 - p), its ratio is off by (green - n p) / (n p (1 - p) ln 2), and without it the others decide."""
    red, green = np.array([0.3, 0.2, 0.1]), np.array([0.1, 0.3, 0.1])
    weight, unit = np.array([1.0, 0.5, 2.0]), np.array([4, 2, 9])
    fit = ratio_fit(red, green, weight, np.ones((3, 1)), unit)
    n = weight * (red + green)
    p = (weight * green).sum() / n.sum()
    own, off = n * p * (1 - p), (weight * green - n * p) / np.log(2)
    order = np.argsort(unit)
    assert fit.coefficients[0] == pytest.approx(np.log2((weight * green).sum() / (weight * red).sum()))
    assert fit.left_out[:, 0] == pytest.approx((-off / (own.sum() - own))[order])
    assert fit.residual == pytest.approx((off / own / (1 - n / n.sum()))[order])
    assert fit.weight_sums[:, 0] == pytest.approx(own[order])


def test_a_town_of_a_wild_tone_does_not_break_the_fit():
    """In this scene a town is greener than any lamp, and the regression's second step overshoots."""
    contrast, _ = measured(scene(SETTINGS["heavy-tailed tones"], 59))
    assert contrast.contrast is None
    assert "too few towns tell how towns differ" in contrast.statement
