"""Segments of a border: the contrast along it, for maps."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.special import stdtrit
from shapely.geometry.base import BaseGeometry

from pipeline.borders.border_line import BorderLine
from pipeline.borders.contrast import BorderFit, verdict
from pipeline.borders.matching import ViewZenith, overlap_weights, strata
from pipeline.borders.settings import BorderSettings
from pipeline.camera.earth import Array


def along(
    fit: BorderFit | None,
    border: BaseGeometry,
    line: BorderLine,
    view_zenith: ViewZenith,
    settings: BorderSettings,
) -> list[dict[str, Any]]:
    """The contrast at every segment of a border, matched within it, with the frame's trend taken off:
    segment, contrast_g_r, low95, high95, n_cells, verdict, geometry (of that part of `border`).

    A segment has one or two towns a side, which cannot tell how towns differ: that is taken from all towns
    of the border. Without a fit there is too little light everywhere.
    """
    shapes = segment_lines(border, line, settings.profiles.segment_spacing_m)
    contrasts: dict[int, tuple[float, Array] | None] = dict.fromkeys(shapes)
    n_cells, factor = dict.fromkeys(shapes, 0), math.nan
    if fit is not None:
        at, zenith_step_deg = line.segment_at(fit.near.x, fit.near.y), settings.contrast.zenith_step_deg
        contrasts = {
            segment: _segment(fit, at == segment, view_zenith, zenith_step_deg) for segment in shapes
        }
        n_cells = {segment: int(fit.near.n_cells[at == segment].sum()) for segment in shapes}
        influences = [contrast[1] for contrast in contrasts.values() if contrast is not None]
        factor = _interval_factor(fit, influences, settings.contrast.level)
    rows = []
    for segment, contrast in contrasts.items():
        value, influence = contrast if contrast is not None else (None, np.zeros(0))
        half = factor * float(np.sqrt((influence**2).sum()))
        low, high = (None, None) if value is None else (value - half, value + half)
        row = {"segment": segment, "contrast_g_r": value, "low95": low, "high95": high}
        word = "too little light" if value is None else verdict(low, high)
        rows.append(row | {"n_cells": n_cells[segment], "verdict": word, "geometry": shapes[segment]})
    return rows


def _segment(
    fit: BorderFit, here: NDArray[np.bool_], view_zenith: ViewZenith, zenith_step_deg: float
) -> tuple[float, Array] | None:
    """The contrast of a segment (the patches `here`) and how it moves with the ratio of each unit (units,);
    None where a side is unlit."""
    near, second = fit.near.chosen(here), fit.second[here]
    if not (second.any() and (~second).any()):
        return None
    weight = overlap_weights(strata(near, view_zenith, zenith_step_deg), second, near.light)
    green = near.green * 2 ** -fit.tilt(near.x, near.y)
    terms = fit.trend.terms(near.x, near.y)
    slopes = fit.fit.influence[:, -terms.shape[1] :]
    index = np.searchsorted(fit.fit.units, fit.near_unit[here])
    value, influence = 0.0, np.zeros(len(fit.fit.units))
    for sign, side in ((-1, ~second), (1, second)):
        share = weight[side] * near.light[side]
        reds, greens = float((weight * near.red)[side].sum()), float((weight * green)[side].sum())
        if not (share.sum() > 0 and reds > 0 and greens > 0):
            return None
        share = share / share.sum()
        value += sign * math.log2(greens / reds)
        influence += sign * (np.bincount(index[side], share, len(influence)) - slopes @ (share @ terms[side]))
    return value, influence


def _interval_factor(fit: BorderFit, influences: Sequence[Array], level: float) -> float:
    """What makes the norm of a segment's influence half an interval of `level`: Student's quantile times
    the scatter of the units, each as much as it moves segments; NaN without a segment."""
    if not influences:
        return math.nan
    moves = (np.array(influences) ** 2).sum(axis=0)
    scatter = math.sqrt(float(moves @ fit.fit.residual**2 / moves.sum()))
    freedom = max(float(moves.sum() ** 2 / (moves**2).sum()) - 2, 1)
    return scatter * float(stdtrit(freedom, 0.5 + level / 2))


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
