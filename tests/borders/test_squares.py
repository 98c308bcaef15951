"""Squares of ground and their numbers."""

import numpy as np

from pipeline.borders.squares import centres_of, code_of, numbered, square_codes, squares


def test_squares_are_counted_eastward_and_northward():
    x, y = np.array([4_000_999.9, 4_001_000.0]), np.array([3_000_000.0, 2_999_999.9])
    column, row = squares(x, y)
    assert column.tolist() == [4000, 4001]
    assert row.tolist() == [3000, 2999]
    assert [v.tolist() for v in squares(x, y, 500.0)] == [[8001, 8002], [6000, 5999]]


def test_a_number_is_of_one_square_and_rises_northward_then_eastward():
    x, y = (v.ravel() for v in np.meshgrid(np.arange(500.0, 8000, 1000), np.arange(500.0, 5000, 1000)))
    code = square_codes(x, y)
    assert (np.diff(code) > 0).all()
    assert (code == code_of(*squares(x, y))).all()
    # Two places of one square share it.
    assert (square_codes(x + 499, y - 499) == code).all()


def test_centres_are_those_of_the_squares():
    x, y = np.array([4_000_700.0, 1300.0]), np.array([3_000_200.0, 2600.0])
    centres = centres_of(square_codes(x, y))
    assert [v.tolist() for v in centres] == [[4_000_500.0, 1500.0], [3_000_500.0, 2500.0]]
    wide = centres_of(square_codes(x, y, 5000.0), 5000.0)
    assert [v.tolist() for v in wide] == [[4_002_500.0, 2500.0], [3_002_500.0, 2500.0]]


def test_numbers_rise_and_each_code_has_its_place_among_them():
    code = np.array([7, -2, 7, 1 << 40, -2])
    codes, place = numbered(code)
    assert codes.tolist() == [-2, 7, 1 << 40]
    assert codes[place].tolist() == code.tolist()
    assert [len(part) for part in numbered(code[:0])] == [0, 0]
