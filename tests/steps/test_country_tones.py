"""Step country_tones: both tables from the files of a photo, whatever its grid is read by."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio

from pipeline.borders import country_tones as physics
from pipeline.raster import strips
from pipeline.steps.country_tones import measure_country_tones, read_sampled
from tests.scenes.city import TONE, fabricate

RASTERS = ("tone", "light", "geometry", "lamps")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fabricate(tmp_path_factory.mktemp("country_tones"))


def measured(city: Path, target: Path) -> gpd.GeoDataFrame:
    """The table `country_tones` of the photo of 2012."""
    photo = city / "simulated-2012"
    measure_country_tones(
        **{kind: photo / f"{kind}.tif" for kind in RASTERS},
        photo_facts=photo / "photo.json",
        camera=photo / "camera.json",
        borders=city.parents[1] / "data" / "borders.gpkg",
        country_tones=target,
    )
    return gpd.read_file(target, layer="country_tones").set_index("country")


def test_countries_have_the_tone_they_were_given(city: Path, tmp_path: Path) -> None:
    table = measured(city, tmp_path / "country_tones.gpkg")
    # Cells that the border cuts are the country's of their middle, as their tone is.
    assert dict(table["tone_g_r"]) == pytest.approx(TONE[2012], abs=0.01)
    assert set(table["photo"]) == {"simulated-2012"}
    assert set(table["evidence"]) == {"jpeg"}
    assert set(pyogrio.list_layers(tmp_path / "country_tones.gpkg")[:, 0]) == {"country_tones", "lamp_shares"}


def test_every_third_row_and_column_of_all_tiles(city: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiles of 50 rows, which 3 does not divide: the rows that are read do not shift from tile to tile."""
    monkeypatch.setattr(physics, "SAMPLED_CELLS", 6000)
    monkeypatch.setattr(strips, "TILE", 50)
    photo = city / "simulated-2012"
    sampled = read_sampled(*(photo / f"{kind}.tif" for kind in RASTERS))
    with rasterio.open(photo / "light.tif") as source:
        red, green = source.read(1), source.read(2)
    np.testing.assert_array_equal(sampled.red, red[::3, ::3])
    np.testing.assert_array_equal(sampled.green, green[::3, ::3])
    with rasterio.open(photo / "lamps.tif") as source:
        np.testing.assert_array_equal(sampled.family, source.read(1)[::3, ::3])
