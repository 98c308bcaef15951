"""From a photo and its prior to a camera: search, adjust, judge."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import Array, horizon_km
from pipeline.camera.prior import Prior
from pipeline.camera.terrain import FLAT, Terrain
from pipeline.camera.uncertainty import ground_sigma_m
from pipeline.georeference.accept import (
    MAX_FALSE_ALARM,
    MIRROR_AXES_DEG,
    Verdict,
    agreement,
    chance_probability,
    judge,
    least_agreement,
)
from pipeline.georeference.accuracy import Accuracy, assess
from pipeline.georeference.adjust import Observations, adjust, residuals
from pipeline.georeference.candidates import ENOUGH_MANUAL_POINTS, SEARCH_PX, candidates, pin_of
from pipeline.georeference.control import ControlPoints, control_points, held_out_probability
from pipeline.georeference.extent import Extent, with_extent
from pipeline.georeference.reference import Compression
from pipeline.georeference.refine import COARSE, Problem, Pyramid, Refined, refine
from pipeline.georeference.search import Template
from pipeline.georeference.sources import city_light
from pipeline.ground.cities import POSITION_SIGMA_KM, Cities
from pipeline.photo.photo import Photo

MIN_MATCHED_PATCHES = 8
# From this share of saturated pixels on, the cores of cities are flat: refused in logarithms, a frame is
# tried again in roots of light.
SATURATED_SHARE = 3e-4
MAX_MANUAL_RMSE_PX = 10.0
# A point by hand is evidence of its own: where it is right, chance has far fewer places to try.
MAX_FALSE_ALARM_WITH_POINTS = 0.02
# Of the long side; what patches of city light can still repair.
MAX_SIGMA_BY_POINTS = 0.01
GATHERED_KM = 0.3
FAR = 0.6  # of the distance to the horizon: light so far from the look-at point may come into view


@dataclass(frozen=True, eq=False)
class Solution:
    """A camera for the full photo, how good it is, and why to believe it."""

    problem: Problem
    refined: Refined
    accuracy: Accuracy
    verdict: Verdict
    points: ControlPoints
    accepted: bool
    method: str
    matched_patches: float
    patches: int
    reason: str

    @property
    def camera(self) -> Camera:
        return self.refined.camera

    @property
    def covariance(self) -> Array:
        """Of PARAMETERS."""
        return self.accuracy.covariance


def solve(
    photo: Photo,
    prior: Prior,
    gazetteer: Cities,
    manual: Observations | None = None,
    extent: Extent | None = None,
    terrain: Terrain = FLAT,
    threads: int = 2,
) -> Solution:
    """The best camera for a photo.

    `manual` control points, in pixels of the photo, join as observations; `extent` is light known better
    than as cities; the ground lies on `terrain`.
    """
    problem = _problem(photo, prior, gazetteer, manual, extent, terrain)
    found = _solved(problem, gazetteer, "log", extent is not None, threads)
    if found.accepted or problem.pyramid.saturated_share < SATURATED_SHARE:
        return found
    again = _solved(problem, gazetteer, "sqrt", extent is not None, threads)
    return min(again, found, key=lambda s: (not s.accepted, s.verdict.false_alarm_probability))


def _solved(
    problem: Problem, gazetteer: Cities, compression: Compression, extended: bool, threads: int
) -> Solution:
    """The best camera of a search in light compressed one way, and its verdict."""
    manual, pin = problem.manual, pin_of(problem.manual)
    centre = problem.prior.look_at if pin is None else pin.place
    held = None if pin is None or manual is None else manual[np.arange(1)]
    template = Template(problem.pyramid(SEARCH_PX, compression))
    best, *rivals = candidates(problem, pin, template)
    # Nothing that follows makes chance less likely: what cannot be accepted any more is not worked out.
    by_light = manual is None or pin is not None
    limit = _max_false_alarm(manual)
    hopeless = by_light and best.agreement < least_agreement(limit)
    chance: list[float] = []
    if not hopeless:
        # As many tries as the true light has: each mirror image's own best candidate. A mirror that leaves
        # the pin where it is may use it as well.
        mirrors = [
            replace(problem, sources=problem.sources.mirrored(centre, axis), manual=held)
            for axis in MIRROR_AXES_DEG
        ]
        with ThreadPoolExecutor(threads) as pool:
            chances = list(pool.map(lambda mirror: candidates(mirror, pin, template)[0], mirrors))
        chance = [found.agreement for found in (*chances, *rivals[:1])]
        hopeless = by_light and chance_probability(best.agreement, chance) > limit
    refined = refine(best.camera, problem, COARSE[-1:] if hopeless else problem.fine_stages(best.camera))
    points = control_points(refined.camera, problem, gazetteer, hold_out=not hopeless)
    # What is given is judged, not only what was found: the fine rounds must not have led away.
    view = problem.pyramid(COARSE[-1][0])
    final = min(best.agreement, agreement(view, refined.camera.scaled(view.factor), problem.sources))
    verdict = judge(final, chance, held_out_probability(points))
    return _concluded(refined, problem, verdict, points, extended)


def adjusted_again(solution: Solution, prior: Prior) -> Solution:
    """The same solution with a better prior; its acceptance stands."""
    problem = replace(solution.problem, prior=prior)
    stages = problem.fine_stages(solution.camera)[-2:]
    refined = refine(solution.camera, problem, stages)
    return replace(solution, problem=problem, refined=refined, accuracy=assess(refined.fit, refined.seen))


def _problem(
    photo: Photo,
    prior: Prior,
    gazetteer: Cities,
    manual: Observations | None,
    extent: Extent | None,
    terrain: Terrain,
) -> Problem:
    pyramid = Pyramid(photo)
    for long_side_px in {stage[0] for stage in COARSE}:
        pyramid(long_side_px)  # made here, so that the threads only read it
    altitude_km = prior.camera().nadir()[2]
    reach_km = FAR * horizon_km(altitude_km) + prior.look_at.radius_km
    light = city_light(gazetteer.within(prior.look_at.lon, prior.look_at.lat, reach_km))
    detail_km = 2 * POSITION_SIGMA_KM
    if extent is not None:
        light, detail_km = with_extent(light, extent), 2 * extent.detail_km
    light = replace(light, height_m=terrain.height_m(light.lon, light.lat))
    return Problem(pyramid, prior, light.gathered(GATHERED_KM), light, terrain, detail_km, manual)


def _concluded(
    refined: Refined, problem: Problem, verdict: Verdict, points: ControlPoints, extended: bool
) -> Solution:
    """The verdict in words, with the accuracy."""
    manual, belongs = problem.manual, refined.fit.belongs
    free = belongs if manual is None else belongs[: len(belongs) - len(manual)]
    accepted, reason = _decision(refined.camera, problem, verdict, float(free.sum()), len(free))
    method = "city light and its extent" if extended else "city light"
    if manual is not None:
        method += " and manual control points"
    return Solution(
        problem=problem,
        refined=refined,
        accuracy=assess(refined.fit, refined.seen),
        verdict=verdict,
        points=points,
        accepted=accepted,
        method=method,
        matched_patches=float(free.sum()),
        patches=len(free),
        reason=reason,
    )


def _decision(
    camera: Camera, problem: Problem, verdict: Verdict, matched: float, patches: int
) -> tuple[bool, str]:
    """Whether to accept, and why."""
    manual = problem.manual
    odds = verdict.false_alarm_probability
    limit = _max_false_alarm(manual)
    beside = (
        f"mirror images and rivals by up to {max(verdict.chance):.2f} (false-alarm probability {odds:.2g}, "
        f"believed up to {limit:g}; {matched:.0f} matched patches of {patches})"
        if verdict.chance
        else f"no more than chance may ({least_agreement(limit):.2f} is the least to believe)"
    )
    chance = f"city light agrees by {verdict.agreement:.2f}, {beside}"
    enough = matched >= MIN_MATCHED_PATCHES
    if manual is None:
        stands = enough and odds <= limit
        return stands, "stands out from chance" if stands else chance
    rmse_px = float(np.sqrt((residuals(camera, manual) ** 2).sum(-1).mean()))
    if rmse_px > MAX_MANUAL_RMSE_PX:
        return (
            False,
            f"the manual control points disagree by {rmse_px:.0f} px RMSE, not {MAX_MANUAL_RMSE_PX:g}",
        )
    if enough and odds <= limit:
        return True, f"stands out from chance, with manual control points to {rmse_px:.1f} px RMSE"
    if len(manual) < ENOUGH_MANUAL_POINTS:
        return False, chance
    if _sigma_by_points(camera, problem.prior, manual) <= MAX_SIGMA_BY_POINTS:
        return True, f"manual control points agree to {rmse_px:.1f} px RMSE"
    return False, (
        "the manual control points lie too close together or in a line to fix the whole frame; "
        "add some near the other edges"
    )


def _max_false_alarm(manual: Observations | None) -> float:
    return MAX_FALSE_ALARM if manual is None else MAX_FALSE_ALARM_WITH_POINTS


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
