from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import ExifTags, Image
from PIL.TiffImagePlugin import IFDRational

from pipeline.photo.exif import exif_facts, sensor_width_mm
from pipeline.photo.reader import read_photo
from tests.scenes.pictures import night_codes, save_jpeg


def exif(**details: object) -> Image.Exif:
    made = Image.Exif()
    made[ExifTags.Base.Model] = "NIKON D3S"
    made.get_ifd(ExifTags.IFD.Exif).update({getattr(ExifTags.Base, key): v for key, v in details.items()})
    return made


def test_facts_survive_the_file(tmp_path: Path) -> None:
    written = exif(
        FocalLength=IFDRational(850, 10),
        FNumber=IFDRational(14, 10),
        ExposureTime=IFDRational(1, 13),
        ISOSpeedRatings=6400,
        DateTimeOriginal="2012:02:09 21:51:26",
    )
    facts = read_photo(save_jpeg(night_codes(), tmp_path / "a.jpg", exif=written)).exif
    assert facts.model_dump(exclude_unset=True) == {
        "camera": "NIKON D3S",
        "taken_at": datetime(2012, 2, 9, 21, 51, 26, tzinfo=UTC),
        "focal_length_mm": 85.0,
        "aperture": 1.4,
        "exposure_s": pytest.approx(1 / 13),
        "iso": 6400.0,
    }


def test_an_offset_is_taken_off_the_time() -> None:
    facts = exif_facts(exif(DateTimeOriginal="2012:02:09 22:51:26", OffsetTimeOriginal="+01:00"))
    assert facts.taken_at == datetime(2012, 2, 9, 21, 51, 26, tzinfo=UTC)


@pytest.mark.parametrize(
    "details",
    [
        {"FocalLength": IFDRational(0, 1)},
        {"FocalLength": IFDRational(0, 0)},
        {"FocalLength": IFDRational(1, 0)},
        {"FocalLength": 1e9},
        {"FocalLength": "long"},
        {"FocalLength": ()},
        {"DateTimeOriginal": "0000:00:00 00:00:00"},
        {"DateTimeOriginal": ""},
        {"DateTimeOriginal": "9999:12:31 23:59:59", "OffsetTimeOriginal": "-01:00"},
        {"DateTimeOriginal": "9999:12:31 23:59:59"},
    ],
)
def test_what_makes_no_sense_is_unknown(details: dict[str, object]) -> None:
    assert exif_facts(exif(**details)).model_dump(exclude_unset=True) == {"camera": "NIKON D3S"}


def test_no_exif_no_facts(tmp_path: Path) -> None:
    assert read_photo(save_jpeg(night_codes(), tmp_path / "a.jpg")).exif.model_fields_set == set()


@pytest.mark.parametrize(
    ("camera", "width"),
    [
        ("NIKON D3S", 36.0),
        ("NIKON CORPORATION NIKON D3S", 36.0),
        ("nikon d850", 35.9),
        ("D5", 35.8),
        ("NIKON Z 9", 35.9),
        ("NIKON Z9", 35.9),
        ("NIKON Z 6_2", 35.9),
        ("NIKON D800E", 35.9),
        ("NIKON D3200", None),
        ("HASSELBLAD", None),
        (None, None),
    ],
)
def test_sensor_width(camera: str | None, width: float | None) -> None:
    assert sensor_width_mm(camera) == width


def test_the_real_photo_with_exif(shared: Path) -> None:
    facts = read_photo(shared / "photos" / "ISS040-E-91208.jpg").exif
    assert (facts.camera, facts.focal_length_mm, facts.iso) == ("NIKON D3S", 80.0, 12800.0)
    assert facts.taken_at == datetime(2014, 8, 10, 9, 14, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("stated", "size"),
    [((4256, 2832), (4256, 2832)), ((4256, 0), None), ((None, 2832), None), (("wide", "high"), None)],
)
def test_the_size_that_a_program_left_in_exif(tmp_path: Path, stated: tuple[Any, Any], size: object) -> None:
    names = ("ExifImageWidth", "ExifImageHeight")
    written = exif(**{name: value for name, value in zip(names, stated, strict=True) if value is not None})
    assert read_photo(save_jpeg(night_codes(), tmp_path / "a.jpg", exif=written)).exif_size == size
