"""Results as labelled arrays: what a notebook opens is what the rasters and tables hold."""

import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import xarray as xr

from pipeline import open_city, open_photo
from pipeline.errors import ResultsError
from pipeline.photo.photo import Photo
from pipeline.photo.tiff import read_photo_tif, write_photo
from pipeline.raster.grid import Grid
from pipeline.steps.placed import refused_json
from tests.scenes.delivery import Delivery


@pytest.fixture(scope="module")
def city(delivery: Delivery) -> xr.Dataset:
    return open_city(delivery.folder)


def test_photos_are_in_order_of_time(city: xr.Dataset) -> None:
    assert city.sizes["photo"] == 2
    assert (np.diff(city["time"].values) > np.timedelta64(0)).all()


def test_nothing_is_read_before_it_is_computed(city: xr.Dataset) -> None:
    assert all(variable.chunks for variable in city.data_vars.values())


def test_every_band_is_there_by_its_name_with_its_values(city: xr.Dataset, delivery: Delivery) -> None:
    for photo in city["photo"].values:
        for raster, renamed in (
            ("light", {"sigma": "sigma_light"}),
            ("tone", {}),
            ("geometry", {}),
            ("lamps", {}),
        ):
            with rasterio.open(delivery.folder / str(photo) / f"{raster}.tif") as source:
                for index, name in enumerate(source.descriptions, 1):
                    band = city[renamed.get(name, name)].sel(photo=photo)
                    np.testing.assert_array_equal(band.values, source.read(index), err_msg=name)
                    assert band.attrs["long_name"]


def test_the_grid_is_known_to_rioxarray_and_odc(city: xr.Dataset, delivery: Delivery) -> None:
    grid = Grid.from_dict(json.loads((delivery.folder / "grid.json").read_text("utf-8")))
    assert city.rio.crs.to_string() == grid.crs
    assert city.rio.transform() == grid.transform
    assert city.odc.geobox == grid.geobox
    assert Grid.of_geobox(city.odc.geobox) == grid


# rasterio silences its own warning in a way that other threads undo.
@pytest.mark.filterwarnings("ignore:Dataset has no geotransform")
def test_each_cell_has_its_country(city: xr.Dataset, delivery: Delivery) -> None:
    """Towns of the gazetteer lie in cells of their own country; one in a hundred may stand at a border."""
    names = city["country"].attrs["flag_meanings"].split()
    country = city["country"].compute()
    towns = gpd.read_file(delivery.folder / f"{delivery.folder.name}.gpkg", layer="cities").to_crs(
        city.rio.crs
    )
    west, south, east, north = city.rio.bounds()
    towns = towns.cx[west:east, south:north]
    x, y = (xr.DataArray(v.to_numpy(), dims="town") for v in (towns.geometry.x, towns.geometry.y))
    there = country.sel(x=x, y=y, method="nearest").values
    right = [k >= 0 and names[k] == code for k, code in zip(there, towns["country"], strict=True)]
    assert len(towns) > 10
    assert np.mean(right) > 0.99


def test_a_folder_without_results_says_so(tmp_path: Path) -> None:
    with pytest.raises(ResultsError, match=r"holds no results of a city \(no placed.json\); run snakemake"):
        open_city(tmp_path)
    (tmp_path / "placed.json").write_text('{"photos": [], "refused": {"a": "no"}}')
    with pytest.raises(ResultsError, match="no photo of this city is on the map"):
        open_city(tmp_path)
    with pytest.raises(ResultsError, match=r"holds no photo \(no photo.json\)"):
        open_photo(tmp_path)


@pytest.fixture
def photo_folder(tmp_path: Path, delivery: Delivery) -> Path:
    """A photo's folder with a small picture of noise, a few saturated and invalid pixels in it."""
    folder = tmp_path / "photo"
    folder.mkdir()
    light = np.random.default_rng(1).uniform(0, 1, (3, 300, 1100)).astype(np.float32)
    light[:, 10, 20] = np.nan
    saturated = np.zeros(light.shape[1:], bool)
    saturated[200, 1050] = True
    write_photo(Photo(light, saturated), folder / "photo.tif")
    facts = json.loads((delivery.photos[0] / "photo.json").read_text("utf-8"))
    (folder / "photo.json").write_text(json.dumps(facts | {"width": 1100, "height": 300}), "utf-8")
    shutil.copy(delivery.photos[0] / "camera.json", folder)
    return folder


def test_a_photo_in_its_own_geometry(photo_folder: Path) -> None:
    opened, photo = open_photo(photo_folder), read_photo_tif(photo_folder / "photo.tif")
    assert opened["red"].chunks
    for k, name in enumerate(("red", "green", "blue")):
        np.testing.assert_array_equal(opened[name].values, photo.light[k])
    np.testing.assert_array_equal(opened["saturated"].values, photo.saturated)
    assert bool(opened["saturated"].sel(x=1050, y=200))


def test_the_camera_projects_both_ways(photo_folder: Path) -> None:
    """Pixel to ground to pixel: rounding alone, a millionth of a pixel."""
    photo = open_photo(photo_folder)
    column, row = np.meshgrid(photo["x"].values[::200], photo["y"].values[::100])
    back = photo.camera.project(*photo.camera.to_ground(column, row))
    np.testing.assert_allclose(back, (column, row), atol=1e-6)


def test_a_photo_without_a_camera_says_why(photo_folder: Path) -> None:
    (photo_folder / "camera.json").write_text(json.dumps(refused_json("photo", "lost")))
    with pytest.raises(ResultsError, match="has no camera: lost"):
        open_photo(photo_folder).camera.project(5.7, 50.7)
