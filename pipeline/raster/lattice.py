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
        from pipeline.raster.kernels import interpolate_lattice  # compiled: a quarter of numpy's time

        values = np.empty((len(self.values), tile.height, tile.width))
        row, column = tile.row - self.step * self.first[0], tile.column - self.step * self.first[1]
        nodes = np.require(
            self.values, float, ["C", "W"]
        )  # what came from another process cannot be written to
        interpolate_lattice(nodes, self.step, row, column, down, right, values)
        return values
