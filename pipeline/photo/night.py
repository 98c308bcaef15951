"""Whether a picture can be a night photograph at all."""

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PhotoError
from pipeline.photo.photo import Photo
from pipeline.photo.strips import strips

# Median light of the brightest channel, white = 1. Night frames at hand: 0 to 0.016; daylight: 0.15 to 0.4.
DAYLIGHT_MEDIAN = 0.08
# Light of the brightest 0.01 % of the pixels; this is sRGB code 16 of 255. Night frames at hand: 1.
DARKEST_LIGHT = 0.005
MIN_LIGHT_SIGMAS = 6.0  # of noise, above the median; the 99.99th percentile of noise alone has about 4


def check_night(photo: Photo, name: str) -> None:
    """Raise PhotoError for daylight, and where nothing stands out of the noise."""
    brightest = _brightest(photo.light)
    if np.isnan(brightest).all():
        raise PhotoError(f"{name}: is all black; no light to measure")
    median, lights = (
        float(value) for value in np.nanpercentile(brightest, [50, 99.99], overwrite_input=True)
    )
    del brightest  # which is as large as the steps that tell the noise
    if median > DAYLIGHT_MEDIAN:
        raise PhotoError(
            f"{name}: is too bright for a night photograph: its median light is {median:.2f} of white, "
            f"at night below {DAYLIGHT_MEDIAN}; give a photo taken at night"
        )
    dark = max(median, 0.0) ** 0.5  # a raw file that overstates its black level is darker than black
    if lights < DARKEST_LIGHT or lights**0.5 < dark + MIN_LIGHT_SIGMAS * root_noise(photo):
        raise PhotoError(
            f"{name}: is all black: its brightest light is {lights:.4f} of white, not above the noise; "
            "give a photo that shows city lights"
        )


def _brightest(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of the three channels, pixel by pixel: a third of the time of `max` along so short an axis."""
    brightest = np.maximum(light[0], light[1])
    np.maximum(brightest, light[2], out=brightest)
    return np.asarray(brightest)


def root_noise(photo: Photo) -> float:
    """Sigma of the noise of the root of the brightest channel, which is about equal at all brightnesses.

    Neighbours share the scene: their differences are noise of sqrt(2) sigma, median 0.6745 of that.
    """
    height, width = photo.saturated.shape
    steps = np.empty((height, width - 1), np.float32)
    for rows in strips(height):
        root = np.sqrt(np.maximum(_brightest(photo.light[:, rows]), 0))
        np.abs(np.diff(root, axis=1), out=steps[rows])
    return float(np.nanmedian(steps, overwrite_input=True)) / (0.6745 * 2**0.5)
