"""Facts joined, and what follows from them."""

import pytest

from pipeline.errors import FactsError
from pipeline.models import CameraRow, Facts, LonLat, LookAt
from pipeline.photo.cameras import Anchor, anchor_of
from pipeline.photo.facts import frame_width_mm, joined, look_at_point, with_orbit

CITY, NADIR = LonLat(lon=5.57, lat=50.64), LonLat(lon=8.6, lat=51.2)


def no_city(name: str, near: LonLat, key: str) -> tuple[float, float]:
    raise AssertionError("nothing to look up")


def camera() -> CameraRow:
    matrix = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]
    sizes = {"sensor_width_mm": 32, "image_width_px": 4000, "image_height_px": 3000}  # 8 micrometres a pixel
    return CameraRow.model_validate(sizes | {"xyz_to_camera": matrix, "source": "mine"})


def test_of_several_sources_the_last_that_states_a_fact_wins() -> None:
    known = joined(Facts(iso=100, camera="A"), Facts(iso=200, aperture=2), Facts(aperture=4))
    assert (known.iso, known.camera, known.aperture, known.nadir) == (200, "A", 4, None)
    assert joined(Facts(iso=100)).iso == 100


def test_a_photo_looks_where_it_is_said_to_else_at_the_city() -> None:
    there = LookAt(lon=6, lat=50, radius_km=30)
    assert look_at_point(Facts(), CITY, "a", no_city) == LookAt(lon=5.57, lat=50.64)
    assert look_at_point(Facts(look_at=there), CITY, "a", no_city) == there


def test_a_city_is_looked_up_near_the_nadir_else_near_the_city_of_the_grid() -> None:
    asked = []

    def find(name: str, near: LonLat, key: str) -> tuple[float, float]:
        asked.append((name, near, key))
        return 2.35, 48.86

    for nadir in (NADIR, None):
        found = look_at_point(Facts(look_at="Paris", nadir=nadir), CITY, "a", find)
        assert found == LookAt(lon=2.35, lat=48.86)
    assert asked == [("Paris", NADIR, "a: look_at"), ("Paris", CITY, "a: look_at")]


def test_an_unknown_aim_is_all_ground_in_sight_of_the_nadir() -> None:
    aim = look_at_point(Facts(look_at="unknown", nadir=NADIR), CITY, "a", no_city)
    assert aim == LookAt(lon=8.6, lat=51.2, radius_km=1800)
    with pytest.raises(FactsError, match=r"^a: look_at = 'unknown': needs nadir, or tle with taken_at$"):
        look_at_point(Facts(look_at="unknown"), CITY, "a", no_city)


def test_the_width_of_a_frame_is_stated_or_of_its_pixels_or_of_its_camera() -> None:
    assert frame_width_mm(Facts(sensor_width_mm=24, camera="NIKON D3"), camera(), 1000) == 24
    assert frame_width_mm(Facts(camera="NIKON D3"), camera(), 1000) == 16  # 1000 x 2 x 8 micrometres
    assert frame_width_mm(Facts(camera="NIKON D3"), None, 1000) == 36
    assert frame_width_mm(Facts(), None, 1000) is None


def test_without_time_or_element_sets_an_orbit_tells_nothing() -> None:
    for known in (Facts(), Facts(tle="no elements at all")):
        assert with_orbit(known, "a") is known


def test_raw_of_a_known_camera_is_anchored_and_else_it_is_said_why_not() -> None:
    row = camera()
    assert anchor_of("jpeg", "Nikon D3S", {"D3S": row}, "t.csv") == Anchor("jpeg")
    assert anchor_of("raw", "Nikon D3S", {"D3S": row}, "t.csv") == Anchor("raw_anchored", row)
    unknown, unnamed = anchor_of("raw", "Box", {"D3S": row}, "t.csv"), anchor_of("raw", None, {}, "t.csv")
    assert (unknown.evidence, unknown.camera, unnamed.evidence, unnamed.camera) == ("raw", None, "raw", None)
    assert unknown.missing == "its camera, 'Box', is neither in t.csv nor under `cameras` in the city's YAML"
    assert unnamed.missing == "its camera is not known; name it with `camera` in the city's YAML"
    told = [a.describe() for a in (Anchor("jpeg"), Anchor("raw_anchored", row), unnamed)]
    assert told == ["colours not anchored", "colours anchored (mine)", unnamed.missing]
