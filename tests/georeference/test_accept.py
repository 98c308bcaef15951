"""Acceptance by hand: the law of chance, how odds are combined, and what decides."""

import re
from dataclasses import replace

import numpy as np
import pytest

from pipeline.georeference.accept import (
    AcceptanceSettings,
    Evidence,
    ManualEvidence,
    Verdict,
    chance_law,
    chance_probability,
    decide,
    false_alarm_probability,
    is_hopeless,
    least_agreement,
)

LIMITS = AcceptanceSettings()
# Evidence that is more than enough by light, and by points.
CLEAR = Evidence(0.5, (0.05, 0.07, 0.06, 0.04), 1e-6, matched_patches=100.0, patches=120)
POINTS = ManualEvidence(n=4, rmse_px=2.0, sigma_share=0.005)
DARK = Evidence(0.0, (), 1.0, matched_patches=0.0, patches=0)


def verdict(agreement: float, chance: tuple[float, ...], held_out: float) -> Verdict:
    """On a frame with patches enough."""
    return decide(replace(CLEAR, agreement=agreement, chance=chance, held_out_probability=held_out), LIMITS)


def test_the_odds_of_chance_fall_with_agreement_and_forbid_a_near_tie() -> None:
    chance = (0.05, 0.07, 0.06, 0.04)
    falling = [verdict(v, chance, 0.5).false_alarm_probability for v in (0.06, 0.12, 0.2, 0.4)]
    assert falling == sorted(falling, reverse=True)
    assert verdict(0.4, chance, 0.5).accepted
    assert not verdict(0.08, chance, 0.5).accepted
    assert not verdict(0.40, (*chance, 0.38), 0.5).accepted  # a rival elsewhere as good
    # Cities held out of the fit may speak against a solution, but cannot carry a near tie.
    assert not verdict(0.08, chance, 1e-12).accepted
    surer, less_sure = (verdict(0.2, chance, p).false_alarm_probability for p in (1e-6, 1.0))
    assert surer < less_sure


def test_one_strong_rival_does_not_drown_in_weak_mirror_images() -> None:
    """Nine mirror images at 0 and a rival at 0.5: their mean is 0.05, their standard deviation 0.158, the
    scale of the law 0.123. By the mean alone it would lie at -0.02; the rival holds it two scales below
    itself."""
    location, scale = chance_law((0.0,) * 9 + (0.5,), LIMITS)
    assert scale == pytest.approx(0.5 / np.sqrt(10) * np.sqrt(6) / np.pi)
    assert location == pytest.approx(0.5 - 2 * scale)
    assert location > 0.25


def test_a_spread_of_chance_values_is_the_law_of_their_moments() -> None:
    """0.1 and 0.3: mean 0.2, standard deviation 0.1414. A Gumbel law has its mean 0.577 scales above its
    location, and a standard deviation of pi / sqrt(6) scales."""
    location, scale = chance_law((0.1, 0.3), LIMITS)
    assert scale == pytest.approx(0.11026, abs=1e-5)
    assert location == pytest.approx(0.2 - 0.57722 * 0.11026, abs=1e-5)
    # Values that are alike by luck: the least scale.
    assert chance_law((0.1, 0.1), LIMITS) == pytest.approx((0.1 - 0.57722 * 0.02, 0.02), abs=1e-6)


def test_odds_are_those_of_the_law_and_never_below_those_of_agreement_alone() -> None:
    alike = (0.1, 0.1)
    location, scale = chance_law(alike, LIMITS)
    # Four scales above the location: 1 - exp(-exp(-4)).
    tail = chance_probability(location + 4 * scale, alike, LIMITS)
    assert tail == pytest.approx(1 - np.exp(-np.exp(-4)))
    assert false_alarm_probability(location + 4 * scale, alike, 1e-12, LIMITS) == tail
    # By Fisher p q (1 - ln(p q)); held-out cities that say nothing, q = 1, raise the odds.
    both = false_alarm_probability(location + 4 * scale, alike, 1.0, LIMITS)
    assert both == pytest.approx(tail * (1 - np.log(tail)))


def test_without_chance_values_the_odds_are_the_least_there_can_be() -> None:
    for chance in ((0.0, 0.0, 0.0), (0.01, 0.05, 0.03), (0.3, 0.31, 0.3)):
        assert chance_probability(0.15, (), LIMITS) <= chance_probability(0.15, chance, LIMITS)
    for limit in (1e-4, 0.02):
        assert chance_probability(least_agreement(limit, LIMITS), (), LIMITS) == pytest.approx(limit)


def test_nothing_worked_out_later_makes_chance_less_likely() -> None:
    """A solution that chance explains is refused without its fine rounds: they can only lower the agreement
    that counts, and the held-out cities can only raise the odds."""
    rng = np.random.default_rng(5)
    for _ in range(200):
        chance = tuple(rng.normal(0.06, 0.03, 5))
        value, held_out = rng.uniform(-0.1, 0.9), 10 ** rng.uniform(-12, 0)
        least = chance_probability(value, chance, LIMITS)
        assert verdict(value - rng.exponential(0.05), chance, held_out).false_alarm_probability >= least


def test_a_few_blobs_in_line_are_not_believed() -> None:
    """A sparse frame under the facts of Moscow: 18 % of the light's detail fell in place by chance, which no
    more than one of 500 frames of a wrong place has done."""
    assert not verdict(0.18, (0.041, 0.034, 0.047, 0.072, 0.033), 0.064).accepted


def test_what_is_hopeless_is_refused() -> None:
    """Just above and just below the least that can be believed, without points and with one."""
    for n, limit in ((0, 1e-4), (1, 0.02)):
        least = least_agreement(limit, LIMITS)
        assert not is_hopeless(least + 1e-6, (), n, LIMITS)
        assert is_hopeless(least - 1e-6, (), n, LIMITS)
        assert is_hopeless(least + 1e-6, (0.1, 0.3), n, LIMITS)
    assert not is_hopeless(-1.0, (0.5, 0.6), 4, LIMITS)  # four points may decide alone


@pytest.mark.parametrize(
    ("evidence", "accepted", "reason"),
    [
        (CLEAR, True, "stands out from chance"),
        (replace(CLEAR, matched_patches=8.0), True, "stands out from chance"),
        (replace(CLEAR, matched_patches=7.9), False, "8 matched patches of 120"),
        (replace(CLEAR, agreement=0.08), False, "by 0.08, mirror images and rivals by up to 0.07"),
        (DARK, False, r"agrees by 0.00, no more than chance may \(0.17 is the least to believe\)"),
        (replace(CLEAR, by_hand=POINTS), True, "from chance, with manual control points to 2.0 px RMSE"),
        (replace(CLEAR, by_hand=replace(POINTS, rmse_px=10.1)), False, "disagree by 10 px RMSE, not 10"),
        (replace(DARK, by_hand=POINTS), True, "manual control points agree to 2.0 px RMSE"),
        (replace(DARK, by_hand=replace(POINTS, rmse_px=10.0)), True, "control points agree to 10.0 px"),
        (replace(DARK, by_hand=replace(POINTS, sigma_share=0.011)), False, "too close together"),
        (replace(DARK, by_hand=replace(POINTS, n=3)), False, r"\(0.07 is the least to believe\)"),
    ],
)  # fmt: skip
def test_what_decides(evidence: Evidence, accepted: bool, reason: str) -> None:
    told = decide(evidence, LIMITS)
    assert told.accepted == accepted
    assert re.search(reason, told.reason), told.reason


def test_a_point_by_hand_lets_more_odds_pass() -> None:
    """At odds between the two limits, 0.0001 and 0.02, a point makes the difference; at 0.05 it does not."""
    for odds, alone, with_point in ((1e-6, True, True), (1e-3, False, True), (0.05, False, False)):
        # Held-out cities as sure as can be: the odds are those of agreement alone.
        agreement = least_agreement(odds, LIMITS)
        evidence = replace(CLEAR, agreement=agreement, chance=(0.0, 0.0), held_out_probability=0.0)
        assert decide(evidence, LIMITS).accepted == alone
        one = replace(evidence, by_hand=replace(POINTS, n=1))
        assert decide(one, LIMITS).accepted == with_point


def test_limits_are_those_of_the_settings() -> None:
    strict = replace(LIMITS, max_false_alarm=1e-30)
    assert decide(CLEAR, LIMITS).accepted
    assert not decide(CLEAR, strict).accepted
