"""Colour of single pixels in a JPEG that keeps one colour for two or four of them.

Most JPEGs store brightness pixel by pixel, but colour (Cb and Cr, which are differences from brightness) once
for 2 x 2 pixels. Decoders spread it evenly, so that a lamp a pixel wide keeps its brightness and shares its
colour with the dark around it: sodium looks whiter. Here the colour is shared in proportion to brightness,
as if all light within a few pixels were of one colour:

    Cb of a pixel = Cb as decoded x brightness of the pixel / brightness averaged and spread as Cb was
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

Floats = NDArray[np.float32]
# Pixels (down, across) that share a colour, by Pillow's code of the sampling; others are left as they are.
SHARED = {1: (1, 2), 2: (2, 2)}
CODE = 1.0  # beside which a brightness of no code at all is not divided by
MIDDLE = 128.0  # of Cb and Cr: no colour
MARGIN_ROWS = 2  # the neighbouring pixels that share a colour, from which the spread brightness is mixed
# To R, G, B from Y, Cb, Cr (JFIF).
RED_CR, GREEN_CB, GREEN_CR, BLUE_CB = 1.402, -0.344136, -0.714136, 1.772


def keep_colour_apart(image: Image.Image) -> tuple[int, int] | None:
    """Make an opened JPEG that shares colours among pixels load as Y, Cb, Cr; how many share one, if so."""
    shared = SHARED.get(JpegImagePlugin.get_sampling(image))
    if shared is None:
        return None
    image.draft("YCbCr", image.size)
    return shared if image.mode == "YCbCr" else None


def coloured(image: Image.Image, shared: tuple[int, int]) -> Image.Image:
    """The R, G, B picture of a loaded Y, Cb, Cr one whose pixels share colours."""
    bright, blue, red = (np.asarray(band, np.float32) for band in image.split())
    share = (bright + np.float32(CODE)) / (_spread_as_colour(bright, shared) + np.float32(CODE))
    blue, red = (blue - np.float32(MIDDLE)) * share, (red - np.float32(MIDDLE)) * share
    rgb = np.empty((*bright.shape, 3), np.uint8)
    for k, value in enumerate((RED_CR * red, GREEN_CB * blue + GREEN_CR * red, BLUE_CB * blue)):
        rgb[..., k] = np.clip(np.rint(bright + value), 0, 255)
    return Image.fromarray(rgb)


def coloured_rows(image: Image.Image, shared: tuple[int, int], rows: slice) -> Image.Image:
    """The same for some rows, of which the first is an even one."""
    first, last = max(0, rows.start - MARGIN_ROWS), min(image.height, rows.stop + MARGIN_ROWS)
    strip = coloured(image.crop((0, first, image.width, last)), shared)
    return strip.crop((0, rows.start - first, image.width, rows.stop - first))


def _spread_as_colour(bright: Floats, shared: tuple[int, int]) -> Floats:
    """Averaged over the pixels that share a colour and brought back to all of them, as decoders do: from the
    two nearest averages, the nearer with three quarters."""
    for axis, n in enumerate(shared):
        if n == 1:
            continue
        values = np.moveaxis(bright, axis, 0)
        length = len(values)
        even = np.concatenate([values, values[-1:]]) if length % 2 else values
        mean = (even[0::2] + even[1::2]) / 2
        before, after = np.concatenate([mean[:1], mean[:-1]]), np.concatenate([mean[1:], mean[-1:]])
        back = np.empty_like(even)
        back[0::2], back[1::2] = 0.75 * mean + 0.25 * before, 0.75 * mean + 0.25 * after
        bright = np.moveaxis(back[:length], 0, axis)
    return bright
