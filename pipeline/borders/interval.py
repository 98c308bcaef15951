"""Intervals of values that are made of towns.

Each town (unit) is left out in turn. This gives the jackknife's sigma: how much the value depends on which
towns there happen to be. How many such sigmas hold 95 % is found by redrawing every town's tone, while the
towns' light, places and sizes stay as they are: few or uneven towns widen the interval.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pipeline.borders.fit import Fit
from pipeline.borders.settings import ContrastSettings
from pipeline.camera.earth import Array


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % and 90 % intervals, as half their widths."""

    value: float
    half95: float
    half90: float


@dataclass(frozen=True, eq=False)
class Scatter:
    """How far units are apart: the jackknife's sigma of a combination of a fit's coefficients, and what that
    sigma becomes (n,) where units have independent normal ratios (`effect`, (n, units))."""

    sigma: float
    effect: Array
    redrawn: Array

    @classmethod
    def of(cls, fit: Fit, combination: Array, replicates: int, seed: int) -> "Scatter":
        """Of a combination (p,) of coefficients, from `replicates` (n) draws of the units' ratios."""
        effect = _draws(replicates, len(fit.units), seed)
        through = np.einsum("p,upq->qu", combination, fit.through)
        off = effect @ fit.weight_sums @ through - effect * (fit.own @ combination)
        sigma = float(np.sqrt(((fit.left_out @ combination) ** 2).sum()))
        return cls(sigma, effect, np.sqrt((off**2).sum(axis=1)))

    def estimate(self, value: float, influence: Array, settings: ContrastSettings) -> Estimate:
        """The intervals of a value that moves with the units' ratios by `influence` (units,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.nan_to_num(np.abs(self.effect @ influence) / self.redrawn, nan=np.inf)
        levels = settings.level, settings.equivalence_level
        half = self.sigma * np.quantile(apart, levels, method="higher")
        return Estimate(value, float(half[0]), float(half[1]))


@lru_cache(maxsize=4)  # half of an estimate's time; several of a border in a row have as many units
def _draws(replicates: int, units: int, seed: int) -> Array:
    """Independent normal ratios (replicates, units). Callers share them: none may change them."""
    return np.random.default_rng(seed).standard_normal((replicates, units))


def estimate(fit: Fit, combination: Array, replicates: int, settings: ContrastSettings) -> Estimate:
    """A combination (p,) of a fit's coefficients with its intervals: the jackknife's sigma times the quantile
    of |error| / sigma over `replicates` draws where units have independent normal ratios."""
    scatter = Scatter.of(fit, combination, replicates, settings.seed)
    return scatter.estimate(float(fit.coefficients @ combination), fit.influence @ combination, settings)
