"""What OpenStreetMap's server is asked, and what becomes of its answer."""

from urllib.parse import parse_qs, urlsplit

import pytest
import shapely

from pipeline.archive.openstreetmap import CARRIAGEWAY_ERROR_M, motorways_from, motorways_url


def way(places: list[tuple[float, float]], **tags: str) -> dict[str, object]:
    return {"type": "way", "tags": tags, "geometry": [{"lon": lon, "lat": lat} for lon, lat in places]}


def test_the_box_has_the_radius_in_both_directions() -> None:
    url = motorways_url(6.0, 60.0, 111.2, "http://somewhere/api")
    assert url.startswith("http://somewhere/api?data=")
    (query,) = parse_qs(urlsplit(url).query)["data"]
    # A degree of latitude, and at 60 degrees two of longitude.
    assert '["highway"="motorway"](59.0000,4.0000,61.0000,8.0000);' in query


def test_a_way_stands_under_each_of_its_routes() -> None:
    line = [(5.6, 50.6), (5.7, 50.7)]
    answer = {
        "elements": [
            way(line, int_ref="E 25;E 40", ref="A 3"),
            way(line, ref="A 76"),
            way(line),  # of no number
            way(line[:1], ref="A 2"),  # of one place
        ]
    }
    lines = motorways_from(answer)
    assert list(lines["ref"]) == ["E25", "E40", "A76"]
    assert list(lines["name"]) == ["A3", "A3", "A76"]
    assert set(lines["error_m"]) == {CARRIAGEWAY_ERROR_M}
    assert lines.crs == "EPSG:4326"
    assert all(shapely.equals(shape, shapely.LineString(line)) for shape in lines.geometry)


@pytest.mark.parametrize("answer", [{}, {"elements": []}])
def test_no_way_is_an_empty_table(answer: dict[str, object]) -> None:
    assert motorways_from(answer).empty
