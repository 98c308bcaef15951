"""Text in CSV and Excel files that no spreadsheet takes for a formula."""

from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Value = TypeVar("Value")


def plain_text(value: Value) -> Value | str:
    """A cell: text that begins like a formula gets the apostrophe by which spreadsheets take it for text.
    Numbers stay numbers, also those in words such as "-1.2"."""
    if not isinstance(value, str) or not value.lstrip(" ").startswith(FORMULA_STARTS):
        return value
    try:
        float(value)
    except ValueError:
        return f"'{value}"
    return value


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose cells are all plain."""
    plain: pd.DataFrame = table.apply(
        lambda values: values.map(plain_text) if values.dtype.kind == "O" else values
    )
    return plain


def write_csv(table: pd.DataFrame, file: Path) -> None:
    """Plain cells, numbers with all their digits: once `colour` is loaded, numpy would write as its version
    1.13 did."""
    with np.printoptions(legacy=False):
        without_formulas(table).to_csv(
            file, index=False, lineterminator="\n", date_format="%Y-%m-%dT%H:%M:%SZ"
        )
