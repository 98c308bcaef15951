"""Light and tone across a border by signed distance, and the contrast along it by segment."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.stats import t as student
from shapely.geometry.base import BaseGeometry

from pipeline.borders.cells import Beside, BorderLine, Floats, Ints, Units, patches
from pipeline.borders.contrast import (
    LEVEL,
    MIN_UNITS,
    BorderFit,
    ViewZenith,
    estimate,
    overlap_weights,
    ratio_fit,
    strata,
)
from pipeline.borders.placebo import FIELD_STEP_M, DistanceField
from pipeline.camera.earth import Array
from pipeline.models import BordersConfig

STEP_KM = 1.0
SEGMENT_SPACING_M = 100.0
INTERVAL_SIGMAS = 1.96


def across(
    near: Beside, units: Units, field: DistanceField, countries: tuple[str, str], config: BordersConfig
) -> list[dict[str, Any]]:
    """Light a square kilometre and tone in steps of STEP_KM on both sides of a border, with 95 % intervals.

    side, from_km, to_km (signed: the second country's side is positive), area_km2 (by the lattice of the
    field), light_per_km2 (red and green) and tone_g_r with their low95 and high95, n_cells, n_blocks
    (towns). The interval of light is that of a sum of towns that come by chance.
    """
    signed_km = np.where(near.second, near.distance_m, -near.distance_m) / 1e3
    steps = np.arange(-math.ceil(config.bands_km[-1] / STEP_KM), math.ceil(config.bands_km[-1] / STEP_KM))
    which = np.floor(signed_km / STEP_KM).astype(np.int64)
    rows = patches(near.cells, which - steps[0])
    unit = units.at(rows.x, rows.y, rows.country)
    ground = np.floor(field.signed_m[np.isfinite(field.signed_m)] / 1e3 / STEP_KM)
    table = []
    for step in steps:
        here, own = rows.chosen(rows.key == step - steps[0]), unit[rows.key == step - steps[0]]
        area_km2 = float((ground == step).sum()) * (FIELD_STEP_M / 1e3) ** 2
        row: dict[str, Any] = {"side": countries[int(step >= 0)]}
        row |= {"from_km": step * STEP_KM, "to_km": (step + 1) * STEP_KM, "area_km2": area_km2}
        row |= {"n_cells": int(here.n_cells.sum()), "n_blocks": len(np.unique(own))}
        row |= _light(here.light, own, area_km2)
        table.append(row | _tone(here.red, here.green, own, config))
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
    factor = math.exp(INTERVAL_SIGMAS * math.sqrt(math.log1p(float((by_unit**2).sum()) / total**2)))
    density = total / area_km2
    return {"light_per_km2": density, "light_low95": density / factor, "light_high95": density * factor}


def _tone(red: Array, green: Array, unit: Ints, config: BordersConfig) -> dict[str, float]:
    """Tone of sums and its interval over towns; no interval of fewer than MIN_UNITS."""
    if not (red.sum() > 0 and green.sum() > 0):
        return dict.fromkeys(("tone_g_r", "tone_low95", "tone_high95"), math.nan)
    tone, half = math.log2(green.sum() / red.sum()), math.nan
    if len(np.unique(unit)) >= MIN_UNITS:
        one = np.ones((len(red), 1))
        half = estimate(ratio_fit(red, green, one[:, 0], one, unit), np.ones(1), config.replicates).half95
        half = half if math.isfinite(half) else math.nan
    return {"tone_g_r": tone, "tone_low95": tone - half, "tone_high95": tone + half}


def verdict(low: float | None, high: float | None, alike: bool | None = False) -> str:
    """What an interval says in one word or two, for maps and filters."""
    if low is None or high is None:
        return "none"
    if alike:
        return "alike"
    return "undecided" if low <= 0 <= high else "second greener" if low > 0 else "first greener"


def along(
    found: BorderFit | None,
    border: BaseGeometry,
    line: BorderLine,
    view_zenith: ViewZenith,
    config: BordersConfig,
) -> list[dict[str, Any]]:
    """The contrast at every segment of a border, matched within the segment and less the frame's trend:
    segment, contrast_g_r, low95, high95, n_cells, verdict, geometry (of that part of `border`).

    A segment has one or two towns a side, which cannot tell how towns differ: that is taken from all towns
    of the border. Without a fit there is too little light everywhere.
    """
    shapes = segment_lines(border, line, SEGMENT_SPACING_M)
    parts: dict[int, tuple[float, Array] | None] = dict.fromkeys(shapes)
    n_cells, factor = dict.fromkeys(shapes, 0), math.nan
    if found is not None:
        at = line.segment_at(found.near.x, found.near.y)
        parts = {segment: _segment(found, at == segment, view_zenith) for segment in shapes}
        n_cells = {segment: int(found.near.n_cells[at == segment].sum()) for segment in shapes}
        factor = _interval_factor(found, [part[1] for part in parts.values() if part is not None])
    rows = []
    for segment, part in parts.items():
        value, influence = part if part is not None else (None, np.zeros(0))
        half = factor * float(np.sqrt((influence**2).sum()))
        low, high = (None, None) if value is None else (value - half, value + half)
        row = {"segment": segment, "contrast_g_r": value, "low95": low, "high95": high}
        told = "too little light" if value is None else verdict(low, high)
        rows.append(row | {"n_cells": n_cells[segment], "verdict": told, "geometry": shapes[segment]})
    return rows


def _segment(
    found: BorderFit, here: NDArray[np.bool_], view_zenith: ViewZenith
) -> tuple[float, Array] | None:
    """The contrast of a segment and how it moves with the ratio of each unit; None without light."""
    near, second = found.near.chosen(here), found.second[here]
    if not (second.any() and (~second).any()):
        return None
    weight = overlap_weights(strata(near, view_zenith), second, near.light)
    green = near.green * 2 ** -found.tilt(near.x, near.y)
    terms = found.trend.terms(near.x, near.y)
    slopes = found.fit.influence[:, -terms.shape[1] :]
    index = np.searchsorted(found.fit.units, found.near_unit[here])
    value, influence = 0.0, np.zeros(len(found.fit.units))
    for sign, side in ((-1, ~second), (1, second)):
        share = weight[side] * near.light[side]
        reds, greens = float((weight * near.red)[side].sum()), float((weight * green)[side].sum())
        if not (share.sum() > 0 and reds > 0 and greens > 0):
            return None
        share = share / share.sum()
        value += sign * math.log2(greens / reds)
        influence += sign * (np.bincount(index[side], share, len(influence)) - slopes @ (share @ terms[side]))
    return value, influence


def _interval_factor(found: BorderFit, influences: Sequence[Array]) -> float:
    """What makes the norm of a segment's influence half a 95 % interval: Student's quantile times the scatter
    of the units, each as much as it moves segments; NaN without a segment."""
    if not influences:
        return math.nan
    moves = (np.array(influences) ** 2).sum(axis=0)
    scatter = math.sqrt(float(moves @ found.fit.residual**2 / moves.sum()))
    return scatter * float(
        student.ppf(0.5 + LEVEL / 2, max(float(moves.sum() ** 2 / (moves**2).sum()) - 2, 1))
    )


def segment_lines(border: BaseGeometry, line: BorderLine, spacing_m: float) -> dict[int, BaseGeometry]:
    """The border cut into its segments, to about `spacing_m`; those that it holds."""
    pieces: dict[int, list[shapely.LineString]] = {}
    for part in shapely.get_parts(border.segmentize(spacing_m)):
        points = shapely.get_coordinates(part)
        segment = line.segment_at(*points.T)
        cuts = [0, *(np.flatnonzero(np.diff(segment)) + 1), len(points)]
        for start, end in pairwise(cuts):
            run = points[start : min(end + 1, len(points))]
            if len(run) > 1:
                pieces.setdefault(int(segment[start]), []).append(shapely.LineString(run))
    return {segment: shapely.MultiLineString(pieces[segment]) for segment in sorted(pieces)}


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
        cells = beside.cells.chosen(used & side)
        shares = class_shares(cells.tone, cells.red + cells.green, edges)
        table |= {f"orange_{name}": float(shares[0]), f"green_{name}": float(shares[-1])}
    return table
