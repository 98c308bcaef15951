"""What the head of a picture tells before its pixels are read: its size, and the facts in its EXIF.

Reading a head takes under a millisecond; a workflow's plan may look into a thousand photos.
"""

import os
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from PIL import Image, PngImagePlugin, UnidentifiedImageError

from pipeline.errors import PhotoError
from pipeline.models import Facts
from pipeline.photo.exif import exif_facts
from pipeline.plausible import RAW_SUFFIXES

# The parts of a PNG, one after the other: length and name, the data, a checksum of 4 bytes.
PNG_START, PNG_PART, PNG_CHECKSUM = 8, struct.Struct(">I4s"), 4
MAX_EXIF_BYTES = 1_000_000  # a JPEG has room for 64 kB


class Header(NamedTuple):
    """Width of a picture (px; None of a raw file, whose largest is not told there) and what EXIF states."""

    width: int | None
    exif: Facts


def read_header(file: Path) -> Header | None:
    """The head of a photo; None where the file is no picture or a damaged one, which its reader will say."""
    if file.suffix.lower() in RAW_SUFFIXES:
        from pipeline.photo.raw import raw_exif  # LibRaw is loaded only for raw files

        try:
            return Header(None, raw_exif(file))
        except PhotoError:
            return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # nothing is decoded here
            with Image.open(file) as image:
                return Header(image.width, header_facts(image, file))
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError, Image.DecompressionBombError):
        return None


def header_facts(image: Image.Image, file: Path) -> Facts:
    """The facts of an opened picture's EXIF, without decoding its pixels; damaged EXIF states nothing."""
    try:
        if not isinstance(image, PngImagePlugin.PngImageFile):
            return exif_facts(image.getexif())
        # Pillow would decode a PNG to its end to look for EXIF behind the pixels.
        exif = Image.Exif()
        exif.load(image.info.get("exif") or _png_exif(file))
        return exif_facts(exif)
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return Facts()


def _png_exif(file: Path) -> bytes:
    """The EXIF of a PNG, from whichever of its parts holds it; empty without one."""
    for name, start, length in png_parts(file):
        if name == b"eXIf":
            with file.open("rb") as stream:
                stream.seek(start)
                return stream.read(min(length, MAX_EXIF_BYTES))
    return b""


def png_parts(file: Path) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and length (bytes) of the data of each part of a PNG that the file holds to its end."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        stream.seek(PNG_START)
        while len(head := stream.read(PNG_PART.size)) == PNG_PART.size:
            length, name = PNG_PART.unpack(head)
            start = stream.tell()
            if start + length + PNG_CHECKSUM > size:
                return
            yield name, start, length
            stream.seek(length + PNG_CHECKSUM, os.SEEK_CUR)
