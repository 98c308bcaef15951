"""Step refusals: ends a run in which photos were refused, with one line for each."""

from pathlib import Path

from pipeline.errors import RefusedError
from pipeline.steps.placed import Placed
from pipeline.steps.step import run_step


def refusals(placed: list[Path]) -> None:
    """Raise RefusedError with why photos were refused, from the `placed.json` of every city."""
    reasons = [reason for file in placed for reason in Placed.read(file).refused.values()]
    if reasons:
        raise RefusedError("\n".join(reasons))


if "snakemake" in globals():
    run_step(refusals, globals()["snakemake"])
