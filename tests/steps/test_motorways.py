"""Motorways fetched from a server on this machine, as the borders step reads them."""

import json
from pathlib import Path

import pytest

from pipeline.borders.zones import AREA_CRS
from pipeline.errors import DownloadError
from pipeline.ground.countries import read_countries
from pipeline.ground.roads import read_motorways
from pipeline.models import GridConfig, LonLat
from pipeline.motorways.chainage import find_crossings
from pipeline.motorways.settings import MOTORWAY_SETTINGS
from pipeline.steps.motorways import fetch_motorways
from tests.archive.server import Answer, serve
from tests.archive.test_openstreetmap import way

LIEGE = LonLat(lon=5.57, lat=50.64)
# Both carriageways of the E25 over the Belgian-Dutch border, 30 m apart, each of two ways.
CARRIAGEWAYS = [
    [(5.66 + east, 50.70), (5.695 + east, 50.75), (5.7012 + east, 50.7585), (5.72 + east, 50.80)]
    for east in (0.0, 0.0004)
]
WAYS = [way(part, int_ref="E 25", ref="A 2") for line in CARRIAGEWAYS for part in (line[:2], line[1:])]

pytestmark = pytest.mark.usefixtures("_no_proxy")


@pytest.fixture
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def answer(*ways: dict[str, object]) -> Answer:
    return Answer(content=json.dumps({"elements": ways}).encode(), kind="application/json")


def test_carriageways_side_by_side_are_one_crossing(tmp_path: Path) -> None:
    file = tmp_path / "demo" / "motorways.gpkg"
    with serve(answer(*WAYS)) as server:
        fetch_motorways(LIEGE, GridConfig(), file, server.url)
        assert len(server.paths) == 1
    roads = read_motorways(AREA_CRS, file)
    assert roads.problems == ()
    countries = read_countries(AREA_CRS, ["BE", "NL"])
    (crossing,), reasons = find_crossings(
        roads, countries, countries.areas.union_all(), 50.0, MOTORWAY_SETTINGS
    )
    assert (crossing.ref, crossing.pair, reasons) == ("E25", "BE-NL", {})
    assert set(crossing.error_m) == {15.0}
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (Answer(status=404), "the server answers 404"),
        (
            Answer(content=b"<html>", kind="text/html"),
            "the server sent text/html instead of application/json",
        ),
        (Answer(content=b"{", kind="application/json"), "Expecting property name"),
        (answer(), "OpenStreetMap sent none around the city"),
    ],
)
def test_what_cannot_be_used_is_said_and_leaves_no_file(tmp_path: Path, sent: Answer, message: str) -> None:
    with serve(sent) as server, pytest.raises(DownloadError, match=message) as caught:
        fetch_motorways(LIEGE, GridConfig(), tmp_path / "motorways.gpkg", server.url)
    assert str(caught.value).endswith("name a file of your own under motorways, or leave the entry out")
    assert "data=" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
