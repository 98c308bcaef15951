"""Motorways fetched from a server on this machine as the borders step reads them, and what serves without."""

import logging
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from pipeline.borders.squares import AREA_CRS
from pipeline.ground.countries import read_countries
from pipeline.ground.roads import MOTORWAYS, read_motorways
from pipeline.models import GridConfig, LonLat
from pipeline.motorways.chainage import find_crossings
from pipeline.motorways.settings import MOTORWAY_SETTINGS
from pipeline.steps.motorways import fetch_motorways
from tests.archive.server import Answer, serve
from tests.archive.test_openstreetmap import answer, way

LIEGE = LonLat(lon=5.57, lat=50.64)
GRID = GridConfig(radius_km=40)
# Both carriageways of the E25 over the Belgian-Dutch border, 30 m apart, each of two ways.
NORTH = [(5.66, 50.70), (5.695, 50.75), (5.7012, 50.7585), (5.72, 50.80)]
SOUTH = [(lon - 0.0004, lat) for lon, lat in reversed(NORTH)]
WAYS = [
    way(part, number, int_ref="E 25", ref="A 2")
    for number, part in enumerate((NORTH[:2], NORTH[1:], SOUTH[:2], SOUTH[1:]))
]

pytestmark = pytest.mark.usefixtures("no_proxy")


def told(file: Path) -> dict[str, str]:
    metadata: dict[str, str] = pyogrio.read_info(file, layer="motorways")["layer_metadata"]
    return metadata


def test_both_carriageways_are_one_line_and_one_crossing(tmp_path: Path) -> None:
    file = tmp_path / "liege" / "motorways.gpkg"
    with serve(answer(*WAYS)) as server:
        fetch_motorways(LIEGE, GRID, MOTORWAYS, file, [server.url])
        assert len(server.paths) == 1
    roads = read_motorways(AREA_CRS, file)
    assert roads.problems == ()
    assert len(roads.lines) == 1
    countries = read_countries(AREA_CRS, ["BE", "NL"])
    (crossing,), reasons = find_crossings(
        roads, countries, countries.areas.union_all(), 50.0, MOTORWAY_SETTINGS
    )
    assert (crossing.ref, crossing.name, crossing.pair, reasons) == ("E25", "A2", "BE-NL", {})
    assert set(crossing.error_m) == {15.0}
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_was_fetched_has_date_query_server_and_licence(tmp_path: Path) -> None:
    file, began = tmp_path / "motorways.gpkg", datetime.now(UTC)
    with serve(answer(*WAYS)) as server:
        fetch_motorways(LIEGE, GRID, MOTORWAYS, file, [server.url])
    facts = told(file)
    assert abs((datetime.fromisoformat(facts["fetched"]) - began).total_seconds()) < 60
    assert facts["server"] == server.url
    assert facts["query"].startswith("[out:json]")
    assert "© OpenStreetMap contributors" in facts["licence"]
    assert "ODbL" in facts["licence"]


@pytest.mark.expects_warnings
@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (Answer(status=404), "the server answers 404 Not Found"),
        (
            Answer(content=b"<html>", kind="text/html"),
            "the server sent text/html instead of application/json",
        ),
        (Answer(content=b"{", kind="application/json"), "the server's answer is not JSON"),
        (
            answer(*WAYS, remark="runtime error: out of memory"),
            "the server gave up: runtime error: out of memory",
        ),
        (answer(), "it knows none around the city"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_lines_by_hand_serve(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], sent: Answer, message: str
) -> None:
    file = tmp_path / "liege" / "motorways.gpkg"
    with serve(sent) as server:
        fetch_motorways(LIEGE, GRID, MOTORWAYS, file, [server.url])
    roads, by_hand = read_motorways(AREA_CRS, file), read_motorways(AREA_CRS, MOTORWAYS)
    assert by_hand.problems == ()
    assert_geodataframe_equal(roads.lines, by_hand.lines)
    (problem,) = roads.problems
    assert problem.startswith(
        f"The motorways are those of {MOTORWAYS}, most of them drawn by hand, for those of "
    )
    assert message in problem
    assert "data=" not in problem
    assert told(file)["problem"] == problem
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    assert capsys.readouterr().err == f"liege: {problem} To try again, delete {file}.\n"


@pytest.mark.expects_warnings
def test_without_a_network_it_takes_seconds(
    tmp_path: Path, nobody: str, caplog: pytest.LogCaptureFixture
) -> None:
    began = time.monotonic()
    fetch_motorways(LIEGE, GridConfig(), MOTORWAYS, tmp_path / "motorways.gpkg", [nobody] * 3)
    # One pause of 2 s between two rounds of all servers; the rest is for a busy machine.
    assert time.monotonic() - began < 15.0
    (problem,) = read_motorways(AREA_CRS, tmp_path / "motorways.gpkg").problems
    assert re.search(r"could not be fetched \(http\S+: .*attempts failed \(2 attempts\)\)\.$", problem)
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert f"{tmp_path.name}: {problem}" in warnings


@pytest.mark.expects_warnings
def test_a_network_that_comes_back_halfway_gives_no_half_of_the_lines(tmp_path: Path, nobody: str) -> None:
    """Of four pieces the first two come."""
    good, file = answer(way([(5.5, 50.6), (5.65, 50.7)], ref="A 2")), tmp_path / "motorways.gpkg"
    with serve(good, good, Answer(400)) as server:
        fetch_motorways(LIEGE, GridConfig(radius_km=90), MOTORWAYS, file, [server.url, nobody])
    assert len(server.paths) == 3
    assert len(read_motorways(AREA_CRS, file).lines) == len(read_motorways(AREA_CRS, MOTORWAYS).lines)


def test_the_middle_line_is_between_the_carriageways(tmp_path: Path) -> None:
    with serve(answer(*WAYS)) as server:
        fetch_motorways(LIEGE, GRID, MOTORWAYS, tmp_path / "motorways.gpkg", [server.url])
    (line,) = read_motorways(AREA_CRS, tmp_path / "motorways.gpkg").lines.geometry
    sides = gpd.GeoSeries.from_wkt(
        [f"LINESTRING({','.join(f'{lon} {lat}' for lon, lat in side)})" for side in (NORTH, SOUTH)], crs=4326
    ).to_crs(AREA_CRS)
    points = gpd.points_from_xy(*shapely.get_coordinates(line.segmentize(100.0)).T)
    north, south = (points.distance(side) for side in sides)
    # Lines are simplified by 1 m; in the bends the middle is not quite as far from both.
    assert np.abs(north - south).max() < 3.0
    assert 8.0 < north.min() < north.max() < 20.0
