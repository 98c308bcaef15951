"""Towns as zones, and large cities against the towns around them.

   o   o            o  a town: a disc as large as its built area
o   ( X )  o        X  the core, ( )
  o      o          the ring: the towns around it, of its own country
"""

from dataclasses import asdict, dataclass, fields, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from pipeline.arrays import Ints
from pipeline.borders.cells import Cells
from pipeline.borders.fit import ratio_fit
from pipeline.borders.interval import estimate
from pipeline.borders.settings import BorderSettings, UrbanSettings
from pipeline.borders.squares import code_of, numbered, square_codes, squares
from pipeline.borders.zones import polygons
from pipeline.camera.earth import Array, transformer
from pipeline.ground.cities import Cities
from pipeline.ground.countries import Countries, clipped
from pipeline.models import BordersConfig


def built_radius_km(population: Array) -> Array:
    """Radius of a disc as large as a town's built area: 0.4 km2 for 1,000 inhabitants, 22 for 100,000."""
    return np.asarray(np.sqrt(0.42 / np.pi * (population / 1000) ** 0.86))


def nowhere() -> Cities:
    """A list of no places."""
    none, unnamed = np.empty(0), np.empty(0, "<U1")
    return Cities(none, none, none, unnamed, unnamed)


def towns(places: Cities, countries: Countries, frame: BaseGeometry, min_population: int) -> gpd.GeoDataFrame:
    """The towns of `min_population` or more whose centre lies in the frame, the largest first: name, country,
    population, radius_km, x, y (m) and the disc, as far as it is of their country and in the frame.

    A place within a larger one of its country is a part of it. A place counts only if its point lies
    in its country's area.
    """
    crs = countries.areas.crs
    large = places[np.flatnonzero(places.population >= min_population)]
    x, y = transformer("EPSG:4326", crs).transform(large.lon, large.lat)
    order = np.argsort(-large.population, kind="stable")
    order = order[shapely.contains_xy(frame, np.asarray(x)[order], np.asarray(y)[order])]
    areas = clipped(countries, frame).areas.set_index("country").geometry
    large, at = large[order], np.column_stack([x, y])[order]
    radius_m = 1e3 * built_radius_km(large.population)
    rows = []
    shapely.prepare(areas.to_numpy())
    for index in np.flatnonzero(_separate(at, radius_m, large.country)):
        country = str(large.country[index])
        if country not in areas.index:
            continue
        whole = shapely.Point(at[index]).buffer(radius_m[index])
        disc = polygons(whole if shapely.covers(areas[country], whole) else whole & areas[country])
        if not disc.is_empty:
            place = str(large.name[index]), country, int(large.population[index])
            rows.append((*place, float(radius_m[index]) / 1e3, *at[index], disc))
    columns = ["name", "country", "population", "radius_km", "x", "y", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=crs)


def _separate(at: Array, radius_m: Array, country: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Which places, the largest first, do not lie inside a larger one of their country."""
    separate = np.ones(len(at), bool)
    if len(at):
        tree = cKDTree(at)
        for index, inside in enumerate(tree.query_ball_point(at, radius_m)):
            if separate[index]:
                within = np.array([other for other in inside if other > index], np.intp)
                separate[within[country[within] == country[index]]] = False
    return separate


def rings(table: gpd.GeoDataFrame, settings: UrbanSettings) -> gpd.GeoDataFrame:
    """The cities of `core_population` or more among `towns`, with the ring of towns of their country up to
    `ring_km` away: name, country, population, n_towns, members (rows of `towns`, the city first), geometry
    (of the ring)."""
    rows = []
    for core in table[table["population"] >= settings.core_population].itertuples():
        away_km = np.hypot(table["x"] - core.x, table["y"] - core.y) / 1e3
        others = (table["country"] == core.country) & (table.index != core.Index)
        ring = table[(away_km <= settings.ring_km) & others]
        discs = polygons(shapely.union_all(ring.geometry.to_numpy()) - core.geometry)
        if not discs.is_empty:
            members = (int(core.Index), *(int(index) for index in ring.index))
            rows.append((core.name, core.country, core.population, len(ring), members, discs))
    columns = ["name", "country", "population", "n_towns", "members", "geometry"]
    return gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry="geometry", crs=table.crs)


def compare_cores(
    around: gpd.GeoDataFrame,
    cells: Cells,
    members: list[NDArray[np.intp]],
    config: BordersConfig,
    settings: BorderSettings,
) -> gpd.GeoDataFrame:
    """`rings` with the contrast of each city against its ring; `members` holds the cells of each town."""
    contrasts = [
        core_contrast(ring.name, cells, [members[town] for town in ring.members], config, settings)
        for ring in around.itertuples()
    ]
    names = dict(core="tone_core", ring="tone_ring", contrast="contrast_g_r", low="low95", high="high95")
    columns = [field.name for field in fields(CoreContrast)]
    numbers = pd.DataFrame([asdict(contrast) for contrast in contrasts], around.index, columns)
    numbers = numbers.astype(dict.fromkeys(names, float)).rename(columns=names)
    return around.drop(columns="members").join(numbers)


@dataclass(frozen=True, eq=False)
class Lookup:
    """Finds the cells around a place without looking at all of them: they are sorted by their squares."""

    cells: Cells
    order: NDArray[np.intp]
    code: Ints

    @classmethod
    def of(cls, cells: Cells) -> "Lookup":
        """Sort the cells once, by the number of their square."""
        code = square_codes(cells.x, cells.y)
        order = np.argsort(code, kind="stable")
        return cls(cells, order, code[order])

    def within(self, x: float, y: float, radius_m: float) -> NDArray[np.intp]:
        """The indices of the cells up to a distance (m) from a place."""
        columns, rows = squares(x + np.array([-radius_m, radius_m]), y + np.array([-radius_m, radius_m]))
        across = np.arange(rows[0], rows[1] + 1)
        start = np.searchsorted(self.code, code_of(columns[0], across))
        end = np.searchsorted(self.code, code_of(columns[1], across), side="right")
        candidates = np.concatenate([self.order[a:b] for a, b in zip(start, end, strict=True)])
        near = np.hypot(self.cells.x[candidates] - x, self.cells.y[candidates] - y) <= radius_m
        return np.asarray(candidates[near])


def cells_of_towns(table: gpd.GeoDataFrame, lookup: Lookup, codes: list[str]) -> list[NDArray[np.intp]]:
    """The indices of the cells of each town; `codes` are the countries that cells are numbered by."""
    members = []
    for town in table.itertuples():
        near = lookup.within(town.x, town.y, 1e3 * town.radius_km)
        members.append(near[lookup.cells.country[near] == codes.index(town.country)])
    return members


@dataclass(frozen=True)
class CoreContrast:
    """Tone of a city's core and ring, and log2(G/R) of the core minus the ring's, with its 95 %
    interval; None where there is too little light."""

    core: float | None
    ring: float | None
    contrast: float | None
    low: float | None
    high: float | None
    n_core: int
    n_ring: int
    statement: str


def core_contrast(
    name: str,
    cells: Cells,
    members: list[NDArray[np.intp]],
    config: BordersConfig,
    settings: BorderSettings,
) -> CoreContrast:
    """Compare a city (the first of `members`, indices of cells by town) with the towns around it.

    The units of the interval are squares of `block_km`: it tells these places apart, not cities from towns.
    """
    core = members[0]
    in_towns = np.zeros(len(cells), bool)
    in_towns[np.concatenate(members[1:])] = True
    in_towns[core] = False
    around = np.flatnonzero(in_towns)
    both = cells.chosen(np.concatenate([core, around]))
    in_ring = np.arange(len(both)) >= len(core)
    # Numbered along x first, then y: the order of units decides which of the interval's draws they get.
    square = square_codes(both.y, both.x, 1e3 * config.block_km)
    unit, index = numbered(square * 2 + in_ring)
    none = CoreContrast(None, None, None, None, None, len(core), len(around), "")
    for what, of_ring in ((f"{name} has", 0), (f"The towns around {name} have", 1)):
        if (unit % 2 == of_ring).sum() < settings.urban.min_squares:
            return replace(none, statement=f"{what} too little light to be compared.")
    red, green = (np.bincount(index, light).astype(float) for light in (both.red, both.green))
    design = np.column_stack([unit % 2 == 1, unit % 2 == 0]).astype(float)
    fit = ratio_fit(red, green, np.ones(len(unit)), design, unit)
    step = estimate(fit, np.array([-1.0, 1.0]), config.replicates, settings.contrast)
    ring, own, low, high = *fit.coefficients, step.value - step.half95, step.value + step.half95
    return replace(
        none,
        core=float(own),
        ring=float(ring),
        contrast=step.value,
        low=low,
        high=high,
        statement=_statement(name, step.value, low, high),
    )


def _statement(name: str, value: float, low: float, high: float) -> str:
    """The contrast of core and ring as one English sentence."""
    figures = (
        f"by {abs(value):.2f} ({min(abs(low), abs(high)):.2f} to {max(abs(low), abs(high)):.2f}) in log2(G/R)"
    )
    if low <= 0 <= high:
        return f"{name} and the towns around it do not clearly differ: {value:.2f} ({low:.2f} to {high:.2f})."
    greener, other = (name, "the towns around it") if value > 0 else (f"The towns around {name}", name)
    return f"{greener} {'is' if value > 0 else 'are'} greener than {other} {figures}."
