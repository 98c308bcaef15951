"""Charts of the contrasts at borders as SVG: what they are of side by side, and how far from the border."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np

from pipeline.borders.quantities import ALL_LIGHT, TOWNS
from pipeline.deliver import palette
from pipeline.deliver.contrasts import QUANTITIES, headlines, in_order
from pipeline.deliver.palette import BACKGROUND, MUTED, TEXT
from pipeline.deliver.results import CityResults
from pipeline.report.answers import Source, of_pair, rows_of
from pipeline.report.chart_style import Sheet, day, names
from pipeline.report.number_format import fixed, signed
from pipeline.report.svg_chart import Key, Panel, Scale, cross, diamond, dot, legend, path, segment, text

# CSS pixels: a line of figures, or of a phone's chart without them; above each quantity; a panel's title and
# its axis.
LANE_PX, NARROW_LANE_PX, GAP_PX, PANEL_PX = 17, 10, 9, 72
# Beside a panel: what contrasts are of on its left, on a wide page dates and figures on its right.
OF_PX, NARROW_OF_PX, FIGURES_PX, DATES_PX = 128, 122, 236, 78
LEGEND_PX = 18
# By range: beside and above panels, between them, and of a panel its plot and all of it.
LEFT_PX, TOP_PX, RANGE_GAP_PX, RANGE_PLOT_PX, RANGE_PX = 46, 52, 22, 128, 196
# Of a quantity on a chart, and on a phone's.
LABELS = {
    **{"towns": "typical town", "towns off motorways": "without motorways"},
    **{"motorways": "motorways alone", "all light": "all light"},
}


@dataclass(frozen=True)
class ForestRow:
    """A row of a table of contrasts with its label, its colour and its planted value, if there is one."""

    row: Any
    label: str
    colour: str
    truth: float = math.nan


def forest(city: CityResults, planted: Mapping[str, Mapping[str, float]], sheet: Sheet) -> str:
    """The contrasts of all photos together and of each photo, with 95 % intervals; what was planted of all
    light, by photo and pair, as open diamonds."""
    pooled = [ForestRow(row, day(city.pooled), TEXT) for row in rows_of(in_order(city.pooled.contrasts))]
    of_photos = [
        ForestRow(
            row,
            day(photo),
            _colour(index),
            planted.get(photo.name, {}).get(row.pair, np.nan) if row.quantity == ALL_LIGHT else np.nan,
        )
        for index, photo in enumerate(city.photos)
        for row in rows_of(in_order(photo.contrasts))
    ]
    return drawn_forest([*pooled, *of_photos], city.simulated, sheet)


def _colour(index: int) -> str:
    return palette.DATES[index % len(palette.DATES)]


def drawn_forest(rows: Sequence[ForestRow], simulated: bool, sheet: Sheet) -> str:
    """A panel for each border: under each other what contrasts are of, towns bold, and in each the rows in
    their order."""
    in_pairs = sorted(rows, key=lambda item: str(item.row.pair))
    pairs = [(pair, list(group)) for pair, group in groupby(in_pairs, key=lambda item: str(item.row.pair))]
    columns = 1 if sheet.narrow else 2
    column_px = sheet.width_px / columns
    left_px, right_px = (NARROW_OF_PX, 10) if sheet.narrow else (OF_PX, FIGURES_PX)
    heights = [_panel_px(group, sheet) for _, group in pairs]
    x = Scale(*_limits(rows), column_px - left_px - right_px)
    parts = [_legend(rows, sheet)] if sheet.narrow else []
    top_px = 30.0 + (LEGEND_PX * -(-len(_labels(rows)) // 2) if sheet.narrow else 0)
    for start in range(0, len(pairs), columns):
        for column, (pair, group) in enumerate(pairs[start : start + columns]):
            y = Scale(0.0, 1.0, heights[start + column] - PANEL_PX)
            panel = Panel(column * column_px + left_px, top_px + 30, x, y, sheet.type_px)
            parts += _panel(panel, pair, group, sheet)
        top_px += max(heights[start : start + columns])
    axis = "difference of log2(G/R): ← first, second country greener →"
    parts.append(text(sheet.width_px / 2, top_px + 14, axis, fill=MUTED, text_anchor="middle"))
    return sheet.chart(top_px + 26, parts, simulated)


def _labels(rows: Sequence[ForestRow]) -> list[tuple[str, str]]:
    """Labels with their colours, in the order of the rows."""
    return list(dict.fromkeys((item.label, item.colour) for item in rows))


def _legend(rows: Sequence[ForestRow], sheet: Sheet) -> str:
    """Whose each colour is, where no row says it beside its mark."""
    keys = [
        Key(label, segment(0, 18, 5, 5, stroke=colour, stroke_width=1.6) + dot(9, 5, 6, fill=colour))
        for label, colour in _labels(rows)
    ]
    return legend(keys, 4, 22, sheet.type_px, sheet.width_px)


def _lane_px(sheet: Sheet) -> int:
    return NARROW_LANE_PX if sheet.narrow else LANE_PX


def _panel_px(group: Sequence[ForestRow], sheet: Sheet) -> int:
    quantities = {item.row.quantity for item in group}
    return PANEL_PX + len(group) * _lane_px(sheet) + len(quantities) * GAP_PX


def _limits(rows: Sequence[ForestRow]) -> tuple[float, float]:
    """One scale for all borders; intervals of motorways may run out of it."""
    values = [0.2, -0.2]
    for item in rows:
        values += [item.truth, item.row.contrast_g_r]
        if item.row.quantity in (TOWNS, ALL_LIGHT):
            values += [item.row.low95, item.row.high95]
    low, high = np.nanmin(np.array(values, float)), np.nanmax(np.array(values, float))
    air = 0.04 * (high - low)
    return float(low - air), float(high + air)


def _panel(panel: Panel, pair: str, group: Sequence[ForestRow], sheet: Sheet) -> Iterator[str]:
    """One border; its rows are placed by pixels, not by the scale of y."""
    lane = _lane_px(sheet)
    marks, beside = [panel.down(0, stroke=MUTED, stroke_width=0.8)], []
    y = 0.0
    for quantity in QUANTITIES:
        items = [item for item in group if item.row.quantity == quantity]
        if not items:
            continue
        y += GAP_PX / 2
        bold = quantity == TOWNS
        middle = panel.top + y + lane * len(items) / 2 + 0.35 * sheet.type_px
        style = {"text_anchor": "end", "font_weight": "bold" if bold else None}
        beside.append(text(panel.left - 8, middle, LABELS[quantity], **style))
        for item in items:
            marks += _marks(panel, y + lane / 2, item, bold, sheet)
            if not sheet.narrow:
                beside += _figures(panel.left + panel.width + 8, panel.top + y + lane / 2, item, bold)
            y += lane
        y += GAP_PX / 2
    yield panel.heading(names(pair, sheet))
    yield panel.bottom_axis(grid=True)
    yield panel.marks(*marks)
    yield from beside


def _marks(panel: Panel, y: float, item: ForestRow, bold: bool, sheet: Sheet) -> Iterator[str]:
    """One contrast with its interval and its planted value."""
    row = item.row
    x, low, high = panel.x(np.array([row.contrast_g_r, row.low95, row.high95], float)).tolist()
    if np.isfinite(x):
        width, size = (2.6, 7.0) if bold else (1.4, 5.0)
        yield path([low, high], [y, y], stroke=item.colour, stroke_width=width, stroke_linecap="round")
        yield dot(x, y, size, fill=item.colour)
    elif sheet.narrow:
        yield cross(float(panel.x(0)), y, 4, stroke=item.colour)
    if np.isfinite(item.truth):
        yield diamond(float(panel.x(item.truth)), y, 6, stroke=TEXT)


def _figures(x: float, y: float, item: ForestRow, bold: bool) -> Iterator[str]:
    """The date and the figures of a contrast."""
    row = item.row
    known = np.isfinite(np.array(row.contrast_g_r, float))
    interval = f"{signed(row.contrast_g_r)} ({fixed(row.low95, 2)} to {fixed(row.high95, 2)})"
    style: dict[str, Any] = {"font_size": 11, "font_weight": "bold" if bold else None}
    yield text(x, y + 4, item.label, fill=item.colour, font_size=11)
    yield text(x + DATES_PX, y + 4, interval if known else "none can be given", **style)


def by_range(city: CityResults, sheet: Sheet) -> str:
    """The contrast of towns against how far from the border they may lie: of all photos together where there
    are several. The range that was chosen is filled."""
    curves = _curves(city)
    columns = 2 if sheet.narrow else 3 if len(curves) > 4 else max(2, len(curves))
    reach = max([0.2, *(float(np.nanmax(np.abs(_ends(rows)), initial=0.0)) for _, rows, _ in curves)])
    column_px = (sheet.width_px - LEFT_PX) / columns
    y = Scale(-1.05 * reach, 1.05 * reach, RANGE_PLOT_PX, rises=True)
    parts: list[str] = []
    for index, (pair, rows, chosen_km) in enumerate(curves):
        ranges = [float(row.contrast_km) for row in rows]
        x = Scale(min(ranges) / 1.4, max(ranges) * 1.4, column_px - RANGE_GAP_PX, logarithmic=True)
        left, top = LEFT_PX + index % columns * column_px, TOP_PX + index // columns * RANGE_PX
        panel = Panel(left, top, x, y, sheet.type_px)
        zero = panel.across(0, stroke=MUTED, stroke_width=0.8)
        parts += [
            panel.heading(names(pair, sheet)),
            panel.left_axis(labelled=index % columns == 0),
            panel.bottom_axis(ticks=ranges),
            panel.marks(zero, *_curve(panel, rows, chosen_km)),
        ]
    foot_px = TOP_PX + -(-len(curves) // columns) * RANGE_PX
    axis = "towns up to so many km from the border"
    parts.append(text(sheet.width_px / 2, foot_px - 22, axis, fill=MUTED, text_anchor="middle"))
    return sheet.chart(foot_px - 10, parts, city.simulated)


def _curves(city: CityResults) -> list[tuple[str, list[Any], float]]:
    """Of each border that has one: pair, rows by range, and the range that was chosen."""
    sources: list[Source] = [city.pooled, *reversed(city.photos)]
    chosen = [headlines(source.contrasts) for source in sources]
    curves = []
    for pair in sorted({str(pair) for source in sources for pair in source.contrast_by_range["pair"]}):
        for source, headline in zip(sources, chosen, strict=True):
            rows = of_pair(source.contrast_by_range, pair).dropna(subset="contrast_g_r")
            if len(rows):
                chosen_km = float(of_pair(headline, pair)["contrast_km"].max())
                curves.append((pair, rows_of(rows.sort_values("contrast_km")), chosen_km))
                break
    return curves


def has_ranges(city: CityResults) -> bool:
    """Whether there is anything to draw by range."""
    return bool(_curves(city))


def _ends(rows: Sequence[Any]) -> Any:
    return np.array([(row.low95, row.high95) for row in rows], float)


def _curve(panel: Panel, rows: Sequence[Any], chosen_km: float) -> Iterator[str]:
    """Contrast and interval at each range."""
    for row in rows:
        chosen = row.contrast_km == chosen_km
        x = float(panel.x(row.contrast_km))
        level, low, high = panel.y([row.contrast_g_r, row.low95, row.high95]).tolist()
        yield path([x, x], [low, high], stroke=TEXT, stroke_width=2.4 if chosen else 1.2)
        yield dot(x, level, 8, stroke=TEXT, fill=TEXT if chosen else BACKGROUND)
