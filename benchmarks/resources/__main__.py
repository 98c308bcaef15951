"""Memory and time of every rule on photos and grids of several sizes; from them, what the rules ask for.

    python -m benchmarks.resources [--folder FOLDER] [--stored]

Runs the cities of `cities.py` through Snakemake, stores what each step took in results.json beside this file,
fits pipeline/steps/resources.json to it, and writes the page in docs/. An interrupted run goes on in the same
FOLDER. With --stored nothing is run: the coefficients and the page are made from results.json.
"""

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.memory.page import GRIDS
from benchmarks.resources import fit, page
from benchmarks.resources.measure import Row, measured
from pipeline.steps.resources import Size, costs

# Megapixels of the photo on the large grids.
LARGE_PHOTO = 45.4
RESULTS = Path(__file__).with_name("results.json")


def large_grids() -> list[Row]:
    """What the benchmark of memory has measured of maps up to 400 million cells."""
    return [
        Row(
            rule=row["step"],
            city="grids",
            photo="",
            size=Size(LARGE_PHOTO * (row["step"] == "orthorectify"), row["cells"] / 1e6),
            seconds=row["seconds"],
            processor_s=row["cpu_seconds"],
            peak_mb=row["peak_mb"],
        )
        for row in json.loads(GRIDS.read_text(encoding="utf-8"))
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what every rule takes.")
    parser.add_argument("--folder", type=Path, help="keeps the cities and their results")
    parser.add_argument("--stored", action="store_true", help="run nothing, only fit and write the page")
    options = parser.parse_args()
    if not options.stored:
        with tempfile.TemporaryDirectory() as folder:
            rows = measured(options.folder or Path(folder) / "run")
        RESULTS.write_text(json.dumps([row.to_dict() for row in rows], indent=1) + "\n", encoding="utf-8")
    rows = [Row.of(values) for values in json.loads(RESULTS.read_text(encoding="utf-8"))]
    rows += large_grids()
    fit.write(fit.fitted(rows))
    costs.cache_clear()
    page.write(rows)


if __name__ == "__main__":
    main()
