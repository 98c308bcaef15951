"""The loops over all cells of a map that numpy would make several passes of, compiled by numba.

Each is one plain loop, cell by cell in a fixed order, without the reordering of sums that compilers may be
allowed: a tile gives the same as the whole, to the last bit. None holds Python's lock (GIL), so that threads
work out tiles side by side. Loading numba takes a third of a second: this module is imported by the
functions that call it, when they do.
"""

import math
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numpy.typing import NDArray

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Doubles = NDArray[np.float64]
Singles = NDArray[np.float32]

LIGHT_BANDS = 4  # red, green, blue and saturated; a number known beforehand saves a third of `sample_pixels`


def compiled(signature: str) -> Callable[[Kernel], Kernel]:
    """Compile a function for one signature, and keep it on disk for the next process: in `__pycache__` beside
    this file or, where nobody may write there, in the user's cache; in memory alone where that fails too.
    Arrays must be ones that may be written to."""

    def compile_now(function: Kernel) -> Kernel:
        try:
            kernel: Any = njit(signature, nogil=True, error_model="numpy", cache=True)(function)
        except RuntimeError:  # what numba raises where it finds no folder to write to
            kernel = njit(signature, nogil=True, error_model="numpy")(function)
        made: Kernel = kernel
        return made

    return compile_now


@compiled("void(float64[:,:,::1], int64, int64, int64, float64, float64, float64[:,:,::1])")
def interpolate_lattice(
    nodes: Doubles, step: int, row: int, column: int, down: float, right: float, values: Doubles
) -> None:
    """Bilinear `values` (k, height, width) of cells from nodes (k, rows, columns) at every `step`-th cell.

    `row` and `column` are those of the first cell, counted from the first node, and `down` and `right` where
    in their cells the values are asked for, 0 at the centre.
    """
    bands, height, width = values.shape
    first, offset = column // step, column % step
    meshes = (offset + width - 1) // step + 1
    along = np.empty(meshes + 1)
    share = (np.arange(step) + right) / step
    for band in range(bands):
        for i in range(height):
            mesh, low_share = (row + i) // step, ((row + i) % step + down) / step
            for j in range(meshes + 1):
                upper = nodes[band, mesh, first + j]
                along[j] = upper + (nodes[band, mesh + 1, first + j] - upper) * low_share
            for j in range(meshes):
                start, left, growth = j * step - offset, along[j], along[j + 1] - along[j]
                for k in range(max(0, -start), min(step, width - start)):
                    values[band, i, start + k] = left + growth * share[k]


@compiled(
    "void(float32[:,:,::1], int64, int64, int64, int64, float64,"
    " float64[:,:], float64[:,:], float64[:,:], float32[:,:,::1])"
)
def sample_pixels(
    pixels: Singles,
    first_row: int,
    first_column: int,
    height: int,
    width: int,
    most_zenith: float,
    column: Doubles,
    row: Doubles,
    zenith: Doubles,
    samples: Singles,
) -> None:
    """Bilinear `samples` (4, height, width) of a photo of height x width pixels at places (column, row).

    `pixels` (rows, columns, 4) are the part from (first_row, first_column) on that the places need. NaN
    where a place has not four pixels around it, or the ground there is seen at more than `most_zenith`.
    """
    for i in range(column.shape[0]):
        for j in range(column.shape[1]):
            x, y = column[i, j], row[i, j]
            if not (0 <= x <= width - 1 and 0 <= y <= height - 1 and zenith[i, j] <= most_zenith):
                for band in range(LIGHT_BANDS):
                    samples[band, i, j] = np.nan
                continue
            left, top = min(int(x), width - 2), min(int(y), height - 2)
            right_share, low_share = np.float32(x - left), np.float32(y - top)
            above, before = top - first_row, left - first_column
            for band in range(LIGHT_BANDS):
                upper, lower = pixels[above, before, band], pixels[above + 1, before, band]
                upper += (pixels[above, before + 1, band] - upper) * right_share
                lower += (pixels[above + 1, before + 1, band] - lower) * right_share
                samples[band, i, j] = upper + (lower - upper) * low_share


@compiled("Tuple((int64, float64, float64, float64, float64))(float32[:,::1])")
def summarise(values: Singles) -> tuple[int, float, float, float, float]:
    """Count, mean, sum of squares about the mean, least and greatest of values that are finite; summed row by
    row, so that rounding grows with the side of a tile, not with its area."""
    count, total, low, high = 0, 0.0, np.inf, -np.inf
    for i in range(values.shape[0]):
        of_row = 0.0
        for value in values[i]:
            if np.isfinite(value):
                count += 1
                of_row += value
                low, high = min(low, value), max(high, value)
        total += of_row
    mean, squares = total / max(count, 1), 0.0
    for i in range(values.shape[0]):
        of_row = 0.0
        for value in values[i]:
            if np.isfinite(value):
                of_row += (value - mean) ** 2
        squares += of_row
    return count, mean, squares, low, high


@compiled("void(float32[:,:,:], int64, float32[:,:,::1])")
def mask_near(ortho: Singles, reach: int, light: Singles) -> None:
    """The `light` (3, height, width) of `ortho` (red, green, blue, saturated share) less `reach` cells at
    each edge; NaN in all channels where a cell within `reach`, diagonals included, is saturated."""
    _, height, width = light.shape
    side = 2 * reach + 1
    near = np.empty(width + 2 * reach, np.bool_)
    for i in range(height):
        near[:] = False
        for k in range(side):
            for j in range(width + 2 * reach):
                near[j] |= ortho[3, i + k, j] > 0
        for channel in range(3):
            for j in range(width):
                light[channel, i, j] = ortho[channel, i + reach, j + reach]
        for j in range(width + 2 * reach):
            if near[j]:
                light[:, i, max(0, j - 2 * reach) : j + 1] = np.nan


@compiled("void(float32[:,:,:], int64, float32[:,:,::1])")
def average_usable(light: Singles, cells: int, averages: Singles) -> None:
    """Mean of the usable light in a square `cells` wide (odd) around each usable cell of (3, height, width).

    Usable is a cell with all three channels; others become NaN, and none is beyond the edge. Each sum is one
    plain sum, down the columns first, in one order.
    """
    _, height, width = light.shape
    reach = cells // 2
    usable = np.zeros((4, height, width), np.float32)  # with 1 for a cell in the fourth
    for i in range(height):
        for j in range(width):
            if np.isfinite(light[0, i, j]) and np.isfinite(light[1, i, j]) and np.isfinite(light[2, i, j]):
                usable[3, i, j] = 1
                for channel in range(3):
                    usable[channel, i, j] = light[channel, i, j]
    down = np.zeros((4, width + 2 * reach), np.float32)
    total = np.empty((4, width), np.float32)
    for i in range(height):
        for band in range(4):
            middle, across = down[band, reach : reach + width], total[band]
            middle[:] = 0
            for k in range(max(0, i - reach), min(height, i + reach + 1)):
                for j in range(width):
                    middle[j] += usable[band, k, j]
            across[:] = 0
            for k in range(cells):
                for j in range(width):
                    across[j] += down[band, k + j]
        for channel in range(3):
            for j in range(width):
                if usable[3, i, j] > 0:
                    averages[channel, i, j] = total[channel, j] / total[3, j]
                else:
                    averages[channel, i, j] = np.nan


@compiled(
    "void(float32[:,:], float32[:,:], float32[:,:], float32[:,:], boolean[:,:], float32[:,:], float32[:,:])"
)
def log_ratio(
    over: Singles,
    under: Singles,
    sigma_over: Singles,
    sigma_under: Singles,
    wanted: NDArray[np.bool_],
    ratio: Singles,
    sigma: Singles,
) -> None:
    """The `ratio` log2(over / under) and its first-order `sigma`; NaN outside the `wanted` cells."""
    in_log2 = np.float32(math.log(2))
    for i in range(over.shape[0]):
        for j in range(over.shape[1]):
            if wanted[i, j]:
                a, b = over[i, j], under[i, j]
                ratio[i, j] = np.log2(a / b)
                sigma[i, j] = np.hypot(sigma_over[i, j] / a, sigma_under[i, j] / b) / in_log2
            else:
                ratio[i, j] = sigma[i, j] = np.nan
