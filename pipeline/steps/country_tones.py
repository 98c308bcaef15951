"""Step country_tones: the tone of each country in a photo, and its lamp families (`country_tones.gpkg`)."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
from numpy.typing import NDArray

from pipeline.borders.country_tones import (
    SampledMap,
    country_tables,
    lit_cells,
    sampled_transform,
    sampling_step,
)
from pipeline.camera.camera import Camera
from pipeline.files import atomic_write
from pipeline.ground.countries import read_countries
from pipeline.ground.country_table import COUNTRY_TABLE
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.read import raster_grid
from pipeline.raster.strips import of_each, strips
from pipeline.raster.tiles import Tile
from pipeline.raster.workers import HERE, Workers
from pipeline.steps.step import run_step


def measure_country_tones(
    tone: Path,
    light: Path,
    geometry: Path,
    lamps: Path,
    photo_facts: Path,
    camera: Path,
    borders: Path,
    country_tones: Path,
    workers: Workers = HERE,
) -> None:
    """Both tables of a photo, empty where no country has enough light; `borders` is the map of countries."""
    facts = PhotoFacts.model_validate_json(photo_facts.read_text(encoding="utf-8"))
    solved = Camera.from_dict(json.loads(camera.read_text(encoding="utf-8")))
    with workers.at_work():
        sampled = read_sampled(tone, light, geometry, lamps)
    areas = read_countries(sampled.crs, COUNTRY_TABLE, borders).areas
    tables = country_tables(lit_cells(sampled, areas, solved), list(areas["country"]), facts)
    with atomic_write(country_tones) as part:
        for name, table in tables.items():
            plain = pd.DataFrame(table.drop(columns="geometry"))
            pyogrio.write_dataframe(plain, part, layer=name, driver="GPKG")


def read_sampled(tone: Path, light: Path, geometry: Path, lamps: Path) -> SampledMap:
    """Every few rows and columns of a photo's rasters, read a row of tiles at a time."""
    grid = raster_grid(tone)
    step = sampling_step(grid)
    bands = (
        (tone, ("log2_g_r",)),
        (light, ("red", "green")),
        (geometry, ("view_zenith_deg",)),
        (lamps, ("lamp_family",)),
    )
    thinned = of_each(partial(_thinned, step), strips(*bands))
    log2_g_r, red, green, zenith_deg, family = (np.concatenate(parts) for parts in zip(*thinned, strict=True))
    return SampledMap(log2_g_r, red, green, zenith_deg, family, sampled_transform(grid, step), grid.crs)


def _thinned(step: int, tile: Tile, *rasters: NDArray[Any]) -> list[NDArray[Any]]:
    """Every `step`-th row and column of the grid in a strip, of each band."""
    own = slice(-tile.row % step, None, step)
    return [band[own, ::step] for raster in rasters for band in raster]


if "snakemake" in globals():
    run_step(measure_country_tones, globals()["snakemake"])
