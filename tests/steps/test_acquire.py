from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from pipeline.config import LonLat, LookAt, PhotoSource
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.reader import read_photo
from pipeline.photo.tiff import read_photo_tif
from pipeline.steps.acquire import acquire
from tests.photo.pictures import night_codes, save_jpeg

LIEGE = LonLat(lon=5.57, lat=50.64)


def picture(folder: Path) -> Path:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "NIKON D800E"
    details = exif.get_ifd(ExifTags.IFD.Exif)
    details[ExifTags.Base.FocalLength] = 85.0
    details[ExifTags.Base.FNumber] = 1.4
    details[ExifTags.Base.ISOSpeedRatings] = 6400
    details[ExifTags.Base.DateTimeOriginal] = "2012:02:09 21:51:26"
    return save_jpeg(night_codes(), folder / "a.jpg", exif=exif)


def run(folder: Path, source: PhotoSource, facts: list[Path]) -> PhotoFacts:
    acquire(picture(folder), facts, source, LIEGE, folder / "photo.tif", folder / "photo.json")
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
