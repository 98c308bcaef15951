"""Reference light with extent: streets, or any georeferenced night-light raster, in place of cities."""

from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Transformer
from rasterio.enums import Resampling
from rasterio.errors import RasterioError
from rasterio.windows import Window
from scipy.ndimage import binary_closing

from pipeline.camera.earth import Array
from pipeline.errors import ReferenceLightError
from pipeline.georeference.sources import Sources

Bounds = tuple[float, float, float, float]
METRES_PER_DEGREE = 111_320.0  # good enough for spacing and cells

# Lamps by class of street, relative to a residential one. Motorways are lit in few countries.
LIGHT_OF_STREET = {"motorway": 0.3, "trunk": 1.0, "primary": 2.0, "secondary": 1.7, "tertiary": 1.4}
LIGHT_OF_STREET |= {f"{name}_link": light for name, light in LIGHT_OF_STREET.items()}
LIGHT_OF_STREET |= {"residential": 1.0, "living_street": 1.0, "pedestrian": 1.0}
LIGHT_OF_STREET |= {"unclassified": 0.7, "service": 0.4}
STREET_STEP_M = 40.0
STREET_RADIUS_KM, STREET_SIGMA_KM = 0.02, 0.02
# Open roads are dark: a street counts by the length of streets around it, as in a town of that density.
DENSITY_CELL_DEG = 0.004
BUILT_UP_KM_PER_KM2 = 8.0
COVER_CELL_DEG = 0.01
COVER_GAP_CELLS = 3
MAX_RASTER_CELLS = 4_000_000
DARK_QUANTILE = 0.5


@dataclass(frozen=True, eq=False)
class Extent:
    """Light known in its extent, to `detail_km`, over the ground `covered` (cells of COVER_CELL_DEG)."""

    sources: Sources
    covered: NDArray[np.bool_]
    west: float
    south: float
    detail_km: float

    def covers(self, lon: Array, lat: Array) -> NDArray[np.bool_]:
        column = np.floor((np.asarray(lon) - self.west) / COVER_CELL_DEG).astype(np.intp)
        row = np.floor((np.asarray(lat) - self.south) / COVER_CELL_DEG).astype(np.intp)
        rows, columns = self.covered.shape
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        found = np.zeros(inside.shape, bool)
        found[inside] = self.covered[row[inside], column[inside]]
        return found


def with_extent(cities: Sources, extent: Extent) -> Sources:
    """The light of cities, replaced where its extent is known by light of the same total."""
    inside = extent.covers(cities.lon, cities.lat)
    total, known = float(cities.light[inside].sum()), float(extent.sources.light.sum())
    if not inside.any() or known <= 0:
        return cities
    scaled = replace(extent.sources, light=extent.sources.light * total / known)
    return Sources.joined([cities[~inside], scaled])


def streets(file: Path, around: Bounds) -> Extent:
    """Lit streets from lines with an OpenStreetMap `highway` class, near a place (degrees). GeoPackage,
    GeoParquet or whatever GDAL reads, in any CRS. Raises ReferenceLightError."""
    try:
        lines = gpd.read_parquet(file) if file.suffix == ".parquet" else gpd.read_file(file)
    except Exception as error:
        raise ReferenceLightError(f"{file}: roads: cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(lines, gpd.GeoDataFrame):
        raise ReferenceLightError(f"{file}: roads: is a table without lines")
    if "highway" not in lines.columns:
        raise ReferenceLightError(f"{file}: roads: has no column highway (OpenStreetMap's class of street)")
    if lines.crs is None:
        raise ReferenceLightError(
            f"{file}: roads: says no coordinate reference system; write it into the file"
        )
    lines = lines.to_crs("EPSG:4326")
    lines = lines[lines["highway"].isin(LIGHT_OF_STREET) & lines.geometry.notna()]
    parts = lines.explode(index_parts=False)
    parts = parts[parts.geometry.geom_type == "LineString"].clip(shapely.box(*around), keep_geom_type=True)
    parts = parts.explode(index_parts=False)
    lon, lat, line = _points_along(np.asarray(parts.geometry), STREET_STEP_M)
    if not len(lon):
        raise ReferenceLightError(
            f"{file}: roads: holds no street near the photo; roads around it are needed"
        )
    light = parts["highway"].map(LIGHT_OF_STREET).to_numpy(float)[line]
    density, west, south = _street_density(lon, lat)
    cell = _cells(lon, lat, west, south, DENSITY_CELL_DEG)
    light = light * np.minimum(density[cell] / BUILT_UP_KM_PER_KM2, 2.0)
    n = len(lon)
    sources = Sources(lon, lat, light, np.full(n, STREET_RADIUS_KM), np.full(n, STREET_SIGMA_KM), np.zeros(n))
    return _extent(sources, STREET_RADIUS_KM)


def night_lights(file: Path, around: Bounds) -> Extent:
    """Light of a georeferenced raster (first band) in any CRS GDAL knows, near a place (degrees).

    The median of the cells is taken as dark. Raises ReferenceLightError.
    """
    try:
        with rasterio.open(file) as raster:
            if raster.crs is None:
                raise ReferenceLightError(
                    f"{file}: night_light: is not georeferenced; write its CRS into the file"
                )
            x0, y0, x1, y1 = Transformer.from_crs("EPSG:4326", raster.crs, always_xy=True).transform_bounds(
                *around
            )
            # By its corners, so that a raster may be turned or have its south up.
            corners = [~raster.transform @ corner for corner in ((x0, y0), (x0, y1), (x1, y0), (x1, y1))]
            low = np.maximum(np.min(corners, axis=0), 0)
            high = np.minimum(np.max(corners, axis=0), (raster.width, raster.height))
            if (high <= low).any():
                raise ReferenceLightError(f"{file}: night_light: does not show the place of the photo")
            window = Window(*low, *(high - low)).round_offsets().round_lengths()
            if min(window.width, window.height) < 2:
                raise ReferenceLightError(f"{file}: night_light: only touches the place of the photo")
            shrink = max(1.0, float(np.sqrt(window.width * window.height / MAX_RASTER_CELLS)))
            shape = max(1, int(window.height / shrink)), max(1, int(window.width / shrink))
            values = raster.read(
                1, window=window, out_shape=shape, masked=True, resampling=Resampling.average
            )
            transform, crs = raster.window_transform(window), raster.crs
    except RasterioError as error:
        raise ReferenceLightError(
            f"{file}: night_light: cannot be read: {' '.join(str(error).split())}"
        ) from None
    light = np.nan_to_num(np.asarray(values.filled(0), float))
    column, row = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    x, y = transform @ (column * window.width / shape[1], row * window.height / shape[0])
    lon, lat = Transformer.from_crs(CRS(crs), "EPSG:4326", always_xy=True).transform(x, y)
    north_km = np.abs(np.gradient(lat, axis=0)).mean() * METRES_PER_DEGREE / 1e3
    east_km = (
        np.abs(np.gradient(lon, axis=1)).mean() * np.cos(np.radians(lat.mean())) * METRES_PER_DEGREE / 1e3
    )
    cell_km = float(np.sqrt(north_km * east_km))
    above = np.clip(light - np.quantile(light, DARK_QUANTILE), 0, None)
    lit = above > 0
    if not lit.any():
        raise ReferenceLightError(f"{file}: night_light: is dark around the photo")
    n = int(lit.sum())
    sources = Sources(
        lon[lit], lat[lit], above[lit], np.full(n, cell_km / 2), np.full(n, cell_km / 4), np.zeros(n)
    )
    return _extent(sources, cell_km)


def _extent(sources: Sources, detail_km: float) -> Extent:
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
