"""The loops over patches of light under thousands of lines, compiled by numba: a tenth of numpy's time.

Loading numba takes a third of a second: this module is imported by the functions that call it, when they do.
"""

import math

import numpy as np
from numpy.typing import NDArray

from pipeline.raster.kernels import Doubles, compiled

Int64s = NDArray[np.int64]
Int8s = NDArray[np.int8]


@compiled("void(float64[:,::1], float64[:,::1], float64[:,::1], float64, int64, int64, int64[:,::1])")
def nearest_elements(
    places: Doubles, turned: Doubles, origin: Doubles, step: float, rows: int, columns: int, element: Int64s
) -> None:
    """Which `element` (lines, n) of a field of rows and columns, `step` apart, is nearest to places (2, n)
    turned back by (cosine, sine) of `turned` (lines, 2) and moved by `origin` (lines, 2); one at the edge for
    places off it."""
    for line in range(len(turned)):
        cos, sin = turned[line]
        x, y = origin[line]
        for n in range(places.shape[1]):
            column = np.rint((cos * places[0, n] + sin * places[1, n] + x) / step)
            row = np.rint((-sin * places[0, n] + cos * places[1, n] + y) / step)
            column = min(max(column, 0.0), columns - 1.0)
            row = min(max(row, 0.0), rows - 1.0)
            element[line, n] = int(row) * columns + int(column)


@compiled("float64(float64[:,::1], float64[:,::1], float64)")
def _over_its_sigma(reds: Doubles, greens: Doubles, min_even_units: float) -> float:
    """The contrast of ratios of sums (2 sides, units) over its sigma; NaN where it is not told."""
    red = reds[0].sum(), reds[1].sum()
    green = greens[0].sum(), greens[1].sum()
    if not (min(red) > 0 and min(green) > 0):
        return math.nan
    even, variance = np.zeros(2), 0.0
    for n in range(reds.shape[1]):
        parts = reds[0, n] / red[0], reds[1, n] / red[1]
        influence = greens[1, n] / green[1] - parts[1] - (greens[0, n] / green[0] - parts[0])
        even[0] += parts[0] ** 2
        even[1] += parts[1] ** 2
        variance += (influence / (1 - max(parts[0], parts[1], 0.0))) ** 2
    if not variance > 0 or 1 / even.max() < min_even_units:
        return math.nan
    contrast = math.log2(green[1] / red[1]) - math.log2(green[0] / red[0])
    return contrast / (math.sqrt(variance) / math.log(2))


@compiled(
    "void(int8[:,::1], float64[::1], float64[::1], int64[::1], int64[::1], int64, int64, int64, float64,"
    "float64, int64[::1], float64[::1])"
)
def studentised_contrasts(
    band: Int8s,
    red: Doubles,
    green: Doubles,
    stratum: Int64s,
    unit: Int64s,
    strata: int,
    units: int,
    bands: int,
    least: float,
    min_even_units: float,
    lit: Int64s,
    contrast: Doubles,
) -> None:
    """The contrast log2(G/R) across each line over its sigma, each unit left out in turn.

    band (lines, n): where patches lie from each line, as 1, 2, ... `bands` on the second side, negative on
    the first, 0 where they do not count. red, green (n,): their light; it is weighted so that both sides
    have equal light in each band of each stratum (n,), as `matching.overlap_weights` does. unit (n,): 0, 1,
    ... of `units`. Given back are `lit` (lines,), patches on the darker side, and `contrast` (lines,): NaN
    where they are fewer than `least`, a side is unlit, or its light is that of fewer than `min_even_units`
    even units.
    """
    light = np.empty((strata * bands, 2))
    reds, greens = np.empty((2, units)), np.empty((2, units))
    for line in range(len(band)):
        where = band[line]
        first = second = 0
        for n in range(len(where)):
            first += where[n] < 0
            second += where[n] > 0
        lit[line], contrast[line] = min(first, second), math.nan
        if lit[line] < least:
            continue
        light[:], reds[:], greens[:] = 0.0, 0.0, 0.0
        for n in range(len(where)):
            if where[n] != 0:
                light[stratum[n] * bands + abs(where[n]) - 1, int(where[n] > 0)] += red[n] + green[n]
        for n in range(len(where)):
            if where[n] == 0:
                continue
            own = light[stratum[n] * bands + abs(where[n]) - 1]
            side, other = int(where[n] > 0), max(own[int(where[n] < 0)], 0.0)
            total = max(own[side], 0.0) + other
            if total > 0:
                reds[side, unit[n]] += other / total * red[n]
                greens[side, unit[n]] += other / total * green[n]
        contrast[line] = _over_its_sigma(reds, greens, min_even_units)
