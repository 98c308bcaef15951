"""Search: the photo as a template slid over the reference light, for every roll.

The position is roughly known, so a wrong pointing shifts the picture and an unknown roll turns it:
the reference is drawn once for a level camera on a canvas wide enough for every shift, and the turned
photo is correlated with it by FFT.

    +--------------- canvas ---------------+
    |            +---------+               |      every shift of the photo's centre within the
    |            |  photo  |-> shift       |      look-at radius, every 4 degrees of roll
    |            +---------+               |
    +--------------------------------------+
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import affine_transform, gaussian_filter, maximum_filter
from scipy.spatial.transform import Rotation

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import Array, to_ecef
from pipeline.camera.prior import Prior
from pipeline.georeference.cities import Cities
from pipeline.georeference.reference import Image, render

ROLL_STEP_DEG = 4.0
BLUR_PX = 1.0
PEAKS_PER_ROLL = 2
PEAK_DISTANCE_PX = 8
MAX_REACH = 3.0  # frames


@dataclass(frozen=True)
class Candidate:
    """A camera and how well the light it expects correlates with the photo."""

    camera: Camera
    correlation: float


def search(
    image: Image, valid: NDArray[np.bool_], prior: Prior, position_ecef_m: Array, cities: Cities
) -> list[Candidate]:
    """Cameras at one position, best first, whose reference light resembles the photo.

    `image` (height, width) is the log-compressed photo at search size, `valid` its usable pixels; the
    candidates' cameras are for that size.
    """
    height, width = image.shape
    factor = max(width, height) / max(prior.width, prior.height)
    focal_px = prior.focal_px * factor
    radius_px = factor * min(prior.look_at_radius_px(position_ecef_m), farthest_px(prior))
    side = fft.next_fast_len(int(np.hypot(height, width) + 2 * radius_px) + 2)
    centre = (side - 1) / 2
    target_m = to_ecef(prior.look_at.lon, prior.look_at.lat)
    canvas = Camera(
        position_ecef_m=position_ecef_m,
        rotation_ecef_to_camera=look_at_rotation(position_ecef_m, target_m, 0.0),
        focal_px=focal_px,
        principal_point_px=(centre, centre),
        width=side,
        height=side,
    )
    reference = gaussian_filter(render(canvas, cities), BLUR_PX)
    template = gaussian_filter(image, BLUR_PX)
    reference -= reference.mean()
    spectra = fft.rfft2(reference), fft.rfft2(reference**2)
    row, column = np.indices((side, side)) - centre
    allowed = np.hypot(row, column) <= radius_px
    found = []
    for roll_deg in np.arange(0.0, 360.0, ROLL_STEP_DEG):
        score = _correlate(spectra, *_turned(template, valid, roll_deg, side))
        score[~allowed] = -1.0
        peaks = (score == maximum_filter(score, PEAK_DISTANCE_PX)) & allowed
        rows, columns = np.nonzero(peaks)
        for k in np.argsort(-score[rows, columns])[:PEAKS_PER_ROLL]:
            shift = (columns[k] - centre, rows[k] - centre)
            found.append(
                Candidate(_pointed(canvas, shift, roll_deg, width, height), float(score[rows[k], columns[k]]))
            )
    return sorted(found, key=lambda c: -c.correlation)


def farthest_px(prior: Prior) -> float:
    """How far from the look-at point a photo's centre is sought at most, in pixels of the photo; beyond it
    the canvas would cost more than another look-at point."""
    return MAX_REACH * max(prior.width, prior.height)


def _turned(image: Image, valid: NDArray[np.bool_], roll_deg: float, side: int) -> tuple[Image, Image]:
    """The photo turned into the level canvas, centred, and the weight of its pixels there."""
    angle = np.radians(roll_deg)
    # Canvas (row, column) to photo: the photo's axes are the level axes turned by the roll.
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    middle = np.array([(n - 1) / 2 for n in image.shape])
    offset = middle - turn @ np.full(2, (side - 1) / 2)
    mask = affine_transform(valid.astype(np.float32), turn, offset, (side, side), order=1)
    mask = np.where(mask > 0.5, np.float32(1), np.float32(0))
    light = affine_transform(image, turn, offset, (side, side), order=1) * mask
    mean = light.sum() / mask.sum()
    return (light - mean * mask).astype(np.float32), mask


def _correlate(
    spectra: tuple[NDArray[np.complex64], NDArray[np.complex64]], light: Image, mask: Image
) -> Image:
    """Normalised cross-correlation for every position of the template's centre on the canvas."""
    side = light.shape[0]
    light_spectrum, mask_spectrum = np.conj(fft.rfft2(light)), np.conj(fft.rfft2(mask))
    count = mask.sum()
    product, total, squares = (
        fft.irfft2(a * b, s=light.shape)
        for a, b in ((spectra[0], light_spectrum), (spectra[0], mask_spectrum), (spectra[1], mask_spectrum))
    )
    variance = np.clip(squares - total**2 / count, 1e-6 * count, None) * (light**2).sum()
    score = np.nan_to_num(product / np.sqrt(variance))
    # FFT shift zero means "template where it was drawn", at the centre.
    return np.asarray(np.roll(score, ((side - 1) // 2, (side - 1) // 2), (0, 1)), np.float32)


def _pointed(
    canvas: Camera, shift_px: tuple[float, float], roll_deg: float, width: int, height: int
) -> Camera:
    """The camera of a photo whose centre falls `shift_px` (column, row) from the canvas's centre."""
    x, y = shift_px[0] / canvas.focal_px, shift_px[1] / canvas.focal_px
    tilt = np.hypot(x, y)
    axis = np.array([-y, x, 0.0]) / max(tilt, 1e-12)
    towards = Rotation.from_rotvec(-axis * np.arctan(tilt)).as_matrix()
    roll = Rotation.from_euler("z", roll_deg, degrees=True).as_matrix()
    return replace(
        canvas,
        rotation_ecef_to_camera=roll @ towards @ canvas.rotation_ecef_to_camera,
        principal_point_px=((width - 1) / 2, (height - 1) / 2),
        width=width,
        height=height,
    )
