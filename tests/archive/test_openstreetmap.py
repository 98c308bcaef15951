"""What OpenStreetMap's servers are asked, and which answers are believed."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from pipeline.archive import openstreetmap
from pipeline.archive.client import Limits
from pipeline.archive.openstreetmap import PIECE_SIDE_KM, Box, fetch_ways, parse_ways, pieces, query_of
from pipeline.errors import DownloadError
from tests.archive.server import Answer, serve

BOX = Box(50.0, 5.0, 51.0, 6.0)
LINE = [(5.6, 50.6), (5.7, 50.7)]


def way(places: list[tuple[float, float]], number: int = 1, **tags: str) -> dict[str, Any]:
    geometry = [{"lon": lon, "lat": lat} for lon, lat in places]
    return {"type": "way", "id": number, "tags": tags, "geometry": geometry}


def answer(*ways: dict[str, Any], **more: Any) -> Answer:
    return Answer(content=json.dumps({"elements": ways} | more).encode(), kind="application/json")


def parsed(*ways: dict[str, Any]) -> list[openstreetmap.Way]:
    return list(parse_ways(answer(*ways).content, BOX).values())


def test_the_square_has_the_radius_in_both_directions() -> None:
    boxes = list(pieces(6.0, 60.0, 111.2))
    # A degree of latitude, and at 60 degrees two of longitude.
    assert (min(box.south for box in boxes), max(box.north for box in boxes)) == (59.0, 61.0)
    assert min(box.west for box in boxes) == pytest.approx(4.0)
    assert max(box.east for box in boxes) == pytest.approx(8.0)


def test_pieces_are_small_and_fill_the_square() -> None:
    boxes = list(pieces(6.0, 60.0, 111.2))
    assert len(boxes) == 9
    heights_km = np.array([box.north - box.south for box in boxes]) * 111.2
    widths_km = np.array([box.east - box.west for box in boxes]) * 111.2 / 2
    assert max(*heights_km, *widths_km) <= PIECE_SIDE_KM
    assert (heights_km * widths_km).sum() == pytest.approx(222.4**2, rel=1e-6)


def test_the_query_names_motorways_and_the_box() -> None:
    assert 'way["highway"="motorway"](50.0000,5.0000,51.0000,6.0000);out tags geom;' in query_of(BOX)


def test_a_way_stands_under_each_of_its_routes() -> None:
    european, national, several = parsed(
        way(LINE, 1, int_ref="E 25;E 40", ref="A 3"), way(LINE, 2, ref="A 76"), way(LINE, 3, ref="A 1; A 4")
    )
    assert (european.numbers, european.national) == (("E25", "E40"), "A3")
    assert (national.numbers, national.national) == (("A76",), "A76")
    assert (several.numbers, several.national) == (("A1", "A4"), "A1/A4")


def test_ways_without_a_number_or_of_one_place_are_left_out() -> None:
    assert parsed(way(LINE, 1), way(LINE[:1], 2, ref="A 2")) == []


@pytest.mark.parametrize(
    ("tagged", "one_way", "first"),
    [
        ({}, True, 5.6),
        ({"oneway": "yes"}, True, 5.6),
        ({"oneway": "-1"}, True, 5.7),
        ({"oneway": "no"}, False, 5.6),
    ],
)
def test_traffic_runs_as_it_is_tagged(tagged: dict[str, str], one_way: bool, first: float) -> None:
    """Motorways are of one way unless it is said."""
    (found,) = parsed(way(LINE, ref="A 2", **tagged))
    assert (found.one_way, found.places[0, 0]) == (one_way, first)


MANGLED = {
    "no JSON": b"{",
    "text in another code": '{"elements": [], "é": 1}'.encode("latin-1"),
    "brackets without end": b"[" * 100_000,
    "a list": b"[]",
    "no elements": b"{}",
    "elements that are none": b'{"elements": 5}',
    "an element that is none": b'{"elements": ["way"]}',
    "a remark": b'{"elements": [], "remark": "runtime error: Query timed out\\n in query"}',
    **{
        name: answer(way(LINE, 1, ref="A 2") | spoilt).content
        for name, spoilt in {
            "no geometry": {"geometry": None},
            "an empty geometry": {"geometry": []},
            "a place that is none": {"geometry": [None, {"lon": 5.6, "lat": 50.6}]},
            "half a place": {"geometry": [{"lon": 5.6}]},
            "NaN": {"geometry": [{"lon": float("nan"), "lat": 50.6}, {"lon": 5.6, "lat": 50.6}]},
            "infinity": {"geometry": [{"lon": 1e999, "lat": 50.6}, {"lon": 5.6, "lat": 50.6}]},
            "words": {"geometry": [{"lon": "east", "lat": 50.6}]},
            "lon and lat swapped": {"geometry": [{"lon": lat, "lat": lon} for lon, lat in LINE]},
            "a place at 0, 0": {"geometry": [{"lon": 5.6, "lat": 50.6}, {"lon": 0, "lat": 0}]},
            "a node": {"type": "node"},
            "no id": {"id": None},
            "tags that are none": {"tags": ["ref"]},
        }.items()
    },
}


@pytest.mark.parametrize("content", MANGLED.values(), ids=MANGLED.keys())
def test_a_mangled_answer_is_refused_in_one_line(content: bytes) -> None:
    with pytest.raises(DownloadError, match="the server") as caught:
        parse_ways(content, BOX)
    assert "\n" not in str(caught.value)


class TestFetch:
    def test_pieces_are_asked_one_by_one_and_a_way_in_two_counts_once(self, tmp_path: Path) -> None:
        shared = way([(5.5, 50.5), (5.6, 50.6)], 7, ref="A 2")
        with serve(answer(shared)) as server:
            found = fetch_ways(5.55, 50.55, 90.0, tmp_path, [server.url])
        assert [found_way.numbers for found_way in found.ways] == [("A2",)]
        asked = [parse_qs(urlsplit(path).query)["data"][0] for path in server.paths]
        assert asked == found.queries
        assert len(set(asked)) == 4
        assert found.servers == [server.url]

    @pytest.mark.parametrize("remark", ["runtime error: Query timed out", "runtime error: out of memory"])
    def test_an_answer_with_a_remark_is_none(self, tmp_path: Path, remark: str) -> None:
        part = answer(way(LINE, 1, ref="A 1"), remark=remark)
        with serve(part) as first, serve(answer(way(LINE, 2, ref="A 2"))) as second:
            found = fetch_ways(5.65, 50.65, 40.0, tmp_path, [first.url, second.url])
        assert [found_way.numbers for found_way in found.ways] == [("A2",)]
        assert found.servers == [second.url]

    @pytest.mark.expects_warnings
    @pytest.mark.parametrize("busy", [429, 504])
    def test_a_busy_server_is_passed_over_for_all_pieces(self, tmp_path: Path, busy: int) -> None:
        with (
            serve(Answer(busy)) as first,
            serve(answer(way([(5.5, 50.5), (5.6, 50.6)], ref="A 2"))) as second,
        ):
            found = fetch_ways(5.55, 50.55, 90.0, tmp_path, [first.url, second.url])
        assert (len(first.paths), len(second.paths)) == (1, 4)
        assert found.servers == [second.url]

    def test_too_large_an_answer_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(openstreetmap, "PIECE_LIMITS", Limits(size_bytes=1e5))
        huge = Answer(content=b" " * 200_000, kind="application/json")
        refused = pytest.raises(DownloadError, match=r"more than 0\.1 MB to send")
        with serve(huge) as server, refused as caught:
            fetch_ways(5.65, 50.65, 40.0, tmp_path, [server.url])
        assert str(caught.value).startswith(f"{server.url}: ")  # without the query
        assert len(server.paths) == 1

    def test_one_piece_that_cannot_be_had_is_a_failure(self, tmp_path: Path) -> None:
        good = answer(way([(5.5, 50.5), (5.6, 50.6)], ref="A 2"))
        with serve(good, good, Answer(400)) as server, pytest.raises(DownloadError, match="answers 400"):
            fetch_ways(5.55, 50.55, 90.0, tmp_path, [server.url])
