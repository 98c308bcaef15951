"""Vector maps that users give: one layer read with what of it can be used, and sentences for the rest.

The format is told by the first bytes. Only formats that hold their own shapes are read, and nothing in them
leads to another file or to the network, as it does in GDAL's VRT, WFS or GML, and by a link in GeoJSON.
"""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError, GeometryError
from pyproj import CRS
from pyproj.exceptions import CRSError as UnknownCRSError
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from pipeline.camera.earth import transformer
from pipeline.camera.terrain import Bounds
from pipeline.errors import GivenFileError, said_by
from pipeline.raster.given import is_of_the_earth

FORMATS = "GeoPackage, GeoParquet, GeoJSON, FlatGeobuf or Shapefile"
# Of GDAL's, by the bytes that a file begins with.
GPKG, OTHERS = b"SQLite format 3", (b"\x00\x00\x27\x0a", b"fgb\x03")
PARQUET = b"PAR1"
# Streets of a country as large as Germany are 10 million lines; of the 16 by 8 degrees around a photo fewer.
MAX_FEATURES = 5_000_000
USUAL_FEATURES = 100_000  # room is made for as many as may come: for 5 million it takes 0.3 s
MAX_VERTICES = 20_000_000  # 320 MB of coordinates
# Of a layer that is taken as a whole; Germany's motorways in OpenStreetMap, both carriageways, have 0.7
# million.
MAX_LAYER_VERTICES = 1_000_000
# GeoJSON and the columns of GeoParquet are read whole: ten times so many bytes of memory.
MAX_BYTES_READ_WHOLE = 150_000_000
# Outlines that cross themselves are mended if they are as short as this, and as often as this in a file: that
# takes a fifth of a second, and the time grows by the cube of the number of crossings.
MAX_MENDED_VERTICES, MAX_CROSSINGS = 10_000, 300
SAMPLE, MAX_NEIGHBOURS = (
    200,
    100,
)  # segments of a larger one, and how many are near each; of an outline 3 to 10
PAIRS_AT_ONCE = 500_000  # of segments that are looked at for crossings, in about a second
LAYER = "layer"  # of `attrs`: which layer of its file a table is
WAY_OUT = "cut it to the surroundings of the city (ogr2ogr -spat)"


def read_layer(file: Path, wanted: str) -> gpd.GeoDataFrame | str:
    """The layer `wanted` of a file, or else its first one; a sentence that says why where there is none."""
    try:
        table = read_map(file, wanted, most_vertices=MAX_LAYER_VERTICES)
    except GivenFileError as error:
        return f"{file} {error.reason}."
    if not table.geometry.isna().all():
        return table
    return (
        f"{file} has nothing to draw{f' in its layer {table.attrs[LAYER]}' if LAYER in table.attrs else ''}."
    )


def read_map(
    file: Path,
    wanted: str = "",
    columns: Sequence[str] | None = None,
    around: Bounds | None = None,
    most_vertices: int = MAX_VERTICES,
) -> gpd.GeoDataFrame:
    """The layer `wanted` of a file, or else its first one, in any CRS of the Earth: all `columns` or those
    named, and all shapes or those that meet the bounds `around` (degrees). Its `attrs` are what the layer's
    metadata state, and its name. Raises GivenFileError."""
    try:
        with file.open("rb") as stream:
            head = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
        if head.startswith(GPKG) or head.startswith(OTHERS):
            table = _read_by_gdal(file, wanted, columns, around)
        elif head.startswith(PARQUET):
            table = _read_parquet(file, columns)
        elif head.startswith(b"{"):
            table = _read_geojson(file)
        else:
            raise GivenFileError(file, f"cannot be read: it is no {FORMATS}; save it as one in QGIS")
    except (OSError, ValueError, DataSourceError, DataLayerError, CRSError, FeatureError) as error:
        raise GivenFileError(file, f"cannot be read: {said_by(error)}") from None
    except (GeometryError, sqlite3.Error, shapely.errors.ShapelyError, UnknownCRSError) as error:
        raise GivenFileError(file, f"cannot be read: {said_by(error)}") from None
    except (UnboundLocalError, TypeError, KeyError, NotImplementedError) as error:
        # Of pyogrio, where a coordinate system is damaged, and of pyarrow.
        raise GivenFileError(file, f"cannot be read: it is damaged ({said_by(error)})") from None
    _check_usable(file, table, most_vertices)
    return table if around is None else _near(table, around)


def _read_by_gdal(
    file: Path, wanted: str, columns: Sequence[str] | None, around: Bounds | None
) -> gpd.GeoDataFrame | pd.DataFrame:
    path = str(file.absolute())  # which cannot be taken for an address
    layers = [str(name) for name, _ in pyogrio.list_layers(path)]
    if not layers:
        raise GivenFileError(file, "has no layer")
    layer = wanted if wanted in layers else layers[0]
    check_plain_table(file, layer)
    info = pyogrio.read_info(path, layer=layer)
    bbox = None if around is None or info["crs"] is None else _bounds_in(info["crs"], around)
    known = None if columns is None else [name for name in columns if name in info["fields"]]
    for most in (min(USUAL_FEATURES, MAX_FEATURES), MAX_FEATURES):
        table = pyogrio.read_dataframe(
            path, layer=layer, columns=known, bbox=bbox, max_features=most + 1, datetime_as_string=True
        )
        if len(table) <= most:
            break
    table.attrs = {LAYER: layer} | dict(info["layer_metadata"] or {})
    return table


def is_geopackage(file: Path) -> bool:
    """Whether a file holds what a GeoPackage begins with, whatever its name. Raises OSError."""
    with file.open("rb") as stream:
        return stream.read(len(GPKG)) == GPKG


def check_plain_table(file: Path, layer: str) -> None:
    """Raise GivenFileError where a layer of a GeoPackage is not stored but worked out: a view may never end,
    and virtual tables lead elsewhere."""
    if not is_geopackage(file):
        return
    database = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)
    try:
        asked = "SELECT type, sql FROM sqlite_master WHERE lower(name) = lower(?)"
        for kind, made_by in database.execute(asked, (layer,)):
            if kind != "table" or "VIRTUAL" in str(made_by).upper().split("(")[0].split():
                raise GivenFileError(file, f"its layer {layer} is no table but a {kind}; export it in QGIS")
    finally:
        database.close()


def _read_parquet(file: Path, columns: Sequence[str] | None) -> gpd.GeoDataFrame:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as parquet:
        groups = (
            parquet.metadata.row_group(k).total_byte_size for k in range(parquet.metadata.num_row_groups)
        )
        size, rows, names = sum(groups), parquet.metadata.num_rows, set(parquet.schema_arrow.names)
        geometry = json.loads((parquet.schema_arrow.metadata or {}).get(b"geo", b"{}"))
    if rows > MAX_FEATURES or size > 10 * MAX_BYTES_READ_WHOLE:
        raise GivenFileError(file, f"has {rows} rows of {size / 1e6:.0f} MB together, too many; {WAY_OUT}")
    if columns is None:
        return gpd.read_parquet(file)
    shapes = geometry.get("primary_column", "geometry") if isinstance(geometry, dict) else "geometry"
    return gpd.read_parquet(file, columns=[name for name in (*columns, shapes) if name in names])


def _read_geojson(file: Path) -> gpd.GeoDataFrame:
    """GDAL would follow a link to a coordinate system."""
    size = file.stat().st_size
    if size > MAX_BYTES_READ_WHOLE:
        raise GivenFileError(
            file, f"is GeoJSON of {size / 1e6:.0f} MB, too large to be read; save it as GeoPackage in QGIS"
        )
    try:
        content = json.loads(file.read_bytes(), parse_constant=_no_json)
        features = content["features"]
        # A feature without properties may leave them out or say null.
        told = [{**feature, "properties": feature.get("properties") or {}} for feature in features]
        table = gpd.GeoDataFrame.from_features(told, crs=_geojson_crs(file, content.get("crs")))
    except (KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError) as error:
        raise GivenFileError(
            file, f"cannot be read: it is no GeoJSON feature collection ({said_by(error)})"
        ) from None
    return table


def _no_json(name: str) -> None:
    raise ValueError(f"it holds {name}, which is no JSON")


def _geojson_crs(file: Path, stated: Any) -> str:
    """By RFC 7946 WGS84; files of before may name another one, or a link, which is not followed."""
    if stated is None:
        return "EPSG:4326"
    if stated["type"] != "name":
        raise GivenFileError(
            file, "cannot be read: it has a link to its coordinate system; export it in QGIS"
        )
    return str(stated["properties"]["name"])


def _check_usable(file: Path, table: gpd.GeoDataFrame | pd.DataFrame, most_vertices: int) -> None:
    """Raise GivenFileError for a table without shapes on the Earth, and for more than can be worked on."""
    if not isinstance(table, gpd.GeoDataFrame):
        raise GivenFileError(file, "is a table that has nothing to draw, without lines or areas")
    if table.crs is None:
        raise GivenFileError(
            file, "states no coordinate reference system; set it in QGIS (Layer > Set CRS) and save it anew"
        )
    if not is_of_the_earth(CRS.from_user_input(table.crs)):
        raise GivenFileError(
            file, "has a coordinate reference system that is not on the Earth; set it in QGIS"
        )
    vertices = int(shapely.get_num_coordinates(table.geometry.to_numpy()).sum())
    if len(table) > MAX_FEATURES or vertices > most_vertices:
        raise GivenFileError(file, f"has {len(table)} features with {vertices} vertices, too many; {WAY_OUT}")


def _bounds_in(crs: Any, around: Bounds) -> Bounds | None:
    """Bounds in degrees in another CRS; None where it cannot tell them."""
    try:
        bounds = transformer("OGC:CRS84", str(crs)).transform_bounds(*around)
    except ProjError:
        return None
    return bounds if np.isfinite(bounds).all() else None


def _near(table: gpd.GeoDataFrame, around: Bounds) -> gpd.GeoDataFrame:
    bounds = _bounds_in(table.crs.to_wkt(), around)
    return table if bounds is None else table[table.intersects(shapely.box(*bounds))]


def kept_parts(table: gpd.GeoDataFrame, dimension: int) -> list[BaseGeometry]:
    """By row the parts of one dimension (1 lines, 2 polygons), made valid, without height. Polygons whose
    outlines cross themselves too often are left out: mending them would never end."""
    kept, left = [], MAX_CROSSINGS
    for shape in table.geometry:
        crossings = _crossings(shape, left)
        few = crossings <= left
        kept.append(_parts(shape if few else None, dimension))
        left -= crossings if few else 0
    return kept


def _crossings(shape: BaseGeometry | None, enough: int) -> int:
    """How often the outlines of polygons that are not valid meet themselves or each other; counting stops
    beyond `enough`."""
    if shape is None or not np.isfinite(shapely.get_coordinates(shape)).all():
        return 0
    rings = shapely.get_rings(shapely.get_parts(shapely.get_parts(shape)))
    points, ring = shapely.get_coordinates(rings, return_index=True)
    goes_on = ring[1:] == ring[:-1]
    segments = shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1)[goes_on])
    large = len(segments) > MAX_MENDED_VERTICES
    tree = shapely.STRtree(segments)
    # Whether a scribble is valid may take hours to tell, so a part of its segments is asked first.
    some = segments[:: len(segments) // SAMPLE] if large else segments[:0]
    if tree.query(some).shape[1] > MAX_NEIGHBOURS * SAMPLE:
        return enough + 1
    if shapely.is_valid(shape):
        return 0
    if large:
        return enough + 1
    step, count = max(1, PAIRS_AT_ONCE // max(1, len(segments))), 0
    for start in range(0, len(segments), step):
        asked = segments[start : start + step]
        # Each meets itself and its two neighbours; two that cross are counted from both.
        count += max(0, tree.query(asked, predicate="intersects").shape[1] - 3 * len(asked))
        if count > 2 * enough:
            break
    return count // 2


def _parts(shape: BaseGeometry | None, dimension: int) -> BaseGeometry:
    collected = shapely.MultiLineString if dimension == 1 else shapely.MultiPolygon
    if shape is None or not np.isfinite(shapely.get_coordinates(shape)).all():
        return collected()
    parts = shapely.get_parts(shapely.make_valid(shapely.force_2d(shape)))
    parts = np.concatenate([shapely.get_parts(part) for part in parts]) if len(parts) else parts
    wanted = (shapely.get_dimensions(parts) == dimension) & ~shapely.is_empty(parts)
    return collected(list(parts[wanted]))


def left_out(file: Path, good: "pd.Series[bool]", wanted: str) -> str:
    """In a sentence how many features of a file are not `good`, that is, not what is `wanted`."""
    return f"{int((~good).sum())} of {len(good)} features of {file} are no {wanted} and were left out."
