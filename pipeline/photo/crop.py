"""Which full frame a picture was cut from: a crop has the lens's middle elsewhere than in its own.

    +-----------------------+  full frame: 3 to 2, or as large as the camera's table or EXIF say
    |        +---------+    |
    |        | picture |    |  crop: [left, top, width, height], in pixels of the full frame
    |    x   +---------+    |
    +----x------------------+  x: the middle of the lens

A picture with the sides of a full frame counts as one, resized or not: that it was cut with these very sides
only its light can tell.
"""

import math
from dataclasses import dataclass

from pipeline.camera.full_frame import FullFrame
from pipeline.errors import FactsError
from pipeline.models import CameraRow, Facts
from pipeline.photo.doubts import SENSOR_SLACK

# Long by short side of sensors whose size no table has: all that were flown, from APS-C on, are 3 to 2.
USUAL_ASPECT, LEAST_USUAL_WIDTH_MM = 1.5, 22.0
# Relative, of aspects and scales. The same camera's JPEG, raw and NASA's copies lie 0.6 % apart; a strip of
# 3 % cut off is well outside.
SAME_ASPECT = 0.012
# Of full frames that a crop of unknown place is tried as a part of: each finds a focal length 10 % off.
SCALES = (1.0, 1.17, 1.37, 1.6, 1.87)
# Pixels by which a side of a resized crop may be rounded.
ROUNDED_PX = 1.0

Size = tuple[int, int]
"""Width and height, px."""


@dataclass(frozen=True)
class Cut:
    """Full frames that a picture may be a part of, the likeliest first, and why it is held for a part; none
    of a whole frame."""

    frames: tuple[FullFrame, ...] = ()
    reason: str | None = None


def cut_of(known: Facts, size: Size, exif_size: Size | None, camera: CameraRow | None, name: str) -> Cut:
    """What a picture of this size was cut from: as stated, else as its sides tell.

    `exif_size` is what EXIF says of the picture, `camera` its row in the table. Raises FactsError, which
    starts with the photo's `name`, where what is stated cannot be.
    """
    full = _full_size(size, exif_size, camera)
    if isinstance(known.crop, tuple):
        return Cut((_stated(known.crop, size, full, name),), "its crop is stated")
    if known.crop == "unknown":
        return Cut(
            _of_any_scale(size, full, _aspect(known, full) or USUAL_ASPECT), "its crop is stated as unknown"
        )
    if (
        camera is not None
        and (known.sensor_width_mm or math.inf) < (1 - SENSOR_SLACK) * camera.sensor_width_mm
    ):
        scaled = FullFrame(width=max(size), height=min(size))  # whose scale is that of the picture
        return Cut((scaled,), f"sensor_width_mm: {known.sensor_width_mm:g} is that of a part of the sensor")
    aspect = _aspect(known, full)
    if aspect is None or _alike(max(size) / min(size), aspect):
        return Cut()
    shape = f"{max(full)} x {min(full)} px" if full else f"{aspect:g} to 1, as its sensor"
    reason = f"its {size[0]} x {size[1]} px have not the sides of a full frame, {shape}"
    return Cut(_possible(size, full, aspect), reason)


def _full_size(size: Size, exif_size: Size | None, camera: CameraRow | None) -> Size | None:
    """Width and height of the camera's full frame, by its table, else by EXIF that tells of a larger one."""
    if camera is not None:
        return camera.image_width_px, camera.image_height_px
    larger = exif_size is not None and all(a >= b for a, b in zip(exif_size, size, strict=True))
    return exif_size if larger and exif_size != size else None


def _aspect(known: Facts, full: Size | None) -> float | None:
    """Long by short side of the full frame; None where nothing tells it."""
    if full is not None:
        return max(full) / min(full)
    return USUAL_ASPECT if (known.sensor_width_mm or 0) >= LEAST_USUAL_WIDTH_MM else None


def _stated(crop: tuple[int, int, int, int], size: Size, full: Size | None, name: str) -> FullFrame:
    """The full frame of a stated crop, which may have been resized."""
    if full is None:
        raise FactsError(
            f"{name}: crop = {list(crop)}: of which full frame is not known; give camera, and its size under "
            "cameras if data/cameras.csv does not have it"
        )
    left, top, width, height = crop
    inside = min(left, top) >= 0 and left + width <= full[0] and top + height <= full[1]
    if not inside or min(width, height) < 1:
        raise FactsError(
            f"{name}: crop = {list(crop)}: is no part of the full frame, {full[0]} x {full[1]} px"
        )
    scale = max(size) / max(width, height)
    if abs(width * scale - size[0]) > ROUNDED_PX or abs(height * scale - size[1]) > ROUNDED_PX:
        raise FactsError(
            f"{name}: crop = {list(crop)}: has not the sides of the file, {size[0]} x {size[1]} px; "
            "left, top, width and height count in pixels of the full frame"
        )
    return FullFrame(width=full[0] * scale, height=full[1] * scale, left=left * scale, top=top * scale)


def _possible(size: Size, full: Size | None, aspect: float) -> tuple[FullFrame, ...]:
    """The least full frame of this aspect around a picture, cut along one axis alone; and the camera's own,
    where the picture has its pixels."""
    width, height = size
    long = max(width, height * aspect)
    frames = [FullFrame(width=long, height=long / aspect)]
    if full is not None and width <= full[0] and height <= full[1] and not _alike(long, max(full)):
        frames.insert(0, FullFrame(width=full[0], height=full[1]))
    return tuple(frames)


def _of_any_scale(size: Size, full: Size | None, aspect: float) -> tuple[FullFrame, ...]:
    """Full frames of a picture that may have been cut along both axes, with half a side left at least."""
    *own, least = _possible(size, full, aspect)
    scaled = [FullFrame(width=least.width * by, height=least.height * by) for by in SCALES]
    return *own, *scaled


def _alike(a: float, b: float) -> bool:
    return abs(a / b - 1) <= SAME_ASPECT
