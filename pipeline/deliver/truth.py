"""Simulated photos only: what was measured against what was planted."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import rasterio
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.borders.squares import SQUARE_M, centres_of, square_codes
from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, to_ecef, transformer
from pipeline.deliver.results import Truth
from pipeline.raster.read import band_numbers

# Pixels looked at over the frame, columns by rows: the error is smooth, a few hundred would do.
SAMPLES = 60, 40


@dataclass(frozen=True)
class PositionError:
    """How far the solved camera puts the frame's pixels from where they are, root mean square and worst."""

    rmse_px: float
    rmse_m: float
    worst_m: float


def position_error(true: Camera, solved: Camera) -> PositionError:
    """Over a lattice of pixels: the true ground of each, against the solved camera's ground and pixel."""
    column, row = np.meshgrid(
        np.linspace(0, true.width - 1, SAMPLES[0]), np.linspace(0, true.height - 1, SAMPLES[1])
    )
    lon, lat = true.to_ground(column, row)
    off_px = np.hypot(*(a - b for a, b in zip(solved.project(lon, lat), (column, row), strict=True)))
    off_m = np.linalg.norm(to_ecef(lon, lat) - to_ecef(*solved.to_ground(column, row)), axis=-1)
    known = np.isfinite(off_px) & np.isfinite(off_m)
    return PositionError(
        rmse_px=float(np.sqrt(np.mean(off_px[known] ** 2))),
        rmse_m=float(np.sqrt(np.mean(off_m[known] ** 2))),
        worst_m=float(off_m[known].max()),
    )


def lights_near(truth: Truth, contrasts: gpd.GeoDataFrame) -> dict[str, pd.DataFrame]:
    """By pair: the planted lights in the frame and within `contrast_km` of the border."""
    lights, to_map = truth.lights, transformer("EPSG:4326", str(contrasts.crs))
    x, y = (np.asarray(part) for part in to_map.transform(lights["lon"].to_numpy(), lights["lat"].to_numpy()))
    # A border has a vertex every 14 m; a tenth of a kilometre is enough for a zone of kilometres.
    near = {
        str(line.pair): _within(line.geometry.simplify(50.0), 1e3 * line.contrast_km, x, y)
        for line in contrasts.itertuples()
    }
    of_some = np.flatnonzero(np.any([np.zeros(len(lights), bool), *near.values()], axis=0))
    seen = np.zeros(len(lights), bool)
    seen[of_some] = truth.camera.inside(
        *truth.camera.project(*(lights[k].iloc[of_some] for k in ("lon", "lat")))
    )
    return {pair: lights[of_border & seen] for pair, of_border in near.items()}


def _within(border: BaseGeometry, reach_m: float, x: Array, y: Array) -> NDArray[np.bool_]:
    """Which places (m) are within a distance of a border. Only those in squares of ground that straddle it
    are asked one by one: of a million lamps a tenth."""
    shapely.prepare(border)
    codes, of_place = np.unique(square_codes(x, y), return_inverse=True)
    centres = shapely.points(*centres_of(codes))
    corner_m = SQUARE_M / np.sqrt(2)
    sure, possible = (shapely.dwithin(border, centres, max(reach_m + side * corner_m, 0)) for side in (-1, 1))
    sure &= reach_m > corner_m
    near, asked = sure[of_place], np.flatnonzero((possible & ~sure)[of_place])
    near[asked] = shapely.dwithin(border, shapely.points(x[asked], y[asked]), reach_m)
    return np.asarray(near)


def planted_contrasts(
    near: Mapping[str, pd.DataFrame],
    contrasts: gpd.GeoDataFrame,
    counted: NDArray[np.bool_] | None = None,
) -> dict[str, float]:
    """By pair: log2(G/R) of the second country's lights near the border (`lights_near`), minus that of the
    first one's. NaN where a side has no light.

    `counted` tells of each planted light whether it counts; all do without it. With only those in cells that
    have a tone (`read_has_tone`) it is the contrast that the photo can show: bright centres saturate and are
    left out, and their lamps may differ from the rest.
    """
    planted = {}
    for line in contrasts.itertuples():
        lights = near[str(line.pair)]
        if counted is not None:
            lights = lights[counted[lights.index]]
        first, second = (_tone_g_r(lights[lights["country"] == side]) for side in (line.first, line.second))
        planted[str(line.pair)] = second - first
    return planted


@dataclass(frozen=True)
class PlantedRoad:
    """A motorway at a border as planted and as measured, and whether that holds what was planted."""

    ref: str
    pair: str
    planted: str
    measured: str
    interval_km: tuple[float, float] | None
    holds: bool | None


def planted_roads(truth: Truth, ends: gpd.GeoDataFrame) -> list[PlantedRoad]:
    """Rows of `motorway_ends` at a border beside what was planted: light ends at the border where one country
    lights its motorways and the other does not. None is said to hold or miss it where nothing was told."""
    roads = []
    for row in ends[ends["pair"].notna()].itertuples():
        lit = [country in truth.motorways_lit_in for country in (row.first, row.second)]
        if lit[0] == lit[1]:
            planted = f"{'lit' if lit[0] else 'dark'} on both sides"
            told = row.verdict if row.verdict.endswith("both sides") or np.isfinite(row.end_m) else None
            holds = None if told is None else told == planted
        else:
            planted = "ends at the national border"
            known = np.isfinite(row.low95_m)
            holds = bool(row.low95_m <= 0 <= row.high95_m) if known else None
            if row.verdict.endswith("both sides"):
                holds = False
        interval = (row.low95_m / 1e3, row.high95_m / 1e3) if np.isfinite(row.low95_m) else None
        roads.append(PlantedRoad(row.ref, row.pair, planted, row.verdict, interval, holds))
    return roads


def read_has_tone(tone: Path, lights: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether each of the planted lights lies in a cell of a `tone.tif` that holds a value."""
    with rasterio.open(tone) as source:
        known = np.isfinite(source.read(band_numbers(source, ["log2_g_r"])[0]))
        to_map, to_cell = transformer("EPSG:4326", source.crs.to_string()), ~source.transform
    x, y = to_map.transform(lights["lon"].to_numpy(), lights["lat"].to_numpy())
    column, row = (np.floor(value).astype(int) for value in to_cell @ (np.asarray(x), np.asarray(y)))
    on_map = (row >= 0) & (row < known.shape[0]) & (column >= 0) & (column < known.shape[1])
    return np.asarray(on_map & known[np.where(on_map, row, 0), np.where(on_map, column, 0)])


def _tone_g_r(lights: pd.DataFrame) -> float:
    """log2(G/R) of a sum of lights; NaN of none."""
    green, red = (lights[band].to_numpy(float).sum() for band in "gr")
    return float(np.log2(green / red)) if green > 0 and red > 0 else float("nan")
