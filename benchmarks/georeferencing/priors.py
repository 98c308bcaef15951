"""Does a frame's solution depend on what is known of it? Each is solved from ten priors.

    python -m benchmarks.georeferencing.priors --workers 2

Writes priors.json beside this file. The look-at point is any that has the frame's centre within its radius;
the nadir is moved within its sigma (east and north), the focal length by up to 2 %.
"""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.georeferencing.measure import mapped, solved
from benchmarks.georeferencing.runner import Row, Task, run
from benchmarks.georeferencing.suite import PHOTO, SHARED_SCENES_MM
from pipeline.camera.earth import east_north_up, to_geodetic
from pipeline.camera.prior import Prior
from pipeline.models import LonLat
from pipeline.simulate.lights import METRES_PER_DEGREE
from tests.conftest import shared_folder
from tests.georeference.frames import real_photo, rendered_scene

PRIORS = 10
FOCAL_SHARE = 0.02
LATTICE = 9


def another(prior: Prior, centre: LonLat, rng: np.random.Generator) -> Prior:
    """A prior as good as the given one, of a frame whose centre is known: within the look-at radius."""
    level = east_north_up(*to_geodetic(prior.position_ecef_m)[:2])[:2]
    sigma_m = np.sqrt(np.diag(prior.horizontal_covariance_m2))
    position = prior.position_ecef_m + (rng.uniform(-1, 1, 2) * sigma_m) @ level
    away_deg = prior.look_at.radius_km * 1e3 / METRES_PER_DEGREE * np.sqrt(rng.random())
    bearing = rng.uniform(0, 2 * np.pi)
    aim = {
        "lon": centre.lon + away_deg * np.sin(bearing) / np.cos(np.radians(centre.lat)),
        "lat": centre.lat + away_deg * np.cos(bearing),
    }
    return replace(
        prior,
        position_ecef_m=position,
        focal_px=prior.focal_px * (1 + rng.uniform(-FOCAL_SHARE, FOCAL_SHARE)),
        look_at=prior.look_at.model_copy(update=aim),
    )


def priors_row(name: str) -> Row:
    """How far the solutions of one frame place the same ground from where the stated facts do, px."""
    if name == PHOTO:
        photo, stated = real_photo(shared_folder(), name)
    else:
        photo, stated, _ = rendered_scene(shared_folder(), int(name.removeprefix("scene-")))
    first, row = solved(photo, stated)
    column, row_px, lon, lat = mapped(first.camera, LATTICE)
    middle = first.camera.to_ground((first.camera.width - 1) / 2, (first.camera.height - 1) / 2)
    centre = LonLat(lon=float(middle[0]), lat=float(middle[1]))
    away, accepted = [], int(first.accepted)
    for seed in range(PRIORS - 1):
        solution, _ = solved(photo, another(stated, centre, np.random.default_rng(seed)))
        there = np.stack(solution.camera.project(lon, lat)) - (column, row_px)
        away.append(float(np.sqrt((there**2).sum(axis=0).mean())))
        accepted += int(solution.accepted)
    return {"accepted": accepted, "away_px": [round(v, 3) for v in away], "seconds": row["seconds"]}


def main() -> None:
    parser = argparse.ArgumentParser(description="Solve frames from ten priors each.")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("priors.json"))
    args = parser.parse_args()
    names = [PHOTO, *(f"scene-{number}" for number in SHARED_SCENES_MM)]
    tasks = {name: Task({}, partial(priors_row, name)) for name in names}
    for row in run(tasks, args.out, {}, args.workers):
        print(f"{row['name']}: {max(row['away_px']):.2f} px, {row['accepted']} of {PRIORS} accepted")


if __name__ == "__main__":
    main()
