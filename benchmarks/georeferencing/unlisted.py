"""Simulated scenes with light that the gazetteer does not describe: does the stated sigma hold there?

    python -m benchmarks.georeferencing.unlisted --workers 2 --scenes FOLDER

The first scenes of `suite` whose look-at point is known, for those without take six times as long and state
the same sigma. Writes unlisted.json beside this file. FOLDER must hold no scenes of an older simulator.
"""

import argparse
from pathlib import Path

from benchmarks.georeferencing.runner import run
from benchmarks.georeferencing.suite import tasks

SEED, CASES = 0, 22  # of which 17 have a known look-at point


def main() -> None:
    parser = argparse.ArgumentParser(description="Solve scenes of light that no gazetteer lists.")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--scenes", type=Path, help="a folder that keeps the rendered scenes")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("unlisted.json"))
    args = parser.parse_args()
    chosen = {
        name: task
        for name, task in tasks(CASES, SEED, args.scenes).items()
        if task.known["kind"] == "simulated" and task.known["prior"] != "unknown"
    }
    rows = run(chosen, args.out, {"seed": SEED}, args.workers)
    print(f"{sum(row['accepted'] for row in rows)} of {len(rows)} accepted")


if __name__ == "__main__":
    main()
