"""Errors that patches share, and what they do to a camera that was fitted as if they did not.

Patches that overlap see the same light, and coordinates of one origin (read off the maps of a country, a
satellite's raster) are off as a whole. Points by hand err each alone. The camera was fitted by weights; its
error is carried through from each of these: C = K S K', with K the fit's response to each observation and S
the covariance of their errors (the sandwich of Huber 1967 and White 1980).

How large the patches' own errors are is told by the residuals, less what the fit takes up of them. The shift
of coordinates of one origin is estimated along, but the camera is not moved by it: the estimate is hardly
ever surer than the camera. By how far it would move the camera, its sigma grows.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.camera.derivatives import PARAMETERS, pixel_derivatives
from pipeline.camera.earth import Array, east_north_up, to_geodetic
from pipeline.georeference.adjust import Adjustment, Observations, inverse, sigma_px
from pipeline.georeference.patches import PatchLight
from pipeline.georeference.settings import AccuracySettings

COLUMNS = 512  # observations worked on at a time: 25 MB of covariances for 6,000 patches
P = len(PARAMETERS)
MOST_DOUBT = 0.75  # the linear reckoning ends where hardly anything is told


@dataclass(frozen=True, eq=False)
class SharedErrors:
    """The covariance of PARAMETERS with errors that patches share, and how far (east, north; m, mean over the
    patches) the ground would move if the shift were followed that coordinates of one origin seem to have."""

    covariance: Array
    shift_m: Array


def with_shared_errors(
    fit: Adjustment, seen: Observations, weight: Array, light: PatchLight, settings: AccuracySettings
) -> SharedErrors:
    """What a fit by `weight` (n,) is worth where errors are shared as `light` says."""
    by_ground, by_parameter = (np.nan_to_num(d) for d in pixel_derivatives(fit.camera, seen.ground_m))
    lon, lat, _ = to_geodetic(seen.ground_m)
    by_metre = by_ground @ np.swapaxes(east_north_up(lon, lat)[..., :2, :], -1, -2)
    patch = ~seen.known
    rows = np.concatenate([by_parameter, by_metre * (patch * light.shared_m)[:, None, None]], axis=2)
    weighted = rows * weight[:, None, None]
    told = np.einsum("nip,niq->pq", weighted, rows)
    known_before = np.eye(P + 2)
    known_before[:P, :P] = inverse(fit.covariance) - told[:P, :P]
    posterior = inverse(told * (1 - doubt(fit, seen)) + known_before)
    response = np.einsum("pq,niq->pni", posterior, weighted)
    pull = np.einsum("nip,ni->p", weighted, fit.residual_px)
    pull[:P] = 0.0  # the camera is where residuals and prior pull it no farther
    step = posterior @ pull
    left = fit.residual_px - rows @ step

    pixel, own_px = seen.pixel - fit.residual_px, sigma_px(seen, fit.scale)
    covariance = _carried(response, own_px * seen.known, pixel, 0.0)[1]
    if patch.any():
        together, own = _carried(response, own_px * patch, pixel, light.side_px)
        before = 2 * float((weight * patch * own_px**2).sum())
        taken = float((together * np.moveaxis(weighted, 2, 0)).sum())
        expected = before - 2 * taken + float((told * own).sum())
        squares = float((weight * patch * (left**2).sum(-1)).sum())
        covariance += own * squares / max(expected, before / settings.max_small_sample_factor, 1e-12)
    covariance += posterior @ known_before @ posterior
    shift_m = _moved_m(by_metre, rows[..., :P] @ step[:P], fit.belongs)
    return SharedErrors(covariance[:P, :P] + np.outer(step[:P], step[:P]), shift_m)


def _carried(response: Array, sigma_px: Array, pixel: Array, side_px: float) -> tuple[Array, Array]:
    """Errors of `sigma_px` (n,), alike along both axes, seen through a response (p, n, 2): the covariance of
    each parameter with each observation (p, n, 2), and of the parameters (p, p). Two errors at `pixel` (n, 2)
    correlate by the share of squares of `side_px` that overlaps; without sides each is alone."""
    scaled = response * sigma_px[:, None]
    together = scaled.copy()
    if side_px > 0:
        for start in range(0, len(pixel), COLUMNS):
            part = slice(start, start + COLUMNS)
            apart = np.abs(pixel[:, None] - pixel[None, part]) / side_px
            overlap = np.clip(1 - apart, 0, None).prod(-1)
            together[:, part] = np.einsum("pni,nm->pmi", scaled, overlap, optimize=True)
    together *= sigma_px[:, None]
    return together, np.einsum("pni,qni->pq", together, response)


def doubt(fit: Adjustment, seen: Observations) -> float:
    """The share of what the observations tell that is lost because none is surely a match: the missing
    information of the mixture (Louis 1982), b (1 - b) r^2 / (2 s^2) of each whose probability is b.

    Where half of a megacity's patches are called mismatches, the others are those that happened to agree.
    """
    squared = (fit.residual_px**2).sum(-1) / (2 * sigma_px(seen, fit.scale) ** 2)
    free = ~seen.known
    lost = (fit.belongs * (1 - fit.belongs) * squared)[free].sum()
    return float(min(lost / max(fit.belongs[free].sum(), 1e-9), MOST_DOUBT))


def _moved_m(by_metre: Array, moved_px: Array, belongs: Array) -> Array:
    """The mean way (east, north; m) over the ground of pixels (n, 2) that a camera puts elsewhere."""
    in_view = (np.linalg.det(by_metre) != 0) & (belongs > 0)
    if not in_view.any():
        return np.zeros(2)
    way = np.linalg.solve(by_metre[in_view], -moved_px[in_view, :, None])[..., 0]
    return np.asarray(np.average(way, axis=0, weights=belongs[in_view]))
