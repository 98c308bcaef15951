"""Reference light: what a photo should show, drawn through a hypothesised camera.

Sources become Gaussians of light in the photo's own geometry, so that perspective, Earth curvature and
lens distortion are in the picture that the photo is compared with.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from pipeline.camera.camera import Camera
from pipeline.georeference.settings import DrawingSettings
from pipeline.georeference.sources import Sources

Image = NDArray[np.float32]
# Logarithms see villages; roots keep the shape of a megacity whose suburbs fill the frame.
Compression = Literal["log", "sqrt"]

# How finely Gaussians are drawn: lights whose widths differ by less than half an octave with one width, and
# those wider than some pixels on larger pixels.
SIZES_PER_OCTAVE = 2
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


def surface_brightness(camera: Camera, sources: Sources, blur_px: float) -> Image:
    """Expected light per km2 (height, width) of the sources through the camera, each blurred by `blur_px`."""
    column, row = camera.project_ecef(sources.ecef_m)
    # The widest city reaches a fifth of a frame; what is farther out is not drawn.
    chosen = np.flatnonzero(camera.inside(column, row, 0.2 * max(camera.width, camera.height)))
    pixel_km = camera.ground_sample_distance_m(sources.lon[chosen], sources.lat[chosen]) / 1e3
    chosen, pixel_km = chosen[np.isfinite(pixel_km)], pixel_km[np.isfinite(pixel_km)]  # not over the horizon
    sources, column, row = sources[chosen], column[chosen], row[chosen]
    sigma_px = np.hypot(sources.radius_km / pixel_km, blur_px)
    near = camera.inside(column, row, 3 * sigma_px)
    levels: dict[int, Image] = {}
    octave = np.full(len(sources), -1)
    octave[near] = np.round(SIZES_PER_OCTAVE * np.log2(sigma_px[near] / blur_px)).astype(int)
    for size in np.unique(octave[near]):
        alike = octave == size
        sigma = blur_px * 2 ** (size / SIZES_PER_OCTAVE)
        # A wide light is drawn on larger pixels: its sigma is 3 to 6 of them.
        shrink = 2 ** max(int(np.log2(sigma / WIDE_PX)), 0)
        pad = int(np.ceil(3 * sigma / shrink)) + 1
        height, width = -(-camera.height // shrink) + 2, -(-camera.width // shrink) + 2
        points = splat(
            (column[alike] + 0.5) / shrink + 0.5 + pad,
            (row[alike] + 0.5) / shrink + 0.5 + pad,
            sources.light[alike] / (shrink * pixel_km[alike]) ** 2,
            (height + 2 * pad, width + 2 * pad),
        )
        blurred = gaussian_filter(points, sigma / shrink, mode="constant", truncate=3.0)
        drawn = blurred[pad:-pad, pad:-pad]
        levels[shrink] = levels[shrink] + drawn if shrink in levels else drawn
    image = np.zeros((camera.height, camera.width), np.float32)
    for shrink, drawn in levels.items():
        large = zoom(drawn, shrink, order=1, mode="nearest", grid_mode=True) if shrink > 1 else drawn
        image += large[shrink : shrink + camera.height, shrink : shrink + camera.width]
    return image


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
