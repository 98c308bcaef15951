"""Step region: the photos of several cities pooled, as one measurement of the borders they show
(`borders.gpkg`)."""

from pathlib import Path

import numpy as np

from pipeline.borders.pooled_photos import one_of_each, photo_frames
from pipeline.borders.pooling import pool
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.squares_file import read_light_squares
from pipeline.files import atomic_write
from pipeline.ground.cities import read_cities
from pipeline.ground.countries import read_countries
from pipeline.models import Region
from pipeline.steps.layers import write_layer
from pipeline.steps.step import run_step


def pool_region(squares: list[Path], cities: Path, region: Region, borders: Path) -> None:
    """From the `squares` of each photo on each city's map; every layer is written, even one without rows."""
    maps = [read_light_squares(file) for file in squares]
    maps = [of_map.chosen(np.isin(of_map.country, region.countries)) for of_map in maps]
    photos = one_of_each(maps)
    countries = read_countries(AREA_CRS, region.countries)
    layers = pool(photos, countries, read_cities(cities), region.borders)
    with atomic_write(borders) as unfinished:
        for name, table in {**layers, "photos": photo_frames(photos)}.items():
            write_layer(unfinished, name, table)


if "snakemake" in globals():
    run_step(pool_region, globals()["snakemake"])
