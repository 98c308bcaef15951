"""Scales, axes and marks of charts as SVG text.

A plain chart is written in a millisecond; a plotting library took half a second to lay it out.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.deliver.palette import MUTED, RULE

# Digits of a coordinate: a tenth of a pixel is not seen.
DIGITS = 1
# Coordinates beyond this many pixels are cut off anyway, and no viewer likes them longer.
FAR_PX = 1e5
# The width of a letter, of its size: that of DejaVu Sans and Verdana, the widest fonts that may be used.
LETTER = 0.6
BOLD_LETTER = 0.68
# From one digit of a round step to the next.
ROUND_STEPS = (1.0, 2.0, 2.5, 5.0)
TICK_PX = 4
# Ticks of an even scale: more would say no more.
MOST_ACROSS, MOST_UP = 8, 6


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` along `length_px` pixels, from left to right or, where it `rises`, from
    bottom to top; by their logarithm where it is `logarithmic`."""

    low: float
    high: float
    length_px: float
    rises: bool = False
    logarithmic: bool = False

    def __call__(self, values: ArrayLike) -> NDArray[np.float64]:
        """Pixels from the left or the top; NaN of what has no place."""
        low, high, numbers = (self._even(part) for part in (self.low, self.high, values))
        share = (numbers - low) / (high - low)
        pixels = self.length_px * (1 - share if self.rises else share)
        return np.asarray(np.clip(pixels, -FAR_PX, FAR_PX))

    def _even(self, values: ArrayLike) -> NDArray[np.float64]:
        numbers = np.asarray(values, float)
        if not self.logarithmic:
            return numbers
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log10(numbers))

    def ticks(self, apart_px: float, most: int) -> list[float]:
        """Round values on the scale that are at least so many pixels apart; about `most` where it is even."""
        if self.logarithmic:
            return self._decades(apart_px)
        return self._multiples(max(apart_px, self.length_px / most))

    def _multiples(self, apart_px: float) -> list[float]:
        least = apart_px * (self.high - self.low) / self.length_px
        magnitude = 10.0 ** math.floor(math.log10(least))
        steps = (step * power for power in (magnitude, 10 * magnitude) for step in ROUND_STEPS)
        step = next(step for step in steps if step >= least * (1 - 1e-9))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return [round(k * step, 12) for k in range(first, last + 1)]

    def _decades(self, apart_px: float) -> list[float]:
        """1, 2 and 5 or 1 and 3 times powers of ten, or only every so many of the powers."""
        decade_px = self.length_px / math.log10(self.high / self.low)
        steps, every = [1], math.ceil(apart_px / decade_px)
        for finer, closest in (([1, 3], 3), ([1, 2, 5], 2)):
            if decade_px * math.log10(closest) >= apart_px:
                steps = finer
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        powers = range(every * math.floor(first / every), last + 1, every)
        values = [float(f"{step}e{power}") for power in powers for step in steps]
        return [value for value in values if self.low <= value <= self.high]


def plain(ticks: Sequence[float]) -> list[str]:
    """The labels of a scale's ticks without zeros at their end, with a minus sign for a hyphen."""
    return [f"{tick:g}".replace("-", "−") for tick in ticks]


def of_one_kind(ticks: Sequence[float]) -> list[str]:
    """The labels of a scale's ticks, with as many decimals as any of them needs."""
    decimals = max((len(f"{tick:g}".partition(".")[2]) for tick in ticks), default=0)
    return [f"{tick:.{decimals}f}".replace("-", "−") for tick in ticks]


def unsigned(ticks: Sequence[float]) -> list[str]:
    """The labels of distances to both sides of a place."""
    return [f"{abs(tick):g}" for tick in ticks]


def tag(name: str, content: str = "", **attributes: Any) -> str:
    """An element; `stroke_width` names the attribute stroke-width, `class_` the attribute class."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}='{_attribute(value)}'"
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{written}>{content}</{name}>" if content else f"<{name}{written}/>"


def _attribute(value: Any) -> str:
    return number(float(value)) if isinstance(value, float | np.floating) else escape(str(value))


def number(value: float) -> str:
    """A coordinate, as short as it can be said."""
    return f"{round(value, DIGITS) + 0.0:g}" if abs(value) < FAR_PX else f"{value:.0f}"


def text(x: float, y: float, content: str, **attributes: Any) -> str:
    """Words whose baseline begins at a place."""
    return tag("text", escape(content), x=x, y=y, **attributes)


def path(x: ArrayLike, y: ArrayLike, **attributes: Any) -> str:
    """A line through places, with gaps where one is missing; nothing where there is none."""
    pieces, pen = [], "M"
    for column, row in np.stack([np.asarray(x, float), np.asarray(y, float)], axis=-1).tolist():
        if not (math.isfinite(column) and math.isfinite(row)):
            pen = "M"
            continue
        pieces.append(f"{pen}{number(column)},{number(row)}")
        pen = "L"
    return tag("path", d="".join(pieces), **{"fill": "none", **attributes}) if pieces else ""


def band(x: ArrayLike, low: ArrayLike, high: ArrayLike, **attributes: Any) -> str:
    """The area between two lines of one x, in pieces where either is missing."""
    places = np.stack([np.asarray(part, float) for part in (x, low, high)], axis=-1)
    known = np.isfinite(places).all(axis=1)
    pieces = np.split(places, np.flatnonzero(np.diff(known)) + 1) if len(places) else []
    return "".join(
        path(np.r_[part[:, 0], part[::-1, 0]], np.r_[part[:, 1], part[::-1, 2]], **attributes)
        for part in pieces
        if np.isfinite(part).all()
    )


def box(x0: float, x1: float, y0: float, y1: float, **attributes: Any) -> str:
    """A rectangle between two x and two y, in any order."""
    left, top = min(x0, x1), min(y0, y1)
    return tag("rect", x=left, y=top, width=abs(x1 - x0), height=abs(y1 - y0), **attributes)


def segment(x0: float, x1: float, y0: float, y1: float, **attributes: Any) -> str:
    """A straight line."""
    return path([x0, x1], [y0, y1], **attributes)


def dot(x: float, y: float, diameter_px: float, **attributes: Any) -> str:
    """A disc."""
    return tag("circle", cx=float(x), cy=float(y), r=diameter_px / 2, **attributes)


def cross(x: float, y: float, size_px: float, **attributes: Any) -> str:
    """An x."""
    half = size_px / 2
    lines = segment(x - half, x + half, y - half, y + half, **attributes)
    return lines + segment(x - half, x + half, y + half, y - half, **attributes)


def diamond(x: float, y: float, size_px: float, **attributes: Any) -> str:
    """An open square on its corner."""
    half = size_px / 2 * math.sqrt(2)
    corners = [x, x + half, x, x - half, x], [y - half, y, y + half, y, y - half]
    return path(*corners, **attributes)


@dataclass(frozen=True)
class Panel:
    """A part of a chart with two scales, its upper left corner at `left`, `top` (pixels); its marks, which
    count from there, are cut off at its edges."""

    left: float
    top: float
    x: Scale
    y: Scale
    type_px: float

    @property
    def width(self) -> float:
        """Pixels across."""
        return self.x.length_px

    @property
    def height(self) -> float:
        """Pixels down."""
        return self.y.length_px

    def marks(self, *parts: str) -> str:
        """What is drawn in it, the lowest first."""
        place = {"x": self.left, "y": self.top, "width": self.width, "height": self.height}
        return tag("svg", "".join(parts), **place)

    def across(self, value: float, **attributes: Any) -> str:
        """A level line, a mark."""
        return segment(0, self.width, *(float(self.y(value)),) * 2, **attributes)

    def down(self, value: float, **attributes: Any) -> str:
        """An upright line, a mark."""
        return segment(*(float(self.x(value)),) * 2, 0, self.height, **attributes)

    def columns(self, start: float, end: float, **attributes: Any) -> str:
        """All between two values of x, a mark."""
        return box(float(self.x(start)), float(self.x(end)), 0, self.height, **attributes)

    def rows(self, start: float, end: float, **attributes: Any) -> str:
        """All between two values of y, a mark."""
        return box(0, self.width, float(self.y(start)), float(self.y(end)), **attributes)

    def heading(self, content: str) -> str:
        """Its title, above its left edge."""
        return text(self.left, self.top - 8, content, font_weight="bold")

    def bottom_axis(
        self,
        title: str = "",
        ticks: Sequence[float] | None = None,
        labels: Callable[[Sequence[float]], list[str]] = plain,
        grid: bool = False,
    ) -> str:
        """Ticks of x with labels that do not touch, and what they count."""
        values = self._apart(labels) if ticks is None else ticks
        foot = self.top + self.height
        parts = [segment(self.left, self.left + self.width, foot, foot, stroke=RULE)]
        for value, label in zip(values, labels(values), strict=True):
            x = self.left + float(self.x(value))
            parts.append(segment(x, x, self.top if grid else foot, foot + TICK_PX, stroke=RULE))
            parts.append(self._label(x, foot + 7 + self.type_px, label, "middle"))
        if title:
            middle = self.left + self.width / 2
            parts.append(self._label(middle, foot + 13 + 2.2 * self.type_px, title, "middle"))
        return "".join(parts)

    def _apart(self, labels: Callable[[Sequence[float]], list[str]]) -> list[float]:
        """As many ticks of x as have room for their labels."""
        for apart in (2, 3, 4, 6):  # letters of type
            values = self.x.ticks(apart * self.type_px, MOST_ACROSS)
            places, sizes = self.x(values), [len(label) for label in labels(values)]
            needed = [LETTER * self.type_px * (a + b) / 2 for a, b in pairwise(sizes)]
            if (np.diff(places) - needed >= 0.7 * self.type_px).all():
                break
        return values

    def left_axis(self, title: str = "", labelled: bool = True) -> str:
        """Ticks of y with lines across, and what they count."""
        values = self.y.ticks(1.4 * self.type_px, MOST_UP)
        labels = plain(values) if self.y.logarithmic else of_one_kind(values)
        parts = [segment(self.left, self.left, self.top, self.top + self.height, stroke=RULE)]
        for value, label in zip(values, labels, strict=True):
            y = self.top + float(self.y(value))
            parts.append(
                segment(self.left - TICK_PX, self.left + self.width, y, y, stroke=RULE, stroke_width=0.6)
            )
            if labelled:
                parts.append(self._label(self.left - 7, y + 0.35 * self.type_px, label, "end"))
        if title:
            x, y = self.left - 44, self.top + self.height / 2
            turned = {"transform": f"rotate(-90 {number(x)} {number(y)})"}
            parts.append(self._label(x, y, title, "middle", **turned))
        return "".join(parts)

    def _label(self, x: float, y: float, content: str, anchor: str, **attributes: Any) -> str:
        return text(x, y, content, fill=MUTED, text_anchor=anchor, **attributes)


@dataclass(frozen=True)
class Key:
    """An entry of a legend: what is drawn like `sample`, which is a mark 18 pixels wide and 10 high."""

    label: str
    sample: str


def legend(keys: Iterable[Key], left: float, top: float, type_px: float, width: float) -> str:
    """Entries in a row from a place on, or below each other in columns of one width where it is narrow."""
    entries = list(keys)
    widths = [24 + LETTER * type_px * len(entry.label) + 14 for entry in entries]
    a_row = len(entries)
    if sum(widths) > width:
        a_row = max(1, int(width // max(widths)))
        widths = [width / a_row] * len(entries)
    parts = []
    for place, entry in enumerate(entries):
        start = place - place % a_row
        x, y = left + sum(widths[start:place]), top + place // a_row * 1.5 * type_px
        sample = tag("svg", entry.sample, x=x, y=y, width=18, height=10)
        label = text(x + 24, y + 5 + 0.35 * type_px, entry.label, fill=MUTED, font_size=type_px)
        parts.append(sample + label)
    return "".join(parts)
