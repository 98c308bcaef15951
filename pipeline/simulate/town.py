"""Towns as webs of street lamps, laid out from where towns are and how many live there.

A town is a set of districts, each a blob of irregular outline with a bent grid of streets, a lamp and a
brightness of its own; roads lead to the neighbouring towns, and some yards burn white. The gazetteer is only
a start: towns lie a few hundred metres off their point, some are missing, and none is round.

The ground is drawn tile by tile, each from its own random stream: it is the same for every frame that looks
at it, and the same in both years except for the lamps changed to LED.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pipeline.camera.earth import Array, to_ecef
from pipeline.ground.cities import Cities
from pipeline.simulate import lamps
from pipeline.simulate.lights import METRES_PER_DEGREE, LampPoints

# What towns look like is a judgement throughout: the numbers give towns that look like photographed ones.
TILE_DEG = 0.25  # of ground with a random stream of its own, 28 km northwards
LAMPS_PER_KM2 = 130.0  # of built-up ground
DISTRICT_KM2 = 0.45  # built-up ground of one district
DARK_SHARE = 0.04  # places of the gazetteer that show no light
NEIGHBOUR_TOWNS = 3  # to which a road leads from each town
ROAD_KM = 12.0  # towns farther apart have no lit road between them
ROAD_STEP_KM = 0.05  # between lamps along a road
OPEN_ROAD_LIGHT = {"BE": 0.45, "NL": 0.10, "LU": 0.08}  # of a road outside towns; a town road is 1
SWAY_WAVES = (1, 2, 4, 7, 11)  # half waves in which a road leaves the straight line
SWAY = (0.04, 0.03, 0.015, 0.008, 0.005)  # their amplitudes, of the road's length
STRETCH_KM = 0.5  # a road is lit or dark by stretches of this length


def town_lights(world: int, year: int, tiles: NDArray[np.intp], cities: Cities) -> LampPoints:
    """All light of the towns at `cities` in the tiles (n, 2), columns and rows of TILE_DEG; `world` chooses
    the layout."""
    at = np.stack([np.floor(cities.lon / TILE_DEG), np.floor(cities.lat / TILE_DEG)], axis=1).astype(int)
    # Roads lead to towns outside the tiles; to which ones depends on the neighbours of those towns.
    near = ((at >= tiles.min(axis=0) - 2) & (at <= tiles.max(axis=0) + 2)).all(axis=1)
    cities, at = cities[np.flatnonzero(near)], at[near]
    roads = _roads(cities)
    parts = [LampPoints(np.empty(0), np.empty(0), np.empty((0, 3)), np.empty(0, "<U2"))]
    for column, row in tiles:
        here = np.flatnonzero((at == (column, row)).all(axis=1))
        if not len(here):
            continue
        rng = np.random.default_rng([world, column % 1440, row + 360])
        towns = _towns(cities[here], year, rng)
        parts.append(_street_light(towns, year, rng))
        parts.append(_spokes(towns, year, rng))
        parts.append(_yards(towns, rng))
        parts.append(_road_light(towns, cities, here, roads[np.isin(roads[:, 0], here)], year, rng))
    return LampPoints.joined(parts)


@dataclass(frozen=True, eq=False)
class _Towns:
    """Towns of a tile: true centre, radius of a disc of the built area, lamps, brightness."""

    lon: Array
    lat: Array
    radius_km: Array
    brightness: Array
    shares: Array
    led: Array
    warm: Array
    country: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.lon)

    def place(self, town: NDArray[np.intp], x_km: Array, y_km: Array) -> tuple[Array, Array]:
        """Degrees of points east and north of a town's centre."""
        lat = self.lat[town] + y_km * 1e3 / METRES_PER_DEGREE
        east = METRES_PER_DEGREE * np.cos(np.radians(self.lat[town]))
        return self.lon[town] + x_km * 1e3 / east, lat


def _towns(cities: Cities, year: int, rng: np.random.Generator) -> _Towns:
    """Seed a town at each city: moved, of scattered size, brightness and lamps."""
    count = len(cities)
    radius_km = _radius_km(cities.population) * np.exp(0.15 * rng.standard_normal(count))
    offset_km = rng.standard_normal((2, count)) * np.hypot(0.18, 0.1 * radius_km)
    lon = cities.lon + offset_km[0] * 1e3 / METRES_PER_DEGREE / np.cos(np.radians(cities.lat))
    lat = cities.lat + offset_km[1] * 1e3 / METRES_PER_DEGREE
    lit = rng.random(count) > np.where(cities.population < 3000, DARK_SHARE, 0)
    size = (cities.population / 1000) ** 0.04
    brightness = lit * size * np.exp(0.4 * rng.standard_normal(count))
    scatter = rng.standard_normal((count, lamps.FIRST_LED + 1))
    codes = [str(code) if code in lamps.OLD_SHARES else "" for code in cities.country]
    return _Towns(
        lon,
        lat,
        radius_km,
        brightness,
        np.stack([lamps.town_shares(code, row[:-1]) for code, row in zip(codes, scatter, strict=True)]),
        np.array([lamps.led_share(code, year, row[-1]) for code, row in zip(codes, scatter, strict=True)]),
        np.array([lamps.WARM_SHARE[code] for code in codes]),
        np.asarray(cities.country, "<U2"),
    )


def _radius_km(population: Array) -> Array:
    """Radius of a disc as large as a town's built area: 0.4 km2 for 1,000 inhabitants, 22 for 100,000."""
    return np.asarray(np.sqrt(0.42 / np.pi * (population / 1000) ** 0.86))


def _street_light(towns: _Towns, year: int, rng: np.random.Generator) -> LampPoints:
    """Lamps along the streets of every district of every town."""
    area_km2 = np.pi * towns.radius_km**2
    count = np.maximum(1, np.round(area_km2 / DISTRICT_KM2)).astype(int)
    town = np.repeat(np.arange(len(towns)), count)
    rank = np.arange(len(town)) - np.repeat(np.cumsum(count) - count, count)
    n = len(town)
    radius_km = towns.radius_km[town] / np.sqrt(count[town]) * np.exp(0.35 * rng.standard_normal(n))
    # Districts crowd the centre and thin out along a few directions of growth; the first is the old core.
    bearing = 2 * np.pi * rng.random(n)
    phase = 2 * np.pi * rng.random((2, len(towns)))[:, town]
    reach = 1 + 0.35 * np.cos(2 * bearing + phase[0]) + 0.3 * np.cos(3 * bearing + phase[1])
    away_km = np.where(rank == 0, 0, 1.35 * towns.radius_km[town] * reach * rng.random(n) ** 0.6)
    centre_km = away_km * np.stack([np.cos(bearing), np.sin(bearing)])

    colour = _district_colour(towns, town, year, rng)
    core = 0.75 + 2.2 * np.minimum(towns.radius_km[town] / 2.5, 1) * np.exp(
        -away_km / (0.45 * towns.radius_km[town])
    )
    level = towns.brightness[town] * core * np.exp(0.55 * rng.standard_normal(n))
    wave = rng.normal(0, 1, (n, 3)) * (0.28, 0.2, 0.12)
    turn = 2 * np.pi * rng.random((n, 3))
    spacing_km = rng.uniform(0.10, 0.30, (n, 2))
    street_level = np.exp(0.8 * rng.standard_normal((n, 2, 64)))
    street_level[:, 0, 32] *= 3  # the high street

    # Candidates fill a disc of twice the area, are moved onto the nearest street, and cut at the outline.
    tries = rng.poisson(2 * np.pi * radius_km**2 * LAMPS_PER_KM2)
    district = np.repeat(np.arange(n), tries)
    m = len(district)
    r = np.sqrt(2 * rng.random(m)) * radius_km[district]
    angle = 2 * np.pi * rng.random(m)
    u, v = r * np.cos(angle), r * np.sin(angle)
    kind = rng.integers(0, 2, m)
    gap = spacing_km[district, kind]
    street = np.round(u / gap).astype(int)
    u = street * gap + rng.normal(0, 0.008, m)
    x, y = np.where(kind == 0, u, v), np.where(kind == 0, v, u)
    order = np.array([2, 3, 5])
    outline = 1 + (wave[district] * np.cos(order * np.arctan2(y, x)[:, None] + turn[district])).sum(axis=1)
    keep = np.hypot(x, y) < radius_km[district] * np.maximum(outline, 0.3)
    bend = 0.15 * np.sin(turn[district, 1])
    x, y = x + bend * y * y / radius_km[district], y - bend * x * x / radius_km[district]
    cos, sin = np.cos(turn[district, 0]), np.sin(turn[district, 0])
    x, y = x * cos - y * sin + centre_km[0, district], x * sin + y * cos + centre_km[1, district]
    power = level[district] * street_level[district, kind, (street + 32) % 64] * rng.gamma(2, 0.5, m)
    keep &= power > 0
    own = town[district]
    lon, lat = towns.place(own, x, y)
    return LampPoints(lon, lat, colour[district] * power[:, None], towns.country[own])[keep]


def _district_colour(towns: _Towns, town: NDArray[np.intp], year: int, rng: np.random.Generator) -> Array:
    """R, G, B of a lumen in each district: mostly one lamp, the rest as in the whole town."""
    draws = rng.random((len(town), 3))
    return lamps.mixed_colour(towns.shares[town], towns.led[town], towns.warm[town], year, draws)


def _spokes(towns: _Towns, year: int, rng: np.random.Generator) -> LampPoints:
    """The avenues of larger towns: bright lines from the centre outwards, fading past the edge."""
    count = np.where(towns.radius_km > 1, rng.poisson(2 + 1.5 * towns.radius_km), 0)
    town = np.repeat(np.arange(len(towns)), count)
    n = len(town)
    length_km = towns.radius_km[town] * rng.uniform(0.6, 1.8, n)
    bearing = 2 * np.pi * rng.random(n)
    bend = rng.normal(0, 0.25, (n, 2))
    level = towns.brightness[town] * np.exp(0.4 * rng.standard_normal(n))
    colour = _district_colour(towns, town, year, rng)
    spoke = np.repeat(np.arange(n), (length_km / ROAD_STEP_KM).astype(int))
    t = rng.random(len(spoke))
    away = t * length_km[spoke]
    angle = bearing[spoke] + bend[spoke, 0] * t + 0.3 * bend[spoke, 1] * np.sin(7 * t)
    power = 2.2 * level[spoke] * (1.2 - t) * rng.gamma(2, 0.5, len(spoke))
    own = town[spoke]
    lon, lat = towns.place(own, away * np.cos(angle), away * np.sin(angle))
    return LampPoints(lon, lat, colour[spoke] * power[:, None], towns.country[own])[power > 0]


def _yards(towns: _Towns, rng: np.random.Generator) -> LampPoints:
    """Works, stations and car parks: small, bright, white; at the edge of towns."""
    count = rng.poisson(0.25 + 0.12 * np.pi * towns.radius_km**2)
    yard = np.repeat(np.arange(len(towns)), count)
    bearing = 2 * np.pi * rng.random(len(yard))
    away_km = towns.radius_km[yard] * rng.uniform(0.2, 2.2, len(yard)) + 0.3
    size_km = rng.uniform(0.03, 0.2, len(yard))
    power = rng.lognormal(2.7, 0.9, len(yard))
    each = 12
    town = np.repeat(yard, each)
    x, y = rng.normal(0, 1, (2, len(town))) * np.repeat(size_km, each)
    x += np.repeat(away_km * np.cos(bearing), each)
    y += np.repeat(away_km * np.sin(bearing), each)
    rgb = lamps.LAMP_RGB[np.where(rng.random(len(yard)) < 0.6, lamps.YARD_LAMP, 1)] * power[:, None] / each
    lon, lat = towns.place(town, x, y)
    lit = towns.brightness[town] > 0
    return LampPoints(lon, lat, np.repeat(rgb, each, axis=0), towns.country[town])[lit]


def _roads(cities: Cities) -> NDArray[np.intp]:
    """Pairs of neighbouring towns, lower index first, shape (n, 2)."""
    if len(cities) <= NEIGHBOUR_TOWNS:
        return np.empty((0, 2), np.intp)
    at_km = to_ecef(cities.lon, cities.lat) / 1e3
    length, other = cKDTree(at_km).query(at_km, k=NEIGHBOUR_TOWNS + 1)
    town = np.repeat(np.arange(len(cities)), NEIGHBOUR_TOWNS)
    near = length[:, 1:].ravel() < ROAD_KM
    pairs = np.sort(np.stack([town, other[:, 1:].ravel()], axis=1)[near], axis=1)
    return np.asarray(np.unique(pairs, axis=0))


def _road_light(
    towns: _Towns,
    cities: Cities,
    here: NDArray[np.intp],
    roads: NDArray[np.intp],
    year: int,
    rng: np.random.Generator,
) -> LampPoints:
    """Lamps along the roads that leave the towns of a tile: bright in town, in Belgium lit all the way."""
    start = np.searchsorted(here, roads[:, 0])
    east = METRES_PER_DEGREE / 1e3 * np.cos(np.radians(towns.lat[start]))
    north = METRES_PER_DEGREE / 1e3
    dx = (cities.lon[roads[:, 1]] - towns.lon[start]) * east
    dy = (cities.lat[roads[:, 1]] - towns.lat[start]) * north
    length = np.hypot(dx, dy)
    sway = rng.normal(0, 1, (len(roads), 5)) * SWAY
    level = np.exp(0.4 * rng.standard_normal(len(roads)))
    stretch_level = rng.gamma(0.8, 1.25, (len(roads), int(ROAD_KM / STRETCH_KM)))
    colour = _district_colour(towns, start, year, rng)

    road = np.repeat(np.arange(len(roads)), (length / ROAD_STEP_KM).astype(int))
    first = np.searchsorted(road, np.arange(len(roads)))
    along = (np.arange(len(road)) - first[road] + 0.5) * ROAD_STEP_KM
    t = along / length[road]
    aside = (sway[road] * np.sin(np.pi * np.array(SWAY_WAVES) * t[:, None])).sum(axis=1)
    x = t * dx[road] - aside * dy[road] + rng.normal(0, 0.008, len(road))
    y = t * dy[road] + aside * dx[road] + rng.normal(0, 0.008, len(road))
    own = start[road]
    far_km = _radius_km(cities.population[roads[:, 1]])
    in_town = np.exp(-((along / (1.2 * towns.radius_km[own])) ** 4)) + np.exp(
        -(((length[road] - along) / (1.2 * far_km[road])) ** 4)
    )
    open_road = np.array([OPEN_ROAD_LIGHT.get(str(code), 0.0) for code in towns.country])[own]
    stretch = stretch_level[road, np.minimum(along / STRETCH_KM, stretch_level.shape[1] - 1).astype(int)]
    power = level[road] * (1.3 * np.minimum(in_town, 1) * towns.brightness[own] + open_road * stretch)
    lon, lat = towns.place(own, x, y)
    return LampPoints(lon, lat, colour[road] * power[:, None], towns.country[own])[power > 0.03]
