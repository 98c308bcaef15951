"""Simulated pairs of photos with a change planted on one side of a border: is it found, and only there?

    python -m benchmarks.borders.change [--only NAME]

The scenes are those of `contrast`, with the same towns twice: in the second photo every town is a little
other than before, the whole picture may be brighter and of another tone, and the second country's tone has
changed. Prints a table and writes change.json beside this file.
"""

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from benchmarks.borders import contrast
from pipeline.borders.border_line import BorderLine
from pipeline.borders.change import Change, border_change, zone_change
from pipeline.borders.paired_cells import Common, PairedCells, paired_scales, paired_squares
from pipeline.borders.settings import IN_FORCE, ContrastSettings

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


def measured(
    setting: Setting, seed: int, settings: ContrastSettings = IN_FORCE.contrast
) -> dict[str, Change]:
    """The changes of the sides within `contrast_km` and their difference."""
    made = scene(setting, seed)
    rows = paired_squares(made.cells)
    scales = paired_scales(made.cells, CONFIG.block_km, settings.smoothing_blocks)
    # The common change is known here: sides are judged by what was planted, not by how much of the frame
    # each country fills.
    common = Common(float(np.log2(setting.light_factor)), setting.tone_shift)
    near = np.isfinite(made.line.distance_m(rows.x, rows.y, 1e3 * CONFIG.contrast_km))
    sides = {
        name: zone_change(rows.chosen(near & (rows.country == place)), scales, common, CONFIG, settings)
        for place, name in enumerate(("first", "second"))
    }
    return sides | {
        "border": border_change(rows, scales, made.line, 1, contrast.EXCLUSION_M, CONFIG, settings)
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
        print(contrast.table(done))
    file.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main()
