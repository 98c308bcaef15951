"""Scenes of known truth from all over the world: how often and how well does the solver place them?

    python -m benchmarks.georeferencing.suite --count 220 --workers 2 --scenes FOLDER

Renders each scene (or takes it from FOLDER), solves it and writes suite.json beside this file. A stopped run
goes on where it was, as long as the solver is the same. With several workers, the seconds of a solve are
those of one processor core among busy ones; `full_frame` measures time alone.
"""

import argparse
from dataclasses import asdict
from functools import partial
from pathlib import Path

from benchmarks.georeferencing.design import Case, cases
from benchmarks.georeferencing.measure import against_camera, errors, solved
from benchmarks.georeferencing.runner import Row, Task, run
from benchmarks.georeferencing.scenes import scene
from pipeline.photo.structure import without_structure
from tests.conftest import shared_folder
from tests.scenes.frames import check_points, photo_of, real_photo, rendered_scene

PHOTO, PHOTO_MM = "ISS030-E-163191", 85.0
SHARED_SCENES_MM = {101: 50.0, 102: 85.0, 103: 85.0, 104: 180.0, 105: 24.0, 106: 28.0, 107: 35.0, 108: 50.0}
SHARED_SCENES_MM |= {
    109: 50.0,
    110: 85.0,
    111: 85.0,
    112: 85.0,
    113: 135.0,
    114: 180.0,
    115: 180.0,
    116: 200.0,
}


def simulated_row(case: Case, folder: Path | None) -> Row:
    """A simulated scene, solved."""
    made = scene(case, folder)
    solution, row = solved(without_structure(photo_of(made.picture))[0], made.prior())
    return row | against_camera(solution, made.truth)


def shared_row(number: int) -> Row:
    """A scene of another generator, rendered from a satellite's light raster."""
    photo, prior, truth = rendered_scene(shared_folder(), number)
    solution, row = solved(photo, prior)
    return row | against_camera(solution, truth)


def photo_row(name: str) -> Row:
    """A real photo, against its check points."""
    photo, prior = real_photo(shared_folder(), name)
    solution, row = solved(photo, prior)
    lon, lat, column, row_px = check_points(shared_folder(), name)
    return row | errors(solution.camera, column, row_px, lon, lat)


def tasks(count: int, seed: int, folder: Path | None) -> dict[str, Task]:
    """The real photo, the scenes of another generator, and `count` simulated scenes."""
    named = {PHOTO: Task({"kind": "photo", "focal_length_mm": PHOTO_MM}, partial(photo_row, PHOTO))}
    for number, focal_length_mm in SHARED_SCENES_MM.items():
        known = {"kind": "shared scene", "focal_length_mm": focal_length_mm}
        named[f"scene-{number}"] = Task(known, partial(shared_row, number))
    for case in cases(count, seed):
        known = {"kind": "simulated", **asdict(case)}
        named[f"case-{case.number:03d}"] = Task(known, partial(simulated_row, case, folder))
    return named


def main() -> None:
    parser = argparse.ArgumentParser(description="Solve scenes of known truth.")
    parser.add_argument("--count", type=int, default=220)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--scenes", type=Path, help="a folder that keeps the rendered scenes")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("suite.json"))
    args = parser.parse_args()
    rows = run(tasks(args.count, args.seed, args.scenes), args.out, {"seed": args.seed}, args.workers)
    accepted = [row for row in rows if row["accepted"]]
    worst_px = max((row["rmse_px"] for row in accepted), default=float("nan"))
    print(f"{len(accepted)} of {len(rows)} accepted; the worst of them is off by {worst_px:.1f} px")


if __name__ == "__main__":
    main()
