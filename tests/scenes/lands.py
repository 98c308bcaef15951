"""Two or three countries of straight borders, and light on their map, small enough to reckon by hand."""

import geopandas as gpd
import numpy as np
import shapely

from pipeline.borders.squares import AREA_CRS
from pipeline.ground.countries import Countries
from pipeline.raster.grid import Grid

X0, Y0 = 4_000_000.0, 3_000_000.0  # the south-west corner of the map
KM = 1000.0


def place(x_km: float, y_km: float) -> tuple[float, float]:
    """Kilometres from the south-west corner to the map."""
    return X0 + KM * x_km, Y0 + KM * y_km


def box(x0_km: float, y0_km: float, x1_km: float, y1_km: float) -> shapely.Polygon:
    return shapely.box(*place(x0_km, y0_km), *place(x1_km, y1_km))


def countries(width_km: float = 40, height_km: float = 40, border_km: float = 20) -> Countries:
    """Belgium in the west and Germany in the east, of a north-south border."""
    areas = {"BE": box(0, 0, border_km, height_km), "DE": box(border_km, 0, width_km, height_km)}
    line = shapely.LineString([place(border_km, 0), place(border_km, height_km)])
    return Countries(
        areas=_multi(gpd.GeoDataFrame({"country": list(areas)}, geometry=list(areas.values()), crs=AREA_CRS)),
        borders=gpd.GeoDataFrame(
            {"pair": ["BE-DE"], "first": ["BE"], "second": ["DE"]},
            geometry=[shapely.MultiLineString([line])],
            crs=AREA_CRS,
        ),
        shared=gpd.GeoDataFrame({"pair": [], "name": []}, geometry=[], crs=AREA_CRS),
    )


def _multi(frame: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return frame.assign(geometry=[shapely.MultiPolygon([shape]) for shape in frame.geometry])


def grid(width_km: float, height_km: float, resolution_m: float) -> Grid:
    xmin, ymin, xmax, ymax = box(0, 0, width_km, height_km).bounds
    return Grid(AREA_CRS, resolution_m, (xmin, ymin, xmax, ymax))


def light_and_tone(
    red: np.ndarray, green: np.ndarray, blue: np.ndarray, lit: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Red, green, blue of light.tif and both ratios of tone.tif, which stand where lit."""
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = [np.where(lit, np.log2(a / b), np.nan) for a, b in ((green, red), (blue, green))]
    return np.stack([red, green, blue]).astype(np.float32), np.stack(ratios).astype(np.float32)
