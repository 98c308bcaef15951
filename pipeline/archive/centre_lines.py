"""The two carriageways of a motorway as one line in their middle."""

from collections.abc import Iterator, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pipeline.archive.openstreetmap import Way
from pipeline.camera.earth import Array

# How far off the road's middle a line may be (m, a 95 % bound): OpenStreetMap is traced from aerial pictures
# to some 5 m, and where one carriageway stands alone under a number, the middle is up to 15 m beside it.
LINE_ERROR_M = 15.0
APART_M = 60.0  # carriageways further apart, as on hillsides, are lit as two roads
STEP_M = 25.0  # between the points that are averaged: a motorway bends by decimetres within it
OPPOSITE_COS = -0.7  # of the angle between carriageways of one road: they may differ by 45 degrees in a bend
ACROSS_COS = 0.5  # what of the way from one to the other may run along the road: else it is beyond its end
REMNANT_M = 150.0  # shorter pieces beside a middle line are ends of carriageways that do not quite match
GAP_M = 60.0  # between ends of one road that are joined: carriageways end at different places
TOLERANCE_M = 1.0  # points on a straight line that need not be kept


def centre_lines(ways: Sequence[Way]) -> gpd.GeoDataFrame:
    """Lines (degrees) with ref, name and error_m: a way of several European routes stands under each of them,
    one of none under its national number; `name` has a road's national numbers, the longest first."""
    rows: list[tuple[str, str, float, shapely.LineString]] = []
    numbers = sorted({number for way in ways for number in way.numbers})
    plane = _plane(ways)
    for number in numbers:
        of_road = [way for way in ways if number in way.numbers]
        lines = [shapely.LineString(way.places) for way in of_road]
        shapes = list(gpd.GeoSeries(lines, crs=4326).to_crs(plane))
        name = _name(of_road, [shape.length for shape in shapes])
        one_way = [shape for way, shape in zip(of_road, shapes, strict=True) if way.one_way]
        two_way = [shape for way, shape in zip(of_road, shapes, strict=True) if not way.one_way]
        found = joined([*middle_lines(_merged(one_way, directed=True)), *_merged(two_way)])
        rows += [(number, name, LINE_ERROR_M, line) for line in found]
    table = pd.DataFrame(rows, columns=["ref", "name", "error_m", "geometry"])
    return gpd.GeoDataFrame(table, geometry="geometry", crs=plane).to_crs(4326)


def _plane(ways: Sequence[Way]) -> str:
    """A map in metres that is true to distances from the ways' middle, and near it to all."""
    lon, lat = np.concatenate([way.places for way in ways]).mean(axis=0) if ways else (0.0, 0.0)
    return f"+proj=aeqd +lon_0={lon:.3f} +lat_0={lat:.3f} +datum=WGS84 +units=m"


def _name(ways: Sequence[Way], lengths: Sequence[float]) -> str:
    """All national numbers of a road, the longest first."""
    length: dict[str, float] = {}
    for way, metres in zip(ways, lengths, strict=True):
        for number in filter(None, way.national.split("/")):
            length[number] = length.get(number, 0.0) + metres
    return "/".join(sorted(length, key=lambda number: -length[number]))


def _merged(lines: Sequence[shapely.LineString], directed: bool = False) -> list[shapely.LineString]:
    """Lines that meet end to end as one, without repeated points; `directed` ones only where traffic runs
    on."""
    whole = shapely.line_merge(shapely.MultiLineString(list(lines)), directed=directed)
    return [part for part in shapely.get_parts(whole) if part.length > 0]


def middle_lines(carriageways: Sequence[shapely.LineString]) -> list[shapely.LineString]:
    """Of one road: where two carriageways (metres, in the direction of traffic) run side by side, the line in
    their middle, and the carriageway itself where there is only one."""
    lines = sorted(carriageways, key=lambda line: -line.length)
    if not lines:
        return []
    points, line = shapely.get_coordinates(shapely.segmentize(lines, STEP_M), return_index=True)
    partner, to_middle = _partners(points, line)
    # Of two that run side by side the longer one carries the middle line, and the other is left out.
    carried = (partner >= 0) & (partner > np.arange(len(points)))
    left_out = (partner >= 0) & ~carried
    found: list[shapely.LineString] = []
    for number in range(len(lines)):
        own = line == number
        found += _of_carriageway(points[own], to_middle[own], carried[own], left_out[own])
    return found


def _partners(points: Array, line: NDArray[np.intp]) -> tuple[NDArray[np.intp], Array]:
    """For each point of the carriageways the point at which the nearest edge of opposite traffic beside it
    begins, -1 where there is none, and the way from the point to the middle between them."""
    start = np.flatnonzero(line[1:] == line[:-1])
    along = points[start + 1] - points[start]
    length = np.hypot(*along.T)
    unit = along / length[:, None]
    # A point's direction is that of the edge it begins; of a line's last point, of the edge before it.
    heading = unit[np.searchsorted(start, np.arange(len(points)), side="right") - 1]
    edges = shapely.linestrings(np.stack([points[start], points[start + 1]], axis=1))
    tree = shapely.STRtree(np.asarray(edges))
    point, other = tree.query(shapely.points(points), predicate="dwithin", distance=APART_M)
    facing = (heading[point] * unit[other]).sum(axis=1) < OPPOSITE_COS
    point, other = point[facing], other[facing]
    share = ((points[point] - points[start[other]]) * along[other]).sum(axis=1) / length[other] ** 2
    offset = points[start[other]] + np.clip(share, 0, 1)[:, None] * along[other] - points[point]
    distance = np.hypot(*offset.T)
    beside = np.abs((offset * heading[point]).sum(axis=1)) <= ACROSS_COS * distance
    point, other, offset, distance = (values[beside] for values in (point, other, offset, distance))
    nearest = np.lexsort([distance, point])
    first = nearest[np.r_[True, np.diff(point[nearest]) > 0]] if len(nearest) else nearest
    partner = np.full(len(points), -1)
    partner[point[first]] = start[other[first]]
    to_middle = np.full(points.shape, np.nan)
    to_middle[point[first]] = offset[first] / 2
    return partner, to_middle


def _of_carriageway(
    points: Array, to_middle: Array, carried: NDArray[np.bool_], left_out: NDArray[np.bool_]
) -> Iterator[shapely.LineString]:
    """The lines that a carriageway stands for: middle lines where `carried`, itself where it is alone."""
    cuts = np.flatnonzero(np.diff(left_out)) + 1
    for run in np.split(np.arange(len(points)), cuts):
        if left_out[run[0]] or len(run) < 2:
            continue
        chainage = np.r_[0.0, np.cumsum(np.hypot(*np.diff(points[run], axis=0).T))]
        if not carried[run].any() and len(run) < len(points) and chainage[-1] < REMNANT_M:
            continue
        shift = _shifts(chainage, to_middle[run], carried[run])
        yield shapely.simplify(shapely.LineString(points[run] + shift), TOLERANCE_M)


def _shifts(chainage: Array, to_middle: Array, carried: NDArray[np.bool_]) -> Array:
    """By how much points are moved (n, 2): to the middle where they have a partner and between such points;
    not at all where the other carriageway is away for longer than REMNANT_M."""
    shift = np.zeros(to_middle.shape)
    if not carried.any():
        return shift
    known = chainage[carried]
    for axis in (0, 1):
        shift[:, axis] = np.interp(chainage, known, to_middle[carried, axis])
    after = np.searchsorted(known, chainage)
    limits = np.r_[-np.inf, known, np.inf]
    alone = ~carried & (limits[after + 1] - limits[after] > REMNANT_M)
    shift[alone] = 0.0
    return shift


def joined(lines: Sequence[shapely.LineString]) -> list[shapely.LineString]:
    """Lines of one road (metres) with those joined whose ends are near each other, the nearest ends first."""
    ends = np.array([end for line in lines for end in (line.coords[0], line.coords[-1])]).reshape(-1, 2)
    near = cKDTree(ends).query_pairs(GAP_M, output_type="ndarray") if len(ends) else np.empty((0, 2), int)
    near = near[near[:, 0] // 2 != near[:, 1] // 2]
    used: set[int] = set()
    links = []
    for first, second in near[np.argsort(np.hypot(*(ends[near[:, 0]] - ends[near[:, 1]]).T), kind="stable")]:
        if not used & {first, second}:
            used |= {first, second}
            links.append(shapely.LineString([ends[first], ends[second]]))
    return _merged([*lines, *(link for link in links if link.length > 0)])
