"""Motorways across the border of two lands, strips along one with planted light, and segments by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from pipeline.borders.squares import AREA_CRS
from pipeline.ground.countries import Countries
from pipeline.ground.roads import Motorways
from pipeline.motorways.chainage import Regional, find_crossings
from pipeline.motorways.light_end import Road
from pipeline.motorways.lit_segments import Profile, find_segments
from pipeline.motorways.ridge import Ridge
from pipeline.motorways.road_chain import Chain, Followed
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


def a_ridge(rng: np.random.Generator, light: Any, sigma: float = 10.0, sigma_m: float = 150.0) -> Ridge:
    """The ridge of a road of 100 m blocks about its border, of light (offsets, blocks) and normal noise."""
    offsets, blocks = light.shape
    return Ridge(
        chainage_m=(np.arange(blocks) - blocks / 2 + 0.5) * 100.0,
        offset_m=(np.arange(offsets) - offsets // 2) * 20.0,
        light=light + sigma * rng.standard_normal(light.shape),
        sigma=np.full(light.shape, sigma),
        town=np.zeros(light.shape),
        flank=np.zeros(blocks),
        seen=np.ones(blocks, bool),
        sigma_m=np.full(blocks, sigma_m),
        tail=100.0,
        brightest=2 * LIT,
        blur_m=20.0,
    )


PROBABILITY = {"lit": 0.99, "dark": 0.01, "undecidable": 0.5}


def a_road(
    *stretches: tuple[float, str],
    error_m: float = 30.0,
    regional: tuple[Regional, ...] = (),
    hidden_km: tuple[float, float] = (99.0, 99.0),
) -> Road:
    """A road that is lit, dark or undecidable up to a chainage (km) each, the last one to its end, and shows
    nothing between two chainages."""
    (crossing,), _ = crossings(roads(("E1", error_m, line((5, 20), (35, 20)))))
    crossing = replace(crossing, regional=regional)
    ridge = a_ridge(np.random.default_rng(6), np.zeros((3, 300)), 1.0)
    km = ridge.chainage_m / 1e3
    kinds = np.array([next(kind for to_km, kind in stretches if at <= to_km) for at in km])
    seen = (km < hidden_km[0]) | (km > hidden_km[1])
    ridge = replace(ridge, seen=seen)
    nothing = np.zeros(0)
    chain = Chain(ridge, np.array([LIT]), nothing, nothing, nothing, nothing)
    lit = np.array([PROBABILITY[kind] for kind in kinds])
    followed = Followed(chain, np.ones(1), lit, np.zeros(300), np.full(300, 10.0))
    light = np.where(seen, np.where(kinds == "lit", LIT, 1.0), np.nan)
    profile = Profile(ridge.chainage_m, light, np.ones(300), np.zeros(300), np.zeros(300, bool))
    segments = find_segments(followed, profile, MOTORWAY_SETTINGS)
    return Road(crossing, followed, profile, segments, np.full(len(crossing.x), 20.0))


def written(tmp_path: Path, table: gpd.GeoDataFrame, name: str = "roads.gpkg", **more: Any) -> Path:
    file = tmp_path / name
    table.to_file(file, **more)
    return file
