"""Frames that no camera can explain: how many does the solver accept?

    python -m benchmarks.georeferencing.null_frames --frames 500 --workers 2 --scenes FOLDER

Writes null_frames.json beside this file. A stopped run goes on where it was, if the solver is the same.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np

from benchmarks.georeferencing.design import LENSES_MM, cases
from benchmarks.georeferencing.measure import solved
from benchmarks.georeferencing.runner import Row, Task, run
from benchmarks.georeferencing.scenes import scene
from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import Array, distance_km, east_north_up
from pipeline.camera.prior import Prior, prior_from_facts
from pipeline.ground.cities import gazetteer
from pipeline.models import Facts, LonLat, LookAt
from pipeline.photo.photo import Photo
from pipeline.photo.structure import without_structure
from pipeline.simulate.clouds import covered, transmittance
from pipeline.simulate.render import MARGIN_PX, Optics, developed, imaged, noisy, on_pixels, spread
from pipeline.simulate.scene import SIMULATED_SENSOR_MM
from pipeline.simulate.sky import sky_light
from tests.conftest import shared_folder
from tests.scenes.frames import photo_of, prior_of, real_photo, rendered_scene

REAL = ("ISS030-E-163191", "ISS030-E-184140", "ISS040-E-91208")
RENDERED = (101, 102, 103, 104)
SIMULATED = 40  # the first so many scenes of the suite
SHAPE = (1064, 708)  # width and height of frames drawn here
PADDED = SHAPE[1] + 2 * MARGIN_PX, SHAPE[0] + 2 * MARGIN_PX
ELSEWHERE_KM = 2500.0
WIDE_MM = (24.0, 35.0, 50.0)
# A search over 400 km takes minutes with a long lens: one frame in fifty.
RADII_KM, RADIUS_SHARES = (80.0, 400.0), (0.98, 0.02)
BIG = 300_000

Frame = tuple[str, Photo, Facts]
"""Where the photo comes from (if not drawn here), the photo, and what the solver is told."""


def mirrored(rng: np.random.Generator, folder: Path | None) -> Frame:
    """A photo mirror-imaged, under its own facts."""
    name, photo, facts = _source(rng, folder)
    return name, Photo(photo.light[:, :, ::-1].copy(), photo.saturated[:, ::-1].copy()), facts


def wrong_place(rng: np.random.Generator, folder: Path | None) -> Frame:
    """A photo under the facts of another place."""
    name, photo, facts = _source(rng, folder)
    return name, photo, _elsewhere(facts, rng)


def portrait(rng: np.random.Generator, folder: Path | None) -> Frame:
    """A photo turned upright, under the facts of another place."""
    name, photo, facts = _source(rng, folder)
    light, saturated = np.rot90(photo.light, axes=(1, 2)).copy(), np.rot90(photo.saturated).copy()
    return name, Photo(light, saturated), _elsewhere(facts, rng)


def stars(rng: np.random.Generator, folder: Path | None) -> Frame:
    """A field of stars."""
    facts = _drawn(rng)
    height, width = PADDED
    count = int(rng.integers(200, 3000))
    at = rng.uniform(0, width - 1, count), rng.uniform(0, height - 1, count)
    light = on_pixels(*at, np.minimum(rng.uniform(0.03, 0.5) * (1 + rng.pareto(1.25, count)), 20), PADDED)
    return "", _photographed(_camera(facts), np.stack([light] * 3), rng), facts


def noise(rng: np.random.Generator, folder: Path | None) -> Frame:
    """Noise, from white to as soft as towns are large."""
    facts = _drawn(rng)
    white = rng.standard_normal((SHAPE[1], SHAPE[0]))
    soft = spread(white, ((rng.uniform(0.1, 6), 1.0),))
    light = np.clip(rng.uniform(0.02, 0.3) * soft / soft.std(), 0, 1) ** rng.uniform(1, 3)
    return "", photo_of(developed(np.stack([light] * 3))), facts


def daylit_sea(rng: np.random.Generator, folder: Path | None) -> Frame:
    """The sea by day: blue, with the sun's glint and clouds."""
    facts = _drawn(rng)
    camera, (height, width) = _camera(facts, rng.uniform(-180, 180)), PADDED
    x, y = np.arange(width) / width - rng.random(), (np.arange(height) / height - rng.random())[:, None]
    sea = rng.uniform(0.3, 1) * (1 + rng.uniform(-0.5, 0.5) * x + rng.uniform(-0.5, 0.5) * y)
    glint = rng.uniform(0, 2) * np.exp(
        -((x / rng.uniform(0.05, 0.3)) ** 2) - (y / rng.uniform(0.05, 0.3)) ** 2
    )
    cloud = 0.9 * (1 - transmittance(camera, rng.uniform(0, 0.6), rng))
    light = sea * np.array([0.06, 0.12, 0.25]).reshape(3, 1, 1) + glint + cloud
    return "", _photographed(camera, light, rng), facts


def horizon(rng: np.random.Generator, folder: Path | None) -> Frame:
    """Airglow and stars above a dark Earth."""
    facts = _drawn(rng, WIDE_MM)
    start = _camera(facts)
    lon, lat, _ = start.nadir()
    off_nadir, azimuth = np.radians(rng.uniform(58, 95)), rng.uniform(0, 2 * np.pi)
    sideways = np.sin(off_nadir) * np.array([np.sin(azimuth), np.cos(azimuth)])
    towards = np.append(sideways, -np.cos(off_nadir)) @ east_north_up(lon, lat)
    position = start.position_ecef_m
    turned = look_at_rotation(position, position + 1e6 * towards, rng.uniform(-180, 180))
    camera = replace(start, rotation_ecef_to_camera=turned)
    return "", _photographed(camera, sky_light(camera, rng), rng), facts


def clouds(rng: np.random.Generator, folder: Path | None) -> Frame:
    """Moonlit clouds over dark ground."""
    facts = _drawn(rng)
    camera = _camera(facts, rng.uniform(-180, 180))
    light = covered(camera, np.zeros((3, *PADDED)), rng.uniform(0.3, 0.8), rng)
    return "", _photographed(camera, rng.uniform(1, 40) * light, rng), facts


KINDS: dict[str, Callable[[np.random.Generator, Path | None], Frame]] = {
    "wrong place": wrong_place,
    "mirrored": mirrored,
    "star field": stars,
    "noise": noise,
    "day-lit sea": daylit_sea,
    "horizon and sky": horizon,
    "portrait, wrong place": portrait,
    "clouds": clouds,
}


def kind_of(number: int) -> str:
    """The kinds in turn."""
    return list(KINDS)[number % len(KINDS)]


def frame(number: int, seed: int, folder: Path | None) -> Frame:
    """The frame of a number."""
    return KINDS[kind_of(number)](np.random.default_rng([seed, number]), folder)


def null_row(number: int, seed: int, folder: Path | None) -> Row:
    """A null frame, solved."""
    source, photo, facts = frame(number, seed, folder)
    return {"source": source} | solved(without_structure(photo)[0], prior_of(facts, photo))[1]


def _source(rng: np.random.Generator, folder: Path | None) -> Frame:
    """A frame that shows towns, under its own facts: real, rendered and simulated ones in equal parts."""
    which = rng.integers(3)
    if which == 0:
        name = REAL[rng.integers(len(REAL))]
        photo, prior = real_photo(shared_folder(), name)
        return name, photo, _facts(prior)
    if which == 1:
        number = RENDERED[rng.integers(len(RENDERED))]
        photo, prior, _ = rendered_scene(shared_folder(), number)
        return f"scene-{number}", photo, _facts(prior)
    case = _cases()[rng.integers(SIMULATED)]
    made = scene(case, folder)
    return f"case-{case.number:03d}", photo_of(made.picture), made.facts


_cases = cache(partial(cases, SIMULATED, 0))


def _facts(prior: Prior) -> Facts:
    lon, lat, altitude_km = prior.camera().nadir()
    return Facts(
        nadir=LonLat(lon=lon, lat=lat),
        altitude_km=altitude_km,
        focal_length_mm=prior.focal_px / max(prior.width, prior.height) * SIMULATED_SENSOR_MM,
        sensor_width_mm=SIMULATED_SENSOR_MM,
        look_at=prior.look_at,
    )


def _drawn(rng: np.random.Generator, lenses_mm: Sequence[float] = tuple(LENSES_MM)) -> Facts:
    """The facts of a frame drawn here, near any big city."""
    facts = Facts(
        altitude_km=round(rng.uniform(370, 420), 1),
        focal_length_mm=float(rng.choice(lenses_mm)),
        sensor_width_mm=SIMULATED_SENSOR_MM,
    )
    return _elsewhere(facts, rng)


def _elsewhere(facts: Facts, rng: np.random.Generator) -> Facts:
    """The same camera near a city far from where it was, up to 4 degrees beside its nadir."""
    cities = gazetteer()
    fit = cities.population > BIG
    if isinstance(facts.look_at, LookAt):
        away_km = distance_km(cities.lon, cities.lat, facts.look_at.lon, facts.look_at.lat)
        fit &= away_km > ELSEWHERE_KM
    city = int(rng.choice(np.flatnonzero(fit)))
    lon, lat = float(cities.lon[city]), float(cities.lat[city])
    nadir_lon, nadir_lat = lon + rng.uniform(-4, 4), lat + rng.uniform(-4, 4)
    return facts.updated(
        Facts(
            nadir=LonLat(lon=(nadir_lon + 180) % 360 - 180, lat=nadir_lat),
            look_at=LookAt(lon=lon, lat=lat, radius_km=float(rng.choice(RADII_KM, p=RADIUS_SHARES))),
        )
    )


def _camera(facts: Facts, roll_deg: float = 0.0) -> Camera:
    """A camera of SHAPE that looks where the facts say."""
    assert isinstance(facts.look_at, LookAt)
    return prior_from_facts(facts, facts.look_at, *SHAPE, "null frame").camera(roll_deg)


def _photographed(camera: Camera, light: Array, rng: np.random.Generator) -> Photo:
    """Light with its margin through lens, sensor and 8-bit coding."""
    optics = Optics()
    return photo_of(developed(noisy(imaged(camera, light, optics), int(rng.integers(1 << 30)), optics)))


def main() -> None:
    parser = argparse.ArgumentParser(description="Solve frames that no camera can explain.")
    parser.add_argument("--frames", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--scenes", type=Path, help="a folder that keeps the rendered scenes")
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("null_frames.json"))
    args = parser.parse_args()
    tasks = {
        f"null-{k:03d}": Task({"kind": kind_of(k)}, partial(null_row, k, args.seed, args.scenes))
        for k in range(args.frames)
    }
    rows = run(tasks, args.out, {"seed": args.seed}, args.workers)
    accepted = Counter(row["kind"] for row in rows if row["accepted"])
    print(f"{sum(accepted.values())} false accepts in {len(rows)} frames {dict(accepted)}")


if __name__ == "__main__":
    main()
