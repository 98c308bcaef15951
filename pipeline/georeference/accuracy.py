"""How good a fitted camera is, told from its own observations: covariance and cross-validation.

Light is wrong together: what neighbours, regions and coordinates of one origin share is in the covariance
(`shared_errors`). Whole blocks of the frame are left out together, to see what the rest predicts there, and
whether they disagree by more than that.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.camera.camera import Camera
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import Array, distance_km, to_geodetic
from pipeline.camera.footprint import MAX_ZENITH_DEG
from pipeline.camera.uncertainty import ground_sigma_m
from pipeline.georeference.adjust import Adjustment, Observations, inverse, jacobian, weights
from pipeline.georeference.patches import PatchLight
from pipeline.georeference.settings import AccuracySettings
from pipeline.georeference.shared_errors import doubt, with_shared_errors

PITCH_AND_YAW = [0, 1]


@dataclass(frozen=True)
class Errors:
    """Count, RMSE, circular error of 90 % and largest error, in pixels and metres; None without any."""

    n: int
    rmse_px: float | None = None
    ce90_px: float | None = None
    max_px: float | None = None
    rmse_m: float | None = None
    ce90_m: float | None = None
    max_m: float | None = None

    @classmethod
    def of(cls, away_px: Array, away_m: Array) -> "Errors":
        """The figures of n errors, both (n,); of fewer than two only their count."""
        if len(away_px) < 2:
            return cls(len(away_px))

        def figures(v: Array) -> tuple[float, float, float]:
            return float(np.sqrt((v**2).mean())), float(np.quantile(v, 0.9)), float(v.max())

        return cls(len(away_px), *figures(away_px), *figures(away_m))


@dataclass(frozen=True, eq=False)
class Accuracy:
    """The covariance of PARAMETERS, and errors of patches and manual points predicted without themselves
    (`leave_one_out`) and without their whole block of the frame (`spatial_block`).

    `sigma_m` is the stated 1 sigma of a place, east and north, in the middle of all over the frame (infinite
    where it shows no ground); `shift_m` is how far (east, north) the ground would move if the shift were
    followed that coordinates of one origin seem to have. The covariance, and so the sigma, holds it.
    """

    covariance: Array
    sigma_m: float
    shift_m: Array
    leave_one_out: Errors
    spatial_block: Errors

    @property
    def shift_stands_out(self) -> bool:
        """Whether that shift is larger than the sigma that all else would leave."""
        squared = float((self.shift_m**2).sum())
        return squared > self.sigma_m**2 - squared / 2


def assess(
    fit: Adjustment, seen: Observations, light: PatchLight, settings: AccuracySettings, overlap: int
) -> Accuracy:
    """Accuracy of `fit`, which was adjusted to `seen`; `overlap` patches counted as one observation. `light`
    is what they share."""
    camera = fit.camera
    by_parameter = jacobian(camera, seen)
    weight = weights(seen, fit.scale, fit.belongs, overlap)
    each = np.einsum("nip,n,niq->npq", by_parameter, weight, by_parameter)
    gradient = np.einsum("nip,n,ni->np", by_parameter, weight, fit.residual_px)
    normal = inverse(fit.covariance)
    block = blocks_of(seen.pixel, (camera.width, camera.height), settings.blocks)
    groups = [np.flatnonzero(block == k) for k in np.unique(block)]
    steps = np.array([-inverse(normal - each[g].sum(0)) @ gradient[g].sum(0) for g in groups])
    shared = with_shared_errors(fit, seen, weight, light, settings)
    covariance = shared.covariance
    if not seen.known.all():  # what a hand can do is known, and not estimated from residuals
        disagreement = _jackknife_ratio(camera, covariance, steps / (1 - doubt(fit, seen)))
        covariance = covariance * (disagreement if disagreement > settings.blocks_disagree else 1.0)
    systematic_px = settings.systematic_share * max(camera.width, camera.height)
    covariance[PITCH_AND_YAW, PITCH_AND_YAW] += (systematic_px / camera.focal_px) ** 2

    sigma_m = _sigma_over_frame_m(camera, covariance)
    true = fit.belongs > settings.min_belongs
    single = np.einsum("nip,pq,nq->ni", by_parameter, fit.covariance, gradient)
    without_itself = fit.residual_px + single
    without_block = fit.residual_px.copy()
    for group, step in zip(groups, steps, strict=True):
        without_block[group] -= np.einsum("nip,p->ni", by_parameter[group], step)
    return Accuracy(
        covariance,
        float(np.nanmedian(sigma_m)) if np.isfinite(sigma_m).any() else float("inf"),
        shared.shift_m,
        _errors(camera, seen, without_itself, true),
        _errors(camera, seen, without_block, true),
    )


def blocks_of(pixel: Array, size: tuple[int, int], blocks: tuple[int, int]) -> NDArray[np.intp]:
    """The number of the block (n,), row by row, in which each pixel (n, 2) of a frame of `size` lies: so many
    `blocks` across and down."""
    place = (pixel + 0.5) / size * np.array(blocks)
    column, row = np.clip(place, 0, np.array(blocks) - 1).astype(np.intp).T
    return np.asarray(row * blocks[0] + column)


def _jackknife_ratio(camera: Camera, covariance: Array, steps: Array) -> float:
    """Ground variance by the spread of fits without one block each, relative to the covariance's own: the
    median over the frame. It sees errors that neighbouring patches share beyond their overlap."""
    if len(steps) < 2:
        return 1.0
    by_blocks = (len(steps) - 1) / len(steps) * steps.T @ steps
    ours, theirs = (_sigma_over_frame_m(camera, c) for c in (covariance, by_blocks))
    ratio = (theirs / ours) ** 2
    return float(np.nanmedian(ratio)) if np.isfinite(ratio).any() else 1.0


def _sigma_over_frame_m(camera: Camera, covariance: Array) -> Array:
    """1 sigma (m) of places at a lattice of pixels, NaN where there is sky."""
    column, row = np.meshgrid(np.linspace(0, camera.width - 1, 5), np.linspace(0, camera.height - 1, 5))
    return ground_sigma_m(camera, PARAMETERS, covariance, *camera.to_ground(column, row))


def _errors(camera: Camera, seen: Observations, residual_px: Array, chosen: NDArray[np.bool_]) -> Errors:
    """Errors of the chosen observations from their residuals (n, 2; seen minus predicted)."""
    away = residual_px[chosen]
    lon, lat, height_m = to_geodetic(seen.ground_m[chosen])
    column, row = camera.project_ecef(seen.ground_m[chosen])
    there = camera.to_ground(column + away[:, 0], row + away[:, 1], height_m)
    away_m = 1e3 * distance_km(lon, lat, *there)
    # Near the limb, where nothing is mapped, a pixel is kilometres long.
    good = np.isfinite(away_m) & (camera.view(lon, lat)[0] <= MAX_ZENITH_DEG)
    return Errors.of(np.hypot(*away[good].T), away_m[good])
