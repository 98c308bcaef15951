"""Ghosts of lens flare: pale images of a very bright light, thrown back between the lenses of the camera.

    x  light, saturated                 A ghost lies on the line from its light through the middle of the
       .                                frame, on the other side, nearer to the middle or farther out; it is
         + middle                       large, out of focus, and often of another colour than its light.
           ( ) ghost                    What lies under it stays dark between its lamps, but for the ghost.

Towns have lamps with darkness between them, or rise and fall from street to street; a ghost does neither: the
darker parts of the ground under it are lifted to one smooth level. Fog lit from below, moonlit land and
cloud may look the same, so nothing is taken for a ghost but where a light can have thrown it: one that is
compact, as the Moon or a floodlight is and the core of a city is not, and has light enough. Veils wider than
any ghost are left to the local background of the tone; a ghost of a light outside the frame is not found, nor
one in a crop, of which nobody knows where its lens was.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import (
    binary_closing,
    binary_dilation,
    binary_fill_holes,
    binary_opening,
    center_of_mass,
    grey_opening,
    label,
)
from scipy.spatial import ConvexHull

from pipeline.photo.photo import Photo
from pipeline.photo.strips import dark_where_invalid, in_blocks, strips

# Along the long side. A block's level is the lower quartile of its pixels, which leaves lamps out.
BLOCKS_ALONG, MIN_BLOCK_PX = 256, 4
SOURCE_SHARE = 1e-4  # of the frame, saturated in one piece
# Of the circle around a light that it fills: a disc 1, one that the frame's edge halves 0.7, lamps of a
# city that have run together 0.1 to 0.4.
MIN_SOURCE_ROUND = 0.5
# The light of a ghost over that of its source if that were just white. A coated lens throws back a thousandth
# at most, and the full Moon, exposed for streets, is a thousand times too bright.
MAX_LIGHT = 1.0
# The least distance of a light from the middle of the frame, in long sides: nearer, the line through both is
# too uncertain. And where on this line ghosts lie, in multiples of the light's own distance.
MIN_AWAY, MIN_ALONG, MAX_ALONG = 0.05, 0.3, 1.4
MAX_ASIDE = 0.03  # of the long side: the middle of the frame is not quite that of the lens
MIN_RISE = 0.01  # of white: fainter bumps are lost among those of the ground
MAX_WIDTH = 0.15  # of the long side; what is wider is a veil or a cloud
MAX_GHOST_CONTRAST = 0.3  # of the rise: median - 10th percentile of a block
# Of the rise: a block's level above that of the darkest around, which small towns leave dark.
MAX_ABOVE = 0.25
MIN_GHOST_BLOCKS, MIN_RADIUS = 9, 0.01  # the radius in long sides: a town's smooth middle is smaller
MIN_SMOOTH, MIN_ROUND = 0.6, 0.25  # shares of smooth blocks, and of the circle around it: lamps spoil both
SKIRT = 0.3  # of its radius, around what is above MIN_RISE

Blocks = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Light:
    """Where a light is, in pixels, how many of them it saturates, and the share of the circle around it that
    these fill."""

    row: float
    column: float
    size: int
    roundness: float


def without_flare(photo: Photo) -> tuple[Photo, int]:
    """The photo with ghosts invalid, and how many pixels they take."""
    hidden = ghosts(photo, bright_lights(photo))
    if not hidden.any():
        return photo, 0
    return photo.without(hidden), int(hidden.sum())


def bright_lights(photo: Photo, min_share: float = SOURCE_SHARE) -> tuple[Light, ...]:
    """Lights of which at least this share of the frame is saturated in one piece."""
    parts, count = label(photo.saturated, np.ones((3, 3)))
    sizes = np.zeros(count + 1, np.intp)
    for rows in strips(len(parts)):
        sizes += np.bincount(parts[rows].ravel(), minlength=count + 1)
    sizes[0] = 0  # what is not saturated
    return tuple(_light(parts == n) for n in np.flatnonzero(sizes >= max(1, min_share * parts.size)))


def _light(pixels: Mask) -> Light:
    """The light of these pixels; `center_of_mass` would take 16 bytes a pixel of the frame."""
    size = int(pixels.sum())
    down, across = pixels.sum(axis=1), pixels.sum(axis=0)
    row, column = (float(np.arange(len(n)) @ n / size) for n in (down, across))
    rows, columns = (slice(n.nonzero()[0][0], n.nonzero()[0][-1] + 1) for n in (down, across))
    own = pixels[rows, columns]
    return Light(row, column, size, roundness=min(1.0, size / (np.pi * _radius(own) ** 2)))


@dataclass(frozen=True, eq=False)
class _Bump:
    """A smooth and round elevation of a channel: its blocks, and the light it adds (blocks of white)."""

    blocks: Mask
    light: float


def ghosts(photo: Photo, lights: tuple[Light, ...]) -> Mask:
    """Pixels (height, width) that a ghost of one of these lights brightens, to whole blocks."""
    shape = photo.saturated.shape
    hidden = np.zeros(shape, bool)
    if not lights:
        return hidden
    block_px = max(MIN_BLOCK_PX, round(max(shape) / BLOCKS_ALONG))
    for channel in photo.light:
        for bump in _bumps(*_levels(channel, block_px), max(shape) / block_px):
            row, column = ((v + 0.5) * block_px for v in center_of_mass(bump.blocks))
            whole = np.zeros(shape, bool)
            block = np.ones((block_px, block_px), bool)
            whole[: len(bump.blocks) * block_px, : bump.blocks.shape[1] * block_px] = np.kron(
                bump.blocks, block
            )
            # The glow around a light is smooth and round as well, and no lesser light has thrown it.
            within = max((one.size for one in lights if whole[int(one.row), int(one.column)]), default=0)
            least = max(within + 1, bump.light * block_px**2 / MAX_LIGHT)
            if any(one.size >= least and _can_throw(one, row, column, shape) for one in lights):
                hidden |= whole
    return hidden


def _can_throw(light: Light, row: float, column: float, shape: tuple[int, ...]) -> bool:
    """Whether a light can throw ghosts, and one of them may be centred here."""
    if light.roundness < MIN_SOURCE_ROUND:
        return False
    long_side = max(shape)
    middle = (np.array(shape) - 1) / 2
    through = middle - (light.row, light.column)
    away = float(np.hypot(*through))
    if away < MIN_AWAY * long_side:
        return False
    down, right = np.array([row, column]) - middle
    along = (down * through[0] + right * through[1]) / away**2
    aside = abs(down * through[1] - right * through[0]) / away
    return bool(MIN_ALONG <= along <= MAX_ALONG and aside <= MAX_ASIDE * long_side)


def _levels(channel: NDArray[np.float32], block_px: int) -> tuple[Blocks, Blocks, Blocks]:
    """The 10th percentile, the lower quartile and the median of each whole block of a channel."""
    places = [round(q * (block_px**2 - 1)) for q in (0.1, 0.25, 0.5)]
    levels = []
    for rows in strips(len(channel) // block_px * block_px, block_px):
        pixels = np.sort(in_blocks(dark_where_invalid(channel[rows]), block_px), axis=-1)
        levels.append(pixels[..., places].astype(float))
    low, level, middle = np.moveaxis(np.concatenate(levels), -1, 0)
    return low, level, middle


def _bumps(low: Blocks, level: Blocks, middle: Blocks, long_side: float) -> list[_Bump]:
    """Smooth and round elevations of one channel, from the levels of its blocks; `long_side` in blocks."""
    ground = grey_opening(level, (3, 3), mode="nearest")
    window = 2 * round(MAX_WIDTH * long_side / 2) + 1
    rise = ground - grey_opening(level, (window, window), mode="nearest")
    contrast, above = _beyond_usual(middle - low), _beyond_usual(level - ground)
    smooth = (rise > MIN_RISE) & (contrast < MAX_GHOST_CONTRAST * rise) & (above < MAX_ABOVE * rise)
    parts, _ = label(smooth)
    sizes = np.bincount(parts.ravel())
    least = max(MIN_GHOST_BLOCKS, np.pi * (MIN_RADIUS * long_side) ** 2)
    bumps = []
    for number in np.flatnonzero(sizes >= least):
        whole = _filled(parts == number) if number > 0 else np.zeros(1, bool)
        radius = _radius(whole)
        round_ = whole.sum() / max(np.pi * radius**2, 1) >= MIN_ROUND
        if whole.sum() >= least and round_ and smooth[whole].mean() >= MIN_SMOOTH:
            around = binary_dilation(_convex(whole), iterations=max(1, round(SKIRT * radius)))
            bumps.append(_Bump(around, float(rise[whole].sum())))
    return bumps


def _beyond_usual(values: Blocks) -> Blocks:
    """What values have beyond their median, which is noise, in quadrature."""
    return np.asarray(np.sqrt(np.maximum(values**2 - np.median(values) ** 2, 0)))


def _filled(blocks: Mask) -> Mask:
    """The largest piece of a mask of blocks, without the holes that lamps make and without thin arms."""
    whole = binary_fill_holes(binary_closing(np.pad(blocks, 3), iterations=2))
    pieces, n = label(binary_opening(whole, iterations=2)[3:-3, 3:-3])
    return np.asarray(pieces == 1 + np.bincount(pieces.ravel())[1:].argmax()) if n else np.zeros_like(blocks)


def _radius(blocks: Mask) -> float:
    """From the middle of a mask of blocks to its farthest block, in blocks."""
    at = np.argwhere(blocks)
    return float(np.linalg.norm(at - at.mean(axis=0), axis=1).max() + 0.5) if len(at) else 0.0


def _convex(blocks: Mask) -> Mask:
    """A mask of blocks with all that lies between them: its convex hull."""
    faces = ConvexHull(np.argwhere(blocks)).equations
    places = np.indices(blocks.shape).reshape(2, -1)
    return np.asarray((faces[:, :2] @ places + faces[:, 2:] < 1e-9).all(axis=0).reshape(blocks.shape))
