"""Time and memory of one 12-megapixel frame, solved alone in a process of its own.

    python -m benchmarks.georeferencing.full_frame --scenes FOLDER

Writes full_frame.json beside this file.
"""

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.georeferencing.design import Case, cases
from benchmarks.georeferencing.measure import against_camera, solved
from benchmarks.georeferencing.runner import Row, solver_version
from benchmarks.georeferencing.scenes import scene
from benchmarks.memory import peak_mb
from pipeline.ground.cities import gazetteer
from tests.scenes.frames import photo_of

SHAPE = (4256, 2832)


def representative(seed: int) -> Case:
    """The first cloud-free scene at 85 mm, of a rough prior: what most photos are."""
    return next(c for c in cases(60, seed) if (c.focal_length_mm, c.prior, c.cloud_cover) == (85, "rough", 0))


def measured(file: Path) -> Row:
    """Seconds of the solve, and the largest resident memory of this process before and after it."""
    photo, prior, truth = pickle.loads(file.read_bytes())
    gazetteer()
    before_mb = peak_mb()
    solution, row = solved(photo, prior)
    return {
        "megapixels": round(photo.saturated.size / 1e6, 1),
        "cores": len(os.sched_getaffinity(0)),
        "peak_mb_before": before_mb,
        "peak_mb": peak_mb(),
        **row,
        **against_camera(solution, truth),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Solve one full frame alone.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenes", type=Path, help="a folder that keeps the rendered scene")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("full_frame.json"))
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        print(json.dumps(measured(args.measure)))
        return
    made = scene(representative(args.seed), args.scenes, SHAPE)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "frame.pickle"
        file.write_bytes(pickle.dumps((photo_of(made.picture), made.prior(), made.truth), protocol=5))
        # A process of its own: this one has held the simulator's memory.
        command = [sys.executable, "-m", "benchmarks.georeferencing.full_frame", "--measure", str(file)]
        result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    row = {"solver": solver_version(), **json.loads(result.stdout)}
    args.out.write_text(json.dumps(row, indent=1) + "\n")
    print(json.dumps(row))


if __name__ == "__main__":
    main()
