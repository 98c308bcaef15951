"""The adjustment recovers a camera from points of known truth, mismatches included."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import to_ecef
from pipeline.camera.prior import Prior
from pipeline.camera.uncertainty import moved
from pipeline.georeference.adjust import Observations, adjust, membership
from pipeline.georeference.settings import AdjustSettings
from pipeline.models import LookAt

SETTINGS = AdjustSettings()
TRUTH = Camera(
    position_ecef_m=to_ecef(6.0, 49.5, 400e3),
    rotation_ecef_to_camera=look_at_rotation(to_ecef(6.0, 49.5, 400e3), to_ecef(7.5, 50.5), 40.0),
    focal_px=5000.0,
    principal_point_px=(1063.5, 707.5),
    width=2128,
    height=1416,
    k1=0.01,
)
PRIOR = Prior(
    position_ecef_m=TRUTH.position_ecef_m,
    horizontal_covariance_m2=np.eye(2) * 6e3**2,
    vertical_sigma_m=5e3,
    focal_px=5050.0,
    k1=0.0,
    k2=0.0,
    principal_point_px=(1063.5, 707.5),
    lens_covariance=np.diag([0.02, 0.03, 0.02, 4.0, 4.0]) ** 2,
    look_at=LookAt(lon=7.5, lat=50.5),
    width=2128,
    height=1416,
)


def points(noise_px: float, mismatched: int = 0, seed: int = 0, n: int = 200) -> Observations:
    rng = np.random.default_rng(seed)
    pixel = rng.uniform((0, 0), (2127, 1415), (n, 2))
    ground = to_ecef(*TRUTH.to_ground(*pixel.T))
    seen = pixel + rng.normal(0, noise_px, pixel.shape)
    seen[:mismatched] = pixel[:mismatched] + rng.uniform(-60, 60, (mismatched, 2))
    return Observations(ground, seen, np.ones(n), np.full(n, 60.0), np.zeros(n, bool))


def off(camera: Camera) -> float:
    """Largest disagreement with the truth over the frame, px."""
    column, row = np.meshgrid(np.linspace(0, 2127, 9), np.linspace(0, 1415, 7))
    return float(np.hypot(*(np.stack(camera.project(*TRUTH.to_ground(column, row))) - (column, row))).max())


def start() -> Camera:
    away = [2e-3, -1e-3, 4e-3, 3e3, -4e3, 2e3, 0.01]
    return moved(replace(TRUTH, k1=0.0), PARAMETERS[: len(away)], away)


def test_perfect_points_give_the_camera_back() -> None:
    assert off(start()) > 20
    # 0.05 px: the priors, wrong by 1 % in focal length, still pull a little.
    assert off(adjust(start(), PRIOR, points(noise_px=0.02), SETTINGS).camera) < 0.05


def test_a_third_of_mismatches_does_not_pull() -> None:
    fitted = adjust(start(), PRIOR, points(noise_px=1.0, mismatched=66), SETTINGS)
    # 134 points of 1 px noise and ten parameters: about 1.4 sqrt(10 / 268) = 0.3 px, at most 3 times that.
    assert off(fitted.camera) < 0.9
    assert fitted.belongs[66:].mean() > 0.95
    assert fitted.belongs[:66].mean() < 0.1


def test_covariance_covers() -> None:
    """Errors in units of their predicted sigma have a spread of 1, over seeds and the three attitude angles
    combined with everything else through the frame's corner, where each light is seen by as many patches as
    overlap."""
    from pipeline.camera.earth import distance_km
    from pipeline.camera.uncertainty import ground_sigma_m

    ratio = []
    for seed in range(40):
        seen = points(1.0, seed=seed)[np.repeat(np.arange(200), SETTINGS.overlap)]
        fitted = adjust(start(), replace(PRIOR, focal_px=5000.0), seen, SETTINGS)
        lon, lat = TRUTH.to_ground(200.0, 200.0)
        lon_there, lat_there = fitted.camera.to_ground(200.0, 200.0)
        sigma = ground_sigma_m(fitted.camera, PARAMETERS, fitted.covariance, lon, lat)
        ratio.append(1e3 * distance_km(lon, lat, lon_there, lat_there) / sigma / np.sqrt(2))
    # The root mean square of 40 two-dimensional errors scatters by 1 / sqrt(80) = 0.11 around 1.
    assert 0.7 < np.sqrt(np.mean(np.square(ratio))) < 1.3


def test_no_points_give_the_prior_back() -> None:
    nothing = Observations(np.empty((0, 3)), np.empty((0, 2)), np.empty(0), np.empty(0), np.empty(0, bool))
    away = moved(PRIOR.camera(), ["east_m", "up_m", "log_focal"], [5e3, -2e3, 0.03])
    fitted = adjust(away, PRIOR, nothing, SETTINGS)
    assert np.isclose(fitted.camera.focal_px, PRIOR.focal_px, rtol=1e-6)
    # Metres east of one nadir are not exactly those of another 5 km away.
    assert np.allclose(fitted.camera.position_ecef_m, PRIOR.position_ecef_m, atol=10.0)


def test_a_wide_lens_shows_its_second_radial_term() -> None:
    """At 24 mm the corners lie at 0.9 focal lengths, where k2 = 0.02 moves light by 17 px."""
    wide = replace(TRUTH, focal_px=1420.0, k1=0.01, k2=0.02)
    pixel = np.random.default_rng(3).uniform((0, 0), (2127, 1415), (400, 2))
    ground = np.stack(wide.to_ground(*pixel.T), -1)
    there = np.isfinite(ground).all(axis=1)
    n = int(there.sum())
    seen = Observations(
        to_ecef(*ground[there].T), pixel[there], np.ones(n), np.full(n, 60.0), np.zeros(n, bool)
    )
    prior = replace(PRIOR, focal_px=1420.0)
    fitted = adjust(replace(wide, k1=0.0, k2=0.0), prior, seen, SETTINGS).camera
    # Perfect observations: what is left is the pull of the prior, which is at zero.
    assert fitted.k2 == pytest.approx(0.02, abs=1e-3)


@pytest.mark.parametrize("away_px", [0.0, 2.0, 3.0])
def test_a_patch_is_a_mismatch_by_the_odds_of_its_window(away_px: float) -> None:
    """A patch of 1 px sigma was looked for 10 px each way: a mismatch lies anywhere in 20 x 20 px, a match as
    a Gaussian of two dimensions does, and 7 of 10 are matches."""
    window_px, share = 10.0, 0.7
    residual = np.array([[away_px, 0.0]])
    alone = Observations(np.zeros((1, 3)), residual, np.ones(1), np.full(1, window_px), np.zeros(1, bool))
    match = share * np.exp(-(away_px**2) / 2) / (2 * np.pi)
    stray = (1 - share) / 400.0
    belongs = membership(residual, np.ones(1), share, alone)
    assert belongs == pytest.approx(match / (match + stray))
