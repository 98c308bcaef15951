"""Frames of two countries with towns of planted tone beside their border, and what the pipeline says of them.

A town is a disc of log-normal light with a tone of its own; one country's towns are greener by a contrast.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from pipeline.borders.beside import beside, edges_m
from pipeline.borders.border_line import BorderLine
from pipeline.borders.cells import Cells
from pipeline.borders.contrast import BorderFit, Contrast, border_contrast
from pipeline.borders.distance_field import DistanceField
from pipeline.borders.matching import near_patches
from pipeline.borders.patches import patches
from pipeline.borders.placebo import Placebo, placebo_test
from pipeline.borders.settings import IN_FORCE, BorderSettings
from pipeline.borders.units import unit_scales
from pipeline.models import BordersConfig
from tests.scenes.lands import X0 as X0_M
from tests.scenes.lands import Y0 as Y0_M

CELL_KM = 0.5
PLANTED = 0.25
MEAN_TONE = -0.8
CONFIG = BordersConfig()
EXCLUSION_M = 500.0
EDGES_M = edges_m(EXCLUSION_M, CONFIG, IN_FORCE.profiles)
# Fewer than a run takes: enough to tell 5 %, and the time goes into scenes.
FEWER_PLACEBOS = replace(IN_FORCE, placebo=replace(IN_FORCE.placebo, count=199))


@dataclass(frozen=True)
class Setting:
    """A kind of scene: the frame (km), towns per square km, and how their light and tone scatter (1 sigma of
    ln light and of log2 G/R). Clustered towns come in groups of five within 4 km, which may share a part of
    their tone. trend: tone from west to east of the frame; bend: more of it in the middle than at the edges;
    glow: tone per doubling of a cell's light; towns shine `dim` times as bright in the second country. heavy:
    tones scatter as Student's t of 3 degrees, of the same sigma as far as that is told by most of them. cut:
    share of the frame's width that is cut off on either side, through towns."""

    width_km: float = 60
    height_km: float = 100
    density: float = 0.02
    spread: float = 1.0
    scatter: float = 0.3
    contrast: float = PLANTED
    trend: float = 0.0
    bend: float = 0.0
    clustered: bool = False
    shared: float = 0.0
    wiggle_km: float = 0.0
    border: float = 0.5
    glow: float = 0.0
    dim: float = 1.0
    heavy: bool = False
    cut: float = 0.0


@dataclass(frozen=True)
class Shot:
    """What one photo of a scene adds: a trend (log2 G/R from edge to edge, eastward and northward), a level
    (white balance), an exposure, what each town looks other by in this photo only (1 sigma), a share of the
    towns under clouds, and the number that its chance is drawn by."""

    number: int = 0
    trend: tuple[float, float] = (0.0, 0.0)
    level: float = 0.0
    exposure: float = 1.0
    own: float = 0.0
    clouded: float = 0.0


ONE_SHOT = Shot()

SETTINGS = {
    "typical": Setting(),
    "dense": Setting(density=0.06),
    "even tones": Setting(scatter=0.1),
    "very uneven towns": Setting(density=0.014, spread=1.3),
    "short border, 8 towns a side": Setting(height_km=40),
    "long border": Setting(height_km=300),
    "clustered towns": Setting(clustered=True),
    "clusters share their tone": Setting(clustered=True, shared=0.2, scatter=0.2),
    "winding border": Setting(wiggle_km=8),
    "trend 0.3, no contrast": Setting(contrast=0, trend=0.3),
    "trend 0.3, wide frame": Setting(contrast=0, trend=0.3, width_km=100),
    "bent trend, border off centre": Setting(contrast=0, trend=0.3, bend=0.3, border=0.3, width_km=100),
    "clustered, trend 0.3": Setting(contrast=0, trend=0.3, clustered=True),
    "brighter is greener, one side dim": Setting(glow=0.15, dim=0.4, density=0.06),
    "heavy-tailed tones": Setting(heavy=True),
    "towns cut by the frame": Setting(cut=0.2),
    "5 towns a side": Setting(height_km=20, width_km=25),
}


@dataclass(frozen=True, eq=False)
class Scene:
    """Lit cells of two countries (0 in the west), the towns they are of (x, y in m; inhabitants as they
    shine; 1 in the second country; the group that it shares its tone with), their border and the countries'
    areas."""

    cells: Cells
    towns: np.ndarray
    border: shapely.LineString
    line: BorderLine
    sides: tuple[shapely.Polygon, shapely.Polygon]


def scene(setting: Setting, seed: int, shot: Shot = ONE_SHOT) -> Scene:
    """The same towns for the same seed, as one photo shows them."""
    rng = np.random.default_rng(seed)
    width, height = setting.width_km, setting.height_km
    x, y = np.meshgrid(np.arange(CELL_KM / 2, width, CELL_KM), np.arange(CELL_KM / 2, height, CELL_KM))

    def border(along: np.ndarray) -> np.ndarray:
        return setting.border * width + setting.wiggle_km * np.sin(2 * np.pi * along / 37)

    east, north, shared = _places(setting, rng)
    second = east > border(north)
    light = np.exp(rng.normal(0, setting.spread, len(east))) * np.where(second, setting.dim, 1)
    size = 0.5 + 0.47 * np.sqrt(light)
    tone = rng.normal(MEAN_TONE, setting.scatter, len(east)) + shared + setting.contrast * second
    if setting.heavy:
        # A factor of 0.73 gives the middle half of the towns the spread of a normal one.
        own = 0.73 * setting.scatter * rng.standard_t(3, len(east))
        tone = MEAN_TONE + own + shared + setting.contrast * second
    of_photo = np.random.default_rng([seed, shot.number])
    tone = tone + shot.own * of_photo.standard_normal(len(east))
    hidden = of_photo.uniform(size=len(east)) < shot.clouded
    country = x > border(y)
    red, green = np.zeros_like(x), np.zeros_like(x)
    for town in np.flatnonzero(~hidden):
        reach = 4 * size[town]
        rows, columns = (
            slice(max(0, int((at - reach) / CELL_KM)), max(0, int((at + reach) / CELL_KM) + 1))
            for at in (north[town], east[town])
        )
        near = rows, columns
        away2 = (x[near] - east[town]) ** 2 + (y[near] - north[town]) ** 2
        disc = light[town] * np.exp(-away2 / 2 / size[town] ** 2) / size[town] ** 2
        disc[(disc < 0.05) | (country[near] != second[town])] = 0
        red[near] += disc
        green[near] += disc * 2 ** tone[town]
    across, up = x / width - 0.5, y / height - 0.5
    green *= np.where(red > 0, red, 1) ** setting.glow
    green *= 2 ** (setting.trend * across + setting.bend * 4 * across**2)
    green *= 2 ** (shot.trend[0] * across + shot.trend[1] * up + shot.level)
    red, green = shot.exposure * red, shot.exposure * green
    lit = (red > 0) & (np.abs(across) <= 0.5 - setting.cut)
    at = X0_M + 1e3 * x[lit], Y0_M + 1e3 * y[lit]
    ratio = np.log2(green[lit] / red[lit]).astype(np.float32)
    cells = Cells(
        *at, red[lit].astype(np.float32), green[lit].astype(np.float32), country[lit].astype(np.int8), ratio
    )
    north_km = np.linspace(0, height, 1 + int(height / 0.5))
    course = shapely.LineString(np.column_stack([X0_M + 1e3 * border(north_km), Y0_M + 1e3 * north_km]))
    corners = [[(X0_M + 1e3 * at, Y0_M + 1e3 * end) for end in (height, 0)] for at in (0, width)]
    first_area, second_area = (shapely.Polygon([*course.coords, *corner]) for corner in corners)
    group = np.unique(shared, return_inverse=True)[1] if setting.shared else np.arange(len(east))
    towns = np.array([X0_M + 1e3 * east, Y0_M + 1e3 * north, 10_000 * light, second, group])
    line = BorderLine.of(course, 1e3 * CONFIG.block_km, IN_FORCE.line)
    return Scene(cells, towns, course, line, (first_area, second_area))


def _places(setting: Setting, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where towns are (km) and the part of their tone that they share with their group."""
    size, expected = (
        (setting.width_km, setting.height_km),
        setting.density * setting.width_km * setting.height_km,
    )
    groups = rng.poisson(expected / 5 if setting.clustered else expected)
    middle = rng.uniform(0, 1, (groups, 2)) * size
    if not setting.clustered:
        return middle[:, 0], middle[:, 1], np.zeros(groups)
    group = np.repeat(np.arange(groups), rng.poisson(5, groups))
    at = middle[group] + rng.normal(0, 4, (len(group), 2))
    inside = ((at > 0) & (at < size)).all(axis=1)
    shared = rng.normal(0, setting.shared, groups)[group]
    return at[inside, 0], at[inside, 1], shared[inside]


def nadir_below(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """View zenith (degrees) from a station 300 km south of the frame, roughly."""
    return np.degrees(np.arctan(np.hypot(x - X0_M, y - Y0_M + 300e3) / 400e3))


def fitted(
    made: Scene, config: BordersConfig = CONFIG, settings: BorderSettings = FEWER_PLACEBOS
) -> tuple[Contrast, BorderFit | None]:
    """The contrast of a scene and the fit behind it."""
    near = near_patches(
        beside(made.cells, made.line, 0, 1, 20e3, EDGES_M), EXCLUSION_M, config, settings.patches
    )
    scales = unit_scales(made.cells, config.block_km, settings.contrast.smoothing_blocks)
    frame = patches(made.cells, settings.patches)
    where = made.line, 1, nadir_below, ("BE", "DE")
    return border_contrast(near, frame, scales, *where, config, settings.contrast)


def measured(
    made: Scene,
    config: BordersConfig = CONFIG,
    test: bool = False,
    settings: BorderSettings = FEWER_PLACEBOS,
) -> tuple[Contrast, Placebo | None]:
    """What the pipeline says of a scene."""
    contrast, fit = fitted(made, config, settings)
    if fit is None or not test:
        return contrast, None
    reach_m, step_m = 1e3 * config.contrast_km, settings.placebo.field_step_m
    field = DistanceField.of(made.line, made.sides, reach_m, step_m)
    frame = patches(made.cells, settings.patches)
    return contrast, placebo_test(frame, fit, field, EXCLUSION_M, nadir_below, config, settings)


def coverage(setting: Setting, scenes: int) -> dict[str, Any]:
    """How the interval does in scenes of a setting."""
    found = [measured(scene(setting, seed))[0] for seed in range(scenes)]
    given = [one for one in found if one.contrast is not None]
    value = np.array([one.contrast for one in given])
    half = np.array([one.high - one.contrast for one in given])
    return {
        "scenes": scenes,
        "given": len(given),
        "coverage": float(np.mean(np.abs(value - setting.contrast) <= half)),
        "bias": float(value.mean() - setting.contrast),
        "bias_sigma": float(value.std() / math.sqrt(len(given))),
        "spread": float(value.std()),
        "half_width_median": float(np.median(half)),
        "half_width_p90": float(np.quantile(half, 0.9)),
        "called_greener": float(np.mean(np.abs(value) > half)),
        "plain_bias": float(np.mean([one.plain for one in given]) - setting.contrast),
    }
