"""Bands of rasters by name, unit and meaning, and what every raster says of its photo."""

from dataclasses import dataclass
from importlib.metadata import version

SIMULATED_NOTE = "SIMULATED photograph, not a measurement"


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


def photo_tags(photo: str, evidence: str, simulated: bool, **more: str) -> dict[str, str]:
    """What every raster of a photo says of itself."""
    software = f"borderlight {version('borderlight')}"
    tags = {"photo": photo, "evidence": evidence, "simulated": str(simulated).lower(), "software": software}
    if simulated:
        tags["TIFFTAG_IMAGEDESCRIPTION"] = SIMULATED_NOTE
    return tags | {"TIFFTAG_SOFTWARE": software} | more
