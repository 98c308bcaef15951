"""Night light, streets and heights of a photo from servers on this machine, and what is said without."""

import re
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely

from pipeline.camera.reach import bounds_around, ground_of, reach_km
from pipeline.camera.terrain import FLAT
from pipeline.ground.elevation import read_terrain
from pipeline.ground.fetched import read_problem
from pipeline.ground.geoid import GEOID
from pipeline.ground.night_light import read_night_light
from pipeline.ground.streets import read_streets
from pipeline.models import Dem, GridConfig, LonLat, LookAt
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.grid import Grid
from pipeline.steps import orthorectify
from pipeline.steps.fetched import facts_and_prior
from pipeline.steps.heights import fetch_ground
from pipeline.steps.night_light import fetch_light
from pipeline.steps.streets import fetch_roads
from tests.archive.server import files_of, serve_by
from tests.archive.test_black_marble import tile
from tests.archive.test_copernicus import COLUMNS, ROWS, write_tile
from tests.scenes.overpass import overpass

LIEGE = LonLat(lon=5.57, lat=50.64)
Write = Callable[..., Path]

pytestmark = pytest.mark.usefixtures("no_proxy")


@pytest.fixture
def write_facts(tmp_path: Path) -> Write:
    """`photo.json` of a photo with as long a lens, of as wide a place."""

    def write(focal_length_mm: float = 400.0, at: LonLat = LIEGE, radius_km: float = 5.0) -> Path:
        facts = PhotoFacts(
            id="a",
            width=4256,
            height=2832,
            source="a.jpg",
            linearisation="none",
            nadir=at,
            altitude_km=390.0,
            focal_length_mm=focal_length_mm,
            sensor_width_mm=36.0,
            look_at=LookAt(lon=at.lon, lat=at.lat, radius_km=radius_km),
        )
        file = tmp_path / "a" / "photo.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(facts.model_dump_json())
        return file

    return write


def town() -> gpd.GeoDataFrame:
    """Streets every 100 m, and a track."""
    steps = np.linspace(-0.01, 0.01, 21)
    lines = [shapely.LineString([(5.57 + x, 50.63), (5.57 + x, 50.65)]) for x in steps]
    classes = ["primary", *["residential"] * 19, "track"]
    return gpd.GeoDataFrame({"highway": classes}, geometry=lines, crs="EPSG:4326")


def test_all_ground_that_a_photo_may_show_is_in_its_bounds(write_facts: Write) -> None:
    """From straight above, 400 mm see 35 km x 23 km."""
    _, prior = facts_and_prior(write_facts())
    assert reach_km(prior) == pytest.approx(5 + np.hypot(35.1, 23.4) / 2, rel=0.01)
    west, south, east, north = ground_of(prior)
    assert (north - south) * 111.2 == pytest.approx(2 * reach_km(prior))
    assert (east - west) * 111.2 * np.cos(np.radians(50.64)) == pytest.approx(2 * reach_km(prior))
    assert bounds_around(0.0, 89.99, 100.0) == (-60.0, pytest.approx(89.09, abs=0.01), 60.0, 90.0)


def test_night_light_is_a_raster_that_tells_where_it_is_from(write_facts: Write, tmp_path: Path) -> None:
    file, osaka = tmp_path / "a" / "night_light.tif", LonLat(lon=135.5, lat=34.7)
    with serve_by(tile) as server:
        fetch_light(write_facts(at=osaka), str(tmp_path / "store"), file, server.url)
    seen = read_night_light(file, (135.3, 34.5, 135.7, 34.9))
    brightest = np.unravel_index(seen.light.argmax(), seen.light.shape)
    assert (seen.lon[brightest], seen.lat[brightest]) == (
        pytest.approx(135.5, abs=3e-3),
        pytest.approx(34.7, abs=3e-3),
    )
    with rasterio.open(file) as raster:
        told = raster.tags()
    assert told["source"] == server.url
    assert "public domain" in told["licence"]
    assert len(told["fetched"]) >= 10
    assert read_problem(file) is None
    assert list((tmp_path / "store" / "black_marble").rglob("*.png"))


@pytest.mark.parametrize(
    ("focal_length_mm", "classes"), [(400.0, {"primary", "residential"}), (180.0, {"primary"})]
)
def test_streets_are_those_that_the_lens_can_show(
    write_facts: Write, tmp_path: Path, focal_length_mm: float, classes: set[str]
) -> None:
    file = tmp_path / "a" / "streets.gpkg"
    with overpass(town()) as server:
        fetch_roads(write_facts(focal_length_mm), str(tmp_path / "store"), file, [server.url])
    found = read_streets(file, (5.0, 50.0, 6.0, 51.0), ("primary", "residential", "track"))
    assert set(found.highway) == classes
    told = pyogrio.read_info(file)["layer_metadata"]
    assert (told["source"], "ODbL" in told["licence"]) == ("OpenStreetMap", True)


def test_a_wide_lens_asks_for_no_streets(
    write_facts: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a" / "streets.gpkg"
    with overpass(town()) as server:
        fetch_roads(write_facts(50.0), str(tmp_path / "store"), file, [server.url])
    assert server.paths == []
    assert read_problem(file) == (
        "Streets were not fetched: a pixel of the photo is 66 m wide, and streets stand apart up to 50 m."
    )
    assert capsys.readouterr().err == ""


def test_heights_are_ellipsoidal(write_facts: Write, tmp_path: Path) -> None:
    """A plateau of 300 m above the geoid, which is 46.6 m high at Liège."""
    write_tile(tmp_path / "served", 5, 50, np.full((ROWS, COLUMNS), 300.0))
    file = tmp_path / "a" / "heights.tif"
    with serve_by(files_of(tmp_path / "served", "image/tiff")) as server:
        grid = GridConfig(radius_km=10)
        fetch_ground(write_facts(), GEOID, LIEGE, grid, str(tmp_path / "store"), file, server.url)
    terrain = read_terrain(file, "ellipsoidal", None, (5.4, 50.5, 5.7, 50.8))
    assert float(terrain.height_m(5.57, 50.64)) == pytest.approx(346.6, abs=0.6)


def test_heights_of_a_wide_lens_are_those_around_where_it_looks(write_facts: Write, tmp_path: Path) -> None:
    """28 mm may show ground up to 500 km away, some 150 tiles."""
    write_tile(tmp_path / "served", 5, 50, np.full((ROWS, COLUMNS), 300.0))
    with serve_by(files_of(tmp_path / "served", "image/tiff")) as server:  # all else is sea
        file, facts = tmp_path / "a" / "heights.tif", write_facts(28.0, radius_km=200.0)
        fetch_ground(facts, GEOID, LIEGE, GridConfig(), str(tmp_path / "store"), file, server.url)
    assert 12 <= len(server.paths) <= 30
    assert read_problem(file) is None


@pytest.mark.expects_warnings
def test_a_map_too_far_from_where_the_photo_looks_says_what_to_set(
    write_facts: Write, tmp_path: Path
) -> None:
    file, grid = tmp_path / "a" / "heights.tif", GridConfig(radius_km=10)
    with serve_by(files_of(tmp_path / "served", "image/tiff")) as server:
        far = LonLat(lon=20.0, lat=55.0)
        fetch_ground(write_facts(), GEOID, far, grid, str(tmp_path / "store"), file, server.url)
    assert server.paths == []
    assert re.search(
        r"need \d+ tiles, more than 48; set a smaller grid\.radius_km, or look_at nearer to the city\)",
        read_problem(file) or "",
    )


@pytest.mark.expects_warnings
def test_without_a_network_each_says_so_in_one_sentence(
    write_facts: Write,
    tmp_path: Path,
    nobody: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.archive.client.sleep", lambda seconds: None)
    facts, store = write_facts(), str(tmp_path / "store")
    light, streets, heights = (tmp_path / "a" / name for name in ("n.tif", "s.gpkg", "h.tif"))
    fetch_light(facts, store, light, nobody)
    fetch_roads(facts, store, streets, [nobody])
    fetch_ground(facts, GEOID, LIEGE, GridConfig(), store, heights, nobody)
    said = capsys.readouterr().err.splitlines()
    for file, line, key in zip(
        (light, streets, heights),
        said,
        ("night_light: black_marble", "roads: openstreetmap", "dem: copernicus"),
        strict=True,
    ):
        problem = read_problem(file)
        assert problem is not None
        assert key in problem
        assert line == f"a: {problem} To try again, delete {file}."
    assert [path.name for path in (tmp_path / "a").iterdir() if path.name.startswith(".")] == []
    # The map is then that of the ellipsoid.
    dem = Dem(path=heights, heights="ellipsoidal")
    grid = Grid("EPSG:3035", 100.0, (4e6, 3e6, 4.1e6, 3.1e6))
    assert orthorectify._ground([heights], dem, grid) is FLAT
