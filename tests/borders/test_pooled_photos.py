"""Photos that several cities' maps show are pooled once."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from pipeline.borders.light_squares import LightSquares
from pipeline.borders.pooled_photos import one_of_each, photo_frames
from pipeline.borders.squares import SQUARE_M


def squares(columns: list[int], rows: list[int], light: float = 1.0, **about: Any) -> LightSquares:
    """Squares of a map by column and row, all of one light, with four cells each."""
    n = len(columns)
    column, row = np.array(columns, np.int64), np.array(rows, np.int64)
    numbers = {name: np.full(n, light) for name in ("red", "green", "blue", "power", "tone_sigma")}
    facts = {
        "photo": "a", "taken_at": None, "evidence": "jpeg", "simulated": False, "tone_systematic": 0.0,
        "exclusion_m": {}, "cell_km2": 0.25,
    }  # fmt: skip
    return LightSquares(
        column=column,
        row=row,
        country=np.full(n, "BE"),
        motorway=np.zeros(n, bool),
        x=(column + 0.5) * SQUARE_M,
        y=(row + 0.5) * SQUARE_M,
        n_cells=np.full(n, 4),
        view_zenith_deg=np.zeros(n),
        **numbers,
        **(facts | about),
    )


def block(columns: range, rows: range, light: float, **about: Any) -> LightSquares:
    """All squares of a block of them."""
    column, row = np.meshgrid(columns, rows)
    return squares(column.ravel().tolist(), row.ravel().tolist(), light, **about)


def test_a_photo_on_two_maps_is_one_photo() -> None:
    """The first map shows columns 0 to 4, the second 3 to 7, of which the outermost may be cut: each square
    is from the first map that shows it whole, and at the edge of all of them from the first that shows it."""
    west = block(range(5), range(4), 1.0, exclusion_m={"BE-DE": 300.0, "BE-LU": 100.0})
    east = block(range(3, 8), range(4), 2.0, cell_km2=0.125, exclusion_m={"BE-DE": 400.0, "BE-LU": 50.0})
    (photo,) = one_of_each([west, east])
    found = np.full((8, 4), np.nan)
    found[photo.column, photo.row] = photo.red
    assert len(photo) == 32
    # Rows 0 and 3 are at the edge of both maps.
    assert found[:, 1].tolist() == found[:, 2].tolist() == [1, 1, 1, 1, 2, 2, 2, 2]
    assert found[:, 0].tolist() == found[:, 3].tolist() == [1, 1, 1, 1, 1, 2, 2, 2]
    assert photo.exclusion_m == {"BE-DE": 400.0, "BE-LU": 100.0}
    # Cells are counted in those of the first map, twice as large.
    assert set(photo.n_cells[photo.red == 2]) == {2}


def test_a_square_of_two_countries_is_from_one_map() -> None:
    one = replace(squares([5, 5], [5, 5]), country=np.array(["BE", "DE"]))
    other = squares([5], [5], light=3.0)
    (photo,) = one_of_each([one, other])
    assert photo.red.tolist() == [1.0, 1.0]


def test_photos_stand_in_order_of_time() -> None:
    """Those of no known time come last."""
    early, late = (datetime(year, 1, 1, tzinfo=UTC) for year in (2012, 2022))
    maps = [
        squares([1], [1], photo="z", taken_at=late),
        squares([1], [1], photo="no time"),
        squares([1], [1], photo="y", taken_at=early),
        squares([1], [1], photo="z", taken_at=late),
    ]
    assert [photo.photo for photo in one_of_each(maps)] == ["y", "z", "no time"]


def test_the_frame_of_a_photo_is_the_box_around_its_light() -> None:
    dark = squares([], [], photo="dark", taken_at=datetime(2012, 2, 3, 4, 5, 6, tzinfo=UTC), simulated=True)
    table = photo_frames([squares([2, 5], [3, 4]), dark])
    assert table["photo"].tolist() == ["a", "dark"]
    assert table.geometry[0].bounds == pytest.approx((2000, 3000, 6000, 5000))
    assert table.geometry[1] is None
    assert table["n_cells"].tolist() == [8, 0]
    assert table["taken_at"].tolist() == [None, "2012-02-03T04:05:06Z"]
    assert table["simulated"].tolist() == [False, True]
