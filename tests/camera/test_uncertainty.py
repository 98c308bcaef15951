from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import distance_km, to_ecef
from pipeline.camera.uncertainty import SolvedCamera, ground_sigma_m, moved

ORDER = [
    "rotation_x_rad",
    "rotation_y_rad",
    "rotation_z_rad",
    "east_m",
    "north_m",
    "up_m",
    "log_focal",
    "k1",
    "k2",
    "principal_column_px",
    "principal_row_px",
]


def camera_over(nadir: tuple[float, float], target: tuple[float, float], focal_px: float = 5000.0) -> Camera:
    position, aim = to_ecef(*nadir, 415e3), to_ecef(*target)
    return Camera(
        position, look_at_rotation(position, aim, 30.0), focal_px, (1063.5, 707.5), 2128, 1416, k1=0.03
    )


OBLIQUE = camera_over((3.0, 51.0), (6.0, 50.6))
NADIR = camera_over((6.0, 50.6), (6.0, 50.6))


def centre(camera: Camera) -> tuple[float, float]:
    lon, lat = camera.to_ground(*camera.principal_point_px)
    return float(lon), float(lat)


def test_every_known_parameter_is_moved_as_named():
    lon, lat, altitude_km = OBLIQUE.nadir()
    up = moved(OBLIQUE, ["up_m", "log_focal", "k1", "k2"], [1000.0, np.log(1.01), 0.01, 0.002])
    assert up.nadir() == pytest.approx((lon, lat, altitude_km + 1.0), abs=1e-7)  # 0.1 mm: the ECEF round trip
    assert up.focal_px == pytest.approx(1.01 * OBLIQUE.focal_px)
    assert (up.k1, up.k2) == pytest.approx((0.04, 0.002))

    east = moved(OBLIQUE, ["east_m"], [1000.0]).nadir()
    # 1 km at 415 km altitude is 0.939 km on the ground; distance_km is good to 0.5 %.
    assert float(distance_km(lon, lat, *east[:2])) == pytest.approx(0.939, rel=0.006)
    assert east[0] > lon
    assert moved(OBLIQUE, ["north_m"], [1000.0]).nadir()[1] > lat

    turn = (
        moved(OBLIQUE, ["rotation_y_rad"], [0.01]).rotation_ecef_to_camera @ OBLIQUE.rotation_ecef_to_camera.T
    )
    assert Rotation.from_matrix(turn).as_rotvec() == pytest.approx([0.0, 0.01, 0.0])

    shifted = moved(OBLIQUE, ["principal_column_px", "principal_row_px"], [2.0, -3.0])
    assert np.subtract(shifted.project(6.0, 50.6), OBLIQUE.project(6.0, 50.6)) == pytest.approx([2.0, -3.0])


def test_no_delta_moves_nothing_and_unknown_names_are_refused():
    same = moved(OBLIQUE, ORDER, np.zeros(len(ORDER)))
    assert same.to_dict() == OBLIQUE.to_dict()
    with pytest.raises(ValueError, match="roll"):
        moved(OBLIQUE, ["roll"], [0.1])


def test_sigma_by_hand_straight_below():
    """A pixel is altitude / focal on the ground, and a tilt moves the ground by altitude x angle."""
    lon, lat = centre(NADIR)
    altitude_m = 1e3 * NADIR.nadir()[2]
    cases = {
        "principal_column_px": (1.0, altitude_m / NADIR.focal_px / np.sqrt(2)),
        "rotation_x_rad": (1e-3, 1e-3 * altitude_m / np.sqrt(2)),
        "east_m": (100.0, 100.0 / np.sqrt(2)),
        "rotation_z_rad": (1e-3, 0.0),
        "up_m": (1000.0, 0.0),
    }
    for name, (sigma, expected) in cases.items():
        got = ground_sigma_m(NADIR, [name], [[sigma**2]], lon, lat)
        # 0.3 m: the principal point is not exactly above its own nadir on an ellipsoid.
        assert float(got) == pytest.approx(expected, rel=1e-3, abs=0.3), name


@pytest.mark.parametrize("camera", [OBLIQUE, NADIR], ids=["oblique", "nadir"])
def test_sigma_agrees_with_cameras_drawn_from_the_covariance(camera):
    rng = np.random.default_rng(1)
    order = ORDER[:8]
    scale = np.array([2e-4, 2e-4, 3e-4, 300.0, 300.0, 500.0, 1e-3, 1e-3])
    mix = rng.normal(size=(8, 8))
    correlation = mix @ mix.T / 8
    covariance = correlation * np.outer(scale, scale)
    column, row = np.array([100.0, 1063.0, 2000.0]), np.array([1300.0, 700.0, 90.0])
    lon, lat = camera.to_ground(column, row)

    drawn = np.stack(
        [
            np.stack(moved(camera, order, delta).to_ground(column, row))
            for delta in rng.multivariate_normal(np.zeros(8), covariance, 2000)
        ]
    )
    metres = np.array([np.cos(np.radians(lat)), np.ones(3)]) * 111.3e3
    empirical = np.sqrt(((drawn - drawn.mean(0)) * metres).var(axis=0).sum(0) / 2)
    # 2000 draws give a standard deviation to 1.6 %; a degree is not exactly 111.3 km.
    assert ground_sigma_m(camera, order, covariance, lon, lat) == pytest.approx(empirical, rel=0.06)


def test_sigma_is_nan_off_the_frame_and_keeps_the_shape():
    sigma = ground_sigma_m(OBLIQUE, ["east_m"], [[1.0]], [[6.0, 9.5, -120.0]], [[50.6, 53.0, -40.0]])
    assert sigma.shape == (1, 3)
    assert np.isfinite(sigma[0, 0])
    assert np.isnan(sigma[0, 1:]).all()


def test_a_margin_enlarges_the_frame():
    lon, lat = OBLIQUE.to_ground([-10.0, -10.6], [700.0, 700.0])
    known = [
        np.isfinite(ground_sigma_m(OBLIQUE, ["east_m"], [[1.0]], lon, lat, margin_px)).tolist()
        for margin_px in (0.0, 10.0, np.inf)
    ]
    assert known == [[False, False], [True, False], [True, True]]


def test_every_parameter_has_a_step():
    assert set(ORDER) == set(PARAMETERS)


def test_unknown_heights_add_what_they_displace() -> None:
    """Half of the square of 140 m x tan(zenith), for they displace in one direction."""
    camera = camera_over((6.0, 49.6), (8.6, 50.0))
    known = SolvedCamera(camera, PARAMETERS, np.eye(len(PARAMETERS)) * 1e-12)
    lon, lat = camera.to_ground(100.0, 50.0)
    zenith, _, _ = camera.view(lon, lat)
    added = np.hypot(known.ground_sigma_m(lon, lat), 140 * np.tan(np.radians(zenith)) / 2**0.5)
    stated = replace(known, height_sigma_m=140.0)
    assert stated.ground_sigma_m(lon, lat) == pytest.approx(float(added))
    assert stated.ground_sigma_m(lon, lat) > 20  # m, at some 30 degrees
    data = camera.to_dict() | {"parameter_order": PARAMETERS, "covariance": known.covariance.tolist()}
    assert SolvedCamera.from_dict(data).height_sigma_m == 0.0
    assert SolvedCamera.from_dict(data | {"height_sigma_m": 140.0}).height_sigma_m == 140.0
