"""From the ratios of one camera to those of another, by lamps and mixtures of them seen through both.

Two cameras see the same sodium lamp differently though both agree on daylight. Where photographs of two
cameras are compared, one is transformed first, so that the camera's change is not taken for the lighting's.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from pipeline.arrays import Floats
from pipeline.camera.earth import Array
from pipeline.models import CameraRow
from pipeline.tone.lamps import LAMP_FAMILIES, MIN_B_G
from pipeline.tone.responses import Response, ab_ratios, carried_response, spectra

MIXED_SHARES = (0.25, 0.5, 0.75)  # of light, of two lamps in one cell


@dataclass(frozen=True, eq=False)
class CameraTransform:
    """Affine in log2(G/R) and log2(B/G), from camera `source` to camera `target`.

    `both` (2, 3) and `green_red_alone` (2,) are coefficients, the constant first; `rms` (2,) and `rms_alone`
    are how far lamps lie from what these give: an error of the result, in log2, that more cells do not make
    smaller.
    """

    source: str
    target: str
    both: Array
    green_red_alone: Array
    rms: Array
    rms_alone: float

    def apply(self, log2_g_r: ArrayLike, log2_b_g: ArrayLike) -> tuple[Array, Array]:
        """The ratios as the target sees them; where log2(B/G) is NaN, from log2(G/R) alone."""
        t, c = np.broadcast_arrays(np.asarray(log2_g_r, float), np.asarray(log2_b_g, float))
        green_red, blue_green = (k[0] + k[1] * t + k[2] * c for k in self.both)
        alone = self.green_red_alone[0] + self.green_red_alone[1] * t
        return np.where(np.isfinite(c), green_red, alone), np.asarray(blue_green)


def camera_transform(source: Response, target: Response) -> CameraTransform:
    """The least-squares transform over all lamps of the families and mixtures of any two of them."""
    light = _lamps_and_mixtures()
    given, wanted = _log_ratios(source, light), _log_ratios(target, light)
    design = np.column_stack([np.ones(len(given)), given])
    both, alone = (
        np.asarray(np.linalg.lstsq(x, wanted, rcond=None)[0], float) for x in (design, design[:, :2])
    )
    rms = np.sqrt(((wanted - design @ both) ** 2).mean(axis=0))
    rms_alone = float(np.sqrt(((wanted - design[:, :2] @ alone)[:, 0] ** 2).mean()))
    return CameraTransform(source.name, target.name, both.T, alone[:, 0], rms, rms_alone)


def between_cameras(source: str, camera: CameraRow, target: str, other: CameraRow) -> CameraTransform:
    """The transform between cameras known by their colour matrices."""
    return camera_transform(
        carried_response(source, camera.xyz_to_camera), carried_response(target, other.xyz_to_camera)
    )


def seen_by_target(light: Floats, tone: Floats, transform: CameraTransform) -> tuple[Floats, Floats]:
    """Tiles of light.tif (red, green, and blue if it is read) and tone.tif (both ratios) as the target sees
    them: where lit, red and blue are to green what its ratios say. Other cells stay as they are; they have no
    tone."""
    light, tone = light.copy(), tone.copy()
    green_red, blue_green = transform.apply(tone[0], tone[1])
    light[0] *= np.where(np.isfinite(tone[0]), np.exp2(tone[0] - green_red), 1)
    light[2:] *= np.where(np.isfinite(tone[1]), np.exp2(blue_green - tone[1]), 1)
    tone[0], tone[1] = green_red, blue_green
    return light, tone


def _lamps_and_mixtures() -> Array:
    """Spectra (n, 81) of lamps of equal power, and of two such lamps in MIXED_SHARES."""
    lamps = spectra(tuple(lamp for family in LAMP_FAMILIES for lamp in family.lamps))
    lamps = lamps / lamps.sum(axis=1, keepdims=True)
    mixed = [k * a + (1 - k) * b for a, b in combinations(lamps, 2) for k in MIXED_SHARES]
    return np.concatenate([lamps, mixed])


def _log_ratios(response: Response, light: Array) -> Array:
    ratios = ab_ratios(response, light)
    ratios[:, 1] = np.maximum(ratios[:, 1], MIN_B_G)
    return np.asarray(np.log2(ratios))
