"""Placebo borders: a field that keeps its distances wherever it is laid, and a rank that is a p-value."""

import math
from dataclasses import replace

import numpy as np
import pytest

from pipeline.borders.border_line import BorderLine
from pipeline.borders.distance_field import DistanceField
from pipeline.borders.kernels import studentised_contrasts
from pipeline.borders.matching import overlap_weights
from pipeline.borders.patches import patches
from pipeline.borders.placebo import Placebo, placebo_test
from pipeline.borders.settings import IN_FORCE
from tests.borders.test_profiles import straight
from tests.scenes.border_towns import CONFIG, EXCLUSION_M, Setting, fitted, measured, nadir_below, scene
from tests.scenes.lands import box, place


@pytest.fixture(scope="module")
def field() -> DistanceField:
    line = BorderLine.of(straight(), 2000.0, IN_FORCE.line)
    return DistanceField.of(line, (box(0, 0, 20, 40), box(20, 0, 30, 40)), 12e3, 500.0)


def test_the_field_is_signed_distance_within_reach_and_countries(field):
    x, y = place(
        np.array([17.0, 20.6, 29.0, 31.0, 7.0, 25.0]), np.array([10.0, 20.0, 30.0, 20.0, 20.0, 41.0])
    )
    # Places are taken to the lattice: half its step of 500 m along an axis.
    assert field.at(x, y) == pytest.approx([-3000, 600, 9000, np.nan, np.nan, np.nan], abs=255, nan_ok=True)
    # 12 km of Belgium and 10 of Germany: the middle lies 1 km west of the border.
    assert field.middle() == pytest.approx(place(19, 20), abs=260)
    far = place(np.array([-500.0, 600.0]), np.array([20.0, 900.0]))
    assert np.isnan(field.at(*far)).all()


def test_a_field_laid_elsewhere_keeps_its_distances(field):
    """Turned by a quarter, what lay 5 km east of the border's middle lies 5 km from where it was laid."""
    at, middle, signed_m = place(100, 200), place(20, 20), field.signed_m.ravel()
    for turn, (east, north) in ((0.0, (5, 0)), (math.pi / 2, (0, 5)), (math.pi, (-5, 0))):
        x, y = place(np.array([100.0 + east]), np.array([200.0 + north]))
        (element,) = field.elements(np.stack([x, y]), middle, np.array([at]), np.array([turn]))
        assert signed_m[element] == field.at(*place(np.array([25.0]), np.array([20.0])))
    # Turned by an eighth, what lies 5 km to the south lies west of the border.
    below = np.stack(place(np.array([100.0]), np.array([195.0])))
    (south,) = field.elements(below, middle, np.array([at]), np.array([math.pi / 4]))
    assert signed_m[south] == pytest.approx(-5000 * math.sqrt(0.5), abs=255 * math.sqrt(2))


def contrasts(band, red, green, stratum, unit, least=1, min_even_units=1.25):
    """What the compiled loop gives: lit patches on the darker side and contrasts over their sigma."""
    band, lit, contrast = np.asarray(band, np.int8), np.empty(len(band), np.int64), np.empty(len(band))
    counts = int(stratum.max()) + 1, int(unit.max()) + 1, int(np.abs(band).max())
    studentised_contrasts(band, red, green, stratum, unit, *counts, least, min_even_units, lit, contrast)
    return lit, contrast


def test_studentised_by_hand():
    """Two units a side of equal light: tones 0, 0 and 1, 1 but for a scatter of +-d; lines forth, back, with
    one side, with a side of one unit, and of no patch."""
    d = 1e-3
    green, unit = 2 ** np.array([-d, d, 1 - d, 1 + d]), np.arange(4)
    band = [[-1, -1, 1, 1], [1, 1, -1, -1], [-1] * 4, [-1, -1, 0, 1], [0] * 4]
    lit, (forth, back, one_side, uneven, empty) = contrasts(band, np.ones(4), green, 0 * unit, unit)
    # Each unit has half of its side's light and, left out, moves it by d: sigma = sqrt(4 d^2).
    assert forth == pytest.approx(1 / (2 * d), rel=1e-3)
    assert back == pytest.approx(-forth, rel=1e-2)
    assert np.isnan([one_side, uneven, empty]).all()
    assert lit.tolist() == [2, 2, 0, 1, 0]
    assert np.isnan(contrasts(band, np.ones(4), green, 0 * unit, unit, least=3)[1]).all()


def test_contrasts_across_lines_are_those_of_numpy():
    """Line by line with the weights of `matching`, sums of units by numpy, and each unit left out in turn."""
    random = np.random.default_rng(1)
    band = random.integers(-3, 4, (20, 300)).astype(np.int8)
    red, green = random.lognormal(0, 1, (2, 300)) - 0.2  # some less than nothing, as noise makes them
    stratum, unit = random.integers(0, 4, (2, 300))
    lit, found = contrasts(band, red, green, stratum, unit)
    for line in range(20):
        on = np.flatnonzero(band[line])
        second, away = band[line, on] > 0, np.abs(band[line, on]).astype(np.int64) - 1
        assert lit[line] == min(second.sum(), (~second).sum())
        weight = overlap_weights(stratum[on] * 3 + away, second, (red + green)[on])

        def tones(weight, on=on, second=second):
            sums = [[(weight * light[on])[second == side].sum() for light in (red, green)] for side in (0, 1)]
            return np.array([math.log2(green / red) for red, green in sums])

        contrast, variance = np.diff(tones(weight))[0], 0.0
        for left_out in range(4):
            sides = [second == side for side in (0, 1)]
            reds, greens = (
                [
                    (weight * light[on] * (unit[on] == left_out))[side].sum()
                    / (weight * light[on])[side].sum()
                    for side in sides
                ]
                for light in (red, green)
            )
            moved = greens[1] - reds[1] - (greens[0] - reds[0])
            variance += (moved / (1 - max(*reds, 0))) ** 2
        # Sums in another order: some ten last bits of a double.
        assert found[line] == pytest.approx(contrast * math.log(2) / math.sqrt(variance), rel=1e-9)


def with_placebos(count, **more):
    return replace(IN_FORCE, placebo=replace(IN_FORCE.placebo, count=count, **more))


@pytest.fixture(scope="module")
def strong():
    return scene(Setting(width_km=80, height_km=80, density=0.05, contrast=1.0), 1)


def test_a_strong_border_is_stronger_than_its_placebos(strong):
    frame, fit = patches(strong.cells, IN_FORCE.patches), fitted(strong)[1]
    field = DistanceField.of(strong.line, strong.sides, 10e3, 500.0)
    result = placebo_test(frame, fit, field, EXCLUSION_M, nadir_below, CONFIG, with_placebos(199))
    # No p-value can be below 1 / (1 + n).
    assert result.n == 199
    assert 1 / 200 <= result.p <= 0.02
    assert placebo_test(frame, fit, field, EXCLUSION_M, nadir_below, CONFIG, with_placebos(199)) == result


def test_no_border_is_as_its_placebos():
    """The false-positive rate of 200 scenes is in benchmarks/borders/contrast.json."""
    setting = Setting(width_km=80, height_km=80, contrast=0)
    p = np.array([measured(scene(setting, seed), test=True)[1].p for seed in range(24)])
    # Uniform p-values: of 24, five or more below 5 % come once in 160 times.
    assert (p <= 0.05).sum() <= 4
    assert 0.3 < p.mean() < 0.7


def test_without_room_for_placebos_there_is_no_p(strong):
    """The frame ends 11 km from the border: a turned line has no place in either country."""
    narrow = np.abs(strong.cells.x - place(40, 0)[0]) < 11e3
    made = replace(strong, cells=strong.cells.chosen(narrow))
    frame, fit = patches(made.cells, IN_FORCE.patches), fitted(made)[1]
    result = placebo_test(
        frame,
        fit,
        DistanceField.of(made.line, made.sides, 10e3, 500.0),
        EXCLUSION_M,
        nadir_below,
        CONFIG,
        with_placebos(99),
    )
    assert result.p is None
    assert result.n < 99


def test_placebos_that_hardly_differ_make_no_p(strong):
    """As many placebos as are asked for, but fewer that differ than 20, or as many."""
    frame, fit = patches(strong.cells, IN_FORCE.patches), fitted(strong)[1]
    field = DistanceField.of(strong.line, strong.sides, 10e3, 500.0)

    def p_of(**more):
        settings = with_placebos(39, **more)
        return placebo_test(frame, fit, field, EXCLUSION_M, nadir_below, CONFIG, settings)

    everywhere = p_of()
    assert everywhere.p is not None
    # All places and all turns count as one: none differs from another.
    alike = p_of(apart_m=1e9, apart_rad=10.0)
    assert (alike.p, alike.n) == (None, 39)
    # Turns of 18 degrees: there are 20 of them, and 39 placebos seldom show all.
    turns = p_of(apart_m=1e9, apart_rad=math.pi / 10)
    assert (turns.p, turns.n) == (None, 39)
    assert p_of(apart_m=1e9, apart_rad=math.pi / 10, min_apart=2).p == everywhere.p
    # Of 20 that differ a p of 5 % can be told, of fewer it cannot.
    assert IN_FORCE.placebo.min_apart == math.ceil(1 / 0.05)
    assert p_of(like_lit=5.0) == Placebo(None, 0)
