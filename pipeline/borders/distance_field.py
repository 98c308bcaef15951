"""The ground beside a border as a field of signed distances, which can be laid elsewhere."""

from dataclasses import dataclass

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from pipeline.borders.border_line import BorderLine
from pipeline.camera.earth import Array


@dataclass(frozen=True, eq=False)
class DistanceField:
    """Signed distance (m, positive on the second side) from a border on a lattice of `step_m`; NaN
    beyond reach and outside both countries. (x, y) is the centre of element [0, 0]; rows run northward."""

    x: float
    y: float
    signed_m: Array
    step_m: float

    @classmethod
    def of(
        cls, line: BorderLine, sides: tuple[BaseGeometry, BaseGeometry], reach_m: float, step_m: float
    ) -> "DistanceField":
        """Both sides as far as the frame shows them, with an edge of NaN all around."""
        low, high = (
            line.points.mins - reach_m - step_m,
            line.points.maxes + reach_m + 2 * step_m,
        )
        columns, rows = (1 + np.ceil((high - low) / step_m)).astype(int)
        x, y = np.meshgrid(low[0] + step_m * np.arange(columns), low[1] + step_m * np.arange(rows))
        away = line.distance_m(x.ravel(), y.ravel(), reach_m).reshape(rows, columns)
        corner = Affine.translation(*(low - step_m / 2)) @ Affine.scale(step_m)
        shapes = [(shape, sign) for shape, sign in zip(sides, (1, 2), strict=True) if not shape.is_empty]
        side = rasterize(shapes, (rows, columns), transform=corner, dtype="uint8") if shapes else 0 * away
        sign = np.array([np.nan, -1.0, 1.0])[side.astype(int)]
        return cls(float(low[0]), float(low[1]), np.where(np.isfinite(away), sign * away, np.nan), step_m)

    def at(self, x: Array, y: Array) -> Array:
        """The signed distance of places; NaN off the field."""
        middle = self.middle()
        (element,) = self.elements(np.stack([x, y]), middle, np.array([middle]), np.zeros(1))
        return np.asarray(self.signed_m.ravel()[element])

    def elements(
        self, places: Array, middle: tuple[float, float], at: Array, turn: Array
    ) -> NDArray[np.intp]:
        """Which elements of the field, row after row, are nearest to places (2, n) once its `middle` is moved
        to places `at` (lines, 2) and turned there by angles (lines,): (lines, n); those at its edge of places
        off it."""
        from pipeline.borders.kernels import nearest_elements  # compiled: a third of numpy's time

        rows, columns = self.signed_m.shape
        turned = np.column_stack([np.cos(turn), np.sin(turn)])
        back = np.stack([turned, turned[:, ::-1] * (-1, 1)], axis=1)
        origin = np.subtract(middle, (self.x, self.y)) - np.einsum("lij,lj->li", back, at)
        element = np.empty((len(turned), places.shape[1]), np.int64)
        nearest_elements(np.ascontiguousarray(places), turned, origin, self.step_m, rows, columns, element)
        return element

    def middle(self) -> tuple[float, float]:
        """Where the field's ground lies on average."""
        row, column = np.nonzero(np.isfinite(self.signed_m))
        return self.x + self.step_m * float(column.mean()), self.y + self.step_m * float(row.mean())
