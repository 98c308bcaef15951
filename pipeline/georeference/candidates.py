"""Candidate solutions: the best cameras of a search, coarsely adjusted, and how well each agrees."""

from dataclasses import dataclass, replace

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.earth import to_geodetic
from pipeline.georeference.adjust import Observations, adjust, residuals
from pipeline.georeference.agreement import agreement
from pipeline.georeference.hypotheses import hypotheses, positions
from pipeline.georeference.reference import render
from pipeline.georeference.refine import Problem, refine
from pipeline.georeference.search import Hit, Pin, Template, search
from pipeline.models import LonLat, LookAt


@dataclass(frozen=True)
class Candidate:
    """A camera of the full photo and its agreement with the reference light."""

    camera: Camera
    agreement: float


def candidates(problem: Problem, pin: Pin | None, template: Template) -> list[Candidate]:
    """Coarsely adjusted cameras, the chosen one first, then other solutions by agreement.
    `template` is what is searched for: the photo's light compressed one way."""
    settings, manual = problem.settings, problem.manual
    by_hand = manual is not None and len(manual) >= settings.acceptance.enough_manual_points
    starts = _starts(problem, pin, template)
    if by_hand:
        assert manual is not None
        starts.insert(0, _from_points(problem, manual))
    cameras = [refine(start, problem, settings.refine.coarse).camera for start in starts]
    adjusted = [Candidate(camera, agreement_with(camera, problem)) for camera in cameras]
    best = adjusted[0] if by_hand else max(adjusted, key=lambda c: c.agreement)
    others = [c for c in adjusted if apart(c.camera, best.camera) > settings.search.same_solution]
    return [best, *sorted(others, key=lambda c: -c.agreement)]


def agreement_with(camera: Camera, problem: Problem) -> float:
    """How well the reference light, seen by a camera of the full photo, agrees with the photo as a whole."""
    settings = problem.settings
    view = problem.pyramid(settings.refine.judged_at_px)
    small = camera.scaled(view.factor)
    reference = render(small, problem.sources, settings.drawing, view.compression)
    return agreement(view, small, reference, settings.agreement)


def _starts(problem: Problem, pin: Pin | None, template: Template) -> list[Camera]:
    """The highest peaks of the search, each another solution."""
    prior, factor = problem.prior, template.view.factor
    settings, densities = problem.settings.search, problem.settings.hypotheses
    if pin is None:
        where = hypotheses(prior, densities)
    else:
        where = [pin.hypothesis(prior, place, settings.pin_reach) for place in positions(prior, densities)]
    drawing = problem.settings.drawing
    hits: list[Hit] = []
    for hypothesis in where:
        hits += search(template, prior, hypothesis, problem.sources, drawing, pin)
    starts: list[Camera] = []
    height, width = template.view.image.shape
    for peak in sorted(hits, key=lambda hit: -hit.correlation):
        camera = peak.camera(width, height).scaled(1 / factor)
        camera = replace(camera, width=prior.width, height=prior.height).seen_off_axis(
            prior.principal_point_px
        )
        if all(apart(camera, start) > settings.same_solution for start in starts):
            starts.append(camera)
        if len(starts) == (settings.kept if len(where) == 1 else settings.kept_of_many):
            break
    return starts or [prior.camera()]  # no light at all where it may look: to be refused


def _from_points(problem: Problem, manual: Observations) -> Camera:
    """The camera that fits the manual control points best, tried from all rolls while it looks at them."""
    prior, settings = problem.prior, problem.settings
    lon, lat, _ = to_geodetic(manual.ground_m.mean(axis=0))
    aimed = replace(prior, look_at=LookAt(lon=float(lon), lat=float(lat)))
    # First with errors of any size, for the start is hundreds of pixels off; then with the errors of a hand.
    loose = replace(manual, known=np.zeros(len(manual), bool), window_px=np.full(len(manual), 1e6))
    rolls_deg = np.arange(0.0, 360.0, settings.search.manual_roll_step_deg)
    starts = [adjust(aimed.camera(float(r)), prior, loose, settings.adjust).camera for r in rolls_deg]
    fits = [adjust(start, prior, manual, settings.adjust).camera for start in starts]
    return min(fits, key=lambda camera: float((residuals(camera, manual) ** 2).sum()))


def pin_of(manual: Observations | None, enough: int) -> Pin | None:
    """The first of a few manual points: it holds the search where `enough` of them would decide alone."""
    if manual is None or len(manual) >= enough:
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
