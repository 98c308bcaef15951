"""Lens flare: what a light much brighter than any lamp does to a picture, and one outside the frame.

Pictures are linear (3, height, width), as `render.imaged` gives them.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.camera.earth import Array

GHOST_EDGE = 0.15  # of a ghost's radius, over which its edge is blurred


@dataclass(frozen=True)
class Ghost:
    """An image of a light mirrored through the middle of the frame.

    `scale` is its distance from the middle over the light's, `aside_px` how far it lies off the line through
    both; `rgb` is its brightness, of white. A `soft` one falls off from its middle, like a bell.
    """

    scale: float
    radius_px: float
    rgb: tuple[float, float, float]
    aside_px: float = 0.0
    soft: bool = False


def with_light(picture: Array, row: float, column: float, radius_px: float) -> Array:
    """The picture with a saturated disc, such as the Moon or a floodlight, and the glow around it."""
    away = _away(picture, row, column)
    glow = np.where(away < radius_px, 3.0, 0.3 * (radius_px / np.maximum(away, 1)) ** 3)
    return np.asarray(picture + glow)


def with_ghost(picture: Array, row: float, column: float, ghost: Ghost) -> Array:
    """The picture with a ghost of a light at this place, which is not added."""
    at_row, at_column = ghost_place(picture, row, column, ghost)
    away = _away(picture, at_row, at_column) / ghost.radius_px
    shape = np.exp(-0.5 * (away / 0.6) ** 2) if ghost.soft else np.clip((1 - away) / GHOST_EDGE + 0.5, 0, 1)
    return np.asarray(picture + np.reshape(ghost.rgb, (3, 1, 1)) * shape)


def ghost_place(picture: Array, row: float, column: float, ghost: Ghost) -> tuple[float, float]:
    """Row and column of a ghost's middle."""
    middle = (np.array(picture.shape[1:]) - 1) / 2
    through = middle - (row, column)
    aside = np.array([-through[1], through[0]]) / np.hypot(*through)
    at_row, at_column = middle + ghost.scale * through + ghost.aside_px * aside
    return float(at_row), float(at_column)


def with_veil(picture: Array, towards_deg: float, rgb: tuple[float, float, float]) -> Array:
    """The picture under the veil of a light outside the frame: `rgb` of white at the edge it stands behind,
    and a third of that half a long side farther in. `towards_deg` is its direction, 0 to the right."""
    _, height, width = picture.shape
    long_side = max(height, width)
    x = (np.arange(width) - (width - 1) / 2) / long_side
    y = ((np.arange(height) - (height - 1) / 2) / long_side)[:, None]
    towards = x * np.cos(np.radians(towards_deg)) + y * np.sin(np.radians(towards_deg))
    fall = np.exp((towards - towards.max()) / 0.45)
    return np.asarray(picture + np.reshape(rgb, (3, 1, 1)) * fall)


def _away(picture: Array, row: float, column: float) -> Array:
    """Distance of each pixel from a place."""
    rows, columns = np.ogrid[: picture.shape[1], : picture.shape[2]]
    return np.asarray(np.hypot(rows - row, columns - column))
