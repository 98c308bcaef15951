import json
from collections import namedtuple

import numpy as np
import psutil
import pytest
import shapely

from pipeline.errors import GridError
from pipeline.models import GridConfig, LonLat
from pipeline.raster.grid import (
    BYTES_A_CELL,
    Grid,
    check_memory,
    lay_grid,
    median_gsd_m,
    round_up,
    rounded,
    visible_area,
)
from tests.scenes.cameras import CITY, camera

PLACE = LonLat(lon=CITY[0], lat=CITY[1])


@pytest.mark.parametrize(
    ("value", "expected"),
    [(41, 50), (50, 50), (50.1, 100), (100, 100), (101, 200), (146, 200), (7.3, 10), (1.01, 2), (0.3, 0.5)],
)
def test_resolution_rounds_up_to_one_two_or_five(value, expected):
    assert round_up(value) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "expected"), [(41, 50), (105, 100), (140, 100), (142, 200), (320, 500), (31, 20), (0.9, 1)]
)
def test_auto_resolution_is_the_nearest_step_by_ratio(value, expected):
    assert rounded(value) == pytest.approx(expected)


def test_rounding_up_is_idempotent():
    for value in np.geomspace(1, 1e4, 50):
        assert round_up(round_up(value)) == round_up(value) >= value * (1 - 1e-9)


def test_a_grid_survives_json_and_knows_its_cells():
    grid = Grid("EPSG:3035", 50.0, (4000000.0, 3000000.0, 4001000.0, 3000500.0))
    assert Grid.from_dict(json.loads(json.dumps(grid.to_dict()))) == grid
    assert (grid.width, grid.height) == (20, 10)
    assert grid.transform @ (0, 0) == (4000000.0, 3000500.0)
    assert grid.transform @ (grid.width, grid.height) == (4001000.0, 3000000.0)
    x, y = grid.centres(np.array([0.0, 19.0]), np.array([0.0, 9.0]))
    assert x.tolist() == [4000025.0, 4000975.0]
    assert y.tolist() == [3000475.0, 3000025.0]


def test_auto_resolution_is_that_of_the_coarsest_photo():
    fine, coarse = camera(180), camera(50)
    alone = {name: lay_grid({name: c}, GridConfig(), PLACE) for name, c in {"f": fine, "c": coarse}.items()}
    both = lay_grid({"f": fine, "c": coarse}, GridConfig(), PLACE)
    assert alone["f"].resolution_m < alone["c"].resolution_m == both.resolution_m

    seen = visible_area(coarse, "EPSG:3035", shapely.box(*alone["c"].bounds))
    assert both.resolution_m == rounded(median_gsd_m(coarse, seen, "EPSG:3035"))
    # 415 km / focal length in pixels at the nadir, and up to twice as much this obliquely.
    assert 415e3 / coarse.focal_px < median_gsd_m(coarse, seen, "EPSG:3035") < 2 * 415e3 / coarse.focal_px


def test_bounds_hold_the_footprints_within_the_square_and_are_multiples_of_the_resolution():
    config = GridConfig(radius_km=40, resolution_m=500)
    small = lay_grid({"a": camera(400)}, config, PLACE)
    wide = lay_grid({"a": camera(24)}, config, PLACE)
    for grid in (small, wide):
        assert all(bound % 500 == 0 for bound in grid.bounds)
    # The 24 mm photo shows the whole square of 80 km, the 400 mm one (36 km wide) is smaller than it.
    assert wide.width in (160, 161)
    assert small.width < 120
    assert wide.bounds[0] <= small.bounds[0]
    union = lay_grid({"a": camera(400), "b": camera(24)}, config, PLACE)
    assert union == wide


def test_a_photo_that_shows_nothing_of_the_city_is_named():
    elsewhere = camera(180, nadir=(13.0, 48.0), target=(13.5, 48.2))
    with pytest.raises(GridError, match=r"grid.radius_km = 100: photo far shows nothing"):
        lay_grid({"near": camera(85), "far": elsewhere}, GridConfig(), PLACE)


def test_a_grid_too_large_is_refused_with_the_resolution_that_fits(monkeypatch):
    memory = namedtuple("memory", "available")(200_000_000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    config = GridConfig(resolution_m=10)
    with pytest.raises(GridError, match=r"grid.resolution_m = 10.*need (\d+) bytes") as caught:
        lay_grid({"a": camera(50)}, config, PLACE)
    message = str(caught.value)
    assert "\n" not in message
    fits = float(message.rsplit(" ", 1)[1])
    # What is said to fit does, and the next smaller step does not.
    good = lay_grid({"a": camera(50)}, GridConfig(resolution_m=fits), PLACE)
    assert BYTES_A_CELL * good.width * good.height <= memory.available
    with pytest.raises(GridError):
        lay_grid({"a": camera(50)}, GridConfig(resolution_m=fits / 2.5), PLACE)


def test_auto_is_refused_by_its_name():
    grid = Grid("EPSG:3035", 1.0, (0.0, 0.0, 1e5, 1e5))
    with pytest.raises(GridError, match=r"grid\.resolution_m = auto"):
        check_memory(grid, "auto", 10**9)


def test_a_cell_of_the_grid_takes_60_bytes_of_memory():
    """What the step that holds most was measured to take where 3 in 5 cells are lit: 20 bytes for 1 in 5."""
    grid = Grid("EPSG:3035", 10.0, (0.0, 0.0, 20_000.0, 10_000.0))
    needed = 2000 * 1000 * 60
    check_memory(grid, "auto", needed)
    with pytest.raises(GridError, match=rf"2000 x 1000 cells of 10 m need {needed} bytes \(0\.12 GB\)"):
        check_memory(grid, "auto", needed - 1)


def test_a_grid_and_a_geobox_are_one():
    grid = Grid("EPSG:3035", 100.0, (3_918_800.0, 2_974_200.0, 4_118_900.0, 3_174_300.0))
    assert Grid.of_geobox(grid.geobox) == grid
    assert grid.geobox.affine == grid.transform
    with pytest.raises(GridError, match="not square and north up"):
        Grid.of_geobox(grid.geobox.rotate(30))
