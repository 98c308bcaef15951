"""Frames that no camera can explain: how many does the solver accept?

    python -m benchmarks.georeferencing.null_frames --frames 100

Kinds: a real or rendered photo under the facts of another place; a mirror-imaged photo; a star field; noise.
Writes null_frames.json beside this file.
"""

import argparse
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from pipeline.camera.earth import to_ecef
from pipeline.camera.prior import Prior
from pipeline.config import LookAt
from pipeline.georeference.cities import gazetteer
from pipeline.georeference.solve import solve
from pipeline.photo.photo import Photo
from tests.conftest import shared_folder
from tests.georeference.frames import real_photo, rendered_scene

REAL = ("ISS030-E-163191", "ISS030-E-184140", "ISS040-E-91208")
RENDERED = (101, 102, 103, 104)
KINDS = ("wrong place", "mirrored", "stars", "noise")


def frames(count: int, seed: int) -> Iterator[tuple[str, Photo, Prior]]:
    """Kind, photo and prior of each null frame, the kinds in turn."""
    rng = np.random.default_rng(seed)
    shared = shared_folder()
    sources = [real_photo(shared, name) for name in REAL]
    sources += [rendered_scene(shared, number)[:2] for number in RENDERED]
    big = gazetteer()
    big = big[np.flatnonzero(big.population > 300_000)]
    for k in range(count):
        kind = KINDS[k % len(KINDS)]
        photo, prior = sources[rng.integers(len(sources))]
        city = int(rng.integers(len(big)))
        if kind != "mirrored":
            prior = _elsewhere(prior, float(big.lon[city]), float(big.lat[city]), rng)
        if kind == "mirrored":
            photo = Photo(photo.light[:, :, ::-1], photo.saturated[:, ::-1])
        elif kind == "stars":
            photo = _stars(prior, rng)
        elif kind == "noise":
            light = rng.uniform(0, 0.1, (3, prior.height, prior.width)).astype(np.float32)
            photo = Photo(light, np.zeros(light.shape[1:], bool))
        yield kind, photo, prior


def _elsewhere(prior: Prior, lon: float, lat: float, rng: np.random.Generator) -> Prior:
    """The same camera over another city, up to 4 degrees beside its nadir."""
    nadir = lon + rng.uniform(-4, 4), float(np.clip(lat + rng.uniform(-4, 4), -80, 80))
    return replace(
        prior, position_ecef_m=to_ecef(*nadir, 400e3), look_at=LookAt(lon=lon, lat=lat, radius_km=80)
    )


def _stars(prior: Prior, rng: np.random.Generator) -> Photo:
    light = np.abs(rng.normal(0, 0.003, (3, prior.height, prior.width))).astype(np.float32)
    n = int(rng.integers(200, 3000))
    at = rng.integers(0, prior.height, n), rng.integers(0, prior.width, n)
    light[:, at[0], at[1]] += (rng.pareto(1.5, n) * 0.02).astype(np.float32)
    return Photo(np.clip(light, 0, 1), np.zeros(light.shape[1:], bool))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rows = []
    for kind, photo, prior in frames(args.frames, args.seed):
        start = time.perf_counter()
        solution = solve(photo, prior, gazetteer())
        rows.append(
            {
                "kind": kind,
                "accepted": solution.accepted,
                "false_alarm_probability": solution.verdict.false_alarm_probability,
                "agreement": solution.verdict.agreement,
                "chance": solution.verdict.chance,
                "seconds": time.perf_counter() - start,
            }
        )
        print(json.dumps(rows[-1]), flush=True)
    accepted = Counter(row["kind"] for row in rows if row["accepted"])
    print(f"{sum(accepted.values())} false accepts in {len(rows)} frames {dict(accepted)}")
    (Path(__file__).parent / "null_frames.json").write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
