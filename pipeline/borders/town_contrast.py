r"""The contrast of towns at a border, from one photo or from many.

|     o   |   o      Every town within a range of the border counts alike, whatever its light; the level
|  o   o  | o    o   of each photo, a smooth trend over its frame, a slope on brightness and the levels
| o    o  |   o   o  of other countries are in the model (`town_model`). The range is the one that gives
  first  border      the shortest interval, for width does not depend on what is found.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.borders.border_line import BorderLine
from pipeline.borders.settings import BorderSettings, TownSettings
from pipeline.borders.town_likelihood import Likelihood, TownTones
from pipeline.borders.town_model import Posterior, fit_towns
from pipeline.borders.town_tones import Shown
from pipeline.camera.earth import Array
from pipeline.ground.country_table import adjective
from pipeline.robust import NORMAL_95


@dataclass(frozen=True, eq=False)
class TownContrast:
    """log2(G/R) of a typical town of the second country minus that of one of the first, its 95 % and 90 %
    intervals, and where the contrast of one more photo would lie with 95 % probability (None of few passes).

    between_photos and trend: the sizes (1 sigma) of what the contrast differs by between passes, and of
    trends from edge to edge of their frames."""

    first: str
    second: str
    value: float
    low: float
    high: float
    low90: float
    high90: float
    next_low: float | None
    next_high: float | None
    between_photos: float | None
    trend: float | None
    systematic: float
    range_km: float
    n_first: int
    n_second: int
    n_photos: int
    n_passes: int
    known: TownTones
    posterior: Posterior
    shown: Shown


def near_border(shown: Shown, line: BorderLine, range_km: float, settings: TownSettings) -> Shown:
    """The units within a range of a border that some photo shows, the nearest if they are too many, and the
    photos that show some of them."""
    away = line.distance_m(shown.units.x_m, shown.units.y_m, 1e3 * range_km)
    near = np.isfinite(away) & np.isfinite(shown.tone).any(axis=0)
    if near.sum() > settings.most_units:
        near &= away <= np.sort(away[near])[settings.most_units - 1]
    photos = np.isfinite(shown.tone[:, near]).any(axis=1)
    return shown.chosen(near, np.asarray(photos, bool))


def on_sides(country: NDArray[np.str_], codes: tuple[str, str]) -> tuple[int, int]:
    """How many of some units are of each of two countries."""
    return int((country == codes[0]).sum()), int((country == codes[1]).sum())


def too_few(shown: Shown, codes: tuple[str, str], settings: TownSettings, unit: str = "town") -> str | None:
    """Which side has too few towns, or stretches, if one has."""
    many = {"town": "towns", "stretch": "stretches"}[unit]
    for code, count in zip(codes, on_sides(shown.units.country, codes), strict=True):
        if count < settings.min_towns:
            number = f"1 {unit}" if count == 1 else f"{count or 'no'} {many}"
            return f"{number} with light on the {adjective(code)} side, and {settings.min_towns} are needed"
    return None


def town_tones(shown: Shown, codes: tuple[str, str]) -> TownTones:
    """What photos show, as the model wants it: the columns of its design are the second country, brightness,
    and every other country."""
    country = shown.units.country
    n_photos, n = shown.tone.shape
    second = country == codes[1]
    others = [country == code for code in sorted(set(country) - set(codes))]
    columns = [
        np.broadcast_to(second, (n_photos, n)),
        np.broadcast_to(shown.brightness - shown.brightness.mean(), (n_photos, n)),
        *(np.broadcast_to(other, (n_photos, n)) for other in others),
    ]
    return TownTones(
        tone=shown.tone,
        sigma=shown.sigma,
        frame=shown.frame,
        design=np.stack([column.astype(float) for column in columns], axis=2),
        second=second,
        town=np.arange(n),
        window=np.zeros(n, np.int64),
        mixed=shown.units.mixed,
        x_m=shown.units.x_m,
        y_m=shown.units.y_m,
        photo_pass=shown.photo_pass,
    )


def town_contrast(
    shown: Shown,
    codes: tuple[str, str],
    range_km: float,
    settings: BorderSettings,
    systematic: float = 0.0,
    plane: float | None = None,
    like: TownContrast | None = None,
) -> TownContrast:
    """The contrast of the units given, all within `range_km`. `systematic`: an error (1 sigma) that no
    light tells; `plane`: the size of trends from edge to edge where it is known; `like`: a contrast of much
    the same light, which shortens the search."""
    known = town_tones(shown, codes)
    start = like.posterior.best if like else None
    posterior = fit_towns(known, settings.towns.shared_m, settings.sizes, plane, start)
    step = step_of(known)
    low, high = posterior.interval(step, settings.contrast.level, systematic)
    low90, high90 = posterior.interval(step, settings.contrast.equivalence_level, systematic)
    n_first, n_second = on_sides(shown.units.country, codes)
    n_passes = 1 + int(known.photo_pass.max())
    several = n_passes >= settings.sizes.min_passes
    next_low = next_high = between = trend = None
    if several:
        between, trend = posterior.typical("step"), posterior.typical("plane")
        more = np.hypot(posterior.size("step"), systematic)
        next_low, next_high = posterior.interval(step, settings.contrast.level, more)
    return TownContrast(
        first=codes[0],
        second=codes[1],
        value=posterior.value(step),
        low=low,
        high=high,
        low90=low90,
        high90=high90,
        next_low=next_low,
        next_high=next_high,
        between_photos=between,
        trend=trend,
        systematic=systematic,
        range_km=range_km,
        n_first=n_first,
        n_second=n_second,
        n_photos=len(shown.photos),
        n_passes=n_passes,
        known=known,
        posterior=posterior,
        shown=shown,
    )


@dataclass(frozen=True)
class AtRange:
    """The contrast of the towns within a range, at the sizes that the longest range makes likeliest."""

    range_km: float
    value: float
    low: float
    high: float
    n_first: int
    n_second: int
    n_photos: int


def by_range(
    shown: Shown,
    line: BorderLine,
    codes: tuple[str, str],
    settings: BorderSettings,
    systematic: float = 0.0,
    plane: float | None = None,
) -> tuple[list[AtRange], TownContrast | None]:
    """The contrast by how far from the border towns count, where there are towns enough, and in full that
    of the shortest interval; of those nearly as short, that of the nearest towns."""
    near = {km: near_border(shown, line, km, settings.towns) for km in settings.towns.ranges_km}
    near = {km: towns for km, towns in near.items() if too_few(towns, codes, settings.towns) is None}
    if not near:
        return [], None
    longest = max(near)
    whole = town_contrast(near[longest], codes, longest, settings, systematic, plane)
    curve = [_at_range(towns, km, whole, settings) for km, towns in near.items()]
    enough = (1 + settings.towns.worth) * min(each.high - each.low for each in curve)
    best = next(each.range_km for each in curve if each.high - each.low <= enough)
    if len(near[best].units) == len(near[longest].units):
        return curve, replace(whole, range_km=best)
    return curve, town_contrast(near[best], codes, best, settings, systematic, plane, whole)


def _at_range(towns: Shown, range_km: float, whole: TownContrast, settings: BorderSettings) -> AtRange:
    codes = whole.first, whole.second
    known = town_tones(towns, codes)
    step = step_of(known)
    _, coefficients, covariance = Likelihood(known, settings.towns.shared_m).coefficients(
        whole.posterior.best
    )
    value = float(coefficients @ step)
    half = NORMAL_95 * float(np.hypot(np.sqrt(step @ covariance @ step), whole.systematic))
    n_first, n_second = on_sides(towns.units.country, codes)
    return AtRange(range_km, value, value - half, value + half, n_first, n_second, len(towns.photos))


def step_of(known: TownTones) -> Array:
    """The combination of the design's columns that is the step from the first country to the second."""
    step = np.zeros(known.design.shape[2])
    step[0] = 1.0
    return step
