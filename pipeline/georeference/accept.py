"""Acceptance: does a solution stand out from what chance makes of this very frame?

Chance is measured, not assumed: the same search and refinement against mirror-imaged gazetteers, which
hold as many lights as densely clustered but cannot fit (a turned gazetteer could: roll is free), and the
best rival solution elsewhere with the true gazetteer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import combine_pvalues

from pipeline.camera.camera import Camera
from pipeline.georeference.reference import render
from pipeline.georeference.sources import Sources
from pipeline.georeference.working_image import WorkingImage

MIRROR_AXES_DEG = (0.0, 45.0, 90.0, 135.0)
DETAIL_PX = 10.0
ENOUGH_GROUND = 0.5
MIN_SCALE = 0.02
LEAST_CHANCE = (0.0, 0.0)
# So rare that none of the ten thousand photos of a large run is believed by chance: at 1e-3, one of 500
# frames of the wrong place was; at 1e-4, Osaka was, 0.7 km off by a gazetteer that does not describe it.
MAX_FALSE_ALARM = 1e-5
TINY = 1e-300


@dataclass(frozen=True)
class Verdict:
    """Agreement of the solution, of each chance solution, and the odds of chance reaching the former."""

    agreement: float
    chance: tuple[float, ...]
    held_out_probability: float
    false_alarm_probability: float

    @property
    def accepted(self) -> bool:
        return self.false_alarm_probability <= MAX_FALSE_ALARM


def agreement(lights: WorkingImage, camera: Camera, sources: Sources) -> float:
    """Correlation of photo and reference in their detail: what is smoother than 10 px is taken out, for
    any two big cities resemble each other as blobs. `camera` is for the size of `lights`.

    A camera that sees mostly sky is compared over little ground, where chance correlates more: its
    agreement counts less.
    """
    ground = lights.on_ground(camera)
    share = float(ground.valid.mean() / max(lights.valid.mean(), 1e-6))
    reference = _detail(render(camera, sources, lights.compression), ground.valid)
    image = _detail(ground.image, ground.valid)
    a, b = reference[ground.valid], image[ground.valid]
    spread = float(a.std() * b.std()) if len(a) else 0.0
    if not spread > 0:
        return 0.0
    correlation = float(((a - a.mean()) * (b - b.mean())).mean()) / spread
    return float(np.sqrt(min(1.0, share / ENOUGH_GROUND))) * correlation


def _detail(image: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    masked = np.where(valid, image, 0)
    weight = gaussian_filter(valid.astype(np.float32), DETAIL_PX)
    return np.asarray(image - gaussian_filter(masked, DETAIL_PX) / np.maximum(weight, 0.05))


def judge(value: float, chance: Sequence[float], held_out: float) -> Verdict:
    """Odds that chance does as well in both: in agreement, and with the cities held out of the fit, whose
    own odds are `held_out`. The two are combined by Fisher's method, but never below the odds of agreement
    alone: around a single big city the held-out ones all see the same light, and are not independent.
    """
    tail = chance_probability(value, chance)
    both = combine_pvalues([max(tail, TINY), max(held_out, TINY)], method="fisher").pvalue
    return Verdict(value, tuple(float(v) for v in chance), held_out, max(tail, float(both)))


def chance_probability(value: float, chance: Sequence[float]) -> float:
    """Odds that chance agrees as well: the upper tail of a Gumbel distribution (the law of maxima, and each
    chance value is a maximum over a search) with the mean and spread of the chance values."""
    location, scale = _law(chance)
    return float(-np.expm1(-np.exp(-(value - location) / scale)))


def least_agreement(max_false_alarm: float) -> float:
    """What a solution must agree by to stand out even from the least that chance can do."""
    location, scale = _law(())
    return float(location - scale * np.log(-np.log1p(-max_false_alarm)))


def _law(chance: Sequence[float]) -> tuple[float, float]:
    """Location and scale of the Gumbel distribution of chance values.

    So few values can be alike by luck, so the spread is taken as at least 0.02. Without values, the least
    that they could say: the best of a search agrees by more than nothing.
    """
    values = np.asarray(chance if len(chance) else LEAST_CHANCE, float)
    scale = max(float(values.std(ddof=1)) * np.sqrt(6) / np.pi, MIN_SCALE)
    location = float(values.mean()) - np.euler_gamma * scale
    # The largest bounds the location from below as well: one strong rival must not drown in weak ones.
    return max(location, float(values.max()) - 2 * scale), scale
