"""Lit streets of OpenStreetMap around a place: as many classes as the photo can show, piece by piece."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.archive.cache import damaged, fetched_on, kept
from pipeline.archive.client import Limits
from pipeline.archive.openstreetmap import (
    JSON,
    LICENCE,
    SERVER_TIMEOUT_S,
    SERVERS,
    Box,
    parse_elements,
    places_of,
)
from pipeline.camera.terrain import Bounds
from pipeline.errors import DownloadError

QUERY = '[out:json][timeout:{timeout_s}];way["highway"~"^({classes})$"]({box});out tags geom;'
MAX_PIECES = 64  # asked one by one, some seconds each: minutes in all
PIECE_LIMITS = Limits(silence_s=40.0, total_s=120.0, size_bytes=96e6)
ALL_PIECES_S = 1200.0  # a run waits no longer: cities serve without
LINK = "_link"

Street = tuple[str, shapely.LineString | None]
"""Class and line of a way; no line of a way of one place."""


@dataclass(frozen=True)
class Detail:
    """Classes of street (OpenStreetMap's `highway`) that tell places where a pixel is no wider than
    `pixel_m`; pieces (degrees of latitude and longitude) of which a server is asked at a time.

    A piece of a dense conurbation is some 30 MB."""

    name: str
    pixel_m: float
    classes: tuple[str, ...]
    south_north_deg: float
    west_east_deg: float


# Through 400 mm a pixel of the station's cameras is 8 to 12 m wide: streets of houses stand apart. Through
# 180 mm it is 20 to 35 m: they run together to a glow, and thoroughfares stand out of it, as they do in
# pictures of half the size: alone they placed two simulated frames of 41 and 45 m to 0.13 and 0.39 px, with
# houses to 0.15 and 0.27 px.
THOROUGHFARES = ("motorway", "trunk", "primary", "secondary", "tertiary")
OF_HOUSES = ("residential", "living_street", "pedestrian", "unclassified")
DETAILS = (
    Detail("houses", 15.0, THOROUGHFARES + OF_HOUSES, 0.25, 0.4),
    Detail("thoroughfares", 50.0, THOROUGHFARES, 0.5, 0.75),
)


@dataclass(frozen=True, eq=False)
class Streets:
    """Lines (degrees) with `highway`, and what is to be told of them."""

    lines: gpd.GeoDataFrame
    told: dict[str, str] = field(default_factory=dict)


def detail_for(pixel_m: float) -> Detail | None:
    """What is fetched for a photo with pixels so wide; None where streets would run together."""
    return next((detail for detail in DETAILS if pixel_m <= detail.pixel_m), None)


def fetch_streets(around: Bounds, detail: Detail, cache: Path, servers: Sequence[str] = SERVERS) -> Streets:
    """The streets in bounds (degrees), of pieces that are in the folder `cache` or come from a server, one
    after the other. Raises DownloadError where one of them cannot be had."""
    boxes, deadline = list(_pieces(around, detail)), monotonic() + ALL_PIECES_S
    files = [_piece(box, detail, cache, servers, PIECE_LIMITS.until(deadline)) for box in boxes]
    lines = pd.concat([_read(file) for file in files]).drop_duplicates("id")
    if lines.empty:
        raise DownloadError("OpenStreetMap knows none there")
    told = {
        "source": "OpenStreetMap",
        "classes": " ".join(detail.classes),
        "fetched": fetched_on(files),
        "licence": LICENCE,
    }
    return Streets(lines[["highway", "geometry"]].reset_index(drop=True), told)


def _pieces(around: Bounds, detail: Detail) -> Iterator[Box]:
    """Boxes of a lattice that is the same for all photos, so that they share what was fetched."""
    high, wide = detail.south_north_deg, detail.west_east_deg
    west, south, east, north = around
    rows = np.arange(np.floor(south / high), np.ceil(north / high))
    columns = np.arange(np.floor(west / wide), np.ceil(east / wide))
    if len(rows) * len(columns) > MAX_PIECES:
        raise DownloadError(
            f"{len(rows) * len(columns)} pieces would be needed, more than {MAX_PIECES}: the place of the "
            "photo is not known well enough; state look_at with a small radius_km"
        )
    for row in rows:
        for column in columns:
            yield Box(row * high, column * wide, (row + 1) * high, (column + 1) * wide)


def _piece(box: Box, detail: Detail, cache: Path, servers: Sequence[str], limits: Limits) -> Path:
    """The file of the streets of a box, with their numbers."""
    classes = "|".join(detail.classes) + f"|({'|'.join(THOROUGHFARES)}){LINK}"
    asked = "?" + urlencode({"data": QUERY.format(timeout_s=SERVER_TIMEOUT_S, classes=classes, box=box)})

    streets: dict[int, Street] = {}

    def check(answer: Path) -> None:
        streets.clear()
        streets.update(parse_elements(answer.read_bytes(), lambda element: _street(element, box)))

    def convert(answer: Path) -> None:
        """Keep of the answer what is needed, a tenth of its size."""
        _table(streets).to_parquet(answer)

    file = cache / detail.name / f"{box.south:g}_{box.west:g}.parquet"
    try:
        return kept(file, [server + asked for server in servers], LICENCE, JSON, limits, check, convert)
    except DownloadError as error:
        raise DownloadError(str(error).replace(asked, "")) from None


def _read(file: Path) -> gpd.GeoDataFrame:
    try:
        return gpd.read_parquet(file)
    except (OSError, ValueError):  # pyarrow's and geopandas' own are ValueErrors
        raise damaged(file) from None


def _street(element: Any, box: Box) -> Street:
    places = places_of(element, box)
    return str(element["tags"]["highway"]), shapely.LineString(places) if len(places) > 1 else None


def _table(streets: dict[int, Street]) -> gpd.GeoDataFrame:
    good = {number: street for number, street in streets.items() if street[1] is not None}
    columns = {"id": list(good), "highway": [highway for highway, _ in good.values()]}
    return gpd.GeoDataFrame(columns, geometry=[line for _, line in good.values()], crs="EPSG:4326")
