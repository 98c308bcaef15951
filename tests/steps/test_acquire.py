from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import ExifTags, Image
from pydantic import ValidationError

from pipeline.camera.earth import to_geodetic
from pipeline.camera.orbit import OrbitError, parse_elements, station_state
from pipeline.errors import FactsError, PhotoError
from pipeline.models import LonLat, LookAt, PhotoSource
from pipeline.photo.cameras import read_cameras
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.reader import read_photo
from pipeline.photo.tiff import read_photo_tif
from pipeline.photo.vignetting import Vignetting, radius, write_vignetting
from pipeline.simulate.flare import Ghost, with_ghost, with_light
from pipeline.simulate.render import developed
from pipeline.steps.acquire import acquire
from tests.scenes.dng import codes, mosaic, write_dng
from tests.scenes.pictures import night_codes, save_jpeg

LIEGE = LonLat(lon=5.57, lat=50.64)
CAMERAS = Path(__file__).parents[2] / "data" / "cameras.csv"
NADIR = LonLat(lon=8.6, lat=51.2)
ISS = """1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991
2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482
"""


def picture(folder: Path, width: int = 180) -> Path:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "NIKON D800E"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.FocalLength] = 85.0
    details[ExifTags.Base.FNumber] = 1.4
    details[ExifTags.Base.ISOSpeedRatings] = 6400
    details[ExifTags.Base.DateTimeOriginal] = "2012:02:09 21:51:26"
    return save_jpeg(night_codes(width), folder / "a.jpg", exif=exif)


def run(folder: Path, source: PhotoSource, facts: list[Path], tle: list[Path] | None = None) -> PhotoFacts:
    return acquired(picture(folder), folder, source, facts=facts, tle=tle or [])


def acquired(file: Path, folder: Path, source: PhotoSource, **more: Any) -> PhotoFacts:
    """The facts of a photo after the step, with the repository's table of cameras."""
    given = {"facts": [], "tle": [], "vignetting": [], "cameras": CAMERAS, "own_cameras": {}} | more
    light, photo_facts = folder / "photo.tif", folder / "photo.json"
    acquire(picture=file, source=source, location=LIEGE, light=light, photo_facts=photo_facts, **given)
    return PhotoFacts.model_validate_json(photo_facts.read_text())


def test_the_city_wins_over_the_store_and_the_store_over_exif(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: a\nfocal_length_mm: 84\naperture: 2\nnadir: {lon: 6, lat: 50}")
    source = PhotoSource(id="a", focal_length_mm=83, altitude_km=400)
    facts = run(tmp_path, source, [tmp_path / "a.yaml"])
    assert (facts.focal_length_mm, facts.aperture, facts.iso) == (83, 2, 6400)
    assert (facts.nadir, facts.altitude_km) == (LonLat(lon=6, lat=50), 400)
    assert facts.taken_at == datetime(2012, 2, 9, 21, 51, 26, tzinfo=UTC)


def test_what_the_file_and_the_table_of_cameras_tell(tmp_path: Path) -> None:
    facts = run(tmp_path, PhotoSource(id="a"), [])
    assert (facts.id, facts.width, facts.height, facts.source) == ("a", 180, 120, "a.jpg")
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
    midnight = datetime(2012, 2, 10, 3, tzinfo=UTC)  # or the evening before
    for nadir, lon in ((NADIR, 2.35), (LonLat(lon=-96.0, lat=33.0), -95.56)):
        source = PhotoSource(id="a", look_at="Paris", nadir=nadir, taken_at=midnight)
        look_at = run(tmp_path, source, []).look_at
        assert isinstance(look_at, LookAt)
        assert look_at.lon == pytest.approx(lon, abs=0.05)


def test_a_photo_whose_time_says_day_is_refused(tmp_path: Path) -> None:
    """The picture is dark, and its facts are wrong: so would be the station's place by its orbit."""
    source = PhotoSource(id="a", taken_at=datetime(2012, 6, 20, 12, tzinfo=UTC))
    with pytest.raises(PhotoError, match=r"a\.jpg: was taken by day: the Sun stood 6\d degrees or more"):
        run(tmp_path, source, [])


class TestCrops:
    """A picture of 160 x 120 px; the frame of a D800E is 3 to 2."""

    def cut(self, folder: Path, source: PhotoSource, **more: Any) -> PhotoFacts:
        return acquired(picture(folder, 160), folder, source, **more)

    def test_other_sides_than_the_sensors_are_seen(self, tmp_path: Path) -> None:
        facts = self.cut(tmp_path, PhotoSource(id="a"))
        (frame,) = facts.full_frames
        assert (frame.width, frame.height, frame.left) == (180, 120, None)
        assert facts.cut == "its 160 x 120 px have not the sides of a full frame, 1.5 to 1, as its sensor"
        assert run(tmp_path, PhotoSource(id="a"), []).full_frames == ()

    def test_a_stated_crop_is_of_the_named_cameras_frame(self, tmp_path: Path) -> None:
        facts = self.cut(tmp_path, PhotoSource(id="a", camera="NIKON D800", crop=(3000, 2000, 1600, 1200)))
        (frame,) = facts.full_frames
        assert (frame.width, frame.height, frame.left, frame.top) == pytest.approx((736, 491.2, 300, 200))
        assert facts.crop == (3000, 2000, 1600, 1200)

    def test_a_simulated_frame_is_whole(self, tmp_path: Path) -> None:
        simulated = {"id": "a", "simulate": {"seed": 1, "year": 2012}}
        assert self.cut(tmp_path, PhotoSource.model_validate(simulated)).full_frames == ()
        with pytest.raises(FactsError, match=r"^a: crop: a raw file and a simulated frame are whole"):
            self.cut(tmp_path, PhotoSource.model_validate(simulated | {"crop": "unknown"}))

    def test_of_a_crop_nobody_knows_where_its_lens_was(self, tmp_path: Path) -> None:
        """Its vignetting is not corrected."""
        lens = tmp_path / "lens.yaml"
        write_vignetting(Vignetting(((-0.3, 0.0), (-0.3, 0.0), (-0.3, 0.0))), lens)
        facts = self.cut(tmp_path, PhotoSource(id="a"), vignetting=[lens])
        assert facts.vignetting == "not corrected"

    @pytest.mark.parametrize("crop", [[0, 0, 10], [0.5, 0, 10, 10], "somewhere"])
    def test_what_is_no_crop_is_refused(self, crop: object) -> None:
        with pytest.raises(ValidationError):
            PhotoSource(id="a", crop=crop)


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
    WHEN = datetime(2019, 12, 9, 21, 34, tzinfo=UTC)

    def test_their_text_goes_into_the_facts(self, tmp_path: Path) -> None:
        assert run(tmp_path, PhotoSource(id="a", tle=ISS, taken_at=self.WHEN), []).tle == ISS.strip()

    def test_so_does_that_of_a_file(self, tmp_path: Path) -> None:
        file = tmp_path / "iss.tle"
        file.write_text(ISS)
        facts = run(tmp_path, PhotoSource(id="a", tle=str(file), taken_at=self.WHEN), [], [file])
        assert facts.tle == ISS.strip()

    def test_they_give_nadir_and_altitude(self, tmp_path: Path) -> None:
        facts = run(tmp_path, PhotoSource(id="a", tle=ISS, taken_at=self.WHEN, look_at="unknown"), [])
        position_m = station_state(parse_elements(ISS, "iss")[0], self.WHEN).position_ecef_m
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


def raw_file(folder: Path, camera: str, light: NDArray[np.floating] | None = None) -> Path:
    """A dark frame with a city, as a DNG of some camera."""
    if light is None:
        light = np.random.default_rng(0).uniform(0, 0.004, (3, 128, 160))
        light[:, 40:44, 60:64] = 0.5
    return write_dng(folder / "a.dng", codes(mosaic(light), 0, 16383), camera=camera)


class TestRaw:
    def test_of_a_camera_in_the_table_it_is_anchored(self, tmp_path: Path) -> None:
        facts = acquired(raw_file(tmp_path, "NIKON D3S"), tmp_path, PhotoSource(id="a"))
        assert (facts.evidence, facts.source, facts.unanchored) == ("raw_anchored", "a.dng", None)
        assert facts.anchor == read_cameras(CAMERAS)["D3S"]

    def test_its_sensor_width_is_that_of_its_own_pixels(self, tmp_path: Path) -> None:
        """A D3S has pixels of 36 mm / 4256; the frame is 80 binned pixels of two such wide."""
        facts = acquired(raw_file(tmp_path, "NIKON D3S"), tmp_path, PhotoSource(id="a"))
        assert facts.sensor_width_mm == pytest.approx(2 * 80 * 36 / 4256)
        stated = PhotoSource(id="a", sensor_width_mm=24)
        assert acquired(raw_file(tmp_path, "NIKON D3S"), tmp_path, stated).sensor_width_mm == 24

    def test_of_an_unknown_camera_it_is_raw_and_says_why(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        facts = acquired(raw_file(tmp_path, "Box 1"), tmp_path, PhotoSource(id="a"))
        assert (facts.evidence, facts.anchor) == ("raw", None)
        reason = "its camera, 'Box 1', is neither in cameras.csv nor under `cameras` in the city's YAML"
        assert facts.unanchored == reason
        assert reason in caplog.text

    def test_a_city_may_bring_its_own_camera_which_wins(self, tmp_path: Path) -> None:
        own = read_cameras(CAMERAS)["D850"].model_copy(update={"source": "mine"})
        for name in ("Box 1", "NIKON D3S"):
            file = raw_file(tmp_path, name)
            facts = acquired(file, tmp_path, PhotoSource(id="a"), own_cameras={name: own})
            assert (facts.evidence, facts.anchor) == ("raw_anchored", own)

    def test_a_camera_may_be_named_in_the_yaml(self, tmp_path: Path) -> None:
        facts = acquired(raw_file(tmp_path, "Box 1"), tmp_path, PhotoSource(id="a", camera="Nikon D5"))
        assert facts.evidence == "raw_anchored"

    def test_hot_pixels_are_masked_and_counted(self, tmp_path: Path) -> None:
        light = np.random.default_rng(0).uniform(0, 0.004, (3, 128, 160))
        light[:, 40:44, 60:64] = 0.5
        light[:, 80, 100] = 0.8  # one sample, a red one by its even row and column
        facts = acquired(raw_file(tmp_path, "NIKON D3S", light), tmp_path, PhotoSource(id="a"))
        photo = read_photo_tif(tmp_path / "photo.tif")
        assert facts.hot_pixels == 1
        np.testing.assert_array_equal(np.argwhere(~photo.valid), [[40, 50]])

    def test_a_jpeg_has_no_anchor_and_its_hot_pixels_are_not_looked_for(self, tmp_path: Path) -> None:
        facts = acquired(picture(tmp_path), tmp_path, PhotoSource(id="a", camera="NIKON D3S"))
        assert (facts.evidence, facts.anchor, facts.unanchored, facts.hot_pixels) == (
            "jpeg",
            None,
            None,
            None,
        )


def test_vignetting_is_corrected_by_the_file_and_said(tmp_path: Path) -> None:
    plain = run(tmp_path, PhotoSource(id="a"), [])
    assert plain.vignetting == "not corrected"
    before = read_photo_tif(tmp_path / "photo.tif").light
    lens = Vignetting(((-0.4, 0.0), (-0.5, 0.0), (-0.6, 0.0)), 7)
    write_vignetting(lens, tmp_path / "lens.yaml")
    facts = acquired(picture(tmp_path), tmp_path, PhotoSource(id="a"), vignetting=[tmp_path / "lens.yaml"])
    assert facts.vignetting == lens.describe()
    after = read_photo_tif(tmp_path / "photo.tif").light
    np.testing.assert_allclose(after, before / lens.falloff(radius(*before.shape[1:])), rtol=1e-6)


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


def test_ghosts_of_a_bright_light_are_masked_and_counted(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    night = np.abs(rng.normal(0.005, 0.001, (3, 400, 600)))
    night[:, rng.integers(0, 400, 500), rng.integers(0, 600, 500)] += rng.uniform(0.1, 0.6, (3, 500))
    lit = with_light(night, 120, 150, 6)
    facts = []
    for name, light in (("a", lit), ("b", with_ghost(lit, 120, 150, Ghost(0.9, 30, (0.05, 0.03, 0.02))))):
        Image.fromarray(developed(light)).save(tmp_path / f"{name}.tif")
        facts.append(acquired(tmp_path / f"{name}.tif", tmp_path, PhotoSource(id=name)))
    assert facts[0].flare_pixels == 0
    assert facts[1].flare_pixels == np.isnan(read_photo_tif(tmp_path / "photo.tif").light[0]).sum()
    # Its disc and the skirt around it.
    assert np.pi * 30**2 < facts[1].flare_pixels < np.pi * 60**2


def test_the_facts_state_what_compression_may_have_done_to_contrasts(tmp_path: Path) -> None:
    told = []
    for quality, subsampling in ((92, 2), (92, 0), (80, 2), (80, 0)):
        file = tmp_path / "a.jpg"
        Image.fromarray(night_codes()).save(file, quality=quality, subsampling=subsampling)
        facts = acquired(file, tmp_path, PhotoSource(id="a"))
        assert facts.tone_systematic == pytest.approx(read_photo(file).errors.tone_systematic, abs=5e-5)
        assert facts.colour_codes == pytest.approx(read_photo(file).errors.colour_codes, abs=5e-4)
        told.append((facts.tone_systematic, facts.colour_codes))
    assert told == sorted(told)  # each file is worse than the one before
    assert len(set(told)) == 4
