"""The gazetteer as steps are given it."""

from pathlib import Path

from pipeline.ground.cities import gazetteer, write_cities


def cities_file(folder: Path) -> Path:
    """The gazetteer's cities in `folder`, as the rule `cities` lists them."""
    file = folder / "cities.parquet"
    if not file.exists():
        write_cities(gazetteer(), file, "for tests")
    return file
