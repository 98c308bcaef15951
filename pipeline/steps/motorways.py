"""Step motorways: those around a city from OpenStreetMap (`motorways.gpkg`), where its YAML asks for them."""

import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import pyogrio

from pipeline.archive.centre_lines import centre_lines
from pipeline.archive.openstreetmap import LICENCE, SERVERS, fetch_ways
from pipeline.errors import DownloadError
from pipeline.files import atomic_write
from pipeline.ground.fetched import PROBLEM
from pipeline.ground.roads import LAYER
from pipeline.models import GridConfig, LonLat
from pipeline.steps.step import run_step

log = logging.getLogger(__name__)


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
        lines, told = _fetched(location, grid.radius_km, motorways.parent, servers)
    except DownloadError as error:
        problem = (
            f"The motorways are those of {by_hand}, most of them drawn by hand, for those of OpenStreetMap "
            f"could not be fetched ({error})."
        )
        log.warning(problem)
        print(f"{motorways.parent.name}: {problem} To try again, delete {motorways}.", file=sys.stderr)
        lines, told = gpd.read_file(by_hand, layer=LAYER), {"source": str(by_hand), PROBLEM: problem}
    with atomic_write(motorways) as part:
        pyogrio.write_dataframe(
            lines, part, layer=LAYER, driver="GPKG", layer_metadata={**told, "licence": LICENCE}
        )


def _fetched(
    location: LonLat, radius_km: float, folder: Path, servers: Sequence[str]
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """The lines, and what there is to tell of them: servers, queries and date."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder) as unfinished:
        answer = fetch_ways(location.lon, location.lat, radius_km, Path(unfinished), servers)
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
