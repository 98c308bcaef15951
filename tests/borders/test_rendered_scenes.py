"""From a rendered photograph through its true camera to contrasts, against the tone it was rendered with."""

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
from pipeline.models import BordersConfig, GridConfig, LonLat, ToneConfig
from pipeline.photo.photo import Photo, PhotoFacts
from pipeline.photo.tiff import write_photo
from pipeline.steps.borders import compare_borders
from pipeline.steps.grid import make_grid
from pipeline.steps.orthorectify import bring_onto_grid
from pipeline.steps.tone import measure_tone

COUNTRIES = ["BE", "DE", "LU", "NL"]
# Of the camera's attitude: about 50 m on the ground, as of a good solution.
ORDER, SIGMA_RAD = ["rotation_x_rad", "rotation_y_rad"], 1e-4


@pytest.fixture(scope="module", params=["scene-102", "scene-104"])
def city(request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All steps after the georeference, on one scene: 85 mm on 100 m cells, 180 mm on 50 m cells."""
    scene = shared / "scenes" / request.param
    if not scene.with_suffix(".jpg").is_file():
        pytest.skip(f"{scene}.jpg is not there: rendered scenes are check material outside the repository")
    folder = tmp_path_factory.mktemp("city") / scene.name
    folder.mkdir()
    photo, camera, grid = folder / "photo.tif", folder / "camera.json", folder.parent / "grid.json"
    code = np.asarray(Image.open(scene.with_suffix(".jpg")), np.float32) / 255
    light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    write_photo(Photo(np.ascontiguousarray(light.transpose(2, 0, 1)), (light >= 0.95).any(axis=2)), photo)
    facts = PhotoFacts(
        id=scene.name,
        width=code.shape[1],
        height=code.shape[0],
        simulated=True,
        source="",
        linearisation="sRGB",
    )
    (folder / "photo.json").write_text(facts.model_dump_json())
    truth = json.loads(Path(f"{scene}.truth.json").read_text())
    solved = {
        **Camera.from_dict(truth).to_dict(),
        "parameter_order": ORDER,
        "covariance": (np.eye(2) * SIGMA_RAD**2).tolist(),
        "solution": {"accepted": True, "evidence": "jpeg", "simulated": True},
    }
    camera.write_text(json.dumps(solved))
    (folder / "truth.json").write_text(json.dumps(truth))

    lon, lat = truth["centre_lonlat"]
    make_grid([camera], LonLat(lon=lon, lat=lat), GridConfig(radius_km=70), grid)
    bring_onto_grid(photo, camera, grid, folder / "ortho.tif", folder / "geometry.tif", threads=2)
    measure_tone(
        folder / "ortho.tif",
        folder / "geometry.tif",
        folder / "photo.json",
        ToneConfig(),
        folder / "tone.tif",
        folder / "light.tif",
        folder / "lamps.tif",
        threads=2,
    )
    compared(folder, folder.parent / "borders.gpkg")
    return folder


def compared(folder: Path, file: Path) -> None:
    """The step borders on the scene."""
    compare_borders(
        *([folder / name] for name in ("tone.tif", "light.tif", "photo.json", "camera.json")),
        motorways=MOTORWAYS,
        regions=[],
        events=EVENTS,
        countries=COUNTRIES,
        options=BordersConfig(),
        borders=file,
    )


def true_tone(folder: Path) -> dict[str, float]:
    light = json.loads((folder / "truth.json").read_text())["tone"]
    return {country: float(np.log2(light[country][1] / light[country][0])) for country in COUNTRIES}


def test_contrasts_are_those_of_the_rendering(city):
    truth = true_tone(city)
    contrasts = gpd.read_file(city.parent / "borders.gpkg", layer="contrasts")
    given = contrasts[contrasts["contrast_g_r"].notna()]
    assert {"BE-DE", "BE-NL", "DE-NL"} <= set(given["pair"])
    for row in given.itertuples():
        print(f"{city.name} {row.pair}: {row.statement} planted {truth[row.second] - truth[row.first]:+.3f}")
        # JPEG compression and light of the other side blurred across; without towns of differing tone.
        assert row.contrast_g_r == pytest.approx(truth[row.second] - truth[row.first], abs=0.05)
        assert row.low95 < row.contrast_g_r < row.high95
        assert "greener" in row.statement
    assert contrasts["statement"].str.len().min() > 20


def test_countries_have_their_tone(city):
    truth = true_tone(city)
    zones = gpd.read_file(city.parent / "borders.gpkg", layer="zones").set_index("country")
    assert {"BE", "DE", "NL"} <= set(zones.index)
    for country, row in zones[zones["n_cells"] > 500].iterrows():
        assert row["tone_g_r"] == pytest.approx(truth[country], abs=0.03)
        assert 0 < row["lit_area_km2"] < row["area_km2"]
        assert 0 <= row["masked_share"] < 0.2


def test_the_map_changes_tone_at_the_border(city, repository):
    """Lit cells a kilometre inside Belgium and Germany: nearly all on their own side of the middle tone."""
    truth = true_tone(city)
    countries = gpd.read_file(repository / "data" / "borders.gpkg", layer="countries").set_index("country")
    with rasterio.open(city / "tone.tif") as source:
        tone, transform = source.read(1), source.transform
        land = countries.to_crs(source.crs).geometry
    for country, sign in (("BE", -1), ("DE", 1)):
        inside = geometry_mask([land[country].buffer(-1000)], tone.shape, transform, invert=True)
        values = tone[inside & np.isfinite(tone)]
        # The middle is 0.27 away; at the least signal-to-noise, 10, a cell has a sigma of 0.2.
        assert (sign * (values - (truth["BE"] + truth["DE"]) / 2) > 0).mean() > 0.97


def test_layers_are_complete_and_say_that_they_are_simulated(city):
    file = city.parent / "borders.gpkg"
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
        first, second = (gpd.read_file(file, layer=layer) for file in (city.parent / "borders.gpkg", again))
        assert first.equals(second)
