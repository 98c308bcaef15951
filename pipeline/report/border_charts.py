"""Charts of tone and light across borders as SVG, for wide pages and for phones."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from pipeline.camera.earth import Array
from pipeline.deliver import palette
from pipeline.deliver.palette import BACKGROUND, COUNTRY, MUTED, RULE, TEXT, UNDECIDED
from pipeline.deliver.results import PhotoResults
from pipeline.ground.country_table import adjective
from pipeline.report.answers import of_pair, rows_of
from pipeline.report.chart_style import Sheet, day, names, svg

ROW_PX = 26  # CSS pixels: room for a line of text and a little air
WINDS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")


@dataclass(frozen=True)
class ForestRow:
    """A row of a table of contrasts with its label, its colour and its planted value, if there is one."""

    row: Any
    label: str
    colour: str
    truth: float = math.nan


def forest(photos: Sequence[PhotoResults], planted: Mapping[str, Mapping[str, float]], sheet: Sheet) -> bytes:
    """Contrast of every pair and photo: a dot with its 95 % interval; planted values, by photo and pair, as
    open diamonds."""
    rows = [
        ForestRow(
            row,
            day(photo) if sheet.narrow else f"{photo.name}, {day(photo)}",
            palette.DATES[index % len(palette.DATES)],
            planted.get(photo.name, {}).get(row.pair, np.nan),
        )
        for index, photo in enumerate(photos)
        for row in rows_of(photo.contrasts)
    ]
    return drawn_forest(rows, any(photo.simulated for photo in photos), sheet)


def drawn_forest(rows: Sequence[ForestRow], simulated: bool, sheet: Sheet) -> bytes:
    """Contrasts by pair, in the order of the rows."""
    in_order = sorted(rows, key=lambda item: str(item.row.pair))
    pairs = [(pair, list(group)) for pair, group in groupby(in_order, key=lambda item: str(item.row.pair))]
    height_px = ROW_PX * (len(rows) + len(pairs)) + 90
    left, right = (100, 14) if sheet.narrow else (250, 210)
    with sheet.figure(height_px) as figure:
        axes = figure.add_axes(
            (left / sheet.width_px, 52 / height_px, 1 - (left + right) / sheet.width_px, 1 - 82 / height_px)
        )
        y = 0
        reach = 0.2
        for pair, group in pairs:
            axes.text(
                -left / (sheet.width_px - left - right),
                y,
                names(pair, sheet),
                transform=axes.get_yaxis_transform(),
                va="center",
                weight="bold",
            )
            for item in group:
                y += 1
                reach = max(reach, _forest_row(axes, y, item, sheet))
            y += 1
        _forest_axes(axes, y, reach, sheet)
        return svg(figure, simulated)


def _forest_row(axes: Axes, y: float, item: ForestRow, sheet: Sheet) -> float:
    """One contrast with its label, its figures and its planted value; gives how far it reaches from zero."""
    margin = axes.get_yaxis_transform()
    axes.text(-0.02, y, item.label, transform=margin, ha="right", va="center", color=MUTED)
    figures = _interval(axes, y, item.row, item.colour)
    if not sheet.narrow:
        axes.text(1.03, y, figures, transform=margin, va="center")
    if np.isfinite(item.truth):
        axes.plot(item.truth, y, "D", mfc="none", mec=TEXT, ms=7, mew=1, zorder=4)
    values = np.array([item.truth, item.row.low95, item.row.high95], float)
    return float(np.nanmax(np.abs(values), initial=0.0))


def _forest_axes(axes: Axes, rows: int, reach: float, sheet: Sheet) -> None:
    axes.axvline(0, color=MUTED, linewidth=0.8, zorder=1)
    axes.set_xlim(-1.1 * reach, 1.1 * reach)
    axes.set_ylim(rows - 0.2, -0.7)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(5 if sheet.narrow else 9, symmetric=True))
    axes.grid(axis="x", linewidth=0.6)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(
        "← first greener · log2(G/R) · second greener →"
        if sheet.narrow
        else "← first country greener  ·  difference of log2(G/R)  ·  second country greener →"
    )


def profile(photo: PhotoResults, sheet: Sheet) -> bytes:
    """Tone and light against signed distance from each border, the first country on the left, with 95 %
    intervals as bands."""
    pairs = [(str(pair), rows) for pair, rows in photo.profiles.groupby("pair", sort=True)]
    columns = 1 if sheet.narrow else 2 if len(pairs) == 4 else min(3, len(pairs))
    blocks = -(-len(pairs) // columns)
    height_px = blocks * (300 if sheet.narrow else 330) + 40
    tones, lights = _tone_limits(photo.profiles), _light_limits(photo.profiles)
    with sheet.figure(height_px) as figure:
        grid = figure.add_gridspec(
            blocks,
            columns,
            left=62 / sheet.width_px,
            right=1 - 10 / sheet.width_px,
            top=1 - 56 / height_px,
            bottom=48 / height_px,
            wspace=0.22,
            hspace=0.35,
        )
        for index, (pair, rows) in enumerate(pairs):
            cell = grid[index // columns, index % columns].subgridspec(2, 1, hspace=0.12)
            tone, light = (figure.add_subplot(cell[place]) for place in (0, 1))
            _steps(tone, rows, "tone_g_r", "tone")
            _steps(light, rows, "light_per_km2", "light")
            light.set_yscale("log")
            light.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5), numticks=6))
            light.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            light.yaxis.set_minor_locator(NullLocator())
            tone.yaxis.set_major_locator(MaxNLocator(4))
            for axes, limits in ((tone, tones), (light, lights)):
                axes.set_ylim(limits)
                _distance_axis(axes, rows, of_pair(photo.contrasts, pair))
            tone.set_title(names(pair, sheet), loc="left", fontsize=sheet.type_px, weight="bold", pad=8)
            tone.tick_params(labelbottom=False)
            if index % columns == 0:
                tone.set_ylabel("log2(G/R)")
                light.set_ylabel("light per km²")
            first, second = pair.split("-")
            light.set_xlabel(f"km from the border: {first} left, {second} right")
        return svg(figure, photo.simulated)


def along(photo: PhotoResults, sheet: Sheet) -> bytes:
    """The contrast of each segment of each border, in order along it, with 95 % intervals; behind them that
    of the whole border."""
    measured = of_measured_borders(photo.segments).groupby("pair")
    pairs = [(str(pair), rows.sort_values("segment")) for pair, rows in measured]
    height_px = 230 * len(pairs) + 40
    with sheet.figure(height_px) as figure:
        grid = figure.add_gridspec(
            len(pairs),
            1,
            left=62 / sheet.width_px,
            right=1 - 10 / sheet.width_px,
            top=1 - 56 / height_px,
            bottom=48 / height_px,
            hspace=0.62,
        )
        for index, (pair, rows) in enumerate(pairs):
            axes = figure.add_subplot(grid[index])
            contrast = of_pair(photo.contrasts, pair)
            _whole_border(axes, contrast)
            _segments(axes, rows, _reach(rows, contrast))
            axes.set_title(names(pair, sheet), loc="left", fontsize=sheet.type_px, weight="bold", pad=8)
            start, end = _course(rows)
            axes.set_xlabel(
                f"km, {start} → {end}"
                if sheet.narrow
                else f"km along the border, from the {start} to the {end}"
            )
            axes.set_ylabel("difference")
        return svg(figure, photo.simulated)


def _interval(axes: Axes, y: float, row: Any, colour: str) -> str:
    """Draw one contrast with its interval; gives its figures as text."""
    if not np.isfinite(np.array(row.contrast_g_r, float)):
        where = axes.get_yaxis_transform()
        axes.text(0.02, y, "none can be given", transform=where, va="center", color=MUTED, style="italic")
        return ""
    axes.plot([row.low95, row.high95], [y, y], color=colour, linewidth=2.2, solid_capstyle="round", zorder=3)
    axes.plot(row.contrast_g_r, y, "o", color=colour, ms=7.5, zorder=3)
    return f"{row.contrast_g_r:+.2f}  ({row.low95:.2f} to {row.high95:.2f})"


def of_measured_borders(segments: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The segments of the borders of which any has a contrast."""
    return segments[segments.groupby("pair")["contrast_g_r"].transform("count") > 0]


def _steps(axes: Axes, rows: pd.DataFrame, value: str, name: str) -> None:
    """A quantity of the profile by steps of distance, one colour a country."""
    for side, own in rows.sort_values("from_km").groupby("side"):
        edges = np.append(own["from_km"], own["to_km"].iloc[-1])
        low, high = (own[f"{name}_{end}95"].to_numpy(float) for end in ("low", "high"))
        colour = COUNTRY.get(str(side), TEXT)
        axes.stairs(high, edges, baseline=low, fill=True, color=colour, alpha=0.25, linewidth=0)
        axes.stairs(
            own[value].where(own[value] != 0).to_numpy(float), edges, baseline=None, color=colour, linewidth=2
        )


def _tone_limits(profiles: pd.DataFrame) -> tuple[float, float]:
    """One scale for all pairs of a photo, wide enough for nearly all of it: steps of few lights stray."""
    bands = profiles[["tone_g_r", "tone_low95", "tone_high95"]].to_numpy(float)
    if not np.isfinite(bands).any():
        return palette.TONE_MIN, palette.TONE_MAX
    low, high = np.nanpercentile(bands, [3, 97])
    return float(low) - 0.15, float(high) + 0.15


def _light_limits(profiles: pd.DataFrame) -> tuple[float, float]:
    """One scale of light for all pairs of a photo."""
    light = profiles["light_per_km2"][profiles["light_per_km2"] > 0]
    return (light.min() / 1.8, light.max() * 1.8) if len(light) else (0.1, 1.0)


def _distance_axis(axes: Axes, rows: pd.DataFrame, contrast: pd.DataFrame) -> None:
    """Kilometres to both sides; grey where light is too near to the border to tell its side."""
    axes.set_xlim(rows["from_km"].min(), rows["to_km"].max())
    axes.xaxis.set_major_locator(MaxNLocator(8, symmetric=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{abs(x):g}"))
    axes.axvline(0, color=MUTED, linewidth=0.8)
    for exclusion_km in contrast["exclusion_km"].dropna():
        axes.axvspan(-exclusion_km, exclusion_km, color=RULE, alpha=0.7, linewidth=0, zorder=0)
    axes.grid(axis="y", linewidth=0.6)


def _segments(axes: Axes, rows: gpd.GeoDataFrame, reach: float) -> None:
    """Dots with intervals in the middle of each segment; a small cross where there is too little light."""
    length_km = rows.geometry.length.to_numpy() / 1e3
    end_km = np.cumsum(length_km)
    first, second = (str(rows[side].iloc[0]) for side in ("first", "second"))
    for start, end, row in zip(end_km - length_km, end_km, rows_of(rows), strict=True):
        x = (start + end) / 2
        if not np.isfinite(row.contrast_g_r):
            axes.plot(x, 0, "x", color=MUTED, ms=4, mew=1)
            continue
        colour = COUNTRY.get(second if row.low95 > 0 else first, TEXT) if _sure(row) else UNDECIDED
        axes.plot([start, end], [row.contrast_g_r] * 2, color=colour, linewidth=1)
        axes.plot([x, x], [row.low95, row.high95], color=colour, linewidth=1.8, solid_capstyle="round")
        axes.plot(x, row.contrast_g_r, "o", color=colour, ms=5)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.set_xlim(0, end_km[-1])
    axes.set_ylim(-reach, reach)
    axes.yaxis.set_major_locator(MaxNLocator(5, symmetric=True))
    axes.grid(axis="y", linewidth=0.6)
    style: dict[str, Any] = {"transform": axes.transAxes, "color": MUTED, "ha": "right"}
    style["bbox"] = {"facecolor": BACKGROUND, "alpha": 0.7, "linewidth": 0, "pad": 1.5}
    axes.text(0.995, 0.97, f"{adjective(second)} side greener ↑", va="top", **style)
    axes.text(0.995, 0.03, f"{adjective(first)} side greener ↓", va="bottom", **style)


def _sure(row: Any) -> bool:
    return bool(row.low95 > 0 or row.high95 < 0)


def _reach(rows: pd.DataFrame, contrast: pd.DataFrame) -> float:
    """Half the height of the chart: a few segments of little light may run out of it."""
    ends: list[Array] = [np.abs(table[["low95", "high95"]].to_numpy(float)) for table in (rows, contrast)]
    known = [values[np.isfinite(values)] for values in ends]
    return max([0.4, *(1.15 * float(np.percentile(values, 85)) for values in known if len(values))])


def _whole_border(axes: Axes, contrast: pd.DataFrame) -> None:
    for row in rows_of(contrast.dropna(subset=["contrast_g_r", "low95", "high95"])):
        axes.axhspan(row.low95, row.high95, color=TEXT, alpha=0.1, linewidth=0, zorder=0)
        axes.axhline(row.contrast_g_r, color=TEXT, linewidth=1, linestyle=(0, (4, 3)), zorder=1)


def _course(rows: gpd.GeoDataFrame) -> tuple[str, str]:
    """From where and to where segments run, as winds."""
    middle = rows.geometry.centroid
    east, north = (float(v.iloc[-1] - v.iloc[0]) for v in (middle.x, middle.y))
    ahead = round(math.atan2(north, east) / (math.pi / 4)) % 8
    return WINDS[(ahead + 4) % 8], WINDS[ahead]
