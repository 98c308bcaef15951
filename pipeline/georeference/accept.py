"""Acceptance: does a solution stand out from what chance makes of this very frame?

All limits of acceptance are in `AcceptanceSettings`; `decide` compares the evidence for a solution
with them and gives the `Verdict`.

Chance is measured, not assumed: the same search and refinement against mirror-imaged gazetteers, which
hold as many lights, as densely clustered, but cannot fit (a turned gazetteer could: roll is free), and the
best rival solution elsewhere with the true gazetteer.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

TINY = 1e-300  # a probability counts as this at least, so that it has a logarithm
# Agreements by chance, before any is measured: the best of a search agrees by at least nothing.
LEAST_CHANCE = (0.0, 0.0)


@dataclass(frozen=True)
class AcceptanceSettings:
    """What a solution must reach to be accepted, and how its odds are reckoned."""

    # Probability: among a thousand frames that no camera explains, chance accepts one with odds of ten to one
    # against. The odds of one photo differ by up to ten times between half and double its pixels, so photos
    # that far beneath the limit are judged alike at any size (docs/georeferencing-benchmark.md). This tells
    # whether a place is right; how precise it is the covariance tells.
    max_false_alarm: float = 1e-4
    # Probability, where control points by hand are given: each is evidence of its own, for it leaves
    # chance far fewer places to try.
    max_false_alarm_with_points: float = 0.02
    # Patches, each counted by its probability of being a true match: eight have 16 coordinates, against the
    # 11 parameters of a camera.
    min_matched_patches: float = 8.0
    # Pixels of the full photo, RMSE. A careful hand reaches 1.5; far beyond it, points contradict each other
    # or were picked on another version of the photo.
    max_manual_rmse_px: float = 10.0
    # Points. From four on they decide without city light: two coordinates each, against the six unknowns of
    # a pose.
    enough_manual_points: int = 4
    # Share of the frame's long side, 1 sigma, to which points by hand alone must fix every part of the frame:
    # city light can still repair so much.
    max_sigma_by_points: float = 0.01
    # Degrees from east, of the lines in which the reference light is mirrored: every line through the centre
    # is within 22.5 degrees of one of them, and each mirror costs a search.
    mirror_axes_deg: tuple[float, ...] = (0.0, 45.0, 90.0, 135.0)
    # Of agreement: the least scale of the law of chance, because a few chance values can be alike by luck.
    min_chance_scale: float = 0.02
    # In scales of the law of chance: its location lies at most so far below the largest chance value. One
    # strong rival must not be outweighed by weak mirror images.
    max_scales_below_rival: float = 2.0

    def shared_among(self, tries: int) -> "AcceptanceSettings":
        """The settings of each of several tries for one photo, which together are believed at these odds."""
        return replace(
            self,
            max_false_alarm=self.max_false_alarm / tries,
            max_false_alarm_with_points=self.max_false_alarm_with_points / tries,
        )

    def false_alarm_limit(self, by_hand: bool) -> float:
        """The largest false-alarm probability that is accepted."""
        return self.max_false_alarm_with_points if by_hand else self.max_false_alarm


@dataclass(frozen=True)
class ManualEvidence:
    """What control points by hand say by themselves: their number, how well the camera fits them (RMSE
    in px), and the largest 1 sigma over the frame that they and the prior leave, as a share of its long side.
    """

    n: int
    rmse_px: float
    sigma_share: float


@dataclass(frozen=True)
class Evidence:
    """The evidence for and against a solution: its agreement, the agreement of each chance solution, the
    odds of its held-out cities, how many of its patches match, and control points by hand."""

    agreement: float
    chance: tuple[float, ...]
    held_out_probability: float
    matched_patches: float
    patches: int
    by_hand: ManualEvidence | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether a solution is accepted and why, and the odds that chance does as well, with their origin."""

    accepted: bool
    reason: str
    false_alarm_probability: float
    held_out_probability: float
    agreement: float
    chance: tuple[float, ...]


def decide(evidence: Evidence, settings: AcceptanceSettings) -> Verdict:
    """The verdict on a solution."""
    odds = false_alarm_probability(
        evidence.agreement, evidence.chance, evidence.held_out_probability, settings
    )
    accepted, reason = _decision(evidence, odds, settings)
    return Verdict(
        accepted=accepted,
        reason=reason,
        false_alarm_probability=odds,
        held_out_probability=evidence.held_out_probability,
        agreement=evidence.agreement,
        chance=evidence.chance,
    )


def is_hopeless(
    agreement: float, chance: Sequence[float], n_by_hand: int, settings: AcceptanceSettings
) -> bool:
    """Whether a solution of this agreement will be refused whatever else is worked out: finer rounds can only
    lower the agreement that counts, and held-out cities can only raise the odds. Enough points by hand may
    always decide."""
    if n_by_hand >= settings.enough_manual_points:
        return False
    return chance_probability(agreement, chance, settings) > settings.false_alarm_limit(n_by_hand > 0)


def _decision(evidence: Evidence, odds: float, settings: AcceptanceSettings) -> tuple[bool, str]:
    """Whether to accept, and why."""
    by_hand = evidence.by_hand
    limit = settings.false_alarm_limit(by_hand is not None)
    stands_out = evidence.matched_patches >= settings.min_matched_patches and odds <= limit
    if by_hand is None:
        return stands_out, "stands out from chance" if stands_out else _like_chance(evidence, odds, settings)
    rmse = f"{by_hand.rmse_px:.1f} px RMSE"
    if by_hand.rmse_px > settings.max_manual_rmse_px:
        return False, (
            f"the manual control points disagree by {by_hand.rmse_px:.0f} px RMSE, "
            f"not {settings.max_manual_rmse_px:g}"
        )
    if stands_out:
        return True, f"stands out from chance, with manual control points to {rmse}"
    if by_hand.n < settings.enough_manual_points:
        return False, _like_chance(evidence, odds, settings)
    if by_hand.sigma_share <= settings.max_sigma_by_points:
        return True, f"manual control points agree to {rmse}"
    return False, (
        "the manual control points lie too close together or in a line to fix the whole frame; "
        "add some near the other edges"
    )


def _like_chance(evidence: Evidence, odds: float, settings: AcceptanceSettings) -> str:
    """Why city light alone is no reason to accept."""
    limit = settings.false_alarm_limit(evidence.by_hand is not None)
    beside = (
        f"mirror images and rivals by up to {max(evidence.chance):.2f} (false-alarm probability {odds:.2g}, "
        f"believed up to {limit:g}; {evidence.matched_patches:.0f} matched patches of {evidence.patches})"
        if evidence.chance
        else f"no more than chance may ({least_agreement(limit, settings):.2f} is the least to believe)"
    )
    return f"city light agrees by {evidence.agreement:.2f}, {beside}"


def false_alarm_probability(
    agreement: float, chance: Sequence[float], held_out: float, settings: AcceptanceSettings
) -> float:
    """Odds that chance does as well in both: in agreement, and with the cities held out of the fit, whose
    own odds are `held_out`. Fisher's method combines the two (of two odds whose product is q it leaves
    q (1 - ln q), the tail of chi-squared with four degrees of freedom); the result is never below the odds of
    agreement alone: around one big city the held-out ones all see the same light, so are not independent.
    """
    tail = chance_probability(agreement, chance, settings)
    rarity = -math.log(max(tail, TINY)) - math.log(max(held_out, TINY))
    return max(tail, math.exp(-rarity) * (1 + rarity))


def chance_probability(agreement: float, chance: Sequence[float], settings: AcceptanceSettings) -> float:
    """Odds that chance agrees as well: the upper tail of a Gumbel distribution (the law of maxima, and each
    chance value is a maximum over a search) with the mean and spread of the chance values."""
    location, scale = chance_law(chance, settings)
    return float(-np.expm1(-np.exp(-(agreement - location) / scale)))


def least_agreement(max_false_alarm: float, settings: AcceptanceSettings) -> float:
    """What a solution must agree by to stand out even from the least that chance can do."""
    location, scale = chance_law((), settings)
    return float(location - scale * np.log(-np.log1p(-max_false_alarm)))


def chance_law(chance: Sequence[float], settings: AcceptanceSettings) -> tuple[float, float]:
    """Location and scale of the Gumbel distribution of chance values, by their mean and spread."""
    values = np.asarray(chance if len(chance) else LEAST_CHANCE, float)
    scale = max(float(values.std(ddof=1)) * np.sqrt(6) / np.pi, settings.min_chance_scale)
    location = float(values.mean()) - np.euler_gamma * scale
    return max(location, float(values.max()) - settings.max_scales_below_rival * scale), scale
