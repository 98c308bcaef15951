"""The light along a motorway that crosses a border, as SVG."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from pipeline.deliver.palette import DARK, LIT, MUTED, RULE, TEAL, TEXT, UNDECIDED
from pipeline.deliver.results import PhotoResults
from pipeline.ground.country_table import adjective
from pipeline.report.answers import rows_of
from pipeline.report.chart_style import Sheet, day, svg
from pipeline.report.motorway_answers import of_motorway
from pipeline.report.number_format import missing
from pipeline.robust import NORMAL_95

CLASSES = {"lit": ("lit", LIT), "dark": ("dark", DARK), "undecidable": ("cannot be told", UNDECIDED)}
BESIDE = (0, (4, 2))
BAR = 0.07  # height of the bar of segments, of the chart


def motorway(photo: PhotoResults, end: Any, sheet: Sheet) -> bytes:
    """Light along chainage beside the light of the flanks, lit and dark segments, where light ends, and the
    borders; `end` is a row of `motorway_ends`."""
    stations = of_motorway(photo.motorway_stations, end.ref, end.pair).sort_values("chainage_m")
    segments = of_motorway(photo.motorway_segments, end.ref, end.pair)
    height_px = 330 if sheet.narrow else 320
    top_px = 84 if sheet.narrow else 62
    with sheet.figure(height_px) as figure:
        axes = figure.add_axes(
            (
                62 / sheet.width_px,
                48 / height_px,
                1 - 76 / sheet.width_px,
                1 - (48 + top_px) / height_px,
            )
        )
        _light(axes, stations, end)
        _bars(axes, segments)
        _end(axes, end)
        _borders(axes, end)
        _frame(axes, stations, segments, end)
        sides = f"{adjective(end.first)} side left, {adjective(end.second)} right"
        axes.set_xlabel(f"km: {sides}" if sheet.narrow else f"km along the road from the border: {sides}")
        _legend(axes, segments, end, sheet)
        title = f"{end.ref}, {day(photo)}"
        axes.text(
            -62 / (sheet.width_px - 76),
            1 + (top_px - 6) / (height_px - 48 - top_px),
            title,
            transform=axes.transAxes,
            weight="bold",
            va="top",
        )
        return svg(figure, photo.simulated)


def _light(axes: Axes, stations: pd.DataFrame, end: Any) -> None:
    """The road's own light with its scatter, and that of the flanks."""
    km = stations["chainage_m"].to_numpy(float) / 1e3
    light, sigma, flank = (stations[c].to_numpy(float) for c in ("light_per_km", "sigma", "flank_per_km"))
    axes.plot(km, flank, color=MUTED, linewidth=1, linestyle=BESIDE)
    half = NORMAL_95 * np.nan_to_num(sigma)
    axes.fill_between(km, light - half, light + half, color=TEXT, alpha=0.2, linewidth=0)
    axes.plot(km, light, color=TEXT, linewidth=1.3)
    if not missing(end.lit_per_km):
        axes.axhline(end.lit_per_km, color=LIT, linewidth=1, linestyle=(0, (1, 2)))


def _bars(axes: Axes, segments: pd.DataFrame) -> None:
    for row in rows_of(segments):
        colour = CLASSES[str(row.lit)][1]
        low, high = row.from_m / 1e3, row.to_m / 1e3
        axes.axvspan(low, high, 0, BAR, color=colour, linewidth=0, zorder=3)
        if not missing(row.light_per_km) and row.lit != "undecidable":
            axes.plot([low, high], [row.light_per_km] * 2, color=colour, linewidth=2.5, zorder=3)


def _end(axes: Axes, end: Any) -> None:
    if missing(end.end_m):
        return
    axes.axvspan(end.low95_m / 1e3, end.high95_m / 1e3, color=TEAL, alpha=0.25, linewidth=0)
    axes.axvline(end.end_m / 1e3, color=TEAL, linewidth=2)


def _borders(axes: Axes, end: Any) -> None:
    """The national border, and the regional one with its name on the other side of its line."""
    style: dict[str, Any] = {"transform": axes.get_xaxis_transform(), "va": "top", "color": TEXT, "zorder": 5}
    axes.axvline(0, color=TEXT, linewidth=1.6)
    regional_km = end.regional_at_m / 1e3
    axes.text(0, 0.98, " border ", ha="right" if regional_km > 0 else "left", **style)
    if not missing(regional_km):
        axes.axvline(regional_km, color=TEXT, linewidth=1.2, linestyle=(0, (3, 3)))
        axes.text(regional_km, 0.98, " regional ", ha="left" if regional_km > 0 else "right", **style)


def _frame(axes: Axes, stations: pd.DataFrame, segments: pd.DataFrame, end: Any) -> None:
    """Scales: lone bright lights beside the road may run out of the chart."""
    light = stations["light_per_km"].to_numpy(float)
    light = light[np.isfinite(light)]
    levels = [0.0 if missing(end.lit_per_km) else float(end.lit_per_km)]
    levels += [float(value) for value in segments["light_per_km"].dropna()]
    high = max(1.6 * max(levels), float(np.percentile(light, 97)) if len(light) else 0.0, 1e-9)
    low = min(0.0, float(np.percentile(light, 3)) if len(light) else 0.0)
    # Room below for the bar of segments.
    axes.set_ylim(low - (high - low) * 1.8 * BAR, high)
    ends = np.concatenate([stations["chainage_m"], segments["from_m"], segments["to_m"], [-1e3, 1e3]]) / 1e3
    axes.set_xlim(float(np.min(ends)), float(np.max(ends)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{abs(x):g}"))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="y", color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_ylabel("light per km of road")


def _legend(axes: Axes, segments: pd.DataFrame, end: Any, sheet: Sheet) -> None:
    line = axes.plot([], [], color=TEXT, linewidth=1.3)[0]
    handles: dict[str, Any] = {"the road": line}
    handles["beside it"] = axes.plot([], [], color=MUTED, linewidth=1, linestyle=BESIDE)[0]
    for kind, (label, colour) in CLASSES.items():
        if (segments["lit"] == kind).any():
            handles[label] = Patch(color=colour)
    if not missing(end.end_m):
        handles["light ends, 95 %"] = Patch(facecolor=(TEAL, 0.25), edgecolor=TEAL)
    if not missing(end.lit_per_km):
        handles["a lit motorway"] = axes.plot([], [], color=LIT, linewidth=1, linestyle=(0, (1, 2)))[0]
    axes.legend(
        handles.values(),
        handles.keys(),
        loc="lower left",
        bbox_to_anchor=(-0.01, 1.0),
        ncols=3 if sheet.narrow else len(handles),
        handlelength=1.3,
        handletextpad=0.5,
        columnspacing=1.2,
        borderaxespad=0.2,
        labelcolor=MUTED,
        fontsize=0.92 * sheet.type_px,
    )
