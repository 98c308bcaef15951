"""The area that motorways may light: as wide as line, photo and blur make it."""

from typing import Any

import numpy as np
import pytest
import shapely

from pipeline.borders.squares import AREA_CRS
from pipeline.camera.earth import transformer
from pipeline.ground.roads import Motorways
from pipeline.motorways.corridors import motorway_corridors
from tests.motorways.roads import line, roads
from tests.motorways.test_compare import a_scene
from tests.scenes.lands import place

# Twice the blur of cells and pixels of 50 m.
BLUR_M = 2 * 0.8 * 50


def reach_m(area: Any, x_km: float) -> float:
    """How far an area reaches to the north of the line y = 20 km."""
    beam = shapely.LineString([place(x_km, 20), place(x_km, 40)])
    return float((beam & area).length)


@pytest.mark.parametrize(
    ("error_m", "half_width_m"),
    [(30.0, 75.0), (300.0, 300.0), (1500.0, 1000.0)],
    ids=["cells", "line", "most"],
)
def test_corridors_are_as_wide_as_their_line_is_unsure(error_m: float, half_width_m: float) -> None:
    """Never narrower than 1.5 cells on either side, never wider than the widest that tells anything."""
    area = motorway_corridors(roads(("E1", error_m, line((5, 20), (35, 20)))), a_scene())
    assert reach_m(area, 20.5) == pytest.approx(half_width_m + BLUR_M, rel=1e-3)


def test_each_line_has_a_corridor_of_its_own() -> None:
    """Of multilines too; nothing lies between their parts, and lines beyond the frame have none."""
    both = shapely.MultiLineString([line((5, 20), (10, 20)), line((30, 20), (35, 20))])
    lines = roads(
        ("E1", 200.0, both), ("E2", 500.0, line((20, 20), (25, 20))), ("E3", 1.0, line((50, 5), (60, 5)))
    )
    area = motorway_corridors(lines, a_scene())
    found = [reach_m(area, x_km) for x_km in (7.5, 15, 22.5, 32.5, 55)]
    assert found == pytest.approx([200 + BLUR_M, 0, 500 + BLUR_M, 200 + BLUR_M, 0], rel=1e-3)


def test_where_the_photo_is_less_sure_the_corridor_is_wider() -> None:
    scene = a_scene()
    middle = transformer(AREA_CRS, "EPSG:4326").transform(*place(20, 20))[0]
    scene.solved.ground_sigma_m = lambda lon, lat, margin_px: np.where(lon > middle, 200.0, 20.0)
    area = motorway_corridors(roads(("E1", 30.0, line((1, 20), (39, 20)))), scene)
    widths = [reach_m(area, x_km) - BLUR_M for x_km in (5, 15, 25, 35)]
    # 2.5 sigmas of the position.
    assert widths == pytest.approx([75, 75, 500, 500], rel=1e-3)


def test_no_motorway_lights_nothing() -> None:
    beyond = roads(("E1", 30.0, line((50, 5), (60, 5))))
    for motorways in (beyond, Motorways(beyond.lines[:0], ())):
        assert motorway_corridors(motorways, a_scene()).is_empty
