"""A border as a line: how far places are from it, and which stretch of it they lie beside."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.arrays import Ints
from pipeline.borders.settings import LineSettings
from pipeline.borders.squares import centres_of, numbered, square_codes
from pipeline.camera.earth import Array

if TYPE_CHECKING:  # 0.4 s, which steps that measure no distance need not wait for
    from scipy.spatial import cKDTree

# Side of the squares (m) that places are looked at by: of larger ones more lie across an edge.
SMALL_M = 125.0


@dataclass(frozen=True, eq=False)
class BorderLine:
    r"""A border as closely set points, and its course without wiggles as points with their chainage (m) and
    the segment they are of, about `segment_km` long.

     __/\__   _   the border: how far a cell is from it
    '------\_/ \_
    ~~~~~~~~~~~~~~  its course: which stretch of it a cell belongs to
    """

    points: "cKDTree"
    course: "cKDTree"
    chainage_m: Array
    segment: Ints

    @classmethod
    def of(cls, line: BaseGeometry, block_m: float, settings: LineSettings) -> "BorderLine":
        """The course is within half a block of the line; each part begins at a multiple of the block."""
        points, chainage, segment = _measured(_course(line, block_m), block_m, settings)
        return cls(_tree(_measured([line], block_m, settings)[0]), _tree(points), chainage, segment)

    def distance_m(self, x: Array, y: Array, limit_m: float) -> Array:
        """Distance (m) to the border, infinite beyond the limit; up to 25 m too long, 3 m from 100 m on."""
        return np.asarray(self.points.query(np.column_stack([x, y]), distance_upper_bound=limit_m)[0])

    def between_m(self, x: Array, y: Array, edges_m: Array, limit_m: float) -> Array:
        """Distances (m), infinite from the limit on, that are asked only between which two of some edges they
        lie: all places of a small square that is between two have the distance of its middle. With cells of
        20 m and edges a kilometre apart, one in six is measured: a third of the time."""
        codes, square = numbered(square_codes(x, y, SMALL_M))
        corner_m, steps = SMALL_M / math.sqrt(2), np.unique([0.0, *edges_m, limit_m])
        middle = self.distance_m(*centres_of(codes, SMALL_M), limit_m + corner_m)
        nearest, farthest = (np.searchsorted(steps, middle + off, "right") for off in (-corner_m, corner_m))
        away, unsure = middle[square], np.flatnonzero((nearest != farthest)[square])
        away[unsure] = self.distance_m(x[unsure], y[unsure], limit_m)
        away[away >= limit_m] = np.inf
        return np.asarray(away)

    def along_m(self, x: Array, y: Array) -> Array:
        """Chainage (m) of the nearest point of the course."""
        return np.asarray(self.chainage_m[self._nearest(x, y)])

    def segment_at(self, x: Array, y: Array) -> Ints:
        """The segment (0, 1, ...) of the nearest point of the course."""
        return np.asarray(self.segment[self._nearest(x, y)])

    def _nearest(self, x: Array, y: Array) -> NDArray[np.intp]:
        return np.asarray(self.course.query(np.column_stack([x, y]))[1])


def _tree(points: Array) -> "cKDTree":
    """Points of a line, parted by ground and not by number: that finds the nearest in a third of the time."""
    from scipy.spatial import cKDTree

    return cKDTree(points, leafsize=16, balanced_tree=False, compact_nodes=False)


def _course(line: BaseGeometry, block_m: float) -> list[BaseGeometry]:
    """The parts of the simplified border; enclaves and scraps are left out if anything else remains."""
    parts = [part for part in shapely.get_parts(line.simplify(block_m / 2)) if part.length > 0]
    longer = [part for part in parts if part.length >= block_m and not part.is_ring]
    return longer or parts or [line]


def _measured(
    parts: Sequence[BaseGeometry], block_m: float, settings: LineSettings
) -> tuple[Array, Array, Ints]:
    """Points (n, 2) every `point_spacing_m` along lines, their chainage and their segment."""
    points, chainage, segment, start, first = [], [], [], 0.0, 0
    for piece in (piece for line in parts for piece in shapely.get_parts(line)):
        along = np.linspace(0, piece.length, 2 + int(piece.length / settings.point_spacing_m))
        points.append(_points_along(piece, along))
        chainage.append(start + along)
        count = max(1, round(piece.length / 1e3 / settings.segment_km))
        segment.append(first + np.minimum(along / piece.length * count, count - 1).astype(np.int64))
        start, first = start + block_m * math.ceil(piece.length / block_m), first + count
    return np.concatenate(points), np.concatenate(chainage), np.concatenate(segment)


def _points_along(line: BaseGeometry, along_m: Array) -> Array:
    """The points (n, 2) of a line at distances from its start, those of `shapely.line_interpolate_point` to
    the last digit: that walks the line from its start for each, which took a tenth of the step's time."""
    vertices = shapely.get_coordinates(line)
    dx, dy = np.diff(vertices, axis=0).T
    length = np.sqrt(dx * dx + dy * dy)
    chainage = np.concatenate([[0.0], np.cumsum(length)])
    piece = np.searchsorted(chainage[1:], along_m, side="right")
    last = piece == len(length)
    piece = np.minimum(piece, len(length) - 1)
    share = np.where(last, 1.0, (along_m - chainage[piece]) / length[piece])[:, None]
    step = np.stack([dx, dy], axis=1)
    return np.asarray(np.where(share < 1, step[piece] * share + vertices[piece], vertices[piece + 1]))
