"""Where a search begins: positions of the station and points it may look at, as dense as a search is wide.

A search at one position repairs an error of some 50 km by itself (the attitude takes it up), and finds a
frame that looks up to a dozen degrees beside its aim. What is known worse is covered by several.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import KDTree

from pipeline.camera.earth import Array, distance_km, east_north_up, meet_ellipsoid, to_geodetic
from pipeline.camera.prior import Prior
from pipeline.georeference.settings import HypothesisSettings
from pipeline.models import LonLat


@dataclass(frozen=True, eq=False)
class Hypothesis:
    """A position (ECEF m), a point on the ground looked at, and how far beside it to search (photo px)."""

    position_ecef_m: Array
    aim: LonLat
    reach_px: float


def hypotheses(prior: Prior, settings: HypothesisSettings) -> list[Hypothesis]:
    """All pairs of position and aim that cover what the prior leaves open, the likeliest first."""
    return [aimed for place in positions(prior, settings) for aimed in _aims(prior, place, settings)]


def positions(prior: Prior, settings: HypothesisSettings) -> list[Array]:
    """The prior's position (ECEF m). Where its ellipse is longer than the spacing: the points of a hexagonal
    lattice that are nearest to any part of the ellipse."""
    spread, axes = np.linalg.eigh(prior.horizontal_covariance_m2)
    # Rows of the lattice lie along the longer axis: a long ellipse is covered by one row.
    reach_m, axes = settings.position_sigmas * np.sqrt(spread[::-1]), axes[:, ::-1]
    if reach_m[0] < settings.position_spacing_m:
        return [prior.position_ecef_m]
    lattice = _hexagonal(settings.max_rings) * settings.position_spacing_m
    turn, share = np.meshgrid(np.linspace(0, 2 * np.pi, 361), np.linspace(0, 1, 61))
    ellipse = np.stack([share * np.cos(turn), share * np.sin(turn)], -1).reshape(-1, 2) * reach_m
    near = np.unique(KDTree(lattice).query(ellipse)[1])
    lon, lat, _ = to_geodetic(prior.position_ecef_m)
    east_north = east_north_up(lon, lat)[:2]
    away = lattice[near] @ axes.T
    height = np.linalg.norm(prior.position_ecef_m)
    moved = prior.position_ecef_m + away @ east_north
    return list(moved / np.linalg.norm(moved, axis=1, keepdims=True) * height)


def _aims(prior: Prior, position_ecef_m: Array, settings: HypothesisSettings) -> list[Hypothesis]:
    """The look-at point if one search covers its radius, else directions all over that radius."""
    frame_px = float(max(prior.width, prior.height))
    radius_px = prior.look_at_radius_px(position_ecef_m)
    one_search_px = min(
        settings.one_aim_frames * frame_px, prior.focal_px * np.tan(np.radians(settings.one_aim_deg))
    )
    if radius_px <= one_search_px:
        return [Hypothesis(position_ecef_m, prior.look_at, radius_px)]
    reach_rad = min(
        np.arctan(settings.one_aim_frames * frame_px / prior.focal_px), np.radians(settings.aim_deg)
    )
    # A hexagonal lattice of directions around the nadir, laid flat: distance is the angle from it.
    flat = _hexagonal(int(np.ceil(np.pi / 2 / (np.sqrt(3) * reach_rad)))) * np.sqrt(3) * reach_rad
    angle = np.hypot(*flat.T)
    flat, angle = flat[angle < np.pi / 2], angle[angle < np.pi / 2]
    lon, lat, _ = to_geodetic(position_ecef_m)
    local = np.concatenate([flat * np.sinc(angle / np.pi)[:, None], -np.cos(angle)[:, None]], axis=1)
    ground = meet_ellipsoid(position_ecef_m, local @ east_north_up(lon, lat))
    there = np.isfinite(ground).all(axis=1)
    ground = ground[there]
    aim_lon, aim_lat, _ = to_geodetic(ground)
    zenith, _, slant_m = replace(prior.camera(), position_ecef_m=position_ecef_m).view(aim_lon, aim_lat)
    away_km = distance_km(aim_lon, aim_lat, prior.look_at.lon, prior.look_at.lat)
    reach_km = reach_rad * slant_m / 1e3 / np.cos(np.radians(np.minimum(zenith, 60)))
    within = away_km < prior.look_at.radius_km + reach_km
    near = np.flatnonzero((zenith < settings.max_aim_zenith_deg) & within)
    reach_px = prior.focal_px * np.tan(reach_rad)
    return [
        Hypothesis(position_ecef_m, LonLat(lon=float(aim_lon[k]), lat=float(aim_lat[k])), reach_px)
        for k in near[np.argsort(away_km[near])]
    ]


def _hexagonal(rings: int) -> Array:
    """Points (n, 2) of a hexagonal lattice with unit spacing, `rings` around the origin, the first."""
    i, j = np.meshgrid(np.arange(-rings, rings + 1), np.arange(-rings, rings + 1))
    chosen = np.abs(i + j) <= rings
    points = np.stack([i + j / 2, j * np.sqrt(3) / 2], -1)[chosen]
    return np.asarray(points[np.argsort(np.hypot(*points.T), kind="stable")])
