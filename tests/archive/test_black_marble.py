"""NASA's tiles of night light, from a server on this machine."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pyproj import Transformer

from pipeline.archive import black_marble
from pipeline.archive.black_marble import fetch_night_light, tiles_of
from pipeline.errors import DownloadError
from tests.archive.server import Answer, Archive, serve, serve_by

OSAKA = (135.0, 34.2, 136.0, 35.2)
BRIGHT = (135.5, 34.7)


def png(red: np.ndarray) -> bytes:
    """A tile with as much red, on unlit land's blue."""
    picture = np.zeros((*red.shape, 3), np.uint8)
    picture[..., 0], picture[..., 2] = red, 24
    content = io.BytesIO()
    Image.fromarray(picture).save(content, "PNG")
    return content.getvalue()


def tile(path: str) -> Answer:
    """Dark but for the pixel at BRIGHT, as web maps are cut."""
    zoom, row, column = (int(part) for part in path.strip("/").removesuffix(".png").split("/"))
    lon, lat = np.radians(BRIGHT)
    x = (lon / np.pi + 1) / 2 * 2**zoom
    y = (1 - np.arcsinh(np.tan(lat)) / np.pi) / 2 * 2**zoom
    red = np.zeros((256, 256), np.uint8)
    if (int(y), int(x)) == (row, column):
        red[int((y - row) * 256), int((x - column) * 256)] = 255
    return Answer(content=png(red), kind="image/png")


def test_a_light_lies_where_it_is(tmp_path: Path) -> None:
    with serve_by(tile) as server:
        seen = fetch_night_light(OSAKA, tmp_path, server.url)
    row, column = np.argwhere(seen.light == 1)[0]
    assert seen.light.sum() == 1
    x, y = seen.transform @ (column + 0.5, row + 0.5)
    lon, lat = Transformer.from_crs(black_marble.CRS, "EPSG:4326", always_xy=True).transform(x, y)
    # Within half a pixel of 611 m at the equator, which is 0.0055 degrees of longitude everywhere.
    assert abs(lon - BRIGHT[0]) < 0.0028
    assert abs(lat - BRIGHT[1]) < 0.0028
    assert seen.zoom == 8


def test_a_tile_is_fetched_once_and_says_where_it_is_from(tmp_path: Path) -> None:
    with serve_by(tile) as server:
        first = fetch_night_light(OSAKA, tmp_path, server.url)
        asked = list(server.paths)
        again = fetch_night_light(OSAKA, tmp_path, server.url)
    assert asked == server.paths
    assert len(set(asked)) == len(asked) == len(tiles_of(OSAKA))
    np.testing.assert_array_equal(first.light, again.light)
    told = json.loads((tmp_path / f"{asked[0]}.json".lstrip("/")).read_text())
    assert told["source"] == server.url + asked[0]
    assert "NASA" in told["licence"]
    assert told["fetched"][:10] == first.told["fetched"]
    assert not list(tmp_path.rglob("*.part*"))


def test_a_tile_that_was_damaged_in_the_store_is_named(tmp_path: Path) -> None:
    with serve_by(tile) as server:
        fetch_night_light(OSAKA, tmp_path, server.url)
        file = next(tmp_path.rglob("*.png"))
        file.write_bytes(file.read_bytes()[:50])
        with pytest.raises(DownloadError, match=f"{file}: is damaged .* delete it"):
            fetch_night_light(OSAKA, tmp_path, server.url)


@pytest.mark.parametrize("zoom", [8, 7, 6])
def test_wider_ground_is_shown_more_coarsely(zoom: int) -> None:
    reach = {8: 1.0, 7: 6.0, 6: 13.0}[zoom]
    tiles = tiles_of((5 - 1.5 * reach, 50 - reach, 5 + 1.5 * reach, 50 + reach))
    assert (tiles.zoom, len(tiles) <= black_marble.MAX_TILES) == (zoom, True)


def test_half_a_world_is_not_fetched(tmp_path: Path) -> None:
    with serve_by(tile) as server, pytest.raises(DownloadError, match="state look_at with a small radius_km"):
        fetch_night_light((-60.0, -60.0, 60.0, 60.0), tmp_path, server.url)
    assert server.paths == []


def test_at_the_edge_of_the_map_tiles_end() -> None:
    tiles = tiles_of((178.0, 84.0, 185.0, 90.0))
    assert tiles.columns[-1] == 2**tiles.zoom - 1
    assert tiles.rows[0] == 0


@pytest.mark.parametrize(
    "answer",
    [
        Answer(content=b"\x89PNG\r\n\x1a\n broken", kind="image/png"),
        Answer(content=png(np.zeros((256, 256), np.uint8))[:300], kind="image/png"),
        Answer(content=png(np.zeros((255, 256), np.uint8)), kind="image/png"),
        Answer(content=b"<ServiceException/>", kind="text/xml"),
        Answer(404),
    ],
    ids=["broken", "cut", "another size", "a page", "no such tile"],
)
def test_what_is_no_tile_is_not_kept(tmp_path: Path, answer: Answer) -> None:
    with serve(answer) as server, pytest.raises(DownloadError, match=r"^http.*the server"):
        fetch_night_light(OSAKA, tmp_path, server.url)
    assert not [file for file in tmp_path.rglob("*") if file.is_file()]
    assert isinstance(server, Archive)
    assert len(server.paths) == 1
