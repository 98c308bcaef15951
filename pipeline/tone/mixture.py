"""How much of the light of a cell is white where sodium and white lamps mix.

Light adds, ratios do not. Per unit of green light, though, a mixture is linear in R/G and in B/G:

    R/G = f (R/G of white) + (1 - f) (R/G of sodium)        B/G likewise

where f is the share of the green light that white lamps give. Which sodium and which white lamps burn is not
known; f is worked out for every pair, and the differences between pairs widen the interval.
"""

import math
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from pipeline.camera.earth import Array
from pipeline.models import EvidenceLevel
from pipeline.photo.cameras import AB_SIGMA
from pipeline.robust import NORMAL_95
from pipeline.tone.evidence import require
from pipeline.tone.lamps import HIGH_SODIUM, lamp_ratios
from pipeline.tone.responses import Response

WHITE_LAMPS = (  # of 3000 to 4100 K
    *("LED-B2", "F32T8/TL830 (Triphosphor)", "MHC100/U/MP/3K", "F32T8/TL835 (Triphosphor)"),
    *("LED-B3", "F32T8/TL841 (Triphosphor)", "MHC100/U/MP/4K"),
)


@dataclass(frozen=True, eq=False)
class MixtureEnds:
    """Lamps a cell may mix: R/G and B/G in AB of sodium lamps (n, 2) and of white ones (m, 2)."""

    sodium: Array
    white: Array


@dataclass(frozen=True, eq=False)
class WhiteShare:
    """Share of the green light that white lamps give, and its 95 % interval, within 0 and 1."""

    share: Array
    low: Array
    high: Array


def mixture_ends(
    response: Response, aerosol_depth: float | None = None, view_zenith_deg: float = 0.0
) -> MixtureEnds:
    """High-pressure sodium and white lamps of 3000 to 4100 K as a camera sees them."""
    ends = []
    for lamps in (HIGH_SODIUM.lamps, WHITE_LAMPS):
        green_red, blue_green = lamp_ratios(response, lamps, aerosol_depth, view_zenith_deg).T
        ends.append(np.stack([1 / green_red, blue_green], axis=1))
    return MixtureEnds(*ends)


def white_share(
    log2_g_r: ArrayLike,
    log2_b_g: ArrayLike,
    sigma_log2_g_r: ArrayLike,
    sigma_log2_b_g: ArrayLike,
    ends: MixtureEnds,
    level: EvidenceLevel,
) -> WhiteShare:
    """The share of white light from AB ratios (...) of sums of light; where B/G is NaN, from G/R alone.

    NaN where G/R is, and where the whole interval lies outside 0 to 1: light redder than high-pressure sodium
    or greener than these white lamps is no mixture of them. Raises EvidenceError for a level that carries no
    lamp families.
    """
    require(level, "lamp_family")
    given = log2_g_r, log2_b_g, sigma_log2_g_r, sigma_log2_b_g
    arrays = np.broadcast_arrays(*(np.asarray(v, float) for v in given))
    has_ratio = np.isfinite(arrays[0]) & np.isfinite(arrays[2])
    green_red, blue_green, *noise = (v[has_ratio] for v in arrays)
    place = np.stack([np.exp2(-green_red), np.exp2(blue_green)])
    sigma = place * np.hypot(AB_SIGMA, math.log(2) * np.stack(noise))
    measured = np.isfinite(sigma)
    place, weight = np.where(measured, place, 0.0), np.where(measured, 1 / sigma**2, 0.0)

    pairs = list(product(ends.sodium[..., None], ends.white[..., None]))
    total, squares = np.zeros_like(green_red), np.zeros_like(green_red)
    for sodium, white in pairs:
        apart = white - sodium
        steep = (weight * apart**2).sum(axis=0)
        share = (weight * apart * (place - sodium)).sum(axis=0) / steep
        total, squares = total + share, squares + share**2 + 1 / steep
    middle = total / len(pairs)
    # The spread of a pair's shares by noise and the spread between pairs are taken together as one.
    half = NORMAL_95 * np.sqrt(squares / len(pairs) - middle**2)
    possible = (middle - half <= 1) & (middle + half >= 0)
    result = []
    for value in (middle, middle - half, middle + half):
        whole = np.full(has_ratio.shape, np.nan)
        whole[has_ratio] = np.where(possible, np.clip(value, 0, 1), np.nan)
        result.append(whole)
    return WhiteShare(*result)
