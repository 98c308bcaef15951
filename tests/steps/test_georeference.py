"""Photos of a simulated pass of the station through the step: two frames, half a minute of orbit apart."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
from affine import Affine
from PIL import Image

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.camera.orbit import parse_elements, station_state
from pipeline.errors import ControlPointError, FactsError
from pipeline.georeference.photo_pass import on_time
from pipeline.ground.fetched import PROBLEM
from pipeline.models import Dem, LonLat, LookAt, PhotoSource
from pipeline.photo.photo import Photo, PhotoFacts
from pipeline.photo.tiff import write_photo
from pipeline.simulate.render import render
from pipeline.simulate.scene import WORLD, lights_seen
from pipeline.steps.acquire import acquire
from pipeline.steps.fetched import write_raster
from pipeline.steps.georeference import Inputs, georeference
from tests.camera.test_terrain import write_dem
from tests.conftest import REPOSITORY
from tests.scenes.places import cities_file

WIDTH, HEIGHT = 1064, 708
AIM = LonLat(lon=5.92, lat=50.72)
# Elements of the station, their epoch moved by half a year to where it passes over the region by night.
ISS = """1 25544U 98067A   20158.20191735  .00001764  00000-0  38792-4 0  9995
2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482
"""
TAKEN_AT = {
    "first": datetime(2020, 6, 6, 1, 38, 25, tzinfo=UTC),  # from the west-south-west
    "second": datetime(2020, 6, 6, 1, 39, 18, tzinfo=UTC),  # from the east
}
ROLL_DEG = {"first": 30.0, "second": -100.0}
CLOCK_S = 3.0  # the camera's clock is late by so much, 1.5 of the sigmas that are expected of one
PLATEAU_M = 1000.0
NO_LIGHT = "Night light could not be fetched."


@dataclass(frozen=True)
class Taken:
    """A photo after the step acquire, and the camera that took it."""

    light: Path
    facts: Path
    truth: Camera


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Taken]:
    """Both photos of the pass, of one lens, with facts as a catalogue and a clock that is late tell them."""
    folder = tmp_path_factory.mktemp("pass")
    (folder / "iss.tle").write_text(ISS)
    photos = {}
    for seed, (name, when) in enumerate(TAKEN_AT.items()):
        position_m = station_state(parse_elements(ISS, "iss")[0], when).position_ecef_m
        truth = Camera(
            position_ecef_m=position_m,
            rotation_ecef_to_camera=look_at_rotation(position_m, to_ecef(AIM.lon, AIM.lat), ROLL_DEG[name]),
            focal_px=1.006 * 85 / 36 * WIDTH,
            principal_point_px=(WIDTH / 2 + 1.0, HEIGHT / 2 - 1.5),
            width=WIDTH,
            height=HEIGHT,
            k1=0.02,
        )
        picture = render(truth, lights_seen(truth, WORLD, 2012, None), seed)
        Image.fromarray(picture).save(folder / f"{name}.jpg", quality=95, subsampling=0)
        source = PhotoSource(
            id=name,
            taken_at=when - timedelta(seconds=CLOCK_S),
            tle=str(folder / "iss.tle"),
            focal_length_mm=85,
            sensor_width_mm=36,
            look_at="Aachen",
        )
        light, facts = folder / f"{name}.tif", folder / f"{name}.json"
        cameras = REPOSITORY / "data" / "cameras.csv"
        acquire(folder / f"{name}.jpg", [], source, AIM, [folder / "iss.tle"], [], cameras, {}, light, facts)
        photos[name] = Taken(light, facts, truth)
    return photos


def run(
    folder: Path,
    repository: Path,
    light: Path,
    facts: Path,
    control_points: list[Path] | None = None,
    dem: Dem | None = None,
    others: tuple[Taken, ...] = (),
    night_light: list[Path] | None = None,
) -> dict[str, Any]:
    """The content of `camera.json`, with its files in `folder`."""
    georeference(
        Inputs(
            light=light,
            photo_facts=facts,
            borders=repository / "data" / "borders.gpkg",
            cities=cities_file(folder),
            control_points=control_points or [],
            roads=[],
            night_light=night_light or [],
            dem=[] if dem is None else [dem.path],
            heights=dem,
            relief=repository / "data" / "relief.csv",
            pass_light=[other.light for other in others],
            pass_facts=[other.facts for other in others],
        ),
        camera=folder / "camera.json",
        control=folder / "control.gpkg",
        picture=folder / "solve.png",
    )
    content: dict[str, Any] = json.loads((folder / "camera.json").read_text())
    return content


def error_px(solved: dict[str, Any], truth: Camera, height_m: float = 0.0) -> float:
    """RMSE over the frame, where the solved camera saw the ground at a height and the true one at none."""
    column, row = np.meshgrid(np.linspace(0, WIDTH - 1, 25), np.linspace(0, HEIGHT - 1, 17))
    place = Camera.from_dict(solved).project(*truth.to_ground(column, row), height_m)
    return float(np.sqrt(((np.stack(place) - (column, row)) ** 2).sum(0).mean()))


@pytest.fixture(scope="module")
def alone(
    taken: dict[str, Taken], repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """The first photo by itself, with one manual point, on a plateau: the folder and `camera.json`.

    Its light was rendered on the ellipsoid, so the camera must come out as much higher as the ground.
    """
    folder, first = tmp_path_factory.mktemp("alone"), taken["first"]
    lon, lat = first.truth.to_ground(700.0, 200.0)
    (folder / "points.csv").write_text(f"lon,lat,column_px,row_px,name\n{lon},{lat},700,200,bridge\n")
    file = write_dem(folder / "dem.tif", np.full((20, 40), PLATEAU_M - 46), bounds=(-3, 46, 15, 55))
    dem = Dem(path=file, heights="geoid", geoid_m=46)
    unfetched = folder / "night_light.tif"
    world = Affine(360, 0, -180, 0, -180, 90)
    write_raster(unfetched, np.zeros((1, 1), np.float32), "EPSG:4326", world, {PROBLEM: NO_LIGHT})
    points = [folder / "points.csv"]
    return folder, run(folder, repository, first.light, first.facts, points, dem, night_light=[unfetched])


def test_a_photo_is_placed_on_its_terrain(
    alone: tuple[Path, dict[str, Any]], taken: dict[str, Taken]
) -> None:
    _, solved = alone
    truth = taken["first"].truth
    on_it, below = error_px(solved, truth, PLATEAU_M), error_px(solved, truth)
    print(f"on the plateau {on_it:.2f} px, at its foot {below:.2f} px")
    # A wide frame's target is 1.5 px of twice this size; the plateau displaces by 3 px.
    assert on_it < 0.75
    assert below > 2


def test_the_camera_file_tells_how_good_it_is(alone: tuple[Path, dict[str, Any]]) -> None:
    folder, solved = alone
    assert set(solved["channels"]) == {"red", "blue"}
    assert not solved["channels"]["red"]["significant"]  # the simulated lens has no such error
    assert solved["channels"]["red"]["n_patches"] > 50
    solution = solved["solution"]
    assert solution["accepted"]
    for kind in ("leave_one_out", "spatial_block"):
        assert solution[kind]["n"] > 50
        assert 0 < solution[kind]["rmse_px"] < 3
        assert solution[kind]["rmse_px"] < solution[kind]["max_px"]
    # Whole blocks left out are missed more than single patches.
    assert solution["leave_one_out"]["rmse_px"] < solution["spatial_block"]["rmse_px"]
    assert len(solved["parameter_order"]) == len(solved["covariance"])
    assert (folder / "solve.png").stat().st_size > 0
    # What could not be fetched is said, and is as if it had not been asked for.
    assert solution["notes"] == [NO_LIGHT]
    assert solution["method"] == "city light and manual control points"
    assert solved["height_sigma_m"] == 0.0  # a DEM was given


def test_one_manual_point_lies_on_the_terrain_too(alone: tuple[Path, dict[str, Any]]) -> None:
    folder, solved = alone
    assert "manual control points" in solved["solution"]["method"]
    points = gpd.read_file(folder / "control.gpkg", layer="control_points")
    (point,) = points[points["used"] == "manual"].itertuples()
    assert point.name == "bridge"
    # It is exact; taken at the plateau's foot it would be 3 px off.
    assert point.residual_px < 1


def test_a_pass_shares_its_clock(
    alone: tuple[Path, dict[str, Any]], taken: dict[str, Taken], repository: Path, tmp_path: Path
) -> None:
    first = taken["first"]
    shared = run(tmp_path, repository, first.light, first.facts, others=(taken["second"],))
    clocks = {"alone": alone[1]["clock"], "shared": shared["clock"]}
    print(clocks, f"{error_px(shared, first.truth):.2f} px")
    for clock in clocks.values():
        assert abs(clock["offset_s"] - CLOCK_S) < 3 * clock["sigma_s"]
    # Two photos know it better than one, and both far better than the 2 s to which the clock was trusted.
    assert clocks["shared"]["sigma_s"] < clocks["alone"]["sigma_s"] < 0.5
    assert shared["solution"]["method"] == "city light, lens and clock shared with 1 of its pass"
    assert error_px(shared, first.truth) < 0.75
    assert shared["height_sigma_m"] == 140.0  # no DEM, in the Eifel
    (note,) = shared["solution"]["notes"]
    assert "holds 140 m of relief" in note


def test_a_late_clock_is_put_right_by_the_others() -> None:
    late = TAKEN_AT["first"] - timedelta(seconds=CLOCK_S)
    facts = PhotoFacts(id="a", width=9, height=6, source="a.jpg", linearisation="none", taken_at=late)
    known = on_time(facts, [(CLOCK_S, 0.2), (CLOCK_S, 0.2)])
    assert known.taken_at is not None
    # Being trusted to 2 s it keeps 0.5 % of its error: (0.2^2 / 2) / 2^2.
    assert abs(known.taken_at - TAKEN_AT["first"]) < timedelta(seconds=0.02)
    assert known.clock_sigma_s == pytest.approx(0.2 / 2**0.5, rel=0.01)


def dark(folder: Path, **facts: object) -> tuple[Path, Path]:
    """A photo of nothing but noise, as the step acquire leaves it."""
    width, height = 320, 213
    light = np.random.default_rng(5).uniform(0, 0.02, (3, height, width)).astype(np.float32)
    write_photo(Photo(light, np.zeros((height, width), bool)), folder / "photo.tif")
    stated = PhotoFacts(
        id="dark",
        width=width,
        height=height,
        source="dark.jpg",
        linearisation="none",
        look_at=LookAt(lon=5.92, lat=50.72, radius_km=80),
        **({"nadir": LonLat(lon=4.5, lat=51.0), "altitude_km": 400.0, "focal_length_mm": 85.0} | facts),
        sensor_width_mm=36.0,
    )
    (folder / "photo.json").write_text(stated.model_dump_json())
    return folder / "photo.tif", folder / "photo.json"


def test_a_refusal_says_what_was_tried_and_what_helps(repository: Path, tmp_path: Path) -> None:
    refused = run(tmp_path, repository, *dark(tmp_path))
    assert set(refused) == {"photo", "solution"}  # no camera that could be taken for one
    assert not refused["solution"]["accepted"]
    message = refused["solution"]["reason"]
    assert re.match(
        r"dark: georeference refused: city light agrees by -?0\.\d\d, no more than chance may \(0\.17 is the "
        r"least to believe\); tried",
        message,
    )
    tried = f"tried every roll within 80 km of lon 5.92, lat 50.72 (see {tmp_path / 'solve.png'})"
    assert tried in message
    for help_ in (
        "if it was cut from its full frame, state crop: [",
        "nadir",
        "look_at (a place, a city's name)",
        "tle",
        "control_points",
        ".points",
        "CSV",
    ):
        assert help_ in message.split(tried)[1]
    assert "\n" not in message
    assert (tmp_path / "solve.png").stat().st_size > 0
    assert pyogrio.list_layers(tmp_path / "control.gpkg")[:, 0].tolist() == ["refused"]
    assert pyogrio.read_dataframe(tmp_path / "control.gpkg")["statement"].tolist() == [message]


def test_a_refused_crop_is_called_one(repository: Path, tmp_path: Path) -> None:
    frame = {"width": 400, "height": 267}
    given = dark(tmp_path, cut="its 320 x 213 px are odd", full_frames=[frame])
    message = run(tmp_path, repository, *given)["solution"]["reason"]
    told = (
        "; it looks like a crop, because its 320 x 213 px are odd: state crop: [left, top, width, height] in"
    )
    assert told in message


def test_element_sets_without_a_time_are_refused(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(FactsError, match=r"^dark: taken_at: is not known; tle gives a position only with"):
        run(tmp_path, repository, *dark(tmp_path, tle=ISS))


def test_unreadable_control_points_are_named(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "points.csv").write_bytes(b"\xff\xfe\xff")  # half a character of UTF-16
    for name, reason in (
        ("points.csv", "holds no control points"),
        ("absent.csv", "no such file or directory"),
    ):
        with pytest.raises(ControlPointError, match=f"{name}: {reason}"):
            run(tmp_path, repository, *dark(tmp_path), [tmp_path / name])
