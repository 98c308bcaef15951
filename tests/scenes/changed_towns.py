"""Pairs of photos of the same towns with a change planted on one side of a border, and what is said of them.

In the second photo every town is a little other than before, the whole picture may be brighter and of another
tone, and the second country's tone has changed.
"""

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from pipeline.borders.border_line import BorderLine
from pipeline.borders.change import Change, border_change, zone_change
from pipeline.borders.paired_cells import Common, PairedCells, paired_scales, paired_squares
from pipeline.borders.settings import IN_FORCE, ContrastSettings
from tests.scenes import border_towns
from tests.scenes.border_towns import CONFIG, EXCLUSION_M, X0_M, Y0_M


@dataclass(frozen=True)
class Setting:
    """Towns as of `border_towns`, how they change (1 sigma of log2 G/R and of ln light), how the
    picture does, and the tone that the second country gains. trend: change of tone from west to east."""

    towns: border_towns.Setting = field(default_factory=border_towns.Setting)
    tone_scatter: float = 0.15
    light_scatter: float = 0.3
    light_factor: float = 1.0
    tone_shift: float = 0.0
    change: float = 0.2
    trend: float = 0.0


@dataclass(frozen=True, eq=False)
class Pair:
    """Paired cells of two photos and the border between their countries."""

    cells: PairedCells
    line: BorderLine


def scene(setting: Setting, seed: int) -> Pair:
    """The same ground twice; what changes by chance does so in patches as large as towns."""
    made = border_towns.scene(setting.towns, seed)
    rng = np.random.default_rng([seed, 1])
    cells = made.cells
    # The ground is divided among random seats, one for each 20 km2.
    width, height = setting.towns.width_km, setting.towns.height_km
    seats = rng.uniform(0, 1, (int(width * height / 20), 2)) * (width, height)
    at = np.column_stack([cells.x - X0_M, cells.y - Y0_M]) / 1e3
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
    return sides | {"border": border_change(rows, scales, made.line, 1, EXCLUSION_M, CONFIG, settings)}
