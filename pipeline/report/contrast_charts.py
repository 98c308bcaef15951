"""Charts of the contrasts at borders as SVG: what they are of side by side, and how far from the border."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from pipeline.borders.quantities import ALL_LIGHT, TOWNS
from pipeline.deliver import palette
from pipeline.deliver.contrasts import QUANTITIES, headlines, in_order
from pipeline.deliver.palette import MUTED, TEXT
from pipeline.deliver.results import CityResults
from pipeline.report.answers import Source, of_pair, rows_of
from pipeline.report.chart_style import Sheet, day, names, svg
from pipeline.report.number_format import fixed, signed

# CSS pixels: a line of figures, or of a phone's chart without them; above each quantity; a panel's title and
# its axis.
LANE_PX, NARROW_LANE_PX, GAP_PX, PANEL_PX = 17, 10, 9, 72
LEGEND_PX = 18
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


def forest(city: CityResults, planted: Mapping[str, Mapping[str, float]], sheet: Sheet) -> bytes:
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


def drawn_forest(rows: Sequence[ForestRow], simulated: bool, sheet: Sheet) -> bytes:
    """A panel for each border: under each other what contrasts are of, towns bold, and in each the rows in
    their order."""
    in_pairs = sorted(rows, key=lambda item: str(item.row.pair))
    pairs = [(pair, list(group)) for pair, group in groupby(in_pairs, key=lambda item: str(item.row.pair))]
    columns = 1 if sheet.narrow else 2
    heights = [_panel_px(group, sheet) for _, group in pairs]
    lines = [heights[start : start + columns] for start in range(0, len(heights), columns)]
    labels = dict.fromkeys((item.label, item.colour) for item in rows)
    legend_px = 30 + (LEGEND_PX * -(-len(labels) // 2) if sheet.narrow else 0)
    height_px = legend_px + sum(map(max, lines)) + 26
    limits = _limits(rows)
    with sheet.figure(height_px) as figure:
        if sheet.narrow:
            figure.legend(
                handles=[Line2D([], [], color=colour, marker="o", label=label) for label, colour in labels],
                loc="upper left",
                bbox_to_anchor=(0, 1 - 20 / height_px),
                ncols=2,
                labelcolor=MUTED,
            )
        top_px = float(legend_px)
        for index, (pair, group) in enumerate(pairs):
            column = index % columns
            left_px = column * sheet.width_px / columns + (118 if sheet.narrow else 124)
            width_px = sheet.width_px / columns - (128 if sheet.narrow else 366)
            plot_px = heights[index] - PANEL_PX
            axes = figure.add_axes(
                (
                    left_px / sheet.width_px,
                    1 - (top_px + 30 + plot_px) / height_px,
                    width_px / sheet.width_px,
                    plot_px / height_px,
                )
            )
            _panel(axes, pair, group, limits, sheet)
            if column == columns - 1:
                top_px += max(lines[index // columns])
        axis = "difference of log2(G/R): ← first, second country greener →"
        figure.text(0.5, 8 / height_px, axis, ha="center", color=MUTED)
        return svg(figure, simulated)


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


def _panel(
    axes: Axes, pair: str, group: Sequence[ForestRow], limits: tuple[float, float], sheet: Sheet
) -> None:
    """One border."""
    margin, lane = axes.get_yaxis_transform(), _lane_px(sheet)
    y = 0.0
    for quantity in QUANTITIES:
        items = [item for item in group if item.row.quantity == quantity]
        if not items:
            continue
        y += GAP_PX / 2
        weight = "bold" if quantity == TOWNS else "normal"
        middle = y + lane * len(items) / 2
        label = LABELS[quantity]
        axes.text(-0.03, middle, label, transform=margin, ha="right", va="center", weight=weight)
        for item in items:
            _lane(axes, y + lane / 2, item, quantity == TOWNS, sheet)
            y += lane
        y += GAP_PX / 2
    axes.set_title(names(pair, sheet), loc="left", fontsize=sheet.type_px, weight="bold", pad=8)
    axes.axvline(0, color=MUTED, linewidth=0.8, zorder=1)
    axes.set_xlim(limits)
    axes.set_ylim(y, 0)
    axes.set_yticks([])
    axes.xaxis.set_major_locator(MaxNLocator(4 if sheet.narrow else 5, steps=[1, 2, 5, 10]))
    axes.grid(axis="x", linewidth=0.6)
    axes.spines["left"].set_visible(False)


def _lane(axes: Axes, y: float, item: ForestRow, bold: bool, sheet: Sheet) -> None:
    """One contrast with its interval, its planted value and, on a wide page, its date and figures."""
    row, margin = item.row, axes.get_yaxis_transform()
    known = np.isfinite(np.array(row.contrast_g_r, float))
    if known:
        width, size = (2.6, 6.5) if bold else (1.4, 4.5)
        ends = [row.low95, row.high95]
        axes.plot(ends, [y, y], color=item.colour, lw=width, solid_capstyle="round", zorder=3)
        axes.plot(row.contrast_g_r, y, "o", color=item.colour, ms=size, zorder=3)
    elif sheet.narrow:
        axes.plot(0, y, "x", color=item.colour, ms=4, zorder=3)
    if np.isfinite(item.truth):
        axes.plot(item.truth, y, "D", mfc="none", mec=TEXT, ms=6, mew=1, zorder=4)
    if not sheet.narrow:
        interval = f"{signed(row.contrast_g_r)} ({fixed(row.low95, 2)} to {fixed(row.high95, 2)})"
        figures = interval if known else "none can be given"
        axes.text(1.03, y, item.label, transform=margin, va="center", color=item.colour, fontsize=11)
        style: dict[str, Any] = {"weight": "bold" if bold else "normal", "fontsize": 11}
        axes.annotate(
            figures, (1.03, y), (78, 0), xycoords=margin, textcoords="offset points", va="center", **style
        )


def by_range(city: CityResults, sheet: Sheet) -> bytes:
    """The contrast of towns against how far from the border they may lie: of all photos together where there
    are several. The range that was chosen is filled."""
    curves = _curves(city)
    columns = 2 if sheet.narrow else 3 if len(curves) > 4 else max(2, len(curves))
    lines = -(-len(curves) // columns)
    height_px = lines * (190 if sheet.narrow else 210) + 60
    reach = max([0.2, *(float(np.nanmax(np.abs(_ends(rows)), initial=0.0)) for _, rows, _ in curves)])
    with sheet.figure(height_px) as figure:
        grid = figure.add_gridspec(
            lines,
            columns,
            left=46 / sheet.width_px,
            right=1 - 8 / sheet.width_px,
            top=1 - 52 / height_px,
            bottom=50 / height_px,
            wspace=0.12,
            hspace=0.5,
        )
        for index, (pair, rows, chosen_km) in enumerate(curves):
            axes = figure.add_subplot(grid[index // columns, index % columns])
            _curve(axes, rows, chosen_km)
            axes.set_title(names(pair, sheet), loc="left", fontsize=sheet.type_px, weight="bold", pad=8)
            axes.set_ylim(-1.05 * reach, 1.05 * reach)
            axes.tick_params(labelleft=index % columns == 0)
        figure.text(0.5, 10 / height_px, "towns up to so many km from the border", ha="center", color=MUTED)
        return svg(figure, city.simulated)


def _curves(city: CityResults) -> list[tuple[str, list[Any], float]]:
    """Of each border that has one: pair, rows by range, and the range that was chosen."""
    sources: list[Source] = [city.pooled, *reversed(city.photos)]
    curves = []
    for pair in sorted({str(pair) for source in sources for pair in source.contrast_by_range["pair"]}):
        for source in sources:
            rows = of_pair(source.contrast_by_range, pair).dropna(subset="contrast_g_r")
            if len(rows):
                chosen = of_pair(headlines(source.contrasts), pair)["contrast_km"]
                curves.append((pair, rows_of(rows.sort_values("contrast_km")), float(chosen.max())))
                break
    return curves


def has_ranges(city: CityResults) -> bool:
    """Whether there is anything to draw by range."""
    return bool(_curves(city))


def _ends(rows: Sequence[Any]) -> Any:
    return np.array([(row.low95, row.high95) for row in rows], float)


def _curve(axes: Axes, rows: Sequence[Any], chosen_km: float) -> None:
    """Contrast and interval at each range."""
    places = [row.contrast_km for row in rows]
    for row in rows:
        chosen = row.contrast_km == chosen_km
        axes.plot([row.contrast_km] * 2, [row.low95, row.high95], color=TEXT, lw=2.4 if chosen else 1.2)
        axes.plot(row.contrast_km, row.contrast_g_r, "o", mec=TEXT, mfc=TEXT if chosen else "none", ms=7)
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlim(min(places) / 1.4, max(places) * 1.4)
    axes.xaxis.set_major_locator(FixedLocator(places))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda km, _: f"{km:g}"))
    axes.yaxis.set_major_locator(MaxNLocator(5, symmetric=True))
    axes.grid(axis="y", linewidth=0.6)
