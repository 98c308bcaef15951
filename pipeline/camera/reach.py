"""How much ground a photo may show, by what is known of it before it is placed."""

import math

import numpy as np

from pipeline.camera.earth import KM_PER_DEGREE, horizon_km
from pipeline.camera.prior import Prior
from pipeline.camera.terrain import Bounds

STEEPEST_DEG = 75.0  # of view zenith: beyond it the ground is foreshortened to a quarter, and little is told
WIDEST_DEG = 60.0  # of longitude, to either side: near the poles a kilometre is many degrees


def reach_km(prior: Prior) -> float:
    """How far from the look-at point ground may lie that the photo shows: the look-at radius and half the
    frame's diagonal, as long as it is on the ground there; the horizon at most."""
    camera, aim = prior.camera(), prior.look_at
    zenith, _, slant_m = camera.view(aim.lon, aim.lat)
    oblique = np.cos(np.radians(min(float(zenith), STEEPEST_DEG)))
    half_px = np.hypot(prior.width, prior.height) / 2
    frame_km = half_px / prior.focal_px * float(slant_m) / 1e3 / oblique
    return float(min(aim.radius_km + frame_km, horizon_km(camera.nadir()[2])))


def pixel_m(prior: Prior) -> float:
    """The width of a pixel on the ground at the look-at point."""
    return float(prior.camera().ground_sample_distance_m(prior.look_at.lon, prior.look_at.lat))


def bounds_around(lon: float, lat: float, reach_km: float) -> Bounds:
    """Degrees around a place."""
    high = reach_km / KM_PER_DEGREE
    wide = min(high / max(math.cos(math.radians(lat)), 1e-3), WIDEST_DEG)
    return lon - wide, max(lat - high, -90.0), lon + wide, min(lat + high, 90.0)


def ground_of(prior: Prior) -> Bounds:
    """All ground that a photo may show."""
    return bounds_around(prior.look_at.lon, prior.look_at.lat, reach_km(prior))
