"""Writes docs/memory-benchmark.md and its plot from page.md and the stored results.

python -m benchmarks.memory.page
"""

import json
from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.memory.measure import Row

HERE = Path(__file__).parent
PHOTOS, GRIDS = HERE / "photos.json", HERE / "grids.json"
PAGE = HERE.parents[1] / "docs" / "memory-benchmark.md"
PLOT = PAGE.with_suffix(".svg")
MAX_BYTES_A_PIXEL, MAX_GB = 20, 1.5
# Time grows straight where a cell of the largest grid takes no longer than one of a grid of so many cells,
# within what the machine's other work changes. Smaller grids take what starting takes.
STRAIGHT_FROM, STRAIGHT_WITHIN = 4e6, 1.25
STEPS = "orthorectify", "tone"


def write_page() -> None:
    """The page and its plot, of what has been measured so far."""
    photos, grids = (json.loads(file.read_text()) if file.exists() else [] for file in (PHOTOS, GRIDS))
    text = (HERE / "page.md").read_text(encoding="utf-8")
    rows = {"targets": _targets(photos, grids), "photos": _photos(photos), "grids": _grids(grids)}
    PAGE.write_text(text.format(**{key: _lines(cells) for key, cells in rows.items()}), encoding="utf-8")
    _plot(photos, grids)


def _targets(photos: list[Row], grids: list[Row]) -> Iterable[list[object]]:
    """Each target with what was measured."""
    for row in photos:
        if row["kind"] == "JPEG":
            most = row["bytes_a_pixel"]
            name = f"JPEG of {row['pixels'] / 1e6:.0f} million pixels: bytes a pixel"
            yield [name, f"<= {MAX_BYTES_A_PIXEL}", f"{most:.1f}", _met(most <= MAX_BYTES_A_PIXEL)]
    for step in STEPS:
        own = [row for row in grids if row["step"] == step]
        if not own:
            continue
        gb, largest = max(row["peak_mb"] for row in own) / 1e3, max(row["cells"] for row in own)
        name = f"{step}, grids up to {largest / 1e6:.0f} million cells"
        yield [f"{name}: memory", f"<= {MAX_GB} GB", f"{gb:.2f} GB", _met(gb <= MAX_GB)]
        # Of the processor: the clock tells more of what else the machine did.
        by_cell = [row["cpu_seconds"] / row["cells"] for row in own if row["cells"] >= 0.99 * STRAIGHT_FROM]
        if len(by_cell) > 1:
            ratio = by_cell[-1] / by_cell[0]
            asked = f"<= {STRAIGHT_WITHIN} times that of {STRAIGHT_FROM / 1e6:.0f} million"
            yield [f"{name}: processor time a cell", asked, f"{ratio:.2f}", _met(ratio <= STRAIGHT_WITHIN)]


def _photos(photos: list[Row]) -> Iterable[list[object]]:
    for row in photos:
        megapixels = f"{row['pixels'] / 1e6:.1f}"
        yield [row["kind"], megapixels, row["bytes_a_pixel"], *_taken(row), row["cpu_seconds"]]


def _grids(grids: list[Row]) -> Iterable[list[object]]:
    for row in grids:
        million = row["cells"] / 1e6
        size = [row["step"], f"{million:.1f}", f"{100 * row['share']:.0f} %"]
        by_cell = f"{row['cpu_seconds'] / million:.2f}"
        yield [*size, *_taken(row), row["cpu_seconds"], by_cell, row["load"]]


def _taken(row: Row) -> tuple[object, object]:
    return row["peak_mb"], row["seconds"]


def _met(met: bool) -> str:
    return "met" if met else "**missed**"


def _lines(rows: Iterable[list[object]]) -> str:
    return "\n".join(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows)


def _plot(photos: list[Row], grids: list[Row]) -> None:
    """Bytes a pixel of photos; seconds and memory of grids."""
    # A fixed salt and no date: equal results make equal files.
    with mpl.rc_context({"svg.hashsalt": "borderlight", "svg.fonttype": "none", "font.size": 10}):
        figure = Figure(figsize=(11, 3.6), layout="constrained")
        by_photo, by_time, by_memory = figure.subplots(1, 3)
        for kind in dict.fromkeys(row["kind"] for row in photos):
            own = [row for row in photos if row["kind"] == kind]
            pixels, taken = ([row[key] for row in own] for key in ("pixels", "bytes_a_pixel"))
            by_photo.plot([n / 1e6 for n in pixels], taken, "o-", label=kind)
        by_photo.axhline(MAX_BYTES_A_PIXEL, color="grey", linestyle="--", linewidth=1)
        _label(by_photo, "million pixels", "bytes a pixel", "acquire")
        for step in STEPS:
            own = [row for row in grids if row["step"] == step]
            cells = [row["cells"] / 1e6 for row in own]
            by_time.loglog(cells, [row["cpu_seconds"] for row in own], "o-", label=step)
            by_memory.semilogx(cells, [row["peak_mb"] / 1e3 for row in own], "o-", label=step)
        by_memory.axhline(MAX_GB, color="grey", linestyle="--", linewidth=1)
        _label(by_time, "million cells", "seconds of processor", "orthorectify and tone")
        _label(by_memory, "million cells", "GB at most", "orthorectify and tone")
        figure.savefig(PLOT, metadata={"Date": None})


def _label(axes: Axes, across: str, up: str, title: str) -> None:
    axes.set(xlabel=across, ylabel=up, title=title)
    if not up.startswith("seconds"):
        axes.set_ylim(0)
    axes.legend(frameon=False, fontsize=8)


if __name__ == "__main__":
    write_page()
