r"""Towns as units: the same in all photos of an area, made of the light of all of them and of the gazetteer.

   _      __            Light makes hills (`units`). Where a hill holds several places of the
  / \_  _/  \    _      gazetteer, each of its squares goes to the place that is nearest by its own size:
_/  o \/ o | o\__/ \_   towns that have grown together stay towns. A hill without a place is a unit
  one  |two|three       without a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Bools, Ints
from pipeline.borders.cells import Cells
from pipeline.borders.light_squares import LightSquares
from pipeline.borders.patches import MAX_COUNTRIES
from pipeline.borders.settings import TownSettings
from pipeline.borders.squares import AREA_CRS, SQUARE_M, centres_of, code_of, square_codes, squares
from pipeline.borders.units import Units
from pipeline.borders.urban import built_radius_km
from pipeline.camera.earth import Array, transformer
from pipeline.ground.cities import Cities


@dataclass(frozen=True, eq=False)
class TownUnits:
    """Towns (u,), and the unit of each square of ground: `key` (s,) rises, of square and country (`codes`);
    `square_light` (s,) is what it shines.

    name is "" and population 0 of light without a place. x_m, y_m, radius_m: where its light is, and how far
    it spreads (1 sigma along an axis). motorway: share of its light in corridors of motorways. mixed (u, u):
    which part of a unit's light is whose, by how near they are and how far they spread; rows add up to 1.
    """

    codes: NDArray[np.str_]
    key: Ints
    unit: Ints
    square_light: Array
    name: NDArray[np.str_]
    country: NDArray[np.str_]
    population: Array
    x_m: Array
    y_m: Array
    radius_m: Array
    light: Array
    motorway: Array
    mixed: Array

    def __len__(self) -> int:
        return len(self.x_m)

    @property
    def is_town(self) -> Bools:
        """Whether it is a town, and not a road: it has a name, or most of its light is off motorways."""
        return np.asarray((self.name != "") | (self.motorway < 0.5))

    def chosen(self, kept: Bools) -> "TownUnits":
        """Some of the units; the squares of the others belong to none."""
        number = np.where(kept, np.cumsum(kept) - 1, -1)
        of_units = ("name", "country", "population", "x_m", "y_m", "radius_m", "light", "motorway")
        return replace(
            self,
            unit=number[self.unit],
            mixed=self.mixed[np.ix_(kept, kept)],
            **{column: getattr(self, column)[kept] for column in of_units},
        )

    def of(self, photo: LightSquares) -> Ints:
        """The unit of each row of a photo; -1 of what none of the photos that made the units shows."""
        return self._of(self._keys(photo))

    def shown_by(self, photo: LightSquares) -> Array:
        """Which share of each unit's light (u,), as all photos tell it, lies where a photo shows any."""
        key = np.unique(self._keys(photo))
        key = key[self._of(key) >= 0]
        light = self.square_light[np.searchsorted(self.key, key)]
        kept = self.unit >= 0
        whole = np.bincount(self.unit[kept], self.square_light[kept], len(self))
        return np.asarray(np.bincount(self._of(key), light, len(self)) / whole)

    def _keys(self, photo: LightSquares) -> Ints:
        """The key of each row of a photo; -1 of countries that no unit is of."""
        known = np.isin(photo.country, self.codes)
        number = np.searchsorted(self.codes, photo.country)
        return np.where(known, _key(code_of(photo.column, photo.row), number), -1)

    def _of(self, key: Ints) -> Ints:
        if not len(self.key):
            return np.full(len(key), -1, np.int64)
        at = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        return np.where(self.key[at] == key, self.unit[at], -1)


def town_units(photos: Sequence[LightSquares], places: Cities, settings: TownSettings) -> TownUnits:
    """The units of some photos together; each photo counts alike, however bright it is."""
    code, country, motorway, light, x, y = _together(photos)
    codes, number = np.unique(country, return_inverse=True)
    at_x, at_y = centres_of(code)
    nothing = np.zeros(len(code), np.float32)
    cells = Cells(at_x, at_y, light.astype(np.float32), nothing, number.astype(np.int8), nothing)
    hills = Units.of(cells, settings.hill_m)
    hill = hills.at(at_x, at_y, number)
    of_place, place_hill = _places_in(hills, places, codes)
    place = _nearest_place(hill, at_x, at_y, of_place, place_hill)
    (_, named), index = np.unique(np.stack([hill, place]), axis=1, return_inverse=True)
    index = np.asarray(index).ravel()

    def summed(values: Array) -> Array:
        return np.asarray(np.bincount(index, values, len(named)), float)

    total = np.maximum(summed(light), 1e-300)
    x_m, y_m = summed(x * light) / total, summed(y * light) / total
    spread = summed(((x - x_m[index]) ** 2 + (y - y_m[index]) ** 2) * light) / total / 2 + (SQUARE_M / 2) ** 2
    of_unit = codes[(np.bincount(index, number) / np.bincount(index)).round().astype(int)]
    key, first, of_key = np.unique(_key(code, number), return_index=True, return_inverse=True)
    return TownUnits(
        codes=codes,
        key=key,
        unit=index[first].astype(np.int64),
        square_light=np.asarray(np.bincount(of_key, light), float),
        name=np.array([of_place.name[at] if at >= 0 else "" for at in named], str),
        country=of_unit,
        population=np.array([of_place.population[at] if at >= 0 else 0.0 for at in named], float),
        x_m=x_m,
        y_m=y_m,
        radius_m=np.sqrt(spread),
        light=total / len(photos),
        motorway=summed(light * motorway) / total,
        mixed=_mixed(x_m, y_m, spread, total, of_unit),
    )


def motorway_stretches(photos: Sequence[LightSquares], settings: TownSettings) -> TownUnits:
    """The light in corridors of motorways, by squares of `stretch_km` and country."""
    code, country, motorway, light, x, y = _together(photos)
    code, country, light = code[motorway], country[motorway], light[motorway]
    x, y = x[motorway], y[motorway]
    codes, number = np.unique(country, return_inverse=True)
    stretch, index = np.unique(
        _key(square_codes(x, y, 1e3 * settings.stretch_km), number), return_inverse=True
    )
    n = len(stretch)

    def summed(values: Array) -> Array:
        return np.asarray(np.bincount(index, values, n), float)

    total = np.maximum(summed(light), 1e-300)
    key, first, of_key = np.unique(_key(code, number), return_index=True, return_inverse=True)
    return TownUnits(
        codes=codes,
        key=key,
        unit=index[first].astype(np.int64),
        square_light=np.asarray(np.bincount(of_key, light), float),
        name=np.full(n, "", "<U1"),
        country=codes[stretch % MAX_COUNTRIES],
        population=np.zeros(n),
        x_m=summed(x * light) / total,
        y_m=summed(y * light) / total,
        radius_m=np.full(n, 1e3 * settings.stretch_km / np.sqrt(12)),
        light=total / len(photos),
        motorway=np.ones(n),
        mixed=np.eye(n),
    )


def _together(photos: Sequence[LightSquares]) -> tuple[Ints, NDArray[np.str_], Bools, Array, Array, Array]:
    """Square, country, whether of a motorway, light (1 a photo in all) and place of all photos' rows."""
    rows = [photo.chosen(photo.red + photo.green > 0) for photo in photos]
    light = [(row.red + row.green) / (row.red + row.green).sum() for row in rows]
    return (
        np.concatenate([code_of(row.column, row.row) for row in rows]),
        np.concatenate([row.country for row in rows]),
        np.concatenate([row.motorway for row in rows]),
        np.concatenate(light),
        np.concatenate([row.x for row in rows]),
        np.concatenate([row.y for row in rows]),
    )


def _places_in(hills: Units, places: Cities, codes: NDArray[np.str_]) -> tuple[Cities, Ints]:
    """The places that lie on a hill of light of their own country, and the hill of each."""
    known = places[np.flatnonzero(np.isin(places.country, codes))]
    x, y = transformer("EPSG:4326", AREA_CRS).transform(known.lon, known.lat)
    column, row = squares(np.asarray(x), np.asarray(y))
    _, rows, columns = hills.label.shape
    on = (column >= hills.column) & (column < hills.column + columns)
    on &= (row >= hills.row) & (row < hills.row + rows)
    inside = np.flatnonzero(on)
    country = np.searchsorted(codes, known.country[inside])
    hill = hills.label[country, row[inside] - hills.row, column[inside] - hills.column]
    return known[inside], hill.astype(np.int64)


def _nearest_place(hill: Ints, x: Array, y: Array, places: Cities, place_hill: Ints) -> Ints:
    """For each square the place on its hill that is nearest by the place's own size; -1 where none is."""
    nearest = np.full(len(hill), -1, np.int64)
    east, north = (
        np.asarray(at) for at in transformer("EPSG:4326", AREA_CRS).transform(places.lon, places.lat)
    )
    size_m = 1e3 * built_radius_km(places.population) + SQUARE_M / 2
    order, place_order = np.argsort(hill, kind="stable"), np.argsort(place_hill, kind="stable")
    for each in np.unique(place_hill):
        at = order[slice(*np.searchsorted(hill[order], [each, each + 1]))]
        own = place_order[slice(*np.searchsorted(place_hill[place_order], [each, each + 1]))]
        away = np.hypot(x[at, None] - east[own], y[at, None] - north[own]) / size_m[own]
        nearest[at] = own[away.argmin(axis=1)]
    return nearest


def _mixed(x: Array, y: Array, spread: Array, light: Array, country: NDArray[np.str_]) -> Array:
    """Which part of a unit's light is whose, if each unit's light were Gaussian about its place."""
    both = spread[:, None] + spread
    away2 = (x[:, None] - x) ** 2 + (y[:, None] - y) ** 2
    part = light * np.exp(-away2 / 2 / both) / both * (country[:, None] == country)
    return np.asarray(part / part.sum(axis=1, keepdims=True))


def _key(code: Ints, country: NDArray[np.integer[Any]]) -> Ints:
    """One number for a square and a country by its place in a list."""
    return np.asarray(code * MAX_COUNTRIES + country, np.int64)
