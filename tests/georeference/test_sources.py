"""Sources of light keep their light, place and size when they are gathered, mirrored or joined."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.camera.earth import to_ecef
from pipeline.georeference.sources import EQUATOR_KM_PER_DEGREE, Sources
from pipeline.models import LonLat

CENTRE = LonLat(lon=6.0, lat=50.0)


def sources(east_km: object, north_km: object, light: object = 1.0, radius_km: object = 0.1) -> Sources:
    """Sources at distances from the centre."""
    lat = CENTRE.lat + np.asarray(north_km, float) / EQUATOR_KM_PER_DEGREE
    lon = CENTRE.lon + np.asarray(east_km, float) / EQUATOR_KM_PER_DEGREE / np.cos(np.radians(CENTRE.lat))
    fields = np.broadcast_arrays(np.atleast_1d(lon), lat, light, radius_km, 0.4, 100.0, 0.2)
    return Sources(*(np.array(f, float) for f in fields))


def scattered(n: int = 5000, seed: int = 0) -> Sources:
    """Small sources of all sizes and lights over 20 km, most of them faint."""
    rng = np.random.default_rng(seed)
    return sources(*rng.uniform(-10, 10, (2, n)), rng.lognormal(3, 1.5, n), rng.uniform(0.02, 0.3, n))


def moments(s: Sources) -> tuple[float, float, float, float]:
    """Light, its centroid (degrees), and its second moment about it with that of every Gaussian (km2)."""
    total = s.light.sum()
    lon, lat = (s.light * s.lon).sum() / total, (s.light * s.lat).sum() / total
    east = EQUATOR_KM_PER_DEGREE * (s.lon - lon) * np.cos(np.radians(s.lat))
    north = EQUATOR_KM_PER_DEGREE * (s.lat - lat)
    second = (s.light * (east**2 + north**2 + 2 * s.radius_km**2)).sum() / total
    return float(total), float(lon), float(lat), float(second)


@pytest.mark.parametrize("cell_km", [1.0, 3.0, 100.0])
def test_gathering_keeps_light_centroid_and_second_moment(cell_km: float) -> None:
    fine = scattered()
    coarse = fine.gathered(cell_km)
    # 400 cells of 1 km, and those that the rows at a whole degree of latitude cut; 49 of 3 km; 4 of 100 km.
    assert len(coarse) < {1.0: 500, 3.0: 80, 100.0: 5}[cell_km]
    before, after = moments(fine), moments(coarse)
    assert after[:3] == pytest.approx(before[:3], rel=1e-12)  # sums in another order
    # The cosine of latitude is of each source in a cell, and of its centroid here: 0.1 % apart.
    assert after[3] == pytest.approx(before[3], rel=1e-3)


def test_two_lights_in_one_cell_become_one_as_wide_as_both() -> None:
    one = sources([0.1, 0.5], [0.5, 0.5], light=[1.0, 3.0], radius_km=[0.1, 0.2]).gathered(2.0)
    at = sources(0.4, 0.5)
    assert one.light.tolist() == [4.0]
    assert (one.lon[0], one.lat[0]) == pytest.approx((at.lon[0], at.lat[0]))
    # Per axis, half of what they lie from 0.4 km, (1 x 0.3^2 + 3 x 0.1^2) / 4 / 2, and their own squares;
    # at the cosine of latitude 0.5 km farther north, 0.01 % less.
    expected_km2 = 0.12 / 8 + (0.1**2 + 3 * 0.2**2) / 4
    assert one.radius_km[0] == pytest.approx(np.sqrt(expected_km2), rel=1e-3)


def test_sources_wider_than_half_a_cell_stay_as_they_are() -> None:
    wide = sources([0.1, 0.2, 5.0], [0.1, 0.1, 5.0], radius_km=[0.1, 0.1, 1.0])
    gathered = wide.gathered(2.0)
    assert len(gathered) == 2
    kept = gathered[gathered.radius_km == 1.0]
    assert [float(kept.lon[0]), float(kept.lat[0])] == [wide.lon[2], wide.lat[2]]
    assert wide.gathered(0.1) is wide


def test_gathering_does_not_join_across_the_date_line_or_different_cells() -> None:
    apart = replace(sources([0, 0], [0, 0]), lon=np.array([179.999, -179.999]))
    assert sorted(apart.gathered(50.0).lon) == [-179.999, 179.999]
    far = sources([0.5, 20.5], [0.5, 0.5])
    assert len(far.gathered(2.0)) == 2


def test_heights_and_sigmas_are_the_lights_means() -> None:
    pair = replace(
        sources([0.1, 0.5], [0.5, 0.5], light=[1.0, 3.0]),
        sigma_km=np.array([0.4, 0.8]),
        height_m=np.array([100.0, 300.0]),
        shared_km=np.array([0.0, 0.4]),
    )
    one = pair.gathered(2.0)
    assert (one.sigma_km[0], one.height_m[0], one.shared_km[0]) == pytest.approx((0.7, 250.0, 0.3))


@pytest.mark.parametrize("axis_deg", [0.0, 45.0, 90.0, 135.0, 17.0])
def test_a_mirror_twice_is_nothing_and_keeps_distances(axis_deg: float) -> None:
    s = scattered(50)
    once = s.mirrored(CENTRE, axis_deg)
    twice = once.mirrored(CENTRE, axis_deg)
    # Only rounding: 1e-12 degrees is 0.1 um.
    assert np.allclose([twice.lon, twice.lat], [s.lon, s.lat], rtol=0, atol=1e-12)
    assert np.array_equal(once.light, s.light)
    shrink = np.cos(np.radians(CENTRE.lat))
    before, after = (np.hypot((v.lon - 6.0) * shrink, v.lat - 50.0) for v in (s, once))
    assert after == pytest.approx(before)
    assert np.hypot(once.lon - s.lon, once.lat - s.lat).max() > 0.01


def test_mirrors_reflect_about_their_axis() -> None:
    place = sources(2.0, 1.0)
    for axis_deg, (east, north) in {0.0: (2, -1), 90.0: (-2, 1), 45.0: (1, 2), 135.0: (-1, -2)}.items():
        expected = sources(east, north)
        found = place.mirrored(CENTRE, axis_deg)
        assert (found.lon[0], found.lat[0]) == pytest.approx((expected.lon[0], expected.lat[0]))


def test_places_in_space_follow_what_is_moved_and_raised() -> None:
    s = scattered(3)
    assert s.ecef_m == pytest.approx(to_ecef(s.lon, s.lat, 100.0))
    moved = s.mirrored(CENTRE, 0.0)  # after the first ones were computed, and kept
    assert moved.ecef_m == pytest.approx(to_ecef(moved.lon, moved.lat, 100.0))
    raised = replace(s, height_m=np.full(3, 600.0))
    assert np.linalg.norm(raised.ecef_m - s.ecef_m, axis=1) == pytest.approx(500.0)


def test_within_counts_kilometres_and_joining_undoes_taking_apart() -> None:
    s = sources([0.0, 3.0, 0.0, -6.0], [0.0, 0.0, 5.0, 0.0])
    # A degree is 111.32 km here and 111.19 km on the mean sphere.
    assert len(s.within(6.0, 50.0, 4.0)) == 2
    assert len(s.within(6.0, 50.0, 5.5)) == 3
    north = s.lat > 50.01
    again = Sources.joined([s[~north], s[north]])
    assert len(again) == 4
    assert np.array_equal(again.lon, s.lon[[0, 1, 3, 2]])
    assert np.array_equal(again.lat, s.lat[[0, 1, 3, 2]])
