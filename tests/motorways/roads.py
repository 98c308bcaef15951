"""Motorways across the border of two lands, strips along one with planted light, and segments by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from pipeline.borders.zones import AREA_CRS
from pipeline.ground.countries import Countries
from pipeline.ground.roads import Motorways
from pipeline.motorways.chainage import Regional, find_crossings
from pipeline.motorways.light_end import Road
from pipeline.motorways.lit_segments import Segment, classified, find_segments, lit_light, make_profile
from pipeline.motorways.settings import MOTORWAY_SETTINGS
from tests.scenes.lands import box, countries, place

FRAME = box(0, 0, 40, 40)
CELL_M = 50.0
LIT = 100.0  # light per km of the lit road of `strips_of`


def line(*points_km: tuple[float, float]) -> shapely.LineString:
    return shapely.LineString([place(*point) for point in points_km])


def roads(*rows: tuple[str, float, Any]) -> Motorways:
    """Motorways of (ref, error_m, geometry)."""
    ref, error_m, geometry = zip(*rows, strict=True)
    table = gpd.GeoDataFrame(
        {"ref": ref, "name": ref, "error_m": error_m}, geometry=list(geometry), crs=AREA_CRS
    )
    return Motorways(table, ())


def crossings(motorways: Motorways, lands: Countries | None = None, **more: Any):
    return find_crossings(
        motorways, lands or countries(), more.pop("frame", FRAME), CELL_M, MOTORWAY_SETTINGS, **more
    )


def strips_of(rng: np.random.Generator, lit_where, noise: float = 40.0, n: int = 800) -> tuple[Any, ...]:
    """What `make_profile` takes: strips of nothing but noise beside a road lit where it is said."""
    chainage = np.arange(-n // 2, n // 2) * 25.0
    strips = noise * rng.standard_normal((13, n))
    strips[6] += LIT * lit_where(chainage)
    return chainage, strips, np.full(n, noise), 20.0, MOTORWAY_SETTINGS


def segments_of(profile):
    found = find_segments(profile, MOTORWAY_SETTINGS)
    return classified(found, lit_light(found, MOTORWAY_SETTINGS), MOTORWAY_SETTINGS)


def segment(light: float, sigma: float, **more: Any) -> Segment:
    return replace(Segment(0, 100, 4000.0, light, sigma, 1.0, 0.0, True), **more)


def a_road(error_m: float = 30.0, regional: tuple[Regional, ...] = ()) -> Road:
    (one,), _ = crossings(roads(("E1", error_m, line((5, 20), (35, 20)))))
    one = replace(one, regional=regional)
    strips = np.random.default_rng(6).standard_normal((13, len(one.x)))
    profile = make_profile(one.chainage_m, strips, np.ones(len(one.x)), 40.0, MOTORWAY_SETTINGS)
    return Road(one, profile, [], np.full(len(one.x), 20.0))


def written(tmp_path: Path, table: gpd.GeoDataFrame, name: str = "roads.gpkg", **more: Any) -> Path:
    file = tmp_path / name
    table.to_file(file, **more)
    return file
