from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from pipeline.camera.earth import to_geodetic
from pipeline.camera.orbit import OrbitError, read_elements, station_state
from pipeline.errors import FactsError
from pipeline.models import LonLat, LookAt, PhotoSource
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.reader import read_photo
from pipeline.photo.tiff import read_photo_tif
from pipeline.steps.acquire import acquire
from tests.photo.dng import codes, mosaic, write_dng
from tests.photo.pictures import night_codes, save_jpeg

LIEGE = LonLat(lon=5.57, lat=50.64)
NADIR = LonLat(lon=8.6, lat=51.2)
ISS = """1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991
2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482
"""


def picture(folder: Path) -> Path:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "NIKON D800E"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.FocalLength] = 85.0
    details[ExifTags.Base.FNumber] = 1.4
    details[ExifTags.Base.ISOSpeedRatings] = 6400
    details[ExifTags.Base.DateTimeOriginal] = "2012:02:09 21:51:26"
    return save_jpeg(night_codes(), folder / "a.jpg", exif=exif)


def run(folder: Path, source: PhotoSource, facts: list[Path], tle: list[Path] | None = None) -> PhotoFacts:
    light, photo_facts = folder / "photo.tif", folder / "photo.json"
    acquire(picture(folder), facts, source, LIEGE, tle or [], light, photo_facts)
    return PhotoFacts.model_validate_json((folder / "photo.json").read_text())


def test_the_city_wins_over_the_store_and_the_store_over_exif(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: a\nfocal_length_mm: 84\naperture: 2\nnadir: {lon: 6, lat: 50}")
    source = PhotoSource(id="a", focal_length_mm=83, altitude_km=400)
    facts = run(tmp_path, source, [tmp_path / "a.yaml"])
    assert (facts.focal_length_mm, facts.aperture, facts.iso) == (83, 2, 6400)
    assert (facts.nadir, facts.altitude_km) == (LonLat(lon=6, lat=50), 400)
    assert facts.taken_at == datetime(2012, 2, 9, 21, 51, 26, tzinfo=UTC)


def test_what_the_file_and_the_table_of_cameras_tell(tmp_path: Path) -> None:
    facts = run(tmp_path, PhotoSource(id="a"), [])
    assert (facts.id, facts.width, facts.height, facts.source) == ("a", 160, 120, "a.jpg")
    assert (facts.camera, facts.sensor_width_mm) == ("NIKON D800E", 35.9)
    assert (facts.evidence, facts.simulated, facts.linearisation) == ("jpeg", False, "sRGB curve")
    assert facts.look_at == LookAt(lon=5.57, lat=50.64, radius_km=100)


def test_stated_facts_are_not_overridden_by_tables(tmp_path: Path) -> None:
    look_at = LookAt(lon=6, lat=50.7, radius_km=30)
    facts = run(tmp_path, PhotoSource(id="a", sensor_width_mm=24, look_at=look_at), [])
    assert (facts.sensor_width_mm, facts.look_at) == (24, look_at)


@pytest.mark.parametrize("name", ["Maastricht", "maastricht", " MAASTRICHT "])
def test_a_citys_name_is_looked_up(tmp_path: Path, name: str) -> None:
    look_at = run(tmp_path, PhotoSource(id="a", look_at=name), []).look_at
    assert isinstance(look_at, LookAt)
    # Its market square, to a hundredth of a degree.
    assert (look_at.lon, look_at.lat) == pytest.approx((5.69, 50.85), abs=0.01)
    assert look_at.radius_km == 100


def test_a_name_is_looked_up_in_sight_of_the_nadir(tmp_path: Path) -> None:
    """Paris is in France, or in Texas."""
    for nadir, lon in ((NADIR, 2.35), (LonLat(lon=-96.0, lat=33.0), -95.56)):
        look_at = run(tmp_path, PhotoSource(id="a", look_at="Paris", nadir=nadir), []).look_at
        assert isinstance(look_at, LookAt)
        assert look_at.lon == pytest.approx(lon, abs=0.05)


def test_a_misspelt_city_is_one_line_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(FactsError) as caught:
        run(tmp_path, PhotoSource(id="a", look_at="Mastricht"), [])
    message = str(caught.value)
    assert message.startswith("a: look_at = 'Mastricht': no such city within 2300 km; did you mean ")
    assert "Maastricht" in message
    assert "\n" not in message


def test_an_unknown_look_at_point_is_all_that_the_station_sees(tmp_path: Path) -> None:
    facts = run(tmp_path, PhotoSource(id="a", look_at="unknown", nadir=NADIR), [])
    assert facts.look_at == LookAt(lon=NADIR.lon, lat=NADIR.lat, radius_km=1800)
    with pytest.raises(FactsError, match=r"^a: look_at = 'unknown': needs nadir"):
        run(tmp_path, PhotoSource(id="a", look_at="unknown"), [])


class TestElementSets:
    WHEN = datetime(2019, 12, 9, 20, 42, tzinfo=UTC)

    def test_their_text_goes_into_the_facts(self, tmp_path: Path) -> None:
        assert run(tmp_path, PhotoSource(id="a", tle=ISS, taken_at=self.WHEN), []).tle == ISS.strip()

    def test_so_does_that_of_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "iss.tle"
        file.write_text(ISS)
        facts = run(tmp_path, PhotoSource(id="a", tle=str(file), taken_at=self.WHEN), [], [file])
        assert facts.tle == ISS.strip()

    def test_they_give_nadir_and_altitude(self, tmp_path: Path) -> None:
        facts = run(tmp_path, PhotoSource(id="a", tle=ISS, taken_at=self.WHEN, look_at="unknown"), [])
        position_m = station_state(read_elements(ISS, "iss")[0], self.WHEN).position_ecef_m
        lon, lat, height_m = to_geodetic(position_m)
        assert facts.nadir == LonLat(lon=float(lon), lat=float(lat))
        assert facts.altitude_km == pytest.approx(height_m / 1e3)
        assert facts.look_at == LookAt(lon=float(lon), lat=float(lat), radius_km=1800)

    def test_what_is_stated_beside_them_stays(self, tmp_path: Path) -> None:
        source = PhotoSource(id="a", tle=ISS, taken_at=self.WHEN, nadir=NADIR, altitude_km=400)
        facts = run(tmp_path, source, [])
        assert (facts.nadir, facts.altitude_km) == (NADIR, 400)

    def test_of_another_month_they_are_refused(self, tmp_path: Path) -> None:
        # The picture's own time is of 2012.
        with pytest.raises(OrbitError, match=r"^a: tle: line 1: .*days from 2012-02-09 21:51 UTC"):
            run(tmp_path, PhotoSource(id="a", tle=ISS), [])

    def test_a_file_that_holds_something_else_is_named(self, tmp_path: Path) -> None:
        file = save_jpeg(night_codes(), tmp_path / "iss.tle.jpg")
        source = PhotoSource(id="a", tle=str(file), taken_at=self.WHEN)
        with pytest.raises(OrbitError, match=f"^{file}: "):
            run(tmp_path, source, [], [file])


def test_a_raw_file_is_raw_evidence(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    light = rng.uniform(0, 0.004, (3, 128, 160))
    light[:, 40:44, 60:64] = 0.5
    file = write_dng(tmp_path / "a.dng", codes(mosaic(light), 0, 16383))
    acquire(file, [], PhotoSource(id="a"), LIEGE, [], tmp_path / "photo.tif", tmp_path / "photo.json")
    facts = PhotoFacts.model_validate_json((tmp_path / "photo.json").read_text())
    assert (facts.evidence, facts.source) == ("raw", "a.dng")


def test_a_simulated_photo_says_so(tmp_path: Path) -> None:
    source = PhotoSource.model_validate({"simulate": {"seed": 1, "year": 2012}})
    facts = run(tmp_path, source, [])
    assert facts.simulated
    assert facts.id == "simulated-2012"


def test_the_light_is_the_readers(tmp_path: Path) -> None:
    run(tmp_path, PhotoSource(id="a"), [])
    read, written = read_photo(tmp_path / "a.jpg").photo, read_photo_tif(tmp_path / "photo.tif")
    np.testing.assert_array_equal(written.light, read.light)
    np.testing.assert_array_equal(written.saturated, read.saturated)
