"""Photos of one pass: they share lens and clock, so each photo's solution helps to find both for the others.

What a photo's light alone says of the shared parameters is its posterior information minus the prior's. The
prior of each photo is made sharper by what the others say, never by what it says itself. This equals
adjusting all photos together, as long as the camera is nearly linear in its parameters.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import Array
from pipeline.camera.orbit import State
from pipeline.camera.prior import Prior
from pipeline.camera.uncertainty import moved
from pipeline.errors import FactsError
from pipeline.georeference.adjust import LENS, inverse

# Of a difference that stands for a derivative: the place moves linearly with it, so its size hardly matters.
STEP_M = 10.0


def lens_from(prior: Prior, others: Sequence[tuple[Camera, Array]]) -> Prior:
    """The prior with the lens as other photos of the pass show it: their cameras and covariances of
    PARAMETERS, each adjusted under the same prior of the lens."""
    for camera, _ in others:
        if (camera.width, camera.height) != (prior.width, prior.height):
            raise FactsError(
                "photos of one pass must have one size and lens; take the odd one out of the pass"
            )
    known = inverse(prior.lens_covariance)
    total, weighted = known.copy(), np.zeros(len(known))
    for camera, covariance in others:
        away = prior.lens_away(camera)
        information, vector = _told(inverse(covariance[LENS, LENS]), known, away)
        total, weighted = total + information, weighted + vector
    covariance = inverse(total)
    log_focal, k1, k2, column, row = covariance @ weighted
    return replace(
        prior,
        focal_px=prior.focal_px * float(np.exp(log_focal)),
        k1=prior.k1 + float(k1),
        k2=prior.k2 + float(k2),
        principal_point_px=(prior.principal_point_px[0] + column, prior.principal_point_px[1] + row),
        lens_covariance=covariance,
    )


def clock_offset_s(
    camera: Camera, covariance: Array, orbit: State, clock_sigma_s: float
) -> tuple[float, float]:
    """Seconds to add to a photo's time, and 1 sigma, from where light puts the station on its track."""
    along = orbit.axes()[0]
    columns = []
    for name in ("east_m", "north_m", "up_m"):
        step = moved(camera, [name], [STEP_M]).position_ecef_m - camera.position_ecef_m
        columns.append(along @ step / STEP_M)
    place = slice(PARAMETERS.index("east_m"), PARAMETERS.index("up_m") + 1)
    sigma_m = float(np.sqrt(np.array(columns) @ covariance[place, place] @ np.array(columns)))
    away_m = float(along @ (camera.position_ecef_m - orbit.position_ecef_m))
    return orbit.clock_offset_s(away_m, sigma_m, clock_sigma_s)


def shared_clock(
    offsets: Sequence[tuple[float, float]], clock_sigma_s: float, orbit_sigma_s: float = 0.0
) -> tuple[float, float]:
    """One clock offset (s) and its 1 sigma from those of several photos, each found under the same prior of
    zero within `clock_sigma_s`, which is counted once.

    The error of the orbit itself is common to them: the sigma is never below `orbit_sigma_s`.
    """
    known = clock_sigma_s**-2
    by_data = [(offset * sigma**-2, max(sigma**-2 - known, 0.0)) for offset, sigma in offsets]
    information = known + sum(data for _, data in by_data)
    # offset / sigma^2 is the posterior's information vector; a prior of zero adds nothing to it.
    return sum(vector for vector, _ in by_data) / information, max(information**-0.5, orbit_sigma_s)


def _told(posterior: Array, known: Array, away: Array) -> tuple[Array, Array]:
    """Information and information vector of the data alone, from the posterior's information, the prior's and
    the posterior mean less the prior's.

    The posterior's vector is the data's, for a prior at zero adds nothing to it. Where a widened covariance
    makes a posterior say less than its prior, in units of the prior, the data say nothing.
    """
    unit = np.sqrt(np.diag(known))
    values, vectors = np.linalg.eigh((posterior - known) / np.outer(unit, unit))
    values, vectors = values[values > 0], vectors[:, values > 0]
    information = (vectors * values) @ vectors.T * np.outer(unit, unit)
    return information, unit * (vectors @ (vectors.T @ (posterior @ away / unit)))
