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


@dataclass(frozen=True, eq=False)
class _Ground:
    """The field beside a border by what counts: `band` of its elements, row after row, is 0 where light does
    not count, else 1, 2, ... on the second side of the line and -1, -2, ... on the first."""

    field: DistanceField
    middle: tuple[float, float]
    band: NDArray[np.int8]
    bands: int

    @classmethod
    def of(cls, field: DistanceField, exclusion_m: float, config: BordersConfig) -> "_Ground":
        """Light counts from the exclusion zone to `contrast_km`."""
        away, bands_m = np.abs(field.signed_m.ravel()), 1e3 * np.array(config.bands_km)
        counts = (away >= exclusion_m) & (away <= 1e3 * config.contrast_km)
        band = np.where(counts, 1 + np.digitize(away, bands_m), 0) * np.where(
            field.signed_m.ravel() > 0, 1, -1
        )
        return cls(field, field.middle(), band.astype(np.int8), 1 + len(bands_m))


@dataclass(frozen=True, eq=False)
class _Light:
    """Patches without the frame's trend, their strata without the distance, and their units as 0, 1, ..."""

    places: Array
    red: Array
    green: Array
    stratum: Ints
    unit: Ints

    def chosen(self, mask: NDArray[np.bool_]) -> "_Light":
        unit = np.unique(self.unit[mask], return_inverse=True)[1]
        places = np.ascontiguousarray(self.places[:, mask])
        return _Light(places, self.red[mask], self.green[mask], self.stratum[mask], np.asarray(unit))

    def across(
        self, ground: _Ground, at: tuple[float, float], turn: float, least: float, min_even_units: float
    ) -> tuple[int, float]:
        """Lit patches on the darker side of the line, laid at a place and turned, and the contrast across it
        (`studentised`), which is NaN where they are fewer than `least`."""
        band = ground.band[ground.field.elements(self.places, ground.middle, at, turn)]
        on = np.flatnonzero(band)
        band = band[on]
        second = band > 0
        lit = int(min(second.sum(), (~second).sum()))
        if lit < least:
            return lit, math.nan
        red, green = self.red[on], self.green[on]
        stratum = self.stratum[on] * ground.bands + np.abs(band) - 1
        weight = overlap_weights(stratum, second, red + green)
        return lit, studentised(second, weight * red, weight * green, self.unit[on], min_even_units)


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
    places, even = np.stack([frame.x, frame.y]), contrast.min_even_units
    light = _Light(places, frame.red, _untilted_green(frame, fit), stratum, fit.frame_unit)
    ground = _Ground.of(field, exclusion_m, config)
    lit, own = light.chosen(np.ones(len(frame), bool)).across(ground, ground.middle, 0.0, 1, even)
    if math.isnan(own):
        return Placebo(None, 0)
    sizes, differing = _placebo_sizes(light, frame.country, ground, lit, even, settings.placebo)
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
    light: _Light,
    country: Ints,
    ground: _Ground,
    lit: int,
    min_even_units: float,
    settings: PlaceboSettings,
) -> tuple[list[float], int]:
    """|t| of placebos with about as much light as the border (`lit` patches on its darker side), and how many
    of them differ. The field's middle is laid on a patch drawn at random and turned at random."""
    inside = {own: light.chosen(country == own) for own in np.unique(country)}
    rng, least = np.random.default_rng(settings.seed), settings.like_lit * lit
    sizes: list[float] = []
    differing = set()
    for _ in range(settings.tries * settings.count):
        target, turn = int(rng.integers(len(country))), float(rng.uniform(0, 2 * math.pi))
        at = float(light.places[0, target]), float(light.places[1, target])
        _, t = inside[country[target]].across(ground, at, turn, least, min_even_units)
        if math.isfinite(t):
            sizes.append(abs(t))
            place = at[0] // settings.apart_m, at[1] // settings.apart_m
            differing.add((*place, turn // settings.apart_rad))
        if len(sizes) == settings.count:
            break
    return sizes, len(differing)


def studentised(
    second: NDArray[np.bool_], red: Array, green: Array, unit: Ints, min_even_units: float
) -> float:
    """The contrast of ratios of sums over its sigma, each unit (0, 1, ...) left out in turn; NaN where a side
    is unlit or its light is that of fewer than `min_even_units` even units."""
    count = 2 * (int(unit.max()) + 1)
    both = 2 * unit + second
    reds, greens = (np.bincount(both, light, count).reshape(-1, 2).T for light in (red, green))
    contrast, influence, share = 0.0, np.zeros(count // 2), np.zeros(count // 2)
    for sign, of_red, of_green in zip((-1, 1), reds, greens, strict=True):
        total_red, total_green = float(of_red.sum()), float(of_green.sum())
        if not (total_red > 0 and total_green > 0):
            return math.nan
        part_red, part_green = of_red / total_red, of_green / total_green
        if 1 / float((part_red**2).sum()) < min_even_units:
            return math.nan
        contrast += sign * math.log2(total_green / total_red)
        influence += sign * (part_green - part_red)
        share = np.maximum(share, part_red)
    sigma = float(np.sqrt(((influence / (1 - share)) ** 2).sum())) / math.log(2)
    return contrast / sigma if sigma > 0 else math.nan
