"""What a view past the horizon shows: the airglow, a thin green shell around the Earth, and stars.

Light is (3, height, width) with the margin of `render`.
"""

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.earth import MEAN_RADIUS_KM, SEMI_MAJOR_M, SEMI_MINOR_M, Array
from pipeline.simulate.render import MARGIN_PX, on_pixels

# Airglow of oxygen at 558 nm: a shell at this height, as thin as this above its brightest line of sight.
SHELL_KM, TOP_KM = 95.0, 6.0
DEPTH_KM = 8.0  # below it the line of sight leaves the shell's tangent, and the light falls to 1 / sqrt(2)
AIR_KM = 15.0  # the air below swallows both airglow and stars
AIRGLOW = (0.02, 0.06)  # least and greatest level of G
AIRGLOW_RGB = (0.55, 1.0, 0.4)
STARS_PER_DEG2 = 0.3  # brighter than FAINTEST_STAR
FAINTEST_STAR, BRIGHTEST_STAR = 0.04, 3.0  # light of one star
STAR_SLOPE = 1.25  # of the number of stars against their light: 10^(0.5 magnitude)


def sees_sky(camera: Camera) -> bool:
    """Whether the frame or its margin reaches past the horizon."""
    edge = np.linspace(-MARGIN_PX, camera.width + MARGIN_PX, 50)
    side = np.linspace(-MARGIN_PX, camera.height + MARGIN_PX, 50)
    return bool((tangent_height_km(camera, *np.meshgrid(edge, side)) > 0).any())


def tangent_height_km(camera: Camera, column: Array, row: Array) -> Array:
    """How high the line of sight of a pixel passes above the ground where it comes nearest; negative where it
    meets the ground. On the ellipsoid scaled to a unit sphere, so within a fifth of a percent."""
    axes = np.array([SEMI_MAJOR_M, SEMI_MAJOR_M, SEMI_MINOR_M])
    origin, ray = camera.position_ecef_m / axes, camera.rays(column, row) / axes
    ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
    ahead = -(ray @ origin)
    nearest = np.where(ahead > 0, np.sqrt(np.maximum(origin @ origin - ahead**2, 0)), np.linalg.norm(origin))
    return np.asarray((nearest - 1) * MEAN_RADIUS_KM)


def sky_light(camera: Camera, rng: np.random.Generator) -> Array:
    """Airglow and stars; nothing below the horizon."""
    shape = camera.height + 2 * MARGIN_PX, camera.width + 2 * MARGIN_PX
    row, column = np.indices(shape) - float(MARGIN_PX)
    height_km = tangent_height_km(camera, column, row)
    level = rng.uniform(*AIRGLOW) * airglow(height_km)
    glow = level * np.reshape(AIRGLOW_RGB, (3, 1, 1))
    return np.asarray(glow + _stars(camera, height_km, rng))


def airglow(tangent_km: Array) -> Array:
    """Brightness of the airglow at a tangent height, 1 at its brightest; the path through a thin shell."""
    above = np.exp(-((np.maximum(tangent_km - SHELL_KM, 0) / TOP_KM) ** 2))
    below = np.sqrt(DEPTH_KM / (DEPTH_KM + np.maximum(SHELL_KM - tangent_km, 0)))
    return np.asarray(above * below * _clear(tangent_km))


def _clear(tangent_km: Array) -> Array:
    return np.asarray(1 - np.exp(-((np.maximum(tangent_km, 0) / AIR_KM) ** 2)))


def _stars(camera: Camera, height_km: Array, rng: np.random.Generator) -> Array:
    """Stars strewn evenly over the picture; only those in the sky stay."""
    shape = height_km.shape
    area_deg2 = shape[0] * shape[1] * np.degrees(1 / camera.focal_px) ** 2
    count = int(rng.poisson(STARS_PER_DEG2 * area_deg2))
    row, column = rng.uniform(0, shape[0] - 1, count), rng.uniform(0, shape[1] - 1, count)
    light = np.minimum(FAINTEST_STAR * (1 + rng.pareto(STAR_SLOPE, count)), BRIGHTEST_STAR)
    light *= _clear(height_km[row.astype(int), column.astype(int)])
    warmth = rng.normal(0, 0.2, count)
    bands = (light * np.exp(tilt * warmth) for tilt in (1, 0, -1))
    return np.stack([on_pixels(column, row, band, shape) for band in bands])
