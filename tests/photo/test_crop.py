"""What a picture was cut from, by what is stated of it and by its sides."""

from itertools import pairwise

import pytest

from pipeline.camera.full_frame import FullFrame
from pipeline.errors import FactsError
from pipeline.models import CameraRow, Facts
from pipeline.photo.crop import SCALES, Cut, cut_of

D3S = CameraRow(
    sensor_width_mm=36.0,
    image_width_px=4256,
    image_height_px=2832,
    xyz_to_camera=((0.8828, -0.2406, -0.0694), (-0.4874, 1.2603, 0.2541), (-0.0660, 0.1509, 0.7587)),
    source="test",
)
FULL_FRAME_SENSOR = Facts(sensor_width_mm=36.0)


def cut(
    size: tuple[int, int],
    known: Facts = FULL_FRAME_SENSOR,
    exif_size: tuple[int, int] | None = None,
    camera: CameraRow | None = None,
) -> Cut:
    return cut_of(known, size, exif_size, camera, "a")


@pytest.mark.parametrize(
    "size",
    [
        (4256, 2832),
        (2832, 4256),  # turned
        (4284, 2844),  # what a raw converter gives of the same sensor
        (1600, 1064),
        (857, 569),
        (640, 426),
        (5568, 3712),
    ],
)
def test_whole_frames_of_any_size_are_whole(size: tuple[int, int]) -> None:
    """Those at hand, and a resized one of another camera: 3 to 2 within a percent."""
    for camera in (None, D3S):
        assert cut(size, camera=camera) == Cut()


@pytest.mark.parametrize("size", [(2128, 1374), (2064, 1416), (1416, 1416), (1064, 1416), (2128, 708)])
def test_other_sides_than_a_full_frames_are_a_crop(size: tuple[int, int]) -> None:
    """From 3 % off one side on."""
    (frame,) = cut(size).frames
    assert frame.width / frame.height == pytest.approx(1.5)
    assert (frame.left, frame.top) == (None, None)
    # It fits into the frame, and fills one of its sides.
    assert min(frame.width / size[0], frame.height / size[1]) == pytest.approx(1.0)
    told = f"its {size[0]} x {size[1]} px have not the sides of a full frame, 1.5 to 1, as its sensor"
    assert cut(size).reason == told


def test_nothing_is_held_for_a_crop_where_the_sensor_is_not_known() -> None:
    assert cut((1416, 1416), Facts()) == Cut()
    assert cut((1416, 1416), Facts(sensor_width_mm=13.2)) == Cut()  # a compact camera, of any sides


def test_a_crop_in_the_cameras_own_pixels_is_tried_first() -> None:
    own, least = cut((2128, 708), camera=D3S).frames
    assert (own.width, own.height) == (4256, 2832)
    assert (least.width, least.height) == pytest.approx((2128, 2128 * 2832 / 4256))
    # Of its whole width it is both.
    assert len(cut((4256, 2400), camera=D3S).frames) == 1


def test_exif_that_tells_of_a_larger_picture_tells_its_sides() -> None:
    """A compact camera of 4 to 3, whose frame was cut to 3 to 2 by a program that left EXIF as it was."""
    compact = Facts(sensor_width_mm=13.2)
    own, least = cut((3000, 2000), compact, exif_size=(4000, 3000)).frames
    assert (own.width, own.height) == (4000, 3000)
    assert (least.width, least.height) == (3000, 2250)
    assert "4000 x 3000 px" in str(cut((3000, 2000), compact, exif_size=(4000, 3000)).reason)
    # One of the same sides was resized.
    assert cut((2000, 1500), compact, exif_size=(4000, 3000)) == Cut()
    assert cut((4000, 3000), compact, exif_size=(4000, 3000)) == Cut()


def test_a_stated_crop_lies_where_it_is_stated_and_may_be_resized() -> None:
    known = Facts(crop=(1000, 800, 2000, 1000))
    stated = FullFrame(width=4256, height=2832, left=1000, top=800)
    assert cut((2000, 1000), known, camera=D3S).frames == (stated,)
    half = FullFrame(width=2128, height=1416, left=500, top=400)
    assert cut((1000, 500), known, camera=D3S).frames == (half,)


@pytest.mark.parametrize(
    ("crop", "camera", "told"),
    [
        ((0, 0, 2000, 1000), None, "of which full frame is not known; give camera"),
        ((2257, 0, 2000, 1000), D3S, "is no part of the full frame, 4256 x 2832 px"),
        ((-1, 0, 2000, 1000), D3S, "is no part of the full frame, 4256 x 2832 px"),
        ((0, 0, 2000, 0), D3S, "is no part of the full frame, 4256 x 2832 px"),
        ((0, 1833, 2000, 1000), D3S, "is no part of the full frame, 4256 x 2832 px"),
        ((0, 0, 2000, 1003), D3S, "has not the sides of the file, 2000 x 1000 px"),
    ],
)
def test_a_stated_crop_that_cannot_be_is_one_line(
    crop: tuple[int, int, int, int], camera: CameraRow | None, told: str
) -> None:
    with pytest.raises(FactsError, match=rf"^a: crop = \[.*\]: {told}"):
        cut((2000, 1000), Facts(crop=crop), camera=camera)


def test_an_unknown_crop_may_be_of_any_scale() -> None:
    """Of the same sides as a full frame too, with up to half of each cut off."""
    frames = cut((2000, 1333), Facts(crop="unknown")).frames
    assert [round(frame.width) for frame in frames] == [round(2000 * by) for by in SCALES]
    assert SCALES[0] == 1.0
    # Neighbours are within 10 % of anything between them.
    assert all(b / a <= 1.1**2 for a, b in pairwise(SCALES))
    assert 1.1 * SCALES[-1] >= 2.0


def test_a_width_of_a_part_of_the_sensor_gives_the_scale_but_not_the_place() -> None:
    """Of a crop with the sides of a full frame, half as wide."""
    part = cut((2128, 1416), Facts(sensor_width_mm=18.0), camera=D3S)
    (frame,) = part.frames
    assert (frame.width, frame.left) == (2128, None)
    assert part.reason == "sensor_width_mm: 18 is that of a part of the sensor"
    assert cut((2128, 1416), Facts(sensor_width_mm=35.6), camera=D3S) == Cut()
