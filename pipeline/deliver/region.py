"""Reads what pooling left for a region, and writes the table of its contrasts."""

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.borders.quantities import ALL, TOWNS
from pipeline.borders.squares import AREA_CRS, SQUARE_M
from pipeline.deliver.results import cities_in, inside, read_layer, read_table, without_geometry
from pipeline.deliver.spreadsheet import write_csv
from pipeline.ground.cities import read_cities
from pipeline.raster.bands import Origin
from pipeline.raster.grid import Grid

# Tables of a region without a place on the map.
PLAIN_TABLES = ("contrast_by_range", "contrast_trends", "left_out")


@dataclass(frozen=True, eq=False)
class RegionResults:
    """All of a region: its map frame, what the map shows, its photos, what they say together, the towns that
    this stands on, and plain tables.

    `contrasts` are of a typical town and all photos, `other_contrasts` of other quantities, and
    `contrasts_by_years` of a typical town in parts of the photos.
    """

    name: str
    title: str
    grid: Grid
    borders: gpd.GeoDataFrame
    countries: gpd.GeoDataFrame
    cities: gpd.GeoDataFrame
    photos: gpd.GeoDataFrame
    contrasts: gpd.GeoDataFrame
    other_contrasts: gpd.GeoDataFrame
    contrasts_by_years: gpd.GeoDataFrame
    town_units: gpd.GeoDataFrame
    tables: dict[str, pd.DataFrame]

    @property
    def simulated(self) -> bool:
        """Whether any of its photos is simulated."""
        return bool(self.photos["simulated"].any())

    @property
    def origins(self) -> tuple[Origin, ...]:
        """Its photos by name, and whether each is simulated."""
        photos = self.photos
        return tuple(zip(photos["photo"].astype(str), photos["simulated"].astype(bool), strict=True))


def read_region(name: str, title: str, pooled: Path, borders: Path, cities: Path) -> RegionResults:
    """A region from its `borders.gpkg`, the map of `data/`, and the gazetteer's `cities`."""
    photos = read_layer(pooled, "photos", AREA_CRS)
    taken_at = photos["taken_at"].astype(object)
    photos = photos.assign(taken_at=taken_at.where(taken_at.notna(), None))
    contrasts = read_table(pooled, "contrasts", AREA_CRS)
    lines, areas = (read_layer(borders, layer, AREA_CRS) for layer in ("borders", "countries"))
    grid = _frame(photos if photos.geometry.notna().any() else areas)
    of_all, of_towns = contrasts["photo"] == ALL, contrasts["quantity"] == TOWNS
    return RegionResults(
        name=name,
        title=title,
        grid=grid,
        borders=inside(lines, grid),
        countries=inside(areas, grid),
        cities=cities_in(grid, read_cities(cities)),
        photos=photos,
        contrasts=contrasts[of_all & of_towns],
        other_contrasts=contrasts[of_all & ~of_towns],
        contrasts_by_years=contrasts[~of_all],
        town_units=read_table(pooled, "town_units", AREA_CRS),
        tables={name: without_geometry(read_table(pooled, name, AREA_CRS)) for name in PLAIN_TABLES},
    )


def _frame(shown: gpd.GeoDataFrame) -> Grid:
    """The map frame around shapes, in whole squares of ground."""
    west, south, east, north = shown.total_bounds / SQUARE_M
    bounds = np.array([np.floor(west), np.floor(south), np.ceil(east), np.ceil(north)]) * SQUARE_M
    return Grid(AREA_CRS, SQUARE_M, tuple(bounds.tolist()))


def write_contrasts(region: RegionResults, file: Path) -> None:
    """All pooled contrasts as CSV, those of a typical town first."""
    table = pd.concat([region.contrasts, region.other_contrasts, region.contrasts_by_years])
    write_csv(without_geometry(table), file)
