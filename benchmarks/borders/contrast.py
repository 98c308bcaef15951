"""Simulated scenes with a planted contrast: how often does its interval hold it, and what do placebos say?

    python -m benchmarks.borders.contrast [--only NAME]

The scenes are those of `tests.scenes.border_towns`. Prints a table and writes contrast.json beside this file;
with --only, just the settings whose name holds NAME anew.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.borders.segments import along
from pipeline.borders.settings import IN_FORCE
from tests.scenes.border_towns import (
    SETTINGS,
    Setting,
    coverage,
    fitted,
    measured,
    nadir_below,
    scene,
)

SEGMENT_SETTINGS = {
    name: SETTINGS[name] for name in ("typical", "dense", "clustered towns", "winding border")
}
PLACEBO_SETTINGS = {
    "100 km": Setting(contrast=0, width_km=100),
    "70 km": Setting(contrast=0, width_km=70, height_km=70),
    "clustered": Setting(contrast=0, width_km=100, clustered=True),
    "trend 0.3": Setting(contrast=0, width_km=100, trend=0.3),
    "dense, winding": Setting(contrast=0, width_km=100, density=0.05, wiggle_km=8),
}


def false_positives(setting: Setting, scenes: int) -> dict[str, Any]:
    """How often placebos call a border that is none, and the same of a planted contrast."""
    tests = [measured(scene(setting, seed), test=True)[1] for seed in range(scenes)]
    p = np.array([one.p for one in tests if one is not None and one.p is not None])
    return {
        "scenes": scenes,
        "given": len(p),
        "at_5_percent": float(np.mean(p <= 0.05)),
        "at_20_percent": float(np.mean(p <= 0.20)),
    }


def segments(setting: Setting, scenes: int) -> dict[str, Any]:
    """How often the intervals of segments of the border hold the contrast, which is the same all along."""
    rows, dark = [], 0
    for seed in range(scenes):
        made = scene(setting, seed)
        found = along(fitted(made)[1], made.border, made.line, nadir_below, IN_FORCE)
        given = [one for one in found if one["contrast_g_r"] is not None]
        dark += len(found) - len(given)
        rows += [(one["contrast_g_r"], one["high95"] - one["contrast_g_r"]) for one in given]
    value, half = np.array(rows).T
    return {
        "scenes": scenes,
        "given": len(rows),
        "too_dark": dark,
        "coverage": float(np.mean(np.abs(value - setting.contrast) <= half)),
        "half_width_median": float(np.median(half)),
    }


def table(rows: dict[str, dict[str, Any]]) -> str:
    """Rows of figures as text."""
    keys = list(next(iter(rows.values())))
    lines = [f"{'':36s}" + "".join(f"{key[-12:]:>13s}" for key in keys)]
    lines += [
        f"{name:36s}" + "".join(f"{v:13.3f}" if isinstance(v, float) else f"{v:13d}" for v in row.values())
        for name, row in rows.items()
    ]
    return "\n".join(lines)


def run(function: Callable[[Setting, int], dict[str, Any]], setting: Setting, scenes: int) -> dict[str, Any]:
    """The figures of a setting, with the processor time a scene takes."""
    start = time.process_time()
    return function(setting, scenes) | {"seconds_a_scene": (time.process_time() - start) / scenes}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scenes", type=int, default=200)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    file = Path(__file__).with_suffix(".json")
    stored = json.loads(file.read_text()) if file.is_file() else {}
    for kind, function, settings in (
        ("coverage", coverage, SETTINGS),
        ("segments", segments, SEGMENT_SETTINGS),
        ("placebo", false_positives, PLACEBO_SETTINGS),
    ):
        done = {
            name: run(function, one, args.scenes)
            for name, one in settings.items()
            if args.only in f"{kind} {name}"
        }
        known = stored.get(kind, {}) | done
        stored[kind] = {name: known[name] for name in settings if name in known}
        if done:
            print(table(done))
    file.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
