"""Patch displacements: how far each part of the photo lies from where the reference light expects it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, to_ecef
from pipeline.camera.terrain import Terrain, to_ground
from pipeline.georeference.adjust import Observations
from pipeline.georeference.reference import Image, render
from pipeline.georeference.settings import DrawingSettings, PatchSettings
from pipeline.georeference.sources import Sources
from pipeline.georeference.working_image import WorkingImage

# Correlations are limited to this range: no patch is infinitely sure, and none is worth nothing.
LEAST_CORRELATION, HIGHEST_CORRELATION = 0.05, 0.99


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
    top: NDArray[np.intp],
    left: NDArray[np.intp],
    size: int,
    drawing: DrawingSettings,
) -> Array:
    """How far the light of each patch may lie from where the sources are said to be, 1 sigma.

    A source counts by the square of its height in the compressed picture: that is the information
    on the place of a Gaussian of any width; errors of different sources are independent.
    """
    column, row = camera.project_ecef(sources.ecef_m)
    in_frame = np.flatnonzero(camera.inside(column, row))
    sources = sources[in_frame]
    pixel_km = camera.ground_sample_distance_m(sources.lon, sources.lat) / 1e3
    area_km2 = 2 * np.pi * (sources.radius_km**2 + (drawing.light_blur_px * pixel_km) ** 2)
    pull = np.nan_to_num(np.log1p(sources.light / area_km2 / drawing.knee) ** 2)
    spread = np.nan_to_num((pull * sources.sigma_km / pixel_km) ** 2)
    place = np.round(row[in_frame]).astype(np.intp), np.round(column[in_frame]).astype(np.intp)
    total, error = (
        _sums_in_windows(place, v, (camera.height, camera.width), top, left, size) for v in (pull, spread)
    )
    # A patch that is lit only from outside is as uncertain as the worst of the others.
    lit = total > 1e-6
    sigma = np.sqrt(np.maximum(error, 0)) / np.where(lit, total, 1)
    return np.where(lit, sigma, sigma.max(initial=0.0))


def _sums_in_windows(
    place: tuple[NDArray[np.intp], NDArray[np.intp]],
    values: Array,
    shape: tuple[int, int],
    top: NDArray[np.intp],
    left: NDArray[np.intp],
    size: int,
) -> Array:
    """Sums of point values (at row, column) over square windows, from one table of cumulative sums."""
    table = np.zeros((shape[0] + 1, shape[1] + 1))
    inside = (place[0] < shape[0]) & (place[1] < shape[1])
    np.add.at(table, (place[0][inside] + 1, place[1][inside] + 1), values[inside])
    table = table.cumsum(0).cumsum(1)
    low, right = top + size, left + size
    return np.asarray(table[low, right] - table[top, right] - table[low, left] + table[top, left])


def relative_sigma(correlation: Array) -> Array:
    """How the error of a correlation peak grows as the correlation falls, up to a common factor."""
    bounded = np.clip(correlation, LEAST_CORRELATION, HIGHEST_CORRELATION)
    return np.asarray(np.sqrt(1 - bounded**2) / bounded)


def displacements(
    lights: WorkingImage,
    reference: Image,
    top: NDArray[np.intp],
    left: NDArray[np.intp],
    size: int,
    reach: int,
    settings: PatchSettings,
) -> Displacements:
    """Find `size` x `size` px patches of the reference, given by their corners, again in the photo within
    `reach` px, by normalised cross-correlation and a parabola through its peak."""
    patches = _windows(reference, top, left, size)
    scenes = _windows(np.pad(lights.image, reach), top, left, size + 2 * reach)
    usable = _windows(np.pad(lights.valid.astype(np.float32), reach), top, left, size + 2 * reach)
    core = usable[:, reach : reach + size, reach : reach + size].mean(axis=(1, 2))
    worth = (patches.std(axis=(1, 2)) > settings.min_contrast) & (core > settings.min_usable_share)
    offset, correlation = np.zeros((len(top), 2)), np.full(len(top), -1.0)
    found = np.zeros(len(top), bool)
    if worth.any():
        score = _scores(patches[worth], scenes[worth], usable[worth], reach, settings.min_usable_share)
        offset[worth], correlation[worth], found[worth] = _peaks(score, reach)
    return Displacements(offset, correlation, found)


def _windows(image: Image, top: NDArray[np.intp], left: NDArray[np.intp], size: int) -> Image:
    """Square cut-outs (n, size, size) of an image."""
    view = np.lib.stride_tricks.sliding_window_view(image, (size, size))
    return np.asarray(view[top, left])


def _scores(patches: Image, scenes: Image, usable: Image, reach: int, min_usable_share: float) -> Array:
    """Normalised cross-correlation of each patch with its scene for shifts of -reach..reach, over the usable
    pixels only; -1 where too few of them are left."""
    size = patches.shape[1]
    shape = (fft.next_fast_len(scenes.shape[1]),) * 2

    def spectrum(a: Image) -> NDArray[np.complex64]:
        return np.asarray(fft.rfft2(a, s=shape, axes=(1, 2)))

    def correlated(a: NDArray[np.complex64], b: NDArray[np.complex64]) -> Array:
        shifts = fft.irfft2(a * np.conj(b), s=shape, axes=(1, 2))
        return np.asarray(shifts[:, : 2 * reach + 1, : 2 * reach + 1], float)

    scene, square, mask = spectrum(scenes * usable), spectrum(scenes**2 * usable), spectrum(usable)
    patch, patch_square = spectrum(patches), spectrum(patches**2)
    whole = spectrum(np.ones_like(patches[:1]))
    n = np.maximum(correlated(mask, whole), 1)
    scene_sum, patch_sum = correlated(scene, whole), correlated(mask, patch)
    covariance = correlated(scene, patch) - scene_sum * patch_sum / n
    scene_variance = correlated(square, whole) - scene_sum**2 / n
    patch_variance = correlated(mask, patch_square) - patch_sum**2 / n
    floor = 1e-4 * size**2
    score = covariance / np.sqrt(np.maximum(scene_variance, floor) * np.maximum(patch_variance, floor))
    return np.asarray(np.where(n >= min_usable_share * size**2, score, -1.0))


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
