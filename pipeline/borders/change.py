"""Change of light and tone between two photos of one grid, over the same cells of both.

Exposures differ, so light is compared with what the middle of the frame's lit squares did. Of two JPEGs
each picture's colours are shifted by an unknown amount, the same all over the picture: it cancels from
changes that are relative to the rest of the frame, and from their difference across a border. Of two cameras
whose colours are anchored, the later photo is compared as the earlier one's camera would have seen it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.arrays import Ints
from pipeline.borders.border_line import BorderLine
from pipeline.borders.fit import Fit, mean_fit, ratio_fit
from pipeline.borders.interval import estimate
from pipeline.borders.paired_cells import Common, PairedSquares
from pipeline.borders.settings import ContrastSettings
from pipeline.borders.trend import Trend, stepped
from pipeline.borders.units import Units, settled
from pipeline.camera.earth import Array
from pipeline.models import BordersConfig
from pipeline.robust import NORMAL_95

# Fits squares by a design (squares, p) and their units.
FitSquares = Callable[[PairedSquares, Array, Ints], Fit]
# Value, low95 and high95.
Interval = tuple[float, float, float]
NOTHING: Interval = (math.nan, math.nan, math.nan)


@dataclass(frozen=True)
class Change:
    """Change of light and of tone, log2, each as value, low95 and high95; NaN where it cannot be told.

    n_blocks: towns (units); at a border on the side with fewer of them.
    """

    light: Interval
    tone: Interval
    n_cells: int
    n_blocks: int

    def row(self) -> dict[str, Any]:
        """As columns of a table."""
        names = ("change", "low95", "high95")
        light = {f"light_{name}": value for name, value in zip(names, self.light, strict=True)}
        tone = {f"tone_{name}": value for name, value in zip(names, self.tone, strict=True)}
        return light | tone | {"n_cells": self.n_cells, "n_blocks": self.n_blocks}


def zone_change(
    rows: PairedSquares,
    scales: Sequence[Units],
    common: Common,
    config: BordersConfig,
    settings: ContrastSettings,
    sigma: float = 0.0,
) -> Change:
    """Change of light and tone of a zone less what is common to the frame. `sigma` is an error of the tone's
    change (1 sigma, log2(G/R)) that all towns share."""
    draws = config.replicates, settings
    return Change(
        light=_level(_with_light(rows), _light_fit, scales, common.light, 0.0, *draws),
        tone=_level(_with_tone(rows), _tone_fit, scales, common.tone, sigma, *draws),
        n_cells=int(rows.n_cells.sum()),
        n_blocks=len(np.unique(_units(rows, scales, [rows.light], settings))),
    )


def border_change(
    rows: PairedSquares,
    scales: Sequence[Units],
    line: BorderLine,
    second: int,
    exclusion_m: float,
    config: BordersConfig,
    settings: ContrastSettings,
    sigma: float = 0.0,
) -> Change:
    """The change on the second side of a border minus the change on the first: the step that is left once a
    smooth trend over both countries is taken off. What is common to a picture cancels. `rows` are of the two
    countries; `sigma` is an error of the tone's change (1 sigma, log2(G/R)) that all towns of one side
    share."""
    rows = rows.chosen(line.distance_m(rows.x, rows.y, exclusion_m) == np.inf)
    reach_m = 1e3 * config.contrast_km
    draws = config.replicates, settings
    light, n_blocks = _step(_with_light(rows), _light_fit, scales, line, second, reach_m, 0.0, *draws)
    # Each side has an error of its own: that of their difference is larger by the square root of two.
    both = math.sqrt(2) * sigma
    tone, _ = _step(_with_tone(rows), _tone_fit, scales, line, second, reach_m, both, *draws)
    near = np.isfinite(line.distance_m(rows.x, rows.y, reach_m))
    return Change(light, tone, int(rows.n_cells[near].sum()), n_blocks)


def _level(
    rows: PairedSquares,
    fit_squares: FitSquares,
    scales: Sequence[Units],
    common: float,
    sigma: float,
    replicates: int,
    settings: ContrastSettings,
) -> Interval:
    """The mean change over squares minus what is common, with its interval; NOTHING if towns are too few."""
    unit = _units(rows, scales, [rows.light], settings)
    if len(np.unique(unit)) < settings.min_units:
        return NOTHING
    fit = fit_squares(rows, np.ones((len(rows), 1)), unit)
    return _interval(fit, np.ones(1), common, sigma, replicates, settings)


def _step(
    rows: PairedSquares,
    fit_squares: FitSquares,
    scales: Sequence[Units],
    line: BorderLine,
    second: int,
    reach_m: float,
    sigma: float,
    replicates: int,
    settings: ContrastSettings,
) -> tuple[Interval, int]:
    """The step of the change at a border, with its interval, and how many towns the side with fewer has."""
    far = ~np.isfinite(line.distance_m(rows.x, rows.y, reach_m))
    on_second = rows.country == second
    sides = [~far & ~on_second, ~far & on_second]
    unit = _units(rows, scales, [rows.light * side for side in sides], settings)
    fewer = min(len(np.unique(unit[side])) for side in sides)
    if fewer < settings.min_units:
        return NOTHING, fewer
    trend = Trend.over(rows.x, rows.y, len(np.unique(unit)), settings.curved_from_units)
    design, step = stepped(on_second + 2 * far, trend.terms(rows.x, rows.y))
    return _interval(fit_squares(rows, design, unit), step, 0.0, sigma, replicates, settings), fewer


def _units(
    rows: PairedSquares, scales: Sequence[Units], lights: Sequence[Array], settings: ContrastSettings
) -> Ints:
    """The unit of each square, as coarse as each of the lights allows."""
    units, _ = settled(scales, rows.x, rows.y, rows.country, lights, settings.even_enough)
    return units.at(rows.x, rows.y, rows.country)


def _with_light(rows: PairedSquares) -> PairedSquares:
    return rows.chosen(rows.before + rows.after > 0)


def _light_fit(rows: PairedSquares, design: Array, unit: Ints) -> Fit:
    """log2 of light after over before; without a trend it is the ratio of the sums."""
    return ratio_fit(rows.before, rows.after, np.ones(len(rows)), design, unit)


def _with_tone(rows: PairedSquares) -> PairedSquares:
    return rows.chosen(np.isfinite(rows.tone_change))


def _tone_fit(rows: PairedSquares, design: Array, unit: Ints) -> Fit:
    """Change of tone square by square, weighted by its light."""
    return mean_fit(rows.tone_change, rows.light, design, unit)


def _interval(
    fit: Fit, combination: Array, common: float, sigma: float, replicates: int, settings: ContrastSettings
) -> Interval:
    """Value less `common`, low95 and high95; `sigma` is an error that does not shrink with more towns."""
    step = estimate(fit, combination, replicates, settings)
    if not math.isfinite(step.half95):
        return NOTHING
    value, half = step.value - common, math.hypot(step.half95, NORMAL_95 * sigma)
    return value, value - half, value + half
