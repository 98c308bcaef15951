"""Whether a picture can be a night photograph: by the Sun where the time is known, else by its light."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.camera.earth import KM_PER_DEGREE
from pipeline.camera.sun import sun_elevation_deg
from pipeline.errors import PhotoError
from pipeline.models import Facts, LonLat, LookAt
from pipeline.photo.photo import Photo
from pipeline.photo.strips import strips

# Median light of the brightest channel, white = 1. Night frames at hand: 0 to 0.016; daylight: 0.15 to 0.4.
DAYLIGHT_MEDIAN = 0.08
# Light of the brightest 0.01 % of the pixels; this is sRGB code 16 of 255. Night frames at hand: 1.
DARKEST_LIGHT = 0.005
# Degrees above the horizon. Above the one it is day; below the other, the end of civil twilight, the sky
# gives 3 lux, less than lamps give a street. Between them the brightness of the picture tells.
DAY_DEG, NIGHT_DEG = 0.0, -6.0
MIN_LIGHT_SIGMAS = 6.0  # of noise, above the median; the 99.99th percentile of noise alone has about 4


@dataclass(frozen=True)
class Sun:
    """How high the Sun stood (degrees) where it was lowest and highest of the ground that may be seen."""

    lowest_deg: float
    highest_deg: float


def sun_over(known: Facts, seen: LookAt) -> Sun | None:
    """The Sun over the ground a photo may show, and over its nadir; None where its time is not known."""
    if known.taken_at is None:
        return None
    places: list[LonLat] = [seen, *([known.nadir] if known.nadir else [])]
    height_deg = [float(sun_elevation_deg(known.taken_at, place.lon, place.lat)) for place in places]
    around_deg = seen.radius_km / KM_PER_DEGREE  # by so much it may stand higher or lower there
    return Sun(min(height_deg) - around_deg, max(height_deg) + around_deg)


def check_night(photo: Photo, name: str, sun: Sun | None = None) -> None:
    """Raise PhotoError for daylight, and where nothing stands out of the noise.

    A frame that a bright city fills is as bright as a day: brightness counts only where the Sun, by a time
    that is not known or at twilight, tells nothing.
    """
    if sun is not None and sun.lowest_deg > DAY_DEG:
        raise PhotoError(
            f"{name}: was taken by day: the Sun stood {sun.lowest_deg:.0f} degrees or more above the horizon "
            "at taken_at, where it looks; correct taken_at, nadir or look_at, or give a photo taken at night"
        )
    brightest = _brightest(photo.light)
    if np.isnan(brightest).all():
        raise PhotoError(f"{name}: is all black; no light to measure")
    median, lights = (
        float(value) for value in np.nanpercentile(brightest, [50, 99.99], overwrite_input=True)
    )
    del brightest  # which is as large as the steps that tell the noise
    if median > DAYLIGHT_MEDIAN:
        if sun is not None and sun.highest_deg < NIGHT_DEG:
            return  # a city: its streets differ by more than any noise, so nothing below could tell
        raise PhotoError(
            f"{name}: is too bright for a night photograph: its median light is {median:.2f} of white, "
            f"at night below {DAYLIGHT_MEDIAN}; give a photo taken at night, or taken_at if a bright city "
            "fills this one"
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
