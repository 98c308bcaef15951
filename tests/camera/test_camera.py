"""The camera projects, unprojects and scales consistently, and meets what can be worked out by hand."""

import json
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


def test_a_pixels_side_is_the_root_of_its_area_on_the_ground() -> None:
    """On the axis of a long lens, where a pixel is so small that its footprint is a parallelogram."""
    oblique = camera(6.0, 54.5, k1=0.0, focal_px=23000.0)
    corners = to_ecef(*oblique.to_ground([1009.5, 1010.5, 1009.5], [659.5, 659.5, 660.5]))
    area_m2 = np.linalg.norm(np.cross(corners[1] - corners[0], corners[2] - corners[0]))
    lon, lat = oblique.to_ground(1010.0, 660.0)
    assert oblique.view(lon, lat)[0] > 54  # its cosine is 0.58, the root of that 0.76
    # 1e-9 of 6.4e6 m, the rounding, is 1e-4 of a pixel; perspective across a pixel less.
    assert oblique.ground_sample_distance_m(lon, lat) == pytest.approx(np.sqrt(area_m2), rel=1e-4)


def test_ground_beyond_the_horizon_has_no_pixel_size() -> None:
    # The horizon is 19.8 degrees away; 90 degrees of view zenith, and a finite slant range, lie there.
    gsd_m = camera().ground_sample_distance_m([6.0, 6.0, 6.0], [69.0, 71.0, 89.0])
    np.testing.assert_array_equal(np.isfinite(gsd_m), [True, False, False])


def test_the_direction_to_the_camera_by_hand() -> None:
    """Places a degree away on each side of the station."""
    zenith, azimuth, slant_m = camera().view([6.0, 6.0, 7.0, 5.0], [49.0, 51.0, 50.0, 50.0])
    # East and west of it, half a degree of longitude x sin(50) more or less: the meridians converge.
    turn = np.sin(np.radians(50.0)) * 0.5
    # The ellipsoid and a degree's curvature change these by less than 0.01 degrees.
    assert azimuth == pytest.approx([0.0, 180.0, 270.0 + turn, 90.0 - turn], abs=0.01)
    # A triangle on the mean sphere: sides r and r + h, one degree between them.
    r, top, angle = 6371e3, 6771e3, np.radians(1.0)
    side_m = np.sqrt(r**2 + top**2 - 2 * r * top * np.cos(angle))
    # A degree on the ellipsoid is within 0.6 % of that on the sphere, and is a quarter of the range.
    assert slant_m[:2] == pytest.approx(side_m, rel=1e-3)
    assert zenith[:2] == pytest.approx(np.degrees(np.arcsin(top * np.sin(angle) / side_m)), abs=0.1)


@pytest.mark.parametrize("margin_px", [0.0, 3.0, -3.0])
def test_the_frame_ends_half_a_pixel_beyond_its_outer_pixels_centres(margin_px: float) -> None:
    frame = camera()
    low, right, bottom = -0.5 - margin_px, 1999.5 + margin_px, 1299.5 + margin_px
    column, row = np.array([low, right, 700.0, 700.0]), np.array([600.0, 600.0, low, bottom])
    outward = np.array([-np.inf, np.inf, 0, 0]), np.array([0, 0, -np.inf, np.inf])
    assert frame.inside(column, row, margin_px).all()
    beyond_column = np.where(outward[0] == 0, column, np.nextafter(column, outward[0]))
    beyond_row = np.where(outward[1] == 0, row, np.nextafter(row, outward[1]))
    assert not frame.inside(beyond_column, beyond_row, margin_px).any()
    assert not frame.inside(np.array([np.nan, 5.0]), np.array([5.0, np.nan]), margin_px).any()


def test_up_in_a_level_picture_is_away_from_the_station() -> None:
    level = camera(6.0, 53.0, roll_deg=0.0, k1=0.0)
    near, far = level.project(6.0, 52.5), level.project(6.0, 53.5)
    east = level.project(6.5, 53.0)
    assert far[1] < near[1]  # farther is higher in the picture
    assert east[0] > 1010.0  # looking north, east is right


def test_a_roll_turns_the_picture_clockwise() -> None:
    level, rolled = (camera(roll_deg=roll, k1=0.0) for roll in (0.0, 90.0))
    ray = level.rays(1110.0, 660.0)  # 100 px to the right
    assert rolled.project_ecef(STATION_M + 5e5 * ray) == pytest.approx((1010.0, 760.0))  # is 100 px below


def test_straight_down_up_is_north_and_nearby_it_turns_to_away_from_the_earth() -> None:
    east, north, up = east_north_up(6.0, 50.0)
    down = look_at_rotation(STATION_M, to_ecef(6.0, 50.0), 0.0)
    assert down == pytest.approx(np.stack([east, -north, -up]), abs=1e-6)  # right, down, ahead
    # Towards the east at an angle t off the nadir, up is sin(t), and the little north 0.001 beside it.
    sine = 0.01
    target_m = STATION_M + 4e5 * (sine * east - np.sqrt(1 - sine**2) * up)
    right = look_at_rotation(STATION_M, target_m, 0.0)[0]
    assert -right @ north / (right @ east) == pytest.approx(sine / 0.001, rel=1e-3)  # cos(t) is 1 - 5e-5


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


def test_a_part_pixel_is_cut_off_but_not_for_rounding() -> None:
    frame = replace(camera(), width=1999, height=100)
    assert (frame.scaled(0.5).width, frame.scaled(0.5).height) == (999, 50)
    assert 100 * 0.29 < 29  # in binary
    assert frame.scaled(0.29).height == 29
    turned = replace(camera(), width=100, height=1999)
    assert (turned.scaled(0.29).width, turned.scaled(0.5).height) == (29, 999)


def test_beyond_the_horizon_and_behind_the_camera_there_is_no_pixel() -> None:
    there = camera()
    assert np.isnan(there.project(-174.0, -50.0)).all()
    behind = camera(6.0, 40.0)
    assert np.isnan(behind.project(6.0, 68.0)).all()
    sky = camera(6.0, 50.0)
    up = replace(sky, rotation_ecef_to_camera=np.diag([1.0, -1.0, -1.0]) @ sky.rotation_ecef_to_camera)
    assert np.isnan(up.to_ground(1000.0, 650.0)).all()


def test_ground_is_seen_up_to_the_horizon() -> None:
    """acos(r / (r + 400 km)) is 19.8 degrees from the station at 50 degrees north."""
    north = camera(6.0, 69.0)
    column, _ = north.project([6.0, 6.0], [69.6, 70.0])
    np.testing.assert_array_equal(np.isnan(column), [False, True])
    assert np.isfinite(north.project_ecef(to_ecef(6.0, 70.0))).all()  # though the Earth is in the way


def test_what_is_not_said_is_nothing() -> None:
    plain = Camera(STATION_M, camera().rotation_ecef_to_camera, 3000.0, (1010.0, 660.0), 2000, 1300)
    assert (plain.k1, plain.k2) == (0.0, 0.0)
    place, pixel = (7.1, 51.1), (300.0, 400.0)
    np.testing.assert_array_equal(plain.project(*place), plain.project(*place, 0.0))
    np.testing.assert_array_equal(plain.to_ground(*pixel), plain.to_ground(*pixel, 0.0))
    rim = np.array([1999.5, np.nextafter(1999.5, 3000.0)])
    np.testing.assert_array_equal(plain.inside(rim, np.zeros(2)), [True, False])


def test_a_strongly_distorted_lens_does_not_fold_back_into_the_frame() -> None:
    barrel = replace(camera(k1=0.0, focal_px=800.0), k1=-0.3, k2=0.0)
    lon, lat = camera(k1=0.0, focal_px=800.0).to_ground(-900.0, -700.0)
    assert np.isnan(barrel.project(lon, lat)).all()


def test_the_station_is_above_its_nadir() -> None:
    # PROJ comes back from ECEF to 1.5 mm at this height.
    assert camera().nadir() == pytest.approx((6.0, 50.0, 400.0), abs=1e-5)


def test_only_what_is_ahead_has_a_pixel_however_near() -> None:
    along_axes = replace(camera(k1=0.0), rotation_ecef_to_camera=np.eye(3), k2=0.0)
    beside, near = (STATION_M + np.array(away_m) for away_m in ([1e5, 0.0, 0.0], [0.25, 0.0, 0.5]))
    with np.errstate(all="raise"):  # nothing is divided by zero on the way
        assert np.isnan(along_axes.project_ecef(beside)).all()
    # Half a focal length to the right; metres from the Earth's centre are rounded to 1e-9.
    assert along_axes.project_ecef(near) == pytest.approx((1010.0 + 1500.0, 660.0), abs=1e-4)


def test_rays_are_unit_vectors() -> None:
    rays = camera().rays([0.0, 1010.0, 1999.0], [0.0, 660.0, 50.0])
    assert np.linalg.norm(rays, axis=-1) == pytest.approx(1.0, rel=1e-15)


def test_json_round_trip() -> None:
    there = camera()
    data = there.to_dict()
    assert data == {
        "position_ecef_m": list(STATION_M),
        "rotation_ecef_to_camera": [list(row) for row in there.rotation_ecef_to_camera],
        "focal_px": 3000,
        "principal_point_px": [1010.0, 660.0],
        "distortion": {"k1": 0.02, "k2": -0.001},
        "width": 2000,
        "height": 1300,
    }
    back = Camera.from_dict(json.loads(json.dumps(data)))
    assert back.to_dict() == data
    np.testing.assert_array_equal(back.project(7.3, 50.9), there.project(7.3, 50.9))


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
        assert np.isclose(distance_km(5, 40, 5, -50), 10007.6, atol=0.1)
        # At 60 degrees north a quarter around is 2 asin(cos(60) sin(45)) = 41.41 degrees of it.
        assert np.isclose(distance_km(0, 60, 90, 60), 4604.5, atol=0.5)
        assert np.isclose(distance_km(0, 0, 90, 60), 10007.6, atol=0.1)  # at right angles at any latitude

    def test_the_horizon_from_400_km_is_2200_km_away(self) -> None:
        assert np.isclose(horizon_km(400.0), 2201.0, atol=2.0)

    def test_a_ray_meets_the_raised_surface_at_its_height(self) -> None:
        down = -east_north_up(6.0, 50.0)[2] + 0.5 * east_north_up(6.0, 50.0)[0]
        _, _, height = to_geodetic(meet_ellipsoid(STATION_M, down, 1000.0))
        assert np.isclose(height, 1000.0, atol=0.02)  # the raised ellipsoid is 1 cm off the parallel surface
        assert np.isnan(meet_ellipsoid(STATION_M, -down)).all()


@pytest.mark.parametrize("principal_point_px", [(1400.0, 100.0), (-300.0, 649.5), (999.5, 649.5)])
def test_a_crop_shows_in_its_middle_what_a_whole_frame_shows_there(
    principal_point_px: tuple[float, float],
) -> None:
    whole = replace(camera(k1=0.0), principal_point_px=(999.5, 649.5), k2=0.0)
    part = whole.seen_off_axis(principal_point_px)
    assert part.principal_point_px == principal_point_px
    ground = part.to_ground(999.5, 649.5)
    assert whole.project(*ground) == (pytest.approx(999.5, abs=1e-3), pytest.approx(649.5, abs=1e-3))
    # The same way up, stretched outwards by no more than 1 + (1300 / 3000)^2.
    right, down = np.array(part.project(*whole.to_ground(1009.5, 649.5))) - (999.5, 649.5)
    assert 9.9 < right < 12
    assert abs(down) < 0.1 * right
