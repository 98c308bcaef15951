"""Errors that patches share, and what they do to a camera that was fitted as if they did not.

Light is wrong together, in four ways. Patches that overlap see the same light. Lamps of a region lie to one
side of the named centres, over some 80 km. Coordinates of one origin (read off the maps of a country, a
satellite's raster) are off as a whole. Points by hand err each alone. The camera was fitted by weights that
know but the first; its error is carried through from all four: C = K S K', K the fit's response to each
observation and S the covariance of their errors (White 1980 calls it a sandwich).

How large the patches' own errors are is told by the residuals, less what the fit takes up of them. The shift
of coordinates of one origin is estimated along, but the camera is not moved by it: the estimate is hardly
ever surer than the camera. By how far it would move the camera, its sigma grows.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.camera.derivatives import PARAMETERS, pixel_derivatives
from pipeline.camera.earth import Array, east_north_up, to_geodetic
from pipeline.georeference.adjust import Adjustment, Observations, inverse, sigma_px
from pipeline.georeference.patches import PatchLight
from pipeline.georeference.settings import AccuracySettings

COLUMNS = 512  # observations worked on at a time: 25 MB of covariances for 6,000 patches
P = len(PARAMETERS)


@dataclass(frozen=True, eq=False)
class SharedErrors:
    """The covariance of PARAMETERS with errors that patches share, and how the camera's parameters would
    change (p,) if the shift were followed that coordinates of one origin seem to have."""

    covariance: Array
    by_shift: Array


@dataclass(frozen=True, eq=False)
class _Part:
    """One kind of error: the covariance that it gives the parameters, what it adds to the weighted squares of
    the residuals that are left, and what it would add if nothing had been fitted."""

    covariance: Array
    squares: float
    squares_before: float


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
    posterior = inverse(told + known_before)
    response = np.einsum("pq,niq->pni", posterior, weighted)
    pull = np.einsum("nip,ni->p", weighted, fit.residual_px)
    pull[:P] = 0.0  # the camera is where residuals and prior pull it no farther
    step = posterior @ pull
    left = fit.residual_px - rows @ step

    own_px = sigma_px(seen, fit.scale)
    by_ground_response = np.einsum("pni,nij->pnj", response, by_metre)
    by_ground_weighted = np.einsum("nip,nij->pnj", weighted, by_metre)
    in_metres = np.einsum("n,nij->nj", weight, by_metre**2)
    in_pixels = np.repeat(weight[:, None], 2, axis=1)
    weighted_rows = np.moveaxis(weighted, 2, 0)
    pixel, place_km = seen.pixel - fit.residual_px, seen.ground_m / 1e3

    def overlap(part: slice) -> Array:
        """Of patches: the share of the one that lies in the other."""
        apart = np.abs(pixel[:, None] - pixel[None, part]) / light.side_px
        return np.asarray(np.clip(1 - apart, 0, None).prod(-1))

    def nearness(part: slice) -> Array:
        apart_km = np.linalg.norm(place_km[:, None] - place_km[None, part], axis=-1)
        return np.asarray(np.exp(-apart_km / settings.regional_km))

    def alone(part: slice) -> Array:
        return np.eye(len(seen))[:, part]

    regional_m = settings.regional_share * light.place_m * patch
    own = _part(response, weighted_rows, in_pixels, told, own_px * patch, overlap)
    regional = _part(by_ground_response, by_ground_weighted, in_metres, told, regional_m, nearness)
    by_hand = _part(response, weighted_rows, in_pixels, told, own_px * seen.known, alone)

    squares = float((weight[:, None] * left**2).sum())
    others = regional.squares + by_hand.squares
    expected = max(own.squares, own.squares_before / settings.max_small_sample_factor, 1e-12)
    scale = max(squares - others, settings.least_own_share * squares) / expected if patch.any() else 1.0
    covariance = scale * own.covariance + regional.covariance + by_hand.covariance
    covariance += posterior @ known_before @ posterior
    return SharedErrors(covariance[:P, :P] + np.outer(step[:P], step[:P]), step[:P])


def _part(
    response: Array,
    weighted: Array,
    weight: Array,
    told: Array,
    sigma: Array,
    correlation: Callable[[slice], Array],
) -> _Part:
    """An error of `sigma` (n,), alike and independent along two axes, whose `correlation` between all
    observations and some is known. `response` and `weighted` rows are (p, n, 2), `weight` (n, 2) that of each
    axis."""
    count, n = len(response), len(sigma)
    carried = np.zeros((count, n, 2))
    chosen = np.flatnonzero(sigma)
    if not chosen.size:
        return _Part(np.zeros((count, count)), 0.0, 0.0)
    scaled = response * sigma[:, None]
    for start in range(0, n, COLUMNS):
        part = slice(start, start + COLUMNS)
        together = correlation(part)
        for axis in (0, 1):
            carried[:, part, axis] = scaled[:, :, axis] @ together
    carried *= sigma[:, None]
    covariance = np.einsum("pni,qni->pq", carried, response)
    before = float((weight * sigma[:, None] ** 2).sum())
    taken = float((carried * weighted).sum())
    return _Part(covariance, before - 2 * taken + float((told * covariance).sum()), before)
