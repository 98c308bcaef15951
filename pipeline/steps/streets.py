"""Step streets: those of OpenStreetMap around a photo (`streets.gpkg`), where its city asks for them."""

import logging
from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import pyogrio

from pipeline.archive.openstreetmap import SERVERS
from pipeline.archive.streets import DETAILS, detail_for, fetch_streets
from pipeline.camera.reach import ground_of, pixel_m
from pipeline.camera.terrain import Bounds
from pipeline.errors import DownloadError
from pipeline.files import atomic_write
from pipeline.ground.fetched import PROBLEM
from pipeline.steps.fetched import BY_CITIES, facts_and_prior, not_fetched, said
from pipeline.steps.step import run_step

log = logging.getLogger(__name__)

Found = tuple[gpd.GeoDataFrame, dict[str, str]]
"""Lines with `highway`, and what the file tells of itself."""


def fetch_roads(photo_facts: Path, store: str, streets: Path, servers: Sequence[str] = SERVERS) -> None:
    """Fetch the streets around a photo that its lens can show, which are kept in the photo store; where that
    fails or the lens is too wide, write an empty layer that says why, and the photo is placed without."""
    facts, prior = facts_and_prior(photo_facts)
    lines, told = _found(
        facts.id, pixel_m(prior), ground_of(prior), Path(store) / "openstreetmap", streets, servers
    )
    with atomic_write(streets) as part:
        pyogrio.write_dataframe(lines, part, layer="streets", driver="GPKG", layer_metadata=told)


def _found(
    photo: str, width_m: float, around: Bounds, cache: Path, file: Path, servers: Sequence[str]
) -> Found:
    nothing = gpd.GeoDataFrame({"highway": []}, geometry=[], crs="EPSG:4326")
    detail = detail_for(width_m)
    if detail is None:
        # No failure, and nothing to try again: it is not said on the terminal.
        reason = (
            f"Streets were not fetched: a pixel of the photo is {width_m:.0f} m wide, and streets stand "
            f"apart up to {DETAILS[-1].pixel_m:.0f} m."
        )
        log.info("%s: %s", photo, reason)
        return nothing, {PROBLEM: reason}
    try:
        found = fetch_streets(around, detail, cache, servers)
    except DownloadError as error:
        problem = not_fetched("Streets (roads: openstreetmap)", error, BY_CITIES)
        return nothing, said(photo, file, problem)
    return found.lines, found.told


if "snakemake" in globals():
    run_step(fetch_roads, globals()["snakemake"])
