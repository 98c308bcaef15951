r"""How often a line that is no border shows as large a contrast: the border's own line, shifted and turned.

 first  /  second            The ground beside the border is a field with a signed distance. Laid anywhere
--\    /      __             inside one of its two countries, it divides towns that no border divides; it
  _\__/_     /__\___ field  counts where it meets about as much light as the border does.
 border     placebo
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.borders.cells import Ints
from pipeline.borders.contrast import BorderFit
from pipeline.borders.distance_field import DistanceField
from pipeline.borders.fit import ratio_fit
from pipeline.borders.matching import ViewZenith, overlap_weights, strata
from pipeline.borders.patches import Patches
from pipeline.borders.settings import BorderSettings, PlaceboSettings
from pipeline.camera.earth import Array
from pipeline.models import BordersConfig


@dataclass(frozen=True)
class Placebo:
    """The p-value of a border's contrast among placebos, None where too few have room; how many they were."""

    p: float | None
    n: int


@dataclass(frozen=True)
class _Reach:
    """Which light beside a line counts, and how it is matched."""

    exclusion_m: float
    bands_m: Array
    reach_m: float
    min_even_units: float


@dataclass(frozen=True, eq=False)
class _Light:
    """Patches without the frame's trend, their strata without the distance, and their units as 0, 1, ..."""

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

    def across(self, signed_m: Array, reach: _Reach, least: float = 1) -> tuple[int, float]:
        """Lit patches on the darker side of a line, and the contrast across it (`studentised`), which is NaN
        where they are fewer than `least`."""
        away = np.abs(signed_m)
        on = np.flatnonzero((away >= reach.exclusion_m) & (away <= reach.reach_m))
        second, red, green = signed_m[on] > 0, self.red[on], self.green[on]
        lit = int(min(second.sum(), (~second).sum()))
        if lit < least:
            return lit, math.nan
        stratum = self.stratum[on] * (len(reach.bands_m) + 1) + np.digitize(away[on], reach.bands_m)
        weight = overlap_weights(stratum, second, red + green)
        return lit, studentised(second, weight * red, weight * green, self.unit[on], reach.min_even_units)


def placebo_test(
    frame: Patches,
    fit: BorderFit,
    field: DistanceField,
    exclusion_m: float,
    view_zenith: ViewZenith,
    config: BordersConfig,
    settings: BorderSettings,
) -> Placebo:
    """Rank the contrast of a border among placebos, all by one estimator; p = (1 + as large) / (1 + n).

    frame: all light of the two countries that the `fit` was made with; the fit's kind of trend is taken off
    it. Each placebo lies in one country, so differences between countries cannot get into it.
    """
    contrast = settings.contrast
    stratum = strata(frame, view_zenith, contrast.zenith_step_deg)
    light = _Light(frame.x, frame.y, frame.red, _untilted_green(frame, fit), stratum, fit.frame_unit)
    bands_m, reach_m = 1e3 * np.array(config.bands_km), 1e3 * config.contrast_km
    reach = _Reach(exclusion_m, bands_m, reach_m, contrast.min_even_units)
    lit, own = light.chosen(np.ones(len(frame), bool)).across(field.at(frame.x, frame.y), reach)
    if math.isnan(own):
        return Placebo(None, 0)
    sizes, differing = _placebo_sizes(light, frame.country, field, reach, lit, settings.placebo)
    count = settings.placebo.count
    if len(sizes) < count or differing < settings.placebo.min_apart:
        return Placebo(None, len(sizes))
    return Placebo((1 + sum(size >= abs(own) for size in sizes)) / (1 + count), count)


def _untilted_green(frame: Patches, fit: BorderFit) -> Array:
    """Green light of patches less the trend that fits their log2(G/R) best."""
    terms = fit.trend.terms(frame.x, frame.y)
    design = np.column_stack([np.ones(len(frame)), terms])
    smooth = ratio_fit(frame.red, frame.green, np.ones(len(frame)), design, fit.frame_unit)
    return np.asarray(frame.green * 2 ** -(terms @ smooth.coefficients[1:]))


def _placebo_sizes(
    light: _Light, country: Ints, field: DistanceField, reach: _Reach, lit: int, settings: PlaceboSettings
) -> tuple[list[float], int]:
    """|t| of placebos with about as much light as the border (`lit` patches on its darker side), and how many
    of them differ. The field's middle is laid on a patch drawn at random and turned at random."""
    inside = {own: light.chosen(country == own) for own in np.unique(country)}
    rng, middle = np.random.default_rng(settings.seed), field.middle()
    sizes: list[float] = []
    differing = set()
    for _ in range(settings.tries * settings.count):
        target, turn = int(rng.integers(len(country))), float(rng.uniform(0, 2 * math.pi))
        own, at = inside[country[target]], (float(light.x[target]), float(light.y[target]))
        _, t = own.across(field.at(*_moved(own.x, own.y, at, turn, middle)), reach, settings.like_lit * lit)
        if math.isfinite(t):
            sizes.append(abs(t))
            place = at[0] // settings.apart_m, at[1] // settings.apart_m
            differing.add((*place, turn // settings.apart_rad))
        if len(sizes) == settings.count:
            break
    return sizes, len(differing)


def _moved(
    x: Array, y: Array, at: tuple[float, float], turn: float, middle: tuple[float, float]
) -> tuple[Array, Array]:
    """Where places lie on the field once its middle is moved to a place and turned."""
    east, north, cos, sin = x - at[0], y - at[1], math.cos(turn), math.sin(turn)
    return middle[0] + cos * east + sin * north, middle[1] - sin * east + cos * north


def studentised(
    second: NDArray[np.bool_], red: Array, green: Array, unit: Ints, min_even_units: float
) -> float:
    """The contrast of ratios of sums over its sigma, each unit (0, 1, ...) left out in turn; NaN where a side
    is unlit or its light is that of fewer than `min_even_units` even units."""
    n = int(unit.max()) + 1
    contrast, influence, share = 0.0, np.zeros(n), np.zeros(n)
    for sign, side in ((-1, ~second), (1, second)):
        total_red, total_green = float(red[side].sum()), float(green[side].sum())
        if not (total_red > 0 and total_green > 0):
            return math.nan
        part_red = np.bincount(unit[side], red[side], n) / total_red
        part_green = np.bincount(unit[side], green[side], n) / total_green
        if 1 / float((part_red**2).sum()) < min_even_units:
            return math.nan
        contrast += sign * math.log2(total_green / total_red)
        influence += sign * (part_green - part_red)
        share = np.maximum(share, part_red)
    sigma = float(np.sqrt(((influence / (1 - share)) ** 2).sum())) / math.log(2)
    return contrast / sigma if sigma > 0 else math.nan
