"""Writes `docs/resources-benchmark.md` and its chart from the stored results."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib.pyplot as plt

from benchmarks.resources.measure import Row
from pipeline.steps.resources import SHORTEST_MIN, SLOWER, SNAKEMAKE_MB, Cost, costs

DOCS = Path(__file__).parents[2] / "docs"
PAGE, CHART = DOCS / "resources-benchmark.md", DOCS / "resources-benchmark.svg"
TITLE = f"""# What each rule asks for

Written by `python -m benchmarks.resources` from the stored results; do not edit.

`mem_mb` of a rule is a linear function of the millions of pixels and cells that it works on, fitted to lie
nowhere below what was measured and as little above it as that allows. A rule that works tile by tile holds
only so many cells at once, which the column *of at most* tells. To all come {SNAKEMAKE_MB} MB for the
Snakemake that a cluster starts with each job. `runtime` is {SLOWER} times the seconds of processor, for
slower machines, and at least {SHORTEST_MIN} minutes. `tests/steps/test_resources.py` holds all rows of this
page to their estimates, `tests/workflow/test_cluster.py` and `test_demo.py` what steps take today.

![Asked for and measured](resources-benchmark.svg)
"""


def write(rows: Sequence[Row]) -> None:
    _chart(rows)
    measured = sorted(rows, key=lambda row: (row.rule, row.size.megacells, row.size.megapixels, row.peak_mb))
    parts = [
        TITLE,
        "## Coefficients",
        "",
        *_coefficients(),
        "",
        "## Measured",
        "",
        *map(str, _rows(measured)),
    ]
    PAGE.write_text("\n".join(parts) + "\n", encoding="utf-8")


def _coefficients() -> list[str]:
    names = ("rule", "MB", "a megapixel", "a megacell", "of at most", "seconds", "a megapixel", "a megacell")
    lines = [f"| {' | '.join((rule, *_numbers(cost)))} |" for rule, cost in costs().items()]
    return [f"| {' | '.join(names)} |", f"| --- |{' ---: |' * 7}", *lines]


def _numbers(cost: Cost) -> tuple[str, ...]:
    at_once = "" if cost.megacells_at_once is None else f"{cost.megacells_at_once:.0f}"
    memory = (cost.mb, cost.mb_per_megapixel, cost.mb_per_megacell)
    seconds = (cost.seconds, cost.seconds_per_megapixel, cost.seconds_per_megacell)
    return (*(f"{value:.0f}" for value in memory), at_once, *(f"{value:.1f}" for value in seconds))


def _rows(rows: Sequence[Row]) -> list[str]:
    names = ("rule", "city", "megapixels", "megacells", "peak, MB", "estimate, MB", "ratio")
    head = f"| {' | '.join((*names, 'processor, s', 'estimate, s'))} |"
    return [head, f"| --- | --- |{' ---: |' * 7}", *map(_line, rows)]


def _line(row: Row) -> str:
    peak, estimate = SNAKEMAKE_MB + row.peak_mb, _asked_mb(row)
    seconds = costs()[row.rule].processor_s(row.size)
    return (
        f"| {row.rule} | {row.city} | {row.size.megapixels:.1f} | {row.size.megacells:.1f} | {peak:.0f} "
        f"| {estimate:.0f} | {estimate / peak:.2f} | {row.processor_s:.1f} | {seconds:.1f} |"
    )


def _asked_mb(row: Row) -> float:
    return SNAKEMAKE_MB + costs()[row.rule].memory_mb(row.size)


def _chart(rows: Sequence[Row]) -> None:
    """Estimates against peaks, between the lines of just enough and twice as much."""
    figure, axes = plt.subplots(figsize=(7, 5.5), layout="constrained")
    for index, rule in enumerate(sorted({row.rule for row in rows})):
        of_rule = [row for row in rows if row.rule == rule]
        peaks = [SNAKEMAKE_MB + row.peak_mb for row in of_rule]
        axes.plot(peaks, [_asked_mb(row) for row in of_rule], "osD^v"[index % 5], label=rule, alpha=0.8)
    ends = axes.get_xlim()
    axes.plot(ends, ends, "k-", linewidth=1, label="just enough")
    axes.plot(ends, [2 * end for end in ends], "k:", linewidth=1, label="twice as much")
    axes.set(xlabel="measured peak of a job, MB", ylabel="asked for, MB", xscale="log", yscale="log")
    axes.legend(fontsize="small", ncols=2)
    plt.rcParams["svg.hashsalt"] = "resources"  # equal results make an equal file
    figure.savefig(CHART, metadata={"Date": None})
    plt.close(figure)
