"""Reference light: what a photo should show, drawn through a hypothesised camera.

Sources become Gaussians of light in the photo's own geometry, so that perspective, Earth curvature and
lens distortion are in the picture that the photo is compared with.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array
from pipeline.georeference.settings import DrawingSettings
from pipeline.georeference.sources import Sources

Image = NDArray[np.float32]
# Logarithms see villages; roots keep the shape of a megacity whose suburbs fill the frame.
Compression = Literal["log", "sqrt"]

# How finely Gaussians are drawn: lights whose widths differ by less than half an octave with one width, and
# those wider than some pixels on larger pixels.
SIZES_PER_OCTAVE = 2
REACH_OF_LIGHT = 0.2  # of the long side of a frame, outside it
WIDE_PX = 3.0  # sigma on the larger pixels, at least: straight lines between them then err by 1 %


def render(
    camera: Camera, sources: Sources, settings: DrawingSettings, compression: Compression = "log"
) -> Image:
    """Expected surface brightness (height, width) of the sources through the camera, compressed.

    Sources are gathered by blur size (half octaves), so the cost hardly depends on their number.
    """
    return compressed(
        surface_brightness(camera, sources, settings.light_blur_px) / settings.knee, compression
    )


def compressed(light: Image, compression: Compression) -> Image:
    """Light in units of the faintest that counts, so that villages count beside cities."""
    return np.asarray(np.log1p(light) if compression == "log" else np.sqrt(light))


def near_frame(camera: Camera, sources: Sources) -> Sources:
    """The sources that may shine into the frame: the widest city reaches a fifth of a frame."""
    place = camera.project_ecef(sources.ecef_m)
    return sources[np.flatnonzero(camera.inside(*place, REACH_OF_LIGHT * max(camera.width, camera.height)))]


def surface_brightness(camera: Camera, sources: Sources, blur_px: float) -> Image:
    """Expected light per km2 (height, width) of the sources through the camera, each blurred by `blur_px`."""
    sources = near_frame(camera, sources)
    pixel_km = camera.ground_sample_distance_m(sources.lon, sources.lat) / 1e3
    seen = np.flatnonzero(np.isfinite(pixel_km))  # not over the horizon
    sources, pixel_km = sources[seen], pixel_km[seen]
    column, row = camera.project_ecef(sources.ecef_m)
    sigma_px = np.hypot(sources.radius_km / pixel_km, blur_px)
    near = camera.inside(column, row, 3 * sigma_px)
    octave = np.full(len(sources), -1)
    octave[near] = np.round(SIZES_PER_OCTAVE * np.log2(sigma_px[near] / blur_px)).astype(int)
    levels: dict[int, Image] = {}
    for size in np.unique(octave[near]):
        alike = octave == size
        sigma = blur_px * 2 ** (size / SIZES_PER_OCTAVE)
        # A wide light is drawn on larger pixels: its sigma is 3 to 6 of them.
        shrink = 2 ** max(int(np.log2(sigma / WIDE_PX)), 0)
        drawn = gaussians(
            (column[alike] + 0.5) / shrink + 0.5,
            (row[alike] + 0.5) / shrink + 0.5,
            sources.light[alike] / (shrink * pixel_km[alike]) ** 2,
            sigma / shrink,
            (-(-camera.height // shrink) + 2, -(-camera.width // shrink) + 2),
        )
        levels[shrink] = levels[shrink] + drawn if shrink in levels else drawn
    image = np.zeros((camera.height, camera.width), np.float32)
    for shrink, drawn in levels.items():
        large = zoom(drawn, shrink, order=1, mode="nearest", grid_mode=True) if shrink > 1 else drawn
        image += large[shrink : shrink + camera.height, shrink : shrink + camera.width]
    return image


def gaussians(column: Array, row: Array, weight: Array, sigma: float, shape: tuple[int, int]) -> Image:
    """Points as bilinear weights, blurred, on an image of `shape` (height, width); up to 3 sigma outside it
    they shine into it."""
    reach = int(3 * sigma + 0.5)
    if len(weight) * (2 * reach + 2) ** 2 > shape[0] * shape[1]:
        pad = reach + 1
        points = splat(column + pad, row + pad, weight, (shape[0] + 2 * pad, shape[1] + 2 * pad))
        blurred = gaussian_filter(points, sigma, mode="constant", truncate=3.0)
        return np.asarray(blurred[pad:-pad, pad:-pad])
    # One by one, as a product of two profiles: a few thousand cities take a third of the time of a filter
    # over the whole image.
    x, across = _profiles(column, sigma, reach, shape[1])
    y, down = _profiles(row, sigma, reach, shape[0])
    down *= weight[:, None]
    place = y[:, :, None] * shape[1] + x[:, None, :]
    light = np.bincount(place.ravel(), (down[:, :, None] * across[:, None, :]).ravel(), shape[0] * shape[1])
    return light.reshape(shape).astype(np.float32)


def _profiles(at: Array, sigma: float, reach: int, length: int) -> tuple[NDArray[np.intp], Array]:
    """Pixels (n, 2 reach + 2) of a row of so many that a point's blurred light falls on, and its shares
    there; none outside the row."""
    step = np.arange(-reach, reach + 1)
    kernel = np.exp(-0.5 * (step / sigma) ** 2)
    kernel = np.pad(kernel / kernel.sum(), 1)
    first = np.floor(at).astype(np.intp)
    right = (at - first)[:, None]
    share = (1 - right) * kernel[1:] + right * kernel[:-1]
    pixel = first[:, None] + np.arange(-reach, reach + 2)
    inside = (pixel >= 0) & (pixel < length)
    return np.where(inside, pixel, 0), np.where(inside, share, 0.0)


def splat(
    column: NDArray[np.float64], row: NDArray[np.float64], weight: NDArray[np.float64], shape: tuple[int, int]
) -> Image:
    """Points as bilinear weights on an image of `shape` (height, width); points outside are dropped."""
    height, width = shape
    left, top = np.floor(column).astype(int), np.floor(row).astype(int)
    right_share, lower_share = column - left, row - top
    image = np.zeros(height * width)
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        share = np.where(dx, right_share, 1 - right_share) * np.where(dy, lower_share, 1 - lower_share)
        x, y = left + dx, top + dy
        good = (x >= 0) & (x < width) & (y >= 0) & (y < height)
        image += np.bincount((y * width + x)[good], (weight * share)[good], height * width)
    return image.reshape(shape).astype(np.float32)
