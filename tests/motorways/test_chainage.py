"""Chainage from the border, carriageways, regional borders, and strips along the road."""

import re
import time

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.borders.squares import AREA_CRS
from pipeline.ground.countries import Countries, read_countries
from pipeline.ground.roads import read_motorways
from pipeline.motorways.chainage import Regional, find_crossings
from pipeline.motorways.settings import MOTORWAY_SETTINGS
from tests.motorways.roads import CELL_M, crossings, line, roads
from tests.scenes.lands import KM, box, countries, place


def test_chainage_is_zero_at_the_border_and_rises_into_the_second_country():
    (one,), reasons = crossings(roads(("E1", 30.0, line((5, 20), (35, 20)))))
    assert not reasons
    assert (one.pair, one.first, one.second) == ("BE-DE", "BE", "DE")
    x_km = (one.x - place(0, 0)[0]) / KM
    np.testing.assert_allclose(one.chainage_m, 1e3 * (x_km - 20), atol=1e-6)  # a straight road
    assert (one.chainage_m[0], one.chainage_m[-1]) == (-MOTORWAY_SETTINGS.reach_m, MOTORWAY_SETTINGS.reach_m)
    assert np.diff(one.chainage_m) == pytest.approx(CELL_M)
    assert shapely.equals_exact(one.point(2000.0), shapely.Point(*place(22, 20)), 1e-6)


def test_the_direction_of_drawing_and_the_cutting_into_pieces_do_not_matter():
    (whole,), _ = crossings(roads(("E1", 30.0, line((5, 20), (35, 20)))))
    pieces = [line((35, 20), (24, 20)), line((5, 20), (19, 20)), line((24, 20), (19, 20))]
    (cut,), _ = crossings(roads(*(("E1", 30.0, piece) for piece in pieces)))
    np.testing.assert_allclose(cut.x, whole.x, atol=1e-6)
    assert (cut.first, cut.second) == (whole.first, whole.second)


def test_stations_have_the_error_of_their_piece_the_greater_where_pieces_meet():
    (one,), _ = crossings(
        roads(("E1", 30.0, line((5, 20), (19, 20))), ("E1", 300.0, line((19, 20), (35, 20))))
    )
    assert set(one.error_m[one.chainage_m < -1001]) == {30.0}
    assert set(one.error_m[one.chainage_m >= -1000]) == {300.0}


def test_a_border_crossed_there_and_back_within_two_kilometres_is_crossed_once():
    hook = line((5, 20), (20.3, 20), (20.3, 20.5), (19.7, 20.5), (19.7, 21), (35, 21))
    (one,), _ = crossings(roads(("E1", 30.0, hook)))
    assert one.point(0.0).x == pytest.approx(place(20, 0)[0])
    touch = line((5, 20), (20.3, 20), (20.3, 20.5), (5, 20.5))
    none, reasons = crossings(roads(("E1", 30.0, touch)))
    assert not none
    assert reasons == {"E1": "it crosses no border in the frame"}


def test_of_two_carriageways_the_longer_counts():
    short, long = line((15, 20.02), (30, 20.02)), line((5, 20), (35, 20))
    (one,), _ = crossings(roads(("E1", 30.0, short), ("E1", 30.0, long)))
    assert one.chainage_m[0] == -MOTORWAY_SETTINGS.reach_m


def test_a_crossing_reaches_to_the_next_border():
    lands = countries(border_km=20)
    third = {
        "country": ["BE", "DE", "NL"],
        "geometry": [box(0, 0, 20, 40), box(20, 0, 30, 40), box(30, 0, 40, 40)],
    }
    borders = [line((20, 0), (20, 40)), line((30, 0), (30, 40))]
    three = Countries(
        gpd.GeoDataFrame(third, crs=AREA_CRS),
        gpd.GeoDataFrame(
            {"pair": ["BE-DE", "DE-NL"], "first": ["BE", "DE"], "second": ["DE", "NL"]},
            geometry=borders,
            crs=AREA_CRS,
        ),
        lands.shared,
    )
    found, _ = crossings(roads(("E1", 30.0, line((0, 20), (40, 20)))), three)
    spans = {one.pair: (one.chainage_m[0], one.chainage_m[-1]) for one in found}
    assert spans == {"BE-DE": (-15_000, 10_000), "DE-NL": (-10_000, 10_000)}


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (box(0, 0, 10, 10), "it is not in the frame"),
        (box(0, 15, 15, 25), "it crosses no border in the frame"),
    ],
)
def test_what_the_frame_does_not_show_is_said(frame, reason):
    none, reasons = crossings(roads(("E1", 30.0, line((5, 20), (35, 20)))), frame=frame)
    assert not none
    assert reasons == {"E1": reason}


@pytest.mark.parametrize(("at_border", "vertices"), [(True, 30_000), (False, 5000)])
def test_a_tangled_road_is_refused_or_followed_at_once(at_border: bool, vertices: int) -> None:
    """The pieces between 30,000 vertices meet one another at 10^8 places, those between 5000 at 3 million."""
    rng = np.random.default_rng(5)
    tangle = rng.uniform((10, 15), (30 if at_border else 19, 25), (vertices, 2))
    motorways = roads(("E1", 30.0, line(*map(tuple, tangle), (25, 20))))
    began = time.process_time()
    found, reasons = crossings(motorways)
    # Many times what it takes, and far less than to find all places where it meets itself.
    assert time.process_time() - began < 10.0
    if at_border:
        assert found == []
        assert re.fullmatch(
            r"its lines are tangled, for they meet borders at 1\d,\d{3} places \(a motorway does at 200 "
            r"at most\)",
            reasons["E1"],
        )
    else:
        assert [one.pair for one in found] == ["BE-DE"]


def test_regional_borders_are_edges_between_regions_on_the_road():
    """The outer edges of regions are drawn 50 m off the border and end 1 km before the road does."""
    regions = [box(6, 10, 14, 30), box(14, 10, 19.5, 30), box(19.5, 10, 19.95, 30), box(20.05, 10, 34, 30)]
    layer = gpd.GeoDataFrame(geometry=regions, crs=AREA_CRS)
    (one,), _ = crossings(roads(("E1", 30.0, line((5, 20), (35, 20)))), regions=layer)
    assert [regional.chainage_m for regional in one.regional] == pytest.approx([-6000, -500])
    (bare,), _ = crossings(roads(("E1", 30.0, line((5, 20), (35, 20)))))
    assert bare.regional == ()


def test_the_shipped_motorways_cross_the_borders_they_are_known_to_cross():
    lands = read_countries(AREA_CRS, ["BE", "DE", "LU", "NL"])
    motorways = read_motorways(AREA_CRS)
    everywhere = shapely.box(*lands.areas.total_bounds)
    found, reasons = find_crossings(motorways, lands, everywhere, 100.0, MOTORWAY_SETTINGS)
    assert motorways.problems == ()
    assert {(one.ref, one.pair) for one in found} == {
        *{("E25", "BE-NL"), ("E40", "BE-DE"), ("E314", "BE-NL"), ("E314", "DE-NL")},
        *{("E42", "BE-DE"), ("E411", "BE-LU"), ("E19", "BE-NL")},
    }
    assert set(reasons) == {"E313"}
    areas = lands.areas.set_index("country").geometry
    for one in found:
        assert areas[one.first].contains(one.point(-500.0))
        assert areas[one.second].contains(one.point(500.0))
    by_ref = {(one.ref, one.pair): one for one in found}
    # The A25/E25 leaves Wallonia for Flemish Voeren about 500 m before the Netherlands.
    assert by_ref["E25", "BE-NL"].regional == (Regional(-500.0, 100.0),)
    assert by_ref["E19", "BE-NL"].regional == ()
    assert by_ref["E25", "BE-NL"].error_m[by_ref["E25", "BE-NL"].chainage_m == 0] == [300.0]


def test_places_beside_the_road_lie_to_its_left():
    """Northward is left of an eastward road, and eastward of a southward one."""
    offset_m = np.array([-300.0, 0.0, 100.0])
    (east,), _ = crossings(roads(("E1", 30.0, line((5, 20), (35, 20)))))
    x, y = east.beside(offset_m)
    assert x.shape == y.shape == (3, len(east.x))
    np.testing.assert_allclose(y - place(0, 20)[1], offset_m[:, None] + np.zeros(len(east.x)), atol=1e-6)
    np.testing.assert_allclose(x, np.broadcast_to(east.x, x.shape))
    moved = east.moved(np.full(len(east.x), 100.0))
    np.testing.assert_allclose((moved.x, moved.y), (x[2], y[2]))
    np.testing.assert_allclose(moved.chainage_m, east.chainage_m)


def test_a_road_that_comes_back_farther_on_crosses_the_border_twice():
    there_and_back = line((5, 20), (25, 20), (25, 25), (5, 25))
    both, _ = crossings(roads(("E1", 30.0, there_and_back)))
    assert sorted(round(one.point(0.0).y - place(0, 0)[1]) for one in both) == [20_000, 25_000]
    assert {one.pair for one in both} == {"BE-DE"}


def test_a_stretch_of_the_road_reaches_to_the_station_after_its_last():
    (one,), _ = crossings(roads(("E1", 30.0, line((5, 20), (35, 20)))))
    assert one.line(10, 20).length == pytest.approx(10 * CELL_M)
    assert one.line(0, len(one.x)).length == pytest.approx(one.chainage_m[-1] - one.chainage_m[0])
