r"""How often a line that is no border shows as large a contrast: the border's own line, shifted and turned.

 first  /  second            The ground beside the border is a field with a signed distance. Laid anywhere
--\    /      __             inside one of its two countries, it divides towns that no border divides; it
  _\__/_     /__\___ field  counts where it meets about as much light as the border does.
 border     placebo
"""

import math
from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from pipeline.borders.cells import BorderLine, Ints, Patches
from pipeline.borders.contrast import (
    MIN_EVEN_UNITS,
    BorderFit,
    ViewZenith,
    overlap_weights,
    ratio_fit,
    strata,
)
from pipeline.camera.earth import Array
from pipeline.models import BordersConfig

FIELD_STEP_M = 500.0
PLACEBOS = 999
TRIES = 6  # for each placebo
LIKE_LIT = 0.5  # of the lit patches of the border's darker side, on both sides of a placebo
# Placebos closer than this, or turned by less, are hardly two.
APART_M, APART_RAD = 10_000.0, math.pi / 4
MIN_APART = 20
SEED = 0


@dataclass(frozen=True, eq=False)
class DistanceField:
    """Signed distance (m, positive on the second side) from a border on a lattice of FIELD_STEP_M; NaN
    beyond reach and outside both countries. (x, y) is the centre of element [0, 0]; rows run northward."""

    x: float
    y: float
    signed_m: Array

    @classmethod
    def of(
        cls, line: BorderLine, sides: tuple[BaseGeometry, BaseGeometry], reach_m: float
    ) -> "DistanceField":
        """Both sides as far as the frame shows them; the lattice's edge is off the field."""
        low, high = (
            line.points.mins - reach_m - FIELD_STEP_M,
            line.points.maxes + reach_m + 2 * FIELD_STEP_M,
        )
        columns, rows = (1 + np.ceil((high - low) / FIELD_STEP_M)).astype(int)
        x, y = np.meshgrid(
            low[0] + FIELD_STEP_M * np.arange(columns), low[1] + FIELD_STEP_M * np.arange(rows)
        )
        away = line.distance_m(x.ravel(), y.ravel(), reach_m).reshape(rows, columns)
        corner = Affine.translation(*(low - FIELD_STEP_M / 2)) @ Affine.scale(FIELD_STEP_M)
        shapes = [(shape, sign) for shape, sign in zip(sides, (1, 2), strict=True) if not shape.is_empty]
        side = rasterize(shapes, (rows, columns), transform=corner, dtype="uint8") if shapes else 0 * away
        sign = np.array([np.nan, -1.0, 1.0])[side.astype(int)]
        return cls(float(low[0]), float(low[1]), np.where(np.isfinite(away), sign * away, np.nan))

    def at(self, x: Array, y: Array) -> Array:
        """The signed distance of places; NaN off the field."""
        rows, columns = self.signed_m.shape
        column = np.clip(np.rint((x - self.x) / FIELD_STEP_M), 0, columns - 1).astype(np.int64)
        row = np.clip(np.rint((y - self.y) / FIELD_STEP_M), 0, rows - 1).astype(np.int64)
        return np.asarray(self.signed_m[row, column])

    def middle(self) -> tuple[float, float]:
        """Where the field's ground lies on average."""
        row, column = np.nonzero(np.isfinite(self.signed_m))
        return self.x + FIELD_STEP_M * float(column.mean()), self.y + FIELD_STEP_M * float(row.mean())


@dataclass(frozen=True)
class Placebo:
    """The p-value of a border's contrast among placebos, None where too few have room; how many they were."""

    p: float | None
    n: int


@dataclass(frozen=True, eq=False)
class _Light:
    """Patches less the frame's trend, their strata but for the distance, and their units as 0, 1, ..."""

    x: Array
    y: Array
    red: Array
    green: Array
    stratum: Ints
    unit: Ints

    def chosen(self, mask: NDArray[np.bool_]) -> "_Light":
        unit = np.unique(self.unit[mask], return_inverse=True)[1]
        return _Light(
            self.x[mask], self.y[mask], self.red[mask], self.green[mask], self.stratum[mask], np.asarray(unit)
        )

    def across(
        self, signed_m: Array, exclusion_m: float, bands_m: Array, reach_m: float
    ) -> tuple[int, float]:
        """Lit patches on the darker side of a line, and the contrast across it (`studentised`)."""
        away = np.abs(signed_m)
        on = np.flatnonzero((away >= exclusion_m) & (away <= reach_m))
        second, red, green = signed_m[on] > 0, self.red[on], self.green[on]
        lit = int(min(second.sum(), (~second).sum()))
        if not lit:
            return 0, math.nan
        stratum = self.stratum[on] * (len(bands_m) + 1) + np.digitize(away[on], bands_m)
        weight = overlap_weights(stratum, second, red + green)
        return lit, studentised(second, weight * red, weight * green, self.unit[on])


def placebo_test(
    frame: Patches,
    found: BorderFit,
    field: DistanceField,
    exclusion_m: float,
    view_zenith: ViewZenith,
    config: BordersConfig,
    count: int = PLACEBOS,
) -> Placebo:
    """Rank the contrast of a border among `count` lines, all by one estimator; p = (1 + as large) / (1 + n).

    frame: all light of the two countries with which the contrast was `found`, here less its trend. Placebos
    keep to one country each, so what differs between countries cannot pass into them.
    """
    terms = found.trend.terms(frame.x, frame.y)
    design = np.column_stack([np.ones(len(frame)), terms])
    smooth = ratio_fit(frame.red, frame.green, np.ones(len(frame)), design, found.frame_unit)
    green = frame.green * 2 ** -(terms @ smooth.coefficients[1:])
    both = _Light(frame.x, frame.y, frame.red, green, strata(frame, view_zenith), found.frame_unit)
    limits = exclusion_m, 1e3 * np.array(config.bands_km), 1e3 * config.contrast_km
    lit, own = both.chosen(np.ones(len(frame), bool)).across(field.at(frame.x, frame.y), *limits)
    if math.isnan(own):
        return Placebo(None, 0)
    inside = {country: both.chosen(frame.country == country) for country in np.unique(frame.country)}
    rng, middle, others, apart = np.random.default_rng(SEED), field.middle(), [], set()
    for _ in range(TRIES * count):
        target, turn = int(rng.integers(len(frame))), float(rng.uniform(0, 2 * math.pi))
        light, at = inside[frame.country[target]], (float(frame.x[target]), float(frame.y[target]))
        met, t = light.across(field.at(*_moved(light.x, light.y, at, turn, middle)), *limits)
        if met >= LIKE_LIT * lit and math.isfinite(t):
            others.append(abs(t))
            apart.add((at[0] // APART_M, at[1] // APART_M, turn // APART_RAD))
        if len(others) == count:
            break
    if len(others) < count or len(apart) < MIN_APART:
        return Placebo(None, len(others))
    return Placebo((1 + sum(t >= abs(own) for t in others)) / (1 + count), count)


def _moved(
    x: Array, y: Array, at: tuple[float, float], turn: float, middle: tuple[float, float]
) -> tuple[Array, Array]:
    """Where places lie on the field once its middle is moved to a place and turned."""
    east, north, cos, sin = x - at[0], y - at[1], math.cos(turn), math.sin(turn)
    return middle[0] + cos * east + sin * north, middle[1] - sin * east + cos * north


def studentised(second: NDArray[np.bool_], red: Array, green: Array, unit: Ints) -> float:
    """The contrast of ratios of sums over its sigma, each unit (0, 1, ...) left out in turn; NaN where a side
    is unlit or one unit has nearly all of its light."""
    n = int(unit.max()) + 1
    contrast, influence, share = 0.0, np.zeros(n), np.zeros(n)
    for sign, side in ((-1, ~second), (1, second)):
        total_red, total_green = float(red[side].sum()), float(green[side].sum())
        if not (total_red > 0 and total_green > 0):
            return math.nan
        part_red = np.bincount(unit[side], red[side], n) / total_red
        part_green = np.bincount(unit[side], green[side], n) / total_green
        if 1 / float((part_red**2).sum()) < MIN_EVEN_UNITS:
            return math.nan
        contrast += sign * math.log2(total_green / total_red)
        influence += sign * (part_green - part_red)
        share = np.maximum(share, part_red)
    sigma = float(np.sqrt(((influence / (1 - share)) ** 2).sum())) / math.log(2)
    return contrast / sigma if sigma > 0 else math.nan
