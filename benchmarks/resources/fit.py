"""From measured peaks to the coefficients that the rules ask by: no estimate below a peak, and as low as that
allows."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from scipy.optimize import linprog

from benchmarks.resources.measure import Row
from pipeline.steps.resources import COEFFICIENTS, SNAKEMAKE_MB, Cost, Size

# By as much estimates lie above all that was measured: repeated runs differ by 5 %, other machines by more.
MARGIN = 1.15
# Rules that are not measured, for they use a network or do nothing, do what others do: `download` decodes a
# picture, here of 50 megapixels, as `acquire` does; `motorways` holds lines, as `country_tones` does areas.
LIKE = {
    "download": ("acquire", Size(megapixels=50)),
    "motorways": ("country_tones", Size()),
    "refusals": ("place", Size()),
}


def fitted(rows: Sequence[Row]) -> dict[str, Cost]:
    """The cost of each rule."""
    rules = sorted({row.rule for row in rows})
    costs = {rule: _cost([row for row in rows if row.rule == rule]) for rule in rules}
    for rule, (other, size) in LIKE.items():
        as_other = costs[other]
        costs[rule] = Cost(round(as_other.memory_mb(size)), 0, 0, round(as_other.processor_s(size), 1), 0, 0)
    return dict(sorted(costs.items()))


def write(costs: dict[str, Cost]) -> None:
    table = {rule: asdict(cost) for rule, cost in costs.items()}
    COEFFICIENTS.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


def _cost(rows: Sequence[Row]) -> Cost:
    sizes = np.array([[1.0, row.size.megapixels, row.size.megacells] for row in rows])
    memory = np.array([MARGIN * (row.peak_mb + SNAKEMAKE_MB) - SNAKEMAKE_MB for row in rows])
    seconds = np.array([MARGIN * row.processor_s for row in rows])
    mb, mb_pixel, mb_cell = (float(v) for v in np.ceil(10 * _above(sizes, memory)) / 10)
    s, s_pixel, s_cell = (float(v) for v in np.ceil(100 * _above(sizes, seconds)) / 100)
    return Cost(mb, mb_pixel, mb_cell, s, s_pixel, s_cell)


def _above(sizes: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Coefficients of 1, megapixels and megacells, none negative, whose estimates lie nowhere below the
    values and as little above them as can be, in the mean of their ratios."""
    weights = (sizes / values[:, None]).sum(axis=0)
    found = linprog(weights, A_ub=-sizes, b_ub=-values, bounds=(0, None))
    assert found.success, found.message
    # A size that no row has counts for nothing; the program would leave it free.
    return np.where(sizes.any(axis=0), found.x, 0.0)
