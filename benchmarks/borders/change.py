"""Simulated pairs of photos with a change planted on one side of a border: is it found, and only there?

    python -m benchmarks.borders.change [--only NAME]

The scenes are those of `contrast`, with the same towns twice: in the second photo every town is a little
other than before, the whole picture may be brighter and of another tone, and the second country's tone has
changed. Prints a table and writes change.json beside this file; also the time and memory of the tables of a
frame of 25 million cells with four countries.
"""

import argparse
import json
import resource
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Transformer
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from benchmarks.borders import contrast
from benchmarks.borders.contrast import X0_M, Y0_M
from pipeline.borders.cells import BorderLine
from pipeline.borders.change import (
    Change,
    Common,
    PairedCells,
    border_change,
    paired_scales,
    paired_squares,
    zone_change,
)
from pipeline.borders.countries import Countries
from pipeline.borders.tables import Scene, compare
from pipeline.borders.zones import AREA_CRS
from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.georeference.cities import Cities
from pipeline.ortho.grid import Grid
from pipeline.ortho.warp import Tile
from pipeline.photo.photo import PhotoFacts

CONFIG = contrast.CONFIG


@dataclass(frozen=True)
class Setting:
    """Towns as of a setting of `contrast`, how they change (1 sigma of log2 G/R and of ln light), how the
    picture does, and the tone that the second country gains. trend: change of tone from west to east."""

    towns: contrast.Setting = field(default_factory=contrast.Setting)
    tone_scatter: float = 0.15
    light_scatter: float = 0.3
    light_factor: float = 1.0
    tone_shift: float = 0.0
    change: float = 0.2
    trend: float = 0.0


SETTINGS = {
    "one side by 0.2": Setting(),
    "pictures of unlike exposure and colour": Setting(light_factor=4.0, tone_shift=0.6),
    "a trend of 0.3 between the pictures": Setting(trend=0.3),
    "clustered towns": Setting(contrast.Setting(clustered=True)),
    "no change": Setting(change=0.0),
}


@dataclass(frozen=True, eq=False)
class Pair:
    """Paired cells of two photos and the border between their countries."""

    cells: PairedCells
    line: BorderLine


def scene(setting: Setting, seed: int) -> Pair:
    """The same ground twice; what changes by chance does so in patches as large as towns."""
    made = contrast.scene(setting.towns, seed)
    rng = np.random.default_rng([seed, 1])
    cells = made.cells
    # The ground is divided among random seats, one for each 20 km2.
    width, height = setting.towns.width_km, setting.towns.height_km
    seats = rng.uniform(0, 1, (int(width * height / 20), 2)) * (width, height)
    at = np.column_stack([cells.x - contrast.X0_M, cells.y - contrast.Y0_M]) / 1e3
    town = cKDTree(seats).query(at)[1] * 2 + cells.country
    tone = setting.tone_scatter * rng.normal(size=2 * len(seats))[town]
    light = np.exp(setting.light_scatter * rng.normal(size=2 * len(seats))[town])
    tone += setting.tone_shift + setting.change * cells.country + setting.trend * (at[:, 0] / width - 0.5)
    red = (cells.red * light * setting.light_factor).astype(np.float32)
    green = (red * (cells.green / cells.red) * 2**tone).astype(np.float32)
    both = np.ones(len(cells), bool)
    places = cells.x, cells.y, cells.country
    return Pair(PairedCells(*places, cells.red, cells.green, red, green, both), made.line)


def measured(setting: Setting, seed: int) -> dict[str, Change]:
    """The changes of the sides within `contrast_km` and their difference."""
    made = scene(setting, seed)
    rows, scales = paired_squares(made.cells), paired_scales(made.cells, CONFIG.block_km)
    # The common change is known here: sides are judged by what was planted, not by how much of the frame
    # each country fills.
    common = Common(float(np.log2(setting.light_factor)), setting.tone_shift)
    near = np.isfinite(made.line.distance_m(rows.x, rows.y, 1e3 * CONFIG.contrast_km))
    sides = {
        name: zone_change(rows.chosen(near & (rows.country == place)), scales, common, CONFIG)
        for place, name in enumerate(("first", "second"))
    }
    return sides | {"border": border_change(rows, scales, made.line, 1, contrast.DONUT_M, CONFIG)}


def figures(setting: Setting, scenes: int) -> dict[str, Any]:
    """How often intervals hold what was planted."""
    found = [measured(setting, seed) for seed in range(scenes)]
    given = [one for one in found if np.isfinite(one["border"].tone).all()]
    result: dict[str, Any] = {"scenes": scenes, "given": len(given)}
    for name, planted in (("first", 0.0), ("second", setting.change), ("border", setting.change)):
        tone = np.array([one[name].tone for one in given])
        result |= {
            f"{name}_coverage": float(np.mean((tone[:, 1] <= planted) & (planted <= tone[:, 2]))),
            f"{name}_bias": float(tone[:, 0].mean() - planted),
            f"{name}_called": float(np.mean((tone[:, 1] > 0) | (tone[:, 2] < 0))),
        }
    half = [one["border"].tone[2] - one["border"].tone[0] for one in given]
    return result | {"border_half_width": float(np.median(half))}


def whole_frame(side: int = 5000, lit_share: float = 0.2) -> dict[str, Any]:
    """Time and memory of all tables of a frame of side x side cells of 20 m with four countries."""
    km = side * 0.02
    land = _four_countries(km)
    rng = np.random.default_rng(0)
    degrees = Transformer.from_crs(AREA_CRS, "EPSG:4326", always_xy=True)
    lon, lat = (float(v) for v in degrees.transform(X0_M + 500 * km, Y0_M + 500 * km))
    position = to_ecef(lon, lat, 400e3)
    camera = Camera(
        position,
        look_at_rotation(position, to_ecef(lon, lat), 0.0),
        1.2 * side * 400 / km,
        (side / 2,) * 2,
        side,
        side,
    )
    solved = SolvedCamera(camera, ("rotation_x_rad", "rotation_y_rad"), np.eye(2) * 1e-9)
    facts = PhotoFacts(id="frame", width=side, height=side, source="", linearisation="")
    grid = Grid(AREA_CRS, 20.0, (X0_M, Y0_M, X0_M + 1e3 * km, Y0_M + 1e3 * km))
    smooth = gaussian_filter(rng.normal(size=(side // 20, side // 20)), 3)
    level = np.quantile(smooth, 1 - lit_share)

    def tiles() -> Iterator[tuple[Tile, Any, Any]]:
        for top in range(0, side, 1000):
            tile = Tile(top, 0, min(1000, side - top), side)
            rows, columns = ((start + np.arange(n)) // 20 for start, n in ((top, tile.height), (0, side)))
            height = smooth[np.minimum(rows, side // 20 - 1)][:, np.minimum(columns, side // 20 - 1)]
            red = (np.exp(3 * height) * rng.uniform(0.5, 1.5, height.shape)).astype(np.float32)
            light = np.stack([red, 0.5 * red, 0.2 * red, np.full_like(red, 1e-3)])
            ratio = np.where(height > level, np.float32(-1), np.float32(np.nan))
            yield tile, light, np.stack([ratio, ratio, ratio, ratio, ratio])

    places = _places(land, km, rng)
    start, clock = time.perf_counter(), time.process_time()
    layers = compare(Scene(facts, solved, grid), tiles(), land, CONFIG, places)
    return {
        "cells": side * side,
        "lit_cells": int(layers["zones"]["n_cells"].sum()),
        "borders": len(layers["contrasts"]),
        "towns": len(layers["towns"]),
        "seconds": time.perf_counter() - start,
        "processor_seconds": time.process_time() - clock,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


def _four_countries(km: float) -> Countries:
    """Quarters of a square with winding borders: BE, LU in the south, NL, DE in the north."""
    along = np.linspace(0, km / 2, 2000)
    sway = np.sin(along / 3) * np.minimum(1, np.minimum(along, km / 2 - along))
    middle = km / 2

    def line(points: Any) -> shapely.LineString:
        return shapely.LineString(1e3 * np.asarray(points) + (X0_M, Y0_M))

    south, north = (np.column_stack([middle + sway, start + along]) for start in (0, middle))
    west, east = (np.column_stack([start + along, middle + sway]) for start in (0, middle))
    square = [(0, 0), (km, 0), (km, km), (0, km)]
    edges = shapely.union_all([line(v) for v in (south, north, west, east)] + [line([*square, square[0]])])
    north_of = Y0_M + 1e3 * middle

    def by_row(part: shapely.Polygon) -> tuple[bool, float]:
        return part.centroid.y > north_of, part.centroid.x

    parts = sorted(shapely.polygonize([edges]).geoms, key=by_row)
    codes = dict(zip(("BE", "LU", "NL", "DE"), parts, strict=True))
    borders = {"BE-LU": south, "DE-NL": north, "BE-NL": west, "DE-LU": east}
    pairs = {"pair": list(borders), "first": [p[:2] for p in borders], "second": [p[3:] for p in borders]}
    lines = [shapely.MultiLineString([line(v)]) for v in borders.values()]
    return Countries(
        gpd.GeoDataFrame(
            {"country": list(codes)},
            geometry=[shapely.MultiPolygon([p]) for p in codes.values()],
            crs=AREA_CRS,
        ),
        gpd.GeoDataFrame(pairs, geometry=lines, crs=AREA_CRS),
        gpd.GeoDataFrame({"pair": [], "name": []}, geometry=[], crs=AREA_CRS),
    )


def _places(land: Countries, km: float, rng: np.random.Generator) -> Cities:
    """As many towns as the region has: 300 of 5,000 inhabitants or more in 100 km by 100 km."""
    n = int(300 * (km / 100) ** 2)
    x, y = X0_M + 1e3 * rng.uniform(0, km, n), Y0_M + 1e3 * rng.uniform(0, km, n)
    at = gpd.GeoSeries(gpd.points_from_xy(x, y), crs=AREA_CRS)
    country = np.full(n, "BE", "<U2")
    for code, area in zip(land.areas["country"], land.areas.geometry, strict=True):
        country[at.within(area)] = code
    lon, lat = Transformer.from_crs(AREA_CRS, "EPSG:4326", always_xy=True).transform(x, y)
    population = np.maximum(5000, 3e5 / (1 + np.arange(n)))
    return Cities(lon, lat, population, np.array([f"town {i}" for i in range(n)]), country)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    file = Path(__file__).with_suffix(".json")
    stored = json.loads(file.read_text()) if file.is_file() else {}
    done = {name: figures(one, args.scenes) for name, one in SETTINGS.items() if args.only in name}
    known = stored.get("coverage", {}) | done
    stored["coverage"] = {name: known[name] for name in SETTINGS if name in known}
    if done:
        print(contrast.table(done))
    if args.only in "25 million cells":
        stored["25 million cells"] = whole_frame()
        print(json.dumps(stored["25 million cells"], indent=1))
    file.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
