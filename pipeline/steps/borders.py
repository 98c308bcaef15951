"""Step borders: light and tone per country, per strip beside a border and across it (`borders.gpkg`)."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.borders.countries import read_countries
from pipeline.borders.tables import GEOMETRY, Scene, compare
from pipeline.borders.zones import AREA_CRS
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.models import BordersConfig
from pipeline.ortho.cog import raster_grid, read_rows
from pipeline.photo.photo import PhotoFacts
from pipeline.steps.step import run_step, whole


def compare_borders(
    tones: list[Path],
    lights: list[Path],
    photo_facts: list[Path],
    cameras: list[Path],
    countries: list[str],
    options: BordersConfig,
    borders: Path,
) -> None:
    """Compare both sides of each border in every photo of a city; the lists run over its photos."""
    maps = read_countries(AREA_CRS, countries)
    tables = []
    for tone, light, facts, camera in zip(tones, lights, photo_facts, cameras, strict=True):
        scene = Scene(
            PhotoFacts.model_validate_json(facts.read_text("utf-8")),
            SolvedCamera.from_dict(json.loads(camera.read_text("utf-8"))),
            raster_grid(tone),
        )
        rows = ((tile, light_rows, tone_rows) for tile, (light_rows, tone_rows) in read_rows(light, tone))
        tables.append(compare(scene, rows, maps, options))
    with whole(borders) as part:
        for name, geometry_type in GEOMETRY.items():
            layer = gpd.GeoDataFrame(pd.concat([t[name] for t in tables], ignore_index=True), crs=AREA_CRS)
            layer.to_file(part, layer=name, driver="GPKG", geometry_type=geometry_type)


if "snakemake" in globals():
    run_step(compare_borders, globals()["snakemake"])
