"""From a photograph through its true camera to contrasts, against the tone that was planted in it."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.features import geometry_mask

from pipeline.camera.camera import Camera
from pipeline.ground.events import EVENTS
from pipeline.ground.roads import MOTORWAYS
from pipeline.models import BordersConfig
from pipeline.steps.borders import compare_borders
from tests.scenes.frames import TONES, photo_of, planted_tones, toned_countries
from tests.scenes.on_map import lay_on_map
from tests.scenes.places import cities_file

COUNTRIES = ["BE", "DE", "LU", "NL"]
MEETING = {"BE-DE", "BE-NL", "DE-NL"}  # in the middle of every frame
RADIUS_KM = 70.0
TRUTH = planted_tones(TONES)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All steps after the georeference, on a simulated frame of 85 mm."""
    folder = tmp_path_factory.mktemp("city") / "simulated"
    folder.mkdir()
    photo, camera = toned_countries()
    lon, lat = camera.to_ground((camera.width - 1) / 2, (camera.height - 1) / 2)
    lay_on_map(photo, camera, (float(lon), float(lat)), RADIUS_KM, folder)
    compared(folder, folder / "borders.gpkg")
    return folder


def compared(folder: Path, file: Path) -> None:
    """The step borders on the scene."""
    compare_borders(
        *([folder / name] for name in ("tone.tif", "light.tif", "photo.json", "camera.json")),
        cities=cities_file(folder),
        squares=[],
        motorways=MOTORWAYS,
        regions=[],
        events=EVENTS,
        countries=COUNTRIES,
        options=BordersConfig(),
        borders=file,
    )


def planted_contrasts_are_found(folder: Path, truth: dict[str, float]) -> None:
    contrasts = gpd.read_file(folder / "borders.gpkg", layer="contrasts")
    given = contrasts[contrasts["contrast_g_r"].notna()]
    assert set(given["pair"]) >= MEETING
    for row in given.itertuples():
        planted = truth[row.second] - truth[row.first]
        print(f"{folder.name} {row.pair}: {row.statement} planted {planted:+.3f}")
        assert row.low95 < row.contrast_g_r < row.high95
        if row.pair in MEETING:
            # JPEG compression and light of the other side blurred across; without towns of differing tone.
            assert row.contrast_g_r == pytest.approx(planted, abs=0.05)
            assert "greener" in row.statement
        else:
            # Luxembourg is a corner of the frame, with few towns: its interval is wide.
            assert row.low95 < planted < row.high95
    assert contrasts["statement"].str.len().min() > 20


def planted_tones_are_found(folder: Path, truth: dict[str, float]) -> None:
    zones = gpd.read_file(folder / "borders.gpkg", layer="zones").set_index("country")
    assert {"BE", "DE", "NL"} <= set(zones.index)
    for country, row in zones[zones["n_cells"] > 500].iterrows():
        assert row["tone_g_r"] == pytest.approx(truth[country], abs=0.03)
        assert 0 < row["lit_area_km2"] < row["area_km2"]
        assert 0 <= row["masked_share"] < 0.2


def test_contrasts_are_those_that_were_planted(city):
    planted_contrasts_are_found(city, TRUTH)


def test_countries_have_their_tone(city):
    planted_tones_are_found(city, TRUTH)


def test_a_rendered_scene_gives_the_tone_and_contrasts_of_the_rendering(shared, tmp_path):
    """A satellite's light through 180 mm on 50 m cells; benchmarks/borders/rendered.py has all scenes."""
    name = "scene-104"
    scene, folder = shared / "scenes" / name, tmp_path / name
    folder.mkdir()
    truth = json.loads(Path(f"{scene}.truth.json").read_text())
    photo = photo_of(np.asarray(Image.open(scene.with_suffix(".jpg"))))
    lay_on_map(photo, Camera.from_dict(truth), truth["centre_lonlat"], RADIUS_KM, folder)
    compared(folder, folder / "borders.gpkg")
    tones = planted_tones(truth["tone"])
    planted_contrasts_are_found(folder, tones)
    planted_tones_are_found(folder, tones)


def test_the_map_changes_tone_at_the_border(city, repository):
    """Lit cells a kilometre inside Belgium and Germany: nearly all on their own side of the middle tone."""
    countries = gpd.read_file(repository / "data" / "borders.gpkg", layer="countries").set_index("country")
    with rasterio.open(city / "tone.tif") as source:
        tone, transform = source.read(1), source.transform
        land = countries.to_crs(source.crs).geometry
    for country, sign in (("BE", -1), ("DE", 1)):
        inside = geometry_mask([land[country].buffer(-1000)], tone.shape, transform, invert=True)
        values = tone[inside & np.isfinite(tone)]
        # The middle is 0.27 away; at the least signal-to-noise, 10, a cell has a sigma of 0.2.
        assert (sign * (values - (TRUTH["BE"] + TRUTH["DE"]) / 2) > 0).mean() > 0.97


def test_layers_are_complete_and_say_that_they_are_simulated(city):
    file = city / "borders.gpkg"
    for layer, geometry, keys in (
        ("zones", "MultiPolygon", ["country", "sigma_g_r"]),
        ("strips", "MultiPolygon", ["pair", "side", "band_from_km", "band_to_km"]),
        ("contrasts", "MultiLineString", ["pair", "first", "second", "contrast_km", "border_km", "n_blocks"]),
    ):
        table = gpd.read_file(file, layer=layer)
        assert table.crs.to_epsg() == 3035
        assert set(table.geom_type) == {geometry}
        assert {"photo", "taken_at", "evidence", "simulated", *keys} <= set(table.columns)
        assert table["simulated"].all()
        assert set(table["evidence"]) == {"jpeg"}
        assert set(table["photo"]) == {city.name}
    for name in ("ortho", "geometry", "tone", "light"):
        with rasterio.open(city / f"{name}.tif") as source:
            assert source.tags()["TIFFTAG_IMAGEDESCRIPTION"].startswith("SIMULATED")
            assert source.tags()["simulated"] == "true"
    assert not [f.name for f in city.iterdir() if f.name.startswith(".")]


def test_the_same_photo_gives_the_same_tables(city, tmp_path):
    again = tmp_path / "borders.gpkg"
    compared(city, again)
    for layer in ("zones", "strips", "contrasts"):
        first, second = (gpd.read_file(file, layer=layer) for file in (city / "borders.gpkg", again))
        assert first.equals(second)
