"""Statistics that a few wild values do not move, and the scatter of ratios of sums. Pure numpy.

A median or a quantile may be weighted; `sigma_of_deviations` is the scaled median absolute deviation.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Of a normal variable x with mean 0.
SIGMA_PER_MEDIAN = 1.4826  # sigma / median |x|
SIGMA_PER_IQR = 0.7413  # sigma / interquartile range
LOWER_QUARTILE_PER_SIGMA = 0.3186  # lower quartile of |x| / sigma
NORMAL_95 = 1.96  # sigmas within which 95 % of it lie
NORMAL_90 = 1.645  # the same of 90 %
# A share that is met exactly must not pass to the next step by a rounding error of the sums.
ROUNDING = 1e-9


def sigma_of_deviations(deviation: NDArray[np.floating[Any]]) -> float:
    """1 sigma of normal values of any shape from their deviations from the middle; NaN are left out."""
    return SIGMA_PER_MEDIAN * float(np.nanmedian(np.abs(deviation)))


def median_over_rows(values: Array) -> Array:
    """Median (n,) over the rows of (rows, n) of what is finite; NaN where nothing is."""
    given = np.isfinite(values).any(axis=0)
    return np.where(given, np.nanmedian(np.where(given, values, 0.0), axis=0), np.nan)


def weighted_median(values: Array, weight: Array) -> float:
    """The value (of n >= 1) at and below which half of the weight lies."""
    order = np.argsort(values)
    total = np.cumsum(weight[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def weighted_quantiles(
    values: NDArray[np.floating[Any]], weight: NDArray[np.floating[Any]], shares: Sequence[float], step: float
) -> Array:
    """The values (shares,), to step / 2, at and below which lie shares of the weight of n values; NaN where
    no weight is positive. From a histogram of `step`: no sort of many million values."""
    positive = weight > 0
    if not positive.any():
        return np.full(len(shares), np.nan)
    place = np.rint(values[positive] / step).astype(np.int64)
    below = np.cumsum(np.bincount(place - place.min(), weight[positive]))
    wanted = np.array(shares) * below[-1] * (1 - ROUNDING)
    return np.asarray((np.searchsorted(below, wanted) + place.min()) * step)


def effective_count(group: NDArray[np.integer[Any]], weight: Array) -> float:
    """How many groups of even weight would scatter as the uneven ones do (Kish 1965); 0 without weight."""
    own = np.bincount(np.unique(group, return_inverse=True)[1], weight)
    return float(own.sum() ** 2 / (own**2).sum()) if own.any() else 0.0


def log_ratio_sigma(red: Array, green: Array, min_groups: int) -> float:
    """1 sigma of log2(sum of green / sum of red) from the scatter of the ratio between n groups; NaN of fewer
    than `min_groups`, and without light.

    The ratio is linearised: each group moves it by its share of green less its share of red. Noise is in it,
    and so is the chance of which towns a zone happens to hold.
    """
    if len(red) < min_groups or not (red.sum() > 0 and green.sum() > 0):
        return math.nan
    influence = green / green.sum() - red / red.sum()
    return float(np.sqrt(len(red) / (len(red) - 1) * (influence**2).sum()) / math.log(2))
