"""The points of a border line are those that the library gives, found faster."""

import numpy as np
import pytest
import shapely

from pipeline.borders.border_line import _points_along

LINES = {
    "wiggly": shapely.LineString(np.random.default_rng(1).normal(0, 1e3, (200, 2)).cumsum(axis=0) + 4e6),
    "of one piece": shapely.LineString([(0.1, 0.2), (10.3, 7.7)]),
    "a ring": shapely.LinearRing([(0, 0), (3, 0.1), (2.5, 4), (0, 3.3)]),
    "with a point twice": shapely.LineString([(0, 0), (1, 1), (1, 1), (3, 1.5)]),
}


@pytest.mark.parametrize("kind", LINES)
def test_points_along_a_line_are_the_librarys_to_the_last_digit(kind: str) -> None:
    line = LINES[kind]
    vertices = shapely.line_locate_point(line, shapely.points(shapely.get_coordinates(line)))
    along = np.concatenate([np.linspace(0, line.length, 1000), vertices])
    expected = shapely.get_coordinates(shapely.line_interpolate_point(line, along))
    assert np.array_equal(_points_along(line, along), expected)
