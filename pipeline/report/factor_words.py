"""Contrasts of tone as people say them: how many times as green for its red one side is as the other.

A contrast of log2(G/R) is a factor of green over red; factors lead, logarithms stay in the tables.
"""

from typing import Any

from pipeline.borders.quantities import EQUIVALENCE, TOWNS
from pipeline.ground.country_table import adjective
from pipeline.report.answers import holds_zero
from pipeline.report.contrast_answers import CHANCE, alike, capital, side_of, sides_of
from pipeline.report.number_format import fixed, missing

# From this factor on one decimal is enough.
LARGE_FACTOR = 1.495


def times(log2: float, beside: float | None = None) -> str:
    """A contrast as a factor: "1.8", or "1.26" where it is nearer to one; as many digits as the contrast that
    it stands `beside`."""
    reference = 2.0 ** abs(float(log2 if beside is None else beside))
    return fixed(2.0 ** float(log2), 1 if reference >= LARGE_FACTOR else 2)


def times_between(low: float, high: float, middle: float) -> str:
    """The interval of a factor: "1.5 to 2.2 times"."""
    return f"{times(low, middle)} to {times(high, middle)} times"


def toward_greener(row: Any) -> tuple[float, float, float]:
    """Contrast and interval of a row, turned so that the greener side stands above."""
    if row.contrast_g_r >= 0:
        return row.contrast_g_r, row.low95, row.high95
    return -row.contrast_g_r, -row.high95, -row.low95


def compared(row: Any, where: str = "") -> str:
    """One sentence on a border in factors, from its headline row; `where` begins it, as "Around Aachen "."""
    of_towns = row.quantity == TOWNS
    if missing(row.contrast_g_r):
        return str(row.statement)
    greener, other = sides_of(row)
    if missing(row.low95) or missing(row.high95):
        return capital(f"{where}{side_of(greener, of_towns)} looks greener, but how surely cannot be told.")
    middle, low, high = toward_greener(row)
    interval = times_between(low, high, middle)
    if alike(row):
        most = fixed(100 * (2.0**EQUIVALENCE - 1))
        what = "typical towns of the two sides are" if of_towns else "the two sides are"
        return capital(f"{where}{what} equally green for their red, to within {most} %.")
    than = f"one on the {adjective(other)} side" if of_towns else f"the {adjective(other)} side"
    said = (
        f"{side_of(greener, of_towns)} is {times(middle)} times as green for its red as {than} ({interval})"
    )
    if holds_zero(row):
        return capital(f"{where}{said}: this may be chance.")
    if row.placebo_p >= CHANCE:
        return capital(f"{where}{said}, but lines drawn elsewhere often show as much.")
    return capital(f"{where}{said}.")


def in_brief(row: Any) -> str:
    """A clear difference within a sentence: "the Dutch side is greener than the Belgian (1.3 times)"."""
    greener, other = sides_of(row)
    middle, *_ = toward_greener(row)
    return f"the {adjective(greener)} side is greener than the {adjective(other)} ({times(middle)} times)"
