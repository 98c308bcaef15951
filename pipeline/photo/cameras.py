"""Cameras flown on the station: the size of their pixels, and what ties their raw colours to a scale.

Lamps are told apart by AB ratios: ratios of flux per hertz, each averaged over a band, so that light of the
same flux at all frequencies has ratios of 1. Of most cameras no sensitivities are published, but a colour
matrix (Adobe's ColorMatrix2, from CIE XYZ to the camera's red, green and blue under daylight D65). Daylight
therefore is the anchor: in raw the matrix tells its ratios, in AB its spectrum does, and that hardly depends
on the bands. The table of cameras, with its sources, is `data/cameras.csv`.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import ValidationError

from pipeline.errors import ConfigError
from pipeline.models import D65_XYZ, CameraRow, EvidenceLevel

COLOURS = "red", "green", "blue"
AXES = "x", "y", "z"
# G/R and B/G of D65 in AB, through the bands of a Nikon D3S. Those are a Nikon 5100's, measured by the
# National Physical Laboratory, turned by the two cameras' matrices; unturned they give 0.911 and 0.832.
DAYLIGHT_G_R, DAYLIGHT_B_G = 0.9245, 0.8193
AB_SIGMA = 0.05  # relative, of the factors


class AbFactors(NamedTuple):
    """G/R in AB = `g_r` x raw green/red, B/G in AB = `b_g` x raw blue/green; both good to AB_SIGMA."""

    g_r: float
    b_g: float


def ab_factors(camera: CameraRow) -> AbFactors:
    """The factors from raw to AB ratios, at which daylight gets its own."""
    red, green, blue = np.array(camera.xyz_to_camera) @ D65_XYZ
    return AbFactors(float(DAYLIGHT_G_R * red / green), float(DAYLIGHT_B_G * green / blue))


def read_cameras(file: Path) -> dict[str, CameraRow]:
    """The table of cameras, by name. Raises ConfigError."""
    try:
        with file.open(encoding="utf-8", newline="") as text:
            rows = list(csv.DictReader(text))
    except OSError as error:
        raise ConfigError(file, "file", None, (error.strerror or "cannot be read").lower()) from None
    cameras = {}
    for row in rows:
        values: dict[str, Any] = dict(row)
        name = values.pop("name", None) or "a camera without a name"
        values["xyz_to_camera"] = [
            [values.pop(f"{colour}_{axis}", None) for axis in AXES] for colour in COLOURS
        ]
        cameras[name] = checked_camera(name, values, file)
    return cameras


def checked_camera(name: str, values: Mapping[str, Any], file: Path) -> CameraRow:
    """A camera as a user's `file` describes it under its name. Raises ConfigError."""
    try:
        return CameraRow.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in (name, *first["loc"]))
        shown = first["input"] if isinstance(first["input"], str | int | float) else None
        raise ConfigError(file, key, shown, first["msg"].removeprefix("Value error, ")) from None


def camera_named(name: str | None, cameras: Mapping[str, CameraRow]) -> CameraRow | None:
    """The camera of this name, whatever its case, spaces and maker's prefix; None where it is not known."""
    compact = {_compact(known): camera for known, camera in cameras.items()}
    return compact.get(_compact(name or ""))


@dataclass(frozen=True)
class Anchor:
    """What ties a photo's colours to a scale: its evidence level, its camera, or why a raw photo has none."""

    evidence: EvidenceLevel
    camera: CameraRow | None = None
    missing: str | None = None

    def describe(self) -> str:
        """In a few words, for the log."""
        if self.camera:
            return f"colours anchored ({self.camera.source})"
        return self.missing or "colours not anchored"


def anchor_of(
    evidence: EvidenceLevel, name: str | None, cameras: Mapping[str, CameraRow], table: str
) -> Anchor:
    """The anchor of a photo read as `evidence`, of a camera of this `name`: if raw, its row of `cameras`.

    `table` is what the reason for a missing one calls the table of cameras.
    """
    if evidence == "jpeg":
        return Anchor("jpeg")
    camera = camera_named(name, cameras)
    if camera is not None:
        return Anchor("raw_anchored", camera)
    if name is None:
        return Anchor("raw", missing="its camera is not known; name it with `camera` in the city's YAML")
    where = f"neither in {table} nor under `cameras` in the city's YAML"
    return Anchor("raw", missing=f"its camera, {name!r}, is {where}")


def _compact(name: str) -> str:
    return "".join(name.upper().replace("NIKON", "").replace("CORPORATION", "").split())
