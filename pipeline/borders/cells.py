"""Lit cells as lists: where they lie, their light, their country and their tone."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from pipeline.arrays import Floats
from pipeline.camera.earth import Array, transformer
from pipeline.raster.grid import Grid
from pipeline.raster.tiles import Tile

# rasterio silences a warning of its own while it rasterises, in a way that other threads undo.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, eq=False)
class Cells:
    """Lit cells: centre (m), light, the country by its place in a list, and tone (log2 G/R)."""

    x: Array
    y: Array
    red: Floats
    green: Floats
    country: NDArray[np.int8]
    tone: Floats

    def __len__(self) -> int:
        return len(self.x)

    def chosen(self, mask: NDArray[np.bool_] | NDArray[np.integer[Any]] | slice) -> "Cells":
        """The cells that a mask, indices or a slice take."""
        return Cells(*(getattr(self, field.name)[mask] for field in fields(self)))

    @classmethod
    def joined(cls, parts: Sequence["Cells"]) -> "Cells":
        """All cells of several lists, one list after the other."""
        return cls(*(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(cls)))


def lit_cells(
    light: Floats, tone: Floats, areas: gpd.GeoDataFrame, grid: Grid, tile: Tile, crs: str
) -> Cells:
    """The cells of a tile that have a tone (log2 G/R) and whose centre lies in one of the areas; their places
    in `crs`."""
    country = countries_at(areas, grid, tile)
    row, column = np.nonzero(np.isfinite(tone) & (country >= 0))
    x, y = places(row, column, grid, tile, crs)
    return Cells(x, y, light[0, row, column], light[1, row, column], country[row, column], tone[row, column])


def countries_at(areas: gpd.GeoDataFrame, grid: Grid, tile: Tile) -> NDArray[np.int8]:
    """By centre, the place of each cell of a tile in the list of areas (in the grid's CRS); -1 outside."""
    shapes = _pieces(areas.geometry.to_numpy(), grid, tile)
    if not shapes:
        return np.full((tile.height, tile.width), -1, np.int8)
    corner = grid.transform @ Affine.translation(tile.column, tile.row)
    with _ONE_AT_A_TIME:
        country = rasterize(shapes, (tile.height, tile.width), transform=corner, dtype="uint8")
    return np.asarray(country.astype(np.int8) - 1, np.int8)


def _pieces(areas: NDArray[np.object_], grid: Grid, tile: Tile) -> list[tuple[BaseGeometry, int]]:
    """What a tile sees of areas, with their numbers from 1 on: rasterio takes a second to read a country."""
    left, top, right, bottom = tile.column - 1, tile.row - 1, tile.column + tile.width, tile.row + tile.height
    (x0, x1), (y1, y0) = grid.centres(np.array([left, right]), np.array([top, bottom]))
    seen = shapely.intersection(areas, shapely.box(x0, y0, x1, y1))
    return [(shape, number) for number, shape in enumerate(seen, 1) if not shape.is_empty]


def places(
    row: NDArray[np.intp], column: NDArray[np.intp], grid: Grid, tile: Tile, crs: str
) -> tuple[Array, Array]:
    """Where the centres of cells of a tile lie in `crs`."""
    x, y = grid.centres(tile.column + column.astype(float), tile.row + row.astype(float))
    if crs != grid.crs:
        x, y = transformer(grid.crs, crs).transform(x, y)
    return np.asarray(x), np.asarray(y)
