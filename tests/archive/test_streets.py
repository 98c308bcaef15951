"""Streets of OpenStreetMap around a place, from a server on this machine that answers as Overpass does."""

import hashlib
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import pytest
import shapely

from pipeline.archive import streets as streets_module
from pipeline.archive.cache import note_of
from pipeline.archive.streets import DETAILS, Detail, detail_for, fetch_streets
from pipeline.errors import DownloadError
from pipeline.georeference.extent import LIGHT_OF_STREET
from tests.archive.server import Answer, serve
from tests.conftest import REPOSITORY
from tests.scenes.overpass import overpass

HOUSES, THOROUGHFARES = DETAILS
# In two pieces of the finer lattice, of which one ends at 5.6 E.
LIEGE = (5.585, 50.63, 5.61, 50.65)
JSON = "application/json"


@pytest.fixture(scope="module")
def liege() -> gpd.GeoDataFrame:
    """Streets of the city's middle, enough to tell."""
    whole = gpd.read_parquet(REPOSITORY / "data" / "streets_liege.parquet")
    return whole.clip(shapely.box(5.58, 50.625, 5.615, 50.655)).explode(ignore_index=True)


def length_deg(lines: gpd.GeoDataFrame, highway: str) -> float:
    chosen = lines[lines["highway"] == highway]
    return float(shapely.length(shapely.intersection(chosen.geometry.to_numpy(), shapely.box(*LIEGE))).sum())


@pytest.mark.parametrize("detail", DETAILS, ids=lambda detail: detail.name)
def test_all_streets_of_the_classes_come_once(
    tmp_path: Path, liege: gpd.GeoDataFrame, detail: Detail
) -> None:
    with overpass(liege) as server:
        found = fetch_streets(LIEGE, detail, tmp_path, [server.url])
    for highway in ("motorway", "tertiary", "residential"):
        expected = length_deg(liege, highway) if highway in detail.classes else 0.0
        assert length_deg(found.lines, highway) == pytest.approx(expected, rel=1e-6), highway
    assert found.told["licence"].startswith("© OpenStreetMap contributors")
    assert set(found.lines["highway"]) <= set(LIGHT_OF_STREET)


def test_photos_share_what_was_fetched(tmp_path: Path, liege: gpd.GeoDataFrame) -> None:
    with overpass(liege) as server:
        first = fetch_streets(LIEGE, HOUSES, tmp_path, [server.url])
        asked = len(server.paths)
        fetch_streets((5.59, 50.63, 5.605, 50.64), HOUSES, tmp_path, [server.url])
        assert len(server.paths) == asked
        other = fetch_streets((5.59, 50.63, 5.605, 50.8), HOUSES, tmp_path, [server.url])
        assert len(server.paths) > asked
    assert len(other.lines) == len(first.lines)  # all that this server has


def test_notes_tell_the_checksum_of_what_is_kept(tmp_path: Path, liege: gpd.GeoDataFrame) -> None:
    with overpass(liege) as server:
        fetch_streets(LIEGE, HOUSES, tmp_path, [server.url])
    for file in tmp_path.rglob("*.parquet"):
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        assert json.loads(note_of(file).read_text())["sha256"] == sha256


def test_a_piece_that_was_damaged_in_the_store_is_named(tmp_path: Path, liege: gpd.GeoDataFrame) -> None:
    with overpass(liege) as server:
        fetch_streets(LIEGE, HOUSES, tmp_path, [server.url])
        file = next(tmp_path.rglob("*.parquet"))
        file.write_bytes(file.read_bytes()[:100])
        with pytest.raises(DownloadError, match=f"{file}: is damaged .* delete it"):
            fetch_streets(LIEGE, HOUSES, tmp_path, [server.url])


def test_what_was_fetched_before_a_failure_is_kept(tmp_path: Path, liege: gpd.GeoDataFrame) -> None:
    empty = Answer(content=b'{"elements": []}', kind=JSON)
    with serve(empty, Answer(400)) as server, pytest.raises(DownloadError, match="answers 400") as caught:
        fetch_streets(LIEGE, HOUSES, tmp_path, [server.url])
    assert "data=" not in str(caught.value)
    with overpass(liege) as server:
        fetch_streets(LIEGE, HOUSES, tmp_path, [server.url])
        boxes = {parse_qs(urlsplit(path).query)["data"][0] for path in server.paths}
    with overpass(liege) as server:
        fetch_streets(LIEGE, HOUSES, tmp_path / "anew", [server.url])
        assert len(server.paths) == len(boxes) + 1


def test_pieces_are_of_one_lattice_and_cover_the_bounds() -> None:
    boxes = list(streets_module._pieces(LIEGE, HOUSES))
    south, west = min(box.south for box in boxes), min(box.west for box in boxes)
    north, east = max(box.north for box in boxes), max(box.east for box in boxes)
    assert west <= LIEGE[0] < LIEGE[2] <= east
    assert south <= LIEGE[1] < LIEGE[3] <= north
    assert {round(box.south / HOUSES.south_north_deg, 9) % 1 for box in boxes} == {0.0}


@pytest.mark.parametrize(
    ("pixel_m", "name"), [(9.0, "houses"), (21.0, "thoroughfares"), (45.0, "thoroughfares"), (66.0, None)]
)
def test_a_lens_is_given_what_it_can_show(pixel_m: float, name: str | None) -> None:
    """400 mm, 180 mm, 180 mm in a picture of half the size, and 50 mm."""
    detail = detail_for(pixel_m)
    assert (detail and detail.name) == name


def test_an_answer_without_streets_is_none(tmp_path: Path) -> None:
    empty = Answer(content=b'{"elements": []}', kind=JSON)
    with serve(empty) as server, pytest.raises(DownloadError, match="knows none there"):
        fetch_streets(LIEGE, THOROUGHFARES, tmp_path, [server.url])


def test_a_place_known_badly_is_not_asked_for(tmp_path: Path) -> None:
    with serve(Answer(400)) as server, pytest.raises(DownloadError, match=r"\d+ pieces would be needed"):
        fetch_streets((3.0, 48.0, 9.0, 52.0), HOUSES, tmp_path, [server.url])
    assert server.paths == []


def test_an_answer_with_a_remark_is_none(tmp_path: Path) -> None:
    remark = Answer(content=b'{"elements": [], "remark": "runtime error: \\u001b[31mTimed out"}', kind=JSON)
    with serve(remark) as server, pytest.raises(DownloadError) as caught:
        fetch_streets(LIEGE, HOUSES, tmp_path, [server.url])
    assert re.search(r"gave up: runtime error: \[31mTimed out$", str(caught.value))
