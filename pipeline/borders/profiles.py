"""Profiles: light and tone across a border by signed distance, and how light shares among tones."""

import math
from typing import Any

import numpy as np

from pipeline.arrays import Floats, Ints
from pipeline.borders.beside import Beside
from pipeline.borders.distance_field import DistanceField
from pipeline.borders.fit import ratio_fit
from pipeline.borders.interval import estimate
from pipeline.borders.patches import patches
from pipeline.borders.settings import BorderSettings, ContrastSettings
from pipeline.borders.squares import numbered
from pipeline.borders.units import Units
from pipeline.camera.earth import Array
from pipeline.models import BordersConfig
from pipeline.robust import NORMAL_95


def across(
    near: Beside,
    units: Units,
    field: DistanceField,
    countries: tuple[str, str],
    config: BordersConfig,
    settings: BorderSettings,
) -> list[dict[str, Any]]:
    """Light a square kilometre and tone in steps of distance on both sides of a border, with 95 % intervals.

    side, from_km, to_km (signed: the second country's side is positive), area_km2 (by the lattice of the
    field), light_per_km2 (red and green) and tone_g_r with their low95 and high95, n_cells, n_blocks
    (towns). The interval of light is for a sum over towns whose number is a matter of chance.
    """
    step_km = settings.profiles.step_km
    signed_km = np.where(near.second, near.distance_m, -near.distance_m) / 1e3
    reach = math.ceil(config.bands_km[-1] / step_km)
    step_of_cell = np.floor(signed_km / step_km).astype(np.int64)
    rows = patches(near.chosen(slice(None)), settings.patches, step_of_cell + reach)
    unit = units.at(rows.x, rows.y, rows.country)
    ground = np.floor(field.signed_m[np.isfinite(field.signed_m)] / 1e3 / step_km)
    table = []
    for step in range(-reach, reach):
        here = rows.key == step + reach
        light, its_unit = rows.chosen(here), unit[here]
        area_km2 = float((ground == step).sum()) * (field.step_m / 1e3) ** 2
        row: dict[str, Any] = {"side": countries[int(step >= 0)]}
        row |= {"from_km": step * step_km, "to_km": (step + 1) * step_km, "area_km2": area_km2}
        row |= {"n_cells": int(light.n_cells.sum()), "n_blocks": len(np.unique(its_unit))}
        row |= _light(light.light, its_unit, area_km2)
        table.append(row | _tone(light.red, light.green, its_unit, config.replicates, settings.contrast))
    return table


def _light(light: Array, unit: Ints, area_km2: float) -> dict[str, float]:
    """Light a square kilometre and its interval; none where the field has no ground."""
    by_unit = np.bincount(np.unique(unit, return_inverse=True)[1], light) if len(light) else np.zeros(1)
    total = float(by_unit.sum())
    if area_km2 <= 0 or total <= 0:
        return {
            "light_per_km2": total / area_km2 if area_km2 > 0 else math.nan,
            "light_low95": math.nan,
            "light_high95": math.nan,
        }
    factor = math.exp(NORMAL_95 * math.sqrt(math.log1p(float((by_unit**2).sum()) / total**2)))
    density = total / area_km2
    return {"light_per_km2": density, "light_low95": density / factor, "light_high95": density * factor}


def _tone(
    red: Array, green: Array, unit: Ints, replicates: int, settings: ContrastSettings
) -> dict[str, float]:
    """Tone of sums and its interval over towns; no interval of fewer than `min_units`."""
    if not (red.sum() > 0 and green.sum() > 0):
        return dict.fromkeys(("tone_g_r", "tone_low95", "tone_high95"), math.nan)
    tone, half = math.log2(green.sum() / red.sum()), math.nan
    if len(np.unique(unit)) >= settings.min_units:
        units, index = numbered(unit)
        red, green = (np.bincount(index, light).astype(float) for light in (red, green))
        fit = ratio_fit(red, green, np.ones(len(units)), np.ones((len(units), 1)), units)
        half = estimate(fit, np.ones(1), replicates, settings).half95
        half = half if math.isfinite(half) else math.nan
    return {"tone_g_r": tone, "tone_low95": tone - half, "tone_high95": tone + half}


def class_shares(tone: Floats, light: Floats, edges: Array) -> Array:
    """The shares of light whose tone lies below the first edge, between two, and from the last one on; NaN
    without light."""
    parts = np.bincount(np.digitize(tone, edges), light, len(edges) + 1)
    return np.asarray(parts / parts.sum() if parts.sum() > 0 else np.full(len(parts), np.nan))


def thirds(beside: Beside, exclusion_m: float, edges: Array, config: BordersConfig) -> dict[str, float]:
    """How much of each side's light near a border is of the third of the photo's light that is most orange
    and of the third that is greenest; `edges` are the tones between the thirds."""
    used = (beside.distance_m >= exclusion_m) & (beside.distance_m <= 1e3 * config.contrast_km)
    table: dict[str, float] = {}
    for name, side in (("first", ~beside.second), ("second", beside.second)):
        cells = beside.chosen(used & side)
        shares = class_shares(cells.tone, cells.red + cells.green, edges)
        table |= {f"orange_{name}": float(shares[0]), f"green_{name}": float(shares[-1])}
    return table
