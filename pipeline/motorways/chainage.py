"""Motorways as lines with chainage from the border they cross, and the strips of ground along them.

Chainage is zero where a motorway crosses the border of a pair of countries, negative in the first of the pair
and positive in the second: on BE-NL, kilometres into the Netherlands.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from pipeline.camera.earth import Array
from pipeline.ground.countries import Countries
from pipeline.ground.roads import Motorways

REACH_M = 15_000.0  # measured on either side of a border, at most as far as the next border
WIGGLE_M = 2000.0  # a border crossed there and back within this is crossed once, or not at all
CARRIAGEWAYS_M = 500.0  # lines of one road that cross a border within this are its carriageways
SAME_BORDER_M = 150.0  # a regional border this near to the national one is the national one
PROBE_M = 10.0

# The A25/E25 first runs through Voeren, which is Flemish; sources say 500 m and 600 m.
VOEREN_LON_LAT, VOEREN_PAIR, VOEREN_M, VOEREN_ERROR_M, VOEREN_NEAR_M = (
    (5.699, 50.756),
    "BE-NL",
    -500.0,
    100.0,
    3e3,
)


@dataclass(frozen=True)
class Regional:
    """Where a motorway crosses a regional border: chainage and how far that may be off, m."""

    chainage_m: float
    error_m: float


@dataclass(frozen=True, eq=False)
class Crossing:
    """A motorway around a border: evenly spaced stations by chainage, x and y in metres, and by how much the
    line may be off there (a 95 % bound, m)."""

    ref: str
    name: str
    pair: str
    first: str
    second: str
    chainage_m: Array
    x: Array
    y: Array
    error_m: Array
    regional: tuple[Regional, ...]

    @property
    def spacing_m(self) -> float:
        return float(self.chainage_m[1] - self.chainage_m[0])

    def point(self, chainage_m: float) -> BaseGeometry:
        return shapely.Point(
            np.interp(chainage_m, self.chainage_m, self.x), np.interp(chainage_m, self.chainage_m, self.y)
        )

    def line(self, start: int, stop: int) -> shapely.LineString:
        """The road from one station to another (exclusive, but for the step to it)."""
        part = slice(start, min(stop + 1, len(self.x)))
        return shapely.LineString(np.column_stack([self.x[part], self.y[part]]))

    def strips(self, half_width_m: Array, gap_m: float, count: int, step_m: float) -> tuple[Array, Array]:
        """Places (x, y) in the corridor and in `count` strips of its width on either side of it.

        Shape (strips, places across, stations), from the right of the road to its left, with `gap_m` on
        either side of the corridor; places across are `step_m` apart or less. `half_width_m` is by station.
        """
        index = np.arange(-count, count + 1)
        across = max(1, int(np.ceil(2 * np.max(half_width_m) / step_m)))
        share = (np.arange(across) + 0.5) / across - 0.5
        along = np.stack([np.gradient(self.x), np.gradient(self.y)])
        along = along / np.hypot(*along)
        middle = 2 * half_width_m * index[:, None] + gap_m * np.sign(index)[:, None]
        left = middle[:, None, :] + 2 * half_width_m * share[:, None]
        return self.x - left * along[1], self.y + left * along[0]


def find_crossings(
    motorways: Motorways,
    countries: Countries,
    frame: BaseGeometry,
    spacing_m: float,
    regions: gpd.GeoDataFrame | None = None,
) -> tuple[list[Crossing], dict[str, str]]:
    """The crossings of motorways with borders in the frame, and by road why it has none.

    All in one metric coordinate system. The edges between `regions`, polygons, are regional
    borders.
    """
    crossings: list[Crossing] = []
    reasons: dict[str, str] = {}
    for ref, rows in motorways.lines.groupby("ref"):
        if not rows.geometry.intersects(frame).any():
            reasons[str(ref)] = "it is not in the frame"
            continue
        found = _crossings_of(str(ref), rows, countries, spacing_m, regions)
        inside = [one for one in found if shapely.intersects(frame, one.point(0.0))]
        crossings += inside
        if not inside:
            reasons[str(ref)] = "it crosses no border in the frame"
    return crossings, reasons


def _crossings_of(
    ref: str, rows: gpd.GeoDataFrame, countries: Countries, spacing_m: float, regions: gpd.GeoDataFrame | None
) -> list[Crossing]:
    """All crossings of one road; of carriageways side by side the longest."""
    parts = shapely.get_parts(shapely.multilinestrings(shapely.get_parts(rows.geometry.array)))
    found: list[tuple[float, Crossing]] = []
    for line in shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts))):
        places = sorted(
            (place, border.pair)
            for border in countries.borders.itertuples()
            for place in _cancelled(_met(line, border.geometry))
        )
        for index, (place, pair) in enumerate(places):
            least = places[index - 1][0] if index else 0.0
            most = places[index + 1][0] if index + 1 < len(places) else line.length
            low, high = max(least, place - REACH_M), min(most, place + REACH_M)
            if min(place - low, high - place) >= 2 * spacing_m:
                border = countries.borders.set_index("pair").loc[pair]
                one = _crossing(ref, rows, line, (low, place, high), border, countries, spacing_m)
                found.append((high - low, _with_regional(one, regions, countries.areas.crs)))
    kept: list[Crossing] = []
    for _, one in sorted(found, key=lambda item: -item[0]):
        if all(one.pair != k.pair or one.point(0).distance(k.point(0)) > CARRIAGEWAYS_M for k in kept):
            kept.append(one)
    return kept


def _met(line: shapely.LineString, border: BaseGeometry) -> list[float]:
    """Distances along a line at which it meets a border."""
    parts = shapely.get_parts(shapely.intersection(line, border))
    return sorted(line.project(part.centroid) for part in parts if not part.is_empty)


def _cancelled(places: Sequence[float]) -> list[float]:
    """Crossings without those that lead there and back within WIGGLE_M, the closest first."""
    left = list(places)
    while len(left) > 1:
        gaps = np.diff(left)
        closest = int(gaps.argmin())
        if gaps[closest] >= WIGGLE_M:
            break
        del left[closest : closest + 2]
    return left


def _crossing(
    ref: str,
    rows: gpd.GeoDataFrame,
    line: shapely.LineString,
    extent: tuple[float, float, float],
    border: "pd.Series[Any]",
    countries: Countries,
    spacing_m: float,
) -> Crossing:
    """The stations of a line between `low` and `high` with zero at `place`, from the first country on."""
    low, place, high = extent
    before, after = place - low, high - place
    areas = countries.areas.set_index("country").geometry
    probes = shapely.line_interpolate_point(line, np.linspace(low, place, 21)[:-1])
    ahead = shapely.line_interpolate_point(line, np.linspace(place, high, 21)[1:])
    home = [float(shapely.distance(side, areas[border["first"]]).mean()) for side in (probes, ahead)]
    backwards = home[0] > home[1]
    if backwards:
        before, after = after, before
    steps = np.arange(-int(before / spacing_m), int(after / spacing_m) + 1, dtype=float)
    chainage = steps * spacing_m
    points = shapely.line_interpolate_point(line, place + (-chainage if backwards else chainage))
    x, y = shapely.get_coordinates(points).T
    away = shapely.distance(points[:, None], rows.geometry.to_numpy()[None, :])
    own = away <= away.min(axis=1, keepdims=True) + 1.0
    error = np.where(own, rows["error_m"].to_numpy(float), -np.inf).max(axis=1)
    names = [name for name in dict.fromkeys(rows["name"]) if name]
    return Crossing(
        ref, "; ".join(names), str(border.name), border["first"], border["second"], chainage, x, y, error, ()
    )


def _with_regional(one: Crossing, regions: gpd.GeoDataFrame | None, crs: object) -> Crossing:
    """The crossing with the regional borders that the layer, or else what is known of Voeren, gives."""
    if regions is not None:
        return replace(one, regional=tuple(_regional_borders(one, regions.geometry)))
    x, y = Transformer.from_crs("EPSG:4326", crs, always_xy=True).transform(*VOEREN_LON_LAT)
    if one.pair == VOEREN_PAIR and one.point(0.0).distance(shapely.Point(x, y)) <= VOEREN_NEAR_M:
        return replace(one, regional=(Regional(VOEREN_M, VOEREN_ERROR_M),))
    return one


def _regional_borders(one: Crossing, regions: gpd.GeoSeries) -> Iterator[Regional]:
    """Where the road passes from one region to another; a region's edge against nothing does not count."""
    line = one.line(0, len(one.x))
    for place in _met(line, shapely.union_all(regions.boundary.array)):
        before, after = (
            set(np.flatnonzero(regions.contains(line.interpolate(place + step))))
            for step in (-PROBE_M, PROBE_M)
        )
        chainage_m = float(one.chainage_m[0]) + place
        if before and after and before != after and abs(chainage_m) > SAME_BORDER_M:
            yield Regional(chainage_m, 0.0)
