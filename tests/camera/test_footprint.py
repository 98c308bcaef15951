import numpy as np
import pytest
import shapely

from pipeline.camera.footprint import footprint
from tests.ortho.cameras import camera

# Aims 12, 33 and 58 degrees off the nadir; the last frame holds the horizon.
CAMERAS = {
    "85 mm": camera(85),
    "24 mm oblique": camera(24, nadir=(2.0, 51.0)),
    "24 mm with sky": camera(24, nadir=(-4.0, 51.0), target=(8.0, 51.0), roll_deg=0),
    "nadir in the frame": camera(28, nadir=(5.6, 50.6), target=(5.57, 50.64)),
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
        zenith, _, _ = view.view(*np.array(footprint(view, limit).exterior.coords).T)
        # Vertices on the limit are exact; intersections of chords lie up to 0.02 degrees inside it.
        assert limit - 0.02 < zenith.max() < limit + 1e-6


def test_a_photo_of_the_sky_shows_no_ground():
    up = CAMERAS["85 mm"]
    mirrored = camera(85)
    mirrored.rotation_ecef_to_camera[1:] *= -1  # turned by 180 degrees about its x axis
    assert footprint(mirrored).is_empty
    assert not footprint(up).is_empty
