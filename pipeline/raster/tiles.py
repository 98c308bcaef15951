"""Tiles: windows of a grid."""

from collections.abc import Iterator
from dataclasses import dataclass

TILE = 1024  # cells along each axis: a float32 band of a tile takes 4 MB, so that many fit into memory


@dataclass(frozen=True)
class Tile:
    """A window of the grid: its first row and column, and how many."""

    row: int
    column: int
    height: int
    width: int

    @property
    def is_wide(self) -> bool:
        """Whether it has more columns than rows."""
        return self.width > self.height

    def halves(self) -> tuple["Tile", "Tile"]:
        """Its left and right, or upper and lower half, across the longer side."""
        if self.is_wide:
            left = self.width // 2
            first = Tile(self.row, self.column, self.height, left)
            return first, Tile(self.row, self.column + left, self.height, self.width - left)
        upper = self.height // 2
        first = Tile(self.row, self.column, upper, self.width)
        return first, Tile(self.row + upper, self.column, self.height - upper, self.width)

    def strips(self, rows: int) -> Iterator[tuple[slice, "Tile"]]:
        """A few rows at a time, for the processor's cache: rows within the tile, and their window."""
        for first in range(0, self.height, rows):
            here = min(rows, self.height - first)
            yield slice(first, first + here), Tile(self.row + first, self.column, here, self.width)
