"""Names that come from users' maps may not become formulas in a spreadsheet."""

import io

import pandas as pd
import pytest

from pipeline.deliver.spreadsheet import plain_text, without_formulas


@pytest.mark.parametrize("text", ["=cmd|' /C calc'!A0", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "  =1"])
def test_what_begins_like_a_formula_is_quoted(text: str) -> None:
    assert plain_text(text) == f"'{text}"


@pytest.mark.parametrize("value", ["Liège", "BE-NL", "-1.2", "+3", "-1e-5", "", -1.2, None, 7, True])
def test_all_else_stays(value: object) -> None:
    assert plain_text(value) is value


def test_numbers_of_a_csv_stay_numbers() -> None:
    table = pd.DataFrame({"ref": ["=1+1", "E40", None], "contrast": [-1.2, 0.5, None], "n": [1, 2, 3]})
    read = pd.read_csv(io.StringIO(without_formulas(table).to_csv(index=False)))
    assert list(read["ref"][:2]) == ["'=1+1", "E40"]
    assert read["contrast"].tolist()[:2] == [-1.2, 0.5]
    assert read["n"].tolist() == [1, 2, 3]
