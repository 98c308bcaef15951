"""Which scenes the benchmark solves: lens, tilt, prior and cloud, over lit places of the world.

The table is drawn in order, so that any beginning of it is a fair sample of the whole.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.footprint import MAX_ZENITH_DEG
from pipeline.ground.cities import Cities, gazetteer
from pipeline.simulate.scene import view

YEAR = 2012
SHAPE = (2128, 1416)
LENSES_MM = {24.0: 20, 35.0: 20, 50.0: 52, 85.0: 76, 180.0: 44, 400.0: 8}  # frames of each in 220
OFF_NADIR_DEG = ((0.0, 15.0), (15.0, 35.0), (35.0, 55.0))
PRIORS = ("good", "rough", "loose", "unknown")
CLOUD_COVERS = (0.0, 0.2, 0.0, 0.4)
STATION_PART_MM, STATION_PART_EVERY = 35.0, 5  # lenses up to this show a part of the station now and then
AIM_POPULATION = 100_000
TOWN_POPULATION = 5000
T = TypeVar("T")


@dataclass(frozen=True)
class Case:
    """One scene and what the solver is told of it. `seed` is the simulator's."""

    number: int
    seed: int
    focal_length_mm: float
    off_nadir_deg: tuple[float, float]
    prior: str
    cloud_cover: float
    station_part: bool
    place: str
    lon: float
    lat: float
    towns: int
    """Towns above TOWN_POPULATION in the frame, as far as it is mapped."""

    def view(self) -> Camera:
        """The true camera."""
        return _view(self.seed, self.lon, self.lat, self.focal_length_mm, self.off_nadir_deg)


def cases(count: int, seed: int) -> list[Case]:
    """The first `count` cases of the table that `seed` draws."""
    given: Counter[float] = Counter()
    total = sum(LENSES_MM.values())
    tilts = {lens: _in_turn(OFF_NADIR_DEG, [seed, 1, k]) for k, lens in enumerate(LENSES_MM)}
    priors = {lens: _in_turn(PRIORS, [seed, 2, k]) for k, lens in enumerate(LENSES_MM)}
    covers = {lens: _in_turn(CLOUD_COVERS, [seed, 3, k]) for k, lens in enumerate(LENSES_MM)}
    table = []
    for number in range(count):
        # The lens that lags most behind its share.
        lens = max(LENSES_MM, key=lambda mm: LENSES_MM[mm] * (number + 1) / total - given[mm])
        given[lens] += 1
        off_nadir_deg = next(tilts[lens])
        scene_seed = 10_000 * (seed + 1) + number
        city, towns = _aim(scene_seed, lens, off_nadir_deg)
        table.append(
            Case(
                number=number,
                seed=scene_seed,
                focal_length_mm=lens,
                off_nadir_deg=off_nadir_deg,
                prior=next(priors[lens]),
                cloud_cover=next(covers[lens]),
                station_part=lens <= STATION_PART_MM and given[lens] % STATION_PART_EVERY == 0,
                place=f"{city.name[0]}, {city.country[0]}",
                lon=float(city.lon[0]),
                lat=float(city.lat[0]),
                towns=towns,
            )
        )
    return table


def fewest_towns(focal_length_mm: float) -> int:
    """How many towns a frame must show: fewer places than this are no test of a solver."""
    if focal_length_mm <= 85:
        return 20
    return 5 if focal_length_mm <= 180 else 2


def _in_turn(values: Sequence[T], seed: list[int]) -> Iterator[T]:
    """The values again and again, each round in a new random order."""
    rng = np.random.default_rng(seed)
    while True:
        for k in rng.permutation(len(values)):
            yield values[k]


@lru_cache(maxsize=1)
def _places() -> tuple[Cities, Cities]:
    """Cities to aim at, and towns to count."""
    cities = gazetteer()
    aims, towns = (
        cities[np.flatnonzero(cities.population > least)] for least in (AIM_POPULATION, TOWN_POPULATION)
    )
    return aims, towns


def _aim(seed: int, focal_length_mm: float, off_nadir_deg: tuple[float, float]) -> tuple[Cities, int]:
    """A random city around which enough towns are in frame, and how many."""
    rng = np.random.default_rng([seed, 10])
    aims, towns = _places()
    while True:
        city = aims[rng.integers(len(aims), size=1)]
        camera = _view(seed, float(city.lon[0]), float(city.lat[0]), focal_length_mm, off_nadir_deg)
        seen = towns.seen_by(camera)
        zenith_deg = camera.view(seen.lon, seen.lat)[0]
        count = int((zenith_deg <= MAX_ZENITH_DEG).sum())
        if count >= fewest_towns(focal_length_mm):
            return city, count


def _view(
    seed: int, lon: float, lat: float, focal_length_mm: float, off_nadir_deg: tuple[float, float]
) -> Camera:
    return view(seed, YEAR, (lon, lat), (), focal_length_mm, off_nadir_deg, SHAPE)[0]
