"""What stands between the ground and the camera: clouds, and a part of the station.

Light is (3, height, width) with the margin of `render`.
"""

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, east_north_up, meet_ellipsoid
from pipeline.simulate.render import MARGIN_PX, spread

CELLS = 1024  # of the periodic field
FIELD_FRAMES = 2.0  # its side, in widths of the frame on the ground
ROUGHNESS = 1.5  # amplitude falls with this power of the frequency, about as in real clouds
CLOUD_EDGE = 0.3  # half width of a cloud's soft edge, in standard deviations of the field
THINNEST, THICKEST = 0.5, 0.05  # transmittance just inside a cloud's edge, and far inside
GLOW_KM = (0.4, 1.5)  # the light of a lamp under cloud comes from an area of about the cloud's height
MAX_GLOW_PX = 50.0  # a wider glow would not fit into the margin of `render`
MOONLIGHT = (0.0, 0.012)  # of the thickest cloud; thin ones scatter less of it back
MOONLIGHT_RGB = (0.9, 1.0, 1.1)

PART_SHARE = (0.03, 0.15)  # of the frame
PART_BLUR = (0.003, 0.015)  # width of its edge, of the long side: it is out of focus
PART_LIT = 0.5  # how many are lit
PART_LEVEL = (0.05, 0.6)  # of white, where lit
PART_DARK = 0.002  # of white, where not: darker than the picture's background


def covered(camera: Camera, light: Array, cover: float, rng: np.random.Generator) -> Array:
    """The light as seen through clouds over a share `cover` of the ground in frame.

    With transmittance T, a share T^2 of the light goes straight on and T (1 - T) is scattered into a glow.
    """
    through = transmittance(camera, cover, rng)
    lon, lat = camera.to_ground(*camera.principal_point_px)
    glow_m = 1e3 * rng.uniform(*GLOW_KM)
    glow_px = MAX_GLOW_PX
    if np.isfinite(lon):
        glow_px = min(glow_m / float(camera.ground_sample_distance_m(lon, lat)), MAX_GLOW_PX)
    glow = np.stack([spread(band * through * (1 - through), ((glow_px, 1.0),)) for band in light])
    moonlit = rng.uniform(*MOONLIGHT) * (1 - through) ** 3 * np.reshape(MOONLIGHT_RGB, (3, 1, 1))
    return np.asarray(light * through**2 + np.maximum(glow, 0) + moonlit)


def transmittance(camera: Camera, cover: float, rng: np.random.Generator) -> Array:
    """Share of the ground's light that passes each pixel's cloud, (height, width) with margin; 1 for sky."""
    shape = camera.height + 2 * MARGIN_PX, camera.width + 2 * MARGIN_PX
    row, column = np.indices(shape) - float(MARGIN_PX)
    ground = meet_ellipsoid(camera.position_ecef_m, camera.rays(column, row))
    lon, lat, _ = camera.nadir()
    east, north, _ = np.moveaxis((ground - camera.position_ecef_m) @ east_north_up(lon, lat).T, -1, 0)
    # The scale is taken from the ground straight ahead; it is fixed if the camera looks at the sky there.
    middle = ground[shape[0] // 2, shape[1] // 2]
    away_m = np.linalg.norm(np.nan_to_num(middle - camera.position_ecef_m, nan=1e6))
    side_m = FIELD_FRAMES * away_m * camera.width / camera.focal_px
    noise = _field(rng)
    at = np.nan_to_num(np.stack([north, east]) / side_m)
    density = _sampled(noise, at)
    frame = np.isfinite(east) & camera.inside(column, row)
    if not frame.any():
        return np.ones(shape)
    edge = float(np.quantile(density[frame], 1 - cover))
    inside = np.clip((density - edge) / (2 * CLOUD_EDGE) + 0.5, 0, 1)
    inside = inside * inside * (3 - 2 * inside)
    cloud = THICKEST + (THINNEST - THICKEST) * np.exp(-2 * np.maximum(density - edge, 0))
    return np.asarray(np.where(np.isfinite(east), 1 - inside * (1 - cloud), 1.0))


def _field(rng: np.random.Generator) -> Array:
    """A periodic random field (CELLS, CELLS) of mean 0 and variance 1, of falling power spectrum."""
    fy, fx = np.fft.fftfreq(CELLS)[:, None], np.fft.rfftfreq(CELLS)[None, :]
    frequency = np.hypot(fx, fy)
    frequency[0, 0] = np.inf
    noise = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((CELLS, CELLS))) * frequency**-ROUGHNESS)
    return np.asarray(noise / noise.std())


def _sampled(field: Array, at: Array) -> Array:
    """The field at positions (2, ...) in units of its period, bilinear."""
    whole = np.floor(at * CELLS).astype(int)
    y, x = at * CELLS - whole
    (top, left), (bottom, right) = whole % CELLS, (whole + 1) % CELLS
    upper = field[top, left] * (1 - x) + field[top, right] * x
    lower = field[bottom, left] * (1 - x) + field[bottom, right] * x
    return np.asarray(upper * (1 - y) + lower * y)


def with_station_part(light: Array, rng: np.random.Generator) -> Array:
    """A solar panel or module at the frame's edge hides the light behind it: a smooth, blurred polygon."""
    _, height, width = light.shape
    long_side = max(height, width) - 2 * MARGIN_PX
    towards = rng.uniform(0, 2 * np.pi)
    # The part of the plane beyond two lines that meet; it widens outwards, so it ends at the frame's edge.
    angles = towards + rng.uniform(0.1, 0.7, 2) * (1, -1)
    x = (np.arange(width) - (width - 1) / 2) / long_side
    y = ((np.arange(height) - (height - 1) / 2) / long_side)[:, None]
    beyond = np.minimum(*(x * np.cos(angle) + y * np.sin(angle) for angle in angles))
    beyond += rng.uniform(-0.2, 0.2) * (x * np.sin(towards) - y * np.cos(towards))
    frame = beyond[MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]
    depth = beyond - float(np.quantile(frame, 1 - rng.uniform(*PART_SHARE)))
    hidden = np.clip(depth / rng.uniform(*PART_BLUR) + 0.5, 0, 1)
    hidden = hidden * hidden * (3 - 2 * hidden)
    level = rng.uniform(*PART_LEVEL) if rng.random() < PART_LIT else PART_DARK
    colour = np.exp(rng.normal(0, 0.1, 3)).reshape(3, 1, 1)
    shade = np.clip(1 + rng.uniform(-1, 1) * x + rng.uniform(-1, 1) * y, 0.2, 2)
    return np.asarray(light * (1 - hidden) + hidden * level * colour * shade)
