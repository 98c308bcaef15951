"""Patch displacements: how far each part of the photo lies from where the reference light expects it."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, to_ecef
from pipeline.camera.terrain import Terrain, to_ground
from pipeline.georeference.adjust import Observations
from pipeline.georeference.reference import Image, near_frame, render
from pipeline.georeference.settings import DrawingSettings, PatchSettings
from pipeline.georeference.sources import Sources
from pipeline.georeference.working_image import WorkingImage

# Correlations are limited to this range: no patch is infinitely sure, and none is worth nothing.
LEAST_CORRELATION, HIGHEST_CORRELATION = 0.05, 0.99

BATCH = 64  # patches worked on at a time: 3 MB of scenes and spectra each, which the processor's cache holds

Index = NDArray[np.intp]
Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True, eq=False)
class Displacements:
    """For n patches: (n, 2) offsets of the photo from the reference (column, row; px), the correlation
    there, and whether the peak is a true maximum inside the reach."""

    offset_px: Array
    correlation: Array
    found: NDArray[np.bool_]


def lattice_observations(
    lights: WorkingImage,
    sources: Sources,
    terrain: Terrain,
    camera: Camera,
    size: int,
    reach: int,
    settings: PatchSettings,
    drawing: DrawingSettings,
) -> Observations:
    """Where the photo shows what the reference expects, on a lattice of patches half a patch apart.

    `camera` is for the size of `lights`; so are the pixels of the observations.
    """
    sources = near_frame(camera, sources)
    lights, reference = lights.on_ground(camera), render(camera, sources, drawing)
    edges = [
        np.linspace(0, n - size, max(2 * (n - size) // size + 1, 1)).round().astype(np.intp)
        for n in reference.shape
    ]
    top, left = (v.ravel() for v in np.meshgrid(*edges, indexing="ij"))
    measured = displacements(lights, reference, top, left, size, reach, settings)
    middle = np.stack([left, top], -1) + (size - 1) / 2
    lon, lat, height_m = to_ground(camera, middle[:, 0], middle[:, 1], terrain)
    good = measured.found & (measured.correlation > settings.min_patch_correlation) & np.isfinite(lon)
    matching_px = settings.matching_px * relative_sigma(measured.correlation)
    placed_px = placement_sigma_px(camera, sources, top, left, size, drawing)
    return Observations(
        ground_m=to_ecef(lon[good], lat[good], height_m[good]),
        pixel=(middle + measured.offset_px)[good],
        sigma=np.hypot(matching_px, placed_px)[good],
        window_px=np.full(good.sum(), float(reach)),
        known=np.zeros(good.sum(), bool),
    )


def placement_sigma_px(
    camera: Camera,
    sources: Sources,
    top: Index,
    left: Index,
    size: int,
    drawing: DrawingSettings,
) -> Array:
    """How far the light of each patch may lie from where the sources are said to be, 1 sigma.

    A source counts by the square of its height in the compressed picture: that is the information
    on the place of a Gaussian of any width; errors of different sources are independent.
    """
    sources, place, pull, pixel_km = _pulls(camera, sources, drawing)
    spread = np.nan_to_num((pull * sources.sigma_km / pixel_km) ** 2)
    total, error = (
        _sums_in_windows(place, v, (camera.height, camera.width), top, left, size) for v in (pull, spread)
    )
    # A patch that is lit only from outside is as uncertain as the worst of the others.
    lit = total > 1e-6
    sigma = np.sqrt(np.maximum(error, 0)) / np.where(lit, total, 1)
    return np.where(lit, sigma, sigma.max(initial=0.0))


@dataclass(frozen=True, eq=False)
class PatchLight:
    """What n patches share: they are `side_px` wide (px of the photo), and the places of their light may be
    off by `shared_m` (n,; 1 sigma) together with others of their origin."""

    side_px: float
    shared_m: Array


def patch_light(
    camera: Camera, sources: Sources, pixel: Array, size: int, factor: float, drawing: DrawingSettings
) -> PatchLight:
    """The light of patches around pixels (n, 2) of the photo, `size` px wide in the picture that is the photo
    resampled by `factor`. A place counts as in `placement_sigma_px`."""
    small = camera.scaled(factor)
    sources, place, pull, _ = _pulls(small, near_frame(small, sources), drawing)
    corner = np.round((pixel + 0.5) * factor - size / 2).astype(np.intp)
    left, top = np.clip(corner, 0, np.array([small.width, small.height]) - size).T
    total, shared = (
        _sums_in_windows(place, values, (small.height, small.width), top, left, size)
        for values in (pull, pull * sources.shared_km)
    )
    # A patch that is lit only from outside is as all are.
    lit, of_all = total > 1e-6, float(pull @ sources.shared_km) / max(float(pull.sum()), 1e-6)
    return PatchLight(size / factor, 1e3 * np.where(lit, shared / np.where(lit, total, 1), of_all))


def _pulls(
    camera: Camera, sources: Sources, drawing: DrawingSettings
) -> tuple[Sources, tuple[Index, Index], Array, Array]:
    """The sources in frame, their rows and columns, how strongly each holds a patch in place, and the size of
    a pixel there (km)."""
    column, row = camera.project_ecef(sources.ecef_m)
    in_frame = np.flatnonzero(camera.inside(column, row))
    sources = sources[in_frame]
    pixel_km = camera.ground_sample_distance_m(sources.lon, sources.lat) / 1e3
    area_km2 = 2 * np.pi * (sources.radius_km**2 + (drawing.light_blur_px * pixel_km) ** 2)
    pull = np.nan_to_num(np.log1p(sources.light / area_km2 / drawing.knee) ** 2)
    place = np.round(row[in_frame]).astype(np.intp), np.round(column[in_frame]).astype(np.intp)
    return sources, place, pull, pixel_km


def _sums_in_windows(
    place: tuple[Index, Index],
    values: Array,
    shape: tuple[int, int],
    top: Index,
    left: Index,
    size: int,
) -> Array:
    """Sums of point values (at row, column) over square windows, from one table of cumulative sums."""
    image = np.zeros(shape)
    inside = (place[0] < shape[0]) & (place[1] < shape[1])
    np.add.at(image, (place[0][inside], place[1][inside]), values[inside])
    return _box_sums(image, size)[top, left]


def _box_sums(image: NDArray[np.floating], size: int) -> Array:
    """Sums over squares of `size` px, at their upper left corners, from one running sum over all rows and one
    over all columns, each in one piece, in half the time of sums that begin anew in each."""
    for _ in range(2):
        height, width = image.shape
        running = np.zeros(image.size + 1)
        np.cumsum(image, out=running[1:])
        sums = np.empty(image.size)
        np.subtract(running[size:], running[:-size], out=sums[: image.size - size + 1])
        image = sums.reshape(height, width)[:, : width - size + 1].T
    return np.asarray(image)


def relative_sigma(correlation: Array) -> Array:
    """How the error of a correlation peak grows as the correlation falls, up to a common factor."""
    bounded = np.clip(correlation, LEAST_CORRELATION, HIGHEST_CORRELATION)
    return np.asarray(np.sqrt(1 - bounded**2) / bounded)


def displacements(
    lights: WorkingImage,
    reference: Image,
    top: Index,
    left: Index,
    size: int,
    reach: int,
    settings: PatchSettings,
) -> Displacements:
    """Find `size` x `size` px patches of the reference, given by their corners, again in the photo within
    `reach` px, by normalised cross-correlation and a parabola through its peak."""
    offset, correlation = np.zeros((len(top), 2)), np.full(len(top), -1.0)
    found = np.zeros(len(top), bool)
    scene = _Scene(lights, size, reach)
    for k in range(0, len(top), BATCH):
        part = slice(k, k + BATCH)
        patches = _windows(reference, top[part], left[part], size)
        share = scene.usable_share(top[part], left[part])
        worth = (patches.std(axis=(1, 2)) > settings.min_contrast) & (share > settings.min_usable_share)
        if worth.any():
            chosen = k + np.flatnonzero(worth)
            score = scene.scores(patches[worth], top[chosen], left[chosen], settings.min_usable_share)
            offset[chosen], correlation[chosen], found[chosen] = _peaks(score, reach)
    return Displacements(offset, correlation, found)


def _windows(image: NDArray[Value], top: Index, left: Index, size: int) -> NDArray[Value]:
    """Square cut-outs (n, size, size) of an image."""
    view = np.lib.stride_tricks.sliding_window_view(image, (size, size))
    return np.asarray(view[top, left])


class _Scene:
    """A photo in which patches of `size` px are looked for within `reach` px; beyond its edge nothing is
    usable.

    Sums over windows come from running sums over the whole photo, and of a patch whose scene is usable all
    over only the product has to be correlated: three Fourier transforms, not eleven, half of the time of all.
    """

    def __init__(self, lights: WorkingImage, size: int, reach: int) -> None:
        self.size, self.reach = size, reach
        usable = np.pad(lights.valid.astype(np.float32), reach)
        self.usable, self.light = usable, np.pad(lights.image, reach) * usable
        self._count, self._sum, self._squares = (
            _box_sums(values, size) for values in (usable, self.light, np.square(self.light, dtype=float))
        )

    def usable_share(self, top: Index, left: Index) -> Array:
        """Of each patch where the reference has it (n,)."""
        return np.asarray(self._count[top + self.reach, left + self.reach] / self.size**2)

    def scores(self, patches: Image, top: Index, left: Index, min_usable_share: float) -> Array:
        """Normalised cross-correlation of each patch with its scene for shifts of -reach..reach, over the
        usable pixels only; -1 where too few of them are left."""
        score = np.empty((len(patches), 2 * self.reach + 1, 2 * self.reach + 1))
        count = self._shifts(self._count, top, left)
        whole = (count == self.size**2).all(axis=(1, 2))
        for chosen, scores_of in ((whole, self._usable_all_over), (~whole, self._usable_in_part)):
            if chosen.any():
                score[chosen] = scores_of(patches[chosen], top[chosen], left[chosen])
        return np.where(count >= min_usable_share * self.size**2, score, -1.0)

    def _usable_all_over(self, patches: Image, top: Index, left: Index) -> Array:
        scenes = _windows(self.light, top, left, self.size + 2 * self.reach)
        patches = patches - patches.mean(axis=(1, 2), keepdims=True)
        covariance = self._correlated(self._spectrum(scenes), self._spectrum(patches))
        total, squares = (self._shifts(sums, top, left) for sums in (self._sum, self._squares))
        patch_variance = (patches**2).sum(axis=(1, 2), keepdims=True)
        return self._normalised(covariance, squares - total**2 / self.size**2, patch_variance)

    def _usable_in_part(self, patches: Image, top: Index, left: Index) -> Array:
        scenes, usable = (
            _windows(v, top, left, self.size + 2 * self.reach) for v in (self.light, self.usable)
        )
        mask, patch = self._spectrum(usable), self._spectrum(patches)
        n, total, squares = (
            self._shifts(sums, top, left) for sums in (self._count, self._sum, self._squares)
        )
        n = np.maximum(n, 1)
        patch_sum = self._correlated(mask, patch)
        covariance = self._correlated(self._spectrum(scenes), patch) - total * patch_sum / n
        patch_variance = self._correlated(mask, self._spectrum(patches**2)) - patch_sum**2 / n
        return self._normalised(covariance, squares - total**2 / n, patch_variance)

    def _normalised(self, covariance: Array, scene_variance: Array, patch_variance: Array) -> Array:
        floor = 1e-4 * self.size**2
        spread = np.sqrt(np.maximum(scene_variance, floor) * np.maximum(patch_variance, floor))
        return np.asarray(covariance / spread)

    def _shifts(self, box_sums: Array, top: Index, left: Index) -> Array:
        """Sums under each patch at each shift (n, shifts, shifts)."""
        return _windows(box_sums, top, left, 2 * self.reach + 1)

    def _spectrum(self, images: Image) -> NDArray[np.complex64]:
        side = fft.next_fast_len(self.size + 2 * self.reach, real=True)
        rows = fft.rfft(images, side, axis=2)
        return np.asarray(fft.fft(rows, side, axis=1, overwrite_x=True))

    def _correlated(self, scene: NDArray[np.complex64], patch: NDArray[np.complex64]) -> Array:
        """For each shift; rows beyond the reach are left out as soon as they can be."""
        side, shifts = scene.shape[1], 2 * self.reach + 1
        rows = fft.ifft(scene * np.conj(patch), axis=1, overwrite_x=True)[:, :shifts]
        return np.asarray(fft.irfft(rows, side, axis=2, overwrite_x=True)[:, :, :shifts], float)


def _peaks(score: Array, reach: int) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Offset (column, row), height and validity of the highest point of each correlation surface."""
    flat = score.reshape(len(score), -1)
    row, column = np.unravel_index(flat.argmax(axis=1), score.shape[1:])
    best = flat.max(axis=1)
    inside = (row > 0) & (row < 2 * reach) & (column > 0) & (column < 2 * reach)
    n, r, c = np.arange(len(score)), np.clip(row, 1, 2 * reach - 1), np.clip(column, 1, 2 * reach - 1)
    d_row = _vertex(score[n, r - 1, c], score[n, r, c], score[n, r + 1, c])
    d_column = _vertex(score[n, r, c - 1], score[n, r, c], score[n, r, c + 1])
    return np.stack([column - reach + d_column, row - reach + d_row], -1), best, inside


def _vertex(before: Array, peak: Array, after: Array) -> Array:
    """Offset of a parabola's vertex from its middle sample, within half a sample."""
    curvature = before - 2 * peak + after
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = np.where(curvature < 0, (before - after) / (2 * curvature), 0.0)
    return np.clip(offset, -0.5, 0.5)
