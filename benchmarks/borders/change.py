"""Simulated pairs of photos with a change planted on one side of a border: is it found, and only there?

    python -m benchmarks.borders.change [--only NAME]

The scenes are those of `tests.scenes.changed_towns`. Prints a table and writes change.json beside this file.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.borders.contrast import table
from tests.scenes import border_towns
from tests.scenes.changed_towns import Setting, measured

SETTINGS = {
    "one side by 0.2": Setting(),
    "pictures of unlike exposure and colour": Setting(light_factor=4.0, tone_shift=0.6),
    "a trend of 0.3 between the pictures": Setting(trend=0.3),
    "clustered towns": Setting(border_towns.Setting(clustered=True)),
    "no change": Setting(change=0.0),
}


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
        print(table(done))
    file.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
