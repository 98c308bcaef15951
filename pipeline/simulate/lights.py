"""Light on the ground: points with a colour, a power and a country."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from pipeline.camera.earth import Array

METRES_PER_DEGREE = 111_320.0  # for the layout only


@dataclass(frozen=True, eq=False)
class LampPoints:
    """LampPoints as arrays of one length: degrees, linear R, G, B (n, 3) and country ("" elsewhere).

    R, G, B are in the final channels of the picture, in lumens; see `lamps`.
    """

    lon: Array
    lat: Array
    rgb: Array
    country: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.lon)

    def __getitem__(self, index: NDArray[np.bool_] | NDArray[np.intp] | slice) -> "LampPoints":
        return LampPoints(self.lon[index], self.lat[index], self.rgb[index], self.country[index])

    @classmethod
    def joined(cls, parts: Sequence["LampPoints"]) -> "LampPoints":
        """All of several sets of lamps, one after the other."""
        return cls(
            np.concatenate([part.lon for part in parts]),
            np.concatenate([part.lat for part in parts]),
            np.concatenate([part.rgb for part in parts]),
            np.concatenate([part.country for part in parts]),
        )

    def tone(self) -> dict[str, dict[str, float]]:
        """log2(G/R) and log2(B/G) of the summed light of each country."""
        tones = {}
        for country in np.unique(self.country):
            r, g, b = self.rgb[self.country == country].sum(axis=0)
            tones[str(country)] = {"log2_g_r": float(np.log2(g / r)), "log2_b_g": float(np.log2(b / g))}
        return tones

    def gathered(self, cell_m: float) -> pd.DataFrame:
        """One row for each map cell and country: summed r, g, b at the light's centre (float32)."""
        east = METRES_PER_DEGREE * np.cos(np.radians(self.lat.mean())) if len(self) else 1.0
        column = np.floor(self.lon * east / cell_m).astype(np.int64)
        row = np.floor(self.lat * METRES_PER_DEGREE / cell_m).astype(np.int64)
        code, country = pd.factorize(self.country, sort=True)
        cell = (row * 1_000_000 + column) * 8 + code
        _, first, group = np.unique(cell, return_index=True, return_inverse=True)
        power = self.rgb.sum(axis=1)

        def total(values: Array) -> Array:
            return np.asarray(np.bincount(group, weights=values, minlength=len(first)), float)

        whole = total(power)
        table = {"lon": total(power * self.lon) / whole, "lat": total(power * self.lat) / whole}
        table |= {name: total(self.rgb[:, band]) for band, name in enumerate("rgb")}
        frame = pd.DataFrame({name: values.astype(np.float32) for name, values in table.items()})
        return frame.assign(country=pd.Categorical(country[code[first]]))


@dataclass(frozen=True, eq=False)
class CountryMap:
    """Country polygons, degrees."""

    code: tuple[str, ...]
    polygon: tuple[shapely.Geometry, ...]

    def at(self, lon: Array, lat: Array) -> NDArray[np.str_]:
        """The country of each point; "" outside all."""
        country = np.full(len(lon), "", dtype="<U2")
        for code, polygon in zip(self.code, self.polygon, strict=True):
            shapely.prepare(polygon)
            country[shapely.contains_xy(polygon, lon, lat)] = code
        return country


def points_along(lines: shapely.Geometry, spacing_m: float) -> tuple[Array, Array, NDArray[np.intp], Array]:
    """Points every `spacing_m` along lines: lon, lat, which line, metres from the start of all lines."""
    parts = shapely.get_parts(lines)
    xy, line = shapely.get_coordinates(parts, return_index=True)
    stretch = METRES_PER_DEGREE * np.array([np.cos(np.radians(xy[:, 1].mean())), 1.0])
    step = np.hypot(*(np.diff(xy, axis=0) * stretch).T)
    step[np.diff(line) != 0] = 0.0  # the jump to the next line is no street
    along = np.concatenate([[0.0], np.cumsum(step)])
    at = np.arange(spacing_m / 2, along[-1], spacing_m)
    left = np.searchsorted(along, at, side="right") - 1
    share = ((at - along[left]) / (along[left + 1] - along[left]))[:, None]
    lon, lat = (xy[left] * (1 - share) + xy[left + 1] * share).T
    return lon, lat, line[left], at
