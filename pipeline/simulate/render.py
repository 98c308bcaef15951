"""From light on the ground to the bytes of a night photograph.

Pixel centres are integers. A picture is linear R, G, B with 1 at saturation until `developed` makes it 8-bit.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, to_ecef
from pipeline.simulate.lights import LampPoints

# Signal in G of one lumen of high-pressure sodium seen from 400 km through 85 mm. Lit ground stays equally
# bright: a shorter lens or a smaller picture puts more lamps into a pixel and less of each.
SIGNAL = 0.035
REFERENCE_RANGE_M = 400e3  # from the station to the ground right below it, about
REFERENCE_FOCAL_PX = 85 / 36 * 2128
MARGIN_PX = 160  # lights so far outside still glow into the frame
# Loss for each atmosphere crossed beyond those that SIGNAL has in it: towards the horizon lights go out.
EXTINCTION, CLEAR_AIRMASSES = 0.2, 2.0
MIN_COS_ZENITH = 0.02  # at most 50 atmospheres: towards the horizon 1 / cos(zenith) grows without limit
BATCH = 2_000_000  # lights at a time: a wide frame shows tens of millions


@dataclass(frozen=True)
class Optics:
    """What the lens, the air and the sensor do to light."""

    # Gaussians that make the point spread: sigma in pixels and share of the light. The wide ones are glow.
    spread: tuple[tuple[float, float], ...] = ((0.75, 0.90), (5.0, 0.05), (40.0, 0.05))
    vignetting: tuple[float, float, float] = (0.400, 0.406, 0.416)  # loss of R, G, B in the corners
    background: tuple[float, float, float] = (0.0080, 0.0060, 0.0064)  # airglow, scattered light, black level
    full_well_e: float = 4000.0  # electrons that saturate a pixel at ISO 6400, of 2 x 2 on the sensor
    read_noise_e: tuple[float, float, float] = (13.0, 8.0, 11.0)  # R and B are amplified by the white balance
    noise_blur_px: tuple[float, float, float] = (0.55, 0.4, 0.6)  # demosaicing smears noise, colours most


def ground_light(camera: Camera, lights: LampPoints) -> Array:
    """Light that arrives from the ground, not yet blurred, (3, height, width), with MARGIN_PX all round."""
    shape = camera.height + 2 * MARGIN_PX, camera.width + 2 * MARGIN_PX
    picture = np.zeros((3, *shape))
    for start in range(0, len(lights), BATCH):
        batch = lights[start : start + BATCH]
        column, row = camera.project(batch.lon, batch.lat)
        range_m = np.linalg.norm(to_ecef(batch.lon, batch.lat) - camera.position_ecef_m, axis=-1)
        caught = SIGNAL * (camera.focal_px / REFERENCE_FOCAL_PX * REFERENCE_RANGE_M / range_m) ** 2
        caught *= np.exp(-EXTINCTION * np.maximum(airmass(camera, range_m) - CLEAR_AIRMASSES, 0))
        for band in range(3):
            value = caught * batch.rgb[:, band]
            picture[band] += on_pixels(column + MARGIN_PX, row + MARGIN_PX, value, shape)
    return picture


def airmass(camera: Camera, range_m: Array) -> Array:
    """Atmospheres between the camera and ground at a slant range, 1 / cos(zenith) on a sphere."""
    station_m = float(np.linalg.norm(camera.position_ecef_m))
    radius_m = station_m - 1e3 * camera.nadir()[2]
    cos_zenith = (station_m**2 - radius_m**2 - range_m**2) / (2 * radius_m * range_m)
    return np.asarray(1 / np.maximum(cos_zenith, MIN_COS_ZENITH))


def imaged(camera: Camera, light: Array, optics: Optics = Optics()) -> Array:
    """What lens and sensor make of light with its margin: a linear picture (3, height, width), noise-free."""
    picture = np.stack([spread(band, optics.spread) for band in light])
    picture = picture[:, MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]
    return np.asarray(vignetting(camera, optics) * (picture + np.reshape(optics.background, (3, 1, 1))))


def exposed(camera: Camera, lights: LampPoints, optics: Optics = Optics()) -> Array:
    """Noise-free linear picture (3, height, width) before saturation, of a clear sky."""
    return imaged(camera, ground_light(camera, lights), optics)


def render(camera: Camera, lights: LampPoints, seed: int, optics: Optics = Optics()) -> NDArray[np.uint8]:
    """The photograph (height, width, 3) under a clear sky, 8-bit sRGB."""
    return developed(noisy(exposed(camera, lights, optics), seed, optics))


def on_pixels(column: Array, row: Array, value: Array, shape: tuple[int, int]) -> Array:
    """Light (n,) at places (n,) shared among the four nearest pixels of a picture `shape` (height, width).

    Sum and centroid stay, in float64; a light whose four pixels are not all in the picture is lost whole.
    """
    height, width = shape
    good = (column >= 0) & (row >= 0) & (column < width - 1) & (row < height - 1)
    column, row, value = column[good], row[good], value[good]
    left, top = column.astype(np.intp), row.astype(np.intp)
    x, y = column - left, row - top
    first = top * width + left
    picture = np.zeros(height * width)
    for step, weight in ((0, (1 - x) * (1 - y)), (1, x * (1 - y)), (width, (1 - x) * y), (width + 1, x * y)):
        picture += np.bincount(first + step, weights=weight * value, minlength=height * width)
    return picture.reshape(shape)


def spread(picture: Array, gaussians: tuple[tuple[float, float], ...]) -> Array:
    """Blur by a sum of Gaussians (sigma in pixels, share); what leaves at one side enters at the other."""
    fy = np.fft.fftfreq(picture.shape[0])[:, None]
    fx = np.fft.rfftfreq(picture.shape[1])[None, :]
    transfer = np.zeros((fy.shape[0], fx.shape[1]))
    for sigma, share in gaussians:
        # Separable: the two factors are far cheaper than one exponential of every frequency.
        transfer += share * np.exp(-2 * (np.pi * sigma * fy) ** 2) * np.exp(-2 * (np.pi * sigma * fx) ** 2)
    return np.asarray(fft.irfft2(fft.rfft2(picture) * transfer, s=picture.shape))


def vignetting(camera: Camera, optics: Optics) -> Array:
    """Share of light that arrives, (3, height, width); falls with the squared distance from the axis."""
    cx, cy = camera.principal_point_px
    x = np.arange(camera.width) - cx
    y = np.arange(camera.height)[:, None] - cy
    corner2 = (camera.width**2 + camera.height**2) / 4
    return np.asarray(1 - np.reshape(optics.vignetting, (3, 1, 1)) * ((x * x + y * y) / corner2))


def noisy(picture: Array, seed: int, optics: Optics) -> Array:
    """Add shot noise (Gaussian: no pixel is without tens of electrons) and read noise."""
    rng = np.random.default_rng([seed, 3])
    bands = []
    for signal, read_e, blur_px in zip(picture, optics.read_noise_e, optics.noise_blur_px, strict=True):
        white = rng.standard_normal(signal.shape)
        grain = spread(white, ((blur_px, 1.0),))
        grain /= grain.std()
        sigma = np.sqrt(np.maximum(signal, 0) / optics.full_well_e + (read_e / optics.full_well_e) ** 2)
        bands.append(signal + sigma * grain)
    return np.stack(bands)


def developed(picture: Array) -> NDArray[np.uint8]:
    """Clip at saturation, code as sRGB, round: (3, height, width) linear to (height, width, 3) 8-bit."""
    linear = np.clip(np.moveaxis(picture, 0, -1), 0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return np.round(255 * coded).astype(np.uint8)
