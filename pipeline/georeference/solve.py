"""From a photo and its prior to a camera: search, adjust, judge."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, horizon_km, to_geodetic
from pipeline.camera.prior import Prior
from pipeline.camera.uncertainty import ground_sigma_m
from pipeline.config import LookAt
from pipeline.georeference.accept import MIRROR_AXES_DEG, Verdict, agreement, judge, mirrored
from pipeline.georeference.adjust import PARAMETERS, Adjustment, Observations, adjust, residuals
from pipeline.georeference.cities import Cities
from pipeline.georeference.control import ControlPoints, control_points, held_out_probability
from pipeline.georeference.lights import Lights
from pipeline.georeference.patches import OVERLAP
from pipeline.georeference.refine import COARSE, FINE, light_pyramid, refine
from pipeline.georeference.search import search
from pipeline.photo.photo import Photo

SEARCH_PX = 128
CANDIDATES = 3
SAME_SOLUTION = 0.05
MIN_MATCHED_PATCHES = 8
# Manual points decide alone from four on: two coordinates each, against the six unknowns of a pose.
ENOUGH_MANUAL_POINTS = 4
MANUAL_ROLLS_DEG = range(0, 360, 30)
MAX_MANUAL_RMSE_PX = 10.0
# Of the long side; what patches of city light can still repair.
MAX_SIGMA_BY_POINTS = 0.01


@dataclass(frozen=True, eq=False)
class Solution:
    """A camera for the full photo with the covariance of its parameters, and why to believe it."""

    camera: Camera
    covariance: Array
    verdict: Verdict
    points: ControlPoints
    accepted: bool
    method: str
    matched_patches: float
    patches: int
    reason: str


def solve(photo: Photo, prior: Prior, gazetteer: Cities, manual: Observations | None = None) -> Solution:
    """The best camera for a photo. `manual` control points, in pixels of the photo, join as observations."""
    pyramid = light_pyramid(photo)
    cities = _visible(gazetteer, prior)
    for long_side in {SEARCH_PX, *(stage[0] for stage in COARSE)}:
        pyramid(long_side)  # made here, so that the threads below only read it
    with ThreadPoolExecutor() as pool:
        sought = pool.submit(_candidates, pyramid, prior, cities, manual)
        # As many tries as the true gazetteer had: each mirror's own best candidate.
        mirrors = [
            pool.submit(_candidates, pyramid, prior, mirrored(cities, prior.look_at, axis), None)
            for axis in MIRROR_AXES_DEG
        ]
        best, rivals = sought.result()
        chance = [mirror.result()[0].agreement for mirror in mirrors]
    fitted = refine(best.camera, pyramid, prior, cities, manual, FINE)
    points = control_points(fitted.camera, pyramid, prior, gazetteer)
    # What is given is judged, not only what was found: the fine rounds must not have led away.
    view = pyramid(COARSE[-1][0])
    final = min(best.agreement, agreement(view, fitted.camera.scaled(view.factor), cities))
    rivals_agree = [rival.agreement for rival in rivals[:1]]
    verdict = judge(final, [*chance, *rivals_agree], held_out_probability(points))
    return _concluded(fitted, prior, verdict, points, manual)


@dataclass(frozen=True)
class _Candidate:
    camera: Camera
    agreement: float


def _candidates(
    pyramid: Callable[[int], Lights], prior: Prior, cities: Cities, manual: Observations | None
) -> tuple[_Candidate, list[_Candidate]]:
    """The best coarsely adjusted camera and its rivals: other solutions, not the same one again."""
    view = pyramid(SEARCH_PX)
    starts: list[Camera] = []
    for found in search(view.image, view.valid, prior, prior.position_ecef_m, cities):
        camera = replace(found.camera.scaled(1 / view.factor), width=prior.width, height=prior.height)
        if all(_apart(camera, start) > SAME_SOLUTION for start in starts):
            starts.append(camera)
        if len(starts) == CANDIDATES:
            break
    if manual is not None:
        starts.insert(0, _from_points(prior, manual))
    adjusted = []
    judged_at = pyramid(COARSE[-1][0])
    for start in starts:
        camera = refine(start, pyramid, prior, cities, manual, COARSE).camera
        adjusted.append(_Candidate(camera, agreement(judged_at, camera.scaled(judged_at.factor), cities)))
    if manual is not None and len(manual) >= ENOUGH_MANUAL_POINTS:
        best = adjusted[0]
    else:
        best = max(adjusted, key=lambda c: c.agreement)
    rivals = [c for c in adjusted if _apart(c.camera, best.camera) > SAME_SOLUTION]
    return best, sorted(rivals, key=lambda c: -c.agreement)


def _from_points(prior: Prior, manual: Observations) -> Camera:
    """The camera that fits the manual control points best, tried from a dozen rolls while looking at them."""
    lon, lat, _ = to_geodetic(manual.ground_m.mean(axis=0))
    aimed = replace(prior, look_at=LookAt(lon=float(lon), lat=float(lat)))
    # First with errors of any size, for the start is hundreds of pixels off; then with what a hand can do.
    loose = replace(manual, known=np.zeros(len(manual), bool), window_px=np.full(len(manual), 1e6))
    starts = [adjust(aimed.camera(roll), prior, loose).camera for roll in MANUAL_ROLLS_DEG]
    fits = [adjust(start, prior, manual).camera for start in starts]
    return min(fits, key=lambda camera: float((residuals(camera, manual) ** 2).sum()))


def _concluded(
    fitted: Adjustment,
    prior: Prior,
    verdict: Verdict,
    points: ControlPoints,
    manual: Observations | None,
) -> Solution:
    """The verdict in words, and the covariance freed of the patches' overlap."""
    free = fitted.belongs if manual is None else fitted.belongs[: len(fitted.belongs) - len(manual)]
    matched = float(free.sum())
    stands = verdict.accepted and matched >= MIN_MATCHED_PATCHES
    by_hand = manual is not None and len(manual) >= ENOUGH_MANUAL_POINTS
    manual_rmse, spread = 0.0, 0.0
    if manual is not None:
        manual_rmse = float(np.sqrt((residuals(fitted.camera, manual) ** 2).sum(-1).mean()))
        spread = _sigma_by_points(fitted.camera, prior, manual)
    if by_hand and manual_rmse <= MAX_MANUAL_RMSE_PX and (stands or spread <= MAX_SIGMA_BY_POINTS):
        accepted, reason = True, f"manual control points agree to {manual_rmse:.1f} px RMSE"
    elif by_hand and manual_rmse <= MAX_MANUAL_RMSE_PX:
        accepted = False
        reason = (
            "the manual control points lie too close together or in a line to fix the whole frame; "
            "add some near the other edges"
        )
    elif by_hand:
        accepted = False
        reason = (
            f"the manual control points disagree by {manual_rmse:.0f} px RMSE, not {MAX_MANUAL_RMSE_PX:g}"
        )
    elif stands:
        accepted, reason = True, "stands out from chance"
    else:
        accepted = False
        reason = (
            f"city light agrees by {verdict.agreement:.2f}, mirror images and rivals by up to "
            f"{max(verdict.chance):.2f} (false-alarm probability {verdict.false_alarm_probability:.1g}, "
            f"{matched:.0f} matched patches of {len(free)})"
        )
    return Solution(
        camera=fitted.camera,
        covariance=OVERLAP * fitted.covariance,
        verdict=verdict,
        points=points,
        accepted=accepted,
        method="city light and manual control points" if manual is not None else "city light",
        matched_patches=matched,
        patches=len(free),
        reason=reason,
    )


def _sigma_by_points(camera: Camera, prior: Prior, manual: Observations) -> float:
    """How badly manual points and prior alone leave any part of the frame known: the largest 1 sigma over
    it, as a share of its long side."""
    alone = adjust(camera, prior, manual)
    column, row = np.meshgrid(np.linspace(0, camera.width - 1, 5), np.linspace(0, camera.height - 1, 5))
    lon, lat = camera.to_ground(column, row)
    sigma_m = ground_sigma_m(camera, PARAMETERS, alone.covariance, lon, lat)
    sigma_px = sigma_m / camera.ground_sample_distance_m(lon, lat)
    seen = np.isfinite(sigma_px)
    return float(sigma_px[seen].max()) / max(camera.width, camera.height) if seen.any() else 1.0


def _visible(gazetteer: Cities, prior: Prior) -> Cities:
    """The cities that may come into view: within 0.6 of the horizon's distance of the look-at point."""
    altitude_km = prior.camera().nadir()[2]
    return gazetteer.within(prior.look_at.lon, prior.look_at.lat, 0.6 * horizon_km(altitude_km))


def _apart(a: Camera, b: Camera) -> float:
    """How far two cameras place the same ground from each other, as a share of the frame's long side."""
    column, row = np.meshgrid(np.linspace(0, a.width - 1, 3), np.linspace(0, a.height - 1, 3))
    lon, lat = a.to_ground(column, row)
    column_b, row_b = b.project(lon, lat)
    away = np.hypot(column_b - column, row_b - row) / max(a.width, a.height)
    away = np.where(np.isfinite(away), away, 1.0)[np.isfinite(lon)]
    return float(np.median(away)) if away.size else 1.0
