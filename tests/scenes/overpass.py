"""A server that answers as OpenStreetMap's Overpass does, of lines with `highway`."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import geopandas as gpd
import shapely

from tests.archive.server import Answer, Archive, serve_by


@contextmanager
def overpass(streets: gpd.GeoDataFrame) -> Iterator[Archive]:
    """Ways of the asked classes that touch the asked box, whole, as it sends them."""
    lines = streets.to_crs("EPSG:4326").explode(ignore_index=True)
    elements = [
        {
            "type": "way",
            "id": number,
            "tags": {"highway": highway},
            "geometry": [{"lon": lon, "lat": lat} for lon, lat in line.coords],
        }
        for number, (highway, line) in enumerate(zip(lines["highway"], lines.geometry, strict=True))
    ]

    def answer(path: str) -> Answer:
        (query,) = parse_qs(urlsplit(path).query)["data"]
        asked = re.search(r'way\["highway"~"(\^.*?\$)"\]\(([^)]*)\)', query)
        assert asked is not None, query
        south, west, north, east = (float(side) for side in asked[2].split(","))
        near = lines.geometry.intersects(shapely.box(west, south, east, north))
        chosen = lines[near & lines["highway"].str.fullmatch(asked[1])]
        ways = [elements[number] for number in chosen.index]
        return Answer(content=json.dumps({"elements": ways}).encode(), kind="application/json")

    with serve_by(answer) as server:
        yield server
