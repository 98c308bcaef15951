"""The lit cells beside a border: on which side, and how far from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.borders.border_line import BorderLine
from pipeline.borders.cells import Cells
from pipeline.borders.squares import SQUARE_M, centres_of, square_codes
from pipeline.camera.earth import Array


@dataclass(frozen=True, eq=False)
class Beside:
    """The lit cells near a border: which of them lie on the second country's side, and how far from it."""

    cells: Cells
    second: NDArray[np.bool_]
    distance_m: Array


def beside(cells: Cells, line: BorderLine, first: int, second: int, limit_m: float) -> Beside:
    """The cells of two countries (by their place in the list) up to a distance from their border."""
    own = cells.chosen(np.flatnonzero((cells.country == first) | (cells.country == second)))
    own = own.chosen(_squares_near(own, line, limit_m))
    distance_m = line.distance_m(own.x, own.y, limit_m)
    near = np.isfinite(distance_m)
    return Beside(own.chosen(near), own.country[near] == second, distance_m[near])


def _squares_near(cells: Cells, line: BorderLine, limit_m: float) -> NDArray[np.bool_]:
    """The cells in squares that reach to within a distance of a border: most others need not be measured."""
    code, index = np.unique(square_codes(cells.x, cells.y), return_inverse=True)
    away = line.distance_m(*centres_of(code), limit_m + SQUARE_M)
    return np.asarray(np.isfinite(away)[index])
