from functools import partial

import numpy as np
import pytest

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import east_north_up, horizon_km, to_ecef
from pipeline.simulate.render import EXTINCTION, MARGIN_PX, airmass
from pipeline.simulate.scene import simulate_frame
from pipeline.simulate.sky import SHELL_KM, airglow, sees_sky, sky_light, tangent_height_km

LON, LAT, ALTITUDE_M = 10.0, 45.0, 400e3


def looking(off_nadir_deg: float, focal_px: float = 380.0) -> Camera:
    """A camera that looks south at an angle, level, with the horizon across."""
    position = to_ecef(LON, LAT, ALTITUDE_M)
    tilt = np.radians(off_nadir_deg)
    towards = np.array([0.0, -np.sin(tilt), -np.cos(tilt)]) @ east_north_up(LON, LAT)
    return Camera(
        position_ecef_m=position,
        rotation_ecef_to_camera=look_at_rotation(position, position + 1e6 * towards, 0.0),
        focal_px=focal_px,
        principal_point_px=(266.0, 176.5),
        width=532,
        height=354,
    )


def test_tangent_height_is_negative_exactly_where_there_is_ground() -> None:
    camera = looking(65.0)
    row, column = np.indices((camera.height, camera.width)).astype(float)
    ground = np.isfinite(camera.to_ground(column, row)[0])
    assert 0.1 < ground.mean() < 0.9
    assert np.array_equal(tangent_height_km(camera, column, row) < 0, ground)


def test_tangent_height_by_hand() -> None:
    """A level line of sight comes nearest at the camera: at its own height."""
    camera = looking(90.0)
    # Of the ellipsoid scaled to a sphere: 0.4 % between the axes and the mean radius.
    assert tangent_height_km(camera, np.array(266.0), np.array(176.5)) == pytest.approx(400, rel=0.005)


def test_only_views_past_the_horizon_see_sky() -> None:
    assert not sees_sky(looking(0.0))
    assert not sees_sky(looking(25.0, focal_px=1250.0))
    assert sees_sky(looking(25.0, focal_px=300.0))  # in a corner of the margin
    assert sees_sky(looking(60.0))


def test_airglow_is_a_thin_bright_shell_over_dark_air() -> None:
    height_km = np.arange(-50.0, 300.0, 0.5)
    glow = airglow(height_km)
    assert height_km[np.argmax(glow)] == pytest.approx(SHELL_KM, abs=1)
    assert glow.max() == pytest.approx(1, abs=1e-6)
    assert (glow[height_km <= 0] == 0).all()
    assert glow[height_km > 120].max() < 1e-6
    # A shell seen from outside is brightest where the line of sight grazes it, and never dark inside.
    assert 0.2 < glow[height_km == 40.0][0] < 0.6


def test_sky_light_is_above_the_horizon_only_and_has_stars() -> None:
    camera = looking(70.0, focal_px=900.0)
    light = sky_light(camera, np.random.default_rng(1))
    row, column = np.indices(light.shape[1:]) - float(MARGIN_PX)
    height_km = tangent_height_km(camera, column, row)
    # A star shares light with the pixels beside it, up to 3 km lower at the horizon.
    assert light[:, height_km < -15].max() == 0
    dark_sky = light[1][height_km > 150]
    # 0.3 a square degree, a pixel being 0.064 degrees wide, each star in up to four pixels.
    assert 0.001 < (dark_sky > 0.01).mean() < 0.005
    assert np.median(dark_sky) < 1e-6


def test_light_goes_out_towards_the_horizon() -> None:
    camera = looking(30.0)
    # Straight down one atmosphere; at a view zenith of 60 degrees two (the sphere's law of cosines by hand).
    radius, station = 6371e3, 6371e3 + ALTITUDE_M
    away = -radius * 0.5 + np.sqrt((radius * 0.5) ** 2 + station**2 - radius**2)
    assert airmass(camera, np.array([ALTITUDE_M, away])) == pytest.approx([1, 2], rel=0.003)
    far_m = 1e3 * horizon_km(ALTITUDE_M / 1e3)
    assert np.exp(-EXTINCTION * airmass(camera, np.array([far_m]))) < 0.1


def test_a_frame_with_the_horizon_shows_towns_and_airglow() -> None:
    wide = partial(
        simulate_frame,
        seed=3,
        aim=(174.8, -41.2),
        must_see=(),
        focal_length_mm=24.0,
        off_nadir_deg=(60.0, 62.0),
        shape=(266, 177),
    )
    frame, clouded = wide(), wide(cloud_cover=0.9)
    row, column = np.indices(frame.picture.shape[:2]).astype(float)
    height_km = tangent_height_km(frame.camera, column, row)
    sky, ground = height_km > 200, height_km < -50
    picture, other = frame.picture.astype(float), clouded.picture.astype(float)
    band, above = picture[np.abs(height_km - SHELL_KM) < 10].mean(axis=0), picture[sky].mean(axis=0)
    assert band[1] > band[0]
    assert band[1] > above[1] + 10
    assert (picture[ground].max(axis=-1) > 100).sum() > 5  # towns
    assert clouded.camera.to_dict() == frame.camera.to_dict()
    assert clouded.facts == frame.facts
    # Clouds lie on the ground: but for less glow of the towns, the sky, its stars and the noise stay.
    assert np.abs(other[sky] - picture[sky]).mean() < 0.5
    assert np.sort(other[ground].ravel())[-50:].mean() < np.sort(picture[ground].ravel())[-50:].mean()
