"""Places as they are lit, not as the gazetteer lists them.

Light laid out about the gazetteer's own points flatters a solver that knows those points. Here regions lie a
little to one side of their points and neighbours more so, coordinates in whole seconds are off together by
country, some places are dark, cities have suburbs without a name that all lie to one side, and works shine
where nobody lives. The places are the same for every frame and year.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pipeline.camera.earth import Array, to_ecef
from pipeline.ground.cities import Cities
from pipeline.simulate.lights import METRES_PER_DEGREE

STREAM = 8  # of random numbers, beside those of the tiles
# A judgement throughout, to either side of what rendered and real frames show.
FIELDS_KM = ((0.05, 100.0), (0.15, 20.0))  # displacement, 1 sigma east and north, and how far it reaches
WAVES = 40  # that make up a field
MAP_SHIFT_KM = 0.2  # of a country's coordinates in whole seconds
SCATTER_OF_LIGHT = 0.5  # of the logarithm of population: what a place shines like
DARK_SHARE, DARK_BELOW = 0.08, 5000  # places that show no light, of those with fewer inhabitants
CITY = 50_000  # inhabitants from which on a city has suburbs without a name
SUBURB_SHARES = (0.03, 0.15)  # of the city's inhabitants
SUBURB_RADII = (0.7, 2.2)  # of the city's built-up radius, from its middle
SUBURB_SPREAD_RAD = 0.9  # about the direction in which the city grows
WORKS_SHARE, WORKS_ABOVE = 0.15, 5000  # places that have works, of those with more inhabitants
WORKS_LIGHT = (2000.0, 15_000.0)  # inhabitants that shine alike
WORKS_KM = (2.0, 8.0)  # from the place


@lru_cache(maxsize=2)
def places_as_lit(cities: Cities, world: int) -> Cities:
    """Where light is around the listed cities, `world` chooses how."""
    rng = np.random.default_rng([world, STREAM])
    count = len(cities)
    away_km = sum((_field(cities, *scale, rng) for scale in FIELDS_KM), np.zeros((2, count)))
    country, of_country = np.unique(cities.country, return_inverse=True)
    shift = rng.normal(0, MAP_SHIFT_KM, (2, len(country)))[:, of_country]
    east_km, north_km = away_km + shift * (cities.shared_sigma_km > 0)
    population = cities.population * np.exp(SCATTER_OF_LIGHT * rng.standard_normal(count))
    lit = (cities.population >= DARK_BELOW) | (rng.random(count) > DARK_SHARE)
    moved = _beside(cities, np.arange(count), east_km, north_km, population)
    parts = [moved[np.flatnonzero(lit)], _suburbs(moved, cities.population, rng)]
    return _joined([*parts, _works(moved, cities.population, rng)])


def _field(cities: Cities, sigma_km: float, reach_km: float, rng: np.random.Generator) -> Array:
    """A smooth random displacement east and north (2, n; km) of the places: waves in space, so that it has
    no seam."""
    at_km = to_ecef(cities.lon, cities.lat) / 1e3
    waves = rng.standard_normal((2, WAVES, 3)) / reach_km
    phase = rng.uniform(0, 2 * np.pi, (2, WAVES))
    total = np.zeros((2, len(cities)))
    for axis in (0, 1):
        for k in range(WAVES):
            total[axis] += np.cos(at_km @ waves[axis, k] + phase[axis, k])
    return np.asarray(total * sigma_km * np.sqrt(2 / WAVES))


def _suburbs(cities: Cities, listed: Array, rng: np.random.Generator) -> Cities:
    """Suburbs without a name, most of them to the side to which a city grows."""
    count = np.where(listed > CITY, rng.poisson(np.minimum(0.5 + listed / 200_000, 6.0)), 0)
    growth = rng.uniform(0, 2 * np.pi, len(cities))
    city = np.repeat(np.arange(len(cities)), count)
    bearing = growth[city] + SUBURB_SPREAD_RAD * rng.standard_normal(len(city))
    away_km = cities.radius_km[city] * rng.uniform(*SUBURB_RADII, len(city))
    population = cities.population[city] * rng.uniform(*SUBURB_SHARES, len(city))
    return _beside(cities, city, away_km * np.sin(bearing), away_km * np.cos(bearing), population)


def _works(cities: Cities, listed: Array, rng: np.random.Generator) -> Cities:
    """Harbours, mines and works some way outside."""
    place = np.flatnonzero((listed > WORKS_ABOVE) & (rng.random(len(cities)) < WORKS_SHARE))
    bearing = rng.uniform(0, 2 * np.pi, len(place))
    away_km = rng.uniform(*WORKS_KM, len(place))
    population = np.exp(rng.uniform(np.log(WORKS_LIGHT[0]), np.log(WORKS_LIGHT[1]), len(place)))
    return _beside(cities, place, away_km * np.sin(bearing), away_km * np.cos(bearing), population)


def _beside(
    cities: Cities, which: NDArray[np.intp], east_km: Array, north_km: Array, population: Array
) -> Cities:
    """Places so far from the chosen cities, in their country."""
    chosen = cities[which]
    lat = np.clip(chosen.lat + north_km * 1e3 / METRES_PER_DEGREE, -90, 90)
    lon = chosen.lon + east_km * 1e3 / METRES_PER_DEGREE / np.cos(np.radians(chosen.lat))
    return Cities((lon + 180) % 360 - 180, lat, population, chosen.name, chosen.country)


def _joined(parts: list[Cities]) -> Cities:
    return Cities(
        *(np.concatenate([getattr(p, name) for p in parts]) for name in Cities.__dataclass_fields__)
    )
