"""Step motorways: those around a city from OpenStreetMap (`motorways.gpkg`), where its YAML asks for them."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.archive.client import fetch
from pipeline.archive.openstreetmap import OVERPASS, motorways_from, motorways_url
from pipeline.errors import DownloadError
from pipeline.files import atomic_write
from pipeline.models import GridConfig, LonLat
from pipeline.steps.step import run_step

JSON = ("application/json",)
BY_HAND = "name a file of your own under motorways, or leave the entry out"


def fetch_motorways(location: LonLat, grid: GridConfig, motorways: Path, server: str = OVERPASS) -> None:
    """Fetch the motorways of the map's square around `location`."""
    url = motorways_url(location.lon, location.lat, grid.radius_km, server)
    motorways.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=motorways.parent) as folder:
        answer = Path(folder) / "answer.json"
        try:
            fetch(url, answer, kinds=JSON)
            lines = motorways_from(json.loads(answer.read_text(encoding="utf-8")))
        except (DownloadError, ValueError) as error:
            reason = str(error).replace(url, server)
            raise DownloadError(f"motorways: {reason}; {BY_HAND}") from None
    if lines.empty:
        raise DownloadError(f"motorways: OpenStreetMap sent none around the city; {BY_HAND}")
    with atomic_write(motorways) as part:
        lines.to_file(part, layer="motorways", driver="GPKG")


if "snakemake" in globals():
    run_step(fetch_motorways, globals()["snakemake"])
