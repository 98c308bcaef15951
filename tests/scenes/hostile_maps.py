"""A gallery of maps and rasters that are hostile or odd. Each writes a file into a folder and gives its path.

`url` is the address of a canary; `secret` names a sound file elsewhere that nothing may read.
"""

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray

CELL_DEG = 0.005
NORTH_WEST = Affine(CELL_DEG, 0, 5.0, 0, -CELL_DEG, 51.0)
SIDE = 200  # cells: one degree
LOCAL = 'LOCAL_CS["site",UNIT["metre",1]]'
MOON = (
    'GEOGCS["Moon",DATUM["D_Moon",SPHEROID["Moon",1737400,0]],PRIMEM["Reference_Meridian",0],'
    'UNIT["degree",0.0174532925199433]]'
)


@dataclass(frozen=True)
class Place:
    """Where a hostile file is written, and what it may try to reach."""

    folder: Path
    url: str

    @property
    def secret(self) -> Path:
        return self.folder.parent / "secret"


Maker = Callable[[Place], Path]


def write_raster(
    file: Path,
    values: NDArray[Any] | None = None,
    transform: Affine = NORTH_WEST,
    crs: str | None = "EPSG:4326",
    **profile: Any,
) -> Path:
    """A GeoTIFF; a ramp of 0 to 100 on one degree by one degree, if nothing else is said."""
    if values is None:
        values = np.linspace(0, 100, SIDE * SIDE, dtype=np.float32).reshape(SIDE, SIDE)
    profile = {"dtype": values.dtype, "count": 1, "driver": "GTiff"} | profile
    height, width = values.shape
    with rasterio.open(
        file, "w", width=width, height=height, crs=crs, transform=transform, **profile
    ) as target:
        target.write(values, 1)
    return file


def write_sparse(file: Path, side: int, **profile: Any) -> Path:
    """A GeoTIFF of side x side cells over 16 by 16 degrees of which none is stored."""
    options = {"dtype": "float32", "tiled": True, "compress": "deflate", "SPARSE_OK": True} | profile
    cell = 16 / side
    transform = Affine(cell, 0, -2.5, 0, -cell, 58.5)
    with rasterio.open(
        file, "w", driver="GTiff", width=side, height=side, count=1, crs="EPSG:4326", transform=transform,
        BIGTIFF="YES", **options,
    ):  # fmt: skip
        pass
    return file


def write_map(file: Path, *shapes: Any, crs: Any = "EPSG:4326", **columns: list[Any]) -> Path:
    """Shapes with the columns that motorways, streets and regions need."""
    n = len(shapes)
    known = {"ref": ["E1"] * n, "highway": ["primary"] * n, "region": [f"R{k}" for k in range(n)]}
    table = gpd.GeoDataFrame(known | columns, geometry=list(shapes), crs=crs)
    if file.suffix == ".parquet":
        table.to_parquet(file)
    else:
        table.to_file(file)
    return file


ROAD = shapely.LineString([(5.2, 50.5), (5.5, 50.52), (5.8, 50.5)])
AREA = shapely.box(5.2, 50.3, 5.8, 50.7)


def _text(name: str, text: str) -> Maker:
    """A file of this name, in which {url} and {secret} are the canary and the secret file."""

    def make(place: Place) -> Path:
        file = place.folder / name
        file.write_text(text.replace("{url}", place.url).replace("{secret}", str(place.secret)))
        return file

    return make


def _vrt(source: str) -> str:
    return (
        f'<VRTDataset rasterXSize="{SIDE}" rasterYSize="{SIDE}"><SRS>EPSG:4326</SRS>'
        f"<GeoTransform>5,{CELL_DEG},0,51,0,-{CELL_DEG}</GeoTransform>"
        '<VRTRasterBand dataType="Float32" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="0">{source}</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )


WMS = (
    '<GDAL_WMS><Service name="TMS"><ServerUrl>{url}/${z}/${x}/${y}.png</ServerUrl></Service><DataWindow>'
    "<UpperLeftX>-180</UpperLeftX><UpperLeftY>90</UpperLeftY><LowerRightX>180</LowerRightX>"
    "<LowerRightY>-90</LowerRightY><TileLevel>3</TileLevel></DataWindow><Projection>EPSG:4326</Projection>"
    "<BandsCount>1</BandsCount></GDAL_WMS>"
)
WCS = "<WCS_GDAL><ServiceURL>{url}/wcs?</ServiceURL><CoverageName>x</CoverageName></WCS_GDAL>"


def _overviews(target: str) -> Maker:
    """A sound GeoTIFF that names another file as its overviews."""

    def make(place: Place) -> Path:
        file = write_raster(place.folder / "overviews.tif")
        named = target.replace("{url}", place.url).replace("{secret}", str(place.secret))
        with rasterio.open(file, "r+") as raster:
            raster.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=named)
        return file

    return make


def _beside(suffix: str, text: str) -> Maker:
    """A sound GeoTIFF with a file beside it that GDAL would look into."""

    def make(place: Place) -> Path:
        file = write_raster(place.folder / "beside.tif")
        file.with_name(file.name + suffix).write_text(text.replace("{url}", place.url))
        return file

    return make


def _raster(name: str, **said: Any) -> Maker:
    return lambda place: write_raster(place.folder / f"{name}.tif", **said)


def _sparse(name: str, side: int, **said: Any) -> Maker:
    return lambda place: write_sparse(place.folder / f"{name}.tif", side, **said)


def _ramp(*special: float, kind: str = "float32") -> NDArray[Any]:
    values = np.linspace(0, 100, SIDE * SIDE).reshape(SIDE, SIDE)
    values[::7, ::5] = np.resize(special, values[::7, ::5].shape)
    return values.astype(kind)


RASTERS: dict[str, Maker] = {
    "VRT with a source on a server": _text("server.vrt", _vrt("/vsicurl/{url}/a.tif")),
    "VRT named tif": _text("named.tif", _vrt("/vsicurl/{url}/b.tif")),
    "VRT of another file": _text("other.vrt", _vrt("{secret}")),
    "WMS named tif": _text("wms.tif", WMS),
    "WCS named tif": _text("wcs.tif", WCS),
    "overviews on a server": _overviews("/vsicurl/{url}/overviews.tif"),
    "overviews in another file": _overviews("{secret}"),
    "WMS beside as overviews": _beside(".ovr", WMS),
    "WMS beside as mask": _beside(".msk", WMS),
    "notes beside with overviews": _beside(
        ".aux.xml",
        '<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">/vsicurl/{url}/c.tif</MDI>'
        "</Metadata></PAMDataset>",
    ),
    "text": _text("text.tif", "no raster\n" * 20),
    "nothing": _text("nothing.tif", ""),
    "local coordinates": _raster("local", crs=LOCAL),
    "the Moon": _raster("moon", crs=MOON),
    "no coordinates": _raster("none", crs=None),
    "transform with NaN": _raster("nan", transform=Affine(np.nan, 0, 5, 0, -CELL_DEG, 51)),
    "transform with infinity": _raster("inf", transform=Affine(np.inf, 0, 5, 0, -CELL_DEG, 51)),
    "cells without width": _raster("flat", transform=Affine(0, 0, 5, 0, -CELL_DEG, 51)),
    "cells on a line": _raster("line", transform=Affine(CELL_DEG, CELL_DEG, 5, CELL_DEG, CELL_DEG, 51)),
    "cells of a billion degrees": _raster("huge", transform=Affine(1e9, 0, -1e9, 0, -1e9, 1e9)),
    "cells of 1e-300 degrees": _raster("tiny", transform=Affine(1e-300, 0, 5, 0, -1e-300, 51)),
    "values not finite": _raster("values", values=_ramp(np.nan, np.inf, -np.inf)),
    "all NaN": _raster("void", values=_ramp() * np.nan),
    "values of 1e38": _raster("large", values=_ramp(3e38, -3e38)),
    "complex values": _raster("complex", values=_ramp(kind="complex64")),
    "one cell": _raster("one", values=np.ones((1, 1), np.float32)),
    "gigapixels, sparse": _sparse("giga", 100_000),
    "gigapixels in strips": _sparse("strips", 60_000, tiled=False, blockysize=1),
    "gigapixels in one block": _sparse("block", 60_000, tiled=False, blockysize=60_000, compress="none"),
    "gigapixels of 16 bits": _sparse("bits", 250_000, dtype="int16"),
}


def _map(name: str, *shapes: Any, **said: Any) -> Maker:
    return lambda place: write_map(place.folder / name, *shapes, **said)


def _geojson(name: str, change: Callable[[dict[str, Any], Place], object]) -> Maker:
    """GeoJSON of a road that is changed in place, or replaced by what the change gives."""

    def make(place: Place) -> Path:
        content = json.loads(gpd.GeoSeries([ROAD, ROAD], crs="EPSG:4326").to_json())
        for feature in content["features"]:
            feature["properties"] = {"ref": "E1", "highway": "primary"}
        changed = change(content, place)
        file = place.folder / name
        file.write_text(changed if isinstance(changed, str) else json.dumps(content))
        return file

    return make


def _crs_link(kind: str, key: str) -> Maker:
    def change(content: dict[str, Any], place: Place) -> None:
        content["crs"] = {"type": kind, "properties": {key: f"{place.url}/crs", "type": "proj4"}}

    return _geojson(f"{kind}.geojson", change)


def _deep(content: dict[str, Any], place: Place) -> str:
    return '{"type": "FeatureCollection", "features": ' + "[" * 100_000 + "]" * 100_000 + "}"


def _geopackage(name: str, *statements: str) -> Maker:
    """A sound GeoPackage, then SQL."""

    def make(place: Place) -> Path:
        file = write_map(place.folder / f"{name}.gpkg", ROAD)
        database = sqlite3.connect(file)
        for statement in statements:
            database.execute(
                statement.replace("{url}", place.url)
                .replace("{secret}", str(place.secret))
                .replace("{layer}", name)
            )
        database.commit()
        database.close()
        return file

    return make


def _scribble(n: int, closed: bool) -> Any:
    xy = np.random.default_rng(1).random((n, 2)) * (0.6, 0.4) + (5.2, 50.3)
    return shapely.Polygon(xy) if closed else shapely.LineString(xy)


def _long(closed: bool) -> Maker:
    """A million vertices that do not cross: a road that swings, an outline like the edge of a gear."""

    def make(place: Place) -> Path:
        turn = np.linspace(0, 2 * np.pi, 1_000_000)
        if closed:
            reach = 0.2 + 0.01 * np.sin(3000 * turn)
            shape = shapely.Polygon(np.c_[5.5 + reach * np.cos(turn), 50.5 + reach * np.sin(turn)])
        else:
            shape = shapely.LineString(np.c_[5.2 + turn / 10, 50.5 + 0.01 * np.sin(300 * turn)])
        return write_map(place.folder / f"long{closed:d}.gpkg", shape)

    return make


def _endless(place: Place) -> Path:
    """A layer that never ends: a view on itself."""
    counted = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT"
    return _geopackage(
        "endless",
        "ALTER TABLE endless RENAME TO stored",
        f"CREATE VIEW endless AS {counted} i AS fid, geom, ref, highway FROM n, stored",
    )(place)


def _nowhere(place: Place) -> Path:
    """A line with a vertex that is no number."""
    line = shapely.transform(ROAD, lambda xy: np.where(xy == 50.52, np.nan, xy))
    return write_map(place.folder / "nowhere.gpkg", line, ROAD)


VECTORS: dict[str, Maker] = {
    "VRT of a server": _text(
        "server.gpkg",
        '<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>/vsicurl/{url}/a.geojson</SrcDataSource>'
        "<SrcLayer>a</SrcLayer></OGRVRTLayer></OGRVRTDataSource>",
    ),
    "WFS named gpkg": _text("wfs.gpkg", "<OGRWFSDataSource><URL>{url}/wfs</URL></OGRWFSDataSource>"),
    "GML with a schema": _text(
        "schema.gml",
        '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" xmlns:xsi="http://www.w3.org/2001/'
        'XMLSchema-instance" xsi:schemaLocation="http://a {url}/a.xsd"></gml:FeatureCollection>',
    ),
    "KML with a link": _text(
        "link.kml",
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><NetworkLink><Link><href>{url}/a.kml</href>'
        "</Link></NetworkLink></Document></kml>",
    ),
    "GeoJSON with a link": _crs_link("link", "href"),
    "GeoJSON with an address": _crs_link("url", "url"),
    "GeoJSON with an address as name": _crs_link("name", "name"),
    "GeoJSON with NaN": _geojson(
        "nan.geojson", lambda content, _: json.dumps(content).replace("50.5", "NaN")
    ),
    "GeoJSON, 100,000 deep": _geojson("deep.geojson", _deep),
    "GeoJSON of a geometry": _geojson("shape.geojson", lambda *_: json.dumps(ROAD.__geo_interface__)),
    "GeoJSON of a list": _geojson("list.geojson", lambda *_: '{"features": [1, null, "x"]}'),
    "GeoJSON without geometry": _geojson(
        "bare.geojson", lambda content, _: [one.pop("geometry") for one in content["features"]] and None
    ),
    "GeoJSON without properties": _geojson(
        "plain.geojson", lambda content, _: [one.pop("properties") for one in content["features"]] and None
    ),
    "GeoPackage with a CRS on a server": _geopackage(
        "crs",
        "INSERT INTO gpkg_spatial_ref_sys(srs_name, srs_id, organization, organization_coordsys_id, "
        "definition) VALUES('x', 77777, 'NONE', 77777, '{url}/crs')",
        "UPDATE gpkg_contents SET srs_id = 77777",
        "UPDATE gpkg_geometry_columns SET srs_id = 77777",
    ),
    "GeoPackage of an endless view": _endless,
    "GeoPackage with a trigger": _geopackage(
        "trigger", "CREATE TRIGGER t AFTER INSERT ON {layer} BEGIN SELECT load_extension('{secret}'); END"
    ),
    "text": _text("text.gpkg", "no map\n" * 20),
    "nothing": _text("nothing.gpkg", ""),
    "SQLite and no more": _text("sqlite.gpkg", "SQLite format 3\0" + "x" * 2000),
    "Parquet and no more": _text("broken.parquet", "PAR1" + "x" * 2000 + "PAR1"),
    "an empty line": _map("empty.gpkg", shapely.LineString(), ROAD),
    "all empty": _map("void.gpkg", shapely.LineString(), None),
    "empty line in Parquet": _map("empty.parquet", shapely.LineString(), None, ROAD),
    "vertices not finite": _nowhere,
    "vertices of 1e300 degrees": _map("far.gpkg", shapely.LineString([(1e300, 1e300), (5, 50)]), ROAD),
    "all kinds of shapes": _map(
        "kinds.gpkg", shapely.Point(5, 50), AREA, shapely.GeometryCollection([ROAD, AREA]), ROAD
    ),
    "local coordinates": _map("local.gpkg", ROAD, crs=LOCAL),
    "the Moon": _map("moon.gpkg", ROAD, crs=MOON),
    "no coordinates": _map("none.parquet", ROAD, crs=None),
    "columns of other kinds": _map("kinds.parquet", ROAD, ref=[3.5], highway=[7]),
    "scribbled line of 1,000 vertices": _map("scribble.gpkg", _scribble(1000, closed=False)),
    "scribbled area of 300 vertices": _map("area.gpkg", _scribble(300, closed=True), AREA),
    "scribbled area of a million vertices": lambda place: write_map(
        place.folder / "areas.gpkg", _scribble(1_000_000, closed=True)
    ),
    "line of a million vertices": _long(closed=False),
    "area of a million vertices": _long(closed=True),
}
