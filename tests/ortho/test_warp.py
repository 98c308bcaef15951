from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer
from scipy.ndimage import map_coordinates

from pipeline.camera.channel_shifts import ChannelRegistration, ChannelShift
from pipeline.camera.terrain import FLAT, Terrain
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.georeference.channels import measure_channels
from pipeline.models import GridConfig, LonLat
from pipeline.ortho.pixel_map import MAX_ERROR_PX, TileMap, map_error_px, pixel_map
from pipeline.ortho.warp import (
    GeometryOfTile,
    LightOfTile,
    geometry_lattice,
    orthorectify,
    subsamples,
    view_geometry,
)
from pipeline.photo.photo import Photo
from pipeline.photo.tiff import PhotoTif, write_photo
from pipeline.raster.bands import GEOMETRY_BANDS, ORTHO_BANDS
from pipeline.raster.grid import Grid, lay_grid
from pipeline.raster.lattice import Lattice
from pipeline.raster.tiles import TILE, Tile
from tests.georeference.test_channels import HEIGHT, RED, WIDTH, lit_photo
from tests.scenes.cameras import CITY, COVARIANCE, ORDER, camera, photo_of

OBLIQUE_24 = camera(24, nadir=(2.0, 51.5), width=4256)
TELE_180 = camera(180, width=4256)
SMALL = camera(180)
NORTH = camera(85, nadir=(5.57, 52.5))  # the azimuth to the camera passes through north inside the frame


def on_map(*args, **options):
    """The bands of `orthorectify` as one array, not yet computed."""
    return whole_array(orthorectify(*args, **options), ORTHO_BANDS)


def geometry_on_map(*args, **options):
    return whole_array(view_geometry(*args, **options), GEOMETRY_BANDS)


def whole_array(raster, bands):
    return raster[[band.name for band in bands]].to_array().data


def grid_of(view, resolution_m, radius_km=100.0):
    return lay_grid(
        {"a": view},
        GridConfig(resolution_m=resolution_m, radius_km=radius_km),
        LonLat(lon=CITY[0], lat=CITY[1]),
    )


@cache
def to_degrees(crs):
    return Transformer.from_crs(crs, 4326, always_xy=True)


def exact_pixels(view, grid, columns, rows, terrain=FLAT):
    lon, lat = to_degrees(grid.crs).transform(*grid.centres(columns, rows))
    return view.project(lon, lat, terrain.height_m(lon, lat))


def rugged(top_m=700.0, crs="EPSG:4326", bounds=(3.5, 49.0, 8.0, 52.0), cells=1200):
    """Relief of all wavelengths, as a raster in any CRS over (at least) bounds in degrees."""
    rng = np.random.default_rng(7)
    frequency = np.hypot(np.fft.fftfreq(cells)[:, None], np.fft.rfftfreq(cells)[None])
    frequency[0, 0] = np.inf
    heights = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((cells, cells))) / frequency**1.5)
    heights = top_m * (heights - heights.min()) / np.ptp(heights)
    west, south, east, north = Transformer.from_crs(4326, crs, always_xy=True).transform_bounds(*bounds)
    transform = Affine((east - west) / cells, 0, west, 0, (south - north) / cells, north)
    return Terrain(heights.astype(np.float32), crs, transform)


def plateau(height_m, sigma_m=0.0):
    return Terrain(np.full((2, 3), height_m, np.float32), "EPSG:4326", Affine(1, 0, 5, 0, -1, 51), sigma_m)


# Relief that ends within the grid, higher than the Alps' foothills.
RELIEF = rugged(3000.0, "EPSG:32631", (4.5, 50.0, 6.0, 51.0))


@pytest.mark.parametrize(
    ("view", "resolution_m", "terrain"),
    [
        (OBLIQUE_24, 200, FLAT),
        (OBLIQUE_24, 1000, FLAT),
        (TELE_180, 20, FLAT),
        (TELE_180, 500, FLAT),
        (OBLIQUE_24, 200, RELIEF),
        (TELE_180, 20, RELIEF),
    ],
    ids=["24 mm, 200 m", "24 mm, 1 km", "180 mm, 20 m", "180 mm, 500 m", "24 mm, relief", "180 mm, relief"],
)
def test_the_lattice_is_within_its_stated_error_of_the_exact_map(view, resolution_m, terrain):
    grid = grid_of(view, resolution_m)
    places = pixel_map(view, grid, terrain)
    # Relief costs no finer lattice, for heights are looked up beside it.
    assert places.step == pixel_map(view, grid).step
    stated = map_error_px(places)
    worst, displaced = 0.0, 0.0
    rng = np.random.default_rng(0)
    for _ in range(15):
        tile = Tile(int(rng.integers(grid.height - 40)), int(rng.integers(grid.width - 40)), 40, 40)
        down, right = rng.uniform(-0.5, 0.5, 2)
        column, row, zenith = places.of(tile).at(tile, down, right)
        indices = np.arange(40.0)
        columns, rows = np.meshgrid(tile.column + indices + right, tile.row + indices + down)
        exact = exact_pixels(view, grid, columns, rows, terrain)
        flat = exact_pixels(view, grid, columns, rows)
        edge = at_the_edge(terrain, grid, columns, rows)
        seen = view.inside(*exact) & (zenith <= 70) & ~edge
        worst = max(worst, np.hypot(column - exact[0], row - exact[1])[seen].max(initial=0))
        displaced = max(displaced, np.hypot(flat[0] - exact[0], flat[1] - exact[1])[seen].max(initial=0))
    # The half cell beyond a node is extrapolated, which adds a little to what is stated for the middle.
    assert worst < min(MAX_ERROR_PX, 1.2 * stated)
    assert terrain is FLAT or displaced > 1


def at_the_edge(terrain, grid, columns, rows):
    """Where the ground drops to its mean beyond the raster; on which side a cell lies is rounding there."""
    column, row = terrain.cells(*to_degrees(grid.crs).transform(*grid.centres(columns, rows)))
    height, width = terrain.heights_m.shape
    reach = np.minimum.reduce(
        [abs(column + 0.5), abs(row + 0.5), abs(column + 0.5 - width), abs(row + 0.5 - height)]
    )
    return reach < 0.05


def test_the_step_adapts_to_a_strongly_curved_map():
    coarse = grid_of(OBLIQUE_24, 1000)
    assert pixel_map(OBLIQUE_24, coarse).step < 16
    assert pixel_map(TELE_180, grid_of(TELE_180, 20)).step == 16
    # The check that chooses the step sees an error that a random search sees too.
    too_long = pixel_map(TELE_180, grid_of(TELE_180, 20))
    assert 0 < map_error_px(too_long) < MAX_ERROR_PX


@pytest.mark.parametrize(
    ("tile", "plain"), [(16, True), (48, True), (100, True), (256, True), (48, False), (100, False)]
)
def test_tiled_equals_untiled_bit_for_bit(tile, plain):
    """Multiples of the lattice step and other sizes, several of which leave a last tile of another size; with
    and without terrain that ends within the grid, and displaced channels."""
    view = camera(85, nadir=(3.0, 51.5))
    grid = grid_of(view, 400.0, radius_km=60)
    rng = np.random.default_rng(3)
    light = rng.random((3, view.height, view.width), dtype=np.float32)
    light[:, 100:110, 200:220] = np.nan
    photo = Photo(light, rng.random((view.height, view.width)) > 0.9)
    solved = SolvedCamera(view, ORDER, COVARIANCE)
    terrain, channels = FLAT, None
    if not plain:
        centre = ((view.width - 1) / 2, (view.height - 1) / 2)
        red, blue = (ChannelShift(centre, m, (0.3, 0.1), 99, 0.01) for m in (1.001, 0.999))
        terrain, channels = rugged(bounds=(5.4, 50.3, 7.0, 52.0)), ChannelRegistration(red, blue)

    whole = max(grid.width, grid.height)
    assert tile < whole < TILE
    for make in (
        lambda size: on_map(photo, view, grid, 180.0, size, terrain, channels),
        lambda size: geometry_on_map(solved, grid, size, terrain),
    ):
        tiled, untiled = make(tile).compute(scheduler="threads"), make(whole).compute(scheduler="sync")
        assert np.isfinite(untiled).any()
        assert tiled.tobytes() == untiled.tobytes()


@pytest.mark.parametrize("displaced", [False, True])
def test_windows_of_the_photo_give_what_the_whole_gives(tmp_path, monkeypatch, displaced):
    """From a file, and in parts that show few enough pixels, bit for bit: a look-up finds the same pixels."""
    grid = grid_of(SMALL, 150.0)
    rng = np.random.default_rng(4)
    light = rng.random((3, SMALL.height, SMALL.width), dtype=np.float32)
    light[:, 30:40, 20:50] = np.nan
    photo = Photo(light, (rng.random(light.shape[1:]) > 0.9) & np.isfinite(light[0]))
    write_photo(photo, tmp_path / "photo.tif")
    centre = ((SMALL.width - 1) / 2, (SMALL.height - 1) / 2)
    shifted = ChannelShift(centre, 1.01, (6.0, -4.0), 99, 0.01)
    channels = ChannelRegistration(shifted, ChannelShift(centre)) if displaced else None
    whole = on_map(photo, SMALL, grid, 140.0, channels=channels).compute()
    asked = []

    class Watched(PhotoTif):
        def window(self, rows, columns):
            asked.append((rows.stop - rows.start) * (columns.stop - columns.start))
            return super().window(rows, columns)

    monkeypatch.setattr("pipeline.ortho.warp.MAX_PIXELS", 20_000)
    parts = on_map(Watched(tmp_path / "photo.tif"), SMALL, grid, 140.0, 256, channels=channels).compute()
    assert np.isfinite(whole[:3]).any()
    assert len(asked) > 10
    assert max(asked) <= 20_000
    assert parts.tobytes() == whole.tobytes()


def test_agrees_with_scipy_through_the_exact_map():
    grid = grid_of(SMALL, 100.0, radius_km=20)
    picture = np.random.default_rng(0).random((SMALL.height, SMALL.width))
    got = on_map(photo_of(picture), SMALL, grid, pixel_m=100.0).compute()
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
    light = on_map(photo_of(spot), SMALL, grid, pixel_m=150.0).compute()[0]
    rows, columns = np.mgrid[: grid.height, : grid.width]
    found = grid.centres((columns * light).sum() / light.sum(), (rows * light).sum() / light.sum())
    planted = Transformer.from_crs(4326, grid.crs, always_xy=True).transform(lon, lat)
    # A hundredth of a pixel (150 m) for the perspective's change of scale across the light.
    np.testing.assert_allclose(found, planted, atol=1.5)


def test_large_cells_average_the_photo():
    picture = np.indices((SMALL.height, SMALL.width)).sum(0) % 2
    picture = photo_of(picture.astype(float))
    point = on_map(picture, SMALL, grid_of(SMALL, 100.0), pixel_m=1000.0).compute()[0]
    area = on_map(picture, SMALL, grid_of(SMALL, 1000.0), pixel_m=140.0).compute()[0]
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
    values = on_map(Photo(light, saturated), SMALL, grid, pixel_m=140.0).compute()
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
    zenith, azimuth, gsd_m, sigma_m = geometry_on_map(solved, grid).compute()
    columns, rows = np.meshgrid(np.arange(float(grid.width)), np.arange(float(grid.height)))
    x, y = grid.centres(columns, rows)
    lon, lat = to_degrees(grid.crs).transform(x, y)
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
    light = on_map(photo_of(np.ones((400, 600))), NORTH, grid, pixel_m=400.0).compute()[0]
    np.testing.assert_array_equal(np.isfinite(light), seen)


def test_ground_too_oblique_is_left_out():
    view = camera(24, nadir=(-6.0, 51.0), target=(6.0, 51.0))
    grid = Grid("EPSG:3035", 5000.0, (3.3e6, 2.6e6, 4.4e6, 3.6e6))
    light = on_map(photo_of(np.ones((400, 600))), view, grid, pixel_m=5000.0).compute()[0]
    columns, rows = np.meshgrid(np.arange(float(grid.width)), np.arange(float(grid.height)))
    lon, lat = to_degrees(grid.crs).transform(*grid.centres(columns, rows))
    zenith, _, _ = view.view(lon, lat)
    inside = view.inside(*view.project(lon, lat), -3)
    assert (inside & (zenith > 70.1)).any()
    assert np.isnan(light[zenith > 70.1]).all()
    assert np.isfinite(light[inside & (zenith < 69.9)]).all()


def test_geometry_at_nodes_is_exact():
    solved = SolvedCamera(SMALL, ORDER, COVARIANCE)
    grid = grid_of(SMALL, 500.0)
    whole = Tile(0, 0, grid.height, grid.width)
    lattice = geometry_lattice(solved, grid, whole)
    values = lattice.at(whole)[:, ::16, ::16]
    np.testing.assert_array_equal(values, lattice.values[:, : values.shape[1], : values.shape[2]])


class TestTerrain:
    VIEW = camera(180, nadir=(1.5, 50.0), width=600)  # the view zenith is 36 degrees

    def test_the_stated_error_covers_cliffs(self):
        """Heights of 0 or 3000 m from cell to cell of 20 m, looked up a few mm beside their place."""
        view = camera(180, nadir=(1.5, 50.0), width=1200)
        heights = 3000 * np.random.default_rng(5).integers(0, 2, (1200, 1200)).astype(np.float32)
        x, y = Transformer.from_crs(4326, 32631, always_xy=True).transform(*CITY)
        terrain = Terrain(heights, "EPSG:32631", Affine(20, 0, x - 12e3, 0, -20, y + 12e3))
        grid = grid_of(view, 100.0, radius_km=8)
        places = pixel_map(view, grid, terrain)
        columns, rows = np.meshgrid(np.arange(float(grid.width)), np.arange(float(grid.height)))
        exact = exact_pixels(view, grid, columns, rows, terrain)
        whole = Tile(0, 0, grid.height, grid.width)
        column, row, _ = places.of(whole).at(whole)
        worst = np.nanmax(np.hypot(column - exact[0], row - exact[1]))
        assert 0.8 * map_error_px(places) < worst <= map_error_px(places)

    def test_level_ground_of_no_height_is_no_terrain_bit_for_bit(self):
        grid = grid_of(self.VIEW, 200.0, radius_km=30)
        photo = photo_of(np.random.default_rng(1).random((self.VIEW.height, self.VIEW.width)))
        solved = SolvedCamera(self.VIEW, ORDER, COVARIANCE)
        for make in (
            lambda terrain: on_map(photo, self.VIEW, grid, 150.0, ground=terrain),
            lambda terrain: geometry_on_map(solved, grid, ground=terrain),
        ):
            assert make(plateau(0.0)).compute().tobytes() == make(FLAT).compute().tobytes()

    def test_light_on_a_plateau_is_seen_where_the_camera_sees_it(self):
        grid = grid_of(self.VIEW, 100.0, radius_km=20)
        picture = np.random.default_rng(0).random((self.VIEW.height, self.VIEW.width))
        got = on_map(photo_of(picture), self.VIEW, grid, 150.0, ground=plateau(640.0)).compute()[0]
        columns, rows = np.meshgrid(np.arange(float(grid.width)), np.arange(float(grid.height)))
        column, row = exact_pixels(self.VIEW, grid, columns, rows, plateau(640.0))
        expected = map_coordinates(picture, (row, column), order=1, mode="constant", cval=np.nan)
        # As on flat ground: white noise turns a displacement into as much light.
        np.testing.assert_allclose(got, expected, atol=2 * MAX_ERROR_PX)

    def test_a_light_in_the_hills_lands_at_its_place(self):
        terrain = rugged(bounds=(4.5, 50.0, 6.7, 51.4))
        grid = grid_of(self.VIEW, 50.0, radius_km=20)
        lon, lat = 5.65, 50.62
        height_m = float(terrain.height_m(lon, lat))
        column, row = self.VIEW.project(lon, lat, height_m)
        y, x = np.mgrid[: self.VIEW.height, : self.VIEW.width]
        photo = photo_of(np.exp(-((x - column) ** 2 + (y - row) ** 2) / 2 / 2.0**2))
        rows, columns = np.mgrid[: grid.height, : grid.width]
        planted = Transformer.from_crs(4326, grid.crs, always_xy=True).transform(lon, lat)

        def away_m(terrain):
            light = on_map(photo, self.VIEW, grid, 150.0, ground=terrain).compute()[0]
            found = grid.centres((columns * light).sum() / light.sum(), (rows * light).sum() / light.sum())
            return float(np.hypot(*np.subtract(found, planted)))

        zenith = float(self.VIEW.view(lon, lat)[0])
        # Slopes of a few per cent under a light of 400 m shift the centroid by a part of its own relief.
        assert away_m(terrain) < 20
        assert away_m(FLAT) == pytest.approx(height_m * np.tan(np.radians(zenith)), abs=10)
        assert away_m(FLAT) > 100

    def test_the_heights_error_is_in_the_position_sigma(self):
        """Against sampled heights: the ground that a fixed pixel shows moves with them."""
        solved, grid = SolvedCamera(self.VIEW, ORDER, COVARIANCE), grid_of(self.VIEW, 500.0)
        camera_alone, both = (
            geometry_lattice(solved, grid, Tile(0, 0, grid.height, grid.width), plateau(300.0, sigma)).values[
                4
            ]
            for sigma in (0.0, 40.0)
        )
        grid = grid_of(self.VIEW, 500.0)
        column, row = 300.0, 200.0
        heights_m = 40.0 * np.random.default_rng(0).standard_normal(4000)
        lon, lat = self.VIEW.to_ground(np.full(4000, column), np.full(4000, row), heights_m)
        x, y = Transformer.from_crs(4326, grid.crs, always_xy=True).transform(lon, lat)
        of_heights_m = np.sqrt((np.var(x) + np.var(y)) / 2)
        cell = np.round((np.array([grid.bounds[3] - y[0], x[0] - grid.bounds[0]]) / 500 - 0.5) / 16).astype(
            int
        )
        # 4000 samples know a sigma to 1.1 %; the node is up to 4 km from the pixel, 0.5 degrees of zenith.
        added_m = np.sqrt(both[tuple(cell)] ** 2 - camera_alone[tuple(cell)] ** 2)
        assert added_m == pytest.approx(of_heights_m, rel=0.05)


class TestChannels:
    """Red is magnified by 1.0006 and shifted by 0.3 px in the photo."""

    VIEW = camera(180, nadir=(5.0, 50.4), width=WIDTH, roll_deg=5.0)

    def test_measured_and_corrected_they_agree_on_the_map(self):
        photo = lit_photo(red=RED)
        assert photo.light.shape[1] == HEIGHT
        registration = measure_channels(photo)
        grid = grid_of(self.VIEW, 100.0, radius_km=40)

        def residual_px(channels):
            light = on_map(photo, self.VIEW, grid, 90.0, channels=channels).compute()
            found = measure_channels(Photo(light[:3], light[3] > 0)).red
            assert found.n_patches > 50
            return found.corner_px

        assert residual_px(None) > 0.3  # cells are as wide as pixels
        assert residual_px(registration) < 0.1

    def test_each_band_is_looked_up_in_its_own_place(self):
        """In a photo whose light is its own column and row, a look-up tells where it was made."""
        view, grid = SMALL, grid_of(SMALL, 300.0, radius_km=30)
        centre = ((view.width - 1) / 2, (view.height - 1) / 2)
        red = ChannelShift(centre, 1.01, (3.0, -2.0), 99, 0.01)
        blue = ChannelShift(centre, 0.99, (0.0, 4.0), 99, 0.01)
        y, x = np.mgrid[: view.height, : view.width].astype(np.float32)
        saturated = np.zeros(x.shape, bool)
        plain, moved = (
            [
                on_map(Photo(np.stack([v] * 3), saturated), view, grid, 300.0, channels=channels)
                .compute()
                .astype(float)
                for v in (x, y)
            ]
            for channels in (None, ChannelRegistration(red, blue))
        )
        seen = np.isfinite(moved[0][:3]).all(0)
        assert seen.any()
        for band, shift in ((0, red), (1, ChannelShift(centre)), (2, blue)):
            place = shift.place(plain[0][band][seen], plain[1][band][seen])
            # float32 holds columns of several hundred to 3e-5.
            np.testing.assert_allclose([v[band][seen] for v in moved], place, atol=1e-3)

    def test_what_is_not_significant_changes_nothing(self):
        grid = grid_of(SMALL, 300.0, radius_km=30)
        photo = photo_of(np.random.default_rng(2).random((SMALL.height, SMALL.width)))
        unsure = ChannelShift(((SMALL.width - 1) / 2, (SMALL.height - 1) / 2), 1.0, (0.3, 0.0), 20, 0.2)
        registration = ChannelRegistration(unsure, unsure)
        plain = on_map(photo, SMALL, grid, 300.0).compute()
        assert on_map(photo, SMALL, grid, 300.0, channels=registration).compute().tobytes() == plain.tobytes()

    def test_a_cell_has_all_bands_or_none_and_saturation_moves_along(self):
        """Red is looked up 10 px to the right: the right rim and what lies left of a hole are lost."""
        grid = grid_of(SMALL, 100.0, radius_km=30)
        light = np.full((3, SMALL.height, SMALL.width), 0.25, np.float32)
        light[:, 190:210, 300:310] = np.nan
        saturated = np.zeros(light.shape[1:], bool)
        saturated[:, 100:104] = True
        centre = ((SMALL.width - 1) / 2, (SMALL.height - 1) / 2)
        registration = ChannelRegistration(
            ChannelShift(centre, 1.0, (10.0, 0.0), 99, 0.01), ChannelShift(centre)
        )
        values = on_map(Photo(light, saturated), SMALL, grid, 200.0, channels=registration).compute()
        columns, rows = np.meshgrid(np.arange(float(grid.width)), np.arange(float(grid.height)))
        column, row = exact_pixels(SMALL, grid, columns, rows)
        level = (row > 192) & (row < 207)
        known = np.isfinite(values[:3])
        assert (known.all(0) == known.any(0)).all()
        assert not known[0][level & (column > 292) & (column < 308)].any()
        assert known[0][level & (column > 320) & (column < 500)].all()
        assert not known[0][level & (column > SMALL.width - 10)].any()
        for at in (92, 102):  # where red's saturated pixels show, and green's own
            assert (values[3][level & (abs(column - at) < 0.5)] == 1).all()


@dataclass(frozen=True)
class ByHand:
    """A pixel map of one tile, laid out by hand."""

    tile_map: TileMap

    @property
    def grid(self):
        return Grid("EPSG:3035", 500.0, (4.0e6, 3.05e6, 4.0e6 + 5000, 3.05e6 + 500))

    def of(self, tile):
        return self.tile_map


class TestRim:
    """Cells placed by hand at the outermost pixels' centres of a photo, and just beyond them."""

    WIDTH, HEIGHT = 6, 4
    BEYOND = 1e-9

    def places(self, column, row, zenith=None):
        """A map of one row of cells at these places: a lattice of every cell, with a node to spare."""
        zenith = np.full(len(column), 30.0) if zenith is None else zenith
        values = np.stack([np.append(v, 0.0) for v in (column, row, zenith)])
        return ByHand(TileMap(Lattice(1, np.repeat(values[:, None], 2, axis=1)), FLAT))

    def light(self, places, n_cells):
        y, x = np.mgrid[: self.HEIGHT, : self.WIDTH].astype(np.float32)
        photo = Photo(np.stack([x, y, x * y]), x > 2)
        return LightOfTile(photo, places, 1)(Tile(0, 0, 1, n_cells))[:, 0]

    def geometry(self, places, n_cells):
        view = camera(85, width=self.WIDTH)
        assert view.height == self.HEIGHT
        return GeometryOfTile(SolvedCamera(view, ORDER, COVARIANCE), places)(Tile(0, 0, 1, n_cells))[:, 0]

    def test_the_outermost_pixels_centres_are_in_and_what_is_beyond_is_out(self):
        last_column, last_row, e = self.WIDTH - 1.0, self.HEIGHT - 1.0, self.BEYOND
        column = np.array([0, last_column, 2.5, 2.5, last_column, 0 - e, last_column + e, 2.5, 2.5])
        row = np.array([1.5, 1.5, 0, last_row, last_row, 1.5, 1.5, 0 - e, last_row + e])
        light = self.light(self.places(column, row), len(column))
        np.testing.assert_array_equal(light[:3, :5], [column[:5], row[:5], column[:5] * row[:5]])
        np.testing.assert_array_equal(light[3, :5], [0, 1, 0.5, 0.5, 1])
        assert np.isnan(light[:, 5:]).all()
        geometry = self.geometry(self.places(column, row), len(column))
        np.testing.assert_array_equal(np.isnan(geometry), np.isnan(light))

    def test_the_limit_of_view_zenith_is_in(self):
        zenith = np.array([70.0, np.nextafter(70.0, 71.0)])
        places = self.places(np.full(2, 2.0), np.full(2, 2.0), zenith)
        for values in (self.light(places, 2), self.geometry(places, 2)):
            np.testing.assert_array_equal(np.isnan(values).all(0), [False, True])
