"""Photos of one border as squares of light and a list of places, and what the pipeline says of its towns."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from pipeline.borders.light_squares import LightSquares
from pipeline.borders.settings import IN_FORCE, BorderSettings
from pipeline.borders.squares import code_of, squares
from pipeline.borders.town_contrast import TownContrast, by_range
from pipeline.borders.town_placebo import town_placebo
from pipeline.borders.town_tones import shown
from pipeline.borders.town_units import town_units
from pipeline.camera.earth import transformer
from pipeline.ground.cities import Cities
from tests.scenes.border_towns import (
    CELL_KM,
    EXCLUSION_M,
    Scene,
    Setting,
    Shot,
    scene,
)

CODES = ("BE", "DE")
# A gazetteer's point is not the middle of a town's light, and its inhabitants do not tell its light.
PLACE_ERROR_M, LIGHT_SPREAD = 500.0, 0.5
FIRST_NIGHT = datetime(2012, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Photos:
    """How many photos of a border there are, and what they differ by: trends (1 sigma of log2 G/R from edge
    to edge), what towns look other by (1 sigma), the share of towns under clouds; `unlike`: exposures and
    white balances too; `repeated`: all are the first one again."""

    count: int = 1
    trend: float = 0.0
    own: float = 0.0
    clouded: float = 0.0
    unlike: bool = False
    repeated: bool = False


def squares_of(made: Scene, photo: str, night: int) -> LightSquares:
    """The light of a scene by squares, as a photo of a night."""
    cells = made.cells
    column, row = squares(cells.x, cells.y)
    code = code_of(column, row) * 2 + cells.country
    codes, index = np.unique(code, return_inverse=True)
    light = (cells.red + cells.green).astype(float)

    def summed(values: np.ndarray) -> np.ndarray:
        return np.bincount(index, values, len(codes))

    n, total = summed(np.ones(len(cells))), summed(light)
    first = np.unique(index, return_index=True)[1]
    area = CELL_KM**2
    return LightSquares(
        column=column[first],
        row=row[first],
        country=np.array(CODES)[cells.country[first]],
        motorway=np.zeros(len(codes), bool),
        x=summed(cells.x) / n,
        y=summed(cells.y) / n,
        red=summed(cells.red) * area,
        green=summed(cells.green) * area,
        blue=np.zeros(len(codes)),
        power=summed(light**2) / total,
        tone_sigma=np.full(len(codes), 0.01),
        n_cells=n.astype(np.int64),
        view_zenith_deg=np.zeros(len(codes)),
        photo=photo,
        taken_at=FIRST_NIGHT + timedelta(days=night),
        evidence="jpeg",
        simulated=True,
        tone_systematic=0.0,
        exclusion_m={"BE-DE": EXCLUSION_M},
        cell_km2=area,
    )


def places_of(made: Scene, seed: int) -> Cities:
    """The towns of a scene as a gazetteer has them."""
    rng = np.random.default_rng([seed, 99])
    x, y, people, second, _ = made.towns
    x, y = (at + rng.normal(0, PLACE_ERROR_M, len(at)) for at in (x, y))
    people = np.maximum(500, people * np.exp(rng.normal(0, LIGHT_SPREAD, len(x))))
    lon, lat = transformer("EPSG:3035", "EPSG:4326").transform(x, y)
    names = np.array([f"town {i}" for i in range(len(x))], str)
    return Cities(np.asarray(lon), np.asarray(lat), people, names, np.array(CODES)[second.astype(int)])


def shots(photos: Photos, seed: int) -> list[Shot]:
    """What each of the photos adds to the scene."""
    rng = np.random.default_rng([seed, 7])
    made = []
    for number in range(photos.count):
        trend = rng.normal(0, photos.trend, 2)
        level, exposure = rng.normal(0, 0.4), math.exp(rng.normal(0, 0.7))
        made.append(
            Shot(
                number,
                (float(trend[0]), float(trend[1])),
                float(level) if photos.unlike else 0.0,
                float(exposure) if photos.unlike else 1.0,
                photos.own,
                photos.clouded,
            )
        )
    return [made[0]] * photos.count if photos.repeated else made


def town_answer(
    setting: Setting,
    photos: Photos,
    seed: int,
    trend_sigma: float | None = None,
    settings: BorderSettings = IN_FORCE,
) -> TownContrast | None:
    """What the pipeline says of a typical town at the border."""
    scenes = [scene(setting, seed, shot) for shot in shots(photos, seed)]
    light = [
        squares_of(made, f"photo {night}", 0 if photos.repeated else night)
        for night, made in enumerate(scenes)
    ]
    line = scenes[0].line
    away = [photo.chosen(~np.isfinite(line.distance_m(photo.x, photo.y, EXCLUSION_M))) for photo in light]
    units = town_units(light, places_of(scenes[0], seed), settings.towns)
    return by_range(shown(away, units, settings.towns), line, CODES, settings, 0.0, trend_sigma)[1]


def town_coverage(
    setting: Setting,
    photos: Photos,
    seeds: Sequence[int],
    trend_sigma: float | None = None,
    settings: BorderSettings = IN_FORCE,
) -> dict[str, Any]:
    """How the interval of a typical town does in scenes of a setting, and its placebos."""
    answers = [(seed, town_answer(setting, photos, seed, trend_sigma, settings)) for seed in seeds]
    given = [answer for _, answer in answers if answer is not None]
    low, high, value = (
        np.array([getattr(each, name) for each in given]) for name in ("low", "high", "value")
    )
    tests = [town_placebo(each, settings.towns.shared_m, settings.placebo) for each in given]
    p = np.array([test.p for test in tests if test.p is not None])
    return {
        "scenes": len(answers),
        "given": len(given),
        "coverage": float(np.mean((low <= setting.contrast) & (high >= setting.contrast))),
        "bias": float(value.mean() - setting.contrast),
        "bias_sigma": float(value.std() / math.sqrt(len(given))),
        "spread": float(value.std()),
        "half_width_median": float(np.median(high - low) / 2),
        "called": float(np.mean((low > 0) | (high < 0))),
        "placebo_given": len(p),
        "placebo_at_5_percent": float(np.mean(p <= 0.05)) if len(p) else math.nan,
        "towns_median": float(np.median([each.n_first + each.n_second for each in given])),
    }
