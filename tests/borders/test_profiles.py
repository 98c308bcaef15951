"""Profiles across a border and contrasts along it, of light whose density and tone are known."""

import math
from dataclasses import replace

import numpy as np
import pytest
import shapely

from pipeline.borders.beside import beside
from pipeline.borders.border_line import BorderLine
from pipeline.borders.cells import Cells
from pipeline.borders.distance_field import DistanceField
from pipeline.borders.profiles import across, class_shares, thirds
from pipeline.borders.segments import along, segment_lines
from pipeline.borders.settings import IN_FORCE
from pipeline.borders.units import Units
from tests.scenes import border_towns
from tests.scenes.border_towns import CONFIG, EDGES_M, Setting, nadir_below, scene
from tests.scenes.lands import KM, box, place


def straight(length_km: float = 40) -> shapely.MultiLineString:
    return shapely.MultiLineString([[place(20, 0), place(20, length_km)]])


def test_distance_and_chainage_along_a_straight_border():
    line = BorderLine.of(straight(), 2000.0, IN_FORCE.line)
    x, y = place(np.array([20.0, 20.1, 17.0, 31.0]), np.array([0.0, 10.0, 39.0, 20.0]))
    # Points stand every 50 m: up to 25 m along the line, 3 m in distances of 100 m.
    np.testing.assert_allclose(line.distance_m(x, y, 1e4), [0, 100, 3000, np.inf], atol=3.2)
    np.testing.assert_allclose(line.along_m(x, y), [0, 10e3, 39e3, 20e3], atol=26)


def test_distances_between_edges_lie_between_the_same_edges_as_the_true_ones():
    """Of a ragged border: most places bear the distance of their square's middle."""
    along, rng = np.linspace(0, 40, 400), np.random.default_rng(0)
    line = BorderLine.of(
        shapely.MultiLineString([np.column_stack(place(20 + rng.uniform(-1, 1, 400), along))]),
        2000.0,
        IN_FORCE.line,
    )
    x, y = place(*rng.uniform(0, 40, (2, 50_000)))
    true, told = line.distance_m(x, y, 15e3), line.between_m(x, y, EDGES_M, 15e3)
    assert np.array_equal(np.digitize(true, EDGES_M), np.digitize(told, EDGES_M))
    assert np.array_equal(np.isfinite(true), np.isfinite(told))
    assert (true != told)[np.isfinite(true)].mean() > 0.5


def test_wiggles_and_enclaves_do_not_lengthen_the_course():
    along = np.linspace(0, 40, 4001)
    wiggly = np.column_stack(place(20 + 0.4 * np.sin(2 * np.pi * along / 0.8), along))
    enclave = np.array(shapely.Point(place(23, 20)).buffer(1500).exterior.coords)
    border = shapely.MultiLineString([wiggly, enclave])
    assert border.length > 1.5 * 40 * KM
    line = BorderLine.of(border, 2000.0, IN_FORCE.line)
    x, y = place(np.full(40, 26.0), np.arange(40) + 0.5)
    # The course is good to half a block.
    np.testing.assert_allclose(line.along_m(x, y), KM * (np.arange(40) + 0.5), atol=1500)
    # The enclave's own edge counts for distances: it lies 500 m west of here.
    beyond = place(np.array([25.0]), np.array([20.0]))
    assert float(line.distance_m(*beyond, 1e4)[0]) == pytest.approx(500, abs=3)


def test_parts_of_a_border_begin_at_a_new_block():
    parts = shapely.MultiLineString(
        [[place(20, 0), place(20, 5)], [place(20, 30), place(20, 39)], [place(1, 1), place(1, 1.5)]]
    )
    line = BorderLine.of(parts, 2000.0, IN_FORCE.line)
    chainage = line.along_m(*place(np.array([21.0, 21.0, 21.0, 21.0]), np.array([0.0, 5.0, 30.0, 39.0])))
    starts = sorted(np.floor(chainage / 2000))
    assert len(set(starts)) == 4
    np.testing.assert_allclose(np.diff(np.sort(chainage))[[0, 2]], [5000, 9000], atol=1)


def test_segments_are_even_parts_of_each_part_of_a_border():
    parts = shapely.MultiLineString([[place(20, 0), place(20, 31)], [place(60, 0), place(60, 9)]])
    line = BorderLine.of(parts, 2000.0, IN_FORCE.line)
    x, y = place(np.array([21.0, 21.0, 21.0, 61.0, 61.0]), np.array([1.0, 15.0, 16.0, 0.0, 9.0]))
    # 31 km make two segments of 15.5 km, 9 km make one.
    assert line.segment_at(x, y).tolist() == [0, 0, 1, 2, 2]


def evenly_lit():
    """A cell every 200 m, red 1 and green 0.5 in the west and 1 in the east, brighter from 5 km on."""
    x, y = (v.ravel() for v in np.meshgrid(np.arange(0.1, 40, 0.2), np.arange(0.1, 40, 0.2)))
    power = np.where(np.abs(x - 20) > 5, 2.0, 1.0).astype(np.float32)
    tone = np.where(x > 20, 0.0, -1.0).astype(np.float32)
    return Cells(*place(x, y), power, power * 2**tone, (x > 20).astype(np.int8), tone)


def test_profiles_give_light_and_tone_by_signed_distance():
    cells, line = evenly_lit(), BorderLine.of(straight(), 2000.0, IN_FORCE.line)
    field = DistanceField.of(line, (box(0, 0, 20, 40), box(20, 0, 40, 40)), 20e3, 500.0)
    near = beside(cells, line, 0, 1, 20e3, EDGES_M)
    rows = across(near, Units.of(cells, 2500.0), field, ("BE", "DE"), CONFIG, IN_FORCE)
    assert [row["from_km"] for row in rows] == list(range(-20, 20))
    assert {row["side"] for row in rows[:20]} == {"BE"}
    for row in rows:
        nearer = min(abs(row["from_km"]), abs(row["to_km"]))
        second = row["from_km"] >= 0
        assert row["n_cells"] == pytest.approx(5 * 200, abs=10)
        assert row["tone_g_r"] == pytest.approx(0.0 if second else -1.0, abs=1e-6)
        # 80 or 81 rows of the lattice of 500 m by two columns, or by one or three where it meets an edge.
        assert row["area_km2"] == pytest.approx(40, rel=0.55)
        density = 25 * (2.0 if nearer >= 5 else 1.0) * (2.0 if second else 1.5)
        assert row["light_per_km2"] * row["area_km2"] == pytest.approx(40 * density, rel=0.02)
        if row["n_blocks"] > 1:
            assert row["light_low95"] < row["light_per_km2"] < row["light_high95"]
    areas = [row["area_km2"] for row in rows]
    assert sum(areas) == pytest.approx(40 * 40, rel=0.04)


def test_the_interval_of_light_is_that_of_a_sum_of_towns():
    """Four equal towns: a relative sigma of a half, as a Poisson count of four."""
    y = np.arange(5, 40, 10.0)
    cells = Cells(*place(np.full(4, 22.5), y), *np.ones((2, 4), np.float32), np.ones(4, np.int8), np.zeros(4))
    line = BorderLine.of(straight(), 2000.0, IN_FORCE.line)
    field = DistanceField.of(line, (box(0, 0, 20, 40), box(20, 0, 40, 40)), 20e3, 500.0)
    rows = across(
        beside(cells, line, 0, 1, 20e3, EDGES_M),
        Units.of(cells, 1000.0),
        field,
        ("BE", "DE"),
        CONFIG,
        IN_FORCE,
    )
    row = next(row for row in rows if row["from_km"] == 2)
    assert row["n_blocks"] == 4
    factor = math.exp(1.96 * math.sqrt(math.log(1.25)))
    assert row["light_high95"] / row["light_per_km2"] == pytest.approx(factor)
    assert row["light_per_km2"] / row["light_low95"] == pytest.approx(factor)
    empty = next(row for row in rows if row["from_km"] == 3)
    assert (empty["light_per_km2"], empty["n_cells"]) == (0, 0)
    assert math.isnan(empty["tone_g_r"])


@pytest.fixture(scope="module")
def fitted():
    made = scene(Setting(height_km=120, density=0.06, contrast=1.0, scatter=0.15), 2)
    return made, *border_towns.fitted(made)


def border_of(height_km: float) -> shapely.MultiLineString:
    return shapely.MultiLineString(
        [[(4_030_000.0, 3_000_000.0), (4_030_000.0, 3_000_000.0 + 1e3 * height_km)]]
    )


def test_segments_lie_along_the_border_and_show_its_contrast(fitted):
    made, found, fit = fitted
    rows = along(fit, border_of(120), made.line, nadir_below, IN_FORCE)
    assert [row["segment"] for row in rows] == list(range(8))  # 15 km each
    given = [row for row in rows if row["contrast_g_r"] is not None]
    assert len(given) == 8
    value = np.array([row["contrast_g_r"] for row in given])
    half = np.array([row["high95"] for row in given]) - value
    # The planted contrast lies within its interval at 7 or 8 of 8 segments (6 or fewer: once in 17 times).
    assert (np.abs(value - 1.0) <= half).sum() >= 7
    # A segment knows less than the whole border, whose mean it is a part of.
    assert (half > found.high - found.contrast).all()
    assert np.median(half) < 1.0
    assert all(row["verdict"] == "second greener" for row, h in zip(given, half, strict=True) if h < 0.7)
    assert sum(row["geometry"].length for row in rows) == pytest.approx(120e3, rel=1e-6)


def test_a_dark_segment_says_so(fitted):
    made, _, fit = fitted
    longer = BorderLine.of(border_of(180), 2000.0, IN_FORCE.line)
    rows = along(fit, border_of(180), longer, nadir_below, IN_FORCE)
    assert [row["verdict"] for row in rows][-3:] == ["too little light"] * 3
    assert rows[-1]["contrast_g_r"] is None
    unfitted = along(None, border_of(60), made.line, nadir_below, IN_FORCE)
    assert [row["verdict"] for row in unfitted] == ["too little light"] * 4


def test_light_that_never_faces_light_is_too_little_everywhere(fitted):
    """The first side lit in the south only, the second in the north only: no segment has both."""
    made, _, fit = fitted
    north = fit.near.y > place(0, 60)[1]
    kept = fit.second == north
    apart = replace(fit, near=fit.near.chosen(kept), second=fit.second[kept], near_unit=fit.near_unit[kept])
    rows = along(apart, border_of(120), made.line, nadir_below, IN_FORCE)
    assert [row["verdict"] for row in rows] == ["too little light"] * 8
    assert {row["contrast_g_r"] for row in rows} == {None}


def test_lines_of_segments_are_the_border_itself():
    wiggly = np.column_stack(place(20 + 0.4 * np.sin(3 * np.arange(0, 60, 0.05)), np.arange(0, 60, 0.05)))
    border = shapely.MultiLineString([wiggly])
    pieces = segment_lines(border, BorderLine.of(border, 2000.0, IN_FORCE.line), 100.0)
    assert len(pieces) == 4
    assert sum(piece.length for piece in pieces.values()) == pytest.approx(border.length, rel=1e-6)
    assert max(piece.hausdorff_distance(border & piece.buffer(1)) for piece in pieces.values()) < 110


def test_shares_of_classes_by_hand():
    tone, light = np.array([-2.0, -1.0, 0.0, 1.0], np.float32), np.array([1, 2, 3, 4], np.float32)
    assert class_shares(tone, light, np.array([-1.5, 0.0])) == pytest.approx([0.1, 0.2, 0.7])
    assert np.isnan(class_shares(tone[:0], light[:0], np.array([0.0]))).all()


def test_thirds_of_both_sides():
    cells = evenly_lit()
    near = beside(cells, BorderLine.of(straight(), 2000.0, IN_FORCE.line), 0, 1, 20e3, EDGES_M)
    shares = thirds(near, 500.0, np.array([-0.5, -0.2]), CONFIG)
    assert shares == {"orange_first": 1.0, "green_first": 0.0, "orange_second": 0.0, "green_second": 1.0}
