"""Candidate solutions: the best cameras of a search, coarsely adjusted, and how well each agrees."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.earth import to_geodetic
from pipeline.georeference.accept import agreement
from pipeline.georeference.adjust import Observations, adjust, residuals
from pipeline.georeference.hypotheses import hypotheses, positions
from pipeline.georeference.refine import COARSE, Problem, refine
from pipeline.georeference.search import Pin, Template, search
from pipeline.models import LonLat, LookAt

SEARCH_PX = 128
KEPT = 3
# A search in many places has more near misses.
KEPT_OF_MANY = 8
SAME_SOLUTION = 0.05
# Manual points decide alone from four on: two coordinates each, against the six unknowns of a pose.
ENOUGH_MANUAL_POINTS = 4
MANUAL_ROLLS_DEG = range(0, 360, 30)


@dataclass(frozen=True)
class Candidate:
    """A camera of the full photo and its agreement with the reference light."""

    camera: Camera
    agreement: float


def candidates(problem: Problem, pin: Pin | None, template: Template) -> list[Candidate]:
    """Coarsely adjusted cameras, the chosen one first, then other solutions by agreement.
    `template` is what is searched for: the photo's light compressed one way."""
    by_hand = problem.manual is not None and len(problem.manual) >= ENOUGH_MANUAL_POINTS
    starts = _starts(problem, pin, template)
    if by_hand:
        assert problem.manual is not None
        starts.insert(0, _from_points(problem, problem.manual))
    judged_at = problem.pyramid(COARSE[-1][0])
    found = []
    for start in starts:
        camera = refine(start, problem, COARSE).camera
        value = agreement(judged_at, camera.scaled(judged_at.factor), problem.sources)
        found.append(Candidate(camera, value))
    best = found[0] if by_hand else max(found, key=lambda c: c.agreement)
    others = [c for c in found if apart(c.camera, best.camera) > SAME_SOLUTION]
    return [best, *sorted(others, key=lambda c: -c.agreement)]


def _starts(problem: Problem, pin: Pin | None, template: Template) -> list[Camera]:
    """The highest peaks of the search that are no repetition of each other."""
    prior, factor = problem.prior, template.view.factor
    where = hypotheses(prior) if pin is None else [pin.hypothesis(prior, p) for p in positions(prior)]
    found = [c for h in where for c in search(template, prior, h, problem.sources, pin)]
    starts: list[Camera] = []
    for peak in sorted(found, key=lambda c: -c.correlation):
        camera = replace(peak.camera.scaled(1 / factor), width=prior.width, height=prior.height)
        if all(apart(camera, start) > SAME_SOLUTION for start in starts):
            starts.append(camera)
        if len(starts) == (KEPT if len(where) == 1 else KEPT_OF_MANY):
            break
    return starts or [prior.camera()]  # no light at all where it may look: to be refused


def _from_points(problem: Problem, manual: Observations) -> Camera:
    """The camera that fits the manual control points best, tried from a dozen rolls while looking at them."""
    prior = problem.prior
    lon, lat, _ = to_geodetic(manual.ground_m.mean(axis=0))
    aimed = replace(prior, look_at=LookAt(lon=float(lon), lat=float(lat)))
    # First with errors of any size, for the start is hundreds of pixels off; then with what a hand can do.
    loose = replace(manual, known=np.zeros(len(manual), bool), window_px=np.full(len(manual), 1e6))
    starts = [adjust(aimed.camera(roll), prior, loose).camera for roll in MANUAL_ROLLS_DEG]
    fits = [adjust(start, prior, manual).camera for start in starts]
    return min(fits, key=lambda camera: float((residuals(camera, manual) ** 2).sum()))


def pin_of(manual: Observations | None) -> Pin | None:
    """The first of a few manual points: it holds the search where four or more would decide alone."""
    if manual is None or len(manual) >= ENOUGH_MANUAL_POINTS:
        return None
    lon, lat, _ = to_geodetic(manual.ground_m[0])
    return Pin(LonLat(lon=float(lon), lat=float(lat)), manual.pixel[0])


def apart(a: Camera, b: Camera) -> float:
    """How far two cameras place the same ground from each other, as a share of the frame's long side."""
    column, row = np.meshgrid(np.linspace(0, a.width - 1, 3), np.linspace(0, a.height - 1, 3))
    lon, lat = a.to_ground(column, row)
    column_b, row_b = b.project(lon, lat)
    away = np.hypot(column_b - column, row_b - row) / max(a.width, a.height)
    away = np.where(np.isfinite(away), away, 1.0)[np.isfinite(lon)]
    return float(np.median(away)) if away.size else 1.0
