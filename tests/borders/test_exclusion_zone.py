"""The exclusion zone reaches as far as position errors or blur do, whichever is more."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from pipeline.borders.exclusion_zone import exclusion_m
from pipeline.borders.settings import IN_FORCE
from pipeline.borders.squares import AREA_CRS
from pipeline.tone.reach import SATURATION_HALO_PX
from tests.scenes.lands import place

TO_DEGREES = Transformer.from_crs(AREA_CRS, "EPSG:4326", always_xy=True)
BORDER = shapely.LineString([place(20, 0), place(20, 40)])


@dataclass
class Camera:
    """Stands for a camera: its pixel is as large everywhere, or twice as large in the north."""

    pixel_m: float
    north: float = 1.0

    def ground_sample_distance_m(self, lon, lat):
        return np.where(lat > middle(), self.north, 1.0) * self.pixel_m


@dataclass
class Solved:
    """Stands for a solved camera whose positions are as sure everywhere, or less in the north."""

    sigma_m: float
    camera: Camera
    north: float = 1.0

    def ground_sigma_m(self, lon, lat, margin_px=0.0):
        # Points of the border on the frame's edge must have a value.
        assert margin_px == np.inf
        return np.where(lat > middle(), self.north, 1.0) * self.sigma_m


def middle() -> float:
    return TO_DEGREES.transform(*place(20, 20))[1]


def zone(solved, settings=IN_FORCE.exclusion):
    return exclusion_m(solved, BORDER, settings)


def test_position_errors_make_the_zone_where_they_reach_farther():
    assert zone(Solved(100.0, Camera(20.0))) == pytest.approx(300)
    assert zone(Solved(100.0, Camera(20.0)), replace(IN_FORCE.exclusion, sigmas=4.0)) == pytest.approx(400)


def test_blur_makes_the_zone_where_it_reaches_farther():
    assert zone(Solved(10.0, Camera(200.0))) == pytest.approx(SATURATION_HALO_PX * 200)


def test_the_worst_place_along_the_border_counts():
    assert zone(Solved(100.0, Camera(20.0), north=2.5)) == pytest.approx(750)
    assert zone(Solved(10.0, Camera(200.0, north=1.5))) == pytest.approx(SATURATION_HALO_PX * 300)


def test_the_course_of_the_border_is_looked_at():
    looked_at = []

    class Looking(Solved):
        def ground_sigma_m(self, lon, lat, margin_px=0.0):
            looked_at.append(np.column_stack([lon, lat]))
            return super().ground_sigma_m(lon, lat, margin_px)

    bent = shapely.LineString([place(20 + 4 * np.sin(v / 4), v) for v in np.arange(0, 40, 0.1)])
    exclusion_m(Looking(100.0, Camera(20.0)), bent, IN_FORCE.exclusion)
    # 400 points of a detailed border are thinned, without leaving its course by 1 km.
    assert len(looked_at[0]) <= 40
    back = Transformer.from_crs("EPSG:4326", AREA_CRS, always_xy=True)
    course = shapely.LineString(np.column_stack(back.transform(*looked_at[0].T)))
    assert course.hausdorff_distance(bent) <= 1000
