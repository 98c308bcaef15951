"""A motorway whose light ends where it was planted, among towns; and what the method says of it.

A curved road with a lamp every 40 m over 24 km of ground, its border at chainage 0, with towns (blobs of 60
to 600 m of single lights, as bright as the road and more, on it and beside it), the photo's blur and noise;
the light ends within 3 km of the border. The photo is shifted by its position's error, the line by its own.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from pipeline.borders.squares import AREA_CRS
from pipeline.motorways.chainage import Crossing, Regional
from pipeline.motorways.compare import end_row, roads_along
from pipeline.motorways.light_end import Finding, Road, judge_motorway
from pipeline.motorways.lit_segments import lit_light
from pipeline.motorways.pooled_crossings import Together, judge_together
from pipeline.motorways.ridge import Band
from pipeline.motorways.settings import MOTORWAY_SETTINGS, MotorwaySettings
from pipeline.raster.grid import Grid
from pipeline.raster.tiles import Tile
from pipeline.robust import NORMAL_95
from tests.scenes.lands import X0, Y0

LENGTH_M = 24_000.0
LAMP_STEP_M, LIT_HALF_WIDTH_M = 40.0, 60.0
END_WITHIN_M = 3000.0
BLUR_CELLS = 1.2
# What `motorway_ends` has of a photo that shows no end.
OF_END = ("end_m", "low95_m", "high95_m", "change_sigma_m", "regional_at_m", "regional_error_m")
NO_END = dict.fromkeys(OF_END, math.nan)
OTHER_SEED = 100_000  # from that of a scene to that of the other motorway in it


@dataclass(frozen=True)
class Setting:
    """What is planted. signal_to_noise: of the lit road in one cell's length. towns: per square kilometre.
    lit: before and after the end. end_m: None for anywhere within END_WITHIN_M. other_lit: another motorway
    of the photo is lit on both sides, as in every photo of the region. photos: of one road, each with its own
    noise and shift.
    """

    signal_to_noise: float
    towns: float
    lit: tuple[bool, bool] = (True, False)
    end_m: float | None = None
    resolution_m: float = 20.0
    position_sigma_m: float = 20.0
    line_error_m: float = 30.0
    regional: tuple[float, ...] = ()
    other_lit: bool = False
    photos: int = 1


def scene(setting: Setting, seed: int, photo: int = 0) -> tuple[Crossing, Grid, np.ndarray, float]:
    """The line as it is known, the grid, red, green and sigma of `light.tif`, the planted end. Photos of
    one seed show the same road and towns."""
    rng = np.random.default_rng(seed)
    of_photo = rng if photo == 0 else np.random.default_rng((seed, photo))
    cell = setting.resolution_m
    height_m = 2 * (2500.0 + max(0.0, 6 * setting.line_error_m))
    x = np.arange(0, LENGTH_M + 1, 25.0)
    bend = 250 * np.sin(2 * np.pi * (x - LENGTH_M / 2) / 12_000 + rng.uniform(0, 2 * np.pi))
    y = height_m / 2 + rng.uniform(-0.08, 0.08) * (x - LENGTH_M / 2) + bend - np.interp(LENGTH_M / 2, x, bend)
    chainage = np.concatenate([[0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
    chainage -= np.interp(LENGTH_M / 2, x, chainage)
    end = rng.uniform(-END_WITHIN_M, END_WITHIN_M) if setting.end_m is None else setting.end_m
    lit = setting.lit if setting.regional or rng.random() < 0.5 else setting.lit[::-1]

    lamps = np.arange(chainage[0], chainage[-1], LAMP_STEP_M) + rng.uniform(0, LAMP_STEP_M)
    sections = np.exp(0.15 * rng.standard_normal(5))[((lamps - chainage[0]) // 8000).astype(int)]
    flux = rng.gamma(6, 1 / 6, len(lamps)) * sections
    burns = np.where(lamps < end, *lit)
    # The photo is off by its position's error; the line is off along and across, within what it states.
    shift = rng.normal(0, setting.position_sigma_m, 2)
    shift = shift if photo == 0 else of_photo.normal(0, setting.position_sigma_m, 2)
    along, across = rng.normal(0, setting.line_error_m / NORMAL_95, 2)
    at = lamps[burns] + along
    light = np.zeros((round(height_m / cell), round(LENGTH_M / cell)))
    _add(
        light,
        np.interp(at, chainage, x) + shift[0],
        np.interp(at, chainage, y) + shift[1] + across,
        flux[burns],
        cell,
    )
    peak = cell / LAMP_STEP_M / (np.sqrt(2 * np.pi) * BLUR_CELLS)
    for _ in range(rng.poisson(setting.towns * LENGTH_M * height_m / 1e6)):
        _town(light, rng, peak, (LENGTH_M, height_m), cell)
    light = gaussian_filter(light, BLUR_CELLS)
    noise = cell / LAMP_STEP_M / np.sqrt(2 * LIT_HALF_WIDTH_M / cell) / setting.signal_to_noise
    light += noise * of_photo.standard_normal(light.shape)

    stations = np.arange(-10_000.0, 10_001.0, max(cell, 20.0))
    crossing = Crossing(
        *("E0", "", "BE-NL", "BE", "NL"),
        chainage_m=stations,
        x=X0 + np.interp(stations, chainage, x),
        y=Y0 + np.interp(stations, chainage, y),
        error_m=np.full(len(stations), setting.line_error_m),
        regional=tuple(Regional(place, 0.0) for place in setting.regional),
    )
    grid = Grid(AREA_CRS, cell, (X0, Y0, X0 + LENGTH_M, Y0 + height_m))
    halves = light[::-1] / 2, light[::-1] / 2, np.full(light.shape, noise / np.sqrt(2))
    return crossing, grid, np.stack(halves).astype(np.float32), end


def _add(light: np.ndarray, x_m: np.ndarray, y_m: np.ndarray, flux: np.ndarray, cell: float) -> None:
    """Share the flux of lamps among the four cells around each."""
    column, row = x_m / cell - 0.5, y_m / cell - 0.5
    c, r = np.floor(column).astype(int), np.floor(row).astype(int)
    for dc, wc in ((0, 1 - column + c), (1, column - c)):
        for dr, wr in ((0, 1 - row + r), (1, row - r)):
            inside = (c + dc >= 0) & (c + dc < light.shape[1]) & (r + dr >= 0) & (r + dr < light.shape[0])
            np.add.at(light, (r[inside] + dr, c[inside] + dc), (flux * wc * wr)[inside])


def _town(
    light: np.ndarray, rng: np.random.Generator, peak: float, size_m: tuple[float, float], cell: float
) -> None:
    """A blob of single lights; in its middle as bright as the lit road, times a log-normal factor."""
    x, y = rng.uniform(0, size_m[0]), rng.uniform(0, size_m[1])
    radius = float(np.exp(rng.uniform(np.log(60), np.log(600))))
    count = max(3, round(2 * np.pi * (radius / 60) ** 2))
    total = peak * np.exp(0.7 * rng.standard_normal()) * 2 * np.pi * (radius / cell) ** 2
    flux = rng.gamma(2, 0.5, count) * total / count
    _add(light, rng.normal(x, radius, count), rng.normal(y, radius, count), flux, cell)


def found_together(
    setting: Setting, seed: int, settings: MotorwaySettings = MOTORWAY_SETTINGS
) -> tuple[Together, float]:
    """What all photos of a scene, each of its own year, say together, and where the light was planted to
    end."""
    rows, planted = [], math.nan
    for photo in range(setting.photos):
        road, lit, finding, planted = _judged(setting, seed, settings, photo)
        row = end_row(road, finding, lit, settings) | {"taken_at": f"{2012 + photo}-02-23T21:09:34Z"}
        rows.append(NO_END | row)
    return judge_together(pd.DataFrame(rows), setting.resolution_m, settings), planted


def found(
    setting: Setting, seed: int, settings: MotorwaySettings = MOTORWAY_SETTINGS, photo: int = 0
) -> tuple[Finding, float]:
    """What the method says of a photo of a scene, and where the light was planted to end."""
    _, _, finding, planted = _judged(setting, seed, settings, photo)
    return finding, planted


def _judged(
    setting: Setting, seed: int, settings: MotorwaySettings, photo: int
) -> tuple[Road, float | None, Finding, float]:
    """The road in a photo of a scene, the light of a lit one, the verdict, and the planted end."""
    crossing, grid, light, planted = scene(setting, seed, photo)
    crossings = [crossing]
    if setting.other_lit:
        other, _, beside, _ = scene(replace(setting, lit=(True, True)), seed + OTHER_SEED)
        height_m = grid.bounds[3] - grid.bounds[1]
        crossings = [replace(crossing, y=crossing.y + height_m), other]
        grid = replace(grid, bounds=(*grid.bounds[:3], grid.bounds[3] + height_m))
        light = np.concatenate([light, beside], axis=1)
    sigma_m = np.full(len(crossing.x), setting.position_sigma_m)
    bands = [Band.of(each, grid, sigma_m, grid.resolution_m, settings) for each in crossings]
    tile = Tile(0, 0, grid.height, grid.width)
    roads = roads_along(bands, [(tile, light)], grid.resolution_m, settings)
    lit = lit_light([(road.followed, road.segments) for road in roads], settings)
    road = roads[0]
    return road, lit, judge_motorway(road, lit, grid.resolution_m, settings), planted
