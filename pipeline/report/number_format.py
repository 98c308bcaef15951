"""Numbers as a reader sees them."""

import math
from typing import Any

import numpy as np


def missing(value: Any) -> bool:
    """Whether a table has no value: None or NaN."""
    return value is None or (isinstance(value, float | np.floating) and math.isnan(value))


def fixed(value: Any, digits: int = 0) -> str:
    """A number with so many decimals and spaces between thousands; a dash where there is none."""
    if missing(value):
        return "–"
    rounded = round(float(value), digits) + 0.0  # without the sign of a zero
    return f"{rounded:,.{digits}f}".replace(",", " ").replace("-", "−")


def signed(value: Any, digits: int = 2) -> str:
    """As `fixed`, a plus before what is above zero."""
    return "–" if missing(value) else ("+" if value > 0 else "") + fixed(value, digits)


def span(low: Any, high: Any, digits: int = 2) -> str:
    """An interval; a dash where there is none."""
    return "–" if missing(low) or missing(high) else f"{signed(low, digits)} to {signed(high, digits)}"


def factor(change: Any) -> str:
    """A change of log2 as what the light was multiplied by."""
    return "–" if missing(change) else f"× {fixed(2.0 ** float(change), 2)}"


def factors(low: Any, high: Any) -> str:
    """An interval of `factor`; a dash where there is none."""
    return "–" if missing(low) or missing(high) else f"{factor(low)} to {factor(high)}"


def chance(value: Any) -> str:
    """A small probability in words a reader can weigh."""
    if missing(value):
        return "–"
    if value >= 0.1:
        return f"{100 * value:.0f} %"
    return (
        "below 1 in a million"
        if value < 1e-6
        else f"1 in {fixed(round(1 / value, -int(math.log10(1 / value))))}"
    )


def listed(words: list[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
