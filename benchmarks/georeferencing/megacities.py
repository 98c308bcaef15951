"""Osaka and Los Angeles, whose suburbs fill the frame: how far are landmarks from where the solver puts them,
and is the photo judged alike at half and at double its pixels?

    python -m benchmarks.georeferencing.megacities --workers 2

Writes megacities.json beside this file.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.georeferencing.measure import solved
from benchmarks.georeferencing.runner import Row, Task, run
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import distance_km
from pipeline.camera.uncertainty import SolvedCamera
from tests.conftest import shared_folder
from tests.scenes.frames import LANDMARKS, Landmark, real_photo

SIZES = (0.5, 1.0, 2.0)


def megacity_row(name: str, size: float) -> Row:
    """A real photo at `size` times its pixels, solved, and its landmarks: how far off in px of the photo and
    in m, and the stated sigma there."""
    photo, prior = real_photo(shared_folder(), name, size)
    solution, row = solved(photo, prior)
    camera = solution.camera.scaled(1 / size)
    # Of a camera scaled in its pixels, angles and places are the same; its principal point is in new pixels.
    unit = np.array([1 / size if p.endswith("_px") else 1.0 for p in PARAMETERS])
    found = SolvedCamera(camera, PARAMETERS, solution.covariance * np.outer(unit, unit))
    return row | {"marks": [_mark(found, mark) for mark in LANDMARKS[name]]}


def _mark(found: SolvedCamera, mark: Landmark) -> Row:
    """None where the camera does not see the landmark, or sees sky where it is read."""
    column, row = found.camera.project(mark.lon, mark.lat)
    there = found.camera.to_ground(mark.column_px, mark.row_px)
    away = {
        "px": np.hypot(column - mark.column_px, row - mark.row_px),
        "m": 1e3 * distance_km(mark.lon, mark.lat, *there),
        "sigma_m": found.ground_sigma_m(mark.lon, mark.lat),
    }
    return {"name": mark.name} | {k: round(float(v), 1) if np.isfinite(v) else None for k, v in away.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="Solve the photos of megacities.")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("megacities.json"))
    args = parser.parse_args()
    tasks = {
        f"{name} x {size:g}": Task({"photo": name, "size": size}, partial(megacity_row, name, size))
        for name in LANDMARKS
        for size in SIZES
    }
    for row in run(tasks, args.out, {}, args.workers):
        print(row["name"], row["accepted"], row["marks"])


if __name__ == "__main__":
    main()
