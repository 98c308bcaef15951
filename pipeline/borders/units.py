"""Units: which light counts as one town when an interval is made."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pipeline.arrays import Ints
from pipeline.borders.cells import Cells
from pipeline.borders.squares import SQUARE_M, squares
from pipeline.camera.earth import Array
from pipeline.robust import effective_count


@dataclass(frozen=True, eq=False)
class Units:
    r"""Light that counts as one unit when an interval is made: hills of smoothed light, country by country.

       _      __            Neighbouring streets share their lamps, towns choose them: what is drawn at
      / \_  _/  \    _      random is a town. A square belongs to the hill that the steepest way up
    _/    \/     \__/ \_    leads to; near towns of one country make one hill.
      one  | two |three
    """

    column: int
    row: int
    label: NDArray[np.int32]

    @classmethod
    def of(cls, cells: Cells, smoothing_m: float) -> "Units":
        """The hills of the light of some cells; `smoothing_m` is the Gaussian's sigma."""
        column, row = squares(cells.x, cells.y)
        if not len(cells):
            return cls(0, 0, np.zeros((1, 1, 1), np.int32))
        origin = int(column.min()), int(row.min())
        shape = int(row.max()) - origin[1] + 1, int(column.max()) - origin[0] + 1
        index = (row - origin[1]) * shape[1] + column - origin[0]
        labels = []
        for country in range(int(cells.country.max()) + 1):
            own = cells.country == country
            power = (cells.red[own] + cells.green[own]).astype(float)
            light = np.bincount(index[own], power, shape[0] * shape[1]).reshape(shape).astype(float)
            hill = _hills(gaussian_filter(light, smoothing_m / SQUARE_M, mode="constant"))
            labels.append(hill + country * shape[0] * shape[1])
        return cls(*origin, np.stack(labels).astype(np.int32))

    def at(self, x: Array, y: Array, country: NDArray[np.integer[Any]]) -> Ints:
        """The unit of places of a country among those the units were made of."""
        column, row = squares(x, y)
        return np.asarray(self.label[country, row - self.row, column - self.column], np.int64)


def unit_scales(cells: Cells, block_km: float, smoothing_blocks: Sequence[float]) -> tuple[Units, ...]:
    """Units of some cells from coarse to fine, one for each smoothing (in blocks)."""
    return tuple(Units.of(cells, 1e3 * block_km * blocks) for blocks in smoothing_blocks)


def settled(
    scales: Sequence[Units], x: Array, y: Array, country: Ints, lights: Sequence[Array], even_enough: float
) -> tuple[Units, float]:
    """The coarsest units over which each of several lights (n,) at the n places is spread evenly enough, else
    the finest, and over how many units the least spread one is (`effective_count`)."""
    for units in scales:
        unit = units.at(x, y, country)
        least = min(effective_count(unit, light) for light in lights)
        if least >= even_enough:
            break
    return units, least


def _hills(height: Array) -> Ints:
    """For each element the flat index of the summit that the steepest way up leads to."""
    rows, columns = height.shape
    around = sliding_window_view(np.pad(height, 1, constant_values=-np.inf), (3, 3)).reshape(rows, columns, 9)
    down, right = np.divmod(around.argmax(axis=2), 3)
    up = ((np.arange(rows)[:, None] + down - 1) * columns + np.arange(columns) + right - 1).ravel()
    while not np.array_equal(up, higher := up[up]):
        up = higher
    return np.asarray(up.reshape(rows, columns), np.int64)
