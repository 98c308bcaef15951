"""Step refusals: ends a run in which photos were refused, with one line for each."""

from pathlib import Path

from pipeline.errors import RefusedError
from pipeline.steps.placed import Placed
from pipeline.steps.step import run_step


def refusals(placed: list[Path], empty_regions: list[str]) -> None:
    """Raise RefusedError with why photos were refused, from the `placed.json` of every city, and with the
    regions that have no other photo."""
    reasons = [reason for file in placed for reason in Placed.read(file).refused.values()]
    reasons += [f"{region}: no photo of this region is on a map" for region in empty_regions]
    if reasons:
        raise RefusedError("\n".join(reasons))


if "snakemake" in globals():
    run_step(refusals, globals()["snakemake"])
