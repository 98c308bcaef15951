"""Does a frame's solution depend on what is known of it? Each is solved from ten priors.

    python -m benchmarks.georeferencing.priors --workers 2

Writes priors.json beside this file. The look-at point is any that has the frame's centre within its radius.
Then again with the nadir moved too, within its sigma (east and north), and the focal length by up to 2 %.
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
from tests.scenes.frames import real_photo, rendered_scene

PRIORS = 10
FOCAL_SHARE = 0.02
LATTICE = 9


def looking_elsewhere(prior: Prior, centre: LonLat, rng: np.random.Generator) -> Prior:
    """The prior with another look-at point: any that has the frame's centre within the stated radius."""
    away_deg = prior.look_at.radius_km * 1e3 / METRES_PER_DEGREE * np.sqrt(rng.random())
    bearing = rng.uniform(0, 2 * np.pi)
    aim = {
        "lon": centre.lon + away_deg * np.sin(bearing) / np.cos(np.radians(centre.lat)),
        "lat": centre.lat + away_deg * np.cos(bearing),
    }
    return replace(prior, look_at=prior.look_at.model_copy(update=aim))


def elsewhere(prior: Prior, centre: LonLat, rng: np.random.Generator) -> Prior:
    """The prior with another look-at point, nadir and focal length, all as likely as the stated ones."""
    level = east_north_up(*to_geodetic(prior.position_ecef_m)[:2])[:2]
    sigma_m = np.sqrt(np.diag(prior.horizontal_covariance_m2))
    return replace(
        looking_elsewhere(prior, centre, rng),
        position_ecef_m=prior.position_ecef_m + (rng.uniform(-1, 1, 2) * sigma_m) @ level,
        focal_px=prior.focal_px * (1 + rng.uniform(-FOCAL_SHARE, FOCAL_SHARE)),
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
    result: Row = {"accepted": bool(first.accepted), "seconds": row["seconds"]}
    for kind in (looking_elsewhere, elsewhere):
        away, accepted = [], 0
        for seed in range(PRIORS - 1):
            solution, _ = solved(photo, kind(stated, centre, np.random.default_rng(seed)))
            there = np.stack(solution.camera.project(lon, lat)) - (column, row_px)
            away.append(round(float(np.sqrt((there**2).sum(axis=0).mean())), 3))
            accepted += int(solution.accepted)
        result[kind.__name__] = {"accepted": accepted, "away_px": away}
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description="Solve frames from ten priors each.")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("priors.json"))
    args = parser.parse_args()
    names = [PHOTO, *(f"scene-{number}" for number in SHARED_SCENES_MM)]
    tasks = {name: Task({}, partial(priors_row, name)) for name in names}
    for row in run(tasks, args.out, {}, args.workers):
        largest = {kind: max(row[kind]["away_px"]) for kind in ("looking_elsewhere", "elsewhere")}
        print(f"{row['name']}: {largest} px")


if __name__ == "__main__":
    main()
