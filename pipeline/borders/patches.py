"""Patches: lit cells summed over squares of ground, by country and step of brightness."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Ints
from pipeline.borders.cells import Cells
from pipeline.borders.settings import PatchSettings
from pipeline.borders.squares import numbered, squares
from pipeline.camera.earth import Array

# Cells summed in one go: what is made on the way takes five times their memory.
CELLS_AT_A_TIME = 1 << 20
# Sizes of the parts of a patch's number: steps of brightness, countries, rows and columns (these modulo).
LEVELS, MAX_COUNTRIES, ROWS = 64, 128, 1 << 16


@dataclass(frozen=True, eq=False)
class Patches:
    """Sums of light over patches of ground: a square of SQUARE_M, one country, one step of light a cell, and
    one value of whatever key the caller splits by.

    x and y are the mean place (m) of a patch's cells; light of 2^level to 2^(level + 1) a cell.
    """

    x: Array
    y: Array
    red: Array
    green: Array
    n_cells: Ints
    country: Ints
    level: Ints
    key: Ints

    def __len__(self) -> int:
        return len(self.x)

    @property
    def light(self) -> Array:
        """Red and green light of each patch together, linear."""
        return self.red + self.green

    @property
    def tone(self) -> float:
        """log2 of the ratio of the sums of green and red."""
        return float(np.log2(self.green.sum() / self.red.sum()))

    def chosen(self, mask: NDArray[np.bool_]) -> "Patches":
        """The patches where the mask is true."""
        return Patches(*(getattr(self, field.name)[mask] for field in fields(self)))


def patches(cells: Cells, settings: PatchSettings, key: NDArray[np.integer[Any]] | None = None) -> Patches:
    """Cells summed over patches; `key` (n,), 0 to 65,535, splits patches further."""
    split = np.zeros(len(cells), np.int64) if key is None else key
    spans = [slice(start, start + CELLS_AT_A_TIME) for start in range(0, len(cells), CELLS_AT_A_TIME)]
    sums = [_sums_by_code(cells.chosen(span), split[span], settings) for span in spans or [slice(0)]]
    code, index = numbered(np.concatenate([codes for codes, _ in sums]))
    columns = np.concatenate([values for _, values in sums], axis=1)
    n, x, y, red, green = (np.bincount(index, column, len(code)).astype(float) for column in columns)
    rest, country = np.divmod(code // ROWS**2, MAX_COUNTRIES)
    divided, level = np.divmod(rest, LEVELS)
    return Patches(x / n, y / n, red, green, n.astype(np.int64), country, level + settings.dimmest, divided)


def _sums_by_code(
    cells: Cells, split: NDArray[np.integer[Any]], settings: PatchSettings
) -> tuple[Ints, Array]:
    """The patches of cells, as numbers made of key, level, country, row and column; how many cells and sums
    of x, y, red and green in each, (5, patches)."""
    column, row = squares(cells.x, cells.y)
    power = np.maximum(cells.red + cells.green, 2.0**settings.dimmest)
    exponent = np.frexp(power)[1] - 1  # the whole part of log2
    level = np.clip(exponent, settings.dimmest, settings.brightest) - settings.dimmest
    code = ((split.astype(np.int64) * LEVELS + level) * MAX_COUNTRIES + cells.country) * ROWS + row % ROWS
    code = code * ROWS + column % ROWS
    codes, index = numbered(code)
    values = (None, cells.x, cells.y, cells.red, cells.green)
    return codes, np.stack([np.bincount(index, value, len(codes)).astype(float) for value in values])
