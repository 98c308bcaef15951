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
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.camera.earth import Array, transformer
from pipeline.ground.countries import Countries
from pipeline.ground.roads import Motorways
from pipeline.motorways.settings import MotorwaySettings

# The A25/E25 first runs through Voeren, which is Flemish; sources say 500 m and 600 m.
VOEREN_PAIR = "BE-NL"
VOEREN_LON_LAT = (5.699, 50.756)  # where it crosses the national border, about, degrees
VOEREN_NEAR_M = 3000.0  # a crossing so near to that place is this one
VOEREN_CHAINAGE_M, VOEREN_ERROR_M = -500.0, 100.0
# Pieces of one road, from one vertex to the next, that may meet borders: many times what both carriageways of
# a motorway have that winds along one. Each may be a crossing, and to follow one takes about 0.2 s.
MAX_PIECES_AT_BORDERS = 200


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
        """Distance from one station to the next."""
        return float(self.chainage_m[1] - self.chainage_m[0])

    def point(self, chainage_m: float) -> BaseGeometry:
        """The place on the road at a chainage."""
        return shapely.Point(
            np.interp(chainage_m, self.chainage_m, self.x), np.interp(chainage_m, self.chainage_m, self.y)
        )

    def line(self, start: int, stop: int) -> shapely.LineString:
        """The road from one station to another (exclusive, but for the step to it)."""
        stations = slice(start, min(stop + 1, len(self.x)))
        return shapely.LineString(np.column_stack([self.x[stations], self.y[stations]]))

    def beside(self, offset_m: Array) -> tuple[Array, Array]:
        """Places (x, y), shape (offsets, stations), so far to the left of the road; `offset_m` (offsets,)."""
        east, north = self._ahead()
        return self.x - offset_m[:, None] * north, self.y + offset_m[:, None] * east

    def moved(self, offset_m: Array) -> "Crossing":
        """The same stations, each so far to the left of where it was; `offset_m` by station."""
        east, north = self._ahead()
        return replace(self, x=self.x - offset_m * north, y=self.y + offset_m * east)

    def _ahead(self) -> Array:
        """The way the road goes at its stations: unit vectors (2, n), east and north."""
        along = np.stack([np.gradient(self.x), np.gradient(self.y)])
        return np.asarray(along / np.hypot(*along))


def find_crossings(
    motorways: Motorways,
    countries: Countries,
    frame: BaseGeometry,
    spacing_m: float,
    settings: MotorwaySettings,
    regions: gpd.GeoDataFrame | None = None,
) -> tuple[list[Crossing], dict[str, str]]:
    """The crossings of motorways with borders in the frame, and by road why it has none.

    All in one metric coordinate system; stations are `spacing_m` apart. The edges between `regions`,
    polygons, are regional borders.
    """
    crossings: list[Crossing] = []
    reasons: dict[str, str] = {}
    for ref, rows in motorways.lines.groupby("ref"):
        if not rows.geometry.intersects(frame).any():
            reasons[str(ref)] = "it is not in the frame"
            continue
        at_borders = sum(len(_pieces_at(border, rows.geometry)) for border in countries.borders.geometry)
        if at_borders > MAX_PIECES_AT_BORDERS:
            reasons[str(ref)] = (
                f"its lines are tangled, for they meet borders at {at_borders:,} places (a motorway does at "
                f"{MAX_PIECES_AT_BORDERS} at most)"
            )
            continue
        of_road = _crossings_of(str(ref), rows, countries, spacing_m, settings, regions)
        inside = [crossing for crossing in of_road if shapely.intersects(frame, crossing.point(0.0))]
        crossings += inside
        if not inside:
            reasons[str(ref)] = "it crosses no border in the frame"
    return crossings, reasons


def _crossings_of(
    ref: str,
    rows: gpd.GeoDataFrame,
    countries: Countries,
    spacing_m: float,
    settings: MotorwaySettings,
    regions: gpd.GeoDataFrame | None,
) -> list[Crossing]:
    """All crossings of one road; of carriageways side by side the longest."""
    parts = shapely.get_parts(shapely.multilinestrings(shapely.get_parts(rows.geometry.array)))
    by_length: list[tuple[float, Crossing]] = []
    for line in shapely.get_parts(shapely.line_merge(shapely.multilinestrings(parts))):
        places = sorted(
            (place, border.pair)
            for border in countries.borders.itertuples()
            for place in _cancelled(_met(line, border.geometry), settings.wiggle_m)
        )
        for index, (place, pair) in enumerate(places):
            least = places[index - 1][0] if index else 0.0
            most = places[index + 1][0] if index + 1 < len(places) else line.length
            low, high = max(least, place - settings.reach_m), min(most, place + settings.reach_m)
            if min(place - low, high - place) >= 2 * spacing_m:
                border = countries.borders.set_index("pair").loc[pair]
                crossing = _crossing(ref, rows, line, (low, place, high), border, countries, spacing_m)
                crossing = _with_regional(crossing, regions, countries.areas.crs.to_string(), settings)
                by_length.append((high - low, crossing))
    kept: list[Crossing] = []
    for _, crossing in sorted(by_length, key=lambda item: -item[0]):
        if not any(_of_one_road(crossing, longer, settings.carriageways_m) for longer in kept):
            kept.append(crossing)
    return kept


def _of_one_road(crossing: Crossing, other: Crossing, carriageways_m: float) -> bool:
    """Whether two crossings of one number are carriageways of one road."""
    near = crossing.point(0.0).distance(other.point(0.0)) <= carriageways_m
    return crossing.pair == other.pair and bool(near)


def _met(line: shapely.LineString, border: BaseGeometry) -> list[float]:
    """Distances along a line at which it meets a border."""
    pieces = _pieces_at(border, [line])
    if not len(pieces):
        return []
    there = shapely.line_merge(shapely.multilinestrings(pieces))
    parts = shapely.get_parts(shapely.intersection(there, border))
    return sorted(line.project(part.centroid) for part in parts if not part.is_empty)


def _pieces_at(border: BaseGeometry, lines: Sequence[BaseGeometry]) -> NDArray[np.object_]:
    """The pieces of lines, each from one vertex to the next, that meet a border. To intersect a whole line
    with it would first find all places where the line meets itself, which takes for ever if it is tangled."""
    places, of_line = shapely.get_coordinates(shapely.get_parts(list(lines)), return_index=True)
    ends = np.stack([places[:-1], places[1:]], axis=1)[of_line[:-1] == of_line[1:]]
    pieces = np.asarray(shapely.linestrings(ends))
    shapely.prepare(border)
    return pieces[shapely.intersects(border, pieces)]


def _cancelled(places: Sequence[float], wiggle_m: float) -> list[float]:
    """Crossings without those that lead there and back within `wiggle_m`, the closest first."""
    left = list(places)
    while len(left) > 1:
        gaps = np.diff(left)
        closest = int(gaps.argmin())
        if gaps[closest] >= wiggle_m:
            break
        del left[closest : closest + 2]
    return left


def _crossing(
    ref: str,
    rows: gpd.GeoDataFrame,
    line: shapely.LineString,
    reach: tuple[float, float, float],
    border: "pd.Series[Any]",
    countries: Countries,
    spacing_m: float,
) -> Crossing:
    """The stations of a line between `low` and `high` with zero at `place`, from the first country on;
    `reach` holds these three, metres along the line as it is drawn."""
    low, place, high = reach
    before, after = place - low, high - place
    areas = countries.areas.set_index("country").geometry
    behind = shapely.line_interpolate_point(line, np.linspace(low, place, 21)[:-1])
    ahead = shapely.line_interpolate_point(line, np.linspace(place, high, 21)[1:])
    to_first = [float(shapely.distance(side, areas[border["first"]]).mean()) for side in (behind, ahead)]
    backwards = to_first[0] > to_first[1]
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


def _with_regional(
    crossing: Crossing, regions: gpd.GeoDataFrame | None, crs: str, settings: MotorwaySettings
) -> Crossing:
    """The crossing with the regional borders that the layer, or else what is known of Voeren, gives."""
    if regions is not None:
        return replace(crossing, regional=tuple(_regional_borders(crossing, regions.geometry, settings)))
    x, y = transformer("EPSG:4326", crs).transform(*VOEREN_LON_LAT)
    if crossing.pair == VOEREN_PAIR and crossing.point(0.0).distance(shapely.Point(x, y)) <= VOEREN_NEAR_M:
        return replace(crossing, regional=(Regional(VOEREN_CHAINAGE_M, VOEREN_ERROR_M),))
    return crossing


def _regional_borders(
    crossing: Crossing, regions: gpd.GeoSeries, settings: MotorwaySettings
) -> Iterator[Regional]:
    """Where the road passes from one region to another; a region's edge against nothing does not count."""
    line = crossing.line(0, len(crossing.x))
    for place in _met(line, shapely.union_all(regions.boundary.array)):
        before, after = (
            set(np.flatnonzero(regions.contains(line.interpolate(place + step))))
            for step in (-settings.region_probe_m, settings.region_probe_m)
        )
        chainage_m = float(crossing.chainage_m[0]) + place
        if before and after and before != after and abs(chainage_m) > settings.same_border_m:
            yield Regional(chainage_m, 0.0)
