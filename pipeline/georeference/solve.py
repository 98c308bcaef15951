"""From a photo and its prior to a camera: search, adjust, judge."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, horizon_km
from pipeline.camera.prior import Prior
from pipeline.camera.terrain import FLAT, Terrain
from pipeline.georeference.accept import Evidence, Verdict, decide, is_hopeless
from pipeline.georeference.accuracy import Accuracy, assess
from pipeline.georeference.adjust import Observations
from pipeline.georeference.candidates import agreement_with, candidates, pin_of
from pipeline.georeference.control import ControlPoints, control_points, held_out_probability
from pipeline.georeference.extent import Extent, with_extent
from pipeline.georeference.manual import manual_evidence
from pipeline.georeference.reference import Compression
from pipeline.georeference.refine import Problem, Pyramid, Refined, refine
from pipeline.georeference.search import Pin, Template
from pipeline.georeference.settings import DEFAULT, SolverSettings
from pipeline.georeference.sources import city_light
from pipeline.ground.cities import POSITION_SIGMA_KM, Cities
from pipeline.photo.photo import Photo


@dataclass(frozen=True, eq=False)
class Solution:
    """A camera for the full photo, how good it is, and why to believe it.

    `matched_patches` of the `patches` are true matches, each counted by its probability.
    """

    problem: Problem
    refined: Refined
    accuracy: Accuracy
    verdict: Verdict
    points: ControlPoints
    method: str
    matched_patches: float
    patches: int

    @property
    def camera(self) -> Camera:
        """The camera as it was fitted, for the full photo."""
        return self.refined.camera

    @property
    def covariance(self) -> Array:
        """Of PARAMETERS."""
        return self.accuracy.covariance

    @property
    def accepted(self) -> bool:
        """Whether the photo counts as placed."""
        return self.verdict.accepted

    @property
    def reason(self) -> str:
        """Why it is accepted or refused."""
        return self.verdict.reason


def solve(
    photo: Photo,
    prior: Prior,
    gazetteer: Cities,
    manual: Observations | None = None,
    extent: Extent | None = None,
    terrain: Terrain = FLAT,
    threads: int = 2,
    settings: SolverSettings = DEFAULT,
) -> Solution:
    """The best camera for a photo.

    `manual` control points, in pixels of the photo, join as observations; `extent` is light known in more
    detail than cities; the ground lies on `terrain`.
    """
    problem = _problem(photo, prior, gazetteer, manual, extent, terrain, settings)
    by_logarithms = _solved(problem, gazetteer, "log", extent is not None, threads)
    if by_logarithms.accepted or problem.pyramid.saturated_share < settings.saturated_share:
        return by_logarithms
    by_roots = _solved(problem, gazetteer, "sqrt", extent is not None, threads)
    return min(by_roots, by_logarithms, key=lambda s: (not s.accepted, s.verdict.false_alarm_probability))


def _solved(
    problem: Problem, gazetteer: Cities, compression: Compression, extended: bool, threads: int
) -> Solution:
    """The best camera of a search in light compressed one way, and its verdict."""
    settings, manual = problem.settings, problem.manual
    limits, n_by_hand = settings.acceptance, 0 if manual is None else len(manual)
    pin = pin_of(manual, limits.enough_manual_points)
    template = Template(problem.pyramid(settings.search.long_side_px, compression), settings.search)
    best, *rivals = candidates(problem, pin, template)
    # A solution that cannot be accepted any more is not worked out further.
    hopeless = is_hopeless(best.agreement, (), n_by_hand, limits)
    chance: tuple[float, ...] = ()
    if not hopeless:
        # Chance has as many tries as the true light: each mirror image's own best candidate.
        with ThreadPoolExecutor(threads) as pool:
            of_mirrors = pool.map(lambda m: candidates(m, pin, template)[0], _mirror_images(problem, pin))
            chance = tuple(candidate.agreement for candidate in (*of_mirrors, *rivals[:1]))
        hopeless = is_hopeless(best.agreement, chance, n_by_hand, limits)
    stages = settings.refine.coarse[-1:] if hopeless else problem.fine_stages(best.camera)
    refined = refine(best.camera, problem, stages)
    points = control_points(refined.camera, problem, gazetteer, hold_out=not hopeless)
    belongs = refined.fit.belongs[: len(refined.seen) - n_by_hand]
    by_hand = None
    if manual is not None:
        by_hand = manual_evidence(refined.camera, problem.prior, manual, settings.adjust)
    evidence = Evidence(
        # The final camera is judged too, not only the candidate: the fine rounds must not have led away.
        agreement=min(best.agreement, agreement_with(refined.camera, problem)),
        chance=chance,
        held_out_probability=held_out_probability(points),
        matched_patches=float(belongs.sum()),
        patches=len(belongs),
        by_hand=by_hand,
    )
    method = "city light and its extent" if extended else "city light"
    return Solution(
        problem=problem,
        refined=refined,
        accuracy=_assessed(refined, settings),
        verdict=decide(evidence, limits),
        points=points,
        method=method if manual is None else f"{method} and manual control points",
        matched_patches=evidence.matched_patches,
        patches=evidence.patches,
    )


def adjusted_again(solution: Solution, prior: Prior) -> Solution:
    """The same solution with a better prior; its acceptance stands."""
    problem = replace(solution.problem, prior=prior)
    stages = problem.fine_stages(solution.camera)[-2:]
    refined = refine(solution.camera, problem, stages)
    return replace(solution, problem=problem, refined=refined, accuracy=_assessed(refined, problem.settings))


def _problem(
    photo: Photo,
    prior: Prior,
    gazetteer: Cities,
    manual: Observations | None,
    extent: Extent | None,
    terrain: Terrain,
    settings: SolverSettings,
) -> Problem:
    """The photo and all that is known of it, with the light expected as far around as it may see."""
    pyramid = Pyramid(photo)
    for long_side_px in {stage[0] for stage in settings.refine.coarse}:
        pyramid(long_side_px)  # made here, so that the threads only read it
    altitude_km = prior.camera().nadir()[2]
    reach_km = settings.light_reach * horizon_km(altitude_km) + prior.look_at.radius_km
    light = city_light(gazetteer.within(prior.look_at.lon, prior.look_at.lat, reach_km))
    detail_km = 2 * POSITION_SIGMA_KM
    if extent is not None:
        light, detail_km = with_extent(light, extent), min(detail_km, 2 * extent.detail_km)
    light = replace(light, height_m=terrain.height_m(light.lon, light.lat))
    return Problem(
        pyramid=pyramid,
        prior=prior,
        sources=light.gathered(settings.gathered_km),
        fine_sources=light,
        terrain=terrain,
        detail_km=detail_km,
        manual=manual,
        settings=settings,
    )


def _mirror_images(problem: Problem, pin: Pin | None) -> list[Problem]:
    """The problem with its light mirrored. A mirror that leaves the pin where it is may use it as well."""
    centre = problem.prior.look_at if pin is None else pin.place
    held = None if pin is None or problem.manual is None else problem.manual[np.arange(1)]
    return [
        replace(problem, sources=problem.sources.mirrored(centre, axis_deg), manual=held)
        for axis_deg in problem.settings.acceptance.mirror_axes_deg
    ]


def _assessed(refined: Refined, settings: SolverSettings) -> Accuracy:
    return assess(refined.fit, refined.seen, settings.accuracy, settings.adjust.overlap)
