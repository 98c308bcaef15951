"""Carriageways of a few kilometres in metres, and ways as OpenStreetMap has them."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.archive.centre_lines import LINE_ERROR_M, REMNANT_M, centre_lines, joined, middle_lines
from pipeline.archive.openstreetmap import Way

KM = 1000.0


def east(y: float, start_km: float = 0.0, end_km: float = 10.0) -> shapely.LineString:
    return shapely.LineString([(start_km * KM, y), (end_km * KM, y)])


def west(y: float, start_km: float = 0.0, end_km: float = 10.0) -> shapely.LineString:
    return east(y, start_km, end_km).reverse()


def off(line: shapely.LineString, y: float) -> float:
    """How far the line is from a parallel to the x axis, at most."""
    return float(np.abs(shapely.get_coordinates(line)[:, 1] - y).max())


@pytest.mark.parametrize("apart_m", [1.0, 30.0, 59.0])
def test_both_carriageways_are_one_line_in_their_middle(apart_m: float) -> None:
    (line,) = middle_lines([east(0.0), west(apart_m)])
    assert off(line, apart_m / 2) < 0.01
    assert line.length == pytest.approx(10 * KM, abs=1.0)


def test_in_a_bend_too() -> None:
    angle = np.linspace(0, np.pi, 400)
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    inner, outer = (shapely.LineString(radius_m * unit) for radius_m in (985, 1015))
    (line,) = middle_lines([outer, inner.reverse()])
    radius = np.hypot(*shapely.get_coordinates(line).T)
    # Lines are simplified by 1 m, and steps of 25 m cut corners by 0.1 m.
    assert np.abs(radius - 1000).max() < 1.5
    assert line.length == pytest.approx(np.pi * 1000, rel=0.005)


def test_carriageways_far_apart_are_two_roads() -> None:
    lines = middle_lines([east(0.0), west(70.0)])
    assert sorted(off(line, 0.0) for line in lines) == pytest.approx([0.0, 70.0])


def test_lines_of_one_direction_are_not_averaged() -> None:
    lines = middle_lines([east(0.0), east(30.0)])
    assert sorted(off(line, 0.0) for line in lines) == pytest.approx([0.0, 30.0])


def test_a_single_carriageway_stays() -> None:
    (line,) = middle_lines([east(0.0)])
    assert line.equals(east(0.0))


def test_pieces_of_one_side_have_one_middle_line() -> None:
    """The other side is cut where its number changes, at other places."""
    (line,) = middle_lines([east(0.0), west(30.0, 0.0, 4.0), west(30.0, 4.0, 10.0)])
    assert off(line, 15.0) < 0.01


def test_ends_that_do_not_match_leave_no_remnants() -> None:
    eastward, westward = [(0.0, 6.0), (6.0, 10.0)], [(0.1, 5.9), (5.9, 10.1)]
    carriageways = [east(0.0, *ends) for ends in eastward] + [west(30.0, *ends) for ends in westward]
    (line,) = joined(middle_lines(carriageways))
    assert line.length == pytest.approx(10.1 * KM, abs=0.12 * KM)  # the ends stand over by 100 m each


def test_a_little_more_of_the_other_side_is_no_road() -> None:
    (line,) = middle_lines([east(0.0), west(30.0, 9.0, 10.0 + (REMNANT_M - 10) / KM)])
    assert line.length == pytest.approx(10 * KM, abs=15.0)
    assert len(middle_lines([east(0.0), west(30.0, 9.0, 10.0 + (REMNANT_M + 80) / KM)])) == 2


def test_beyond_the_end_of_the_other_side_it_is_itself() -> None:
    """Over 5 km there is one side only; shortly before the other begins, it is near but not yet beside."""
    (line,) = middle_lines([east(0.0), west(30.0, 5.0, 10.0)])
    assert off(shapely.clip_by_rect(line, 0, -100, 4970, 100), 0.0) < 0.1
    assert off(shapely.clip_by_rect(line, 5000, -100, 10000, 100), 15.0) < 0.1


def test_where_the_other_side_is_away_each_is_its_own_road() -> None:
    """Over 4 km it runs 300 m to the north."""
    away = shapely.LineString([(10e3, 30), (7e3, 30), (6.9e3, 330), (3e3, 330), (2.9e3, 30), (0, 30)])
    lines = joined(middle_lines([east(0.0), away]))
    # The longer one carries the line of both and goes round; the shorter one stays where it is alone.
    through, alone = sorted(lines, key=lambda line: -line.length)
    assert shapely.get_coordinates(through)[:, 1].max() == pytest.approx(330.0, abs=0.1)
    assert off(alone, 0.0) < 1.0
    assert 3.5 * KM < alone.length < 4.5 * KM
    start, end = (shapely.get_coordinates(through)[index] for index in (0, -1))
    assert start[1] == end[1] == pytest.approx(15.0, abs=0.01)


def test_a_short_fault_of_the_other_side_makes_no_zigzag() -> None:
    short = REMNANT_M - 50.0
    middle = 5 * KM
    other = [west(30.0, 5.0 + short / 2 / KM, 10.0), west(30.0, 0.0, 5.0 - short / 2 / KM)]
    (line,) = joined(middle_lines([east(0.0), *other]))
    near = shapely.clip_by_rect(line, middle - 200, -100, middle + 200, 100)
    assert off(near, 15.0) < 0.01


@pytest.mark.parametrize(("gap_m", "count"), [(0.0, 1), (50.0, 1), (70.0, 2)])
def test_lines_are_joined_end_to_end(gap_m: float, count: int) -> None:
    lines = joined([east(0.0, 0.0, 5.0), east(0.0, 5.0 + gap_m / KM, 10.0)])
    assert len(lines) == count


def test_no_lines_are_none() -> None:
    assert middle_lines([]) == joined([]) == []
    assert centre_lines([]).empty


def ways(numbers: tuple[str, ...], national: str, lon: float = 5.7, one_way: bool = True) -> list[Way]:
    """Both sides of a road to the north, 28 m apart, each of two ways; one side only if not of one way."""
    places = np.array([(lon, 50.70), (lon, 50.75), (lon, 50.80)])
    other = places[::-1] + np.array([0.0004, 0.0])
    sides = [places, other] if one_way else [places]
    return [Way(numbers, national, one_way, part) for side in sides for part in (side[:2], side[1:])]


def test_a_road_of_several_numbers_stands_under_each() -> None:
    lines = centre_lines([*ways(("E25", "E40"), "A3"), *ways(("A76",), "A76", 5.9)])
    assert list(lines["ref"]) == ["A76", "E25", "E40"]
    assert list(lines["name"]) == ["A76", "A3", "A3"]
    assert set(lines["error_m"]) == {LINE_ERROR_M}
    assert lines.crs == "EPSG:4326"
    middle_lon = shapely.get_coordinates(lines.geometry.iloc[1])[:, 0]
    # 1e-5 degrees are 0.7 m: lines are simplified by 1 m.
    assert middle_lon == pytest.approx(np.full(len(middle_lon), 5.7002), abs=1e-5)


def test_national_numbers_of_a_road_come_by_their_length() -> None:
    north = ways(("E25",), "A2")
    south = [Way(("E25",), "A25/A26", True, way.places - np.array([0, 0.02])) for way in north[:1]]
    (name,) = set(centre_lines([*south, *north])["name"])
    assert name == "A2/A25/A26"


def test_a_two_way_road_is_its_own_middle() -> None:
    (line,) = centre_lines(ways(("A1",), "A1", one_way=False)).geometry
    assert shapely.get_coordinates(line)[:, 0] == pytest.approx(np.full(3, 5.7), abs=1e-9)


def test_repeated_points_do_no_harm() -> None:
    doubled = [Way(way.numbers, "", True, np.repeat(way.places, 2, axis=0)) for way in ways(("A1",), "")]
    assert len(centre_lines(doubled)) == 1


def test_real_carriageways_become_half_as_much_road(repository: Path) -> None:
    """OpenStreetMap's around Liège: 280 km of carriageways, of ten motorways and their forks."""
    streets = gpd.read_parquet(repository / "data" / "streets_liege.parquet").to_crs("EPSG:3035")
    carriageways = list(streets[streets["highway"] == "motorway"].explode().geometry)
    lines = joined(middle_lines(carriageways))
    length_m = np.array([line.length for line in lines])
    # A tenth of it has no partner: ends of the map, slip roads between motorways, sides far apart.
    assert 0.5 < length_m.sum() / sum(line.length for line in carriageways) < 0.55
    assert length_m.max() > 35 * KM
    # Nowhere do two lines of some length run side by side.
    for line in (line for line in lines if line.length > 2 * KM):
        others = shapely.union_all([other for other in lines if other is not line])
        points = shapely.points(shapely.get_coordinates(shapely.segmentize(line, 50.0)))
        assert np.mean(shapely.distance(points, others) < 60.0) < 0.15
