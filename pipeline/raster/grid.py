"""The map grid that all photos of a city share."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
import shapely
from affine import Affine
from shapely.geometry.base import BaseGeometry

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, transformer
from pipeline.camera.footprint import MAX_ZENITH_DEG, footprint
from pipeline.errors import GridError
from pipeline.models import GridConfig, LonLat

if TYPE_CHECKING:  # loading it takes longer than all else of this file, and few ask for it
    from odc.geo.geobox import GeoBox

# No step holds a whole raster, they stream it in tiles. What grows with the grid is the borders step's list
# of lit cells: 20 bytes a cell of the grid measured where 1 in 5 was lit; the rest is for brighter frames.
BYTES_A_CELL = 60
SAMPLES_ACROSS = 33  # places of an area, in each direction; the size of a pixel varies smoothly


@dataclass(frozen=True)
class Grid:
    """Square cells in a projected CRS; bounds are (xmin, ymin, xmax, ymax) in metres, multiples of the
    resolution. Row 0 is the northernmost, as in a GeoTIFF.
    """

    crs: str
    resolution_m: float
    bounds: tuple[float, float, float, float]

    @property
    def width(self) -> int:
        """Columns of cells."""
        return round((self.bounds[2] - self.bounds[0]) / self.resolution_m)

    @property
    def height(self) -> int:
        """Rows of cells."""
        return round((self.bounds[3] - self.bounds[1]) / self.resolution_m)

    @property
    def transform(self) -> Affine:
        """(column, row) of cell corners to (x, y)."""
        return Affine(self.resolution_m, 0, self.bounds[0], 0, -self.resolution_m, self.bounds[3])

    @property
    def geobox(self) -> "GeoBox":
        """The same grid as odc-geo has it."""
        from odc.geo.geobox import GeoBox

        return GeoBox((self.height, self.width), self.transform, self.crs)

    @classmethod
    def of_geobox(cls, geobox: "GeoBox") -> "Grid":
        """The grid of a GeoBox with square cells and north up."""
        cell = geobox.affine
        if not (cell.a == -cell.e and cell.b == cell.d == 0):
            raise GridError(
                f"cells of {cell.a:g} x {-cell.e:g} that are not square and north up make no grid"
            )
        xmin, ymin, xmax, ymax = geobox.boundingbox.bbox
        assert geobox.crs is not None
        crs = f"EPSG:{geobox.crs.epsg}" if geobox.crs.epsg else str(geobox.crs)
        return cls(crs, float(cell.a), (xmin, ymin, xmax, ymax))

    def centres(self, column: Array, row: Array) -> tuple[Array, Array]:
        """(x, y) of cells by their index; cell centres are integers."""
        x = self.bounds[0] + (column + 0.5) * self.resolution_m
        y = self.bounds[3] - (row + 0.5) * self.resolution_m
        return x, y

    def to_dict(self) -> dict[str, Any]:
        """The content of `grid.json`."""
        return asdict(self) | {"bounds": list(self.bounds), "width": self.width, "height": self.height}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Grid":
        """From the content of `grid.json`."""
        xmin, ymin, xmax, ymax = (float(v) for v in data["bounds"])
        return cls(str(data["crs"]), float(data["resolution_m"]), (xmin, ymin, xmax, ymax))


def lay_grid(cameras: Mapping[str, Camera], config: GridConfig, location: LonLat) -> Grid:
    """The grid that holds what the photos (by name) show of the square around the city."""
    x, y = transformer("EPSG:4326", config.crs).transform(location.lon, location.lat)
    half = 1e3 * config.radius_km
    square = shapely.box(x - half, y - half, x + half, y + half)
    areas = {name: visible_area(camera, config.crs, square) for name, camera in cameras.items()}
    for name, area in areas.items():
        if area.is_empty:
            raise GridError(
                f"grid.radius_km = {config.radius_km:g}: photo {name} shows nothing of the square around the "
                f"city at a view zenith up to {MAX_ZENITH_DEG:g} degrees; widen the radius or drop the photo"
            )
    if config.resolution_m == "auto":
        resolution = rounded(max(median_gsd_m(cameras[name], areas[name], config.crs) for name in areas))
    else:
        resolution = float(config.resolution_m)
    xmin, ymin, xmax, ymax = (float(v) for v in shapely.total_bounds(list(areas.values())) / resolution)
    bounds = (
        resolution * math.floor(xmin),
        resolution * math.floor(ymin),
        resolution * math.ceil(xmax),
        resolution * math.ceil(ymax),
    )
    grid = Grid(config.crs, resolution, bounds)
    check_memory(grid, config.resolution_m, psutil.virtual_memory().available)
    return grid


def visible_area(camera: Camera, crs: str, within: BaseGeometry) -> BaseGeometry:
    """What a photo shows of a part of the map, in the map's CRS."""
    to_map = transformer("EPSG:4326", crs)
    frame = shapely.transform(footprint(camera), lambda lonlat: np.column_stack(to_map.transform(*lonlat.T)))
    shown: BaseGeometry = within.intersection(shapely.make_valid(frame))
    return shown


def median_gsd_m(camera: Camera, area: BaseGeometry, crs: str) -> float:
    """Median ground sample distance of a camera over an area of the map."""
    return float(np.nanmedian(camera.ground_sample_distance_m(*_sampled(area, crs))))


def narrowest_pixel_m(camera: Camera, area: BaseGeometry, crs: str) -> float:
    """The shorter side, across the line of sight, of the smallest pixel over an area of the map."""
    lon, lat = _sampled(area, crs)
    zenith, _, slant_m = camera.view(lon, lat)
    return float(np.nanmin(np.where(zenith < 90, slant_m, np.nan))) / camera.focal_px


def _sampled(area: BaseGeometry, crs: str) -> tuple[Array, Array]:
    """Places all over an area of the map, in degrees."""
    xmin, ymin, xmax, ymax = area.bounds
    share = (np.arange(SAMPLES_ACROSS) + 0.5) / SAMPLES_ACROSS
    x, y = (v.ravel() for v in np.meshgrid(xmin + share * (xmax - xmin), ymin + share * (ymax - ymin)))
    inside = shapely.contains_xy(area, x, y)
    if not inside.any():
        x, y, inside = *np.array(area.representative_point().coords).T, np.array([True])
    lon, lat = transformer(crs, "EPSG:4326").transform(x[inside], y[inside])
    return np.asarray(lon), np.asarray(lat)


def check_memory(grid: Grid, asked: float | str, available: int) -> None:
    """Refuse a grid that the later steps could not hold, and say which one they could."""
    needed = BYTES_A_CELL * grid.width * grid.height
    if needed > available:
        fits = round_up(grid.resolution_m * math.sqrt(needed / available))
        raise GridError(
            f"grid.resolution_m = {asked}: {grid.width} x {grid.height} cells of {grid.resolution_m:g} m "
            f"need {needed} bytes ({needed / 1e9:.3g} GB) of memory and {available / 1e9:.3g} GB are free; "
            f"the smallest resolution that fits is {fits:g}"
        )


def rounded(value: float) -> float:
    """The nearest, by ratio, of 1, 2 or 5 times a power of ten: 105 m becomes 100 m, not 200 m, for cells
    twice as wide as the photo's pixels would lose detail, and slightly narrower ones lose nothing."""
    power = 10.0 ** math.floor(math.log10(value))
    return min((step * power for step in (1, 2, 5, 10)), key=lambda step: abs(math.log(step / value)))


def round_up(value: float) -> float:
    """The next of 1, 2 or 5 times a power of ten; values within rounding of one of them stay."""
    power = 10.0 ** math.floor(math.log10(value))
    step = next(step for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))
    return step * power
