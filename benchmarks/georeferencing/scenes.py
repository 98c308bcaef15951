"""The pictures of the benchmark, with their true cameras and what the solver is told.

    python -m benchmarks.georeferencing.scenes --count 220 --scenes FOLDER

renders them ahead. A folder of scenes is only a cache: what another simulator has left is rendered anew.
"""

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.georeferencing.design import SHAPE, YEAR, Case, cases
from benchmarks.georeferencing.runner import digest
from pipeline.camera.camera import Camera
from pipeline.camera.prior import Prior
from pipeline.models import Facts, LonLat, LookAt
from pipeline.simulate.lights import METRES_PER_DEGREE
from pipeline.simulate.scene import NAUTICAL_MILE_KM, SIMULATED_SENSOR_MM, simulate_frame
from tests.scenes.frames import prior_in

SIMULATOR = ("pipeline/simulate/*.py",)
# How far the stated look-at point may be off, and the radius that is stated with it (km).
LOOK_AT_KM = {"good": (15.0, 20.0), "rough": (60.0, 80.0), "loose": (60.0, 80.0), "unknown": (350.0, 400.0)}
LOOSE_NADIR_KM = (30.0, 70.0)
LOOSE_NADIR_SIGMA_KM = 30.0
LOOSE_FOCAL = 0.04
FACTS_STREAM = 11


@dataclass(frozen=True, eq=False)
class Scene:
    """An 8-bit sRGB picture (height, width, 3), its true camera, and what a user would state."""

    picture: NDArray[np.uint8]
    truth: Camera
    facts: Facts

    def prior(self) -> Prior:
        height, width = self.picture.shape[:2]
        return prior_in(self.facts, width, height)


def scene(case: Case, folder: Path | None = None, shape: tuple[int, int] = SHAPE) -> Scene:
    """The scene of a case; with `folder`, read from there or written there."""
    if folder is None:
        return _rendered(case, shape)
    stem = folder / f"scene-{case.number:03d}-{shape[0]}"
    picture, stated = stem.with_suffix(".png"), stem.with_suffix(".json")
    told = json.loads(json.dumps(asdict(case)))
    if stated.is_file():
        known = json.loads(stated.read_text())
        if known["case"] == told and known.get("simulator") == digest(SIMULATOR):
            truth = Camera.from_dict(known["camera"])
            return Scene(np.asarray(Image.open(picture)), truth, facts_of(case, truth))
    made = _rendered(case, shape)
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(made.picture).save(picture, compress_level=1)
    known = {
        "case": told,
        "simulator": digest(SIMULATOR),
        "camera": made.truth.to_dict(),
        "facts": _plain(made.facts),
    }
    # Last: a scene is whole when its truth is there.
    stated.write_text(json.dumps(known, indent=1) + "\n")
    return made


def facts_of(case: Case, truth: Camera) -> Facts:
    """What the solver is told, as wrong as the case's prior says."""
    rng = np.random.default_rng([case.seed, FACTS_STREAM])
    lon, lat, altitude_km = truth.nadir()
    centre = truth.to_ground((truth.width - 1) / 2, (truth.height - 1) / 2)
    off_km, radius_km = LOOK_AT_KM[case.prior]
    look_at = _beside(float(centre[0]), float(centre[1]), off_km * np.sqrt(rng.random()), rng)
    nadir, focal_length_mm = (lon, lat), case.focal_length_mm
    if case.prior == "loose":
        nadir = _beside(lon, lat, rng.uniform(*LOOSE_NADIR_KM), rng)
        focal_length_mm = round(focal_length_mm * (1 + rng.uniform(-LOOSE_FOCAL, LOOSE_FOCAL)), 2)
    facts = Facts(
        nadir=LonLat(lon=round(nadir[0], 1), lat=round(nadir[1], 1)),
        altitude_km=round(round(altitude_km / NAUTICAL_MILE_KM) * NAUTICAL_MILE_KM, 1),
        focal_length_mm=focal_length_mm,
        sensor_width_mm=SIMULATED_SENSOR_MM,
        look_at=LookAt(lon=round(look_at[0], 2), lat=round(look_at[1], 2), radius_km=radius_km),
    )
    if case.prior == "loose":
        facts = facts.updated(Facts(nadir_sigma_km=LOOSE_NADIR_SIGMA_KM))
    return facts


def _rendered(case: Case, shape: tuple[int, int]) -> Scene:
    frame = simulate_frame(
        case.seed,
        YEAR,
        aim=(case.lon, case.lat),
        must_see=(),
        focal_length_mm=case.focal_length_mm,
        off_nadir_deg=case.off_nadir_deg,
        shape=shape,
        cloud_cover=case.cloud_cover,
        station_part=case.station_part,
        as_listed=False,
    )
    return Scene(frame.picture, frame.camera, facts_of(case, frame.camera))


def _plain(facts: Facts) -> dict[str, Any]:
    return facts.model_dump(mode="json", exclude_unset=True)


def _beside(lon: float, lat: float, off_km: float, rng: np.random.Generator) -> tuple[float, float]:
    """A point this far off in a random direction."""
    off_deg, bearing = off_km * 1e3 / METRES_PER_DEGREE, rng.uniform(0, 2 * np.pi)
    east = lon + off_deg * np.sin(bearing) / np.cos(np.radians(lat))
    return float((east + 180) % 360 - 180), float(lat + off_deg * np.cos(bearing))


def main() -> None:
    parser = argparse.ArgumentParser(description="Render the scenes of the benchmark ahead.")
    parser.add_argument("--count", type=int, default=220)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scenes", type=Path, required=True)
    args = parser.parse_args()
    for case in cases(args.count, args.seed):
        scene(case, args.scenes)
        print(case, flush=True)


if __name__ == "__main__":
    main()
