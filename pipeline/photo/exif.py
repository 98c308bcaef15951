"""What the camera wrote into the file."""

import math
import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from PIL import ExifTags, Image
from pydantic import ValidationError

from pipeline.models import Facts

# Width of the full-frame sensors flown on the station, mm (manufacturer's data).
SENSOR_WIDTH_MM = {
    "D3": 36.0,
    "D3S": 36.0,
    "D3X": 35.9,
    "D4": 36.0,
    "D4S": 36.0,
    "D5": 35.8,
    "D6": 35.9,
    "D700": 36.0,
    "D750": 35.9,
    "D800": 35.9,
    "D800E": 35.9,
    "D810": 35.9,
    "D850": 35.9,
    "Z 6": 35.9,
    "Z 7": 35.9,
    "Z 8": 35.9,
    "Z 9": 35.9,
}


def sensor_width_mm(camera: str | None) -> float | None:
    """The sensor's width by the camera's name, such as `NIKON D3S`; None where it is not in the table."""
    words = (camera or "").upper().replace("NIKON", "").replace("CORPORATION", "").split()
    compact = {name.replace(" ", ""): width for name, width in SENSOR_WIDTH_MM.items()}
    return compact.get("".join(words).split("_")[0])


def exif_facts(exif: Image.Exif) -> Facts:
    """The facts EXIF states; zero, infinite and absurd values mean "unknown" and are left out.

    The station's cameras run on UTC, so a time without an offset is UTC.
    """
    details: Mapping[int, Any] = exif.get_ifd(ExifTags.IFD.Exif)
    stated = {
        "camera": _text(exif.get(ExifTags.Base.Model)),
        "taken_at": _time(details),
        "focal_length_mm": _number(details.get(ExifTags.Base.FocalLength)),
        "aperture": _number(details.get(ExifTags.Base.FNumber)),
        "exposure_s": _number(details.get(ExifTags.Base.ExposureTime)),
        "iso": _number(details.get(ExifTags.Base.ISOSpeedRatings)),
    }
    facts = Facts()
    for key, value in stated.items():
        if value is not None:
            try:
                facts = facts.updated(Facts.model_validate({key: value}))
            except (ValidationError, OverflowError):  # OverflowError: a time beyond the year 9999 in UTC
                continue
    return facts


def exif_size(image: Image.Image) -> tuple[int, int] | None:
    """Width and height (px) that EXIF states of an opened picture: its own, or those of what it was cut or
    resized from by a program that left EXIF as it was. None where nothing or no number is stated."""
    try:
        details: Mapping[int, Any] = image.getexif().get_ifd(ExifTags.IFD.Exif)
        stated = (details.get(tag) for tag in (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight))
        width, height = map(_number, stated)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):  # damaged
        return None
    return None if width is None or height is None else (round(width), round(height))


def _text(value: object) -> str | None:
    text = str(value).strip("\0 ") if value is not None else ""
    return text or None


def _number(value: Any) -> float | None:
    """A positive finite number, of a list its first; else None."""
    try:
        number = float(value[0] if isinstance(value, tuple) else value)
    except (TypeError, ValueError, ZeroDivisionError, IndexError):
        return None
    return number if math.isfinite(number) and number > 0 else None


def _time(details: Mapping[int, Any]) -> datetime | None:
    stamp = _text(details.get(ExifTags.Base.DateTimeOriginal)) or ""
    offset = _text(details.get(ExifTags.Base.OffsetTimeOriginal)) or "+00:00"
    try:
        return datetime.strptime(f"{stamp}{offset}", "%Y:%m:%d %H:%M:%S%z")
    except ValueError:
        return None
