"""The camera projects, unprojects and scales consistently, and meets what can be worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import distance_km, east_north_up, horizon_km, meet_ellipsoid, to_ecef, to_geodetic

STATION_M = to_ecef(6.0, 50.0, 400e3)


def camera(
    lon: float = 7.0, lat: float = 51.0, roll_deg: float = 25.0, k1: float = 0.02, focal_px: float = 3000
) -> Camera:
    return Camera(
        position_ecef_m=STATION_M,
        rotation_ecef_to_camera=look_at_rotation(STATION_M, to_ecef(lon, lat), roll_deg),
        focal_px=focal_px,
        principal_point_px=(1010.0, 660.0),
        width=2000,
        height=1300,
        k1=k1,
        k2=-0.001,
    )


@pytest.mark.parametrize("height_m", [0.0, 700.0])
@pytest.mark.parametrize("focal_px", [1400.0, 3000.0, 23000.0])
def test_unproject_then_project_is_the_identity(focal_px: float, height_m: float) -> None:
    column, row = np.meshgrid(np.linspace(0, 1999, 11), np.linspace(0, 1299, 9))
    there = camera(focal_px=focal_px)
    back = there.project(*there.to_ground(column, row, height_m), height_m)
    # Rounding of metres at the station's distance, and the raised ellipsoid's 1 cm: far below 0.001 px.
    assert np.allclose(back, (column, row), atol=1e-3)


def test_straight_down_the_scale_is_height_over_focal_length() -> None:
    down = camera(6.0, 50.0, roll_deg=0.0, k1=0.0)
    lon, lat = down.to_ground(1010.0, 660.0)
    assert np.allclose([lon, lat], [6.0, 50.0], atol=1e-6)
    assert np.isclose(down.ground_sample_distance_m(6.0, 50.0), 400e3 / 3000, rtol=1e-6)
    zenith, _, slant_m = down.view(6.0, 50.0)
    assert zenith < 1e-3
    assert np.isclose(slant_m, 400e3)


def test_up_in_a_level_picture_is_away_from_the_station() -> None:
    level = camera(6.0, 53.0, roll_deg=0.0, k1=0.0)
    near, far = level.project(6.0, 52.5), level.project(6.0, 53.5)
    east = level.project(6.5, 53.0)
    assert far[1] < near[1]  # farther is higher in the picture
    assert east[0] > 1010.0  # looking north, east is right


def test_a_quarter_turn_four_times_is_nothing() -> None:
    turned = [camera(roll_deg=25.0 + 90.0 * k).rotation_ecef_to_camera for k in range(5)]
    assert np.allclose(turned[4], turned[0])
    quarter = turned[1] @ turned[0].T
    assert np.allclose(np.linalg.matrix_power(quarter, 4), np.eye(3))
    assert np.allclose(quarter[2], [0, 0, 1])


def test_a_scaled_camera_sees_the_same_ground() -> None:
    whole = camera()
    half = whole.scaled(0.5)
    column, row = whole.project(7.1, 51.1)
    assert np.allclose(half.project(7.1, 51.1), ((column + 0.5) / 2 - 0.5, (row + 0.5) / 2 - 0.5))
    assert (half.width, half.height) == (1000, 650)


def test_beyond_the_horizon_and_behind_the_camera_there_is_no_pixel() -> None:
    there = camera()
    assert np.isnan(there.project(-174.0, -50.0)).all()
    behind = camera(6.0, 40.0)
    assert np.isnan(behind.project(6.0, 68.0)).all()
    sky = camera(6.0, 50.0)
    up = replace(sky, rotation_ecef_to_camera=np.diag([1.0, -1.0, -1.0]) @ sky.rotation_ecef_to_camera)
    assert np.isnan(up.to_ground(1000.0, 650.0)).all()


def test_a_strongly_distorted_lens_does_not_fold_back_into_the_frame() -> None:
    barrel = replace(camera(k1=0.0, focal_px=800.0), k1=-0.3, k2=0.0)
    lon, lat = camera(k1=0.0, focal_px=800.0).to_ground(-900.0, -700.0)
    assert np.isnan(barrel.project(lon, lat)).all()


def test_json_round_trip() -> None:
    there = camera()
    back = Camera.from_dict(there.to_dict())
    assert np.allclose(back.project(7.3, 50.9), there.project(7.3, 50.9), atol=1e-9)


class TestEarth:
    def test_ecef_and_back(self) -> None:
        lon, lat, height = to_geodetic(to_ecef(6.021, 50.754, 312.0))
        assert np.allclose([lon, lat, height], [6.021, 50.754, 312.0], atol=1e-6)

    def test_equator_and_pole_are_the_axes(self) -> None:
        assert np.allclose(to_ecef(0.0, 0.0), [6378137.0, 0, 0])
        assert np.allclose(to_ecef(0.0, 90.0), [0, 0, 6356752.314245], atol=1e-3)

    def test_local_axes_are_orthonormal_and_right_handed(self) -> None:
        axes = east_north_up([6.0, -70.0], [50.0, -33.0])
        assert np.allclose(axes @ np.swapaxes(axes, -1, -2), np.eye(3))
        assert np.allclose(np.cross(axes[:, 0], axes[:, 1]), axes[:, 2])

    def test_a_quarter_of_the_sphere_is_10007_km(self) -> None:
        assert np.isclose(distance_km(0, 0, 90, 0), 10007.6, atol=0.1)
        assert np.isclose(distance_km(179.9, 0, -179.9, 0), 22.24, atol=0.01)

    def test_the_horizon_from_400_km_is_2200_km_away(self) -> None:
        assert np.isclose(horizon_km(400.0), 2201.0, atol=2.0)

    def test_a_ray_meets_the_raised_surface_at_its_height(self) -> None:
        down = -east_north_up(6.0, 50.0)[2] + 0.5 * east_north_up(6.0, 50.0)[0]
        _, _, height = to_geodetic(meet_ellipsoid(STATION_M, down, 1000.0))
        assert np.isclose(height, 1000.0, atol=0.02)  # the raised ellipsoid is 1 cm off the parallel surface
        assert np.isnan(meet_ellipsoid(STATION_M, -down)).all()
