"""Writes docs/speed-benchmark.md and its plot from page.md and the stored figures."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure as Plot

from benchmarks.speed.figures import Figure, load_of, stored

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "speed-benchmark.md"
PICTURE = PAGE.with_suffix(".svg")
PARTS = {
    "runs": "Whole runs",
    "raster": "Onto the map, and its tone",
    "place": "Reading and placing a photo",
    "borders": "Tables of borders",
    "deliver": "Report, GeoPackage, project",
}


def write_page() -> None:
    """The page and its plot, of what has been measured so far."""
    parts = {part: figures for part in PARTS if (figures := stored(part))}
    tables = "\n\n".join(
        f"## {PARTS[part]}\n\nLoad of the machine: {load_of(part):g}.\n\n{_table(figures)}"
        for part, figures in parts.items()
    )
    PAGE.write_text((HERE / "page.md").read_text("utf-8").format(tables=tables), encoding="utf-8")
    _plot([figure for figures in parts.values() for figure in figures if figure.asked is not None])


def _table(figures: list[Figure]) -> str:
    lines = ["| work | unit | asked | measured |  | |", "| --- | --- | --- | --- | --- | --- |"]
    for figure in figures:
        limit = ">=" if figure.unit == "times faster" else "<="
        asked = "" if figure.asked is None else f"{limit} {figure.asked:g}"
        verdict = "" if figure.asked is None else "met" if figure.met else "missed"
        cells = figure.work, figure.unit, asked, f"{figure.measured:g}", verdict, figure.note
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _plot(figures: list[Figure]) -> None:
    """What was taken over what was asked: a bar that ends left of the line is met."""
    mpl.rcParams["svg.hashsalt"] = "speed"  # else every run writes other names into the file
    shares = [
        figure.asked / figure.measured if figure.unit == "times faster" else figure.measured / figure.asked
        for figure in figures
        if figure.asked
    ]
    plot = Plot(figsize=(9, 0.8 + 0.27 * len(figures)), layout="constrained")
    axes = plot.subplots()
    names = [f"{figure.work} [{figure.unit}]" for figure in figures]
    colours = ["#2a7f62" if figure.met else "#b4472e" for figure in figures]
    axes.barh(names, shares, color=colours)
    axes.axvline(1, color="#333333", linewidth=1)
    axes.invert_yaxis()
    axes.set_xlabel("taken over asked: left of the line is met")
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=8)
    plot.savefig(PICTURE, metadata={"Date": None})
