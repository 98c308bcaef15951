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

from pipeline.arrays import Ints
from pipeline.borders.contrast import BorderFit
from pipeline.borders.distance_field import DistanceField
from pipeline.borders.fit import ratio_fit
from pipeline.borders.matching import ViewZenith, strata
from pipeline.borders.patches import Patches
from pipeline.borders.settings import BorderSettings, PlaceboSettings
from pipeline.camera.earth import Array
from pipeline.models import BordersConfig

# Patches under lines that are laid at once: so many stay in the processor's cache.
PATCHES_AT_ONCE = 1 << 17


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
        self, ground: _Ground, at: Array, turn: Array, least: float, min_even_units: float
    ) -> tuple[Ints, Array]:
        """Of lines, laid at places (lines, 2) and turned (lines,): lit patches on the darker side, and the
        contrast across over its sigma, which is NaN where they are fewer than `least`."""
        from pipeline.borders.kernels import studentised_contrasts  # compiled: a tenth of numpy's time

        band = ground.band[ground.field.elements(self.places, ground.middle, at, turn)]
        lit, contrast = np.empty(len(turn), np.int64), np.empty(len(turn))
        light = self.red, self.green, self.stratum, self.unit
        counts = int(self.stratum.max()) + 1, int(self.unit.max()) + 1, ground.bands
        studentised_contrasts(band, *light, *counts, least, min_even_units, lit, contrast)
        return lit, contrast


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
    everywhere, where = light.chosen(np.ones(len(frame), bool)), (np.array([ground.middle]), np.zeros(1))
    (lit,), (own,) = everywhere.across(ground, *where, 1, even)
    if math.isnan(own):
        return Placebo(None, 0)
    sizes, differing = _placebo_sizes(light, frame.country, ground, int(lit), even, settings.placebo)
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
    left, at_once = settings.tries * settings.count, 1 + PATCHES_AT_ONCE // len(country)
    sizes: list[float] = []
    differing = set()
    while left > 0 and len(sizes) < settings.count:
        drawn = [(rng.integers(len(country)), rng.uniform(0, 2 * math.pi)) for _ in range(min(left, at_once))]
        target, turn = np.array([patch for patch, _ in drawn]), np.array([angle for _, angle in drawn])
        at, t = light.places[:, target].T, np.full(len(drawn), np.nan)
        for own, patches_of in inside.items():
            lines = np.flatnonzero(country[target] == own)
            if len(lines):
                t[lines] = patches_of.across(ground, at[lines], turn[lines], least, min_even_units)[1]
        found = np.flatnonzero(np.isfinite(t))[: settings.count - len(sizes)]
        sizes += np.abs(t[found]).tolist()
        steps = np.column_stack([at[found] // settings.apart_m, turn[found] // settings.apart_rad])
        differing |= set(map(tuple, steps.tolist()))
        left -= len(drawn)
    return sizes, len(differing)
