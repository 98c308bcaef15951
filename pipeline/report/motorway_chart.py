"""The light along a motorway that crosses a border, as SVG."""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.deliver.palette import BACKGROUND, DARK, LIT, MUTED, TEAL, TEXT, UNDECIDED
from pipeline.deliver.results import PhotoResults
from pipeline.ground.country_table import adjective
from pipeline.report.answers import rows_of
from pipeline.report.chart_style import Sheet, day
from pipeline.report.motorway_answers import of_motorway
from pipeline.report.number_format import missing
from pipeline.report.road_picture import road_picture
from pipeline.report.svg_chart import Key, Panel, Scale, band, box, legend, path, segment, text, unsigned
from pipeline.robust import NORMAL_95

CLASSES = {"lit": ("lit", LIT), "dark": ("dark", DARK), "undecidable": ("cannot be told", UNDECIDED)}
THE_ROAD = {"stroke": TEXT, "stroke_width": 1.3}
BESIDE = {"stroke": MUTED, "stroke_dasharray": "4 2"}
A_LIT_MOTORWAY = {"stroke": LIT, "stroke_dasharray": "1 2"}
BAR = 0.07  # height of the bar of segments, of the chart
# CSS pixels: beside the plot, below it, and above it (title and legend).
LEFT_PX, RIGHT_PX, FOOT_PX, TOP_PX, NARROW_TOP_PX = 62, 14, 52, 62, 98
HEIGHT_PX, NARROW_HEIGHT_PX = 320, 318
# Of the picture from above, and the gap below it: on a desktop 4 km across are as large as 4 km along.
PICTURE_PX, NARROW_PICTURE_PX, GAP_PX = 128, 80, 8


def motorway(photo: PhotoResults, end: Any, borders: gpd.GeoSeries, sheet: Sheet) -> str:
    """The light from above, and below it light along chainage beside that of the flanks, lit and dark
    segments, where light ends, and the borders; `end` is a row of `motorway_ends`."""
    stations = of_motorway(photo.motorway_stations, end.ref, end.pair).sort_values("chainage_m")
    segments = of_motorway(photo.motorway_segments, end.ref, end.pair)
    height_px, top_px = (NARROW_HEIGHT_PX, NARROW_TOP_PX) if sheet.narrow else (HEIGHT_PX, TOP_PX)
    picture_px = NARROW_PICTURE_PX if sheet.narrow else PICTURE_PX
    x = Scale(*_reach_km(stations, segments), sheet.width_px - LEFT_PX - RIGHT_PX)
    y = Scale(*_levels(stations, segments, end), height_px - top_px - FOOT_PX, rises=True)
    above = Panel(LEFT_PX, top_px, x, Scale(-1, 1, picture_px), sheet.type_px)
    panel = Panel(LEFT_PX, top_px + picture_px + GAP_PX, x, y, sheet.type_px)
    sides = f"{adjective(end.first)} side left, {adjective(end.second)} right"
    parts = [
        text(0, 1.2 * sheet.type_px, f"{end.ref}, {day(photo)}", font_weight="bold"),
        legend(_keys(segments, end), LEFT_PX - 4, 31, 0.92 * sheet.type_px, sheet.width_px - LEFT_PX),
        road_picture(photo, stations, borders, above),
        panel.left_axis("light per km of road"),
        panel.bottom_axis(
            f"km: {sides}" if sheet.narrow else f"km along the road from the border: {sides}", labels=unsigned
        ),
        panel.marks(
            *_end(panel, end), *_light(panel, stations, end), *_bars(panel, segments), *_borders(panel, end)
        ),
    ]
    return sheet.chart(height_px + picture_px + GAP_PX, parts, photo.simulated)


def _light(panel: Panel, stations: pd.DataFrame, end: Any) -> Iterator[str]:
    """The road's own light with its scatter, and that of the flanks."""
    x = panel.x(stations["chainage_m"].to_numpy(float) / 1e3)
    light, sigma, flank = (stations[c].to_numpy(float) for c in ("light_per_km", "sigma", "flank_per_km"))
    half = NORMAL_95 * np.nan_to_num(sigma)
    yield path(x, panel.y(flank), **BESIDE)
    yield band(x, panel.y(light - half), panel.y(light + half), fill=TEXT, fill_opacity=0.2)
    yield path(x, panel.y(light), **THE_ROAD)
    if not missing(end.lit_per_km):
        yield panel.across(end.lit_per_km, **A_LIT_MOTORWAY)


def _bars(panel: Panel, segments: pd.DataFrame) -> Iterator[str]:
    """Lit and dark stretches: a bar at the foot, and their level of light."""
    foot = panel.height * (1 - BAR), panel.height
    for row in rows_of(segments):
        colour = CLASSES[str(row.lit)][1]
        low, high = panel.x([row.from_m / 1e3, row.to_m / 1e3]).tolist()
        yield box(low, high, *foot, fill=colour)
        if not missing(row.light_per_km) and row.lit != "undecidable":
            level = float(panel.y(row.light_per_km))
            yield segment(low, high, level, level, stroke=colour, stroke_width=2.5)


def _end(panel: Panel, end: Any) -> Iterator[str]:
    """Where light ends, behind the light itself."""
    if not missing(end.end_m):
        yield panel.columns(end.low95_m / 1e3, end.high95_m / 1e3, fill=TEAL, fill_opacity=0.25)
        yield panel.down(end.end_m / 1e3, stroke=TEAL, stroke_width=2)


def _borders(panel: Panel, end: Any) -> Iterator[str]:
    """The national border, and the regional one with its name on the other side of its line."""
    regional_km = end.regional_at_m / 1e3
    yield panel.down(0, stroke=TEXT, stroke_width=1.6)
    yield _named(panel, 0.0, "border", left=regional_km > 0)
    if not missing(regional_km):
        yield panel.down(regional_km, stroke=TEXT, stroke_width=1.2, stroke_dasharray="3 3")
        yield _named(panel, regional_km, "regional", left=not regional_km > 0)


def _named(panel: Panel, at_km: float, name: str, left: bool) -> str:
    """The name of an upright line beside its head, with a dark edge of its own."""
    edge = {"stroke": BACKGROUND, "stroke_width": 3, "stroke_opacity": 0.7, "paint_order": "stroke"}
    x = float(panel.x(at_km)) + (-5 if left else 5)
    return text(x, panel.type_px + 2, name, text_anchor="end" if left else "start", **edge)


def _levels(stations: pd.DataFrame, segments: pd.DataFrame, end: Any) -> tuple[float, float]:
    """The scale of light: lone bright lights beside the road may run out of the chart."""
    light = stations["light_per_km"].to_numpy(float)
    light = light[np.isfinite(light)]
    levels = [0.0 if missing(end.lit_per_km) else float(end.lit_per_km)]
    levels += [float(value) for value in segments["light_per_km"].dropna()]
    high = max(1.6 * max(levels), float(np.percentile(light, 97)) if len(light) else 0.0, 1e-9)
    low = min(0.0, float(np.percentile(light, 3)) if len(light) else 0.0)
    # Room below for the bar of segments.
    return low - (high - low) * 1.8 * BAR, high


def _reach_km(stations: pd.DataFrame, segments: pd.DataFrame) -> tuple[float, float]:
    """From where to where along the road."""
    ends = np.concatenate([stations["chainage_m"], segments["from_m"], segments["to_m"], [-1e3, 1e3]]) / 1e3
    return float(np.min(ends)), float(np.max(ends))


def _keys(segments: pd.DataFrame, end: Any) -> Iterator[Key]:
    """The legend: what there is, and nothing else."""
    yield Key("the road", segment(0, 18, 5, 5, **THE_ROAD))
    yield Key("beside it", segment(0, 18, 5, 5, **BESIDE))
    for kind, (label, colour) in CLASSES.items():
        if (segments["lit"] == kind).any():
            yield Key(label, box(0, 18, 0, 10, fill=colour))
    if not missing(end.end_m):
        edge = {"fill": TEAL, "fill_opacity": 0.25, "stroke": TEAL}
        yield Key("light ends, 95 %", box(0.5, 17.5, 0.5, 9.5, **edge))
    if not missing(end.lit_per_km):
        yield Key("a lit motorway", segment(0, 18, 5, 5, **A_LIT_MOTORWAY))
