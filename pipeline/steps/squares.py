"""Step squares: the light of a photo summed over squares of ground (`squares.parquet`)."""

from pathlib import Path

from pipeline.borders.light_squares import light_squares
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.squares_file import write_light_squares
from pipeline.files import atomic_write
from pipeline.ground.countries import read_countries
from pipeline.ground.country_table import COUNTRY_TABLE
from pipeline.ground.roads import read_motorways
from pipeline.motorways.corridors import motorway_corridors
from pipeline.raster.workers import HERE, Workers
from pipeline.steps.photos import read_photos
from pipeline.steps.step import run_step


def sum_light(
    tone: Path,
    light: Path,
    photo_facts: Path,
    camera: Path,
    motorways: Path,
    borders: Path,
    squares: Path,
    workers: Workers = HERE,
) -> None:
    """Of a photo, in all countries on the map of `borders`: which of them are compared is chosen later."""
    (photo,) = read_photos([photo_facts], [camera], [light], [tone])
    countries = read_countries(AREA_CRS, COUNTRY_TABLE, borders)
    corridors = motorway_corridors(read_motorways(AREA_CRS, motorways), photo.scene)
    with workers.at_work():
        summed = light_squares(photo.scene, photo.square_strips(), countries, corridors)
    with atomic_write(squares) as file:
        write_light_squares(summed, file)


if "snakemake" in globals():
    run_step(sum_light, globals()["snakemake"])
