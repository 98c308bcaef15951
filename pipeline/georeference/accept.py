"""Acceptance: does a solution stand out from what chance makes of this very frame?

Chance is measured, not assumed: the same search and refinement against mirror-imaged gazetteers, which
hold as many lights as densely clustered but cannot fit (a turned gazetteer could: roll is free), and the
best rival solution elsewhere with the true gazetteer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.stats import combine_pvalues

from pipeline.camera.camera import Camera
from pipeline.config import LonLat
from pipeline.georeference.cities import Cities
from pipeline.georeference.lights import Lights
from pipeline.georeference.reference import render

MIRROR_AXES_DEG = (0.0, 45.0, 90.0, 135.0)
DETAIL_PX = 10.0
MIN_SCALE = 0.02
MAX_FALSE_ALARM = 1e-3
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


def agreement(lights: Lights, camera: Camera, cities: Cities) -> float:
    """Correlation of photo and reference in their detail: what is smoother than 10 px is taken out, for
    any two big cities resemble each other as blobs. `camera` is for the size of `lights`."""
    reference = _detail(render(camera, cities), lights.valid)
    image = _detail(lights.image, lights.valid)
    a, b = reference[lights.valid], image[lights.valid]
    spread = float(a.std() * b.std())
    return float(((a - a.mean()) * (b - b.mean())).mean()) / spread if spread > 0 else 0.0


def _detail(image: NDArray[np.float32], valid: NDArray[np.bool_]) -> NDArray[np.float32]:
    masked = np.where(valid, image, 0)
    weight = gaussian_filter(valid.astype(np.float32), DETAIL_PX)
    return np.asarray(image - gaussian_filter(masked, DETAIL_PX) / np.maximum(weight, 0.05))


def mirrored(cities: Cities, centre: LonLat, axis_deg: float) -> Cities:
    """The gazetteer reflected about a line through `centre` at an angle from east."""
    shrink = np.cos(np.radians(centre.lat))
    east = ((cities.lon - centre.lon + 180) % 360 - 180) * shrink
    north = cities.lat - centre.lat
    c, s = np.cos(2 * np.radians(axis_deg)), np.sin(2 * np.radians(axis_deg))
    return replace(
        cities,
        lon=centre.lon + (c * east + s * north) / shrink,
        lat=np.clip(centre.lat + s * east - c * north, -90, 90),
    )


def judge(value: float, chance: Sequence[float], held_out: float) -> Verdict:
    """Odds that chance does as well in both: in agreement, and with the cities held out of the fit, whose
    own odds are `held_out`. The two are combined by Fisher's method, but never below the odds of agreement
    alone: around a single big city the held-out ones all see the same light, and are not independent.

    Agreement: the upper tail of a Gumbel distribution (the law of maxima, and each
    chance value is a maximum over a search) with the mean and spread of the chance values.

    So few values can be alike by luck, so the spread is taken as at least 0.02.
    """
    values = np.asarray(chance, float)
    scale = max(float(values.std(ddof=1)) * np.sqrt(6) / np.pi, MIN_SCALE)
    location = float(values.mean()) - np.euler_gamma * scale
    # The largest bounds the location from below as well: one strong rival must not drown in weak ones.
    location = max(location, float(values.max()) - 2 * scale)
    tail = -np.expm1(-np.exp(-(value - location) / scale))
    both = combine_pvalues([max(float(tail), TINY), max(held_out, TINY)], method="fisher").pvalue
    odds = max(float(tail), float(both))
    return Verdict(value, tuple(float(v) for v in values), held_out, odds)
