from dataclasses import replace

import numpy as np
import pytest
import shapely
from scipy.ndimage import maximum_filter, minimum_filter

from pipeline.camera.footprint import LIMB_STEP_PX, footprint, sees_ground
from tests.scenes.cameras import camera

# Aims 12, 33 and 58 degrees off the nadir; the last frame holds the horizon.
CAMERAS = {
    "85 mm": camera(85),
    "24 mm oblique": camera(24, nadir=(2.0, 51.0)),
    "24 mm with sky": camera(24, nadir=(-4.0, 51.0), target=(8.0, 51.0), roll_deg=0),
    "nadir in the frame": camera(28, nadir=(5.6, 50.6), target=(5.57, 50.64)),
    # The image ends 0.50 focal lengths from the centre: inside the frame's corners, and its sides in part.
    "24 mm, dark corners": replace(camera(24, nadir=(4.5, 50.5)), k1=-0.6),
}


@pytest.mark.parametrize("name", CAMERAS)
def test_holds_exactly_the_ground_that_the_camera_shows(name):
    view = CAMERAS[name]
    frame = footprint(view)
    assert frame.is_valid
    lon0, lat0, lon1, lat1 = shapely.box(*frame.bounds).buffer(0.5).bounds
    rng = np.random.default_rng(0)
    lon, lat = rng.uniform(lon0, lon1, 20_000), rng.uniform(lat0, lat1, 20_000)
    zenith, _, _ = view.view(lon, lat)
    shown = view.inside(*view.project(lon, lat)) & (zenith <= 70)
    inside = shapely.contains_xy(frame, lon, lat)
    assert 0.1 < shown.mean() < 0.95
    # The edge is a chain of chords: points within a pixel or so of it may fall on either side.
    assert (shown != inside).mean() < 2e-3


def test_a_frame_without_sky_ends_at_its_corners():
    view = CAMERAS["85 mm"]
    corners = view.to_ground(
        [-0.5, view.width - 0.5, view.width - 0.5, -0.5], [-0.5, -0.5, *[view.height - 0.5] * 2]
    )
    points = shapely.points(*corners)
    # Bisection and rounding leave less than 1e-9 degrees (0.1 mm).
    assert shapely.distance(points, shapely.MultiPoint(footprint(view).exterior.coords)).max() < 1e-9


def test_sky_is_cut_at_the_limit_of_view_zenith():
    view = CAMERAS["24 mm with sky"]
    for limit in (50.0, 70.0):
        ring = np.array(footprint(view, limit).exterior.coords)
        zenith, _, _ = view.view(*ring.T)
        # Vertices on the limit are exact; where a chord meets the frame, it may lie a little inside.
        assert zenith.max() == pytest.approx(limit, abs=1e-6)
        along = zenith > limit - 1e-6
        middles = ((ring[1:] + ring[:-1]) / 2)[along[1:] & along[:-1]]
        assert len(middles) > 50
        # Chords of half a degree are 1e-5 of the limit's angle inside it: 0.001 degrees of zenith.
        assert (view.view(*middles.T)[0] > limit - 0.002).all()


def test_a_photo_of_the_sky_shows_no_ground():
    up = CAMERAS["85 mm"]
    mirrored = camera(85)
    mirrored.rotation_ecef_to_camera[1:] *= -1  # turned by 180 degrees about its x axis
    assert footprint(mirrored).is_empty
    assert not footprint(up).is_empty


def test_every_pixel_of_a_view_straight_down_sees_ground():
    view = camera(85, nadir=(5.6, 50.6), target=(5.57, 50.64))
    seen = sees_ground(view)
    assert seen.shape == (view.height, view.width)
    assert seen.all()


def test_a_photo_of_the_sky_sees_none():
    up = camera(85)
    up.rotation_ecef_to_camera[1:] *= -1  # turned by 180 degrees about its x axis
    assert not sees_ground(up).any()


@pytest.mark.parametrize("roll_deg", [0, 30, 200])
def test_the_horizon_parts_ground_from_sky(roll_deg):
    view = camera(24, nadir=(-8.0, 51.0), target=(8.0, 51.0), roll_deg=roll_deg)
    column, row = np.meshgrid(np.arange(view.width), np.arange(view.height))
    ground = np.isfinite(view.to_ground(column, row)[0])
    assert 0.2 < ground.mean() < 0.8
    seen = sees_ground(view, max_zenith_deg=90.0)
    # Known on a lattice of 8 px, whose points stand for what is around them: wrong only that near the line.
    size = 2 * LIMB_STEP_PX + 1
    near = maximum_filter(ground, size) != minimum_filter(ground, size)
    assert (seen == ground)[~near].all()
    # Steps of 8 px along a line: wrong on a quarter of them on average, were the line straight and level.
    assert (seen != ground).sum() < 0.5 * near.sum()


def test_the_limb_is_cut_off_below_the_horizon():
    view = camera(24, nadir=(-8.0, 51.0), target=(8.0, 51.0), roll_deg=0)
    column, row = np.meshgrid(np.arange(view.width), np.arange(view.height))
    zenith, _, _ = view.view(*view.to_ground(column, row))
    seen = sees_ground(view)
    # On the lattice: 8 px are 1.1 degrees of view, and up to 4 degrees of zenith this near to the limb.
    assert seen[zenith < 78].all()
    assert not seen[~(zenith < 86)].any()
    assert seen.sum() < sees_ground(view, max_zenith_deg=90.0).sum()
