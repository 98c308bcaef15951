"""Sums over areas by their outlines, against the area that shapely finds of each cell."""

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from pipeline.borders.zonal_sums import Outlines
from pipeline.camera.earth import Array
from pipeline.raster.grid import Grid
from pipeline.raster.tiles import Tile

GRID = Grid("EPSG:3035", 2.0, (10.0, 20.0, 34.0, 36.0))  # 12 columns, 8 rows
VALUES = np.random.default_rng(0).uniform(-1, 1, (2, GRID.height, GRID.width))
# Sums of a hundred cells and of products of places that are up to 40 m from the origin.
ROUNDING = 1e-12


def by_cells(areas: list[shapely.Geometry], values: NDArray[np.generic]) -> Array:
    """The sums, a cell at a time."""
    row, column = np.indices(values.shape[1:])
    x, y = (v.ravel() for v in GRID.centres(column.astype(float), row.astype(float)))
    cells = shapely.box(x - 1, y - 1, x + 1, y + 1)
    shares = np.array([shapely.area(shapely.intersection(cells, area)) / 4 for area in areas])
    return shares @ values.reshape(len(values), -1).T


def star(x: float, y: float, size: float, seed: int) -> shapely.Polygon:
    """A ragged area with a hole in its middle."""
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    away = size * np.random.default_rng(seed).uniform(0.5, 1, 40)
    ring = np.column_stack([x + away * np.cos(turn), y + away * np.sin(turn)])
    return shapely.Polygon(ring, [shapely.Point(x, y).buffer(size / 4).exterior.coords])


AREAS = {
    "within": star(22, 28, 6, 0),
    "beyond all four edges": star(22, 28, 40, 1),
    "beyond the left edge": star(10, 28, 5, 2),
    "beyond a corner": star(34, 36, 7, 3),
    "along cells": shapely.box(12, 22, 20, 30),
    "within a cell": shapely.box(14.25, 24.5, 14.75, 25.0),
    "two parts, one reversed": shapely.MultiPolygon([star(15, 25, 3, 4), star(28, 30, 3, 5).reverse()]),
    "elsewhere": shapely.box(100, 100, 110, 110),
    "nothing": shapely.Polygon(),
}


@pytest.mark.parametrize("name", AREAS)
def test_each_cell_counts_by_its_part_inside(name):
    sums = Outlines.of(np.array([AREAS[name]]), GRID).sums(VALUES, Tile(0, 0, GRID.height, GRID.width))
    np.testing.assert_allclose(sums, by_cells([AREAS[name]], VALUES), atol=ROUNDING)


def test_areas_may_overlap_and_the_tiles_add_up():
    outlines = Outlines.of(np.array(list(AREAS.values())), GRID)
    tiles = [Tile(0, 0, 3, 5), Tile(0, 5, 3, 7), Tile(3, 0, 5, 12)]
    of_tiles = [
        outlines.sums(VALUES[:, t.row : t.row + t.height, t.column : t.column + t.width], t) for t in tiles
    ]
    np.testing.assert_allclose(sum(of_tiles), by_cells(list(AREAS.values()), VALUES), atol=ROUNDING)
