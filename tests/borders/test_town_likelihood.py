"""The model of towns against the same model written out as one large covariance."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.borders.town_likelihood import Likelihood, Sizes, TownTones, bends

SHARED_M = 5000.0
PHOTOS, TOWNS = 3, 9


@pytest.fixture(params=[(0, 1, 1), (0, 1, 2)], ids=["two of one pass", "each its own"])
def known(request: pytest.FixtureRequest) -> TownTones:
    """Nine towns, three of them not in every photo, and two slopes."""
    rng = np.random.default_rng(1)
    tone = rng.normal(size=(PHOTOS, TOWNS))
    tone[0, 3] = np.nan
    tone[2, :2] = np.nan
    second = np.arange(TOWNS) > 4
    slope = rng.normal(size=(PHOTOS, TOWNS))
    x_m, y_m = rng.uniform(0, 2e4, (2, TOWNS))
    return TownTones(
        tone=tone,
        sigma=rng.uniform(0.05, 0.2, (PHOTOS, TOWNS)),
        frame=rng.uniform(-0.5, 0.5, (PHOTOS, TOWNS, 2)),
        design=np.stack([np.broadcast_to(second, (PHOTOS, TOWNS)).astype(float), slope], axis=-1),
        second=second,
        town=np.arange(TOWNS),
        window=np.zeros(TOWNS, int),
        mixed=0.8 * np.eye(TOWNS) + 0.2 / TOWNS,
        x_m=x_m,
        y_m=y_m,
        photo_pass=np.array(request.param),
    )


def written_out(known: TownTones, sizes: Sizes) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-likelihood, coefficients and covariance from the covariance of all observations."""
    photo, unit = np.nonzero(np.isfinite(known.tone))
    away = np.hypot(known.x_m[:, None] - known.x_m, known.y_m[:, None] - known.y_m)
    mixed = known.mixed @ known.mixed.T
    alike = mixed[np.ix_(known.town, known.town)]
    spread = sizes.town**2 * alike + sizes.shared**2 * np.exp(-(away**2) / 2 / SHARED_M**2)
    spread += sizes.changed**2 * alike * (known.window[:, None] == known.window) + 1e-6 * np.eye(len(away))
    covariance = spread[np.ix_(unit, unit)] + np.diag(known.sigma[photo, unit] ** 2 + sizes.left**2)
    second = np.broadcast_to(known.second[:, None], (*known.tone.shape, 1))
    trend = np.concatenate([bends(known.frame), second], axis=-1)[photo, unit]
    size2 = np.array([sizes.plane] * 2 + [sizes.bend] * 3 + [sizes.step]) ** 2
    same_pass = known.photo_pass[photo][:, None] == known.photo_pass[photo]
    covariance += (trend * size2) @ trend.T * same_pass
    levels = [(photo == number).astype(float) for number in range(len(known.tone))]
    design = np.column_stack([known.design[photo, unit], *levels])
    inverse = np.linalg.inv(covariance)
    normal = design.T @ inverse @ design
    coefficients = np.linalg.solve(normal, design.T @ inverse @ known.tone[photo, unit])
    off = known.tone[photo, unit] - design @ coefficients
    log_dets = np.linalg.slogdet(covariance)[1] + np.linalg.slogdet(normal)[1]
    k = known.design.shape[2]
    return -0.5 * (log_dets + off @ inverse @ off), coefficients[:k], np.linalg.inv(normal)[:k, :k]


@pytest.mark.parametrize(
    "sizes",
    [Sizes(0.3, 0.2, 0.05, 0.1, 0.2, 0.3, 0.1), Sizes(0.2, 0.01, 0.003, 0.05, 1.5, 1.5, 0.003)],
    ids=["all parts", "a free trend"],
)
def test_equals_the_model_written_out(known: TownTones, sizes: Sizes) -> None:
    # Differences are of the 1e-6 that keep equations solvable, and rounding.
    likelihood = Likelihood(known, SHARED_M)
    log_likelihood, coefficients, covariance = likelihood.coefficients(sizes)
    expected = written_out(known, sizes)
    assert log_likelihood == pytest.approx(expected[0], abs=1e-4)
    np.testing.assert_allclose(coefficients, expected[1], atol=1e-5)
    np.testing.assert_allclose(covariance, expected[2], rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(likelihood.solution(sizes).coefficients, coefficients, atol=1e-8)


def test_one_photo_equals_the_model_written_out(known: TownTones) -> None:
    """Its level and trend are fewer than the towns, which the equations make use of."""
    alone = replace(
        known,
        tone=known.tone[1:2],
        sigma=known.sigma[1:2],
        frame=known.frame[1:2],
        design=known.design[1:2],
        photo_pass=np.array([0]),
    )
    sizes = Sizes(0.3, 0.2, 0.05, 0.1, 0.2, 0.3, 0.1)
    log_likelihood, coefficients, covariance = Likelihood(alone, SHARED_M).coefficients(sizes)
    expected = written_out(alone, sizes)
    assert log_likelihood == pytest.approx(expected[0], abs=1e-4)
    np.testing.assert_allclose(coefficients, expected[1], atol=1e-5)
    np.testing.assert_allclose(covariance, expected[2], rtol=1e-4, atol=1e-7)


def test_fewer_photos_of_the_same_towns_are_as_if_there_had_been_no_others(known: TownTones) -> None:
    sizes = Sizes(0.3, 0.2, 0.05, 0.1, 0.2, 0.3, 0.1)
    tone = known.tone.copy()
    tone[:, 4] = np.nan  # a town that none shows
    fewer = replace(known, tone=tone)
    all_of_them = Likelihood(known, SHARED_M)
    all_of_them.log_likelihood(sizes)
    of_fewer = all_of_them.seeing(fewer).coefficients(sizes)
    for told, fresh in zip(of_fewer, Likelihood(fewer, SHARED_M).coefficients(sizes), strict=True):
        np.testing.assert_allclose(told, fresh, rtol=1e-12)
    assert all_of_them.log_likelihood(sizes) == Likelihood(known, SHARED_M).log_likelihood(sizes)


def test_windows_share_towns_and_not_what_they_change_by(known: TownTones) -> None:
    # The last three units are the first three towns in another window.
    town, window = np.array([0, 1, 2, 3, 4, 5, 0, 1, 2]), np.repeat([0, 0, 1], 3)
    of_windows = replace(known, town=town, window=window, mixed=0.8 * np.eye(6) + 0.2 / 6)
    sizes = Sizes(0.3, 0.1, 0.2, 0.1, 0.2, 0.3, 0.1)
    log_likelihood, coefficients, _ = Likelihood(of_windows, SHARED_M).coefficients(sizes)
    expected = written_out(of_windows, sizes)
    assert log_likelihood == pytest.approx(expected[0], abs=1e-4)
    np.testing.assert_allclose(coefficients, expected[1], atol=1e-5)


def test_what_photos_tell_is_kept_only_while_it_holds(known: TownTones) -> None:
    sizes = Sizes(0.3, 0.2, 0.05, 0.1, 0.2, 0.3, 0.1)
    likelihood = Likelihood(known, SHARED_M)
    likelihood.log_likelihood(sizes)
    for other in (replace(sizes, town=0.1), replace(sizes, left=0.3), replace(sizes, step=0.4)):
        fresh = Likelihood(known, SHARED_M).log_likelihood(other)
        assert likelihood.log_likelihood(other) == pytest.approx(fresh, abs=1e-9)


def test_columns_outside_the_design_are_told_alike(known: TownTones) -> None:
    """`information` and `on_values` give a column's coefficient as the design would."""
    sizes = Sizes(0.3, 0.2, 0.05, 0.1, 0.2, 0.3, 0.1)
    side = np.where(np.arange(TOWNS) % 2, 0.5, -0.5)
    solution = Likelihood(known, SHARED_M).solution(sizes)
    tone, design = solution.on_values[:, 0], solution.on_values[:, 1:]
    across = design.T @ side
    told = side @ solution.information @ side - across @ solution.covariance @ across
    step = side @ (tone - design @ solution.coefficients) / told
    columns = np.concatenate([known.design, np.broadcast_to(side[:, None], (PHOTOS, TOWNS, 1))], axis=2)
    within = Likelihood(replace(known, design=columns), SHARED_M).solution(sizes)
    assert step == pytest.approx(within.coefficients[-1], abs=1e-4)
    assert 1 / told == pytest.approx(within.covariance[-1, -1], rel=1e-3)


def test_a_country_that_no_photo_shows_takes_nothing(known: TownTones) -> None:
    sizes = Sizes(0.3, 0.2, 0.05, 0.1, 0.2, 0.3, 0.1)
    nowhere = np.concatenate([known.design, np.zeros((PHOTOS, TOWNS, 1))], axis=2)
    _, coefficients, _ = Likelihood(replace(known, design=nowhere), SHARED_M).coefficients(sizes)
    assert coefficients[-1] == pytest.approx(0, abs=1e-9)
    np.testing.assert_allclose(
        coefficients[:2], Likelihood(known, SHARED_M).coefficients(sizes)[1], atol=1e-6
    )
