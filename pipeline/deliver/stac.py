"""A STAC collection of a city with an item for each photo, so that catalogues find its rasters.

All links are relative: the collection lies in `stac/` beside the photos' folders and moves with them.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pystac
import rasterio
import shapely
from pystac.extensions.projection import ProjectionExtension
from pystac.extensions.raster import (
    DataType,
    NoDataStrings,
    RasterBand,
    RasterExtension,
    Sampling,
    Statistics,
)
from pystac.extensions.view import ViewExtension

from pipeline.camera.camera import Camera
from pipeline.camera.earth import east_north_up, to_geodetic
from pipeline.camera.sun import sun_elevation_deg
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.raster.bands import marked, photo_source, photo_sources

COG, VRT = pystac.MediaType.COG, pystac.MediaType.XML
# Rasters of a photo, with what they are to a catalogue.
RASTERS = {
    "ortho": ("Light on the map, red, green and blue", "data"),
    "light": ("Light above the background", "data"),
    "tone": ("Tone, log2 of green over red light", "data"),
    "lamps": ("Families of lamps", "data"),
    "geometry": ("Viewing geometry and position uncertainty", "metadata"),
    "photo_in_place": ("The photo, not resampled", "source"),
}
# A photo without a date was taken while the station flies: its first module and the end that is planned.
STATION = (datetime(1998, 11, 20, tzinfo=UTC), datetime(2030, 12, 31, tzinfo=UTC))
# Of the collection: what the maps and places behind every result ask for.
LICENCE = "ODbL-1.0"


def write_stac(city: CityResults, folder: Path) -> None:
    """`collection.json` and an item for each photo, into a folder beside those of the photos."""
    items = [_item(photo, folder) for photo in city.photos]
    boxes = [item.bbox for item in items if item.bbox] or [[-180.0, -90.0, 180.0, 90.0]]
    west, south = np.min(boxes, axis=0)[:2].tolist()
    east, north = np.max(boxes, axis=0)[2:].tolist()
    times = [photo.facts.taken_at for photo in city.photos if photo.facts.taken_at]
    title = marked(city.title, city.simulated)
    collection = pystac.Collection(
        id=city.name,
        title=title,
        description=f"Night light across borders: {title}.",
        extent=pystac.Extent(
            pystac.SpatialExtent([[west, south, east, north]]),
            pystac.TemporalExtent([[min(times), max(times)]] if times else [[*STATION]]),
        ),
        license=LICENCE,
        providers=[
            pystac.Provider(name, roles=[pystac.ProviderRole.PRODUCER])
            for name, _ in photo_sources(city.origins)
        ],
    )
    for item in items:
        collection.add_item(item)
    collection.normalize_hrefs(str(folder), strategy=pystac.layout.TemplateLayoutStrategy("", "", ""))
    for item in items:
        item.set_self_href(str(folder / f"{item.id}.json"))
    collection.save(pystac.CatalogType.SELF_CONTAINED, dest_href=str(folder))


def _item(photo: PhotoResults, folder: Path) -> pystac.Item:
    """A photo: where and when it was taken, how it looks at the ground, and its rasters."""
    frame = _in_degrees(photo.footprint)
    taken = photo.facts.taken_at
    source, licence = photo_source(photo.name, photo.simulated)
    item = pystac.Item(
        id=photo.name,
        geometry=shapely.geometry.mapping(frame),
        bbox=list(frame.bounds),
        datetime=taken,
        start_datetime=None if taken else STATION[0],
        end_datetime=None if taken else STATION[1],
        properties={
            "title": photo.title,
            "description": f"{source}; {licence}",
            "borderlight:evidence": photo.evidence,
            "borderlight:simulated": photo.simulated,
        },
    )
    off_nadir_deg, azimuth_deg = _looks(photo.camera)
    view = ViewExtension.ext(item, add_if_missing=True)
    view.apply(off_nadir=round(off_nadir_deg, 3), azimuth=round(azimuth_deg, 3))
    if taken:
        middle = frame.centroid
        view.sun_elevation = round(float(sun_elevation_deg(taken, middle.x, middle.y)), 2)
    for kind, (title, role) in RASTERS.items():
        file = photo.raster(kind)
        media = VRT if kind == "photo_in_place" else COG
        asset = pystac.Asset(f"../{photo.name}/{file.name}", title, media_type=media, roles=[role])
        item.add_asset(kind, asset)
        _describe(asset, file, photo.in_place_crs if kind == "photo_in_place" else "")
    for kind, title in (("camera", "The solved camera"), ("photo_facts", "Facts of the photo")):
        name = {"camera": "camera.json", "photo_facts": "photo.json"}[kind]
        asset = pystac.Asset(
            f"../{photo.name}/{name}", title, media_type=pystac.MediaType.JSON, roles=["metadata"]
        )
        item.add_asset(kind, asset)
    return item


def _describe(asset: pystac.Asset, file: Path, own_crs: str) -> None:
    """Place and bands of a raster."""
    with rasterio.open(file) as source:
        place = ProjectionExtension.ext(asset, add_if_missing=True)
        epsg = None if own_crs else source.crs.to_epsg()
        place.apply(
            code=f"EPSG:{epsg}" if epsg else None,
            wkt2=None if epsg else source.crs.to_wkt(),
            shape=[source.height, source.width],
            transform=list(source.transform)[:6],
        )
        kinds = [DataType(kind) for kind in source.dtypes]
        nodata = source.nodata
        no_value = NoDataStrings.NAN if nodata is not None and math.isnan(nodata) else nodata
        bands = [
            RasterBand.create(
                data_type=kind,
                nodata=no_value,
                sampling=Sampling.AREA,
                unit=unit if unit and unit != "1" else None,
                statistics=_statistics(source.tags(number)),
            )
            for number, (kind, unit) in enumerate(zip(kinds, source.units, strict=True), 1)
        ]
        for band, name in zip(bands, source.descriptions, strict=True):
            band.properties |= {"name": name} if name else {}
    RasterExtension.ext(asset, add_if_missing=True).apply(bands)


def _statistics(tags: Mapping[str, str]) -> Statistics | None:
    """What the file says of a band, exactly; nothing where it says nothing, or the band holds nothing."""
    names = {"minimum": "MINIMUM", "maximum": "MAXIMUM", "mean": "MEAN", "stddev": "STDDEV"}
    found: dict[str, Any] = {
        name: float(tags[f"STATISTICS_{tag}"]) for name, tag in names.items() if f"STATISTICS_{tag}" in tags
    }
    known = len(found) == len(names) and all(math.isfinite(value) for value in found.values())
    return Statistics.create(**found) if known else None


def _looks(camera: Camera) -> tuple[float, float]:
    """The angle at the camera between straight down and the middle of the frame, and the azimuth of that
    direction, degrees clockwise from north."""
    lon, lat, _ = to_geodetic(camera.position_ecef_m)
    east, north, up = east_north_up(lon, lat) @ camera.rotation_ecef_to_camera[2]
    off_nadir = math.degrees(math.acos(min(1.0, max(-1.0, -up))))
    return off_nadir, math.degrees(math.atan2(east, north)) % 360


def _in_degrees(footprint: gpd.GeoDataFrame) -> shapely.Polygon | shapely.MultiPolygon:
    """The frame in WGS 84."""
    frame: shapely.Polygon | shapely.MultiPolygon = footprint.to_crs(4326).geometry.union_all()
    return frame
