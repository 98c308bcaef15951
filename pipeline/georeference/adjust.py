"""Adjustment: the camera that best explains where lights are seen, given what was known before.

Observations are pixels at which ground points were seen. Each either belongs to its ground point, with a
Gaussian error, or is a mismatch that may lie anywhere in its search window: a two-part mixture whose
shares and width are estimated along with the camera (expectation-maximisation over Gauss-Newton steps).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.camera.camera import Camera
from pipeline.camera.derivatives import PARAMETERS, pixel_derivatives
from pipeline.camera.earth import Array, east_north_up, to_geodetic
from pipeline.camera.prior import Prior
from pipeline.camera.uncertainty import moved
from pipeline.georeference.settings import AdjustSettings

HORIZONTAL, UP, LENS = slice(3, 5), 5, slice(6, 11)
# The share of true matches before any is estimated; it stays where there are too few observations.
FIRST_SHARE = 0.7
# So loose that it only keeps the equations solvable where too few lights are seen.
FREE_ATTITUDE_SIGMA_RAD = 3.0


@dataclass(frozen=True, eq=False)
class Observations:
    """Ground points (ECEF, (n, 3)) and the pixels (n, 2: column, row) at which they were seen.

    `sigma` (n,) are standard deviations in px of single points that are `known`, and relative ones of
    overlapping patches that are not; `window_px` (n,) is the half width of the window in which a mismatch
    may have been found.
    """

    ground_m: Array
    pixel: Array
    sigma: Array
    window_px: Array
    known: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.ground_m)

    def __getitem__(self, index: NDArray[np.generic]) -> "Observations":
        return Observations(*(getattr(self, f)[index] for f in self.__dataclass_fields__))

    def scaled(self, factor: float) -> "Observations":
        """The same observations in the picture resampled by `factor`."""
        return Observations(
            self.ground_m,
            (self.pixel + 0.5) * factor - 0.5,
            self.sigma * factor,
            self.window_px * factor,
            self.known,
        )

    def joined(self, other: "Observations") -> "Observations":
        """These observations and then the others."""
        return Observations(
            *(np.concatenate([getattr(self, f), getattr(other, f)]) for f in self.__dataclass_fields__)
        )


@dataclass(frozen=True, eq=False)
class Adjustment:
    """A fitted camera, the covariance of PARAMETERS, and per observation its residual (n, 2; px, seen less
    predicted) and the probability (n,) that it is no mismatch."""

    camera: Camera
    covariance: Array
    residual_px: Array
    belongs: Array
    scale: float


def adjust(camera: Camera, prior: Prior, seen: Observations, settings: AdjustSettings) -> Adjustment:
    """Fit all camera parameters to the observations and the prior, starting from `camera`."""
    scale, share = 1.0, FIRST_SHARE
    belongs = np.ones(len(seen))
    if len(seen):
        first = residuals(camera, seen) / np.where(seen.known, np.inf, seen.sigma)[:, None]
        scale = max(float(np.median(np.abs(first))) * 1.5, 1.0)
    normal = np.eye(len(PARAMETERS))
    for _ in range(settings.max_iterations):
        residual = residuals(camera, seen)
        belongs = membership(residual, sigma_px(seen, scale), share, seen)
        by_parameter = jacobian(camera, seen)
        weight = weights(seen, scale, belongs, settings.overlap)
        prior_residual, prior_weight = prior_terms(camera, prior)
        rows = by_parameter.reshape(-1, len(PARAMETERS))
        weighted = (by_parameter * weight[:, None, None]).reshape(rows.shape)
        normal = weighted.T @ rows + prior_weight
        gradient = weighted.T @ residual.ravel() + prior_weight @ prior_residual
        unit = 1 / np.sqrt(np.diag(normal))  # metres beside radians: solved in units of their own sigma
        step = unit * np.linalg.solve(normal * np.outer(unit, unit), unit * gradient)
        camera = moved(camera, PARAMETERS, step)
        scale, share = _rescaled(residual - by_parameter @ step, belongs, scale, seen)
        if len(seen) and np.abs(by_parameter @ step).max() < settings.converged_px:
            break
    return Adjustment(camera, inverse(normal), residuals(camera, seen), belongs, scale)


def sigma_px(seen: Observations, scale: float) -> Array:
    """Standard deviation (n,) of each observation: as known, or relative to a common scale."""
    return np.where(seen.known, seen.sigma, scale * seen.sigma)


def weights(seen: Observations, scale: float, belongs: Array, overlap: int) -> Array:
    """What each observation (n,) tells against the prior and the others, 1/px^2; so many patches count as one
    observation."""
    return np.asarray(belongs / sigma_px(seen, scale) ** 2 / np.where(seen.known, 1, overlap))


def inverse(normal: Array) -> Array:
    """Inverse of a symmetric matrix (p, p) whose parameters have units as unlike as metres and radians."""
    unit = 1 / np.sqrt(np.diag(normal))
    return np.asarray(np.linalg.inv(normal * np.outer(unit, unit)) * np.outer(unit, unit))


def residuals(camera: Camera, seen: Observations) -> Array:
    """Seen less predicted pixels, (n, 2); points no longer in view are a whole window off."""
    predicted = np.stack(camera.project_ecef(seen.ground_m), -1)
    return np.where(np.isfinite(predicted), seen.pixel - predicted, 10 * seen.window_px[:, None])


def jacobian(camera: Camera, seen: Observations) -> Array:
    """Change of the predicted pixels with each parameter, (n, 2, p); zero for points out of view."""
    return np.nan_to_num(pixel_derivatives(camera, seen.ground_m)[1])


def prior_terms(camera: Camera, prior: Prior) -> tuple[Array, Array]:
    """Prior less present value of each parameter, and the inverse covariance (p, p) of the prior there."""
    east_north_up_there, same_everywhere = _axes_and_weight(prior)
    to_prior_m = east_north_up_there @ (prior.position_ecef_m - camera.position_ecef_m)
    weight = same_everywhere.copy()
    weight[HORIZONTAL, HORIZONTAL] = prior.horizontal_weight(to_prior_m[:2])
    return np.array([0, 0, 0, *to_prior_m, *-prior.lens_away(camera)]), weight


@lru_cache(maxsize=8)
def _axes_and_weight(prior: Prior) -> tuple[Array, Array]:
    """East, north and up at the prior's position, and its weights but for the horizontal ones, which depend
    on the camera: made once, for an adjustment asks a dozen times."""
    lon, lat, _ = to_geodetic(prior.position_ecef_m)
    weight = np.diag([FREE_ATTITUDE_SIGMA_RAD**-2] * 3 + [0.0] * 8)
    weight[UP, UP] = prior.vertical_sigma_m**-2
    weight[LENS, LENS] = inverse(prior.lens_covariance)
    return east_north_up(lon, lat), weight


def membership(residual: Array, sigma: Array, share: float, seen: Observations) -> Array:
    """Probability (n,) that each observation belongs to its ground point, with a Gaussian error (n, 2; px, 1
    sigma (n,)), rather than lying anywhere in its window; a share of all belong."""
    squared = (residual**2).sum(-1)
    fits = share * np.exp(-squared / (2 * sigma**2)) / (2 * np.pi * sigma**2)
    stray = (1 - share) / (2 * seen.window_px) ** 2
    return np.asarray(fits / (fits + stray))


def _rescaled(residual: Array, belongs: Array, scale: float, seen: Observations) -> tuple[float, float]:
    """The common factor of the relative sigmas and the share of true matches, re-estimated."""
    free = ~seen.known
    if not free.any() or belongs[free].sum() < 3:
        return scale, FIRST_SHARE
    squared = ((residual[free] / seen.sigma[free, None]) ** 2).sum(-1)
    new = np.sqrt((belongs[free] * squared).sum() / (2 * belongs[free].sum()))
    return max(float(new), 0.05), float(np.clip(belongs.mean(), 0.05, 0.99))
