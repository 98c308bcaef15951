"""Step night_light: a satellite's night light around a photo (`night_light.tif`), where it is asked for."""

from pathlib import Path

from pipeline.archive.black_marble import CRS, SERVER, fetch_night_light
from pipeline.errors import DownloadError
from pipeline.steps.fetched import facts_and_prior, ground_of, said, write_nothing, write_raster
from pipeline.steps.step import run_step


def fetch_light(photo_facts: Path, store: str, night_light: Path, server: str = SERVER) -> None:
    """Fetch the tiles of NASA's Black Marble around a photo, which are kept in the photo store; where that
    fails, write a raster that says why, and the photo is placed without."""
    facts, prior = facts_and_prior(photo_facts)
    try:
        seen = fetch_night_light(ground_of(prior), Path(store) / "black_marble", server)
        if not seen.light.any():
            raise DownloadError("it is dark there")
    except DownloadError as error:
        problem = (
            f"Night light (night_light: black_marble) could not be fetched ({error}): the photo is placed by "
            "cities and what else is there, less surely."
        )
        write_nothing(night_light, said(facts.id, night_light, problem))
    else:
        write_raster(night_light, seen.light, CRS, seen.transform, seen.told)


if "snakemake" in globals():
    run_step(fetch_light, globals()["snakemake"])
