"""The chart that answers which side is greener: at every border how many times as green the second country
is, of all photos together and of each photo, with 95 % intervals."""

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from pipeline.deliver import palette
from pipeline.deliver.contrasts import headlines
from pipeline.deliver.palette import MUTED, TEXT
from pipeline.deliver.results import CityResults
from pipeline.ground.country_table import country_title
from pipeline.report.answers import rows_of
from pipeline.report.chart_style import Sheet, day
from pipeline.report.contrast_charts import ForestRow
from pipeline.report.factor_words import times
from pipeline.report.number_format import missing
from pipeline.report.svg_chart import LETTER, Panel, Scale, dot, path, text

# Factors that may stand at the axis, the first ones before others where there is no room for all.
TICKS = (1.0, 2.0, 0.5, 4.0, 0.25, 1.5, 0.67, 3.0, 0.33, 1.25, 0.8, 8.0, 0.125, 16.0, 0.0625)
# CSS pixels: a row, a border's name above its rows, and below the last row.
LANE_PX, NAME_PX, FOOT_PX, TOP_PX = 19, 24, 52, 24
# What labels and figures beside the plot take, in letters of type.
LABEL_LETTERS, FIGURE_LETTERS = 12, 19
# Most of an interval is shown; a few may run out of the chart.
LARGEST_LOG2 = 2.0


def city_rows(city: CityResults) -> list[ForestRow]:
    """The headline of every border, of all photos together first."""
    rows = [ForestRow(row, day(city.pooled), TEXT) for row in rows_of(headlines(city.pooled.contrasts))]
    for index, photo in enumerate(city.photos):
        colour = palette.DATES[index % len(palette.DATES)]
        rows += [ForestRow(row, day(photo), colour) for row in rows_of(headlines(photo.contrasts))]
    return [item for item in rows if not missing(item.row.contrast_g_r)]


def factor_forest(rows: Sequence[ForestRow], simulated: bool, sheet: Sheet) -> str:
    """Borders under each other, each with its rows in their order; bold what is of all photos."""
    pairs = sorted({str(item.row.pair) for item in rows})
    letter = LETTER * sheet.type_px
    left, right = LABEL_LETTERS * letter, FIGURE_LETTERS * letter
    height = len(pairs) * NAME_PX + len(rows) * LANE_PX
    x = Scale(*_limits(rows), sheet.width_px - left - right)
    panel = Panel(left, TOP_PX, x, Scale(0.0, 1.0, height), sheet.type_px)
    marks = [panel.down(0, stroke=MUTED, stroke_width=1)]
    words = []
    y = 0.0
    for pair in pairs:
        first, second = (country_title(code) for code in pair.split("-"))
        words.append(text(0, TOP_PX + y + NAME_PX - 6, f"{second} against {first}", font_weight="bold"))
        y += NAME_PX
        for item in (item for item in rows if str(item.row.pair) == pair):
            marks += _mark(panel, y + LANE_PX / 2, item)
            words += _words(panel, y + LANE_PX / 2, item, sheet)
            y += LANE_PX
    ticks = _ticks(x, sheet.type_px)
    axis = panel.bottom_axis(
        "times as green for its red" if sheet.narrow else "how many times as green for its red",
        ticks=ticks,
        labels=lambda values: [f"{2.0**value:.3g}" for value in values],
        grid=True,
    )
    return sheet.chart(TOP_PX + height + FOOT_PX, [axis, panel.marks(*marks), *words], simulated)


def _mark(panel: Panel, y: float, item: ForestRow) -> Iterator[str]:
    x, low, high = panel.x(np.array([item.row.contrast_g_r, item.row.low95, item.row.high95], float)).tolist()
    bold = item.colour == TEXT
    if math.isfinite(low) and math.isfinite(high):
        style = {"stroke": item.colour, "stroke_width": 3.0 if bold else 1.8, "stroke_linecap": "round"}
        yield path([low, high], [y, y], **style)
    yield dot(x, y, 9.0 if bold else 6.5, fill=item.colour)


def _words(panel: Panel, y: float, item: ForestRow, sheet: Sheet) -> Iterator[str]:
    """Whose a row is, and its figures."""
    row, foot = item.row, panel.top + y + 0.35 * sheet.type_px
    style = {"font_weight": "bold"} if item.colour == TEXT else {}
    yield text(0, foot, item.label, fill=item.colour, **style)
    interval = "" if missing(row.low95) else f" ({times(row.low95, 0.0)}–{times(row.high95, 0.0)})"
    right = panel.left + panel.width + 0.9 * LETTER * sheet.type_px
    yield text(right, foot, f"{times(row.contrast_g_r, 0.0)}{interval}", **style)


def _limits(rows: Sequence[ForestRow]) -> tuple[float, float]:
    """One scale for all borders, with no difference in it."""
    ends = np.array([[item.row.contrast_g_r, item.row.low95, item.row.high95] for item in rows], float)
    low = float(np.nanmin(np.clip(ends, -LARGEST_LOG2, LARGEST_LOG2), initial=-0.4))
    high = float(np.nanmax(np.clip(ends, -LARGEST_LOG2, LARGEST_LOG2), initial=0.4))
    air = 0.05 * (high - low)
    return low - air, high + air


def _ticks(x: Scale, type_px: float) -> list[float]:
    """Round factors whose labels do not touch."""
    kept: list[float] = []
    for factor in TICKS:
        value = math.log2(factor)
        if not x.low <= value <= x.high:
            continue
        places = sorted(float(part) for part in x([*kept, value]))
        if all(b - a >= 5 * LETTER * type_px for a, b in pairwise(places)):
            kept.append(value)
    return sorted(kept)
