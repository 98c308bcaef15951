"""Where the Sun stands: whether a photo can be of the night.

The formulas are those of the Astronomical Almanac (section C, "Low precision formulas for the Sun"), good to
0.01 degrees from 1950 to 2050. UTC stands for UT1 (0.004 degrees).
"""

from datetime import datetime

import numpy as np
from numpy.typing import ArrayLike

from pipeline.camera.earth import Array
from pipeline.camera.orbit import DAY, J2000, sidereal_time_rad


def sun_elevation_deg(time: datetime, lon: ArrayLike, lat: ArrayLike) -> Array:
    """Height of the Sun's centre above the horizon (degrees) at an aware time and places in degrees WGS84,
    scalars or arrays of one shape; without refraction, which at the horizon lifts it by 0.6 degrees."""
    right_ascension, declination = _sun_rad(time)
    sidereal = sidereal_time_rad((time - J2000) / DAY)
    hour_angle = sidereal + np.radians(np.asarray(lon, float)) - right_ascension
    phi = np.radians(np.asarray(lat, float))
    sine = np.sin(phi) * np.sin(declination) + np.cos(phi) * np.cos(declination) * np.cos(hour_angle)
    return np.asarray(np.degrees(np.arcsin(np.clip(sine, -1.0, 1.0))))


def _sun_rad(time: datetime) -> tuple[float, float]:
    """Right ascension and declination of the Sun."""
    days = (time - J2000) / DAY
    mean_longitude = np.radians(280.460 + 0.9856474 * days)
    anomaly = np.radians(357.528 + 0.9856003 * days)
    longitude = mean_longitude + np.radians(1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly))
    obliquity = np.radians(23.439 - 0.0000004 * days)
    right_ascension = np.arctan2(np.cos(obliquity) * np.sin(longitude), np.cos(longitude))
    return float(right_ascension), float(np.arcsin(np.sin(obliquity) * np.sin(longitude)))
