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
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import affine_transform, gaussian_filter, map_coordinates
from scipy.spatial.transform import Rotation

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import Array, to_ecef
from pipeline.camera.prior import Prior
from pipeline.georeference.hypotheses import Hypothesis
from pipeline.georeference.reference import Image, render
from pipeline.georeference.settings import DrawingSettings, SearchSettings
from pipeline.georeference.sources import Sources
from pipeline.georeference.working_image import WorkingImage
from pipeline.models import LonLat

Spectrum = NDArray[np.complex64]
# Share of the long side: a picture whose principal point is less off its middle is searched as it is.
OFF_AXIS = 0.02
MAX_CANVASES = 2  # kept at a time; 130 MB each at the widest common one


@dataclass(frozen=True, eq=False)
class Hit:
    """A shift (column, row; px) and roll of the photo on a canvas, and how well the light expected there
    correlates with it."""

    canvas: Camera
    shift_px: tuple[float, float]
    roll_deg: float
    correlation: float

    def camera(self, width: int, height: int) -> Camera:
        """The camera of a photo of this size at search size."""
        return _pointed(self.canvas, self.shift_px, self.roll_deg, width, height)


@dataclass(frozen=True, eq=False)
class Pin:
    """A place on the ground and the pixel of the photo (column, row) that shows it."""

    place: LonLat
    pixel: Array

    def hypothesis(self, prior: Prior, position_ecef_m: Array, pin_reach: float) -> Hypothesis:
        """Look at the place; the photo's centre is as far from it as the pixel is from the centre, to a share
        `pin_reach` of the long side."""
        centre = np.array([prior.width - 1, prior.height - 1]) / 2
        away_px = float(np.hypot(*(self.pixel - centre)))
        return Hypothesis(position_ecef_m, self.place, away_px + pin_reach * max(prior.width, prior.height))


class Template:
    """A photo's light at search size, turned by every roll: made once for all positions, aims and mirrors.

    Only rolls below 180 degrees are drawn: the others are the same pictures upside down, whose correlation
    comes from the same spectra.
    """

    def __init__(self, view: WorkingImage, settings: SearchSettings) -> None:
        self.view = view
        self.settings = settings
        self.rolls_deg: list[float] = np.arange(0.0, 180.0, settings.roll_step_deg).tolist()
        self._turned: dict[int, list[_Turned]] = {}
        self._lock = Lock()

    def turned(self, side: int) -> "list[_Turned]":
        """The spectra at each of `rolls_deg` on a canvas of `side` x `side` pixels."""
        with self._lock:
            if side not in self._turned:
                image = gaussian_filter(self.view.image, self.settings.search_blur_px)
                if len(self._turned) == MAX_CANVASES:
                    self._turned.clear()
                self._turned[side] = [_turned(image, self.view.valid, roll, side) for roll in self.rolls_deg]
            return self._turned[side]


def straightened(view: WorkingImage, prior: Prior) -> WorkingImage:
    """A crop at search size as a lens behind its own middle would show it: so the search takes all pictures.

    From far off the axis of a wide lens the ground looks stretched, which no shift and roll can match.
    """
    height, width = view.image.shape
    principal = tuple((float(place) + 0.5) * view.factor - 0.5 for place in prior.principal_point_px)
    middle = (width - 1) / 2, (height - 1) / 2
    if np.hypot(*np.subtract(principal, middle)) < OFF_AXIS * max(width, height):
        return view
    straight = Camera(np.zeros(3), np.eye(3), prior.focal_px * view.factor, middle, width, height)
    seen = straight.seen_off_axis((principal[0], principal[1]))
    rows, columns = np.indices(view.image.shape)
    column, row = seen.project_ecef(straight.rays(columns, rows))
    image, valid = (
        map_coordinates(pixels, [row, column], order=1, cval=0.0)
        for pixels in (view.image, view.valid.astype(np.float32))
    )
    return replace(view, image=image, valid=valid > 0.5)


def search(
    template: Template,
    prior: Prior,
    hypothesis: Hypothesis,
    sources: Sources,
    drawing: DrawingSettings,
    pin: Pin | None = None,
) -> list[Hit]:
    """Views from one position, best first, whose reference light resembles the photo at search size; with a
    `pin`, only those that show its place near its pixel."""
    view, settings = template.view, template.settings
    height, width = view.image.shape
    radius_px = hypothesis.reach_px * view.factor
    side = fft.next_fast_len(int(np.hypot(height, width) + 2 * radius_px) + 2)
    centre = (side - 1) / 2
    position = hypothesis.position_ecef_m
    target_m = to_ecef(hypothesis.aim.lon, hypothesis.aim.lat)
    canvas = Camera(
        position_ecef_m=position,
        rotation_ecef_to_camera=look_at_rotation(position, target_m, 0.0),
        focal_px=prior.focal_px * view.factor,
        principal_point_px=(centre, centre),
        width=side,
        height=side,
    )
    reference = gaussian_filter(render(canvas, sources, drawing, view.compression), settings.search_blur_px)
    if not reference.any():
        return []
    reference -= reference.mean()
    spectra = _Spectra(fft.rfft2(reference), fft.rfft2(reference**2))
    # Only so much of the canvas is searched.
    half = int(np.ceil(radius_px)) + 1
    place = np.arange(max(int(centre) - half, 0), min(int(centre) + half + 2, side))
    row, column = np.meshgrid(place - centre, place - centre, indexing="ij")
    allowed = np.hypot(row, column) <= radius_px
    hits = []
    for half_deg, turned in zip(template.rolls_deg, template.turned(side), strict=True):
        both = _correlate(spectra, turned, place)
        for roll_deg, correlation in zip((half_deg, half_deg + 180), both, strict=True):
            if pin is not None:
                down, right = -_turn(roll_deg).T @ _from_centre(pin, view)
                allowed = np.hypot(row - down, column - right) <= settings.pin_reach * max(height, width)
            score = np.where(allowed, correlation, np.float32(-1))
            for i, j in highest_peaks(score, settings.peaks_per_roll, settings.peak_distance_px):
                hits.append(Hit(canvas, (column[i, j], row[i, j]), roll_deg, float(score[i, j])))
    return sorted(hits, key=lambda hit: -hit.correlation)


def highest_peaks(score: Image, count: int, distance_px: int) -> list[tuple[int, int]]:
    """Row and column of the highest `count` values that are above -1 and each the largest of the square
    around it, `distance_px` (even) wide."""
    half = distance_px // 2
    around = np.pad(score, (half, half - 1), constant_values=-1)
    for _ in range(2):
        around = _running_maximum(around, distance_px).T
    peaks = np.flatnonzero((score == around) & (score > -1))
    highest = peaks[np.argsort(-score.ravel()[peaks], kind="stable")[:count]]
    return [divmod(int(place), score.shape[1]) for place in highest]


def _running_maximum(values: Image, width: int) -> Image:
    """The largest of each `width` rows in a sequence, from maxima of twice as many rows again and again:
    less than half of the time of scipy's filter."""
    done = 1
    while 2 * done <= width:
        values, done = np.maximum(values[:-done], values[done:]), 2 * done
    rest = width - done
    return np.maximum(values[:-rest], values[rest:]) if rest else values


def _from_centre(pin: Pin, view: WorkingImage) -> Array:
    """Where the pin's pixel lies from the centre of the picture at search size (row, column)."""
    middle = (np.array(view.image.shape) - 1) / 2
    return np.asarray((pin.pixel[::-1] + 0.5) * view.factor - 0.5 - middle)


def _turn(roll_deg: float) -> Array:
    """Canvas (row, column) to photo: the photo's axes are the level axes turned by the roll."""
    angle = np.radians(roll_deg)
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


@dataclass(frozen=True, eq=False)
class _Spectra:
    """Of the reference light and of its squares."""

    light: Spectrum
    squares: Spectrum


@dataclass(frozen=True, eq=False)
class _Turned:
    """Spectra of the photo's light and of its usable pixels, turned into a level canvas; `even` says whether
    these pixels are the same upside down."""

    light: Spectrum
    mask: Spectrum
    count: float
    power: float
    side: int
    even: bool


def _turned(image: Image, valid: NDArray[np.bool_], roll_deg: float, side: int) -> _Turned:
    turn = _turn(roll_deg)
    middle = np.array([(n - 1) / 2 for n in image.shape])
    offset = middle - turn @ np.full(2, (side - 1) / 2)
    mask = affine_transform(valid.astype(np.float32), turn, offset, (side, side), order=1)
    mask = np.where(mask > 0.5, np.float32(1), np.float32(0))
    light = affine_transform(image, turn, offset, (side, side), order=1) * mask
    count = max(float(mask.sum()), 1.0)
    light = (light - light.sum() / count * mask).astype(np.float32)
    even = np.array_equal(mask, mask[::-1, ::-1])
    return _Turned(fft.rfft2(light), fft.rfft2(mask), count, float((light**2).sum()), side, even)


def _correlate(spectra: _Spectra, photo: _Turned, place: NDArray[np.intp]) -> tuple[Image, Image]:
    """Normalised cross-correlation where the photo's centre is at each (row, column) of `place` x `place`: of
    the photo as it was turned, and upside down."""
    side = photo.side
    # FFT shift zero means "template where it was drawn", at the centre.
    shift = (place - (side - 1) // 2) % side
    # Upside down about the canvas's centre, n -> side - 1 - n: the spectrum is conjugate, and a step further.
    upright, upended = shift, (shift - 1) % side
    product = _inverse(spectra.light * np.conj(photo.light), upright, side)
    variance = _variance(spectra, np.conj(photo.mask), upright, photo)
    product_upended = _inverse(spectra.light * photo.light, upended, side)
    variance_upended = variance if photo.even else _variance(spectra, photo.mask, upended, photo)
    return (
        np.asarray(product / np.sqrt(variance), np.float32),
        np.asarray(product_upended / np.sqrt(variance_upended), np.float32),
    )


def _variance(spectra: _Spectra, mask: Spectrum, shift: NDArray[np.intp], photo: _Turned) -> Image:
    """Of the reference under the usable pixels, times that of the photo."""
    total, squares = (_inverse(s * mask, shift, photo.side) for s in (spectra.light, spectra.squares))
    count, power = np.float32(photo.count), np.float32(max(photo.power, 1e-12))
    return np.asarray(np.maximum(squares - total**2 / count, np.float32(1e-6) * count) * power, np.float32)


def _inverse(spectrum: Spectrum, shift: NDArray[np.intp], side: int) -> Image:
    """The inverse transform at these rows and columns; other rows are left out as soon as they can be."""
    rows = fft.ifft(spectrum, axis=0, overwrite_x=True)[shift]
    return np.asarray(fft.irfft(rows, side, axis=1, overwrite_x=True)[:, shift])


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
