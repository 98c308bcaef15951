"""Motorways of OpenStreetMap: what to ask its Overpass server for, and its answer as lines."""

from typing import Any
from urllib.parse import urlencode

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

OVERPASS = "https://overpass-api.de/api/interpreter"
CARRIAGEWAY_ERROR_M = 15.0  # of one carriageway as the line of both, a 95 % bound
SERVER_TIMEOUT_S = 50  # for its answer, less than the client waits


def motorways_url(lon: float, lat: float, radius_km: float, server: str = OVERPASS) -> str:
    """The address of all motorways in a box around a place (degrees)."""
    high = radius_km / 111.2
    wide = high / np.cos(np.radians(lat))
    box = f"{lat - high:.4f},{lon - wide:.4f},{lat + high:.4f},{lon + wide:.4f}"
    query = f'[out:json][timeout:{SERVER_TIMEOUT_S}];way["highway"="motorway"]({box});out tags geom;'
    return f"{server}?{urlencode({'data': query})}"


def motorways_from(answer: dict[str, Any]) -> gpd.GeoDataFrame:
    """Lines (degrees) with ref, name and error_m: a way of several European routes stands under each of them,
    one of none under its national number; a way without a number is left out."""
    rows: list[tuple[str, str, float, shapely.LineString]] = []
    for way in answer.get("elements", []):
        tags = way.get("tags", {})
        places = [(place["lon"], place["lat"]) for place in way.get("geometry", []) if place]
        if len(places) < 2:
            continue
        national = tags.get("ref", "").replace(" ", "")
        numbers = (tags.get("int_ref") or national).replace(" ", "").split(";")
        line = shapely.LineString(places)
        rows += [(number, national, CARRIAGEWAY_ERROR_M, line) for number in numbers if number]
    table = pd.DataFrame(rows, columns=["ref", "name", "error_m", "geometry"])
    return gpd.GeoDataFrame(table, geometry="geometry", crs="EPSG:4326")
