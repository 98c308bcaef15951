"""Builds data/borders.gpkg from the OpenStreetMap boundaries inside the timezonefinder package.

    python data/build_borders.py

Where two countries' polygons overlap, both own the ground together (the rivers between Germany and
Luxembourg, the Ems-Dollart): such ground is in layer `shared` and in no country, and the border runs along
its midline.
"""

import math
import os
from itertools import combinations
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Transformer
from scipy.spatial import Voronoi
from shapely.geometry.base import BaseGeometry
from timezonefinder import TimezoneFinder

OUT = Path(__file__).with_name("borders.gpkg")
ZONES = {"BE": "Europe/Brussels", "DE": "Europe/Berlin", "LU": "Europe/Luxembourg", "NL": "Europe/Amsterdam"}
FRAME = shapely.box(2.3, 49.2, 9.6, 53.8)
DIGITS = 7  # the source counts in 1e-7 degrees (1 cm)
TOLERANCE_M = 2.0
SHARED_NAMES = {  # by a point in or beside them
    "Moselle, Sauer and lower Our": shapely.Point(6.3648, 49.5454),
    "upper Our": shapely.Point(6.1329, 50.0247),
    "Ems-Dollart": shapely.Point(7.0, 53.33),
}
TO_METRES = Transformer.from_crs("EPSG:4326", "EPSG:3035", always_xy=True)


def metres(geometry: BaseGeometry) -> BaseGeometry:
    return shapely.transform(geometry, TO_METRES.transform, interleaved=False)


def degrees(geometry: BaseGeometry) -> BaseGeometry:
    def back(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        lon, lat = TO_METRES.transform(x, y, direction="INVERSE")
        return np.round(lon, DIGITS), np.round(lat, DIGITS)

    return shapely.transform(geometry, back, interleaved=False)


def pieces(geometry: BaseGeometry, dimension: int) -> list[BaseGeometry]:
    """The single lines (1) or polygons (2) of a mixed geometry."""
    parts = shapely.get_parts(geometry)
    return [part for part in parts if shapely.get_dimensions(part) == dimension and not part.is_empty]


def lines(geometry: BaseGeometry) -> BaseGeometry:
    """The lines of a mixed geometry, joined where they meet."""
    return shapely.line_merge(shapely.MultiLineString(pieces(geometry, 1)))


def country(zone: str) -> BaseGeometry:
    """All of a country inside the frame, territorial sea and shared ground included."""
    rings = TimezoneFinder().get_geometry(tz_name=zone, coords_as_pairs=True)
    whole = shapely.MultiPolygon([shapely.Polygon(shell, holes) for shell, *holes in rings])
    whole = shapely.transform(whole, lambda xy: np.round(xy, DIGITS))
    return shapely.intersection(whole, FRAME)


def simplified(faces: list[BaseGeometry]) -> list[BaseGeometry]:
    """Faces that share edges exactly, with fewer vertices and still sharing edges exactly."""
    return [
        degrees(face) for face in shapely.coverage_simplify([metres(face) for face in faces], TOLERANCE_M)
    ]


def midline(ground: BaseGeometry, bank: BaseGeometry, other: BaseGeometry) -> BaseGeometry:
    """The line through shared ground as far from one bank as from the other (EPSG:4326).

    Both banks are sampled; edges of the Voronoi diagram between samples of different banks make up the line.
    """
    ground, bank, other = metres(ground), metres(bank), metres(other)
    spacing_m = ground.area / ground.length / 4  # an eighth of the mean width
    near, far = (set(shapely.segmentize(line, spacing_m).coords) for line in (bank, other))
    ends = sorted(near & far)
    samples = [sorted(near - far), sorted(far - near)]
    diagram = Voronoi(np.concatenate(samples))
    first = diagram.ridge_points < len(samples[0])
    edges = np.asarray(diagram.ridge_vertices)[first[:, 0] != first[:, 1]]
    edges = edges[(edges >= 0).all(axis=1)]
    # Where the ground is narrower than the spacing the line may leave it by less; the tips go straight.
    room = ground.buffer(spacing_m) - shapely.MultiPoint(ends).buffer(2 * spacing_m)
    line = shapely.intersection(shapely.union_all(shapely.linestrings(diagram.vertices[edges])), room)
    line = max(shapely.get_parts(lines(line)), key=shapely.length)
    path = shapely.get_coordinates(shapely.simplify(line, TOLERANCE_M))
    for end in ends:  # here the banks meet, and dry land begins
        last = math.dist(path[-1], end) < math.dist(path[0], end)
        path = np.vstack([path, end] if last else [end, path])
    return degrees(shapely.LineString(path))


def build() -> dict[str, gpd.GeoDataFrame]:
    whole = {code: country(zone) for code, zone in ZONES.items()}
    pairs = list(combinations(sorted(whole), 2))
    grounds = [(pair, ground) for pair in pairs for ground in pieces(whole[pair[0]] & whole[pair[1]], 2)]
    common = shapely.union_all([ground for _, ground in grounds])
    faces = simplified([*(whole[code] - common for code in whole), *(ground for _, ground in grounds)])
    own = dict(zip(whole, faces, strict=False))
    shared = [(pair, ground) for (pair, _), ground in zip(grounds, faces[len(whole) :], strict=True)]

    borders = {}
    for first, second in pairs:
        along = [own[first].boundary & own[second].boundary]
        for ground in (ground for pair, ground in shared if pair == (first, second)):
            banks = (lines(ground.boundary & own[code].boundary) for code in (first, second))
            along.append(midline(ground, *banks))
        line = lines(shapely.union_all(along))
        if not line.is_empty:
            borders[first, second] = line

    def named(ground: BaseGeometry) -> str:
        return min(SHARED_NAMES, key=lambda name: ground.distance(SHARED_NAMES[name]))

    return {
        "countries": frame(
            {"country": list(own)}, [shapely.MultiPolygon(pieces(g, 2)) for g in own.values()]
        ),
        "borders": frame(
            {
                "pair": ["-".join(pair) for pair in borders],
                "first": [first for first, _ in borders],
                "second": [second for _, second in borders],
            },
            [shapely.MultiLineString(list(shapely.get_parts(line))) for line in borders.values()],
        ),
        "shared": frame(
            {"pair": ["-".join(pair) for pair, _ in shared], "name": [named(ground) for _, ground in shared]},
            [ground for _, ground in shared],
        ),
    }


def frame(columns: dict[str, list[str]], geometry: list[BaseGeometry]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=geometry, crs="EPSG:4326")


def main() -> None:
    os.environ["OGR_CURRENT_DATE"] = "2026-01-01T00:00:00Z"  # the same input gives the same bytes
    OUT.unlink(missing_ok=True)
    for layer, content in build().items():
        content.to_file(OUT, layer=layer, engine="pyogrio")


if __name__ == "__main__":
    main()
