"""Positions and aims leave no gap: whatever the prior allows lies within the reach of one of them."""

import numpy as np
import pytest

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import Array, distance_km, east_north_up, to_ecef, to_geodetic
from pipeline.camera.prior import Prior
from pipeline.georeference.hypotheses import Hypothesis, hypotheses, positions
from pipeline.georeference.settings import HypothesisSettings
from pipeline.models import LookAt

NADIR = (6.0, 49.5)
WIDTH, HEIGHT = 2128, 1416
SETTINGS = HypothesisSettings()


def prior(
    focal_mm: float = 50.0,
    look_at: tuple[float, float] = (7.5, 50.5),
    radius_km: float = 100.0,
    sigma_km: tuple[float, float] = (6.0, 6.0),
    turn_deg: float = 0.0,
) -> Prior:
    """A 36 mm sensor at 400 km; `sigma_km` along and across a direction `turn_deg` from east."""
    angle = np.radians(turn_deg)
    axes = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Prior(
        position_ecef_m=to_ecef(*NADIR, 400e3),
        horizontal_covariance_m2=(axes * (np.array(sigma_km) * 1e3) ** 2) @ axes.T,
        vertical_sigma_m=5e3,
        focal_px=focal_mm / 36 * WIDTH,
        k1=0.0,
        k2=0.0,
        principal_point_px=((WIDTH - 1) / 2, (HEIGHT - 1) / 2),
        lens_covariance=np.diag([0.02, 0.03, 0.02, 4.0, 4.0]) ** 2,
        look_at=LookAt(lon=look_at[0], lat=look_at[1], radius_km=radius_km),
        width=WIDTH,
        height=HEIGHT,
    )


def off_px(known: Prior, aim: Hypothesis, lon: Array, lat: Array) -> Array:
    """How far from the middle of an aim's level canvas ground points lie; infinite behind the camera."""
    position = aim.position_ecef_m
    target = to_ecef(aim.aim.lon, aim.aim.lat)
    canvas = Camera(position, look_at_rotation(position, target, 0.0), known.focal_px, (0.0, 0.0), 1, 1)
    return np.nan_to_num(np.hypot(*canvas.project_ecef(to_ecef(lon, lat))), nan=np.inf)


def visible(known: Prior) -> tuple[Array, Array]:
    """Ground within the look-at radius, every half degree, that sees the station at a zenith below 70."""
    lon, lat = (v.ravel() for v in np.meshgrid(np.arange(-15, 31, 0.5), np.arange(34, 66, 0.5)))
    zenith, _, _ = known.camera().view(lon, lat)
    near = distance_km(lon, lat, known.look_at.lon, known.look_at.lat) <= known.look_at.radius_km
    return lon[near & (zenith < 70)], lat[near & (zenith < 70)]


@pytest.mark.parametrize("focal_mm", [24.0, 50.0, 180.0, 400.0])
def test_a_small_radius_needs_the_look_at_point_alone(focal_mm: float) -> None:
    known = prior(focal_mm)
    (only,) = hypotheses(known, SETTINGS)
    assert only.position_ecef_m == pytest.approx(known.position_ecef_m)
    assert (only.aim.lon, only.aim.lat) == (7.5, 50.5)
    # 100 km as seen across the range: straight down; nearer ground on an oblique view is a little wider.
    lon, lat = visible(known)
    assert len(lon) > 5
    assert off_px(known, only, lon, lat).max() < 1.03 * only.reach_px
    range_km = np.linalg.norm(to_ecef(7.5, 50.5) - known.position_ecef_m) / 1e3
    assert only.reach_px == pytest.approx(known.focal_px * 100 / range_km)


@pytest.mark.parametrize("focal_mm", [24.0, 180.0, 400.0])
@pytest.mark.parametrize(
    ("look_at", "radius_km"),
    [(NADIR, 2000.0), (NADIR, 1000.0), ((14.0, 52.0), 1000.0), ((20.0, 49.0), 1500.0)],
)
def test_a_large_radius_is_in_reach_of_the_aims_all_over(
    focal_mm: float, look_at: tuple[float, float], radius_km: float
) -> None:
    known = prior(focal_mm, look_at, radius_km)
    aims = hypotheses(known, SETTINGS)
    lon, lat = visible(known)
    assert len(lon) > 300
    share = np.min([off_px(known, aim, lon, lat) / aim.reach_px for aim in aims], axis=0)
    # No tolerance: aims lie so that every direction is in reach. Not far too many of them either: a
    # hexagonal lattice covers with 1.21 times the area, and its rim reaches beyond.
    assert share.max() <= 1.0
    assert np.median(share) > 0.4


def test_aims_come_from_the_look_at_point_outwards_and_on_visible_ground() -> None:
    known = prior(look_at=(10.0, 50.0), radius_km=1200.0)
    aims = hypotheses(known, SETTINGS)
    lon, lat = (np.array([getattr(a.aim, key) for a in aims]) for key in ("lon", "lat"))
    away_km = distance_km(lon, lat, 10.0, 50.0)
    assert (np.diff(away_km) >= 0).all()
    assert known.camera().view(lon, lat)[0].max() < 75


def test_each_position_has_its_aims() -> None:
    known = prior(sigma_km=(70.0, 2.0), radius_km=1500.0)
    there = positions(known, SETTINGS)
    found = hypotheses(known, SETTINGS)
    assert len(there) == 3
    assert len({tuple(h.position_ecef_m) for h in found}) == 3
    assert 3 * 25 < len(found) < 3 * 50


def on_the_level(known: Prior) -> Array:
    """The positions, (n, 2) km east and north of the prior's."""
    away = np.array(positions(known, SETTINGS)) - known.position_ecef_m
    return np.asarray((away @ east_north_up(*NADIR).T)[:, :2] / 1e3)


def ellipse_km(known: Prior, sigmas: float, n: int = 3000) -> Array:
    """Points (n, 2) all over the ellipse of so many sigmas."""
    rng = np.random.default_rng(0)
    turn, share = rng.uniform(0, 2 * np.pi, n), np.sqrt(rng.uniform(0, 1, n))
    disk = np.stack([share * np.cos(turn), share * np.sin(turn)], -1)
    return np.asarray(sigmas * disk @ np.linalg.cholesky(known.horizontal_covariance_m2).T / 1e3)


@pytest.mark.parametrize("sigma_km", [(1.0, 1.0), (6.0, 6.0), (40.0, 40.0), (49.0, 1.0)])
def test_one_position_repairs_its_own_neighbourhood(sigma_km: tuple[float, float]) -> None:
    known = prior(sigma_km=sigma_km)
    (only,) = positions(known, SETTINGS)
    assert np.array_equal(only, known.position_ecef_m)


# Up to 150 km, whose two sigmas are the three rings that are the limit; 148 km are 20 s of clock.
@pytest.mark.parametrize("turn_deg", [0.0, 37.0])
@pytest.mark.parametrize(
    "sigma_km",
    [(51.0, 51.0), (60.0, 1.0), (60.0, 60.0), (75.0, 30.0), (90.0, 60.0), (125.0, 125.0), (148.0, 40.0)],
)
def test_two_sigmas_are_never_farther_than_a_lattice_allows(
    sigma_km: tuple[float, float], turn_deg: float
) -> None:
    known = prior(sigma_km=sigma_km, turn_deg=turn_deg)
    away = np.linalg.norm(ellipse_km(known, 2.0)[:, None] - on_the_level(known), axis=2).min(axis=1)
    # A point of the plane lies within 100 km / sqrt(3) of a hexagonal lattice of 100 km. At one altitude,
    # 250 km away, the lattice is closer by 0.07 %; positions are chosen by points of the ellipse that leave
    # out slivers of its rim, a fraction of a kilometre.
    assert away.max() < 100 / np.sqrt(3) + 0.5


def test_an_uncertainty_along_the_track_alone_is_a_line() -> None:
    for turn_deg in (0.0, 52.0):
        places = on_the_level(prior(sigma_km=(120.0, 1.0), turn_deg=turn_deg))
        angle = np.radians(turn_deg)
        along = places @ [np.cos(angle), np.sin(angle)]
        across = places @ [-np.sin(angle), np.cos(angle)]
        # Two sigmas are 240 km: 100 and 200 km either way; less 0.1 % for the altitude is kept.
        assert sorted(along) == pytest.approx([-200, -100, 0, 100, 200], abs=0.3)
        assert across == pytest.approx(0.0, abs=0.1)


def test_positions_keep_their_altitude_and_begin_with_the_likeliest() -> None:
    known = prior(sigma_km=(150.0, 80.0))
    there = positions(known, SETTINGS)
    assert there[0] == pytest.approx(known.position_ecef_m)
    away_km = np.linalg.norm(np.array(there) - known.position_ecef_m, axis=1) / 1e3
    assert (np.diff(away_km) > -0.5).all()  # rings of one distance, to the altitude's 0.1 %
    # One distance from the Earth's centre; over 300 km of latitude, the ellipsoid falls away by 0.9 km.
    assert to_geodetic(np.array(there))[2] == pytest.approx(400e3, abs=1000)


def test_no_more_than_three_rings_whatever_is_asked() -> None:
    assert len(positions(prior(sigma_km=(500.0, 500.0)), SETTINGS)) == 37
    assert len(positions(prior(sigma_km=(500.0, 1.0)), SETTINGS)) == 7
