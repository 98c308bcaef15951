"""How much ground a photo may show, by what is known of it before it is placed."""

import numpy as np

from pipeline.camera.earth import horizon_km
from pipeline.camera.prior import Prior

STEEPEST_DEG = 75.0  # of view zenith: beyond it the ground is foreshortened to a quarter, and little is told


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
