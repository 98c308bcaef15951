"""What carries a contrast of towns: the contrast without each photo, and without each of the towns that
move it most."""

from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.arrays import Ints
from pipeline.borders.settings import BorderSettings
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.town_contrast import TownContrast, on_sides, step_of
from pipeline.borders.town_likelihood import Likelihood, Solution, TownTones
from pipeline.camera.earth import Array, transformer
from pipeline.robust import NORMAL_95

Row = dict[str, Any]


def left_out(contrast: TownContrast, settings: BorderSettings) -> list[Row]:
    """The contrast and its interval without one photo, and without one town, at the sizes that all together
    make likeliest: `what`, `name`, `contrast_g_r`, `low95`, `high95`, `moves_by`."""
    known = contrast.known
    likelihood = Likelihood(known, settings.towns.shared_m)
    whole = likelihood.solution(contrast.posterior.best)
    rows = []
    if len(known.tone) > 1:
        for photo, name in enumerate(contrast.shown.photos):
            tone = known.tone.copy()
            tone[photo] = np.nan
            if not _both_sides(contrast, tone, settings.towns.min_towns):
                continue
            rows.append(_row("photo", name, contrast, whole, tone, likelihood))
    for unit in _carriers(known, whole, settings.towns.most_left_out):
        tone = known.tone.copy()
        tone[:, unit] = np.nan
        rows.append(_row("town", _name(contrast, int(unit)), contrast, whole, tone, likelihood))
    return rows


def _name(contrast: TownContrast, unit: int) -> str:
    """A town's name, or where the light is that has none."""
    units = contrast.shown.units
    lon, lat = transformer(AREA_CRS, "EPSG:4326").transform(units.x_m[unit], units.y_m[unit])
    return str(units.name[unit]) or f"light at {lat:.3f} N, {lon:.3f} E"


def _both_sides(contrast: TownContrast, tone: Array, least: int) -> bool:
    """Whether towns enough are left on both sides."""
    country = contrast.shown.units.country[np.isfinite(tone).any(axis=0)]
    return min(on_sides(country, (contrast.first, contrast.second))) >= least


def _carriers(known: TownTones, whole: Solution, most: int) -> Ints:
    """The units that move the contrast most, first the most."""
    weight = whole.on_values[:, 1:] @ whole.covariance[:, 0]
    residual = known.tone - np.einsum("puk,k->pu", known.design, whole.coefficients)
    shown = np.isfinite(residual)
    level = np.nanmean(np.where(shown, residual, np.nan), axis=1, keepdims=True)
    apart = np.where(shown, residual - level, 0).sum(axis=0) / np.maximum(shown.sum(axis=0), 1)
    return np.asarray(np.argsort(-np.abs(weight * apart), kind="stable")[:most], np.int64)


def _row(
    what: str, name: str, contrast: TownContrast, whole: Solution, tone: Array, likelihood: Likelihood
) -> Row:
    """The contrast where only `tone` is seen."""
    step = step_of(contrast.known)
    seen = likelihood.seeing(_only(contrast.known, tone))
    _, coefficients, covariance = seen.coefficients(contrast.posterior.best)
    value = float(coefficients @ step)
    half = NORMAL_95 * float(np.hypot(np.sqrt(step @ covariance @ step), contrast.systematic))
    return {
        "what": what,
        "name": name,
        "contrast_g_r": value,
        "low95": value - half,
        "high95": value + half,
        "moves_by": value - float(whole.coefficients @ step),
    }


def _only(known: TownTones, tone: Array) -> TownTones:
    """The photos that show something in `tone`."""
    kept = np.isfinite(tone).any(axis=1)
    return replace(
        known,
        tone=tone[kept],
        sigma=known.sigma[kept],
        frame=known.frame[kept],
        design=known.design[kept],
        photo_pass=np.unique(known.photo_pass[kept], return_inverse=True)[1],
    )
