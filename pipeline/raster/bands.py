"""Bands of rasters by name, unit and meaning, and what every raster says of its photo."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

# Sources of photographs, each with its licence.
SIMULATED_SOURCE = ("Simulated photographs", "made by this software from a seed; they show no real light")
NASA_SOURCE = (
    "Photographs from NASA's archive",
    "public domain; credit: Earth Science and Remote Sensing Unit, NASA Johnson Space Center",
)
OWN_SOURCE = ("The user's own photographs", "as their owner says")
# Mission and frame of a photo of the archive, which writes frames without leading zeros.
NASA_ID = re.compile(r"(ISS\d{3})-E-0*([1-9]\d*)")
SIMULATED_NOTE = "SIMULATED photograph, not a measurement"


def marked(title: str, simulated: bool) -> str:
    """A title that says of what is simulated that it is."""
    return f"{'SIMULATED ' if simulated else ''}{title}"


@dataclass(frozen=True)
class Band:
    """A band's name, its unit ("1" for none) and what a user should know of it."""

    name: str
    unit: str
    meaning: str


@dataclass(frozen=True)
class Class:
    """What a value of a class map means, and its colour as #rrggbb; none is transparent."""

    name: str
    colour: str | None


ORTHO_BANDS = (
    Band("red", "1", "linear light, 0 to 1"),
    Band("green", "1", "linear light, 0 to 1"),
    Band("blue", "1", "linear light, 0 to 1"),
    Band("saturated", "1", "share of the cell that shows saturated pixels"),
)


GEOMETRY_BANDS = (
    Band("view_zenith_deg", "deg", "angle at the ground between the vertical and the camera"),
    Band("view_azimuth_deg", "deg", "direction from the ground to the camera, clockwise from north"),
    Band("ground_sample_distance_m", "m", "geometric mean side of a pixel on the ground"),
    Band("position_sigma_m", "m", "circular 1 sigma of where the pixel lies on the ground"),
)


def change_band(what: str, before: str, after: str) -> str:
    """The name of a band of `change.tif`: the change of light or of tone from one photo to another."""
    return f"{what} {before} to {after}"


# A photo's name, and whether it is simulated.
Origin = tuple[str, bool]


def photo_sources(photos: Iterable[Origin]) -> list[tuple[str, str]]:
    """Where several photos come from, each source once with its licence."""
    return list(dict.fromkeys(photo_source(*photo) for photo in photos))


def photo_source(photo: str, simulated: bool) -> tuple[str, str]:
    """Where a photo (several: joined by commas) comes from, and its licence."""
    if simulated:
        return SIMULATED_SOURCE
    from_nasa = all(NASA_ID.fullmatch(name) for name in photo.split(", "))
    return NASA_SOURCE if from_nasa else OWN_SOURCE


def photo_tags(
    photo: str, evidence: str, simulated: bool, taken_at: datetime | None = None, **more: str
) -> dict[str, str]:
    """What every raster of a photo says of itself."""
    software = f"borderlight {version('borderlight')}"
    source, licence = photo_source(photo, simulated)
    tags = {"photo": photo, "evidence": evidence, "simulated": str(simulated).lower(), "software": software}
    tags |= {"source": source, "licence": licence, "TIFFTAG_COPYRIGHT": f"{source}: {licence}"}
    if taken_at:
        tags |= {
            "taken_at": f"{taken_at:%Y-%m-%dT%H:%M:%SZ}",
            "TIFFTAG_DATETIME": f"{taken_at:%Y:%m:%d %H:%M:%S}",
        }
    if simulated:
        tags["TIFFTAG_IMAGEDESCRIPTION"] = SIMULATED_NOTE
    return tags | {"TIFFTAG_SOFTWARE": software} | more
