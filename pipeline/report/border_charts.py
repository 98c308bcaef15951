"""Charts of tone and light across and along the borders of one photo as SVG, for wide pages and for phones.

Their contrast is that of all light."""

import math
from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.borders.quantities import ALL_LIGHT
from pipeline.camera.earth import Array
from pipeline.deliver import palette
from pipeline.deliver.contrasts import of_quantity
from pipeline.deliver.palette import BACKGROUND, COUNTRY, MUTED, RULE, TEXT, UNDECIDED
from pipeline.deliver.results import PhotoResults
from pipeline.ground.country_table import adjective
from pipeline.report.answers import of_pair, rows_of
from pipeline.report.chart_style import Sheet, names
from pipeline.report.svg_chart import Panel, Scale, band, cross, dot, path, segment, text, unsigned

WINDS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")
PROFILE = [
    *("from_km", "to_km", "tone_g_r", "tone_low95", "tone_high95"),
    *("light_per_km2", "light_low95", "light_high95"),
]
# CSS pixels: beside the panels, their titles and scales.
LEFT_PX, RIGHT_PX, TOP_PX = 62, 10, 56
# Of a panel of tone with one of light, and of one along a border: its plots, and all of it.
TWO_PLOTS_PX, BETWEEN_PX, BLOCK_PX, NARROW_BLOCK_PX = 248, 14, 340, 316
ALONG_PLOT_PX, ALONG_PX = 150, 236


def profile(photo: PhotoResults, sheet: Sheet) -> str:
    """Tone and light against signed distance from each border, the first country on the left, with 95 %
    intervals as bands."""
    shown = pd.DataFrame(photo.profiles)[["pair", "side", *PROFILE]].sort_values("from_km", kind="stable")
    pairs = [(str(pair), rows) for pair, rows in shown.groupby("pair", sort=True)]
    columns = 1 if sheet.narrow else 2 if len(pairs) == 4 else min(3, len(pairs))
    block_px = NARROW_BLOCK_PX if sheet.narrow else BLOCK_PX
    column_px = (sheet.width_px - RIGHT_PX) / columns
    limits = _tone_limits(photo.profiles), _light_limits(photo.profiles)
    parts: list[str] = []
    for index, (pair, rows) in enumerate(pairs):
        left = LEFT_PX + index % columns * column_px
        top = TOP_PX + index // columns * block_px
        x = Scale(float(rows["from_km"].min()), float(rows["to_km"].max()), column_px - LEFT_PX)
        plot_px = (TWO_PLOTS_PX - (BLOCK_PX - block_px) - BETWEEN_PX) / 2
        tone_y, light_y = (
            Scale(*ends, plot_px, rises=True, logarithmic=kind == "light")
            for kind, ends in zip(("tone", "light"), limits, strict=True)
        )
        tone = Panel(left, top, x, tone_y, sheet.type_px)
        light = Panel(left, top + plot_px + BETWEEN_PX, x, light_y, sheet.type_px)
        first, second = pair.split("-")
        outer = index % columns == 0
        parts += [
            tone.heading(names(pair, sheet)),
            tone.left_axis("log2(G/R)" if outer else ""),
            light.left_axis("light per km²" if outer else ""),
            light.bottom_axis(f"km from the border: {first} left, {second} right", labels=unsigned),
        ]
        too_near = _contrast(photo, pair)["exclusion_km"].dropna().to_list()
        for panel, value, name in ((tone, "tone_g_r", "tone"), (light, "light_per_km2", "light")):
            grey = (panel.columns(-km, km, fill=RULE, fill_opacity=0.7) for km in too_near)
            border = panel.down(0, stroke=MUTED, stroke_width=0.8)
            parts.append(panel.marks(*grey, border, *_steps(panel, rows, value, name)))
    return sheet.chart(TOP_PX + -(-len(pairs) // columns) * block_px, parts, photo.simulated)


def along(photo: PhotoResults, sheet: Sheet) -> str:
    """The contrast of each segment of each border, in order along it, with 95 % intervals; behind them that
    of the whole border."""
    measured = of_measured_borders(photo.segments).groupby("pair")
    pairs = [(str(pair), rows.sort_values("segment")) for pair, rows in measured]
    parts: list[str] = []
    for index, (pair, rows) in enumerate(pairs):
        contrast = _contrast(photo, pair)
        reach = _reach(rows, contrast)
        end_km = np.cumsum(rows.geometry.length.to_numpy() / 1e3)
        x = Scale(0.0, float(end_km[-1]), sheet.width_px - LEFT_PX - RIGHT_PX)
        y = Scale(-reach, reach, ALONG_PLOT_PX, rises=True)
        panel = Panel(LEFT_PX, TOP_PX + index * ALONG_PX, x, y, sheet.type_px)
        start, end = _course(rows)
        course = (
            f"km, {start} → {end}" if sheet.narrow else f"km along the border, from the {start} to the {end}"
        )
        zero = panel.across(0, stroke=MUTED, stroke_width=0.8)
        marks = (*_whole_border(panel, contrast), zero, *_segments(panel, rows, end_km), *_sides(panel, rows))
        parts += [
            panel.heading(names(pair, sheet)),
            panel.left_axis("difference"),
            panel.bottom_axis(course),
            panel.marks(*marks),
        ]
    return sheet.chart(TOP_PX + len(pairs) * ALONG_PX - 30, parts, photo.simulated)


def _contrast(photo: PhotoResults, pair: str) -> gpd.GeoDataFrame:
    """The contrast of all light at a border."""
    return of_pair(of_quantity(photo.contrasts, ALL_LIGHT), pair)


def of_measured_borders(segments: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The segments of the borders of which any has a contrast."""
    return segments[segments.groupby("pair")["contrast_g_r"].transform("count") > 0]


def _steps(panel: Panel, rows: pd.DataFrame, value: str, name: str) -> Iterator[str]:
    """A quantity of the profile by steps of distance, one colour a country."""
    for side, own in rows.groupby("side"):
        colour = COUNTRY.get(str(side), TEXT)
        # Both ends of a step at its height; a step of no light has none on a scale of logarithms.
        x = panel.x(own[["from_km", "to_km"]].to_numpy(float).ravel())
        low, high = (panel.y(own[f"{name}_{end}95"].to_numpy(float).repeat(2)) for end in ("low", "high"))
        level = panel.y(own[value].where(own[value] != 0).to_numpy(float).repeat(2))
        yield band(x, low, high, fill=colour, fill_opacity=0.25)
        yield path(x, level, stroke=colour, stroke_width=2)


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


def _segments(panel: Panel, rows: gpd.GeoDataFrame, end_km: Array) -> Iterator[str]:
    """Dots with intervals in the middle of each segment; a small cross where there is too little light."""
    first, second = (str(rows[side].iloc[0]) for side in ("first", "second"))
    starts, ends = panel.x(np.r_[0.0, end_km[:-1]]).tolist(), panel.x(end_km).tolist()
    for start, end, row in zip(starts, ends, rows_of(rows), strict=True):
        x = (start + end) / 2
        level, low, high = panel.y([row.contrast_g_r, row.low95, row.high95]).tolist()
        if not np.isfinite(level):
            yield cross(x, float(panel.y(0)), 4, stroke=MUTED)
            continue
        colour = COUNTRY.get(second if row.low95 > 0 else first, TEXT) if _sure(row) else UNDECIDED
        yield segment(start, end, level, level, stroke=colour)
        yield path([x, x], [low, high], stroke=colour, stroke_width=1.8, stroke_linecap="round")
        yield dot(x, level, 5.5, fill=colour)


def _sides(panel: Panel, rows: gpd.GeoDataFrame) -> Iterator[str]:
    """Whose side is greener above zero and below it, over the marks and with a dark edge of their own."""
    edge = {"stroke": BACKGROUND, "stroke_width": 3, "stroke_opacity": 0.7, "paint_order": "stroke"}
    style = {"fill": MUTED, "text_anchor": "end", **edge}
    first, second = (adjective(str(rows[side].iloc[0])) for side in ("first", "second"))
    yield text(panel.width - 5, 0.35 * panel.type_px + 10, f"{second} side greener ↑", **style)
    yield text(panel.width - 5, panel.height - 6, f"{first} side greener ↓", **style)


def _sure(row: Any) -> bool:
    return bool(row.low95 > 0 or row.high95 < 0)


def _reach(rows: pd.DataFrame, contrast: pd.DataFrame) -> float:
    """Half the height of the chart: a few segments of little light may run out of it."""
    ends: list[Array] = [np.abs(table[["low95", "high95"]].to_numpy(float)) for table in (rows, contrast)]
    known = [values[np.isfinite(values)] for values in ends]
    return max([0.4, *(1.15 * float(np.percentile(values, 85)) for values in known if len(values))])


def _whole_border(panel: Panel, contrast: pd.DataFrame) -> Iterator[str]:
    for row in rows_of(contrast.dropna(subset=["contrast_g_r", "low95", "high95"])):
        yield panel.rows(row.low95, row.high95, fill=TEXT, fill_opacity=0.1)
        yield panel.across(row.contrast_g_r, stroke=TEXT, stroke_dasharray="4 3")


def _course(rows: gpd.GeoDataFrame) -> tuple[str, str]:
    """From where and to where segments run, as winds."""
    middle = rows.geometry.centroid
    east, north = (float(v.iloc[-1] - v.iloc[0]) for v in (middle.x, middle.y))
    ahead = round(math.atan2(north, east) / (math.pi / 4)) % 8
    return WINDS[(ahead + 4) % 8], WINDS[ahead]
