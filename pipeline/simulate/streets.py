"""Light along lines that are known: the real streets of Liège and the motorways of Belgium."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import binary_closing, gaussian_filter
from scipy.spatial import cKDTree

from pipeline.camera.earth import Array
from pipeline.ground.cities import Cities
from pipeline.simulate import lamps
from pipeline.simulate.lights import METRES_PER_DEGREE, CountryMap, LampPoints, points_along

LAMP_STEP_M = 35.0  # between lamps along a street; a judgement
# Power of a lamp by class of street, and the part of it that burns outside built-up ground.
POWER = {"trunk": (2.0, 0.7), "primary": (1.8, 0.5), "secondary": (1.4, 0.35), "tertiary": (1.0, 0.2)}
OTHER_POWER = (0.8, 0.03)
MOTORWAY_POWER = 1.9  # a judgement: between a primary and a trunk road
MOTORWAYS_LIT_IN = ("BE",)  # its neighbours leave theirs dark
SECTION_M = 8000.0  # a motorway is relit by sections
DISTRICTS_PER_KM2 = 1.2  # each with a lamp of its own; a judgement
CELL_DEG = 0.005  # of the map of street density: about 500 m, several blocks of houses
FULLY_LIT_KM_PER_KM2 = 7.0  # of streets, from which ground counts as a town


@dataclass(frozen=True, eq=False)
class Ground:
    """What is known of the region: lines by class of street, motorways, country polygons (degrees); and the
    cities of the world."""

    streets: dict[str, shapely.Geometry]
    motorways: shapely.Geometry
    countries: CountryMap
    cities: Cities

    def covered(self, lon: Array, lat: Array) -> NDArray[np.bool_]:
        """Where the streets are known, gaps of 3 km between them included."""
        density, west, south = _density(self.streets)
        known = binary_closing(density > 0, iterations=3)
        column, row = ((lon - west) / CELL_DEG).astype(int), ((lat - south) / CELL_DEG).astype(int)
        inside = (lon >= west) & (lat >= south) & (column < known.shape[1]) & (row < known.shape[0])
        is_known = np.zeros(len(lon), bool)
        is_known[inside] = known[row[inside], column[inside]]
        return is_known


def street_lights(world: int, year: int, streets: dict[str, shapely.Geometry]) -> LampPoints:
    """Lamps along real Belgian streets; motorways are left to `motorway_lights`."""
    rng = np.random.default_rng([world, 1])
    density, west, south = _density(streets)
    parts = []
    for kind in sorted(streets):
        if kind == "motorway":
            continue
        lon, lat, line, _ = points_along(streets[kind], LAMP_STEP_M)
        town, rural = POWER.get(kind.removesuffix("_link"), OTHER_POWER)
        built = density[((lat - south) / CELL_DEG).astype(int), ((lon - west) / CELL_DEG).astype(int)]
        built = np.minimum(built / FULLY_LIT_KM_PER_KM2, 2.0) ** 1.5
        street = np.exp(0.45 * rng.standard_normal(shapely.get_num_geometries(streets[kind])))
        power = town * np.maximum(built, rural) * street[line] * rng.gamma(2, 0.5, len(lon))
        # Yards and squares: a few white lights, far brighter.
        yard = rng.random(len(lon)) < 0.004
        power = np.where(yard, 12 * power, power)
        white = np.where(yard & (rng.random(len(lon)) < 0.6), 1.0, 0.0)[:, None]
        parts.append((lon, lat, power[:, None], white))
    lon, lat, power, white = (np.concatenate(values) for values in zip(*parts, strict=True))
    colour, level = _districts(lon, lat, year, rng)
    colour = white * lamps.LAMP_RGB[lamps.YARD_LAMP] + (1 - white) * colour
    keep = power[:, 0] > 0.03
    return LampPoints(lon, lat, colour * power * level, np.full(len(lon), "BE", "<U2"))[keep]


def motorway_lights(world: int, year: int, motorways: shapely.Geometry, countries: CountryMap) -> LampPoints:
    """Lamps along motorways inside the countries that light theirs."""
    rng = np.random.default_rng([world, 2])
    lon, lat, _, along = points_along(motorways, LAMP_STEP_M)
    # Sections are counted along all lines, so that one section may span two short lines.
    section = (along / SECTION_M).astype(int)
    low, changed = rng.random((2, section.max() + 1))
    lamp = np.where(low < lamps.MOTORWAY_SHARES[0], 0, 1)
    if year >= 2022:
        lamp = np.where(changed < lamps.MOTORWAY_LED_SHARE, len(lamps.LAMPS) - 1, lamp)
    level = np.exp(0.15 * rng.standard_normal(len(lamp)))
    power = MOTORWAY_POWER * level[section] * rng.gamma(6, 1 / 6, len(lon))
    country = countries.at(lon, lat)
    return LampPoints(lon, lat, lamps.LAMP_RGB[lamp[section]] * power[:, None], country)[
        np.isin(country, MOTORWAYS_LIT_IN)
    ]


def _districts(lon: Array, lat: Array, year: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Colour (n, 3) and level (n, 1) of each point's district, the nearest of random centres."""
    km = METRES_PER_DEGREE / 1e3 * np.array([np.cos(np.radians(lat.mean())), 1.0])
    plane = np.stack([lon, lat], axis=1) * km
    low, high = plane.min(axis=0), plane.max(axis=0)
    count = int(np.prod(high - low) * DISTRICTS_PER_KM2)
    centre = rng.uniform(low, high, (count, 2))
    # Districts of one municipality share its mix of lamps: towns are coarser random centres.
    towns = max(1, count // 25)
    town = cKDTree(rng.uniform(low, high, (towns, 2))).query(centre)[1]
    scatter = rng.standard_normal((towns, lamps.FIRST_LED + 1))
    shares = np.stack([lamps.town_shares("BE", row[:-1]) for row in scatter])
    led = np.array([lamps.led_share("BE", year, row[-1]) for row in scatter])
    warm = np.full(count, lamps.WARM_SHARE["BE"])
    colour = lamps.mixed_colour(shares[town], led[town], warm, year, rng.random((count, 3)))
    level = np.exp(0.3 * rng.standard_normal((count, 1)))
    near = cKDTree(centre).query(plane)[1]
    return colour[near], level[near]


def _density(streets: dict[str, shapely.Geometry]) -> tuple[Array, float, float]:
    """Length of streets by area, km/km2, smoothed over about 300 m, on a grid of CELL_DEG; and its corner."""
    lamp_places = [
        points_along(lines, LAMP_STEP_M)[:2] for kind, lines in sorted(streets.items()) if kind != "motorway"
    ]
    lon, lat = (np.concatenate(values) for values in zip(*lamp_places, strict=True))
    west, south = float(lon.min()) - CELL_DEG, float(lat.min()) - CELL_DEG
    column, row = ((lon - west) / CELL_DEG).astype(int), ((lat - south) / CELL_DEG).astype(int)
    shape = row.max() + 2, column.max() + 2
    points = np.bincount(row * shape[1] + column, minlength=shape[0] * shape[1]).reshape(shape)
    cell_km2 = (CELL_DEG * METRES_PER_DEGREE / 1e3) ** 2 * np.cos(np.radians(lat.mean()))
    return gaussian_filter(points * LAMP_STEP_M / 1e3 / cell_km2, (0.6, 0.9)), west, south
