"""Facts that contradict each other or the night: what a message says of them, with the way out."""

from collections.abc import Mapping
from datetime import datetime

from pipeline.camera.earth import KM_PER_DEGREE
from pipeline.camera.sun import sun_elevation_deg
from pipeline.models import CameraRow, Facts, LookAt
from pipeline.photo.cameras import camera_named
from pipeline.photo.exif import sensor_width_mm

SENSOR_SLACK = 0.03  # relative: makers and dealers round widths to 0.5 mm of 36


def doubtful_sensor(known: Facts, cameras: Mapping[str, CameraRow], width_px: int | None) -> str | None:
    """What is wrong with a stated width of the sensor, given the camera's name; None if nothing is.

    `width_px` is the picture's, where it is known: the width of so many of the camera's pixels is a crop's.
    """
    row, stated = camera_named(known.camera, cameras), known.sensor_width_mm
    whole_mm = row.sensor_width_mm if row else sensor_width_mm(known.camera)
    if stated is None or whole_mm is None or _about(stated, whole_mm):
        return None
    if stated < whole_mm and row is not None:
        if width_px is None or _about(stated, width_px * row.pixel_um / 1e3):
            return None
        crop = f", and {width_px} of its pixels are {width_px * row.pixel_um / 1e3:.3g} mm"
    else:
        crop = ""
    return (
        f"the sensor of the camera {known.camera!r} is {whole_mm:g} mm wide{crop}; write sensor_width_mm: "
        f"{whole_mm:g} or leave it out, or correct camera"
    )


def _about(one_mm: float, other_mm: float) -> bool:
    return abs(one_mm - other_mm) <= SENSOR_SLACK * other_mm


def doubtful_night(taken_at: datetime, aim: LookAt) -> str | None:
    """What is wrong with a time at which the Sun is above the horizon wherever the photo may look."""
    elevation_deg = float(sun_elevation_deg(taken_at, aim.lon, aim.lat))
    # On a kilometre of ground the Sun's elevation changes by at most what the direction of up does.
    if elevation_deg <= aim.radius_km / KM_PER_DEGREE:
        return None
    return (
        f"the Sun then stands {elevation_deg:.0f} degrees high where the photo looks (lon {aim.lon:.4g}, lat "
        f"{aim.lat:.4g}): no night; write the time in UTC, or taken_at: null if it is not known"
    )
