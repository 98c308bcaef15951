"""What all charts share: sheets for wide pages and for phones, type, colours, names, and SVG."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from pipeline.deliver.contrasts import PooledResults
from pipeline.deliver.palette import MUTED, RULE, SIMULATED, TEXT
from pipeline.deliver.results import PhotoResults
from pipeline.ground.country_table import country_title

# 72 dots an inch make a point of type one CSS pixel; a fixed salt makes equal charts equal files.
CHART_DPI = 72
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
    "legend.frameon": False,
    "text.parse_math": False,
}
# Text stays text, in a font of the reader's device whose widths are near those it was laid out with.
FONTS = b"'DejaVu Sans', Verdana, 'Segoe UI', Roboto, sans-serif"


@dataclass(frozen=True)
class Sheet:
    """The width a chart is drawn for and its size of type, CSS pixels."""

    width_px: int
    type_px: float
    narrow: bool

    @contextmanager
    def figure(self, height_px: int) -> Iterator[Figure]:
        """A figure of this width, in the style of all charts as long as it is drawn."""
        with mpl.rc_context({**STYLE, "font.size": self.type_px}):
            yield Figure(figsize=(self.width_px / CHART_DPI, height_px / CHART_DPI), dpi=CHART_DPI)


DESKTOP_SHEET = Sheet(1040, 12.5, False)
PHONE_SHEET = Sheet(380, 11.0, True)
SHEETS = (DESKTOP_SHEET, PHONE_SHEET)


def names(pair: str, sheet: Sheet) -> str:
    """BE-NL as "Belgium → The Netherlands": the contrast is the second minus the first."""
    if sheet.narrow:
        return pair.replace("-", " → ")
    return " → ".join(country_title(code) for code in pair.split("-"))


def day(source: PhotoResults | PooledResults) -> str:
    """The date a photo was taken, short: 8 Dec 2012."""
    if isinstance(source, PooledResults):
        return "All photos"
    taken = source.facts.taken_at
    return f"{taken.day} {taken:%b %Y}" if taken else "undated"


def svg(figure: Figure, simulated: bool) -> bytes:
    """The file, marked where its photo is simulated."""
    if simulated:
        figure.text(
            0.998, 0.995, "SIMULATED: not a measurement", color=SIMULATED, ha="right", va="top", weight="bold"
        )
    target = io.BytesIO()
    figure.savefig(target, format="svg", metadata={"Date": None})
    # Line breaks and indents are a tenth of the file, digits beyond a tenth of a pixel half of it.
    text = b" ".join(target.getvalue().split()).replace(b"'DejaVu Sans'", FONTS)
    return re.sub(rb' d="[^"]*"', lambda path: re.sub(rb"(\.\d)\d+", rb"\1", path[0]), text)
