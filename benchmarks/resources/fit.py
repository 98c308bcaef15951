"""From measured peaks to the coefficients that the rules ask by: no estimate below a peak, and as low as that
allows."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from benchmarks.resources.measure import Row
from pipeline.steps.resources import COEFFICIENTS, SNAKEMAKE_MB, Cost, Size

Floats = NDArray[np.float64]

# By as much estimates lie above all that was measured: repeated runs differ by 5 %, other machines by more.
MARGIN = 1.15
# Millions of cells that a rule may hold at once, if it works tile by tile; assumed where it brings estimates
# closer by this share. Borders hold all lit cells of a photo.
AT_ONCE, GAIN = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0), 0.02
HOLDS_ALL = ("borders",)
# Rules that are not measured, for they use a network or do nothing, do what others do: `download` decodes a
# picture, here of 50 megapixels, as `acquire` does; `motorways` holds lines, as `country_tones` does areas.
# No city has a region: its two rules hold what `borders` holds beside its cells.
LIKE = {
    "download": ("acquire", Size(megapixels=50)),
    "motorways": ("country_tones", Size()),
    "refusals": ("place", Size()),
    "region": ("borders", Size()),
    "deliver_region": ("borders", Size()),
}
# Rules that fetch the ground of a photo, which need a server: memory (MB) and seconds, estimated for a frame
# full of heights, tiles or streets.
FETCHING = {"heights": (600, 30.0), "night_light": (450, 8.0), "streets": (1800, 120.0)}


def fitted(rows: Sequence[Row]) -> dict[str, Cost]:
    """The cost of each rule."""
    rules = sorted({row.rule for row in rows})
    costs = {rule: _cost([row for row in rows if row.rule == rule]) for rule in rules}
    for rule, (other, size) in LIKE.items():
        as_other = costs[other]
        costs[rule] = Cost(
            round(as_other.memory_mb(size)), 0, 0, None, round(as_other.processor_s(size), 1), 0, 0
        )
    costs |= {rule: Cost(mb, 0, 0, None, seconds, 0, 0) for rule, (mb, seconds) in FETCHING.items()}
    return dict(sorted(costs.items()))


def write(costs: dict[str, Cost]) -> None:
    table = {rule: asdict(cost) for rule, cost in costs.items()}
    COEFFICIENTS.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def _cost(rows: Sequence[Row]) -> Cost:
    sizes = np.array([[1.0, row.size.megapixels, row.size.megacells] for row in rows])
    memory = np.array([MARGIN * (row.peak_mb + SNAKEMAKE_MB) - SNAKEMAKE_MB for row in rows])
    seconds = np.array([MARGIN * row.processor_s for row in rows])
    # That only some cells count is believed where a larger map was measured.
    tile_by_tile = rows[0].rule not in HOLDS_ALL
    bounds = [None, *(cells for cells in AT_ONCE if tile_by_tile and cells < sizes[:, 2].max())]
    fits = [(*_above(_counted(sizes, bound), memory), bound) for bound in bounds]
    _, (mb, mb_pixel, mb_cell), at_once = min(fits, key=lambda fit: fit[0] - GAIN * (fit[2] is None))
    _, (s, s_pixel, s_cell) = _above(sizes, seconds)
    return Cost(
        *(_up(value, 0.1) for value in (mb, mb_pixel, mb_cell)),
        at_once,
        *(_up(value, 0.01) for value in (s, s_pixel, s_cell)),
    )


def _counted(sizes: Floats, most_megacells: float | None) -> Floats:
    """Sizes in which no map is larger."""
    most = np.inf if most_megacells is None else most_megacells
    return np.minimum(sizes, [np.inf, np.inf, most])


def _up(value: float, step: float) -> float:
    return round(float(np.ceil(value / step) * step), 2)


def _above(sizes: Floats, values: Floats) -> tuple[float, Floats]:
    """Coefficients of 1, megapixels and megacells, none negative, whose estimates lie nowhere below the
    values and as little above them as can be; first the mean ratio of estimate and value."""
    shares = sizes / values[:, None]
    found = linprog(shares.mean(axis=0), A_ub=-shares, b_ub=-np.ones(len(values)), bounds=(0, None))
    assert found.success, found.message
    # A size that no row has counts for nothing; the program would leave it free.
    return float(found.fun), np.where(sizes.any(axis=0), found.x, 0.0)
