import numpy as np
import pytest

from pipeline.tone.view_angle import MIN_STRETCHES, angle_check, matched, slope_and_sigma

BLOCKS, CELLS = 60, 20


def country(seed, per_10_deg=0.0, per_radius=0.0):
    """Tone, light, view zenith, radius and block of lit cells: towns of their own tone, over 15 degrees.

    The centre of the frame lies in the middle of the country, so that radius and zenith are not one.
    """
    rng = np.random.default_rng(seed)
    zenith = rng.uniform(20, 35, BLOCKS)
    radius = np.hypot((zenith - 27.5) / 15, rng.uniform(-0.5, 0.5, BLOCKS))
    tone = -1 + 0.2 * rng.normal(size=BLOCKS) + per_10_deg * zenith / 10 + per_radius * radius
    block = np.repeat(np.arange(BLOCKS), CELLS)
    cells = BLOCKS * CELLS
    light = np.exp(rng.normal(size=BLOCKS))[block] * np.exp(0.5 * rng.normal(size=cells))
    noisy = tone[block] + 0.1 * rng.normal(size=cells)
    jitter = rng.uniform(-0.2, 0.2, cells)
    return noisy, light, zenith[block] + jitter, radius[block], block


def test_without_a_slope_intervals_cover_zero_in_95_of_100_countries():
    checks = [angle_check(*country(seed)) for seed in range(200)]
    for slopes in ([c.zenith for c in checks], [c.radius for c in checks]):
        covered = np.mean([not slope.sure for slope in slopes])
        # Two binomial sigmas of 200 are 3 %; few bright blocks cost a little coverage.
        assert 0.90 <= covered <= 0.99
    assert all(c.verdict.startswith("No dependence") for c in checks if not (c.zenith.sure or c.radius.sure))


def test_a_planted_slope_is_recovered():
    checks = [angle_check(*country(seed, per_10_deg=0.5)) for seed in range(100)]
    values = np.array([c.zenith.value for c in checks])
    # Unbiased to three standard errors of the mean of 100.
    assert values.mean() == pytest.approx(0.5, abs=3 * values.std() / 10)
    covered = np.mean([c.zenith.low <= 0.5 <= c.zenith.high for c in checks])
    # Two binomial sigmas of 100 are 4 %.
    assert 0.88 <= covered <= 1.0
    assert np.mean([c.zenith.sure for c in checks]) > 0.95
    sure = next(c for c in checks if c.zenith.sure and not c.radius.sure)
    assert sure.verdict.startswith("Tone changes with view zenith: +0.")
    assert "matched view zenith" in sure.verdict


def test_a_slope_with_the_radius_is_told_from_one_with_the_zenith():
    check = angle_check(*country(3, per_radius=1.0))
    assert check.radius.low <= 1.0 <= check.radius.high
    assert check.radius.sure
    assert not check.zenith.sure
    assert check.verdict.startswith("Tone changes with distance from the centre: ")


def test_a_slope_by_hand():
    """Light weighs: of two cells at one angle the brighter one counts three times."""
    zenith = np.repeat([10.0, 20.0], 10)
    tone = np.where(zenith == 10, np.tile([0.0, 1.0], 10), 2.0)
    light = np.where((zenith == 10) & (tone == 1), 3.0, 1.0)
    check = angle_check(tone, light, zenith, zenith / 100, np.arange(20) % MIN_STRETCHES)
    # Weighted mean of the first angle: 0.75; 10 degrees on, 2. From the centre to the corner: 10 times that.
    assert check.zenith.value == pytest.approx(1.25)
    assert check.radius.value == pytest.approx(12.5)
    assert check.n_blocks == MIN_STRETCHES


def test_the_sigma_of_a_slope_is_that_of_whole_blocks():
    """Against the definition, block by block: of n of them, and n / (n - 1) for the line through them."""
    tone, light, zenith, _, block = country(11, per_10_deg=0.3)
    x, y, few = zenith / 10, tone, block < 5
    x, y, w, block = (v[few] for v in (x, y, light, block))
    mean_x, mean_y = np.average(x, weights=w), np.average(y, weights=w)
    slope = (w * (x - mean_x) * (y - mean_y)).sum() / (w * (x - mean_x) ** 2).sum()
    residual = y - mean_y - slope * (x - mean_x)
    of_blocks = [(w * (x - mean_x) * residual)[block == k].sum() for k in range(5)]
    sigma = np.sqrt(5 / 4 * np.square(of_blocks).sum()) / (w * (x - mean_x) ** 2).sum()
    terms = (w, w * x, w * y, w * x * x, w * x * y)
    moments = np.stack([np.bincount(block, term) for term in terms], axis=1)
    found, found_sigma = slope_and_sigma(moments, np.ones((1, 5)))
    assert found[0] == pytest.approx(slope)
    assert found_sigma[0] == pytest.approx(sigma)
    # A block drawn twice counts as two of it.
    twice = slope_and_sigma(moments, np.array([[2.0, 1, 1, 1, 0]]))
    alike = slope_and_sigma(moments[[0, 0, 1, 2, 3]], np.ones((1, 5)))
    assert np.ravel(twice) == pytest.approx(np.ravel(alike))


def test_cells_without_data_take_no_part():
    tone, light, zenith, radius, block = country(5, per_10_deg=0.1)
    whole = angle_check(tone, light, zenith, radius, block)
    tone, light, zenith, radius, block = (np.append(v, v[:40]) for v in (tone, light, zenith, radius, block))
    tone[-40:-20], light[-20:] = np.nan, 0.0
    assert angle_check(tone, light, zenith, radius, block) == whole


def test_what_cannot_be_told_is_not_told():
    tone, light, zenith, radius, block = country(7)
    few = angle_check(tone, light, zenith, radius, block % (MIN_STRETCHES - 1))
    assert (few.zenith, few.radius) == (None, None)
    assert few.verdict.startswith(
        f"Whether tone depends on the view cannot be told: only {MIN_STRETCHES - 1} of"
    )
    straight = angle_check(tone, light, np.full_like(zenith, 30.0), radius, block)
    assert straight.zenith is None
    assert "at one angle" in straight.verdict
    dark = angle_check(tone * np.nan, light, zenith, radius, block)
    assert dark.n_blocks == 0


def test_matched_samples_have_one_distribution_of_zenith():
    rng = np.random.default_rng(0)
    zenith = rng.normal(25, 4, 4000), rng.normal(31, 4, 6000)
    light = rng.exponential(1, 4000), rng.exponential(5, 6000)
    result = matched(zenith, light)
    bins = np.arange(0, 60, 2.0)
    shares = []
    for z, w, f in zip(zenith, light, result.factors, strict=True):
        histogram = np.histogram(z, bins, weights=w * f)[0]
        shares.append(histogram / histogram.sum())
    np.testing.assert_allclose(shares[0], shares[1], atol=1e-12)
    means = [np.average(z, weights=w * f) for z, w, f in zip(zenith, light, result.factors, strict=True)]
    # 6 degrees apart before; within bins of 2 degrees the samples still differ, by a fifth of a bin.
    assert abs(means[0] - means[1]) < 0.4
    # Of two normal distributions 1.5 sigmas apart: 2 Phi(-0.75).
    assert result.overlap == pytest.approx(0.453, abs=0.03)


def test_matching_removes_a_difference_that_the_view_makes():
    rng = np.random.default_rng(1)
    zenith = rng.uniform(10, 30, 8000), rng.uniform(20, 40, 8000)
    red = [np.ones(8000)] * 2
    green = [np.exp2(-0.3 + 0.1 * z / 10) for z in zenith]  # of one tone at one angle

    def contrast(factors):
        tones = [np.log2((f * g).sum() / (f * r).sum()) for f, g, r in zip(factors, green, red, strict=True)]
        return tones[1] - tones[0]

    assert contrast([np.ones(8000)] * 2) == pytest.approx(0.1, abs=0.01)
    # A fifth of a bin of 2 degrees is 0.004.
    assert contrast(matched(zenith, red).factors) == pytest.approx(0, abs=0.005)


def test_matching_by_hand_with_three_countries():
    zenith = [1.0, 1.5, 3.0], [1.0, 3.0, np.nan], [1.9, 3.9, 5.0]
    light = [1.0, 1.0, 2.0], [3.0, 1.0, 1.0], [1.0, 1.0, 2.0]
    result = matched(zenith, light)
    # Shares of light in 0-2, 2-4, 4-6 degrees: 1/2 1/2 0, 3/4 1/4 0, 1/4 1/4 1/2; the least: 1/4 1/4 0.
    expected = [0.5, 0.5, 0.5], [1 / 3, 1.0, 0.0], [1.0, 1.0, 0.0]
    for found, factors in zip(result.factors, expected, strict=True):
        np.testing.assert_allclose(found, factors)
    assert result.overlap == pytest.approx(0.5)


def test_samples_seen_at_different_angles_share_nothing():
    result = matched(([10.0, 11.0], [40.0]), ([1.0, 1.0], [1.0]))
    assert result.overlap == 0
    assert all((f == 0).all() for f in result.factors)
