"""Regions of the user's as if they were countries: an internal border is the control of a national one."""

from itertools import combinations
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.ground.countries import Countries
from pipeline.ground.map_files import kept_parts, left_out, read_layer

SNAP_M = 50.0  # edges of two regions this near to each other are one
MAX_REGIONS = 100  # every pair of them is looked at; a layer of municipalities is a mistake


def internal(regions: gpd.GeoDataFrame, countries: Countries) -> tuple[Countries, tuple[str, ...]]:
    """The regions (region, polygon) in the place of countries, with the borders between regions of one
    country, and in sentences why there are none.

    A region is of the country that has most of its area, and drops its code ("BE-VLG" becomes "VLG"); regions
    outside all of `countries` are left out. All in one metric coordinate system.
    """
    rows = []
    for region in regions.itertuples():
        shared = {
            area.country: shapely.intersection(region.geometry, area.geometry).area
            for area in countries.areas.itertuples()
        }
        country = max(shared, key=lambda code: shared[code], default="")
        if shared.get(country, 0.0) > 0:
            # Pairs are written with a hyphen.
            name = str(region.region).removeprefix(f"{country}-").replace("-", " ")
            rows.append((name, country, region.geometry))
    table = gpd.GeoDataFrame(rows, columns=["country", "of", "geometry"], crs=countries.areas.crs)
    areas = table.dissolve(["country", "of"], as_index=False) if len(table) else table
    problem = _problem(areas)
    if problem:
        areas = areas.iloc[:0]
    borders = [
        (f"{first.country}-{second.country}", first.country, second.country, edge)
        for first, second in combinations(areas.itertuples(), 2)
        if first.of == second.of and not (edge := _edge(first.geometry, second.geometry)).is_empty
    ]
    if len(areas) and not borders:
        problem = f"No two of the regions {', '.join(areas['country'])} are of one country and meet."
    columns = ["pair", "first", "second", "geometry"]
    lines = gpd.GeoDataFrame(pd.DataFrame(borders, columns=columns), geometry="geometry", crs=areas.crs)
    none = gpd.GeoDataFrame({"pair": [], "name": []}, geometry=[], crs=areas.crs)
    return Countries(areas[["country", "geometry"]], lines, none), (problem,) if problem else ()


def _problem(areas: gpd.GeoDataFrame) -> str:
    """Why regions cannot be compared; empty where they can."""
    if not len(areas):
        return "No region lies in one of the countries to be compared."
    if len(areas) > MAX_REGIONS:
        return f"{len(areas)} regions are too many to be compared; at most {MAX_REGIONS} can be."
    return ""


def _edge(first: BaseGeometry, second: BaseGeometry) -> BaseGeometry:
    """The common edge of two areas, as lines."""
    if not shapely.dwithin(first, second, SNAP_M):
        return shapely.MultiLineString()
    met = shapely.get_parts(first.boundary & second.buffer(SNAP_M))
    lines = shapely.line_merge(shapely.MultiLineString([part for part in met if part.length > 2 * SNAP_M]))
    return shapely.MultiLineString([line for line in shapely.get_parts(lines) if not line.is_empty])


def read_regions(crs: str, file: Path) -> tuple[gpd.GeoDataFrame | None, tuple[str, ...]]:
    """The polygons of a file's layer `regions`, or else of its first one, whose common edges are regional
    borders: region (its column `region`, `code` or `name`, else a number) and geometry; None where there are
    none. Whatever cannot be used becomes a sentence, not an error.
    """
    table = read_layer(file, "regions")
    if isinstance(table, str):
        return None, (table,)
    number = pd.Series(range(1, len(table) + 1), table.index).astype(str)
    key = next((column for column in ("region", "code", "name") if column in table), None)
    names = number if key is None else table[key].astype("str").where(table[key].notna(), number)
    shapes = kept_parts(table.to_crs(crs), dimension=2)
    regions = gpd.GeoDataFrame({"region": names.to_numpy()}, geometry=shapes, crs=crs)
    good = ~regions.geometry.is_empty
    problems = () if good.all() else (left_out(file, good, "polygons"),)
    return (regions[good].reset_index(drop=True) if good.any() else None), problems
