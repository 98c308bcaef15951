"""The lit cells beside a border: on which side, and how far from it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.borders.border_line import BorderLine
from pipeline.borders.cells import Cells
from pipeline.borders.settings import ProfileSettings
from pipeline.camera.earth import Array
from pipeline.models import BordersConfig


@dataclass(frozen=True, eq=False)
class Beside:
    """The lit cells near a border: their places in the list of all lit cells, which of them lie on the second
    country's side, and how far from it. Light and places of most are needed for a moment each."""

    lit: Cells
    place: NDArray[np.int32]
    second: NDArray[np.bool_]
    distance_m: Array

    def chosen(self, mask: NDArray[np.bool_] | slice) -> Cells:
        """The cells that a mask or a slice take."""
        return self.lit.chosen(self.place[mask])


def beside(cells: Cells, line: BorderLine, first: int, second: int, limit_m: float, edges: Array) -> Beside:
    """The cells of two countries (by their place in the list) up to a distance from their border. Distances
    tell between which of the edges (m) a cell lies, not more (`BorderLine.between_m`)."""
    own = np.flatnonzero((cells.country == first) | (cells.country == second))
    away_m = line.between_m(cells.x[own], cells.y[own], edges, limit_m)
    near = np.isfinite(away_m)
    place = own[near].astype(np.int32)
    return Beside(cells, place, cells.country[place] == second, away_m[near])


def edges_m(exclusion_m: float, config: BordersConfig, settings: ProfileSettings) -> Array:
    """The distances (m) from a border at which its tables part light: bands, steps of profiles, the exclusion
    zone and how far contrasts reach."""
    steps_km = np.arange(0, config.bands_km[-1] + settings.step_km, settings.step_km)
    return np.unique([exclusion_m, *(1e3 * np.array([*config.bands_km, config.contrast_km, *steps_km]))])
