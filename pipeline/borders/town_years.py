"""How the contrast of towns changes with the years: difference in differences with as many dates as there
are.

Towns change each by themselves (random), countries as a whole are what is asked for: the step at the border
in every window of years, and its trend.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from pipeline.arrays import Bools, Ints
from pipeline.borders.contrast import verdict
from pipeline.borders.quantities import TOWNS
from pipeline.borders.settings import BorderSettings
from pipeline.borders.town_contrast import TownContrast, on_sides
from pipeline.borders.town_likelihood import TownTones
from pipeline.borders.town_model import Posterior, fit_towns
from pipeline.borders.town_rows import PooledBorder
from pipeline.camera.earth import Array
from pipeline.ground.country_table import adjective

Row = dict[str, Any]


def by_years(contrast: TownContrast, border: PooledBorder, settings: BorderSettings) -> dict[str, list[Row]]:
    """Rows of `contrasts`, one a window of years, and the row of `contrast_trends`; none where fewer than two
    windows show towns enough on both sides."""
    towns = settings.towns
    years = np.array([at.year if at else 0 for at in contrast.shown.taken])
    windows = year_windows(years[years > 0], towns.most_windows)
    windows = [window for window in windows if _enough(contrast, _within(years, window), towns.min_towns)]
    if len(windows) < 2:
        return {}
    used = np.any([_within(years, window) for window in windows], axis=0)
    of_photo = np.array([_within(years, window) for window in windows]).argmax(axis=0)[used]
    near = _nearest(contrast.known, border, towns.most_units // len(windows))
    known = in_windows(near, used, of_photo, len(windows))
    posterior = fit_towns(known, towns.shared_m, settings.sizes, like=contrast.posterior.best)
    dates = np.array([_year(at) for at, use in zip(contrast.shown.taken, used, strict=True) if at and use])
    middle = np.array([dates[of_photo == window].mean() for window in range(len(windows))])
    steps = np.eye(known.design.shape[2])[: len(windows)]
    counts = np.bincount(of_photo)
    rows = [
        _window_row(posterior, step, label, int(count), contrast, border, settings)
        for step, label, count in zip(steps, map(_label, windows), counts, strict=True)
    ]
    trend = _trend(posterior, steps, list(map(_label, windows)), middle, contrast, border, settings)
    return {"contrasts": rows, "contrast_trends": [border.about | trend]}


def _nearest(known: TownTones, border: PooledBorder, most: int) -> TownTones:
    """What photos show of the towns nearest to the border, for each counts once a window."""
    away_m = border.line.distance_m(known.x_m, known.y_m, np.inf)
    kept = np.sort(np.argsort(away_m, kind="stable")[:most])
    return replace(
        known,
        tone=known.tone[:, kept],
        sigma=known.sigma[:, kept],
        frame=known.frame[:, kept],
        design=known.design[:, kept],
        second=known.second[kept],
        town=np.arange(len(kept)),
        window=known.window[kept],
        mixed=known.mixed[np.ix_(kept, kept)],
        x_m=known.x_m[kept],
        y_m=known.y_m[kept],
    )


def _within(years: Ints, window: tuple[int, int]) -> Bools:
    return np.asarray((years >= window[0]) & (years <= window[1]))


def _enough(contrast: TownContrast, photos: Bools, least: int) -> bool:
    """Whether some photos show enough towns of both countries."""
    country = contrast.shown.units.country[contrast.known.shown[photos].any(axis=0)]
    return min(on_sides(country, (contrast.first, contrast.second))) >= least


def _label(window: tuple[int, int]) -> str:
    return str(window[0]) if window[0] == window[1] else f"{window[0]} to {window[1]}"


def _window_row(
    posterior: Posterior,
    step: Array,
    label: str,
    n_photos: int,
    contrast: TownContrast,
    border: PooledBorder,
    settings: BorderSettings,
) -> Row:
    """The contrast in a window of years as a row of `contrasts`."""
    value = posterior.value(step)
    low, high = posterior.interval(step, settings.contrast.level, contrast.systematic)
    first, second = (adjective(code) for code in border.codes)
    return border.about | {
        "photo": label,
        "quantity": TOWNS,
        "contrast_km": contrast.range_km,
        "systematic": contrast.systematic,
        "contrast_g_r": value,
        "low95": low,
        "high95": high,
        "n_photos": n_photos,
        "statement": f"In {label} a typical town on the {second} side differs from one on the {first} side "
        f"by {value:.2f} ({low:.2f} to {high:.2f}) in log2(G/R).",
        "verdict": verdict(low, high),
    }


def year_windows(years: Array, most: int) -> list[tuple[int, int]]:
    """Years in order as windows (first, last): each by itself, or parted at the widest gaps if they are
    more than `most`."""
    distinct = np.unique(years)
    if not len(distinct):
        return []
    gaps = np.diff(distinct)
    cuts = np.sort(np.argsort(-gaps, kind="stable")[: most - 1])
    parts = np.split(distinct, cuts + 1)
    return [(int(part[0]), int(part[-1])) for part in parts]


def in_windows(known: TownTones, used: Bools, of_photo: Ints, count: int) -> TownTones:
    """The photos that are used, each town once a window; levels of countries are asked for in every window,
    the second country's first."""
    n = known.tone.shape[1]
    window = np.repeat(np.arange(count), n)
    tone = np.where(of_photo[:, None] == window, np.tile(known.tone[used], (1, count)), np.nan)
    shown = np.isfinite(tone).any(axis=0)
    design = np.tile(known.design[used], (1, count, 1))
    # All but brightness, the second column, are levels.
    levels = [design[..., [level]] * (window[:, None] == np.arange(count)) for level in _levels(design)]
    return replace(
        known,
        tone=tone[:, shown],
        sigma=np.tile(known.sigma[used], (1, count))[:, shown],
        frame=np.tile(known.frame[used], (1, count, 1))[:, shown],
        design=np.concatenate([levels[0], design[..., [1]], *levels[1:]], axis=2)[:, shown],
        second=np.tile(known.second, count)[shown],
        town=np.tile(np.arange(n), count)[shown],
        window=window[shown],
        x_m=np.tile(known.x_m, count)[shown],
        y_m=np.tile(known.y_m, count)[shown],
        photo_pass=np.unique(known.photo_pass[used], return_inverse=True)[1],
    )


def _levels(design: Array) -> list[int]:
    return [0, *range(2, design.shape[2])]


def _trend(
    posterior: Posterior,
    steps: Array,
    labels: Sequence[str],
    middle: Array,
    contrast: TownContrast,
    border: PooledBorder,
    settings: BorderSettings,
) -> Row:
    """The change from the first window to the last, and the line through all of them."""
    level = settings.contrast.level
    change, slope = steps[-1] - steps[0], _slope(posterior, steps, middle)
    both = np.sqrt(2) * contrast.systematic  # the photos of two windows have errors of their own
    value, (low, high) = posterior.value(change), posterior.interval(change, level, both)
    rate = posterior.value(slope)
    rate_low, rate_high = posterior.interval(slope, level, both / (middle[-1] - middle[0]))
    first, second = (adjective(code) for code in border.codes)
    if low <= 0 <= high:
        verb = "has not clearly changed"
    else:
        verb = "has become greener" if low > 0 else "has become less green"
    return {
        "from_years": labels[0],
        "to_years": labels[-1],
        "change_g_r": value,
        "low95": low,
        "high95": high,
        "per_year": rate,
        "per_year_low95": rate_low,
        "per_year_high95": rate_high,
        "n_windows": len(labels),
        "statement": f"Against a typical town on the {first} side, one on the {second} side {verb} between "
        f"{labels[0]} and {labels[-1]}: {value:.2f} ({low:.2f} to {high:.2f}) in log2(G/R).",
    }


def _slope(posterior: Posterior, steps: Array, middle: Array) -> Array:
    """The combination of coefficients that is the slope (a year) of the best line through the steps."""
    spread = np.einsum("n,nij->ij", posterior.weight, posterior.covariance)
    weight = np.linalg.inv(steps @ spread @ steps.T)
    line = np.column_stack([np.ones(len(middle)), middle - middle.mean()])
    return np.asarray((np.linalg.inv(line.T @ weight @ line) @ line.T @ weight)[1] @ steps)


def _year(at: datetime) -> float:
    """A time as years."""
    return at.year + (at.timetuple().tm_yday - 1) / 365.25
