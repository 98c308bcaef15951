"""Step motorways: those around a city from OpenStreetMap (`motorways.gpkg`), where its YAML asks for them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import geopandas as gpd
import pyogrio

from pipeline.archive.centre_lines import centre_lines
from pipeline.archive.openstreetmap import LICENCE, SERVERS, fetch_ways
from pipeline.errors import DownloadError
from pipeline.files import atomic_write, temporary_folder
from pipeline.ground.roads import LAYER
from pipeline.models import GridConfig, LonLat
from pipeline.steps.fetched import said
from pipeline.steps.step import run_step


def fetch_motorways(
    location: LonLat,
    grid: GridConfig,
    by_hand: Path,
    motorways: Path,
    servers: Sequence[str] = SERVERS,
) -> None:
    """Fetch the motorways of the map's square around `location`; where that fails, take those of the map
    `by_hand` and say so. The layer's metadata tell where its lines come from."""
    try:
        lines, told = _fetched(location, grid.radius_km, motorways, servers)
    except DownloadError as error:
        problem = (
            f"The motorways are those of {by_hand}, most of them drawn by hand, for those of OpenStreetMap "
            f"could not be fetched ({error})."
        )
        lines = gpd.read_file(by_hand, layer=LAYER)
        told = {"source": str(by_hand)} | said(motorways.parent.name, motorways, problem)
    with atomic_write(motorways) as part:
        pyogrio.write_dataframe(
            lines, part, layer=LAYER, driver="GPKG", layer_metadata={**told, "licence": LICENCE}
        )


def _fetched(
    location: LonLat, radius_km: float, target: Path, servers: Sequence[str]
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """The lines, and what there is to tell of them: servers, queries and date."""
    with temporary_folder(target) as unfinished:
        answer = fetch_ways(location.lon, location.lat, radius_km, unfinished, servers)
    lines = centre_lines(answer.ways)
    if lines.empty:
        raise DownloadError("it knows none around the city")
    return lines, {
        "source": "OpenStreetMap",
        "server": " ".join(answer.servers),
        "query": " ".join(answer.queries),
        "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
    }


if "snakemake" in globals():
    run_step(fetch_motorways, globals()["snakemake"])
