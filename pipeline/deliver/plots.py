"""Charts of tone and light across borders as SVG, for wide pages and for phones."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

from pipeline.deliver import palette
from pipeline.deliver.palette import MUTED, RULE, SIMULATED, TEXT
from pipeline.deliver.results import PhotoResults

# 72 dots an inch make a point of type one CSS pixel; a fixed salt makes equal charts equal files.
DPI = 72
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "borderlight",
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "figure.facecolor": "none",
    "text.color": TEXT,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": RULE,
    "axes.facecolor": "none",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "grid.color": RULE,
    "text.parse_math": False,
}
# Text stays text, in a font of the reader's device whose widths are near those it was laid out with.
FONTS = b"'DejaVu Sans', Verdana, 'Segoe UI', Roboto, sans-serif"
ROW_PX = 26
INTERVAL_SIGMAS = 1.96


@dataclass(frozen=True)
class Sheet:
    """The width a chart is drawn for and its size of type, CSS pixels."""

    width_px: int
    type_px: float
    narrow: bool


DESKTOP = Sheet(1040, 12.5, False)
PHONE = Sheet(380, 11.0, True)


def forest(photos: Sequence[PhotoResults], planted: Mapping[str, Mapping[str, float]], sheet: Sheet) -> bytes:
    """Contrast of every pair and photo: a dot with its 95 % interval; planted values, by photo and pair, as
    open diamonds."""
    rows = sorted(
        (
            (str(row.pair), index, row)
            for index, photo in enumerate(photos)
            for row in photo.contrasts.itertuples()
        ),
        key=lambda item: item[:2],
    )
    pairs = [(pair, list(group)) for pair, group in groupby(rows, key=lambda item: item[0])]
    height_px = ROW_PX * (len(rows) + len(pairs)) + 90
    left, right = (100, 14) if sheet.narrow else (250, 210)
    with mpl.rc_context({**STYLE, "font.size": sheet.type_px}):
        figure = Figure(figsize=(sheet.width_px / DPI, height_px / DPI), dpi=DPI)
        axes = figure.add_axes(
            (left / sheet.width_px, 52 / height_px, 1 - (left + right) / sheet.width_px, 1 - 82 / height_px)
        )
        margin = axes.get_yaxis_transform()
        y = 0
        reach = 0.2
        for pair, group in pairs:
            axes.text(
                -left / (sheet.width_px - left - right),
                y,
                _names(pair, sheet),
                transform=margin,
                va="center",
                weight="bold",
            )
            for _, index, row in group:
                y += 1
                photo = photos[index]
                truth = planted.get(photo.name, {}).get(pair, np.nan)
                label = _month(photo) if sheet.narrow else f"{photo.name}, {_month(photo)}"
                axes.text(-0.02, y, label, transform=margin, ha="right", va="center", color=MUTED)
                figures = _interval(axes, y, row, palette.DATES[index % len(palette.DATES)])
                if not sheet.narrow:
                    axes.text(1.03, y, figures, transform=margin, va="center")
                if np.isfinite(truth):
                    axes.plot(truth, y, "D", mfc="none", mec=TEXT, ms=7, mew=1, zorder=4)
                values = np.array([truth, row.low95, row.high95], float)
                reach = max(reach, float(np.nanmax(np.abs(values), initial=0.0)))
            y += 1
        axes.axvline(0, color=MUTED, linewidth=0.8, zorder=1)
        axes.set_xlim(-1.1 * reach, 1.1 * reach)
        axes.set_ylim(y - 0.2, -0.7)
        axes.set_yticks([])
        axes.xaxis.set_major_locator(MaxNLocator(5 if sheet.narrow else 9, symmetric=True))
        axes.grid(axis="x", linewidth=0.6)
        axes.spines["left"].set_visible(False)
        axes.set_xlabel(
            "← first greener · log2(G/R) · second greener →"
            if sheet.narrow
            else "← first country greener  ·  difference of log2(G/R)  ·  second country greener →"
        )
        return _svg(figure, any(photo.simulated for photo in photos))


def profile(photo: PhotoResults, sheet: Sheet) -> bytes:
    """Tone and light of the strips against distance from each border, the first country on the left."""
    pairs = [(str(pair), strips) for pair, strips in photo.strips.groupby("pair", sort=True)]
    columns = 1 if sheet.narrow else min(3, len(pairs))
    blocks = -(-len(pairs) // columns)
    height_px = blocks * (300 if sheet.narrow else 330) + 40
    tones, lights = _tone_limits(photo.strips), _light_limits(photo.strips)
    with mpl.rc_context({**STYLE, "font.size": sheet.type_px}):
        figure = Figure(figsize=(sheet.width_px / DPI, height_px / DPI), dpi=DPI)
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
        for index, (pair, strips) in enumerate(pairs):
            cell = grid[index // columns, index % columns].subgridspec(2, 1, hspace=0.12)
            tone, light = (figure.add_subplot(cell[part]) for part in (0, 1))
            _tone_panel(tone, strips, tones)
            _light_panel(light, strips, lights)
            tone.set_title(_names(pair, sheet), loc="left", fontsize=sheet.type_px, weight="bold", pad=8)
            tone.tick_params(labelbottom=False)
            if index % columns == 0:
                tone.set_ylabel("log2(G/R)")
                light.set_ylabel("light per km²")
            light.set_xlabel(f"km from the border: {pair[:2]} left, {pair[3:]} right")
        return _svg(figure, photo.simulated)


def _interval(axes: Axes, y: float, row: Any, colour: str) -> str:
    """Draw one contrast with its interval; gives its figures as text."""
    if not np.isfinite(np.array(row.contrast_g_r, float)):
        where = axes.get_yaxis_transform()
        axes.text(0.02, y, "none can be given", transform=where, va="center", color=MUTED, style="italic")
        return ""
    axes.plot([row.low95, row.high95], [y, y], color=colour, linewidth=2.2, solid_capstyle="round", zorder=3)
    axes.plot(row.contrast_g_r, y, "o", color=colour, ms=7.5, zorder=3)
    return f"{row.contrast_g_r:+.2f}  ({row.low95:.2f} to {row.high95:.2f})"


def _tone_panel(axes: Axes, strips: gpd.GeoDataFrame, limits: tuple[float, float]) -> None:
    for strip in strips.itertuples():
        near, far = _signed(strip)
        colour = palette.COUNTRY.get(strip.side, TEXT)
        sigma = INTERVAL_SIGMAS * strip.sigma_g_r
        axes.fill_between(
            [near, far], strip.tone_g_r - sigma, strip.tone_g_r + sigma, color=colour, alpha=0.25, lw=0
        )
        axes.plot([near, far], [strip.tone_g_r] * 2, color=colour, linewidth=2)
    axes.set_ylim(limits)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    _distance_axis(axes, strips)


def _light_panel(axes: Axes, strips: gpd.GeoDataFrame, limits: tuple[float, float]) -> None:
    for strip in strips.itertuples():
        light = _density(strip)
        if light > 0:
            axes.plot(_signed(strip), [light] * 2, color=palette.COUNTRY.get(strip.side, TEXT), linewidth=2)
    axes.set_yscale("log")
    axes.set_ylim(limits)
    axes.yaxis.set_major_locator(LogLocator(numticks=5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda light, _: f"{light:g}"))
    axes.yaxis.set_minor_locator(NullLocator())
    _distance_axis(axes, strips)


def _density(strip: Any) -> float:
    """Light of a strip (red, green and blue, relative units) per square kilometre."""
    total = strip.light_r + strip.light_g + strip.light_b
    return float(total / strip.area_km2) if strip.area_km2 > 0 else 0.0


def _tone_limits(strips: gpd.GeoDataFrame) -> tuple[float, float]:
    """One scale for all pairs of a photo, wide enough for every strip's tone."""
    tones = strips["tone_g_r"].dropna()
    return (tones.min() - 0.15, tones.max() + 0.15) if len(tones) else (palette.TONE_MIN, palette.TONE_MAX)


def _light_limits(strips: gpd.GeoDataFrame) -> tuple[float, float]:
    """One scale of light for all pairs of a photo."""
    light = [value for value in map(_density, strips.itertuples()) if value > 0]
    return (min(light) / 1.6, max(light) * 1.6) if light else (0.1, 1.0)


def _signed(strip: Any) -> tuple[float, float]:
    """A strip's nearer and farther edge, km, negative on the side of the pair's first country."""
    sign = -1.0 if strip.pair.startswith(strip.side) else 1.0
    return sign * strip.band_from_km, sign * strip.band_to_km


def _distance_axis(axes: Axes, strips: gpd.GeoDataFrame) -> None:
    """Signed square root of the distance: the narrow strips beside the border stay visible."""
    axes.set_xscale(
        "function",
        functions=(lambda x: np.sign(x) * np.sqrt(np.abs(x)), lambda x: np.sign(x) * np.square(x)),
    )
    far = float(strips["band_to_km"].max())
    ticks = [tick for tick in (1, 5, 10, 20, 50, 100) if tick <= far]
    axes.xaxis.set_major_locator(FixedLocator([-tick for tick in reversed(ticks)] + [0, *ticks]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{abs(x):g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(-far, far)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.grid(axis="y", linewidth=0.6)


def _names(pair: str, sheet: Sheet) -> str:
    """BE-NL as "Belgium → The Netherlands": the contrast is the second minus the first."""
    if sheet.narrow:
        return pair.replace("-", " → ")
    return " → ".join(palette.COUNTRY_NAME.get(code, code) for code in pair.split("-"))


def _month(photo: PhotoResults) -> str:
    taken = photo.facts.taken_at
    return f"{taken.day} {taken:%b %Y}" if taken else "undated"


def _svg(figure: Figure, simulated: bool) -> bytes:
    if simulated:
        figure.text(
            0.998, 0.995, "SIMULATED: not a measurement", color=SIMULATED, ha="right", va="top", weight="bold"
        )
    target = io.BytesIO()
    figure.savefig(target, format="svg", metadata={"Date": None})
    # Line breaks and indents are a tenth of the file.
    return b" ".join(target.getvalue().split()).replace(b"'DejaVu Sans'", FONTS)
