"""Step cities: the gazetteer as one small file (`cities.parquet`) that other steps read at once."""

from pathlib import Path

from pipeline.files import atomic_write
from pipeline.ground.cities import gazetteer, write_cities
from pipeline.steps.step import run_step


def list_cities(package: str, cities: Path) -> None:
    """Write the gazetteer's cities; `package` is that which brings them, with its version."""
    with atomic_write(cities) as file:
        write_cities(gazetteer(), file, f"GeoNames, CC BY 4.0, by way of {package}")


if "snakemake" in globals():
    run_step(list_cities, globals()["snakemake"])
