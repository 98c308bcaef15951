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
from pipeline.georeference.framing import framing_of
from pipeline.georeference.manual import manual_evidence
from pipeline.georeference.patches import patch_light
from pipeline.georeference.reference import Compression
from pipeline.georeference.refine import Problem, Pyramid, Refined, refine
from pipeline.georeference.search import Pin, Template, straightened
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
    best = _solved(problem, gazetteer, "log", extent is not None, threads)
    if not best.accepted and problem.pyramid.saturated_share >= settings.saturated_share:
        by_roots = _solved(problem, gazetteer, "sqrt", extent is not None, threads)
        best = min(by_roots, best, key=lambda s: (not s.accepted, s.verdict.false_alarm_probability))
    return _as_framed(best, gazetteer) if best.accepted else best


def _solved(
    problem: Problem, gazetteer: Cities, compression: Compression, extended: bool, threads: int
) -> Solution:
    """The best camera of a search in light compressed one way, and its verdict."""
    settings, manual = problem.settings, problem.manual
    limits, n_by_hand = settings.acceptance, 0 if manual is None else len(manual)
    pin = pin_of(manual, limits.enough_manual_points)
    view = problem.pyramid(settings.search.long_side_px, compression)
    template = Template(straightened(view, problem.prior), settings.search)
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
    method = "city light and its extent" if extended else "city light"
    if manual is not None:
        method = f"{method} and manual control points"
    return _judged(problem, refined, points, method, best.agreement, chance)


def _judged(
    problem: Problem,
    refined: Refined,
    points: ControlPoints,
    method: str,
    agreement: float,
    chance: tuple[float, ...],
) -> Solution:
    """The solution of a fitted camera with its verdict; `agreement` is that of the camera it was fitted
    from."""
    settings, manual = problem.settings, problem.manual
    belongs = refined.fit.belongs[: len(refined.seen) - (0 if manual is None else len(manual))]
    by_hand = None
    if manual is not None:
        by_hand = manual_evidence(refined.camera, problem.prior, manual, settings.adjust)
    evidence = Evidence(
        # The final camera is judged too, not only the one before: the fine rounds must not have led away.
        agreement=min(agreement, agreement_with(refined.camera, problem)),
        chance=chance,
        held_out_probability=held_out_probability(points),
        matched_patches=float(belongs.sum()),
        patches=len(belongs),
        by_hand=by_hand,
    )
    return Solution(
        problem=problem,
        refined=refined,
        accuracy=assessed(refined, problem),
        verdict=decide(evidence, settings.acceptance),
        points=points,
        method=method,
        matched_patches=evidence.matched_patches,
        patches=evidence.patches,
    )


def _as_framed(solution: Solution, gazetteer: Cities) -> Solution:
    """An accepted solution as that of a crop where its light wants one; refused where no camera has its
    scales."""
    prior, settings = solution.problem.prior, solution.problem.settings
    framing = framing_of(solution.refined, prior, settings.adjust.overlap, settings.framing)
    if framing.is_cut(settings.framing) and not prior.is_cut:
        solution = adjusted_again(solution, prior.cut(), gazetteer)
        framing = framing_of(solution.refined, prior, settings.adjust.overlap, settings.framing)
    if solution.problem.prior.is_cut:
        solution = replace(solution, method=f"{solution.method}, as a crop of unknown place")
    if not (solution.accepted and framing.is_uneven(settings.framing)):
        return solution
    reason = (
        "it looks like a crop or an uneven resize: its light wants a scale across that is "
        f"{100 * framing.uneven:+.1f} % off that down"
    )
    return replace(solution, verdict=replace(solution.verdict, accepted=False, reason=reason))


def adjusted_again(solution: Solution, prior: Prior, gazetteer: Cities) -> Solution:
    """The solution adjusted under a better prior. It is another camera, so it is judged anew, against the
    same chance."""
    problem, before = replace(solution.problem, prior=prior), solution.verdict
    refined = refine(solution.camera, problem, problem.fine_stages(solution.camera)[-2:])
    points = control_points(refined.camera, problem, gazetteer)
    return _judged(problem, refined, points, solution.method, before.agreement, before.chance)


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


def assessed(refined: Refined, problem: Problem) -> Accuracy:
    """How good a fitted camera is, with the errors that its patches share."""
    settings, seen, camera = problem.settings, refined.seen, refined.camera
    middle = seen.pixel - refined.fit.residual_px
    light = patch_light(camera, problem.fine_sources, middle, refined.size, refined.factor, settings.drawing)
    return assess(refined.fit, seen, light, settings.accuracy, settings.adjust.overlap)
