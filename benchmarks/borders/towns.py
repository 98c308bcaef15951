"""Simulated photos of a border with a planted contrast: what is said of a typical town, and how surely.

    python -m benchmarks.borders.towns [--only NAME] [--scenes N]

The scenes are those of `tests.scenes.border_photos`. Writes towns.json beside this file; with --only, just
the settings whose name holds NAME anew.
"""

import argparse
import json
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.borders.settings import IN_FORCE
from pipeline.borders.town_likelihood import bends
from pipeline.robust import NORMAL_95
from tests.scenes.border_photos import Photos, town_coverage
from tests.scenes.border_towns import SETTINGS, X0_M, Y0_M, Setting, scene

# Enough to tell 5 %, and the time goes into scenes.
FEWER_PLACEBOS = replace(IN_FORCE, placebo=replace(IN_FORCE.placebo, count=199))
OWN = 0.05  # log2(G/R), what a town looks other by in one photo
TREND = 0.15  # log2(G/R), 1 sigma from edge to edge of each of several photos


ONE_PHOTO = Photos()


@dataclass(frozen=True)
class Case:
    """A kind of scene, the photos of it, and how large trends are known to be."""

    towns: Setting
    photos: Photos = ONE_PHOTO
    trend_sigma: float | None = None


CASES = {name: Case(setting) for name, setting in SETTINGS.items()} | {
    "trend known to 0.05": Case(SETTINGS["typical"], Photos(trend=0.05), 0.05),
    "one photo five times, trend 0.3, no contrast": Case(
        SETTINGS["trend 0.3, no contrast"], Photos(5, repeated=True)
    ),
    "five photos": Case(SETTINGS["typical"], Photos(5, TREND, OWN)),
    "five photos, no contrast": Case(Setting(contrast=0), Photos(5, TREND, OWN)),
    "five unlike photos, half the towns clouded": Case(
        SETTINGS["typical"], Photos(5, TREND, OWN, clouded=0.5, unlike=True)
    ),
    "twenty photos": Case(SETTINGS["typical"], Photos(20, TREND, OWN)),
}


def oracle_half_width(case: Case, seeds: range) -> float:
    """Half the 95 % interval, by the middle of scenes, of one who has each town by itself and knows how towns
    scatter, but no trend; least squares with that covariance."""
    halves = []
    for seed in seeds:
        x, y, people, second, group = scene(case.towns, seed).towns
        kept = np.abs((x - X0_M) / 1e3 / case.towns.width_km - 0.5) <= 0.5 - case.towns.cut
        x, y, people, second, group = (column[kept] for column in (x, y, people, second, group))
        places = ((x - X0_M) / case.towns.width_km, (y - Y0_M) / case.towns.height_km)
        frame = np.stack(places, axis=1) / 1e3 - 0.5
        terms = np.column_stack([second, np.ones(len(x)), np.log2(people), bends(frame)])
        spread = case.towns.scatter**2 * np.eye(len(x)) + case.towns.shared**2 * (group[:, None] == group)
        normal = terms.T @ np.linalg.solve(spread, terms)
        if np.linalg.matrix_rank(normal) == len(normal):
            halves.append(NORMAL_95 * float(np.sqrt(np.linalg.inv(normal)[0, 0])))
    return float(np.median(halves))


def measured(case: Case, scenes: int) -> dict[str, Any]:
    """The figures of a case, with the processor time a scene takes."""
    start = time.process_time()
    found = town_coverage(case.towns, case.photos, range(scenes), case.trend_sigma, FEWER_PLACEBOS)
    found["seconds_a_scene"] = (time.process_time() - start) / scenes
    if case.photos.count == 1 and case.trend_sigma is None:
        found["oracle_half_width"] = oracle_half_width(case, range(min(scenes, 100)))
    return found | {"contrast": case.towns.contrast, "photos": case.photos.count}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenes", type=int, default=500)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    file = Path(__file__).with_suffix(".json")
    stored = json.loads(file.read_text()) if file.is_file() else {}
    for name, case in CASES.items():
        if args.only in name:
            stored[name] = measured(case, args.scenes)
            file.write_text(json.dumps({key: stored[key] for key in CASES if key in stored}, indent=1) + "\n")
            figures = {key: round(value, 3) for key, value in stored[name].items()}
            print(name, figures, flush=True)


if __name__ == "__main__":
    main()
