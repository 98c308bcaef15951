"""Hot pixels: samples of the sensor that are bright in the dark, which pass for small coloured lamps.

A hot sample lifts one channel of one pixel and nothing around it. A lamp's image is spread by the lens over
more than a sample and so lifts a second channel, or a neighbour. What lifts one channel only and is smaller
than a sample, a pure red signal lamp through a perfect lens, would be taken for a hot pixel.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, rank_filter

from pipeline.arrays import Floats
from pipeline.errors import PhotoError
from pipeline.photo.photo import Photo

# Of a hot pixel's own height: what a neighbour or another channel may rise, noise included.
MAX_SHARE_OF_HEIGHT = 0.1
HOT_PIXEL_MARGIN_SIGMAS = 3.0  # of noise, by which a rise may be misjudged
MIN_FRAMES_TO_TELL = 3  # fewer do not show the scene move
MIN_SHARE_OF_FRAMES = 0.8  # in which it rises: a bright scene behind it hides a hot pixel now and then
MIN_RISE_SIGMAS = 5.0  # of noise, in each of several frames; by noise alone 1 pixel in 3 million is

NEIGHBOURS = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)


def isolated(photo: Photo) -> NDArray[np.bool_]:
    """Hot pixels (height, width) that one frame gives away: about 50 times the noise or more."""
    own, beside, sigma = _rises(photo)
    margin = HOT_PIXEL_MARGIN_SIGMAS * sigma
    alone = beside + margin < MAX_SHARE_OF_HEIGHT * own
    return np.asarray((alone & (_in_others(own + margin) < MAX_SHARE_OF_HEIGHT * own)).any(axis=0))


def without_hot_pixels(photo: Photo) -> tuple[Photo, int]:
    """The photo with isolated hot pixels invalid, and their number."""
    hot = isolated(photo)
    return photo.without(hot), int(hot.sum())


def persistent(frames: Iterable[Photo]) -> NDArray[np.bool_]:
    """Hot pixels (height, width) of a sensor: bright in most frames, while the scene moves through them.

    Finds those of 5 times the noise and more. A scene that stands still would lose its lamps. Raises
    PhotoError for fewer than three frames.
    """
    times_bright, given = np.zeros(0, np.uint16), 0
    for given, photo in enumerate(frames, start=1):
        own, _, sigma = _rises(photo)
        if given == 1:
            times_bright = np.zeros(own.shape, np.uint16)
        elif times_bright.shape != own.shape:
            raise PhotoError(
                f"hot pixels: frame {given} is {own.shape[1:]} pixels, others {times_bright.shape[1:]}"
            )
        times_bright += own > MIN_RISE_SIGMAS * sigma
    if given < MIN_FRAMES_TO_TELL:
        raise PhotoError(
            f"hot pixels: {given} frames do not tell them from lamps; give {MIN_FRAMES_TO_TELL} or more"
        )
    return np.asarray((times_bright >= MIN_SHARE_OF_FRAMES * given).any(axis=0))


def _rises(photo: Photo) -> tuple[Floats, Floats, Floats]:
    """How far each pixel and its highest neighbour rise above its surroundings, both (3, height, width), and
    the noise (3, 1, 1). Invalid pixels do not rise, and count as dark for their neighbours."""
    light = np.where(photo.valid, photo.light, np.float32(0))
    step = np.nanmedian(np.abs(np.diff(photo.light, axis=2)), axis=(1, 2), keepdims=True)
    sigma = (step / (0.6745 * 2**0.5)).astype(np.float32)
    own, beside = np.empty_like(light), np.empty_like(light)
    for channel, values in enumerate(light):
        around = rank_filter(
            values, rank=3, footprint=NEIGHBOURS, mode="nearest"
        )  # the lower median of eight
        own[channel] = values - around
        beside[channel] = maximum_filter(values, footprint=NEIGHBOURS, mode="constant", cval=0.0) - around
    return own, beside, sigma


def _in_others(rise: Floats) -> Floats:
    """The highest rise of the two other channels, for each channel."""
    red, green, blue = rise
    return np.stack([np.maximum(green, blue), np.maximum(red, blue), np.maximum(red, green)])
