"""Patch displacements: how far each part of the photo lies from where the reference light expects it."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, to_ecef
from pipeline.georeference.adjust import Observations
from pipeline.georeference.reference import Image

MIN_CORRELATION = 0.3
MIN_VALID_SHARE = 0.6
MIN_CONTRAST = 0.05


def displacements(
    image: Image, valid: NDArray[np.bool_], reference: Image, camera: Camera, size: int, reach: int
) -> Observations:
    """Where the photo shows what the reference expects, on a lattice of patches half a patch apart.

    Each `size` x `size` px patch of the reference is found again in the photo within `reach` px by
    normalised cross-correlation, to a fraction of a pixel by a parabola through the peak.
    """
    top, left = _lattice(image.shape, size)
    patches = _windows(reference, top, left, size)
    scenes = _windows(np.pad(image, reach), top, left, size + 2 * reach)
    usable = _windows(np.pad(valid.astype(np.float32), reach), top, left, size + 2 * reach)
    contrast = patches.std(axis=(1, 2))
    core = usable[:, reach:-reach, reach:-reach].mean(axis=(1, 2))
    keep = (contrast > MIN_CONTRAST) & (core > MIN_VALID_SHARE)
    top, left, patches, scenes, usable = (v[keep] for v in (top, left, patches, scenes, usable))
    score = _scores(patches, scenes * usable, usable, reach)
    peak = score.reshape(len(score), -1).argmax(axis=1)
    row, column = np.unravel_index(peak, score.shape[1:])
    best = score.reshape(len(score), -1).max(axis=1, initial=-1.0)
    inside = (row > 0) & (row < 2 * reach) & (column > 0) & (column < 2 * reach)
    good = inside & (best > MIN_CORRELATION)
    n, row, column, best = np.flatnonzero(good), row[good], column[good], best[good]
    d_row = row - reach + _vertex(score[n, row - 1, column], best, score[n, row + 1, column])
    d_column = column - reach + _vertex(score[n, row, column - 1], best, score[n, row, column + 1])
    middle = np.stack([left[n] + (size - 1) / 2, top[n] + (size - 1) / 2], -1)
    lon, lat = camera.to_ground(middle[:, 0], middle[:, 1])
    ground = np.isfinite(lon)
    return Observations(
        ground_m=to_ecef(lon, lat)[ground],
        pixel=(middle + np.stack([d_column, d_row], -1))[ground],
        sigma=(np.sqrt(1 - np.clip(best, 0, 0.99) ** 2) / best)[ground],
        window_px=np.full(ground.sum(), float(reach)),
        known=np.zeros(ground.sum(), bool),
    )


def _lattice(shape: tuple[int, ...], size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Top and left edges of patches that lie half a patch apart and reach every edge of the image."""
    edges = [np.linspace(0, n - size, max(2 * (n - size) // size + 1, 1)).round().astype(np.intp) for n in shape]
    top, left = np.meshgrid(*edges, indexing="ij")
    return top.ravel(), left.ravel()


def _windows(image: Image, top: NDArray[np.intp], left: NDArray[np.intp], size: int) -> Image:
    """Square cut-outs (n, size, size) of an image."""
    view = np.lib.stride_tricks.sliding_window_view(image, (size, size))
    return np.asarray(view[top, left])


def _scores(patches: Image, scenes: Image, usable: Image, reach: int) -> Image:
    """Normalised cross-correlation of each patch with its scene for shifts of -reach..reach, over the usable
    pixels only; -1 where too few of them are left."""
    size = patches.shape[1]
    shape = (fft.next_fast_len(scenes.shape[1]),) * 2
    ones = np.ones_like(patches[:1])

    def spectrum(a: Image) -> NDArray[np.complex64]:
        return np.asarray(fft.rfft2(a, s=shape, axes=(1, 2), workers=2))

    def correlated(a: NDArray[np.complex64], b: NDArray[np.complex64]) -> Array:
        shifts = fft.irfft2(a * np.conj(b), s=shape, axes=(1, 2), workers=2)
        return np.asarray(shifts[:, : 2 * reach + 1, : 2 * reach + 1], float)

    scene, mask, square = spectrum(scenes), spectrum(usable), spectrum(scenes**2)
    patch, patch_square, one = spectrum(patches), spectrum(patches**2), spectrum(ones)
    n = np.maximum(correlated(mask, one), 1)
    scene_sum, patch_sum = correlated(scene, one), correlated(mask, patch)
    covariance = correlated(scene, patch) - scene_sum * patch_sum / n
    scene_variance = correlated(square, one) - scene_sum**2 / n
    patch_variance = correlated(mask, patch_square) - patch_sum**2 / n
    floor = 1e-4 * size**2
    score = covariance / np.sqrt(np.maximum(scene_variance, floor) * np.maximum(patch_variance, floor))
    return np.asarray(np.where(n >= MIN_VALID_SHARE * size**2, score, -1.0))


def _vertex(before: Array, peak: Array, after: Array) -> Array:
    """Offset of a parabola's vertex from its middle sample, within half a sample."""
    curvature = before - 2 * peak + after
    with np.errstate(divide="ignore", invalid="ignore"):
        offset = np.where(curvature < 0, (before - after) / (2 * curvature), 0.0)
    return np.clip(offset, -0.5, 0.5)
