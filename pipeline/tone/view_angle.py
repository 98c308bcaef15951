"""Does tone depend on how it was looked at, and what to do when it does.

Slanted light has crossed more air, comes from other faces of lamps and lies nearer the corner of the frame,
where lenses darken and colour. A country seen from the side may look different only because of this. So a
slope of tone with the view angle is looked for within one country, and countries are compared at matched
view zenith.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.camera.earth import Array

CONFIDENCE = 0.95  # of intervals, as in all tables
MIN_STRETCHES = 8  # of land with light: a bootstrap of fewer independent units covers too rarely
REPLICATES = 999  # 1000 x 0.95 is whole; the quantile covers 95 % to 0.7 %
BOOTSTRAP_SEED = 0  # fixed: the same data give the same interval
BIN_DEG = 2.0  # of view zenith: at 0.1 per 10 degrees tone changes by 0.02 across one


@dataclass(frozen=True)
class Slope:
    """A slope and its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether the interval leaves no doubt of the sign."""
        return not self.low <= 0 <= self.high

    def __str__(self) -> str:
        return f"{self.value:+.2f} ({self.low:+.2f} to {self.high:+.2f})"


@dataclass(frozen=True)
class AngleCheck:
    """Slopes of tone within one country, in log2, None where they cannot be told; and what they mean.

    `zenith` is per 10 degrees of view zenith, `radius` from the centre of the frame to its corner.
    """

    zenith: Slope | None
    radius: Slope | None
    n_blocks: int
    verdict: str


def angle_check(
    tone: ArrayLike, weight: ArrayLike, zenith_deg: ArrayLike, radius: ArrayLike, block: ArrayLike
) -> AngleCheck:
    """Regress the tone (n,) of lit cells of one country on view zenith and, apart from it, on the radius.

    `weight` is the cells' light, `radius` 0 at the centre of the frame and 1 at its corner, `block` the
    number of the stretch of land a cell lies in, a few kilometres wide: neighbouring cells share a town, so
    blocks are the independent units. NaN cells are left out.
    """
    given = [np.ravel(np.asarray(v, float)) for v in (tone, weight, zenith_deg, radius)]
    used = np.isfinite(given).all(axis=0) & (given[1] > 0)
    y, w, zenith, corner = (v[used] for v in given)
    blocks, index = np.unique(np.ravel(np.asarray(block))[used], return_inverse=True)
    if len(blocks) < MIN_STRETCHES:
        few = f"only {len(blocks)} of the {MIN_STRETCHES} stretches of land that are needed have light"
        return AngleCheck(None, None, len(blocks), f"Whether tone depends on the view cannot be told: {few}.")
    by_zenith = _slope(zenith / 10, y, w, index)
    by_radius = _slope(corner, y, w, index)
    return AngleCheck(by_zenith, by_radius, len(blocks), _verdict(by_zenith, by_radius))


def _verdict(zenith: Slope | None, radius: Slope | None) -> str:
    """What the slopes mean for a comparison of countries, in one or two sentences."""
    if zenith is None or radius is None:
        return (
            "Whether tone depends on the view cannot be told: the country is seen at one angle or radius "
            "only, or nearly all its light lies in one place."
        )
    figures = (
        f"{zenith} in log2(G/R) per 10 degrees of view zenith, "
        f"{radius} from the centre of the frame to its corner"
    )
    if not zenith.sure and not radius.sure:
        return f"No dependence of tone on the view is found: {figures}, within which one may hide."
    causes = [name for name, s in (("view zenith", zenith), ("distance from the centre", radius)) if s.sure]
    return (
        f"Tone changes with {' and '.join(causes)}: {figures}. Air, lamps and lens can do this, and so can "
        "towns that differ from one end of the country to the other: compare countries at matched view "
        "zenith."
    )


def _slope(x: Array, y: Array, weight: Array, block: NDArray[np.intp]) -> Slope | None:
    """Weighted slope of y on x, a symmetric studentised bootstrap of whole blocks; None if undetermined."""
    x, y = x - np.average(x, weights=weight), y - np.average(y, weights=weight)
    terms = (weight, weight * x, weight * y, weight * x * x, weight * x * y)
    moments = np.stack([np.bincount(block, term) for term in terms], axis=1).astype(float)
    if moments[:, 3].sum() <= 1e-12 * weight.sum():
        return None
    n = len(moments)
    drawn = np.random.default_rng(BOOTSTRAP_SEED).multinomial(n, np.full(n, 1 / n), REPLICATES).astype(float)
    value, sigma = (float(v[0]) for v in slope_and_sigma(moments, np.ones((1, n))))
    with np.errstate(divide="ignore", invalid="ignore"):
        values, sigmas = slope_and_sigma(moments, drawn)
        away = np.nan_to_num(np.abs(values - value) / sigmas, nan=np.inf)
    half = sigma * float(np.quantile(away, CONFIDENCE, method="higher"))
    return Slope(value, value - half, value + half) if math.isfinite(half) else None


def slope_and_sigma(moments: Array, drawn: Array) -> tuple[Array, Array]:
    """Slopes and their sigmas, both (replicates,), of n blocks taken `drawn` (replicates, n) times.

    `moments` (n, 5) are each block's sums of w, w x, w y, w x^2 and w x y. The sigma is for whole blocks
    drawn at random, to first order: "cluster-robust", with n / (n - 1) for the line that is taken off.
    """
    w, wx, wy, wxx, wxy = (drawn @ moments).T
    mean_x, mean_y = wx / w, wy / w
    spread = wxx - wx * mean_x
    slope = (wxy - wx * mean_y) / spread
    # Of each block: sum of w (x - mean) (residual), written in the moments.
    parts = np.stack(
        [
            mean_x * (mean_y - slope * mean_x),
            2 * slope * mean_x - mean_y,
            -mean_x,
            -slope,
            np.ones_like(slope),
        ]
    )
    influence = (moments @ parts).T / spread[:, None]
    n = len(moments)
    return slope, np.sqrt(n / (n - 1) * (drawn * influence**2).sum(axis=1))


@dataclass(frozen=True, eq=False)
class Matched:
    """Factors for the light of each sample's cells, and how alike the samples are seen, 0 to 1."""

    factors: tuple[Array, ...]
    overlap: float


def matched(zenith_deg: Sequence[ArrayLike], light: Sequence[ArrayLike], bin_deg: float = BIN_DEG) -> Matched:
    """Factors that give all samples (two or more countries) one distribution of light over view zenith.

    The common distribution is what all have: the least of their histograms in bins of `bin_deg`. Red and
    green of a cell are multiplied by the same factor, so that sums stay sums and ratios come after. A cell
    whose bin a sample lacks, or without light or angle, has factor 0. `overlap` is the sum of the least.
    """
    bins, weights = [], []
    for angle, amount in zip(zenith_deg, light, strict=True):
        z, w = np.asarray(angle, float), np.asarray(amount, float)
        good = np.isfinite(z) & np.isfinite(w) & (w > 0)
        bins.append(np.floor(np.where(good, z, 0.0) / bin_deg).astype(np.intp))
        weights.append(np.where(good, w, 0.0))
    n = 1 + max(int(b.max(initial=0)) for b in bins)
    counted = [np.bincount(b.ravel(), w.ravel(), n) for b, w in zip(bins, weights, strict=True)]
    share = np.stack([c / c.sum() if c.any() else c for c in counted])
    common = share.min(axis=0)
    factor = np.divide(common, share, out=np.zeros_like(share), where=share > 0)
    factors = tuple(np.where(w > 0, f[b], 0.0) for f, b, w in zip(factor, bins, weights, strict=True))
    return Matched(factors, float(common.sum()))
