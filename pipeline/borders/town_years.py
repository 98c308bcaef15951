"""How the contrast of towns changes with the years: difference in differences with as many dates as there are.

Towns change each by themselves (random), countries as a whole are what is asked for: the step at the border in
every window of years, and its trend.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from pipeline.borders.contrast import verdict
from pipeline.borders.settings import BorderSettings
from pipeline.borders.town_contrast import TownContrast
from pipeline.borders.town_likelihood import TownTones
from pipeline.borders.town_model import Posterior, fit_towns
from pipeline.borders.town_rows import TOWNS, PooledBorder
from pipeline.camera.earth import Array
from pipeline.ground.country_table import adjective

Row = dict[str, Any]


def by_years(contrast: TownContrast, border: PooledBorder, settings: BorderSettings) -> dict[str, list[Row]]:
    """Rows of `contrasts`, one a window of years, and the row of `contrast_trends`; none where all photos of
    known time are of one window."""
    taken = contrast.shown.taken
    dated = np.array([at is not None for at in taken])
    years = np.array([at.year for at in taken if at is not None])
    windows = year_windows(years, settings.towns.most_windows)
    if len(windows) < 2:
        return {}
    of_photo = np.array([next(w for w, (a, b) in enumerate(windows) if a <= year <= b) for year in years])
    known = in_windows(contrast.known, dated, of_photo, len(windows))
    posterior = fit_towns(known, settings.towns.shared_m, settings.sizes)
    middle = np.array(
        [
            np.mean([_year(at) for at, w in zip(_dated(taken), of_photo, strict=True) if w == k])
            for k in range(len(windows))
        ]
    )
    systematic = contrast.systematic
    about = border.about | {"quantity": TOWNS, "contrast_km": contrast.range_km, "systematic": systematic}
    steps = np.eye(known.design.shape[2])[: len(windows)]
    rows = []
    for step, (first, last), k in zip(steps, windows, range(len(windows)), strict=True):
        value, (low, high) = (
            posterior.value(step),
            posterior.interval(step, settings.contrast.level, systematic),
        )
        label = str(first) if first == last else f"{first} to {last}"
        words = f"In {label} a typical town on the {adjective(border.codes[1])} side differs from one on the {adjective(border.codes[0])} side by {value:.2f} ({low:.2f} to {high:.2f}) in log2(G/R)."
        rows.append(
            about
            | {
                "photo": label,
                "contrast_g_r": value,
                "low95": low,
                "high95": high,
                "n_photos": int((of_photo == k).sum()),
                "statement": words,
                "verdict": verdict(low, high),
            }
        )
    return {
        "contrasts": rows,
        "contrast_trends": [
            border.about | _trend(posterior, steps, windows, middle, border, settings, systematic)
        ],
    }


def year_windows(years: Array, most: int) -> list[tuple[int, int]]:
    """Years in order as windows (first, last): each by itself, or parted at the widest gaps if they are more than
    `most`."""
    distinct = np.unique(years)
    if not len(distinct):
        return []
    gaps = np.diff(distinct)
    cuts = np.sort(np.argsort(-gaps, kind="stable")[: most - 1])
    parts = np.split(distinct, cuts + 1)
    return [(int(part[0]), int(part[-1])) for part in parts]


def in_windows(known: TownTones, dated: Array, of_photo: Array, count: int) -> TownTones:
    """The photos of known time, each town once a window; levels of countries are asked for in every window."""
    tone, sigma, frame = known.tone[dated], known.sigma[dated], known.frame[dated]
    mine = of_photo[:, None] == np.repeat(np.arange(count), tone.shape[1])  # (p, windows x u)
    # All but brightness, the second column, are levels, and may differ by window.
    levels = [0, *range(2, known.design.shape[2])]
    design = np.tile(known.design[dated], (1, count, 1))
    by_window = [
        design[..., level] * mine * (np.repeat(np.arange(count), tone.shape[1]) == k)
        for level in levels
        for k in range(count)
    ]
    columns = [*by_window[:count], design[..., 1], *by_window[count:]]
    n = tone.shape[1]
    seen = np.where(mine, np.tile(tone, (1, count)), np.nan)
    shown = np.isfinite(seen).any(axis=0)
    return replace(
        known,
        tone=seen[:, shown],
        sigma=np.tile(sigma, (1, count))[:, shown],
        frame=np.tile(frame, (1, count, 1))[:, shown],
        design=np.stack(columns, axis=2)[:, shown],
        second=np.tile(known.second, count)[shown],
        town=np.tile(np.arange(n), count)[shown],
        window=np.repeat(np.arange(count), n)[shown],
        x_m=np.tile(known.x_m, count)[shown],
        y_m=np.tile(known.y_m, count)[shown],
        photo_pass=np.unique(known.photo_pass[dated], return_inverse=True)[1],
    )


def _trend(
    posterior: Posterior,
    steps: Array,
    windows: Sequence[tuple[int, int]],
    middle: Array,
    border: PooledBorder,
    settings: BorderSettings,
    systematic: float,
) -> Row:
    """The change from the first window to the last, and the line through all of them."""
    level = settings.contrast.level
    change = steps[-1] - steps[0]
    both = np.sqrt(2) * systematic  # the photos of two windows have errors of their own
    value, (low, high) = posterior.value(change), posterior.interval(change, level, both)
    slope = _slope(posterior, steps, middle)
    years = middle[-1] - middle[0]
    rate, (rate_low, rate_high) = posterior.value(slope), posterior.interval(slope, level, both / years)
    names = [adjective(code) for code in border.codes]
    verb = (
        "has not clearly changed"
        if low <= 0 <= high
        else "has become greener"
        if low > 0
        else "has become less green"
    )
    return {
        "from_years": f"{windows[0][0]} to {windows[0][1]}"
        if windows[0][0] < windows[0][1]
        else str(windows[0][0]),
        "to_years": f"{windows[-1][0]} to {windows[-1][1]}"
        if windows[-1][0] < windows[-1][1]
        else str(windows[-1][0]),
        "change_g_r": value,
        "low95": low,
        "high95": high,
        "per_year": rate,
        "per_year_low95": rate_low,
        "per_year_high95": rate_high,
        "n_windows": len(windows),
        "statement": f"Against a typical town on the {names[0]} side, one on the {names[1]} side {verb} from "
        f"{windows[0][0]} to {windows[-1][1]}: {value:.2f} ({low:.2f} to {high:.2f}) in log2(G/R).",
    }


def _slope(posterior: Posterior, steps: Array, middle: Array) -> Array:
    """The combination of coefficients that is the slope (a year) of the best line through the steps."""
    spread = np.einsum("n,nij->ij", posterior.weight, posterior.covariance)
    weight = np.linalg.inv(steps @ spread @ steps.T)
    line = np.column_stack([np.ones(len(middle)), middle - middle.mean()])
    return np.asarray((np.linalg.inv(line.T @ weight @ line) @ line.T @ weight)[1] @ steps)


def _dated(taken: Sequence[datetime | None]) -> list[datetime]:
    return [at for at in taken if at is not None]


def _year(at: datetime) -> float:
    """A time as years."""
    return at.year + (at.timetuple().tm_yday - 1) / 365.25
