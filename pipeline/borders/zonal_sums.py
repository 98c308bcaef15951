r"""Sums of a raster's cells over areas, each cell by its part inside, as integrals along the areas' outlines.

 row  |  .--+--.  |        By Green's theorem the sum over an area is the integral, along its outline, of what
------+-/---+---\-+        the row holds to the left of the line. That is one running sum a row, for all areas
      |<----'    | |       together, and one look at it for each piece of outline in a cell: the inside of
                           areas costs nothing.

It takes the place of `exactextract`, whose time grows with the box around each area: the sums of four
countries and 60 strips beside their borders over 25 million cells take a quarter of the processor time.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.arrays import Ints
from pipeline.camera.earth import Array
from pipeline.raster.grid import Grid
from pipeline.raster.tiles import Tile


@dataclass(frozen=True, eq=False)
class Outlines:
    """The outlines of areas (polygons, which may have holes and overlap each other) as edges (n,) in columns
    and rows of a grid, from the corner of its first cell: each from its upper to its lower end, with the
    number of its area, and +1 where the area lies to its left, -1 where to its right."""

    top: Array
    bottom: Array
    top_column: Array
    bottom_column: Array
    area: Ints
    sign: Array
    count: int

    @classmethod
    def of(cls, areas: NDArray[np.object_], grid: Grid) -> "Outlines":
        """Of polygons or multipolygons (count,) in the grid's CRS."""
        oriented = shapely.orient_polygons(np.asarray(areas, object))
        parts, part_area = shapely.get_parts(oriented, return_index=True)
        rings, ring_part = shapely.get_rings(parts, return_index=True)
        at, ring = shapely.get_coordinates(rings, return_index=True)
        column = (at[:, 0] - grid.bounds[0]) / grid.resolution_m
        row = (grid.bounds[3] - at[:, 1]) / grid.resolution_m
        # Level edges have nothing above or below them that the others do not have.
        edge = np.flatnonzero((ring[1:] == ring[:-1]) & (row[1:] != row[:-1]))
        down = row[edge + 1] > row[edge]
        upper, lower = np.where(down, edge, edge + 1), np.where(down, edge + 1, edge)
        area = part_area[ring_part[ring[edge]]].astype(np.int64)
        sign = np.where(down, -1.0, 1.0)  # outer rings run with the area on their left, and holes too
        return cls(row[upper], row[lower], column[upper], column[lower], area, sign, len(areas))

    def sums(self, layers: Iterable[NDArray[np.generic]], tile: Tile) -> Array:
        """(areas, layers): what the areas hold of each layer (height, width) of a tile; all is finite."""
        row, share, column, area = self._pieces(tile)
        index = np.floor(column).astype(np.int64)
        inside = np.minimum(index, tile.width - 1)
        sums, left = [], np.zeros((tile.height, tile.width + 1))
        for layer in layers:
            np.cumsum(layer, axis=1, dtype=float, out=left[:, 1:])
            before, cell = left[row, index], left[row, inside + 1] - left[row, inside]
            sums.append(np.bincount(area, share * (before + (column - index) * cell), self.count))
        return np.stack(sums, axis=1)

    def _pieces(self, tile: Tile) -> tuple[Ints, Array, Array, Ints]:
        """The edges cut at rows and columns of a tile: the row of each piece, how much of the row it spans,
        with its sign, the column of its middle (0 to width) and its area."""
        here = np.flatnonzero((self.bottom > tile.row) & (self.top < tile.row + tile.height))
        top, bottom = self.top[here] - tile.row, self.bottom[here] - tile.row
        start, slope = self.top_column[here] - tile.column, self.bottom_column[here] - self.top_column[here]
        slope /= bottom - top
        edge, low, high = _cut(np.maximum(top, 0), np.minimum(bottom, tile.height), 0, tile.height)
        ends = (start[edge] + (at - top[edge]) * slope[edge] for at in (low, high))
        first, last = np.sort(np.stack(list(ends)), axis=0)
        # To the left of the tile nothing is, to its right no more: edges out there are not cut.
        across, left, right = _cut(first, last, -1, tile.width + 1)
        width = (last - first)[across]
        part = np.divide(right - left, width, out=np.ones_like(width), where=width > 0)
        row = np.floor((low + high) / 2).astype(np.int64)[across]
        share = ((high - low) * self.sign[here][edge])[across] * part
        return row, share, np.clip((left + right) / 2, 0, tile.width), self.area[here][edge][across]


def _cut(low: Array, high: Array, least: int, most: int) -> tuple[Ints, Array, Array]:
    """Spans (n,) cut at the whole numbers between `least` and `most`, what lies beyond these in one piece:
    the span that each piece is of, and its ends."""
    first = np.clip(np.floor(low), least, most - 1).astype(np.int64)
    count = np.maximum(np.clip(np.ceil(high), least + 1, most).astype(np.int64) - first, 1)
    span = np.repeat(np.arange(len(low)), count)
    number = np.arange(len(span)) - np.repeat(np.cumsum(count) - count, count)
    at = first[span] + number
    start = np.where(number == 0, low[span], at)
    end = np.where(number == count[span] - 1, high[span], at + 1)
    return span, start, end
