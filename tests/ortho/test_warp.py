import numpy as np
import pytest
from pyproj import Transformer
from scipy.ndimage import map_coordinates

from pipeline.camera.uncertainty import SolvedCamera
from pipeline.config import GridConfig, LonLat
from pipeline.ortho.grid import Grid, lay_grid
from pipeline.ortho.warp import (
    MAX_ERROR_PX,
    TILE,
    Tile,
    geometry_lattice,
    map_error_px,
    orthorectify,
    pixel_lattice,
    subsamples,
    view_geometry,
)
from pipeline.photo.photo import Photo
from tests.ortho.cameras import CITY, COVARIANCE, ORDER, camera, photo_of

OBLIQUE_24 = camera(24, nadir=(2.0, 51.5), width=4256)
TELE_180 = camera(180, width=4256)
SMALL = camera(180)
NORTH = camera(85, nadir=(5.57, 52.5))  # the azimuth to the camera passes through north inside the frame


def grid_of(view, resolution_m, radius_km=100.0):
    return lay_grid(
        {"a": view},
        GridConfig(resolution_m=resolution_m, radius_km=radius_km),
        LonLat(lon=CITY[0], lat=CITY[1]),
    )


def exact_pixels(view, grid, columns, rows):
    x, y = grid.centres(columns, rows)
    lon, lat = Transformer.from_crs(grid.crs, 4326, always_xy=True).transform(x, y)
    return view.project(lon, lat)


@pytest.mark.parametrize(
    ("view", "resolution_m"),
    [(OBLIQUE_24, 200), (OBLIQUE_24, 1000), (TELE_180, 20), (TELE_180, 500)],
    ids=["24 mm, 200 m", "24 mm, 1 km", "180 mm, 20 m", "180 mm, 500 m"],
)
def test_the_lattice_is_within_its_stated_error_of_the_exact_map(view, resolution_m):
    grid = grid_of(view, resolution_m)
    lattice = pixel_lattice(view, grid)
    rng = np.random.default_rng(0)
    for _ in range(30):
        tile = Tile(int(rng.integers(grid.height - 40)), int(rng.integers(grid.width - 40)), 40, 40)
        down, right = rng.uniform(-0.5, 0.5, 2)
        column, row, zenith = lattice.at(tile, down, right)
        indices = np.arange(40.0)
        columns, rows = np.meshgrid(tile.column + indices + right, tile.row + indices + down)
        exact = exact_pixels(view, grid, columns, rows)
        seen = view.inside(*exact) & (zenith <= 70)
        assert np.hypot(column - exact[0], row - exact[1])[seen].max(initial=0) < MAX_ERROR_PX


def test_the_step_adapts_to_a_strongly_curved_map():
    coarse = grid_of(OBLIQUE_24, 1000)
    assert pixel_lattice(OBLIQUE_24, coarse).step < 16
    assert pixel_lattice(TELE_180, grid_of(TELE_180, 20)).step == 16
    # The check that chooses the step sees an error that a random search sees too.
    too_long = pixel_lattice(TELE_180, grid_of(TELE_180, 20))
    assert 0 < map_error_px(TELE_180, grid_of(TELE_180, 20), too_long) < MAX_ERROR_PX


@pytest.mark.parametrize("tile", [16, 48, 100, 256])
def test_tiled_equals_untiled_bit_for_bit(tile):
    """Multiples of the lattice step and other sizes, several of which leave a last tile of another size."""
    view = camera(85, nadir=(3.0, 51.5))
    grid = grid_of(view, 400.0, radius_km=60)
    rng = np.random.default_rng(3)
    light = rng.random((3, view.height, view.width), dtype=np.float32)
    light[:, 100:110, 200:220] = np.nan
    photo = Photo(light, rng.random((view.height, view.width)) > 0.9)
    solved = SolvedCamera(view, ORDER, COVARIANCE)

    whole = max(grid.width, grid.height)
    assert tile < whole < TILE
    for make in (
        lambda size: orthorectify(photo, view, grid, 180.0, size),
        lambda size: view_geometry(solved, grid, size),
    ):
        tiled, untiled = make(tile).compute(scheduler="threads"), make(whole).compute(scheduler="sync")
        assert np.isfinite(untiled).any()
        assert tiled.tobytes() == untiled.tobytes()


def test_agrees_with_scipy_through_the_exact_map():
    grid = grid_of(SMALL, 100.0, radius_km=20)
    picture = np.random.default_rng(0).random((SMALL.height, SMALL.width))
    got = orthorectify(photo_of(picture), SMALL, grid, pixel_m=100.0).compute()
    columns, rows = np.meshgrid(np.arange(float(grid.width)), np.arange(float(grid.height)))
    column, row = exact_pixels(SMALL, grid, columns, rows)
    expected = map_coordinates(picture, (row, column), order=1, mode="constant", cval=np.nan)
    # White noise turns a displacement of MAX_ERROR_PX into at most that much light in each direction.
    np.testing.assert_allclose(got[0], expected, atol=2 * MAX_ERROR_PX)
    np.testing.assert_array_equal(got[1], 0.5 * got[0])
    assert np.isfinite(got[:3]).all()


def test_light_lands_where_the_camera_says():
    """A light of two pixels' radius, planted at a town, is found at the town on the map."""
    grid = grid_of(SMALL, 50.0, radius_km=20)
    lon, lat = 5.70, 50.60
    column, row = SMALL.project(lon, lat)
    y, x = np.mgrid[: SMALL.height, : SMALL.width]
    spot = np.exp(-((x - column) ** 2 + (y - row) ** 2) / 2 / 2.0**2)
    light = orthorectify(photo_of(spot), SMALL, grid, pixel_m=150.0).compute()[0]
    rows, columns = np.mgrid[: grid.height, : grid.width]
    found = grid.centres((columns * light).sum() / light.sum(), (rows * light).sum() / light.sum())
    planted = Transformer.from_crs(4326, grid.crs, always_xy=True).transform(lon, lat)
    # A hundredth of a pixel (150 m) for the perspective's change of scale across the light.
    np.testing.assert_allclose(found, planted, atol=1.5)


def test_large_cells_average_the_photo():
    picture = np.indices((SMALL.height, SMALL.width)).sum(0) % 2
    picture = photo_of(picture.astype(float))
    point = orthorectify(picture, SMALL, grid_of(SMALL, 100.0), pixel_m=1000.0).compute()[0]
    area = orthorectify(picture, SMALL, grid_of(SMALL, 1000.0), pixel_m=140.0).compute()[0]
    assert np.nanstd(point) > 0.15  # bilinear samples of a chess board: 1/6 on average
    # About 50 pixels a cell leave a fiftieth of that spread at most.
    assert np.nanmean(area) == pytest.approx(0.5, abs=2e-3)
    assert np.nanstd(area) < 0.02


@pytest.mark.parametrize(
    ("resolution_m", "pixel_m", "n"), [(50, 87, 1), (50, 50, 1), (100, 87, 2), (500, 41, 19)]
)
def test_no_pixel_is_passed_over(resolution_m, pixel_m, n):
    assert subsamples(resolution_m, pixel_m) == n


def test_outside_and_invalid_are_nan_and_saturation_is_a_share():
    grid = grid_of(SMALL, 500.0)
    light = np.full((3, SMALL.height, SMALL.width), 0.25, np.float32)
    saturated = np.zeros((SMALL.height, SMALL.width), bool)
    saturated[:, :300] = True
    light[:, 180:220, 280:320] = np.nan
    values = orthorectify(Photo(light, saturated), SMALL, grid, pixel_m=140.0).compute()
    columns, rows = np.meshgrid(np.arange(float(grid.width)), np.arange(float(grid.height)))
    column, row = exact_pixels(SMALL, grid, columns, rows)

    reach = 5  # a cell of 500 m reaches less than 5 pixels from its centre
    hole = (abs(column - 299.5) < 20 - reach) & (abs(row - 199.5) < 20 - reach)
    near_hole = (abs(column - 299.5) < 20 + reach) & (abs(row - 199.5) < 20 + reach)
    inside, outside = SMALL.inside(column, row, -reach), ~SMALL.inside(column, row, reach)
    assert np.isnan(values[:, outside]).all()
    assert np.isnan(values[:3, hole]).all()
    np.testing.assert_array_equal(values[0, inside & ~near_hole], np.float32(0.25))
    np.testing.assert_array_equal(values[3, inside & (column < 299 - reach)], 1)
    np.testing.assert_array_equal(values[3, inside & (column > 300 + reach)], 0)
    between = values[3, inside & (abs(column - 299.5) < 1)]
    assert ((between > 0.2) & (between < 0.8)).all()


def test_geometry_is_that_of_the_camera():
    solved = SolvedCamera(NORTH, ORDER, COVARIANCE)
    grid = grid_of(NORTH, 200.0, radius_km=60)
    zenith, azimuth, gsd_m, sigma_m = view_geometry(solved, grid).compute()
    columns, rows = np.meshgrid(np.arange(float(grid.width)), np.arange(float(grid.height)))
    x, y = grid.centres(columns, rows)
    lon, lat = Transformer.from_crs(grid.crs, 4326, always_xy=True).transform(x, y)
    exact_zenith, exact_azimuth, _ = NORTH.view(lon, lat)
    seen = np.isfinite(zenith)
    assert seen.mean() > 0.3
    assert np.ptp(exact_azimuth[seen]) > 350  # it does pass through north
    # Interpolated over 3.2 km, 200 km away: curvature of 1e-3 at most, in each unit.
    np.testing.assert_allclose(zenith[seen], exact_zenith[seen], atol=1e-2)
    turned = (azimuth - exact_azimuth + 180) % 360 - 180
    assert abs(turned[seen]).max() < 1e-2
    assert ((azimuth[seen] >= 0) & (azimuth[seen] < 360)).all()
    np.testing.assert_allclose(gsd_m[seen], NORTH.ground_sample_distance_m(lon, lat)[seen], rtol=1e-4)
    np.testing.assert_allclose(sigma_m[seen], solved.ground_sigma_m(lon, lat)[seen], rtol=2e-3)
    light = orthorectify(photo_of(np.ones((400, 600))), NORTH, grid, pixel_m=400.0).compute()[0]
    np.testing.assert_array_equal(np.isfinite(light), seen)


def test_ground_too_oblique_is_left_out():
    view = camera(24, nadir=(-6.0, 51.0), target=(6.0, 51.0))
    grid = Grid("EPSG:3035", 5000.0, (3.3e6, 2.6e6, 4.4e6, 3.6e6))
    light = orthorectify(photo_of(np.ones((400, 600))), view, grid, pixel_m=5000.0).compute()[0]
    columns, rows = np.meshgrid(np.arange(float(grid.width)), np.arange(float(grid.height)))
    lon, lat = Transformer.from_crs(grid.crs, 4326, always_xy=True).transform(*grid.centres(columns, rows))
    zenith, _, _ = view.view(lon, lat)
    inside = view.inside(*view.project(lon, lat), -3)
    assert (inside & (zenith > 70.1)).any()
    assert np.isnan(light[zenith > 70.1]).all()
    assert np.isfinite(light[inside & (zenith < 69.9)]).all()


def test_geometry_at_nodes_is_exact():
    solved = SolvedCamera(SMALL, ORDER, COVARIANCE)
    grid = grid_of(SMALL, 500.0)
    lattice = geometry_lattice(solved, grid)
    values = lattice.at(Tile(0, 0, grid.height, grid.width))[:, ::16, ::16]
    np.testing.assert_array_equal(values, lattice.values[:, : values.shape[1], : values.shape[2]])
