"""Step region: the squares of several cities' photos are pooled, each photo once."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import pytest

from pipeline.borders.light_squares import LightSquares
from pipeline.borders.schema import layer
from pipeline.borders.squares_file import write_light_squares
from pipeline.ground.cities import Cities
from pipeline.ground.countries import Countries
from pipeline.models import BordersConfig, Region
from pipeline.steps import region as step
from tests.borders.test_pooled_photos import block
from tests.scenes.places import cities_file

REGION = Region(name="x", cities=("a", "b"), countries=("BE", "NL"), borders=BordersConfig(contrast_km=7))


def test_photos_are_pooled_once_in_the_countries_of_the_region(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def pool(
        photos: Sequence[LightSquares], countries: Countries, places: Cities, config: BordersConfig
    ) -> dict[str, gpd.GeoDataFrame]:
        given.extend((photos, countries, places, config))
        return {"contrasts": layer([], "contrasts"), "left_out": gpd.GeoDataFrame({"name": []}, geometry=[])}

    monkeypatch.setattr(step, "pool", pool)
    files = []
    for place, (name, of_photo) in enumerate([("one", 4000), ("two", 4002), ("one", 4001)]):
        squares = block(range(of_photo, of_photo + 4), range(3000, 3004), 1.0, photo=name)
        squares.country[0] = "DE"
        files.append(tmp_path / f"{place}.parquet")
        write_light_squares(squares, files[-1])

    step.pool_region(files, cities_file(tmp_path), REGION, tmp_path / "borders.gpkg")

    photos, countries, places, config = given
    assert [photo.photo for photo in photos] == ["one", "two"]
    assert len(photos[0]) == 4 * 5 - 1  # of one map 4 columns, of the other a fifth; without that in Germany
    assert {code for photo in photos for code in photo.country} == {"BE"}
    assert set(countries.areas["country"]) == {"BE", "NL"}
    assert len(places) > 1000
    assert config.contrast_km == 7
    layers = dict(pyogrio.list_layers(tmp_path / "borders.gpkg"))
    assert layers == {"contrasts": "MultiLineString", "left_out": None, "photos": "Polygon"}
