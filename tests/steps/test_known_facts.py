"""What is known of photos is checked before any work: what is missing, what contradicts camera or night."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import ExifTags, Image

from pipeline.photo.header import read_header
from pipeline.steps.plan import plan_or_exit
from tests.scenes.pictures import night_codes, save_jpeg
from tests.workflow.workdir import Workdir

PLACE: dict[str, Any] = {"nadir": {"lon": 6.2, "lat": 50.6}, "altitude_km": 391}
LENS: dict[str, Any] = {"focal_length_mm": 85, "camera": "NIKON D3S"}
NIGHT, NOON = "2012-02-09T21:51:26Z", "2012-02-09T11:51:26Z"
ISS = """1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991
2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482
"""
FIRST = "configs/x.yaml: the first photo"
NOWHERE = "is not known: it is neither here nor in data/photos"


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workdir:
    """A run's folder with a store of photos, which is also the current one."""
    made = Workdir.make(tmp_path)
    (tmp_path / "data" / "photos").mkdir()
    monkeypatch.chdir(tmp_path)
    return made


def picture(name: str = "own.jpg", **exif: Any) -> None:
    """A picture in the store with facts in its EXIF."""
    tags = Image.Exif()
    for key, value in exif.items():
        place = tags if key == "Model" else tags.get_ifd(ExifTags.IFD.Exif)
        place[getattr(ExifTags.Base, key)] = value
    Image.fromarray(night_codes()).save(Path("data/photos") / name, exif=tags)


def planned(workdir: Workdir, photo: dict[str, Any], **city: Any) -> str:
    """What the plan ends with; empty if all is well."""
    workdir.write_city("x", photos=[photo], **city)
    try:
        plan_or_exit({"cities": "x"})
    except SystemExit as ended:
        message = str(ended)
        assert message.startswith("error: ")
        assert message.isprintable()
        return message.removeprefix("error: ")
    return ""


class TestMissing:
    @pytest.mark.parametrize("key", ["nadir", "altitude_km", "focal_length_mm", "camera"])
    def test_a_photo_in_the_store(self, workdir: Workdir, key: str) -> None:
        picture()
        photo = PLACE | LENS | {"id": "own"}
        assert planned(workdir, photo) == ""
        del photo[key]
        lacks = {"camera": "sensor_width_mm"}.get(key, key)
        told = planned(workdir, photo)
        assert told.startswith(
            f"{FIRST} (own): {lacks}: {NOWHERE}/own.yaml nor in the EXIF of data/photos/own.jpg"
        )
        assert f"; write for example {lacks}: " in told

    @pytest.mark.parametrize("name", ["own.jpg", "own.png"])
    def test_what_exif_tells_is_known(self, workdir: Workdir, name: str) -> None:
        picture(name, Model="NIKON D3S", FocalLength=85.0)
        assert planned(workdir, PLACE | {"id": "own"}) == ""
        picture(name, Model="NIKON D3S")
        assert "focal_length_mm: is not known" in planned(workdir, PLACE | {"id": "own"})
        assert planned(workdir, PLACE | {"id": "own", "focal_length_mm": 85}) == ""

    def test_what_the_file_beside_it_tells_is_known(self, workdir: Workdir) -> None:
        picture()
        Path("data/photos/own.yaml").write_text(yaml.safe_dump(PLACE | LENS))
        assert planned(workdir, {"id": "own"}) == ""

    def test_of_a_photo_to_be_fetched_exif_may_tell_the_lens_but_not_the_place(
        self, workdir: Workdir
    ) -> None:
        assert planned(workdir, PLACE | {"id": "ISS030-E-1"}) == ""
        told = planned(workdir, {"id": "ISS030-E-1", "altitude_km": 391})
        assert told.startswith(
            f"{FIRST} (ISS030-E-1): nadir: {NOWHERE}/ISS030-E-1.yaml; write for example nadir: "
        )
        assert planned(workdir, {"id": "ISS030-E-1", "tle": ISS}) == ""

    def test_element_sets_need_a_time_and_give_the_place(self, workdir: Workdir) -> None:
        picture()
        photo = LENS | {"id": "own", "tle": ISS, "look_at": "unknown"}
        assert planned(workdir, photo | {"taken_at": "2019-12-09T21:42:00Z"}) == ""
        assert planned(workdir, photo).startswith(
            f"{FIRST} (own): taken_at: {NOWHERE}/own.yaml nor in the EXIF"
        )
        told = planned(workdir, photo | {"taken_at": NIGHT})
        assert told.startswith(f"{FIRST} (own): tle: line 1: the nearest element set is of 2019-12-09")

    def test_a_picture_that_cannot_be_opened_is_left_to_its_reader(self, workdir: Workdir) -> None:
        Path("data/photos/own.jpg").write_text("no picture")
        assert planned(workdir, PLACE | {"id": "own"}) == ""

    def test_without_check_nothing_is_looked_into(self, workdir: Workdir) -> None:
        workdir.write_city("x", photos=[{"id": "none"}])
        plan_or_exit({"cities": "x"}, check=False)


class TestSensor:
    @pytest.mark.parametrize(
        ("width_mm", "good"),
        [(36, True), (35.9, True), (36.5, True), (23.6, False), (44, False), (5.6, False)],
    )
    def test_its_width_is_the_cameras(self, workdir: Workdir, width_mm: float, good: bool) -> None:
        picture()
        told = planned(workdir, PLACE | LENS | {"id": "own", "sensor_width_mm": width_mm})
        assert (told == "") == good
        if not good:
            assert told.startswith(
                f"{FIRST} (own): sensor_width_mm = {float(width_mm)}: the sensor of the camera 'NIKON D3S'"
            )
            assert told.endswith("; write sensor_width_mm: 36 or leave it out, or correct camera")

    def test_that_of_a_crop_is_good(self, workdir: Workdir) -> None:
        """The picture is 160 px wide, each of which is 36 mm / 4256 wide."""
        picture()
        assert planned(workdir, PLACE | LENS | {"id": "own", "sensor_width_mm": 4}).count(
            "160 of its pixels are 1.35"
        )
        cropped = Image.fromarray(night_codes(2784, 64))
        cropped.save("data/photos/own.jpg")
        assert planned(workdir, PLACE | LENS | {"id": "own", "sensor_width_mm": 23.6}) == ""

    def test_of_a_camera_that_the_city_describes(self, workdir: Workdir) -> None:
        picture()
        matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        row = {"sensor_width_mm": 30, "image_width_px": 3000, "image_height_px": 2000}
        cameras = {"BOX": row | {"xyz_to_camera": matrix, "source": "mine"}}
        photo = PLACE | LENS | {"id": "own", "camera": "BOX", "sensor_width_mm": 36}
        assert "'BOX' is 30 mm wide" in planned(workdir, photo, cameras=cameras)

    def test_of_an_unknown_camera_anything_goes(self, workdir: Workdir) -> None:
        picture()
        assert planned(workdir, PLACE | LENS | {"id": "own", "camera": "BOX", "sensor_width_mm": 23.6}) == ""


class TestNight:
    def test_noon_is_no_night(self, workdir: Workdir) -> None:
        picture()
        photo = PLACE | LENS | {"id": "own"}
        assert planned(workdir, photo | {"taken_at": NIGHT}) == ""
        told = planned(workdir, photo | {"taken_at": NOON})
        # Liège's latitude is 50.6 and the Sun's declination that day -14.6: 24.8 degrees at its noon.
        assert told.startswith(
            f"{FIRST} (own): taken_at = '{NOON}': the Sun then stands 25 degrees high where the"
        )
        assert told.endswith("no night; write the time in UTC, or taken_at: null if it is not known")

    def test_of_exif_too_and_the_citys_file_wins(self, workdir: Workdir) -> None:
        picture(DateTimeOriginal="2012:02:09 11:51:26")
        photo = PLACE | LENS | {"id": "own"}
        told = planned(workdir, photo)
        assert told.startswith(
            f"data/photos/own.jpg: EXIF: taken_at = '{NOON}': the Sun then stands 25 degrees"
        )
        assert told.endswith("; what configs/x.yaml states wins")
        for time_of_city in (NIGHT, None):
            assert planned(workdir, photo | {"taken_at": time_of_city}) == ""

    def test_where_the_photo_may_look_anywhere_it_must_be_day_everywhere(self, workdir: Workdir) -> None:
        """At four in the afternoon the Sun stands 4 degrees high, and 1800 km to the east it has set."""
        picture()
        photo = PLACE | LENS | {"id": "own", "taken_at": "2012-02-09T16:00:00Z"}
        assert "no night" in planned(workdir, photo)
        assert planned(workdir, photo | {"look_at": "unknown"}) == ""
        assert "no night" in planned(workdir, photo | {"look_at": "Maastricht", "taken_at": NOON})


class TestFiles:
    def test_control_points_are_read(self, workdir: Workdir) -> None:
        picture()
        Path("a.csv").write_text("lon,lat,column_px,row_px\n5,50,x,3\n")
        told = planned(workdir, PLACE | LENS | {"id": "own", "control_points": "a.csv"})
        assert told == "a.csv: line 2: column_px = 'x': is not a number"

    @pytest.mark.parametrize(
        ("name", "way"), [("own.heic", "export it as PNG"), ("own.CR2", "convert it to DNG")]
    )
    def test_other_kinds_in_the_store_or_as_path(self, workdir: Workdir, name: str, way: str) -> None:
        (Path("data/photos") / name).touch()
        photo = PLACE | LENS | {"id": "own"}
        assert planned(workdir, photo).startswith(f"data/photos/{name}: is of a kind that is not read; {way}")
        told = planned(workdir, photo | {"path": f"data/photos/{name}"})
        assert told.startswith(
            f"{FIRST} (own): path = 'data/photos/{name}': is of a kind that is not read; {way}"
        )

    def test_a_thousand_heads_take_seconds(self, tmp_path: Path) -> None:
        """1 ms each on a quiet machine; a decoded frame would take 100 times as long."""
        file = save_jpeg(night_codes(3000, 2000), tmp_path / "a.jpg")
        began = time.process_time()
        for _ in range(20):
            read_header(file)
        assert time.process_time() - began < 20 * 0.02


def test_the_starter_cities_are_plausible(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)
    cities = [file.stem for file in Path("configs").glob("*.yaml") if file.stem not in ("run", "defaults")]
    assert len(cities) > 5
    plan_or_exit({"cities": cities, "results": "results"})


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "altitude_km: 203",
            "altitude_km = 203: looks like nautical miles, for the station has flown 320 to 440",
        ),
        ("focal_length_mm: 0.085", "focal_length_mm = 0.085: looks like metres; write focal_length_mm: 85"),
        ("taken_at: 2012-02-30", "taken_at = '2012-02-30': is no such day or time; look it up again"),
        ("nadir: {lon: 6,2, lat: 50,6}", "YAML: line 1: lon = 6,2 has a decimal comma; write lon: 6.2"),
        ("iso: 1\niso: 2", "YAML: line 2: iso is given twice, first in line 1; keep one of them"),
        (
            "sensor_width_mm: 23.6",
            "sensor_width_mm = 23.6: the sensor of the camera 'NIKON D3S' is 36 mm wide",
        ),
        (
            f"taken_at: {NOON}",
            f"taken_at = '{NOON}': the Sun then stands 25 degrees high where the photo looks",
        ),
    ],
)
def test_the_file_beside_a_photo_is_read_as_a_citys(workdir: Workdir, line: str, told: str) -> None:
    picture()
    Path("data/photos/own.yaml").write_text(line + "\n")
    stated = {key: value for key, value in (PLACE | LENS).items() if not line.startswith(key)}
    assert planned(workdir, stated | {"id": "own"}).startswith(f"data/photos/own.yaml: {told}")
