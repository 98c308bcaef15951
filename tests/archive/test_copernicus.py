"""Tiles of heights from a server on this machine."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from pipeline.archive import copernicus
from pipeline.archive.copernicus import fetch_heights, tile_name
from pipeline.errors import DownloadError
from tests.archive.server import Answer, files_of, serve, serve_by

COLUMNS, ROWS = 800, 1200  # of a tile between 50 and 60 degrees


def write_tile(folder: Path, lon: int, lat: int, heights_m: np.ndarray, dtype: str = "float32") -> Path:
    """Where the server has it; cells lie half a cell over the degree, as those of Copernicus do."""
    rows, columns = heights_m.shape
    name = tile_name(lon, lat)
    file = folder / name / f"{name}.tif"
    file.parent.mkdir(parents=True)
    transform = Affine(1 / columns, 0, lon - 0.5 / columns, 0, -1 / rows, lat + 1 + 0.5 / rows)
    form = {"driver": "GTiff", "height": rows, "width": columns, "count": 1, "dtype": dtype}
    with rasterio.open(file, "w", crs="EPSG:4326", transform=transform, compress="deflate", **form) as raster:
        raster.write(heights_m.astype(dtype), 1)
    return file


def plane(lon: int, lat: int) -> np.ndarray:
    """100 m a degree eastwards and 50 m a degree northwards, from 5 E, 50 N."""
    column, row = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    return 100 * (lon + column / COLUMNS - 5) + 50 * (lat + 1 - row / ROWS - 50)


def test_names_are_those_of_the_south_west_corner() -> None:
    assert tile_name(5, 50) == "Copernicus_DSM_COG_30_N50_00_E005_00_DEM"
    assert tile_name(-119, -7) == "Copernicus_DSM_COG_30_S07_00_W119_00_DEM"


def test_tiles_are_laid_together_and_missing_ones_are_sea(tmp_path: Path) -> None:
    for lon in (5, 6):
        write_tile(tmp_path / "served", lon, 50, plane(lon, 50))
    with serve_by(files_of(tmp_path / "served", "image/tiff")) as server:
        found = fetch_heights((5.2, 50.2, 7.5, 50.8), tmp_path / "cache", server.url)
        asked = len(server.paths)
        fetch_heights((5.2, 50.2, 7.5, 50.8), tmp_path / "cache", server.url)
    assert asked == len(server.paths) == 3
    rows, columns = found.above_geoid_m.shape
    column, row = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    lon, lat = found.transform @ (column, row)
    inside = (lon > 5.01) & (lon < 6.99) & (lat > 50.01) & (lat < 50.99)
    expected = 100 * (lon - 5) + 50 * (lat - 50)
    # A cell is 0.1 m high from end to end; half a cell's shift would be 0.06 m.
    assert np.abs(found.above_geoid_m - expected)[inside].max() < 0.05
    assert (found.above_geoid_m[lon > 7.01] == 0).all()
    assert found.told["licence"] == copernicus.LICENCE


def test_a_server_without_any_tile_is_no_sea(tmp_path: Path) -> None:
    """Its tiles are elsewhere, and nothing is noted that a later run would believe."""
    with serve(Answer(404)) as server:
        for _ in range(2):
            with pytest.raises(DownloadError, match=f"{server.url} has none of the 2 tiles of the area"):
                fetch_heights((5.2, 50.2, 6.5, 50.8), tmp_path / "cache", server.url)
        assert len(server.paths) == 4
    assert not list(tmp_path.rglob("*"))


def test_a_server_whose_tiles_have_moved_is_no_sea(tmp_path: Path) -> None:
    """Of the area one tile was kept before they moved."""
    area, cache = (5.2, 50.2, 6.5, 50.8), tmp_path / "cache"
    write_tile(tmp_path / "served", 5, 50, plane(5, 50))
    with serve_by(files_of(tmp_path / "served", "image/tiff")) as server:
        fetch_heights((5.2, 50.2, 5.8, 50.8), cache, server.url)
        with serve(Answer(404)) as moved, pytest.raises(DownloadError, match="answers 404"):
            fetch_heights(area, cache, moved.url)
        assert len(list(cache.iterdir())) == 2
        fetch_heights(area, cache, server.url)
        assert len(list(cache.iterdir())) == 3
        assert len(server.paths) == 3  # the first tile, the other one, and the first again


@pytest.mark.parametrize("content", [b"", b"II*\0 no tile", None])
def test_a_tile_that_was_damaged_in_the_store_is_named(tmp_path: Path, content: bytes | None) -> None:
    write_tile(tmp_path / "served", 5, 50, plane(5, 50))
    with serve_by(files_of(tmp_path / "served", "image/tiff")) as server:
        fetch_heights((5.2, 50.2, 5.8, 50.8), tmp_path / "cache", server.url)
        (file,) = (tmp_path / "cache").glob("*.tif")
        file.write_bytes(file.read_bytes()[:9000] if content is None else content)
        with pytest.raises(DownloadError, match=f"{file}: is damaged .* delete it"):
            fetch_heights((5.2, 50.2, 5.8, 50.8), tmp_path / "cache", server.url)


def test_a_server_that_fails_is_no_sea(tmp_path: Path) -> None:
    with serve(Answer(403)) as server, pytest.raises(DownloadError, match="answers 403"):
        fetch_heights((5.2, 50.2, 5.5, 50.8), tmp_path, server.url)
    assert not list(tmp_path.rglob("*.tif"))


@pytest.mark.parametrize("wrong", ["text", "bytes", "small", "integers", "deep", "nan"])
def test_what_is_no_tile_is_not_kept(tmp_path: Path, wrong: str) -> None:
    heights = plane(5, 50)
    if wrong in ("deep", "nan"):
        heights[3, 5] = {"deep": -32768, "nan": np.nan}[wrong]
    heights = heights[:600] if wrong == "small" else heights
    file = write_tile(tmp_path / "served", 5, 50, heights, "int16" if wrong == "integers" else "float32")
    content = {"text": b"II*\0 no tile", "bytes": file.read_bytes()[:9000]}.get(wrong, file.read_bytes())
    served = Answer(content=content, kind="image/tiff")
    with serve(served) as server, pytest.raises(DownloadError, match="the server's tile") as caught:
        fetch_heights((5.2, 50.2, 5.5, 50.8), tmp_path / "cache", server.url)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "cache").rglob("*.tif"))


def test_half_a_continent_is_not_fetched(tmp_path: Path) -> None:
    with (
        serve(Answer(404)) as server,
        pytest.raises(DownloadError, match=r"100 tiles would be needed, more than 48$"),
    ):
        fetch_heights((0.5, 45.5, 9.5, 54.5), tmp_path, server.url)
    assert server.paths == []
