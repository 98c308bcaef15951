"""The countries and the borders between them, as far as a frame shows them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import geopandas as gpd
import shapely
from shapely.geometry.base import BaseGeometry

BORDERS = Path(__file__).parents[2] / "data" / "borders.gpkg"

_LAYERS = ("countries", "borders", "shared")
_VERTEX_SPACING_DEG = 0.01  # a straight line of degrees, so cut, bends by less than 0.1 m in EPSG:3035
_LINE, _POLYGON = 1, 2  # dimensions of what is kept of a clipped line or polygon


@dataclass(frozen=True, eq=False)
class Countries:
    """Countries, their borders and what they own together, in one coordinate system.

    areas: country, polygon; no two overlap. borders: pair ("BE-DE"), first, second, multiline. shared: pair,
    name, polygon; ground that two countries own together and that is in no area.
    """

    areas: gpd.GeoDataFrame
    borders: gpd.GeoDataFrame
    shared: gpd.GeoDataFrame


def read_countries(crs: str, codes: Iterable[str], file: Path = BORDERS) -> Countries:
    """The chosen countries, and the borders and shared ground of pairs of which both are chosen."""
    chosen = set(codes)
    areas, borders, shared = (gpd.read_file(file, layer=layer) for layer in _LAYERS)
    both = [set(pair.split("-")) <= chosen for pair in borders["pair"]]
    common = [set(pair.split("-")) <= chosen for pair in shared["pair"]]
    return Countries(
        _projected(areas[areas["country"].isin(chosen)], crs),
        _projected(borders[both], crs),
        _projected(shared[common], crs),
    )


@lru_cache(maxsize=4)  # seven ask for each photo's frame, one after another
def clipped(countries: Countries, footprint: BaseGeometry) -> Countries:
    """What lies inside a footprint: the countries in the frame, and the pairs that meet in it. Callers share
    it: none may change its tables."""
    return Countries(
        _cut(countries.areas, footprint, _POLYGON),
        _cut(countries.borders, footprint, _LINE),
        _cut(countries.shared, footprint, _POLYGON),
    )


def _projected(frame: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    return (
        frame.assign(geometry=frame.geometry.segmentize(_VERTEX_SPACING_DEG))
        .to_crs(crs)
        .reset_index(drop=True)
    )


def _cut(frame: gpd.GeoDataFrame, footprint: BaseGeometry, dimension: int) -> gpd.GeoDataFrame:
    """The rows that reach into a footprint, cut to it; where one only touches, nothing stays."""
    cut = frame.assign(geometry=[_parts(geometry & footprint, dimension) for geometry in frame.geometry])
    return cut[~cut.geometry.is_empty].reset_index(drop=True)


def _parts(geometry: BaseGeometry, dimension: int) -> BaseGeometry:
    """The pieces of one dimension, as a multipolygon or a multiline."""
    pieces = shapely.get_parts(geometry)
    pieces = pieces[(shapely.get_dimensions(pieces) == dimension) & ~shapely.is_empty(pieces)]
    if dimension == _POLYGON:
        return shapely.MultiPolygon(list(pieces))
    merged = shapely.line_merge(shapely.MultiLineString(list(pieces)))
    return shapely.MultiLineString([line for line in shapely.get_parts(merged) if not line.is_empty])
