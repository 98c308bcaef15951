"""What lit streets do for a long lens: the demo's ground at 180 and 400 mm, by cities and by streets.

    python -m benchmarks.georeferencing.streets --workers 2

Writes streets.json beside this file. The streets are the ones that were lit; how brightly each is lit is not
known to the solver.
"""

import argparse
from functools import partial
from pathlib import Path

from benchmarks.georeferencing.measure import against_camera, solved
from benchmarks.georeferencing.runner import REPOSITORY, Row, Task, run
from pipeline.georeference.extent import LIGHT_OF_STREET, lit_streets
from pipeline.ground.cities import gazetteer
from pipeline.ground.streets import read_streets
from pipeline.simulate.scene import simulate_frame
from pipeline.steps.simulate import read_ground
from tests.scenes.frames import photo_of, prior_of

DATA = REPOSITORY / "data"
STREETS = DATA / "streets_liege.parquet"
BOUNDS = (4.0, 49.0, 8.0, 52.0)
AIM = (5.55, 50.68)
YEAR = 2012
LENSES_MM = (180.0, 400.0)
SEEDS = (1, 2, 3, 4)


def streets_row(focal_length_mm: float, seed: int, with_streets: bool) -> Row:
    """One frame, solved."""
    ground = read_ground(STREETS, DATA / "motorways.gpkg", DATA / "borders.gpkg", gazetteer())
    frame = simulate_frame(
        seed, YEAR, ground, aim=AIM, must_see=(), focal_length_mm=focal_length_mm, off_nadir_deg=(10.0, 30.0)
    )
    photo = photo_of(frame.picture)
    extent = lit_streets(read_streets(STREETS, BOUNDS, LIGHT_OF_STREET)) if with_streets else None
    solution, row = solved(photo, prior_of(frame.facts, photo), extent)
    return row | against_camera(solution, frame.camera)


def main() -> None:
    parser = argparse.ArgumentParser(description="Solve the demo's ground with and without its streets.")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("streets.json"))
    args = parser.parse_args()
    tasks = {
        f"{lens:g} mm, seed {seed}, {'streets' if lit else 'cities'}": Task(
            {"focal_length_mm": lens, "seed": seed, "streets": lit}, partial(streets_row, lens, seed, lit)
        )
        for lens in LENSES_MM
        for seed in SEEDS
        for lit in (False, True)
    }
    for row in run(tasks, args.out, {}, args.workers):
        told = "accepted" if row["accepted"] else "refused"
        print(f"{row['name']}: {told}, {row['rmse_px']:.2f} px, {row['rmse_m']:.0f} m")


if __name__ == "__main__":
    main()
