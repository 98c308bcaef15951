"""Step place: which photos of a city are on the map (`placed.json`)."""

from pathlib import Path

from pipeline.steps.placed import Placed
from pipeline.steps.step import run_step, whole


def place(cameras: list[Path], placed: Path) -> None:
    """From the `camera.json` of every photo of the city."""
    with whole(placed) as part:
        part.write_text(Placed.of(cameras).to_json(), encoding="utf-8")


if "snakemake" in globals():
    run_step(place, globals()["snakemake"])
