"""Scales and marks of charts: ticks are round and have room, gaps stay gaps, text is escaped."""

import math
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from pipeline.report.svg_chart import (
    Key,
    Panel,
    Scale,
    band,
    legend,
    of_one_kind,
    path,
    plain,
    text,
    unsigned,
)

SCALES = [
    (0.0, 155.0, 950.0),
    (-0.83, 1.53, 150.0),
    (-24.1, 9.7, 210.0),
    (0.0, 1e-9, 200.0),
    (-2.5, -2.4, 60.0),
]


@pytest.mark.parametrize(("low", "high", "length"), SCALES)
@pytest.mark.parametrize("rises", [False, True])
def test_ticks_are_round_inside_and_apart(low: float, high: float, length: float, rises: bool) -> None:
    scale = Scale(low, high, length, rises)
    ticks = scale.ticks(25, 6)
    places = scale(ticks)
    assert 1 <= len(ticks) <= 7
    assert all(abs(b - a) >= 25 for a, b in pairwise(places))
    assert ((places >= -1e-6) & (places <= length + 1e-6)).all()
    digits = np.diff(ticks) / 10 ** np.floor(np.log10(np.diff(ticks)) + 1e-6)
    assert np.isclose(digits[:, None], [1, 2, 2.5, 5], rtol=1e-6).any(axis=1).all()


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1.1, 3.6, [2.0]),
        (0.3, 9.0, [0.5, 1.0, 2.0, 5.0]),
        (0.05, 15.0, [0.1, 0.3, 1.0, 3.0, 10.0]),
        (0.0005, 50.0, [0.001, 0.01, 0.1, 1.0, 10.0]),
        (1e-9, 1.0, [1e-8, 1e-6, 1e-4, 1e-2, 1.0]),
    ],
)
def test_ticks_of_logarithms_thin_out(low: float, high: float, expected: list[float]) -> None:
    """117 px with labels at least 17.5 px apart: as in the chart of light across a border on a wide page."""
    assert Scale(low, high, 117, rises=True, logarithmic=True).ticks(17.5, 6) == pytest.approx(expected)


def test_scale_places_values() -> None:
    assert Scale(0, 10, 100)([0, 5, 10, np.nan]) == pytest.approx([0, 50, 100, np.nan], nan_ok=True)
    assert Scale(0, 10, 100, rises=True)([0, 10]) == pytest.approx([100, 0])
    assert Scale(1, 100, 100, logarithmic=True)([1, 10, 100]) == pytest.approx([0, 50, 100])
    far, none = Scale(1, 100, 100, rises=True, logarithmic=True)([0, -1])
    assert far > 1000
    assert math.isnan(none)


def test_labels() -> None:
    assert of_one_kind([-0.5, 0.0, 0.5]) == ["−0.5", "0.0", "0.5"]
    assert of_one_kind([-20.0, 0.0]) == ["−20", "0"]
    assert plain([-0.5, 0.0, 100.0]) == ["−0.5", "0", "100"]
    assert unsigned([-15.0, 0.0, 15.0]) == ["15", "0", "15"]


@pytest.mark.parametrize("width", [90, 150, 330, 960])
def test_labels_of_an_axis_do_not_touch(width: float) -> None:
    """Letters are at most 0.6 of their size wide (DejaVu Sans)."""
    panel = Panel(0, 0, Scale(-0.83, 1.53, width), Scale(0, 1, 100), 12.5)
    words = [part for part in ElementTree.fromstring(f"<g>{panel.bottom_axis()}</g>") if part.tag == "text"]
    assert len(words) >= 2
    for first, second in pairwise(words):
        half = 0.6 * 12.5 * (len(first.text or "") + len(second.text or "")) / 2
        assert float(second.get("x", 0)) - float(first.get("x", 0)) > half + 6


def test_missing_values_leave_gaps() -> None:
    line = path([0, 1, 2, 3], [1, np.nan, 2, 3], stroke="red")
    assert "d='M0,1M2,2L3,3'" in line
    assert path([0, 1], [np.nan, np.nan]) == ""
    pieces = band([0, 1, 2, 3, 4], [0, 0, np.nan, 0, 0], [1, 1, 1, 1, 1])
    assert pieces.count("<path") == 2
    assert "d='M0,0L1,0L1,1L0,1'" in pieces


def test_text_is_escaped() -> None:
    written = text(1, 2, "<b>&'\"", id="'><script>")
    read = ElementTree.fromstring(written)
    assert (read.text, read.get("id")) == ("<b>&'\"", "'><script>")


@pytest.mark.parametrize(("width", "rows"), [(900, 1), (300, 2), (160, 4)])
def test_a_legend_takes_as_many_rows_as_it_needs(width: float, rows: int) -> None:
    keys = [Key(label, "") for label in ("the road", "beside it", "lit", "dark")]
    drawn = ElementTree.fromstring(f"<g>{legend(keys, 0, 0, 12, width)}</g>")
    places = [(float(part.get("y", 0)), float(part.get("x", 0))) for part in drawn if part.tag == "text"]
    assert len({y for y, _ in places}) == rows
    assert places == sorted(places)
