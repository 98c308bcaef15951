r"""The contrast of tone at a border: log2(G/R) of the second country's light minus the first's.

    tone |           .  ' far      Light near the border is matched (`matching`): each step of brightness,
         |    near _              band of distance and view zenith weighs alike on both sides. The rest of
         |  . '   |step           both countries tells the smooth trend over the frame (haze, lens, window,
         |' far   |               view angle). The contrast is the step that it leaves: a gradient is no
         +--------+-----------> across the border                                                  border.

Its interval is made of towns (`units`), for neighbouring streets share their lamps; `interval` says how.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Ints
from pipeline.borders.border_line import BorderLine
from pipeline.borders.fit import FARTHEST, Fit, ratio_fit
from pipeline.borders.interval import estimate
from pipeline.borders.matching import ViewZenith, overlap_weights, strata
from pipeline.borders.patches import Patches
from pipeline.borders.quantities import EQUIVALENCE
from pipeline.borders.settings import ContrastSettings
from pipeline.borders.trend import Trend, stepped
from pipeline.borders.units import Units, settled
from pipeline.camera.earth import Array
from pipeline.ground.country_table import adjective
from pipeline.models import BordersConfig
from pipeline.robust import NORMAL_90, NORMAL_95


@dataclass(frozen=True, eq=False)
class BorderFit:
    """The fit at one border: the patches near it with their sides and units, the units of all light of the
    two countries, and the trend; step combines the fit's coefficients to the contrast."""

    near: Patches
    second: NDArray[np.bool_]
    near_unit: Ints
    frame_unit: Ints
    fit: Fit
    step: Array
    trend: Trend

    def tilt(self, x: Array, y: Array) -> Array:
        """What the trend adds to log2(G/R) at places (m)."""
        terms = self.trend.terms(x, y)
        return np.asarray(terms @ self.fit.coefficients[-terms.shape[1] :])


@dataclass(frozen=True)
class Contrast:
    """The contrast and its 95 % interval, or the reason why there is none, as numbers and as a sentence.

    low90 and high90: the interval that must lie within +-EQUIVALENCE for the sides to be called alike (two
    one-sided tests at 5 %). plain: the ratio of sums as it is, unmatched and with the trend in it. n_blocks:
    towns (units) on the side with fewer of them.
    """

    contrast: float | None
    low: float | None
    high: float | None
    n_blocks: int
    n_cells: int
    statement: str
    low90: float | None = None
    high90: float | None = None
    plain: float | None = None

    @property
    def alike(self) -> bool | None:
        """Whether the sides are surely alike to EQUIVALENCE; None where there is no contrast."""
        if self.low90 is None or self.high90 is None:
            return None
        return self.low90 > -EQUIVALENCE and self.high90 < EQUIVALENCE


def border_contrast(
    near: Patches,
    frame: Patches,
    scales: Sequence[Units],
    line: BorderLine,
    second: int,
    view_zenith: ViewZenith,
    countries: tuple[str, str],
    config: BordersConfig,
    settings: ContrastSettings,
    systematic: float = 0.0,
) -> tuple[Contrast, BorderFit | None]:
    """The contrast at a border and the fit behind it, or why there is none.

    near: the light beside the border (`near_patches`). frame: all light of the two countries. scales: the
    units of all light (`unit_scales`). second: the place of the second country in the list of countries.
    systematic: an error (1 sigma) that no amount of light makes smaller.
    """
    on_second = near.country == second
    finest = scales[-1].at(near.x, near.y, near.country)
    n_units = [len(np.unique(finest[side])) for side in (~on_second, on_second)]
    none = Contrast(None, None, None, min(n_units), int(near.n_cells.sum()), "")
    if (missing := _missing_towns(n_units, countries, config.contrast_km, settings.min_units)) is not None:
        return replace(none, statement=f"No contrast can be given: {missing}."), None
    weight = overlap_weights(strata(near, view_zenith, settings.zenith_step_deg), on_second, near.light)
    lights = [weight * near.light * side for side in (~on_second, on_second)]
    units, even = settled(scales, near.x, near.y, near.country, lights, settings.even_enough)
    if even < settings.min_even_units:
        reason = "the light of one side that can be compared with the other comes mostly from one town"
        return replace(none, statement=f"No contrast can be given: {reason}."), None
    fit = _fit_border(near, on_second, weight, frame, units, line, config, settings.curved_from_units)
    step = estimate(fit.fit, fit.step, config.replicates, settings)
    if not step.half95 < FARTHEST:  # NaN too
        return replace(none, statement="No contrast can be given: too few towns tell how towns differ."), None
    half95, half90 = (
        math.hypot(half, z * systematic) for half, z in ((step.half95, NORMAL_95), (step.half90, NORMAL_90))
    )
    tones = [near.chosen(side).tone for side in (~on_second, on_second)]
    contrast = replace(
        none,
        contrast=step.value,
        low=step.value - half95,
        high=step.value + half95,
        low90=step.value - half90,
        high90=step.value + half90,
        plain=tones[1] - tones[0],
        n_blocks=min(len(np.unique(fit.near_unit[side])) for side in (~on_second, on_second)),
    )
    return replace(contrast, statement=statement(contrast, *countries)), fit


def _missing_towns(
    n_units: Sequence[int], countries: tuple[str, str], contrast_km: float, min_units: int
) -> str | None:
    """Which side has too few towns near the border, if one has."""
    for country, count in zip(countries, n_units, strict=True):
        if count < min_units:
            return (
                f"{count or 'no'} town{'s' * (count != 1)} with light on the {adjective(country)} side "
                f"within {contrast_km:g} km of the border, and {min_units} are needed"
            )
    return None


def _fit_border(
    near: Patches,
    on_second: NDArray[np.bool_],
    weight: Array,
    frame: Patches,
    units: Units,
    line: BorderLine,
    config: BordersConfig,
    curved_from_units: int,
) -> BorderFit:
    """Fit the levels near to and far from a border together with the trend over both of its countries."""
    near_unit, frame_unit = (units.at(rows.x, rows.y, rows.country) for rows in (near, frame))
    beyond = ~np.isfinite(line.distance_m(frame.x, frame.y, 1e3 * config.contrast_km))
    far, second = frame.chosen(beyond), near.country[on_second][0]
    red, green, x, y = (
        np.concatenate([getattr(near, name), getattr(far, name)]) for name in ("red", "green", "x", "y")
    )
    unit = np.concatenate([near_unit, frame_unit[beyond]])
    trend = Trend.over(x, y, len(np.unique(unit)), curved_from_units)
    group = np.concatenate([on_second.astype(int), 2 + (far.country == second)])
    design, step = stepped(group, trend.terms(x, y))
    fit = ratio_fit(red, green, np.concatenate([weight, np.ones(len(far))]), design, unit)
    return BorderFit(near, on_second, near_unit, frame_unit, fit, step, trend)


def statement(contrast: Contrast, first: str, second: str, p: float | None = None) -> str:
    """A contrast as one English sentence; "greener" only where the interval leaves no doubt of its sign.
    `first` and `second` are the codes of the countries, `p` is the p-value among the placebos."""
    value, low, high = contrast.contrast, contrast.low, contrast.high
    if value is None or low is None or high is None:
        return contrast.statement
    chance = "" if p is None else f", placebo p = {p:.3f}"
    alike = f"; the two are alike to within {EQUIVALENCE:g}" if contrast.alike else ""
    if low <= 0 <= high:
        return (
            f"Neither side is clearly greener: the {adjective(second)} side differs from the "
            f"{adjective(first)} one by {value:.2f} ({low:.2f} to {high:.2f}) in log2(G/R){chance}{alike}."
        )
    greener, other, sign = (second, first, 1) if value > 0 else (first, second, -1)
    low, high = sorted((sign * low, sign * high))
    return (
        f"The {adjective(greener)} side is greener than the {adjective(other)} one by "
        f"{abs(value):.2f} ({low:.2f} to {high:.2f}) in log2(G/R){chance}{alike}."
    )


def verdict(low: float | None, high: float | None, alike: bool | None = False) -> str:
    """What an interval says in one word or two, for maps and filters."""
    if low is None or high is None:
        return "none"
    if alike:
        return "alike"
    return "undecided" if low <= 0 <= high else "second greener" if low > 0 else "first greener"
