"""A lattice: smooth values at every few cells of a grid, and between them by interpolation."""

from dataclasses import dataclass

import numpy as np

from pipeline.camera.earth import Array
from pipeline.raster.tiles import Tile


@dataclass(frozen=True, eq=False)
class Lattice:
    """Values (k, rows, columns) at every `step`-th cell centre of a grid; `first` is the (row, column) of the
    first node, counted in nodes from cell (0, 0)."""

    step: int
    values: Array
    first: tuple[int, int] = (0, 0)

    def at(self, tile: Tile, down: float = 0.0, right: float = 0.0) -> Array:
        """Bilinear values (k, height, width) at a tile's cell centres moved by up to half a cell.

        A cell belongs to the mesh of its centre, so the half cell beyond a node is extrapolated. All steps
        are element by element, which keeps them the same for any tile.
        """
        row = np.arange(tile.row, tile.row + tile.height)
        mesh, v = row // self.step - self.first[0], ((row % self.step + down) / self.step)[:, None]
        first, last = tile.column // self.step, (tile.column + tile.width - 1) // self.step
        nodes = self.values[:, :, first - self.first[1] : last - self.first[1] + 2]
        along = nodes[:, mesh] + (nodes[:, mesh + 1] - nodes[:, mesh]) * v
        u = (np.arange(self.step) + right) / self.step
        whole = along[:, :, :-1, None] + np.diff(along, axis=2)[..., None] * u
        start = tile.column - first * self.step
        return whole.reshape(len(whole), tile.height, -1)[:, :, start : start + tile.width]
