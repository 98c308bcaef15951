"""Control points: every city of the frame, where it is and where its light was seen."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.special import bdtrc

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, distance_km, to_ecef
from pipeline.camera.footprint import MAX_ZENITH_DEG
from pipeline.georeference.accuracy import Errors
from pipeline.georeference.patches import displacements
from pipeline.georeference.reference import render
from pipeline.georeference.refine import Problem, refine
from pipeline.georeference.settings import SolverSettings
from pipeline.georeference.sources import Sources
from pipeline.georeference.working_image import WorkingImage
from pipeline.ground.cities import POSITION_SIGMA_KM, Cities

# A held-out city is near where it is predicted if it lies within a third of the reach: how far it was looked
# for each way. By chance it lies anywhere in that square: near with the odds pi (1 / 3)^2 / 2^2.
NEAR = 3.0
NEAR_BY_CHANCE = np.pi / 36


@dataclass(frozen=True, eq=False)
class ControlPoints:
    """n cities in frame. Pixels are of the full photo; residuals are seen less predicted.

    `used` says how: fit, check (its residual is against a fit without the check cities) or unmatched (NaN).
    """

    cities: Cities
    seen_px: Array
    residual_px: Array
    residual_m: Array
    correlation: Array
    used: NDArray[np.str_]
    zenith_deg: Array
    """Of the direction to the camera, at each city."""
    reach_px: float
    """How far from where it is predicted a city was looked for."""


def control_points(
    camera: Camera, problem: Problem, gazetteer: Cities, hold_out: bool = True
) -> ControlPoints:
    """Match the frame's biggest cities one by one, and hold every fifth out of a fit to check it."""
    settings, fine = problem.settings.control, problem.settings.refine.fine
    cities = gazetteer.seen_by(camera)
    cities = cities[np.argsort(-cities.population, kind="stable")[: settings.max_cities]]
    check = hold_out & held_out(len(cities), settings.check_every)
    rest_light = _without(problem.sources, cities[check], settings.min_held_out_radius_km)
    rest = replace(problem, sources=rest_light, manual=None)
    check_camera = refine(camera, rest, fine[-2:]).camera if check.any() else camera
    view = problem.pyramid(fine[-1][0])
    reach = _reach(view, camera, cities)
    height_m = problem.terrain.height_m(cities.lon, cities.lat)
    seen_px, correlation = _seen(view, camera, cities, height_m, problem.sources, reach, problem.settings)
    matched = correlation > settings.min_city_correlation
    residual_px, residual_m = np.full((len(cities), 2), np.nan), np.full(len(cities), np.nan)
    for chosen, fitted in ((matched & ~check, camera), (matched & check, check_camera)):
        residual_px[chosen], residual_m[chosen] = _residuals(
            fitted, cities[chosen], height_m[chosen], seen_px[chosen]
        )
    return ControlPoints(
        cities=cities,
        seen_px=np.where(matched[:, None], seen_px, np.nan),
        residual_px=residual_px,
        residual_m=residual_m,
        correlation=correlation,
        used=np.where(matched, np.where(check, "check", "fit"), "unmatched"),
        zenith_deg=camera.view(cities.lon, cities.lat)[0],
        reach_px=reach / view.factor,
    )


def held_out(n: int, every: int) -> NDArray[np.bool_]:
    """Which of n cities are held out: of each `every` in turn the middle one, so that the biggest is not."""
    return np.asarray(np.arange(n) % every == every // 2)


def check_errors(points: ControlPoints) -> Errors:
    """Errors at the check cities, which include the gazetteer's own (about 400 m).

    Only ground that is mapped counts: near the limb a pixel is kilometres long, or shows the sky.
    """
    check = (points.used == "check") & (points.zenith_deg <= MAX_ZENITH_DEG)
    check &= np.isfinite(points.residual_m)
    return Errors.of(np.hypot(*points.residual_px[check].T), points.residual_m[check])


def _without(light: Sources, cities: Cities, min_radius_km: float) -> Sources:
    """The sources without those within the radius of any of the cities (at least `min_radius_km`)."""
    if not len(cities):
        return light
    reach_m = 1e3 * np.maximum(cities.radius_km, min_radius_km)
    places = to_ecef(cities.lon, cities.lat)
    inside = np.zeros(len(light), bool)
    tree = cKDTree(to_ecef(light.lon, light.lat))
    for near in tree.query_ball_point(places, reach_m):
        inside[near] = True
    return light[~inside]


def _residuals(camera: Camera, cities: Cities, height_m: Array, seen_px: Array) -> tuple[Array, Array]:
    """Seen less predicted pixels (n, 2), and how far on the ground the seen pixel lies from the city (m)."""
    predicted = np.stack(camera.project(cities.lon, cities.lat, height_m), -1)
    lon, lat = camera.to_ground(seen_px[:, 0], seen_px[:, 1], height_m)
    return seen_px - predicted, 1e3 * distance_km(lon, lat, cities.lon, cities.lat)


def held_out_probability(points: ControlPoints) -> float:
    """Odds that chance puts as many of the matched check cities near where they are predicted."""
    away_px = np.hypot(*points.residual_px[points.used == "check"].T)
    near = int((away_px < points.reach_px / NEAR).sum())
    return float(bdtrc(near - 1, len(away_px), NEAR_BY_CHANCE))


def _reach(view: WorkingImage, camera: Camera, cities: Cities) -> int:
    """How far (px of the view) a city's light may lie from its coordinates, and the camera be off."""
    small = camera.scaled(view.factor)
    pixel_km = small.ground_sample_distance_m(cities.lon, cities.lat) / 1e3
    return 3 + (int(np.ceil(3 * POSITION_SIGMA_KM / float(np.median(pixel_km)))) if len(cities) else 0)


def _seen(
    view: WorkingImage,
    camera: Camera,
    cities: Cities,
    height_m: Array,
    light: Sources,
    reach: int,
    settings: SolverSettings,
) -> tuple[Array, Array]:
    """Where the photo shows each city (n, 2; px of the full photo), and how well (-1: not found)."""
    sizes_px = settings.control.patch_sizes_px
    small = camera.scaled(view.factor)
    reference = render(small, light, settings.drawing)
    height, width = reference.shape
    column, row = small.project(cities.lon, cities.lat, height_m)
    pixel_km = small.ground_sample_distance_m(cities.lon, cities.lat) / 1e3
    sigma_px = cities.radius_km / pixel_km
    rank = np.searchsorted(np.array(sizes_px[:-1]), 6 * sigma_px)
    seen_px, correlation = np.full((len(cities), 2), np.nan), np.full(len(cities), -1.0)
    for k, size in enumerate(sizes_px):
        top, left = (np.round(v - (size - 1) / 2).astype(np.intp) for v in (row, column))
        fits = (rank == k) & (top >= 0) & (left >= 0) & (top + size <= height) & (left + size <= width)
        chosen = np.flatnonzero(fits)
        if not chosen.size:  # none, or the picture is smaller than the patch
            continue
        moved = displacements(view, reference, top[chosen], left[chosen], size, reach, settings.patches)
        centre = np.stack([column[chosen], row[chosen]], -1)
        seen_px[chosen] = (centre + moved.offset_px + 0.5) / view.factor - 0.5
        correlation[chosen] = np.where(moved.found, moved.correlation, -1.0)
    return seen_px, correlation
