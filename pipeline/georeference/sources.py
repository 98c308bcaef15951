"""Sources of expected light: places on the ground that should shine, from whatever source they are known."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pipeline.camera.earth import Array, distance_km, to_ecef
from pipeline.ground.cities import Cities
from pipeline.models import LonLat

EQUATOR_KM_PER_DEGREE = 111.32  # for cells only


@dataclass(frozen=True, eq=False)
class Sources:
    """n Gaussians of light on the ground, as arrays of one length.

    Degrees; relative light (a town of 1,000 inhabitants gives 178); 1-sigma radius of the light (km); how
    far its centre may lie from the place, 1 sigma (km); height above the ellipsoid (m); how far the places
    may be off together with all others of their origin, 1 sigma (km).
    """

    lon: Array
    lat: Array
    light: Array
    radius_km: Array
    sigma_km: Array
    height_m: Array
    shared_km: Array

    def __len__(self) -> int:
        return len(self.lon)

    def __getitem__(self, index: NDArray[np.bool_] | NDArray[np.intp]) -> "Sources":
        chosen = Sources(*(getattr(self, field)[index] for field in self.__dataclass_fields__))
        if "ecef_m" in self.__dict__:
            chosen.__dict__["ecef_m"] = self.ecef_m[index]  # known already
        return chosen

    @cached_property
    def ecef_m(self) -> Array:
        """Their places in ECEF metres, (n, 3)."""
        return to_ecef(self.lon, self.lat, self.height_m)

    def within(self, lon: float, lat: float, radius_km: float) -> "Sources":
        """The sources within a distance of a place (degrees)."""
        return self[distance_km(self.lon, self.lat, lon, lat) <= radius_km]

    def gathered(self, cell_km: float) -> "Sources":
        """The same light with sources smaller than a cell summed in cells: for pictures with wider pixels."""
        small = self.radius_km < cell_km / 2
        if not small.any():
            return self
        few = self[small]
        north = few.lat * EQUATOR_KM_PER_DEGREE / cell_km
        # One width of cells for rows of a degree, so that cells do not slant.
        east = few.lon * EQUATOR_KM_PER_DEGREE * np.cos(np.radians(np.round(few.lat))) / cell_km
        keys = np.stack([np.floor(north), np.floor(east), np.round(few.lat)], 1)
        _, cell = np.unique(keys, axis=0, return_inverse=True)
        total = np.asarray(np.bincount(cell, few.light), float)

        def mean(values: Array) -> Array:
            return np.asarray(np.bincount(cell, few.light * values) / total)

        lon, lat, height_m = mean(few.lon), mean(few.lat), mean(few.height_m)
        spread_km = EQUATOR_KM_PER_DEGREE * np.sqrt(
            mean((few.lat - lat[cell]) ** 2)
            + mean(((few.lon - lon[cell]) * np.cos(np.radians(few.lat))) ** 2)
        )
        radius_km = np.sqrt(spread_km**2 / 2 + mean(few.radius_km**2))
        cells = Sources(lon, lat, total, radius_km, mean(few.sigma_km), height_m, mean(few.shared_km))
        return Sources.joined([self[~small], cells])

    @classmethod
    def joined(cls, parts: "Sequence[Sources]") -> "Sources":
        """All sources of several, one after another."""
        return cls(*(np.concatenate([getattr(p, f) for p in parts]) for f in cls.__dataclass_fields__))

    def mirrored(self, centre: LonLat, axis_deg: float) -> "Sources":
        """The sources reflected about a line through `centre` at an angle from east."""
        shrink = np.cos(np.radians(centre.lat))
        east = ((self.lon - centre.lon + 180) % 360 - 180) * shrink
        north = self.lat - centre.lat
        c, s = np.cos(2 * np.radians(axis_deg)), np.sin(2 * np.radians(axis_deg))
        return replace(
            self,
            lon=centre.lon + (c * east + s * north) / shrink,
            lat=np.clip(centre.lat + s * east - c * north, -90, 90),
        )


def city_light(cities: Cities) -> Sources:
    """The light expected of cities, on the ellipsoid."""
    return Sources(
        cities.lon,
        cities.lat,
        cities.light,
        cities.radius_km,
        cities.sigma_km,
        np.zeros(len(cities)),
        cities.shared_sigma_km,
    )
