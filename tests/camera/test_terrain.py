"""Heights come out of a DEM as they went in, and rays meet the ground that it describes."""

import numpy as np
import pytest
import rasterio
from affine import Affine
from pyproj import Transformer

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import distance_km, to_ecef
from pipeline.camera.terrain import FLAT, Terrain, TerrainError, to_ground
from pipeline.ground import elevation
from pipeline.ground.elevation import read_terrain

AROUND = (5.5, 50.0, 6.5, 51.0)


def camera(nadir_lat: float, focal_px: float = 5000.0) -> Camera:
    position = to_ecef(6.0, nadir_lat, 415e3)
    return Camera(
        position_ecef_m=position,
        rotation_ecef_to_camera=look_at_rotation(position, to_ecef(6.0, 50.5), 20.0),
        focal_px=focal_px,
        principal_point_px=(301.0, 198.0),
        width=600,
        height=400,
        k1=0.02,
    )


def hills(height_m: float = 350.0, wave_km: float = 8.0, cell_deg: float = 0.001) -> Terrain:
    """Round hills up to twice `height_m`, about 100 m cells, all around the cameras' aim."""
    lon = 5.0 + cell_deg * (np.arange(2.0 / cell_deg) + 0.5)
    lat = 51.5 - cell_deg * (np.arange(2.0 / cell_deg) + 0.5)
    x, y = lon * 111.3 * np.cos(np.radians(50.5)), lat[:, None] * 111.3
    wave = np.sin(2 * np.pi * x / wave_km) * np.sin(2 * np.pi * y / wave_km)
    transform = Affine(cell_deg, 0, 5.0, 0, -cell_deg, 51.5)
    return Terrain((height_m * (1 + wave)).astype(np.float32), "EPSG:4326", transform)


def write_dem(file, values, crs="EPSG:4326", bounds=AROUND, **profile):
    """Values over bounds; a band for each in a three-dimensional array."""
    values = np.asarray(values)
    values = values if values.ndim == 3 else values[None]
    count, height, width = values.shape
    west, south, east, north = bounds
    transform = Affine((east - west) / width, 0, west, 0, (south - north) / height, north)
    with rasterio.open(
        file,
        "w",
        driver="GTiff",
        count=count,
        height=height,
        width=width,
        dtype=values.dtype,
        crs=crs,
        transform=transform,
        **profile,
    ) as target:
        target.write(values)
    return file


class TestHeights:
    #     lon 0..1  1..2     centres at (0.5, 1.5), (1.5, 1.5), (0.5, 0.5), (1.5, 0.5)
    SMALL = Terrain(
        np.array([[100, 200], [300, 600]], np.float32), "EPSG:4326", Affine(1, 0, 0, 0, -1, 2), sigma_m=5.0
    )

    @pytest.mark.parametrize(
        ("lon", "lat", "expected"),
        [
            (0.5, 1.5, 100),
            (1.5, 0.5, 600),
            (1.0, 1.5, 150),
            (0.75, 1.0, 250),  # (100 + 300) / 2 and (200 + 600) / 2, a quarter of the way
            (0.1, 1.9, 100),  # the rim's half cell belongs to its cell
            (2.1, 1.0, 300),  # outside: the mean
            (1.0, -50.0, 300),
            (np.nan, 1.0, 300),
        ],
    )
    def test_between_cells_and_outside(self, lon, lat, expected):
        # Degrees pass through a transformation that does nothing, but for its rounding.
        assert self.SMALL.height_m(lon, lat) == pytest.approx(expected, abs=1e-6)

    def test_any_shape(self):
        lon = np.linspace(0.5, 1.5, 6).reshape(1, 2, 3)
        np.testing.assert_allclose(self.SMALL.height_m(lon, 1.5 + 0 * lon), 100 + 100 * (lon - 0.5))

    def test_flat_is_the_ellipsoid(self):
        assert not FLAT.height_m(np.array([-170.0, 0.0, 6.0]), np.array([-80.0, 0.0, 50.0])).any()
        assert FLAT.sigma_m == 0
        assert FLAT.steepest_m == 0

    def test_steepest_bounds_every_slope(self):
        terrain = hills()
        rng = np.random.default_rng(0)
        column, row = rng.uniform(1, 1998, (2, 100_000))
        turn = rng.uniform(0, 2 * np.pi, 100_000)
        step = 0.05
        rise = terrain.at(column + step * np.cos(turn), row + step * np.sin(turn)) - terrain.at(column, row)
        assert 0.5 * terrain.steepest_m < np.abs(rise / step).max() <= terrain.steepest_m


class TestToGround:
    # The view zenith at the aim is about 0, 30 and 56 degrees.
    @pytest.mark.parametrize("nadir_lat", [50.5, 52.5, 55.0])
    def test_a_place_on_the_hills_is_found_again_from_its_pixel(self, nadir_lat):
        terrain, there = hills(), camera(nadir_lat)
        column, row = np.meshgrid(np.linspace(0, 599, 25), np.linspace(0, 399, 25))
        lon, lat, height_m = to_ground(there, column, row, terrain)
        assert np.ptp(height_m) > 600  # the hills are in the frame
        # The height is known to 0.05 m; the hills change it by a quarter of a metre a metre on top of that.
        np.testing.assert_allclose(terrain.height_m(lon, lat), height_m, atol=0.1)
        # 0.1 m of height is 0.002 px of 80 m at most.
        np.testing.assert_allclose(there.project(lon, lat, height_m), (column, row), atol=2e-3)
        again = to_ground(there, *there.project(lon, lat, terrain.height_m(lon, lat)), terrain)
        assert 1e3 * distance_km(lon, lat, again[0], again[1]).max() < 1.0
        flat_lon, flat_lat = there.to_ground(column, row)
        if nadir_lat > 51:  # looking down, relief displaces nothing; else it must, or nothing was tested
            assert 1e3 * distance_km(lon, lat, flat_lon, flat_lat).max() > 300

    def test_level_ground_is_the_cameras_own(self):
        there = camera(54.0)
        column, row = np.meshgrid(np.linspace(0, 599, 7), np.linspace(0, 399, 5))
        for terrain, height_m in (
            (FLAT, 0.0),
            (Terrain(FLAT.heights_m + 320, FLAT.crs, FLAT.transform), 320.0),
        ):
            *place, height = to_ground(there, column, row, terrain)
            np.testing.assert_array_equal(place, there.to_ground(column, row, height_m))
            np.testing.assert_array_equal(height, height_m)

    def test_where_plain_iteration_oscillates_the_ground_is_still_met(self):
        """Slopes of 45 degrees facing a view zenith of 56 degrees: slope x tan(zenith) is 1.5."""
        terrain, there = hills(height_m=400.0, wave_km=2.5, cell_deg=0.0005), camera(55.0)
        column, row = np.meshgrid(np.linspace(100, 500, 30), np.linspace(100, 300, 30))
        height = np.full(column.shape, terrain.mean_m)
        for _ in range(30):
            before, height = height, terrain.height_m(*there.to_ground(column, row, height))
        assert np.abs(height - before).max() > 100  # plain iteration does not settle
        lon, lat, height_m = to_ground(there, column, row, terrain)
        # The same 0.05 m, with up to a metre and a half of terrain a metre of height.
        np.testing.assert_allclose(terrain.height_m(lon, lat), height_m, atol=0.2)
        np.testing.assert_allclose(there.project(lon, lat, height_m), (column, row), atol=1e-3)

    def test_sky_has_no_ground(self):
        there = camera(72.0, focal_px=600.0)
        lon, lat, height_m = to_ground(there, [301.0, 301.0], [0.0, 198.0], hills())
        sky = np.isnan(there.to_ground([301.0, 301.0], [0.0, 198.0])[0])
        assert sky.any()
        for values in (lon, lat, height_m):
            np.testing.assert_array_equal(np.isnan(values), sky)


class TestReader:
    @pytest.mark.parametrize("crs", ["EPSG:3035", "EPSG:32631", "EPSG:4326", "EPSG:31370"])
    def test_a_plane_is_read_in_any_crs(self, tmp_path, crs):
        """Heights that are a plane of the raster's own x and y are bilinear everywhere."""
        to_map = Transformer.from_crs(4326, crs, always_xy=True)
        west, south, east, north = to_map.transform_bounds(5.0, 49.5, 7.0, 51.5)
        x = west + (np.arange(150) + 0.5) / 150 * (east - west)
        y = (north - (np.arange(200) + 0.5) / 200 * (north - south))[:, None]

        def plane(x, y):
            return 300 + 200 * (x - west) / (east - west) - 100 * (y - south) / (north - south)

        file = write_dem(tmp_path / "plane.tif", plane(x, y), crs, (west, south, east, north))
        terrain = read_terrain(file, "ellipsoidal", None, AROUND)
        assert terrain.heights_m.size < 0.6 * 150 * 200  # only what is around
        lon, lat = np.meshgrid(np.linspace(5.5, 6.5, 9), np.linspace(50.0, 51.0, 9))
        # Heights are kept as float32.
        np.testing.assert_allclose(
            terrain.height_m(lon, lat), plane(*to_map.transform(lon, lat)), rtol=0, atol=1e-3
        )
        assert terrain.sigma_m == 10

    def test_geoid_heights_are_raised_by_the_undulation(self, tmp_path):
        file = write_dem(tmp_path / "dem.tif", np.full((20, 20), 250, np.int16))
        assert read_terrain(file, "geoid", 46.0, AROUND).height_m(6.0, 50.5) == 296
        assert read_terrain(file, "ellipsoidal", None, AROUND).height_m(6.0, 50.5) == 250

    def test_holes_get_the_mean_of_the_rest(self, tmp_path):
        values = np.full((20, 20), 100, np.int16)
        values[:, 10:] = 300
        values[2:8, 2:8] = -9999
        terrain = read_terrain(write_dem(tmp_path / "dem.tif", values, nodata=-9999), "geoid", 40.0, AROUND)
        mean = (164 * 100 + 200 * 300) / 364 + 40
        assert terrain.height_m(5.5 + 5 / 20, 51 - 5 / 20) == pytest.approx(mean, abs=1e-3)
        assert terrain.height_m(0.0, 0.0) == pytest.approx(mean, abs=1e-3)
        assert terrain.height_m(5.5 + 5 / 20, 50.2) == pytest.approx(140)

    def test_a_fine_dem_is_averaged(self, tmp_path, monkeypatch):
        monkeypatch.setattr(elevation, "MAX_CELLS_A_SIDE", 50)
        rng = np.random.default_rng(1)
        values = rng.uniform(0, 400, (120, 90)).astype(np.float32)
        terrain = read_terrain(write_dem(tmp_path / "dem.tif", values), "ellipsoidal", None, AROUND)
        assert terrain.heights_m.shape == (40, 45)
        np.testing.assert_allclose(terrain.heights_m, values.reshape(40, 3, 45, 2).mean((1, 3)), rtol=1e-5)
        # The middle of the first averaged cell is where its 3 x 2 cells meet.
        lon, lat = 5.5 + 1 / 90, 51 - 1.5 / 120
        assert terrain.height_m(lon, lat) == pytest.approx(float(terrain.heights_m[0, 0]), rel=1e-5)

    def test_scaled_heights(self, tmp_path):
        file = write_dem(tmp_path / "dem.tif", np.full((20, 20), 2500, np.int16))
        with rasterio.open(file, "r+") as target:
            target.scales, target.offsets = (0.1,), (50.0,)
        assert read_terrain(file, "ellipsoidal", None, AROUND).mean_m == pytest.approx(300)

    def test_a_raster_stored_south_up(self, tmp_path):
        values = np.linspace(0, 900, 40)[:, None] + np.zeros(30)
        file = write_dem(tmp_path / "dem.tif", values, bounds=(5.5, 51.0, 6.5, 50.0))
        terrain = read_terrain(file, "ellipsoidal", None, AROUND)
        assert terrain.height_m(6.0, 50 + 0.5 / 40) == pytest.approx(0, abs=1e-2)
        assert terrain.height_m(6.0, 51 - 0.5 / 40) == pytest.approx(900, abs=1e-2)

    @pytest.mark.expects_warnings
    def test_a_dem_of_a_part_is_said_to_be_one(self, tmp_path, caplog):
        file = write_dem(tmp_path / "half.tif", np.full((20, 20), 250.0), bounds=(5.5, 50.0, 6.0, 51.0))
        assert read_terrain(file, "ellipsoidal", None, AROUND).height_m(6.4, 50.5) == 250
        assert "half.tif: covers 52 % of lon 5.5 to 6.5" in caplog.text  # 17 of 33 columns of samples

    def test_a_tiny_dem_between_the_samples_overlaps(self, tmp_path, caplog):
        around = (6.0, 50.5, 6.3, 50.8)
        file = write_dem(tmp_path / "dem.tif", np.full((50, 50), 250.0), bounds=(5.9, 50.4, 6.4, 50.9))
        assert read_terrain(file, "ellipsoidal", None, around).mean_m == 250

    def test_what_cannot_be_terrain_is_refused_with_the_way_out(self, tmp_path):
        good = np.full((20, 20), 250.0, np.float32)
        cases = {
            "text": (lambda file: file.write_text("not a DEM"), "not a raster in one of the formats"),
            "absent": (lambda file: None, "cannot be read: no such file"),
            "no_crs": (lambda file: write_dem(file, good, crs=None), "no coordinate reference system"),
            "engineering": (
                lambda file: write_dem(file, good, crs='LOCAL_CS["site",UNIT["metre",1]]'),
                "is not on the Earth",
            ),
            "bands": (lambda file: write_dem(file, np.stack([good] * 3)), "3 bands.*gdal_translate"),
            "complex": (lambda file: write_dem(file, good.astype(np.complex64)), "complex"),
            "elsewhere": (
                lambda file: write_dem(file, good, bounds=(10.0, 50.0, 11.0, 51.0)),
                "does not overlap lon 5.5 to 6.5, lat 50 to 51",
            ),
            "void": (lambda file: write_dem(file, 0 * good, nodata=0), "holds no height"),
            "undeclared": (
                lambda file: write_dem(file, np.where(good.cumsum(1) < 800, -32768, 250).astype(np.int16)),
                "height = -32768.*-a_nodata -32768",
            ),
            "centimetres": (lambda file: write_dem(file, 100 * good), "height = 25000"),
        }
        for name, (make, message) in cases.items():
            file = tmp_path / f"{name}.tif"
            make(file)
            with pytest.raises(TerrainError, match=message) as caught:
                read_terrain(file, "ellipsoidal", None, AROUND)
            assert str(file) in str(caught.value)
            assert "\n" not in str(caught.value)

    def test_feet_are_refused(self, tmp_path):
        file = write_dem(tmp_path / "dem.tif", np.full((20, 20), 820.0))
        with rasterio.open(file, "r+") as target:
            target.units = ("US survey foot",)
        with pytest.raises(TerrainError, match="must be in metres"):
            read_terrain(file, "ellipsoidal", None, AROUND)

    @pytest.mark.parametrize(("heights", "geoid_m"), [("geoid", None), ("ellipsoidal", 46.0)])
    def test_the_geoid_is_given_when_and_only_when_it_is_needed(self, tmp_path, heights, geoid_m):
        file = write_dem(tmp_path / "dem.tif", np.full((20, 20), 250.0))
        with pytest.raises(TerrainError, match=r"dem\.tif: heights = .*about 46 near Liège"):
            read_terrain(file, heights, geoid_m, AROUND)
