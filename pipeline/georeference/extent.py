"""Reference light with extent, streets and night-light rasters, together with cities.

Where several know the light of the same ground, each has a share of it by how surely it tells places: a
raster of large cells hardly moves a town, one of small cells gives a conurbation its shape.
"""

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import binary_closing

from pipeline.camera.earth import Array
from pipeline.errors import ReferenceLightError
from pipeline.georeference.sources import Sources
from pipeline.ground.night_light import NightLight
from pipeline.ground.streets import Streets

METRES_PER_DEGREE = 111_320.0  # good enough for spacing and cells

# Lamps by class of street, relative to a residential one. Motorways are lit in few countries.
LIGHT_OF_STREET = {"motorway": 0.3, "trunk": 1.0, "primary": 2.0, "secondary": 1.7, "tertiary": 1.4}
LIGHT_OF_STREET |= {f"{name}_link": light for name, light in LIGHT_OF_STREET.items()}
LIGHT_OF_STREET |= {"residential": 1.0, "living_street": 1.0, "pedestrian": 1.0}
LIGHT_OF_STREET |= {"unclassified": 0.7, "service": 0.4}
# About the distance between lamps; the light of each is as wide as the street, and its place as uncertain.
STREET_STEP_M = 40.0
STREET_RADIUS_KM, STREET_SIGMA_KM = 0.02, 0.02
# Open roads are dark: a street counts by the length of streets around it, as in a town of that density.
DENSITY_CELL_DEG = 0.004
BUILT_UP_KM_PER_KM2 = 8.0  # length of streets by area; a judgement: a town that is built up but not dense
MAX_BUILT_UP = 2.0  # of such towns: denser ones have no more lamps to a street
# Light replaces cities in cells of this size, and in gaps of up to twice so many cells (fields, parks, water)
# between them.
COVER_CELL_DEG = 0.01
COVER_GAP_CELLS = 3  # of about 1 km; a judgement
# Share of a raster's cells around the photo that count as dark: most of the ground is.
DARK_QUANTILE = 0.5
# Of light, below which it is left out: it would cost its drawing and move nothing.
LEAST_SHARE = 0.05


@dataclass(frozen=True, eq=False)
class Extent:
    """Light known in its extent, to `detail_km`, over the ground `covered` (cells of COVER_CELL_DEG), and
    light known less finely, of more ground, `beneath` it."""

    sources: Sources
    covered: NDArray[np.bool_]
    west: float
    south: float
    detail_km: float
    beneath: "Extent | None" = None

    def over(self, coarser: "Extent | None") -> "Extent":
        """This light above that of a coarser reference."""
        return replace(self, beneath=coarser)

    def covers(self, lon: Array, lat: Array) -> NDArray[np.bool_]:
        """Whether places (degrees) lie where the light is known."""
        column = np.floor((np.asarray(lon) - self.west) / COVER_CELL_DEG).astype(np.intp)
        row = np.floor((np.asarray(lat) - self.south) / COVER_CELL_DEG).astype(np.intp)
        rows, columns = self.covered.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        covered = np.zeros(inside.shape, bool)
        covered[inside] = self.covered[row[inside], column[inside]]
        return covered


def with_extent(cities: Sources, extent: Extent) -> Sources:
    """The light of cities, and where its extent is known too, light of the same total in all.

    There a source keeps the share that the inverse squares of both sigmas of places give it."""
    light = cities if extent.beneath is None else with_extent(cities, extent.beneath)
    inside = extent.covers(light.lon, light.lat)
    total, known = float(light.light[inside].sum()), float(extent.sources.light.sum())
    if not inside.any() or known <= 0:
        return light
    surer = np.maximum(light.sigma_km, 1e-6) / float(extent.sources.sigma_km.mean())
    share = np.where(inside, 1 / (1 + surer**2), 1.0)
    share[share < LEAST_SHARE] = 0.0
    kept = replace(light, light=light.light * share)[share > 0]
    left = total - float((light.light * share)[inside].sum())
    scaled = replace(extent.sources, light=extent.sources.light * left / known)
    return Sources.joined([kept, scaled])


def lit_streets(streets: Streets) -> Extent:
    """The light of lamps along streets. Raises ReferenceLightError where there are none."""
    lon, lat, line = _points_along(streets.lines, STREET_STEP_M)
    if not len(lon):
        raise ReferenceLightError(
            f"{streets.file}: roads: holds no street near the photo; roads around it are needed"
        )
    light = np.array([LIGHT_OF_STREET[name] for name in streets.highway])[line]
    density, west, south = _street_density(lon, lat)
    cell = _cells(lon, lat, west, south, DENSITY_CELL_DEG)
    light = light * np.minimum(density[cell] / BUILT_UP_KM_PER_KM2, MAX_BUILT_UP)
    n = len(lon)
    sources = Sources(lon, lat, light, np.full(n, STREET_RADIUS_KM), np.full(n, STREET_SIGMA_KM), np.zeros(n))
    return _extent(sources, STREET_RADIUS_KM)


def lit_cells(night_light: NightLight) -> Extent:
    """The light of a raster's cells above their median, which is taken as dark. Raises ReferenceLightError
    where all are dark."""
    light, lon, lat = night_light.light, night_light.lon, night_light.lat
    north_km = np.abs(np.gradient(lat, axis=0)).mean() * METRES_PER_DEGREE / 1e3
    east_km = (
        np.abs(np.gradient(lon, axis=1)).mean() * np.cos(np.radians(lat.mean())) * METRES_PER_DEGREE / 1e3
    )
    cell_km = float(np.sqrt(north_km * east_km))
    above = np.clip(light - np.quantile(light, DARK_QUANTILE), 0, None)
    lit = above > 0
    if not lit.any():
        raise ReferenceLightError(f"{night_light.file}: night_light: is dark around the photo")
    n = int(lit.sum())
    sources = Sources(
        lon[lit], lat[lit], above[lit], np.full(n, cell_km / 2), np.full(n, cell_km / 4), np.zeros(n)
    )
    return _extent(sources, cell_km)


def _extent(sources: Sources, detail_km: float) -> Extent:
    """The light, and the cells that it covers with the gaps between them closed."""
    # Half a cell more, so that the cells of a raster lie in the middle of these, not on their edges.
    west, south = (float(v.min()) - 1.5 * COVER_CELL_DEG for v in (sources.lon, sources.lat))
    row, column = _cells(sources.lon, sources.lat, west, south, COVER_CELL_DEG)
    known = np.zeros((row.max() + 2 + COVER_GAP_CELLS, column.max() + 2 + COVER_GAP_CELLS), bool)
    known[row, column] = True
    covered = binary_closing(np.pad(known, COVER_GAP_CELLS), iterations=COVER_GAP_CELLS)
    shift = COVER_GAP_CELLS * COVER_CELL_DEG
    return Extent(sources, covered, west - shift, south - shift, detail_km)


def _cells(
    lon: Array, lat: Array, west: float, south: float, cell_deg: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Row, counted northwards, and column of the cell that holds each place."""
    return ((lat - south) / cell_deg).astype(np.intp), ((lon - west) / cell_deg).astype(np.intp)


def _street_density(lon: Array, lat: Array) -> tuple[Array, float, float]:
    """Kilometres of street per km2 on cells of DENSITY_CELL_DEG, and their south-west corner."""
    west, south = float(lon.min()), float(lat.min())
    row, column = _cells(lon, lat, west, south, DENSITY_CELL_DEG)
    count = np.zeros((row.max() + 1, column.max() + 1))
    np.add.at(count, (row, column), 1)
    cell_km2 = (DENSITY_CELL_DEG * METRES_PER_DEGREE / 1e3) ** 2 * np.cos(np.radians(lat.mean()))
    return count * STREET_STEP_M / 1e3 / cell_km2, west, south


def _points_along(lines: NDArray[np.object_], step_m: float) -> tuple[Array, Array, NDArray[np.intp]]:
    """Points every `step_m` along lines in degrees, and the line of each."""
    xy, line = shapely.get_coordinates(lines, return_index=True)
    east, north = np.diff(xy, axis=0).T
    length = METRES_PER_DEGREE * np.hypot(east * np.cos(np.radians(xy[1:, 1])), north)
    length[np.diff(line) != 0] = 0.0  # the jump to the next line is no street
    along = np.concatenate([[0.0], np.cumsum(length)])
    at = np.arange(step_m / 2, along[-1], step_m)
    left = np.searchsorted(along, at, side="right") - 1
    share = ((at - along[left]) / (along[left + 1] - along[left]))[:, None]
    lon, lat = (xy[left] * (1 - share) + xy[left + 1] * share).T
    return lon, lat, line[left]
