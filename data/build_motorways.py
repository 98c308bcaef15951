"""Builds data/motorways.gpkg: the lit motorways that reach the borders, one line for both carriageways.

    python data/build_motorways.py

Around Liège they follow OpenStreetMap (the streets of build_streets.py); elsewhere they are drawn by hand
through the places they pass, and are approximate: `error_m` says by how much a line may be off.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from motorway_routes import ROUTES, Hand, Osm, Route, Xy
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from shapely.geometry.base import BaseGeometry

DATA = Path(__file__).parent
OUT = DATA / "motorways.gpkg"
OSM_ERROR_M = 30.0  # half the road, and the streets' simplification
METRES = "EPSG:3035"
DEGREES = "EPSG:4326"


@dataclass(frozen=True)
class Network:
    """The motorway carriageways around Liège as a graph."""

    nodes: np.ndarray
    edges: dict[tuple[int, int], BaseGeometry]

    @classmethod
    def read(cls) -> "Network":
        streets = gpd.read_parquet(DATA / "streets_liege.parquet")
        pieces = streets[streets["highway"] == "motorway"].explode().geometry.array
        ends = np.concatenate(
            [shapely.get_coordinates(shapely.get_point(pieces, index)) for index in (0, -1)]
        )
        nodes, index = np.unique(ends, axis=0, return_inverse=True)
        pairs = index.reshape(2, -1).T.tolist()
        edges: dict[tuple[int, int], BaseGeometry] = {}
        for (start, end), piece in sorted(zip(pairs, pieces, strict=True), key=lambda e: -e[1].length):
            edges[start, end], edges[end, start] = piece, piece.reverse()  # the shortest of parallels stays
        return cls(nodes, edges)

    def path(self, start: Xy, end: Xy) -> BaseGeometry:
        """The shortest way between the nodes nearest to two places."""
        first, last = (int(np.hypot(*(self.nodes - place).T).argmin()) for place in (start, end))
        pairs = np.array(list(self.edges))
        lengths = [line.length for line in self.edges.values()]
        graph = coo_array((lengths, pairs.T), shape=(len(self.nodes), len(self.nodes))).tocsr()
        before = dijkstra(graph, indices=first, return_predecessors=True)[1]
        steps = []
        while last != first:
            steps.append(self.edges[int(before[last]), last])
            last = int(before[last])
        return shapely.LineString(np.concatenate([shapely.get_coordinates(step) for step in reversed(steps)]))


def legs(route: Route, network: Network) -> Iterator[tuple[Hand | Osm, BaseGeometry]]:
    """The legs of a route with their lines, hand-drawn ones joined to the ends of their neighbours."""
    known = {leg: network.path(leg.start, leg.end) for leg in route.legs if isinstance(leg, Osm)}
    for index, leg in enumerate(route.legs):
        if isinstance(leg, Osm):
            yield leg, known[leg]
            continue
        points = list(leg.points)
        if index > 0:
            before = route.legs[index - 1]
            points.insert(0, known[before].coords[-1] if isinstance(before, Osm) else before.points[-1])
        if index + 1 < len(route.legs) and isinstance(after := route.legs[index + 1], Osm):
            points.append(known[after].coords[0])
        yield leg, shapely.LineString(points)


def main() -> None:
    countries = gpd.read_file(DATA / "borders.gpkg", layer="countries")
    network = Network.read()
    rows = []
    for route in ROUTES:
        for leg, line in legs(route, network):
            hand = isinstance(leg, Hand)
            for country, area in zip(countries["country"], countries.geometry, strict=True):
                rows += [
                    {
                        "ref": route.ref,
                        "name": route.names[country],
                        "country": country,
                        "source": "hand" if hand else "osm",
                        "approximate": hand,
                        "error_m": leg.error_m if isinstance(leg, Hand) else OSM_ERROR_M,
                        "geometry": part,
                    }
                    for part in shapely.get_parts(shapely.intersection(line, area))
                    if part.length > 0
                ]
    os.environ["OGR_CURRENT_DATE"] = "2026-01-01T00:00:00Z"  # the same input gives the same bytes
    OUT.unlink(missing_ok=True)
    gpd.GeoDataFrame(pd.DataFrame(rows), geometry="geometry", crs=DEGREES).to_file(OUT, layer="motorways")


if __name__ == "__main__":
    main()
