"""Colour of single pixels in a JPEG that keeps one colour for two or four of them.

Most JPEGs store brightness pixel by pixel, but colour (Cb and Cr, which are differences from brightness) once
for 2 x 2 pixels. Decoders spread it evenly, so that a lamp a pixel wide keeps its brightness and shares its
colour with the dark around it: sodium looks whiter. Here, once colour has been sharpened as `quantisation`
tells, it is shared in proportion to brightness, as if all light within a few pixels were of one colour:

    Cb of a pixel = Cb as decoded x brightness of the pixel / brightness averaged and spread as Cb was

All of them are taken above the dark ground of the picture, which has a colour of its own.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageStat, JpegImagePlugin

from pipeline.arrays import Floats
from pipeline.photo.quantisation import BLOCK, HALF, sharpened

# Pixels (down, across) that share a colour, by Pillow's code of the sampling; others are left as they are.
SHARED = {1: (1, 2), 2: (2, 2)}
# Of brightness, added to it before it is divided by: as much as it is uncertain by. Noise of dark ground at
# ISO 6400 is about 8 codes.
UNCERTAIN = 8.0
MIDDLE = 128.0  # of Cb and Cr: no colour
# To R, G, B from Y, Cb, Cr (JFIF).
RED_CR, GREEN_CB, GREEN_CR, BLUE_CB = 1.402, -0.344136, -0.714136, 1.772


@dataclass(frozen=True, eq=False)
class SharedColour:
    """How a JPEG stores colour: how many pixels (down, across) share one; the steps (8, 8) that waves of Cb
    and Cr are rounded to; Y, Cb and Cr of the dark ground, the median of the picture."""

    shared: tuple[int, int]
    steps: list[Floats]
    dark: tuple[float, ...]


def keep_colour_apart(image: Image.Image) -> tuple[int, int] | None:
    """Make an opened JPEG that shares colours among pixels load as Y, Cb, Cr; how many share one, if so."""
    shared = SHARED.get(JpegImagePlugin.get_sampling(image))
    if shared is None:
        return None
    image.draft("YCbCr", image.size)
    return shared if image.mode == "YCbCr" else None


def colour_steps(image: Image.Image) -> list[Floats]:
    """The steps (8, 8) that a loaded JPEG rounds the waves of its second and third channel to."""
    tables, channels = image.quantization, image.layer  # type: ignore[attr-defined]
    return [np.asarray(tables[table], np.float32).reshape(BLOCK, BLOCK) for *_, table in channels[1:3]]


def shared_colour(image: Image.Image, shared: tuple[int, int]) -> SharedColour:
    """Of a loaded Y, Cb, Cr picture whose pixels share colours."""
    return SharedColour(shared, colour_steps(image), tuple(ImageStat.Stat(image).median))


def coloured_rows(image: Image.Image, colour: SharedColour, rows: slice) -> NDArray[np.uint8]:
    """R, G, B codes (3, rows, width) of some rows of a loaded Y, Cb, Cr picture whose pixels share colours.
    The first row is the first of a block of colours.

    Blocks above and below take part, whose colours are spread into the rows, and a colour beyond each, which
    was spread into those.
    """
    shared, (down, _) = colour.shared, colour.shared
    blocks = _widened(rows, BLOCK * down, image.height)
    taken = _widened(blocks, down, image.height)
    strip = image.crop((0, taken.start, image.width, taken.stop))
    bright, *colours = (np.asarray(band, np.float32) for band in strip.split())
    own = slice((blocks.start - taken.start) // down, -(-(blocks.stop - taken.start) // down))
    mean = _averaged(bright, shared)[own]
    stored = [_as_stored(band, shared)[own] for band in colours]
    stored = sharpened(stored, mean, colour.steps)

    near = _widened(rows, down, image.height)
    own = slice((near.start - blocks.start) // down, -(-(near.stop - blocks.start) // down))
    wanted = np.s_[rows.start - near.start : rows.stop - near.start, : image.width]
    bright = bright[rows.start - taken.start : rows.stop - taken.start]
    dark, *dark_colours = (np.float32(code) for code in colour.dark)
    share = _certain(bright - dark)
    share /= _certain(_spread(mean[own], shared)[wanted] - dark)
    blue, red = (
        _above(_spread(band[own], shared)[wanted], code, share)
        for band, code in zip(stored, dark_colours, strict=True)
    )
    codes = np.empty((3, *bright.shape), np.uint8)
    for k, value in enumerate((RED_CR * red, GREEN_CB * blue + GREEN_CR * red, BLUE_CB * blue)):
        value += bright
        codes[k] = np.clip(np.rint(value, out=value), 0, 255, out=value)
    return codes


def _above(colour: Floats, dark: np.float32, share: Floats) -> Floats:
    """The colour of pixels that have a `share` of the light that has a colour, from no colour at all."""
    own = colour - dark
    own *= share
    own += dark - np.float32(MIDDLE)
    return own


def _certain(brightness: Floats) -> Floats:
    """In place."""
    np.maximum(brightness, 0, out=brightness)
    brightness += np.float32(UNCERTAIN)
    return brightness


def _widened(rows: slice, margin: int, height: int) -> slice:
    return slice(max(0, rows.start - margin), min(height, rows.stop + margin))


def _averaged(values: Floats, shared: tuple[int, int]) -> Floats:
    """Averaged over the pixels that share a colour; beyond an odd edge its last ones are repeated."""
    for axis, n in enumerate(shared):
        if n == 2:
            first, second = _pairs(values, axis)
            values = np.moveaxis((first + second) * HALF, 0, axis)
    return values


def _as_stored(values: Floats, shared: tuple[int, int]) -> Floats:
    """The colours that `_spread` gives these values of."""
    for axis, n in enumerate(shared):
        if n == 2:
            first, second = _pairs(values, axis)
            before, after = np.concatenate([first[:1], second[:-1]]), np.concatenate([first[1:], second[-1:]])
            own = first + second
            own *= 0.75
            before += after
            before *= 0.25
            own -= before
            values = np.moveaxis(own, 0, axis)
    return values


def _spread(values: Floats, shared: tuple[int, int]) -> Floats:
    """Brought back to all pixels as decoders do: from the two nearest, the nearer with three quarters."""
    for axis, n in enumerate(shared):
        if n == 2:
            own = np.moveaxis(values, axis, 0)
            most, rest = 0.75 * own, 0.25 * own
            back = np.empty(_at_axis(2 * len(own), values.shape, axis), np.float32)
            even, odd = np.moveaxis(back, axis, 0)[0::2], np.moveaxis(back, axis, 0)[1::2]
            np.add(most[1:], rest[:-1], out=even[1:])
            np.add(most[:-1], rest[1:], out=odd[:-1])
            even[0], odd[-1] = most[0] + rest[0], most[-1] + rest[-1]
            values = back
    return values


def _at_axis(length: int, shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """A shape with another length along an axis."""
    return tuple(length if k == axis else n for k, n in enumerate(shape))


def _pairs(values: Floats, axis: int) -> tuple[Floats, Floats]:
    """The first and the second of each two neighbours along an axis, which comes first."""
    own = np.moveaxis(values, axis, 0)
    even = np.concatenate([own, own[-1:]]) if len(own) % 2 else own
    return even[0::2], even[1::2]
