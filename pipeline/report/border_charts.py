"""Charts of tone and light across and along the borders of one photo as SVG, for wide pages and for phones.

Their contrast is that of all light."""

import math
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from pipeline.borders.quantities import ALL_LIGHT
from pipeline.camera.earth import Array
from pipeline.deliver import palette
from pipeline.deliver.contrasts import of_quantity
from pipeline.deliver.palette import BACKGROUND, COUNTRY, MUTED, RULE, TEXT, UNDECIDED
from pipeline.deliver.results import PhotoResults
from pipeline.ground.country_table import adjective
from pipeline.report.answers import of_pair, rows_of
from pipeline.report.chart_style import Sheet, names, svg

WINDS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")


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
                _distance_axis(axes, rows, _contrast(photo, pair))
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
            contrast = _contrast(photo, pair)
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


def _contrast(photo: PhotoResults, pair: str) -> gpd.GeoDataFrame:
    """The contrast of all light at a border."""
    return of_pair(of_quantity(photo.contrasts, ALL_LIGHT), pair)


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
