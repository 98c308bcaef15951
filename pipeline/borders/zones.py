"""Light and tone per country and per strip beside a border.

           band 1  band 0 | band 0  band 1
country  <-------- ------ | ------ -------->  country        | border of the pair
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.arrays import Floats
from pipeline.borders.beside import Beside
from pipeline.borders.cells import Cells, lit_cells
from pipeline.borders.squares import AREA_CRS, numbered, square_codes
from pipeline.borders.zonal_sums import Outlines
from pipeline.ground.countries import Countries, clipped
from pipeline.raster.grid import Grid
from pipeline.raster.strips import Strips, of_each
from pipeline.raster.tiles import Tile
from pipeline.robust import log_ratio_sigma, weighted_quantiles

# Lines are simplified to this part of the distance before they are widened by it. Half of it takes three
# times as long, and moved no tone of a strip by more than 0.004 in log2.
SIMPLIFY = 0.02
# So much farther than the distance, as a share of it, lines go on beyond the frame: buffers are good to 3 %.
MARGIN = 0.05
# The tables give the tones below which these shares of the light lie.
QUANTILES = (0.10, 0.25, 0.50, 0.75, 0.90)

# Of a zone with fewer lit cells than this, only rounding errors are summed: a strip has at least 10,000 m2.
NO_CELL = 1e-6

SUMS = ("red", "green", "blue", "lit", "with_blue", "valid")


def country_zones(countries: Countries, frame: BaseGeometry) -> gpd.GeoDataFrame:
    """What the frame shows of each country: country, geometry."""
    return clipped(countries, frame).areas[["country", "geometry"]]


def border_strips(
    countries: Countries, frame: BaseGeometry, whole_map: BaseGeometry, bands_km: Sequence[float]
) -> gpd.GeoDataFrame:
    """Bands of distance on either side of every border in the frame, cut to the frame.

    pair, side, band_from_km, band_to_km, geometry. The border counts as far as the widest band around the
    map (`whole_map`), of which frames are parts; only pairs whose border crosses the frame have strips.
    """
    in_frame = clipped(countries, frame)
    areas = in_frame.areas.set_index("country").geometry
    around, rows = _bands_around(countries, whole_map, tuple(bands_km)), []
    for border in in_frame.borders.itertuples():
        for side in (border.first, border.second):
            if side not in areas.index:
                continue
            for start, end, band in zip((0.0, *bands_km), bands_km, around[border.pair], strict=False):
                strip = polygons(areas[side] & band)
                if not strip.is_empty:
                    rows.append((border.pair, side, start, end, strip))
    columns = ["pair", "side", "band_from_km", "band_to_km", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=countries.areas.crs)


@lru_cache(maxsize=2)  # all photos of a map ask for the same, at borders of countries and of regions
def _bands_around(
    countries: Countries, whole_map: BaseGeometry, bands_km: tuple[float, ...]
) -> dict[str, list[BaseGeometry]]:
    """By pair the bands around its border on the map, both sides in one."""
    reach = shapely.box(*shapely.buffer(whole_map, 1e3 * bands_km[-1]).bounds)
    bands = {}
    for pair, border in countries.borders.set_index("pair").geometry.items():
        line = border & reach
        within = [widened(line, 1e3 * km, whole_map) for km in bands_km]
        bands[str(pair)] = [
            outer - inner for inner, outer in zip((shapely.Polygon(), *within), within, strict=False)
        ]
    return bands


def widened(line: BaseGeometry, metres: float, frame: BaseGeometry) -> BaseGeometry:
    """All of a frame within a distance of a line, good to 3 % of it, and some of what is beyond."""
    # What is farther from the frame cannot reach it, and to widen a line takes the longer the more it winds.
    course = line.simplify(SIMPLIFY * metres) & frame.buffer((1 + MARGIN) * metres)
    buffer: BaseGeometry = course.buffer(metres, quad_segs=8)
    return buffer


def polygons(geometry: BaseGeometry) -> BaseGeometry:
    """The polygons of a geometry, as one multipolygon."""
    return shapely.MultiPolygon([part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon"])


@dataclass(frozen=True, eq=False)
class Scan:
    """What one pass over a photo's rasters gives: sums per zone (columns SUMS) and the list of lit cells."""

    sums: pd.DataFrame
    cells: Cells


def scan(strips: Strips, zones: gpd.GeoDataFrame, countries: Countries, grid: Grid) -> Scan:
    """Go once through strips of light (red, green, blue) and tone (log2 G/R, log2 B/G). Zones may overlap.

    Cells on a zone's edge count by their part inside; cells of the list by their centre.
    """
    outlines = Outlines.of(zones.geometry.to_crs(grid.crs).to_numpy(), grid)
    areas = countries.areas.to_crs(grid.crs)
    parts = of_each(partial(_of_strip, outlines, areas, grid), strips)
    sums = sum((of_zones for of_zones, _ in parts), np.zeros((len(zones), len(SUMS))))
    sums[sums[:, SUMS.index("lit")] < NO_CELL, : SUMS.index("valid")] = 0
    table = pd.DataFrame(sums, index=zones.index, columns=list(SUMS))
    return Scan(table, Cells.joined([cells for _, cells in parts]))


def _of_strip(
    outlines: Outlines, areas: gpd.GeoDataFrame, grid: Grid, tile: Tile, light: Floats, tone: Floats
) -> tuple[NDArray[np.float64], Cells]:
    """Of a strip: the SUMS of all zones in it, and its lit cells."""
    green_red, blue_green = tone
    lit = np.isfinite(green_red)
    layers = (
        *(np.where(lit & np.isfinite(band), band, 0) for band in light),
        lit,
        np.isfinite(blue_green),
        np.isfinite(light[0]),
    )
    return outlines.sums(layers, tile), lit_cells(light, green_red, areas, grid, tile, AREA_CRS)


def statistics(zones: gpd.GeoDataFrame, sums: pd.DataFrame, grid: Grid, min_blue: float) -> pd.DataFrame:
    """Area, light and tone of zones from their sums: sums first, then ratios. Light is summed over cells;
    log2(B/G) is given where at least a share `min_blue` of the lit cells has it."""
    cells = zones.to_crs(grid.crs).area / grid.resolution_m**2
    area_km2 = zones.to_crs(AREA_CRS).area / 1e6
    with_blue = sums["with_blue"] >= min_blue * sums["lit"]
    return pd.DataFrame(
        {
            "area_km2": area_km2,
            "lit_area_km2": area_km2 * sums["lit"] / cells,
            "light_r": sums["red"],
            "light_g": sums["green"],
            "light_b": sums["blue"],
            "tone_g_r": log_ratio(sums["green"], sums["red"]),
            "tone_b_g": log_ratio(sums["blue"], sums["green"]).where(with_blue),
            "n_cells": sums["lit"].round().astype(int),
            "masked_share": (1 - sums["valid"] / cells).clip(0, 1),
        }
    )


def log_ratio(over: "pd.Series[float]", under: "pd.Series[float]") -> "pd.Series[float]":
    """log2 of a ratio of sums; missing where there is no light."""
    good = (over > 0) & (under > 0)
    ratio: pd.Series[float] = over.where(good) / under.where(good)
    return ratio.map(math.log2, na_action="ignore")


def tone_quantiles(cells: Cells, tone_step: float) -> dict[str, float]:
    """tone_median: the median tone of some cells. tone_q10 to tone_q90: quantiles weighted by light. All to
    half a `tone_step`."""
    light = cells.red + cells.green
    quantiles = weighted_quantiles(cells.tone, light, QUANTILES, tone_step)
    median = weighted_quantiles(cells.tone, np.ones_like(cells.tone), [0.5], tone_step)
    named = {f"tone_q{round(100 * share)}": float(q) for share, q in zip(QUANTILES, quantiles, strict=True)}
    return {"tone_median": float(median[0]), **named}


def scatter_sigma(cells: Cells, square_km: float, min_squares: int) -> float:
    """1 sigma of the tone of some cells from its scatter between squares; NaN of fewer than `min_squares`."""
    # Numbered along x first, then y: in this order the sums have always been rounded.
    _, square = numbered(square_codes(cells.y, cells.x, 1e3 * square_km))
    red, green = (np.bincount(square, light).astype(float) for light in (cells.red, cells.green))
    return log_ratio_sigma(red, green, min_squares)


def in_strips(strips: gpd.GeoDataFrame, near: Mapping[str, Beside]) -> Iterator[Cells]:
    """The cells of each strip, from the cells beside its pair's border."""
    for strip in strips.itertuples():
        cells = near[strip.pair]
        own = cells.second == (strip.side == strip.pair.split("-")[1])
        band = (cells.distance_m >= 1e3 * strip.band_from_km) & (cells.distance_m < 1e3 * strip.band_to_km)
        yield cells.chosen(own & band)


def no_border(names: Sequence[str], borders: int) -> str | None:
    """Why there is no border to compare, if there is none, by the countries in the frame."""
    if borders:
        return None
    if not names:
        return "None of the countries to be compared is in the frame: there is no border to compare."
    if len(names) == 1:
        return (
            f"Only {names[0]} of the countries to be compared is in the frame: there is no border to compare."
        )
    return f"No border of {' and '.join(names)} crosses the frame: there is none to compare."
