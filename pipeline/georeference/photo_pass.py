"""Photos of one pass: each by its own light, then with lens and clock as the others show them."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from pipeline.camera.orbit import State, nearest, parse_elements, station_state
from pipeline.camera.prior import Prior, prior_from_facts
from pipeline.camera.terrain import Terrain
from pipeline.errors import FactsError
from pipeline.georeference.adjust import Observations
from pipeline.georeference.extent import Extent
from pipeline.georeference.joint import clock_offset_s, lens_from, shared_clock
from pipeline.georeference.settings import DEFAULT
from pipeline.georeference.solve import Solution, adjusted_again, solve
from pipeline.ground.cities import Cities
from pipeline.models import LookAt
from pipeline.photo.photo import Photo, PhotoFacts

log = logging.getLogger(__name__)

Clock = tuple[float, float]
"""Seconds to add to a photo's time, and 1 sigma."""


@dataclass(frozen=True, eq=False)
class KnownGround:
    """What is known of the ground around a pass: cities, light with extent if any was given, and heights."""

    cities: Cities
    extent: Extent | None
    terrain: Terrain


@dataclass(frozen=True, eq=False)
class OtherPhoto:
    """Another photo of the pass, placed, and the station's orbit at its time if element sets were given."""

    solution: Solution
    orbit: State | None


def prior_and_orbit(facts: PhotoFacts) -> tuple[Prior, State | None]:
    """The prior of a photo, and the station's orbit where element sets were given. Raises FactsError that
    names what is missing."""
    assert isinstance(facts.look_at, LookAt)
    orbit = None
    if facts.tle is not None:
        if facts.taken_at is None:
            raise FactsError(f"{facts.id}: taken_at: is not known; tle gives a position only with a time")
        elements = parse_elements(facts.tle, f"{facts.id}: tle")
        orbit = station_state(nearest(elements, facts.taken_at), facts.taken_at)
    return prior_from_facts(facts, facts.look_at, facts.width, facts.height, facts.id, orbit), orbit


def solved_alone(
    facts: PhotoFacts, photo: Photo, ground: KnownGround, manual: Observations | None, threads: int
) -> Solution:
    """A photo solved by itself. What may be cut from one of several full frames is tried as a part of each in
    turn, until it is accepted."""
    whole, _ = prior_and_orbit(facts)
    priors = [whole.within(full) for full in facts.full_frames] or [whole]
    # So many tries share the odds at which chance is believed.
    settings, best = replace(DEFAULT, acceptance=DEFAULT.acceptance.shared_among(len(priors))), None
    for prior in priors:
        solution = solve(
            photo, prior, ground.cities, manual, ground.extent, ground.terrain, threads, settings
        )
        if solution.accepted:
            return solution
        best = min(best or solution, solution, key=lambda s: s.verdict.false_alarm_probability)
    assert best is not None
    return best


def others_placed(
    photos: Iterable[tuple[PhotoFacts, Photo]], ground: KnownGround, threads: int
) -> list[OtherPhoto]:
    """The other photos of a pass, solved each by itself; those that are refused are left out."""
    placed = []
    for facts, photo in photos:
        _, orbit = prior_and_orbit(facts)
        solution = solved_alone(facts, photo, ground, None, threads)
        used = "used" if solution.accepted else f"unused: {solution.reason}"
        log.info("%s: of the same pass: %s", facts.id, used)
        if solution.accepted:
            placed.append(OtherPhoto(solution, orbit))
    return placed


def shared_with_pass(
    solution: Solution, facts: PhotoFacts, others: Sequence[OtherPhoto], cities: Cities
) -> tuple[Solution, Clock | None]:
    """The solution with lens and clock as the others show them, and the clock's offset where the orbit is
    known. A photo whose light does not stand out with the others' lens stays as it is by its own."""
    _, orbit = prior_and_orbit(facts)
    offsets = [
        clock_offset_s(other.solution.camera, other.solution.covariance, other.orbit, facts.clock_sigma_s)
        for other in others
        if other.orbit is not None
    ]
    clock = None
    if orbit is not None:
        # From the photo's own light alone: adjusted with the others, it would count them twice.
        by_own_light = clock_offset_s(solution.camera, solution.covariance, orbit, facts.clock_sigma_s)
        orbit_s = orbit.along_sigma_m / orbit.speed_m_s
        clock = shared_clock([by_own_light, *offsets], facts.clock_sigma_s, orbit_s)
    prior = solution.problem.prior
    others = [other for other in others if _same_frame(other.solution.problem.prior, prior)]
    if not others:
        return solution, clock
    clock_is_shared = orbit is not None and len(offsets) > 0
    on_time_there, _ = prior_and_orbit(on_time(facts, offsets) if clock_is_shared else facts)
    prior = replace(
        on_time_there,
        principal_point_px=prior.principal_point_px,
        focal_px=prior.focal_px,
        lens_covariance=prior.lens_covariance,  # of a part of a full frame it is the full frame's
    )
    prior = lens_from(prior, [(other.solution.camera, other.solution.covariance) for other in others])
    shared = "lens and clock" if clock_is_shared else "lens"
    method = f"{solution.method}, {shared} shared with {len(others)} of its pass"
    together = adjusted_again(solution, prior, cities)
    if not together.accepted:
        log.warning("%s: by its own light alone, for with the lens of its pass %s", facts.id, together.reason)
        return solution, clock
    return replace(together, method=method), clock


def _same_frame(a: Prior, b: Prior) -> bool:
    """Whether two pictures are the same part of their full frames, as far as that is known."""
    return np.allclose(a.principal_point_px, b.principal_point_px) and not (a.is_cut or b.is_cut)


def on_time(facts: PhotoFacts, offsets: Sequence[Clock]) -> PhotoFacts:
    """Facts of a photo whose clock is known by the offsets of other photos of its pass."""
    assert facts.taken_at is not None
    offset_s, sigma_s = shared_clock(offsets, facts.clock_sigma_s)
    moved_to = facts.taken_at + timedelta(seconds=offset_s)
    return facts.model_copy(update={"taken_at": moved_to, "clock_sigma_s": sigma_s})
