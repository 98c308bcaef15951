"""Step night_light: a satellite's night light around a photo (`night_light.tif`), where it is asked for."""

from pathlib import Path

from pipeline.archive.black_marble import CRS, SERVER, fetch_night_light
from pipeline.camera.reach import ground_of
from pipeline.errors import DownloadError
from pipeline.steps.fetched import BY_CITIES, Raster, facts_and_prior, write_raster_or_why
from pipeline.steps.step import run_step


def fetch_light(photo_facts: Path, store: str, night_light: Path, server: str = SERVER) -> None:
    """Fetch the tiles of NASA's Black Marble around a photo, which are kept in the photo store; where that
    fails, write a raster that says why, and the photo is placed without."""
    facts, prior = facts_and_prior(photo_facts)

    def fetched() -> Raster:
        seen = fetch_night_light(ground_of(prior), Path(store) / "black_marble", server)
        if not seen.light.any():
            raise DownloadError("it is dark there")
        return Raster(seen.light, CRS, seen.transform, seen.told)

    what = "Night light (night_light: black_marble)"
    write_raster_or_why(facts.id, night_light, what, fetched, BY_CITIES)


if "snakemake" in globals():
    run_step(fetch_light, globals()["snakemake"])
