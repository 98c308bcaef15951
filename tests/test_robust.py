"""Robust statistics by hand."""

import math

import numpy as np
import pytest

from pipeline.robust import (
    LOWER_QUARTILE_PER_SIGMA,
    SIGMA_PER_IQR,
    SIGMA_PER_MEDIAN,
    effective_count,
    log_ratio_sigma,
    median_over_rows,
    sigma_of_deviations,
    weighted_median,
    weighted_quantiles,
)

STEP = 1 / 256


def test_scales_are_those_of_a_normal_variable():
    value = np.random.default_rng(0).normal(size=200_001)
    # 200,000 values give these quantiles to 0.4 %.
    assert np.median(np.abs(value)) * SIGMA_PER_MEDIAN == pytest.approx(1, rel=0.01)
    assert np.subtract(*np.quantile(value, (0.75, 0.25))) * SIGMA_PER_IQR == pytest.approx(1, rel=0.01)
    assert np.quantile(np.abs(value), 0.25) == pytest.approx(LOWER_QUARTILE_PER_SIGMA, rel=0.01)


def test_a_sigma_of_deviations_leaves_wild_and_missing_values_out():
    assert sigma_of_deviations(np.array([-1.0, 2.0, -3.0, 1e9, np.nan, 0.0])) == pytest.approx(2 * 1.4826)


def test_a_weighted_median_has_half_of_the_weight_at_and_below_it():
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([1.0, 1.0, 1.0])) == 2
    assert weighted_median(np.array([3.0, 1.0, 2.0]), np.array([5.0, 1.0, 1.0])) == 3
    assert weighted_median(np.array([1.0, 2.0]), np.array([1.0, 1.0])) == 1


def test_the_median_over_rows_is_of_what_is_finite():
    rows = np.array([[1.0, np.nan, np.nan], [5.0, 2.0, np.nan], [2.0, 4.0, np.nan]])
    np.testing.assert_array_equal(median_over_rows(rows), [2.0, 3.0, np.nan])


def test_quantiles_are_those_of_sorted_values_to_half_a_step():
    rng = np.random.default_rng(0)
    value, weight = rng.normal(size=5000).astype(np.float32), rng.lognormal(size=5000).astype(np.float32)
    order = np.argsort(value)
    below = np.cumsum(weight[order]) / weight.sum()
    for share in (0.1, 0.5, 0.9):
        exact = value[order][np.searchsorted(below, share)]
        found = weighted_quantiles(value, weight, [share], STEP)[0]
        assert found == pytest.approx(exact, abs=STEP / 2 + 1e-6)


def test_a_share_that_is_met_exactly_is_met():
    value, weight = np.array([0, 1, 2.0]), np.array([14, 6, 8.0])
    # 14 of 28 at and below 0, 20 at and below 1.
    greater = weighted_quantiles(value, weight, (0.5, 0.501, 20 / 28, 0.72, 1.0), STEP)
    assert greater.tolist() == [0, 1, 1, 2, 2]
    # Ten weights of 0.1 sum to a little less than 1.
    tenths = weighted_quantiles(np.arange(10.0), np.full(10, 0.1), (0.3, 0.7), STEP)
    assert tenths.tolist() == [2, 6]


def test_without_weight_there_are_no_quantiles():
    assert np.isnan(weighted_quantiles(np.array([1.0, 2.0]), np.array([0.0, -1.0]), [0.5, 0.9], STEP)).all()


def test_uneven_groups_count_as_fewer_even_ones():
    assert effective_count(np.array([3, 5, 5, 9]), np.array([2.0, 1, 1, 4])) == pytest.approx(64 / 24)
    assert effective_count(np.array([3]), np.zeros(1)) == 0


def test_sigma_of_a_ratio_by_hand():
    assert log_ratio_sigma(np.full(6, 2.0), np.full(6, 1.0), 5) == 0
    # Five equal groups, green up by d in one: sigma = sqrt(5/4 x (4 (d/25)^2 + (4d/25)^2)) / ln 2, small d.
    d = 1e-3
    green = np.array([1.0, 1, 1, 1, 1 + d])
    expected = math.sqrt(5 / 4 * (4 * (d / 25) ** 2 + (4 * d / 25) ** 2)) / math.log(2)
    assert log_ratio_sigma(np.ones(5), green, 5) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("red", "green"), [(np.ones(4), np.ones(4)), (np.zeros(5), np.ones(5)), (np.ones(5), np.zeros(5))]
)
def test_too_few_groups_and_no_light_have_no_sigma(red, green):
    assert math.isnan(log_ratio_sigma(red, green, 5))


def test_the_sigma_of_a_ratio_is_its_scatter_when_drawn_again():
    rng = np.random.default_rng(0)

    def drawn():
        red = rng.lognormal(0, 0.5, 60)
        return red, red * 2 ** rng.normal(-0.8, 0.3, 60)

    draws = [drawn() for _ in range(400)]
    tones = [math.log2(green.sum() / red.sum()) for red, green in draws]
    sigmas = [log_ratio_sigma(red, green, 5) for red, green in draws]
    # 400 draws give a standard deviation to 3.5 %; 60 groups a sigma that is a few per cent low.
    assert np.mean(sigmas) == pytest.approx(np.std(tones), rel=0.1)
