"""Motorways of OpenStreetMap: what its Overpass servers are asked, and what of their answers is believed."""

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

import numpy as np

from pipeline.archive.client import Limits, fetch_any
from pipeline.camera.earth import Array
from pipeline.camera.reach import bounds_around
from pipeline.errors import DownloadError, one_line

# Public servers of the same data, the main one first; wiki.openstreetmap.org/wiki/Overpass_API.
SERVERS = (
    "https://overpass-api.de/api/interpreter",
    "https://overpass.private.coffee/api/interpreter",
    "https://maps.mail.ru/osm/tools/overpass/api/interpreter",
)
LICENCE = "© OpenStreetMap contributors, Open Database Licence (ODbL) 1.0, openstreetmap.org/copyright"
QUERY = '[out:json][timeout:{timeout_s}];way["highway"="motorway"]({box});out tags geom;'
# A piece of the dense Ruhr is about 5 MB and takes a server some seconds, so that it is seldom refused.
PIECE_SIDE_KM = 100.0
PIECE_LIMITS = Limits(silence_s=30.0, total_s=90.0, size_bytes=32e6)
SERVER_TIMEOUT_S = 25  # for its answer, less than the client waits
ALL_PIECES_S = 600.0  # a run waits no longer, however large its map is
ATTEMPTS = 2  # of each server: there are others, and lines drawn by hand
MARGIN_DEG = 0.01  # how far beside its box a way may lie, for rounding
LONGEST_WAY_DEG = 2.0  # OpenStreetMap cuts roads where anything changes; one of 200 km is a misplaced point
JSON = ("application/json",)

Parsed = TypeVar("Parsed")


class Box(NamedTuple):
    """Degrees; its text is how Overpass takes it."""

    south: float
    west: float
    north: float
    east: float

    def __str__(self) -> str:
        return ",".join(f"{side:.4f}" for side in self)


@dataclass(frozen=True, eq=False)
class Way:
    """A piece of motorway: the numbers it stands under, its national ones as `A2/A3`, and whether traffic
    runs only in the order of its `places` (longitude and latitude, degrees; (n, 2))."""

    numbers: tuple[str, ...]
    national: str
    one_way: bool
    places: Array


@dataclass(frozen=True, eq=False)
class Answer:
    """All ways of an area, the servers that gave them and what these were asked."""

    ways: list[Way]
    servers: list[str]
    queries: list[str]


def fetch_ways(
    lon: float, lat: float, radius_km: float, folder: Path, servers: Sequence[str] = SERVERS
) -> Answer:
    """The motorways of the square around a place (degrees), fetched piece by piece by way of `folder`.

    Raises DownloadError where one of the pieces cannot be had of any server."""
    deadline, ways, used = monotonic() + ALL_PIECES_S, dict[int, Way](), list[str]()
    boxes = list(pieces(lon, lat, radius_km))
    for box in boxes:
        limits = PIECE_LIMITS.until(deadline)
        of_piece, server = _fetch_piece(box, folder / "answer.json", servers, limits)
        ways |= of_piece
        servers = sorted(servers, key=lambda other: other != server)  # the next piece is asked of it first
        used += [] if server in used else [server]
    return Answer(list(ways.values()), used, [query_of(box) for box in boxes])


def _fetch_piece(box: Box, file: Path, servers: Sequence[str], limits: Limits) -> tuple[dict[int, Way], str]:
    """The ways of a box, and the server that gave them."""
    asked = "?" + urlencode({"data": query_of(box)})
    ways: dict[int, Way] = {}

    def check(answer: Path) -> None:
        ways.update(parse_ways(answer.read_bytes(), box))

    try:
        urls = [server + asked for server in servers]
        fetched = fetch_any(urls, file, attempts=ATTEMPTS, kinds=JSON, limits=limits, check=check)
    except DownloadError as error:
        raise DownloadError(str(error).replace(asked, "")) from None
    return ways, fetched.url.removesuffix(asked)


def query_of(box: Box) -> str:
    """What is asked of a server, in Overpass QL."""
    return QUERY.format(timeout_s=SERVER_TIMEOUT_S, box=box)


def pieces(lon: float, lat: float, radius_km: float) -> Iterator[Box]:
    """The square around a place (degrees) in boxes of at most PIECE_SIDE_KM."""
    west, south, east, north = bounds_around(lon, lat, radius_km)
    count = math.ceil(2 * radius_km / PIECE_SIDE_KM)
    south_north = np.linspace(south, north, count + 1)
    west_east = np.clip(np.linspace(west, east, count + 1), -180, 180)
    for low, high in pairwise(south_north):
        for left, right in pairwise(west_east):
            yield Box(float(low), float(left), float(high), float(right))


def parse_ways(content: bytes, box: Box) -> dict[int, Way]:
    """The ways of an answer about `box`, by OpenStreetMap's own number; those without a name of a road are
    left out. Raises DownloadError where it is no answer, or one of another place."""
    parsed = parse_elements(content, lambda element: _way(element, box))
    return {number: way for number, way in parsed.items() if way is not None}


def parse_elements(content: bytes, parse: Callable[[Any], Parsed]) -> dict[int, Parsed]:
    """What `parse` makes of each element of an answer, by OpenStreetMap's own number; it may raise KeyError,
    ValueError and the like. Raises DownloadError where it does, and where there is no answer."""
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        raise DownloadError("the server's answer is not JSON") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("elements"), list):
        raise DownloadError("the server's answer has no list of ways")
    if "remark" in answer:  # it ran out of time or memory, and may still say 200 and send a part
        raise DownloadError(f"the server gave up: {one_line(str(answer['remark']))}")
    try:
        return {int(element["id"]): parse(element) for element in answer["elements"]}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        reason = "the server's answer has a way without places, or with impossible ones"
        raise DownloadError(reason) from None


def places_of(element: Any, box: Box) -> Array:
    """Longitude and latitude (n, 2) along a way of an answer. Raises ValueError and the like where it is no
    way, or is not in the box."""
    places = np.array([(place["lon"], place["lat"]) for place in element["geometry"]], float).reshape(-1, 2)
    if element["type"] != "way" or not len(places) or not np.isfinite(places).all():
        raise ValueError
    (west, south), (east, north) = places.min(axis=0), places.max(axis=0)
    apart_deg = max(west - box.east, box.west - east, south - box.north, box.south - north)
    if apart_deg > MARGIN_DEG or max(east - west, north - south) > LONGEST_WAY_DEG:
        raise ValueError
    return places


def _way(element: Any, box: Box) -> Way | None:
    """A way of an answer, None where it has no number or one place only. Raises ValueError and the like where
    it is none, or is not in the box."""
    tags, places = element.get("tags", {}), places_of(element, box)
    national = str(tags.get("ref", "")).replace(" ", "")
    named = str(tags.get("int_ref") or national).replace(" ", "")
    numbers = tuple(dict.fromkeys(number for number in named.split(";") if number))
    if not numbers or len(places) < 2:
        return None
    direction = str(tags.get("oneway", "yes"))
    return Way(
        numbers,
        national.replace(";", "/"),
        one_way=direction in ("yes", "true", "1", "-1"),
        places=places[::-1] if direction == "-1" else places,
    )
