"""Light lands where it shines, on heights and in every colour, when only files are given."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from pipeline.camera.camera import Camera
from pipeline.camera.channel_shifts import ChannelRegistration, ChannelShift
from pipeline.camera.terrain import TerrainError
from pipeline.ground.elevation import read_terrain
from pipeline.models import Dem
from pipeline.ortho.warp import orthorectify
from pipeline.photo.photo import Photo
from pipeline.photo.tiff import write_photo
from pipeline.raster.grid import Grid, narrowest_pixel_m, visible_area
from pipeline.steps.orthorectify import bring_onto_grid
from tests.camera.test_terrain import write_dem
from tests.scenes.cameras import CITY, COVARIANCE, ORDER, camera

VIEW = camera(180, nadir=(2.0, 51.5))
TO_MAP = Transformer.from_crs("EPSG:4326", "EPSG:3035", always_xy=True)
X, Y = TO_MAP.transform(*CITY)
# 8 km around the city in cells of 25 m, a sixth of the photo's pixels.
WEST, SOUTH = 25 * (X // 25) - 8000, 25 * (Y // 25) - 8000
GRID = Grid("EPSG:3035", 25.0, (WEST, SOUTH, WEST + 16000, SOUTH + 16000))
AROUND = (5.0, 50.2, 6.2, 51.1)
HEIGHT_M = 600.0
CENTRE = ((VIEW.width - 1) / 2, (VIEW.height - 1) / 2)
NONE = ChannelShift(CENTRE)
RED = ChannelShift(CENTRE, 1.004, (0.8, -0.5), 100, 0.01)


def a_light(view: Camera, height_m: float, red: ChannelShift = NONE) -> Photo:
    """One light at the city, on ground of a height, over a dark sky; round, with a radius of 2 px."""
    column, row = view.project(*CITY, height_m)
    columns, rows = np.meshgrid(np.arange(view.width), np.arange(view.height))
    bands = []
    for x, y in (red.place(column, row), (column, row), (column, row)):
        bands.append(0.001 + 0.5 * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 2 / 2.0**2))
    light = np.stack(bands).astype(np.float32)
    return Photo(light, np.zeros(light.shape[1:], bool))


@dataclass(frozen=True)
class Run:
    """The step's input files in a folder, and what it makes of them."""

    folder: Path

    @classmethod
    def of(cls, folder: Path, photo: Photo, red: ChannelShift = NONE) -> "Run":
        solved = {
            **VIEW.to_dict(),
            "parameter_order": ORDER,
            "covariance": COVARIANCE.tolist(),
            "channels": ChannelRegistration(red, NONE).to_dict(),
            "solution": {"accepted": True, "evidence": "jpeg", "simulated": True},
        }
        write_photo(photo, folder / "photo.tif")
        (folder / "camera.json").write_text(json.dumps(solved))
        facts = {"id": folder.name, "width": VIEW.width, "height": VIEW.height, "simulated": True}
        (folder / "photo.json").write_text(json.dumps(facts | {"source": "a.jpg", "linearisation": "sRGB"}))
        (folder / "grid.json").write_text(json.dumps(GRID.to_dict()))
        return cls(folder)

    def __call__(self, dem: Dem | None = None) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Bands of `ortho.tif` and of `geometry.tif`."""
        files = [self.folder / name for name in ("photo.tif", "camera.json", "photo.json", "grid.json")]
        made = [self.folder / name for name in ("ortho.tif", "geometry.tif")]
        bring_onto_grid(*files, *made, dem=[] if dem is None else [dem.path], heights=dem)
        bands = []
        for file in made:
            with rasterio.open(file) as source:
                bands.append(source.read())
        return bands[0], bands[1]


def plateau(folder: Path, height_m: float, geoid_m: float | None = None) -> Dem:
    """A DEM of one height above the ellipsoid, written as heights above the geoid if that is given."""
    heights_m = np.full((9, 12), height_m - (geoid_m or 0.0))
    file = write_dem(folder / f"{height_m:g} {geoid_m}.tif", heights_m, bounds=AROUND)
    return Dem(path=file, heights="ellipsoidal" if geoid_m is None else "geoid", geoid_m=geoid_m)


def place_m(band: NDArray[np.float32]) -> NDArray[np.float64]:
    """East and north of the middle of the light in a band from the city, on the map."""
    above = np.clip(np.nan_to_num(band) - 0.01, 0, None)
    rows, columns = np.indices(band.shape)
    mean = [float((v * above).sum() / above.sum()) for v in (columns, rows)]
    x, y = GRID.centres(*np.array(mean)[:, None])
    return np.array([x[0] - X, y[0] - Y])


def test_light_on_a_plateau_lies_on_its_city(tmp_path: Path) -> None:
    made = Run.of(tmp_path, a_light(VIEW, HEIGHT_M))
    on_it, _ = made(plateau(tmp_path, HEIGHT_M))
    below, geometry = made()
    # A tenth of a cell.
    assert np.abs(place_m(on_it[1])).max() < 2.5
    # Without heights it lies h tan(zenith) farther from the camera; the Earth curves by 2 % of that.
    zenith, _, _ = VIEW.view(*CITY)
    away_m = HEIGHT_M * np.tan(np.radians(zenith))
    assert away_m > 300
    assert np.hypot(*place_m(below[1])) == pytest.approx(away_m, rel=0.02)
    assert geometry.shape == on_it.shape


def test_heights_above_the_geoid_are_raised_by_it(tmp_path: Path) -> None:
    made = Run.of(tmp_path, a_light(VIEW, HEIGHT_M))
    ellipsoidal, _ = made(plateau(tmp_path, HEIGHT_M))
    geoid, _ = made(plateau(tmp_path, HEIGHT_M, geoid_m=46.0))
    np.testing.assert_array_equal(geoid, ellipsoidal)


def test_a_dem_at_sea_on_the_ellipsoid_changes_nothing_but_the_uncertainty(tmp_path: Path) -> None:
    made = Run.of(tmp_path, a_light(VIEW, 0.0))
    ortho, geometry = made(plateau(tmp_path, 0.0))
    without, flat = made()
    np.testing.assert_array_equal(ortho, without)
    np.testing.assert_array_equal(geometry[:3], flat[:3])
    # 10 m of vertical sigma, half its square of the displacement's.
    terrain_m = 10 * np.tan(np.radians(flat[0])) / np.sqrt(2)
    np.testing.assert_allclose(geometry[3], np.hypot(flat[3], terrain_m), rtol=1e-4)
    assert (geometry[3] > flat[3]).all()


def test_the_dem_is_read_all_over_the_grid_and_not_beyond(tmp_path: Path) -> None:
    """Hills of 3 km wavelength; where they are read from makes no difference on the grid."""
    lon, lat = (np.linspace(*AROUND[k::2], 700) for k in (0, 1))
    hills = 300 + 200 * np.sin(lon * 150) * np.cos(lat[::-1, None] * 200)
    file = write_dem(tmp_path / "hills.tif", hills.astype(np.float32), bounds=AROUND)
    column, row = np.meshgrid(np.arange(VIEW.width), np.arange(VIEW.height))
    waves = (0.3 + 0.2 * np.sin(column / 3) * np.cos(row / 4)).astype(np.float32)
    photo = Photo(np.stack([waves, 0.9 * waves, 0.8 * waves]), np.zeros(waves.shape, bool))
    made = Run.of(tmp_path, photo)
    ortho, _ = made(Dem(path=file, heights="ellipsoidal"))
    whole = read_terrain(file, "ellipsoidal", None, (5.2, 50.4, 6.0, 50.9))
    pixel_m = narrowest_pixel_m(VIEW, visible_area(VIEW, GRID.crs, shapely.box(*GRID.bounds)), GRID.crs)
    expected = orthorectify(photo, VIEW, GRID, pixel_m, ground=whole).to_array().to_numpy()
    assert np.isfinite(expected).mean() > 0.9
    # The range of heights differs with what is read, and with it the last digits.
    np.testing.assert_allclose(ortho, expected, atol=1e-5)
    # What is no height is refused where it is read: not in the north of the DEM, but in its middle.
    for name, rows in (("far", slice(0, 60)), ("near", slice(320, 380))):
        broken = hills.astype(np.float32)
        broken[rows] = 99_999
        dem = Dem(path=write_dem(tmp_path / f"{name}.tif", broken, bounds=AROUND), heights="ellipsoidal")
        if name == "far":
            made(dem)
            continue
        with pytest.raises(TerrainError, match=r"near.tif: height = 99999: outside -500 to 9000 m"):
            made(dem)


def test_a_displaced_channel_is_brought_home(tmp_path: Path) -> None:
    photo = a_light(VIEW, 0.0, RED)
    ortho, _ = Run.of(tmp_path, photo, RED)()
    red_m, green_m = place_m(ortho[0]), place_m(ortho[1])
    assert np.hypot(*(red_m - green_m)) < 2.5  # a tenth of a cell
    left, _ = Run.of(tmp_path, photo)()
    # A pixel is 140 m wide at least, and red nearly one off.
    assert np.hypot(*(place_m(left[0]) - green_m)) > 75
    np.testing.assert_array_equal(left[1:3], ortho[1:3])
