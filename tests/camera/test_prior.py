"""What is known beforehand: facts and orbit become a position and a lens with their covariances."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.camera.earth import Array, east_north_up, to_ecef
from pipeline.camera.full_frame import FullFrame
from pipeline.camera.orbit import State
from pipeline.camera.prior import Prior, prior_from_facts
from pipeline.errors import FactsError
from pipeline.models import Facts, LookAt

LOOK_AT = LookAt(lon=7.5, lat=50.5, radius_km=80.0)
NADIR = (6.0, 49.5)
KNOWN = {
    "nadir": {"lon": NADIR[0], "lat": NADIR[1]},
    "nadir_sigma_km": 8.0,
    "altitude_km": 400.0,
    "focal_length_mm": 85.0,
    "sensor_width_mm": 36.0,
    "clock_sigma_s": 2.0,
}
SPEED_M_S = 7300.0


def prior(orbit: State | None = None, **changes: object) -> Prior:
    return prior_from_facts(Facts(**(KNOWN | changes)), LOOK_AT, 2128, 1416, "photo", orbit)


def heading(degrees: float) -> State:
    """The station 3 km from the stated nadir and 415 km high, flying at an angle from north to east."""
    position_m = to_ecef(6.03, 49.52, 415e3)
    east, north, _ = east_north_up(6.03, 49.52)
    angle = np.radians(degrees)
    velocity_m_s = SPEED_M_S * (np.sin(angle) * east + np.cos(angle) * north)
    return State(position_m, velocity_m_s, along_sigma_m=500.0, across_sigma_m=700.0, radial_sigma_m=300.0)


def test_facts_become_position_and_lens() -> None:
    there = prior()
    assert there.position_ecef_m == pytest.approx(to_ecef(*NADIR, 400e3))
    assert there.horizontal_covariance_m2 == pytest.approx(np.eye(2) * 8000.0**2)
    assert there.vertical_sigma_m == 5000.0
    # 85 mm on 36 mm of 2128 px; the centre of pixels that are counted from 0.
    assert there.focal_px == pytest.approx(85 / 36 * 2128)
    assert there.principal_point_px == (1063.5, 707.5)
    assert there.k1 == 0.0
    # 2 % of focal length, 0.03 of k1, 0.02 of k2, and 0.2 % of the long side twice.
    assert np.sqrt(np.diag(there.lens_covariance)) == pytest.approx([0.02, 0.03, 0.02, 4.256, 4.256])


def test_the_long_side_is_the_sensors_width_also_upright() -> None:
    upright = prior_from_facts(Facts(**KNOWN), LOOK_AT, 1416, 2128, "photo")
    assert upright.focal_px == pytest.approx(85 / 36 * 2128)
    assert upright.principal_point_px == (707.5, 1063.5)


@pytest.mark.parametrize("key", ["nadir", "altitude_km", "focal_length_mm", "sensor_width_mm"])
def test_a_missing_fact_is_named_with_an_example(key: str) -> None:
    with pytest.raises(FactsError, match=f"^photo: {key}: is not known; .*for example {key}: "):
        prior(**{key: None})


def test_the_lens_is_told_from_the_priors_in_the_order_of_its_covariance() -> None:
    there = replace(prior(), k1=0.01, k2=-0.002)
    camera = there.camera()
    assert not there.lens_away(camera).any()
    other = replace(
        camera, focal_px=1.02 * there.focal_px, k1=0.015, k2=0.001, principal_point_px=(1066.5, 700.5)
    )
    assert there.lens_away(other) == pytest.approx([np.log(1.02), 0.005, 0.003, 3.0, -7.0])


def test_an_orbit_is_the_position_and_its_clock_the_error_along_the_track() -> None:
    orbit = heading(0.0)
    there = prior(orbit)
    assert there.position_ecef_m == pytest.approx(orbit.position_ecef_m)
    # Northward: 2 s of clock and the orbit's own 500 m along it, 700 m across. The track's axes are level
    # to 0.1 degree, which brings 14.6 km x 0.002 = 25 m, in quadrature nothing, into other axes.
    assert there.horizontal_covariance_m2[1, 1] == pytest.approx((2 * SPEED_M_S) ** 2 + 500**2, rel=1e-4)
    assert there.horizontal_covariance_m2[0, 0] == pytest.approx(700**2, rel=1e-3)
    assert there.horizontal_covariance_m2[0, 1] == pytest.approx(0.0, abs=1e-3 * 14600 * 700)
    # What falls below the tangent, sqrt(3) (14.6 km)^2 / 2r = 27 m, and the tilt's 25 m, beside 300 m.
    assert there.vertical_sigma_m == pytest.approx(300, rel=0.02)
    # The lens is of the facts, as without an orbit.
    assert there.focal_px == prior().focal_px
    assert np.array_equal(there.lens_covariance, prior().lens_covariance)


def test_an_orbits_ellipse_lies_along_its_track() -> None:
    for degrees in (30.0, 60.0, 120.0):
        spread, axes = np.linalg.eigh(prior(heading(degrees)).horizontal_covariance_m2)
        east, north = axes[:, 1]
        # The orbit's axes are level to 0.1 degree, and the ellipse is 20 times longer than wide.
        assert np.degrees(np.arctan2(east, north)) % 180 == pytest.approx(degrees, abs=0.1)
        assert np.sqrt(spread) == pytest.approx([700, np.hypot(14600, 500)], rel=1e-3)


def test_a_catalogue_has_heavy_tails_and_an_orbit_is_gaussian() -> None:
    assert prior().heavy_tails
    there = prior(heading(40.0))
    for offset in ((0.0, 0.0), (-40e3, 25e3)):
        stated = there.horizontal_weight(np.array(offset))
        assert stated == pytest.approx(np.linalg.inv(there.horizontal_covariance_m2))


def negative_log_density(offset_m: Array, covariance_m2: Array) -> float:
    """Of a bivariate Student distribution with one degree of freedom, up to a constant."""
    return 1.5 * float(np.log1p(offset_m @ np.linalg.inv(covariance_m2) @ offset_m))


@pytest.mark.parametrize("offset_m", [(0.0, 0.0), (300.0, -9000.0), (-40e3, 25e3)])
def test_the_horizontal_weight_pulls_as_the_students_density_does(offset_m: tuple[float, float]) -> None:
    there, offset = replace(prior(heading(40.0)), heavy_tails=True), np.array(offset_m)
    covariance = there.horizontal_covariance_m2
    inverse = np.linalg.inv(covariance)
    stated = there.horizontal_weight(offset)
    assert stated == pytest.approx(3 * inverse / (1 + offset @ inverse @ offset))
    # A pull of weight x offset is the slope of the density's logarithm, here by central differences of 1 m.
    ahead, behind = (
        np.array([negative_log_density(offset + sign * step, covariance) for step in np.eye(2)])
        for sign in (1, -1)
    )
    # 1 m is 1e-3 of the shorter sigma, whose square is what central differences leave out.
    assert stated @ offset == pytest.approx((ahead - behind) / 2, rel=1e-5, abs=1e-12)


def test_far_outliers_pull_ever_less() -> None:
    there = prior()
    pulls = [np.linalg.norm(there.horizontal_weight(np.array([d, 0.0])) @ [d, 0.0]) for d in (8e3, 80e3, 8e5)]
    # 3 d / (s^2 + d^2): at one sigma 1.5 / s, then falling as 3 / d.
    assert pulls == pytest.approx([1.5 / 8e3, 3 / 80e3 / 1.01, 3 / 8e5 / 1.0001])


def test_the_camera_looks_where_it_should_at_any_roll() -> None:
    there = prior()
    for roll_deg in (0.0, 77.0):
        column, row = there.camera(roll_deg).project(LOOK_AT.lon, LOOK_AT.lat)
        assert (float(column), float(row)) == pytest.approx(there.principal_point_px)  # by construction


def test_the_look_at_radius_in_pixels_is_its_angle() -> None:
    there = prior()
    range_m = np.linalg.norm(to_ecef(7.5, 50.5) - there.position_ecef_m)
    # Nearest: straight below, where 80 km are 0.2 rad of 400 km; by hand 5024 px x 80 / 428.
    assert there.look_at_radius_px(there.position_ecef_m) == pytest.approx(there.focal_px * 80e3 / range_m)
    below = there.look_at_radius_px(to_ecef(7.5, 50.5, 400e3))
    assert below == pytest.approx(0.2 * there.focal_px)


class TestCrops:
    """A full frame of 2128 x 1416 px of which the right lower quarter is left."""

    STATED = FullFrame(width=2128, height=1416, left=1064, top=708)

    def quarter(self) -> Prior:
        return prior_from_facts(Facts(**KNOWN), LOOK_AT, 1064, 708, "photo")

    def test_the_lens_of_a_stated_crop_sits_behind_the_middle_of_the_full_frame(self) -> None:
        whole, part = prior(), self.quarter().within(self.STATED)
        assert part.focal_px == pytest.approx(whole.focal_px)
        assert part.principal_point_px == (1063.5 - 1064, 707.5 - 708)
        assert part.lens_covariance == pytest.approx(whole.lens_covariance)
        assert not part.is_cut

    def test_of_a_crop_of_unknown_place_lens_and_scale_are_free(self) -> None:
        part = self.quarter().within(FullFrame(width=2128, height=1416))
        assert part.is_cut
        assert part.focal_px == pytest.approx(prior().focal_px)
        assert part.principal_point_px == (531.5, 353.5)
        assert np.sqrt(np.diag(part.lens_covariance)) == pytest.approx([0.1, 0.03, 0.02, 266, 266])

    def test_a_crop_may_look_beside_where_its_full_frame_looks(self) -> None:
        whole = prior()
        alone, part = self.quarter(), self.quarter().within(self.STATED)
        position_m = whole.position_ecef_m
        radius_px = 2 * alone.look_at_radius_px(position_m)  # of its smaller focal length
        assert part.look_at_radius_px(position_m) == pytest.approx(radius_px + np.hypot(532, 354))
        cut = self.quarter().cut()
        assert cut.look_at_radius_px(position_m) == pytest.approx(radius_px / 2 + 0.25 * 1064)
