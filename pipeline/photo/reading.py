"""What a reader gives, and which sizes of picture it takes."""

from dataclasses import dataclass
from pathlib import Path

import psutil

from pipeline.errors import PhotoError
from pipeline.models import EvidenceLevel, Facts
from pipeline.photo.photo import Photo
from pipeline.photo.storage_errors import StorageErrors

MIN_SIDE_PX = 64  # a judgement: a smaller picture shows too few lights to be placed
MAX_ASPECT = 6  # long by short side; a judgement: what is longer is a strip or a panorama, not one view
MAX_PIXELS = 100_000_000  # twice the largest camera on the station


@dataclass(frozen=True, eq=False)
class Reading:
    """A photo with what its file tells of it."""

    photo: Photo
    exif: Facts
    linearisation: str
    errors: StorageErrors
    evidence: EvidenceLevel = "jpeg"
    exif_size: tuple[int, int] | None = None
    """Width and height of the picture, as EXIF states them."""


def check_size(file: Path, width: int, height: int, bytes_a_pixel: float) -> None:
    """Raise PhotoError for a picture too small, too long, or too large for the reader or the free memory."""
    if min(width, height) < MIN_SIDE_PX:
        raise PhotoError(
            f"{file}: is {width} x {height} pixels; at least {MIN_SIDE_PX} x {MIN_SIDE_PX} are needed"
        )
    if max(width, height) > MAX_ASPECT * min(width, height):
        raise PhotoError(
            f"{file}: is {width} x {height} pixels; a photo is at most {MAX_ASPECT} times as long as wide"
        )
    if width * height > MAX_PIXELS:
        raise PhotoError(
            f"{file}: is {width} x {height} pixels, more than {MAX_PIXELS / 1e6:.0f} million; reduce it"
        )
    check_memory(file, width, height, bytes_a_pixel, psutil.virtual_memory().available)


def check_memory(file: Path, width: int, height: int, bytes_a_pixel: float, available: int) -> None:
    """Raise PhotoError for a picture that needs more bytes to be read and masked than are available."""
    needed = bytes_a_pixel * width * height
    if needed > available:
        raise PhotoError(
            f"{file}: is {width} x {height} pixels, which need {needed / 1e9:.3g} GB of memory, and "
            f"{available / 1e9:.3g} GB are free; end other programs, run fewer steps at once "
            f"(snakemake --cores 1), or reduce it to {available / bytes_a_pixel / 1e6:.3g} million pixels"
        )
