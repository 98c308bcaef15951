"""All that is masked because it is no usable light of the ground, in this order:

saturated pixels, black frame      while the file is read     saturation.py, black_frame.py
hot pixels (raw only)              here                       hot_pixels.py
parts of the station               here                       structure.py
ghosts of a bright light           here                       flare.py
the halo of saturated pixels       on the map                 tone/saturation.py
"""

from dataclasses import dataclass

from pipeline.photo.flare import without_flare
from pipeline.photo.hot_pixels import without_hot_pixels
from pipeline.photo.photo import Photo
from pipeline.photo.reading import Reading
from pipeline.photo.structure import without_structure


@dataclass(frozen=True, eq=False)
class Masked:
    """A photo without what is no light of the ground, and how much that was.

    `hot_pixels` is their number, none where they were not looked for; `station_share` the share of the frame
    that parts of the station hide; `flare_pixels` the number of pixels that ghosts take.
    """

    photo: Photo
    hot_pixels: int | None
    station_share: float
    flare_pixels: int


def masked(reading: Reading, whole: bool = True) -> Masked:
    """Mask hot pixels, parts of the station and, in a `whole` frame, ghosts of a bright light.

    Hot pixels of a JPEG are not looked for: compression has spread them, and has made small lamps as lonely.
    """
    photo, hot_pixels = (
        (reading.photo, None) if reading.evidence == "jpeg" else without_hot_pixels(reading.photo)
    )
    photo, station_share = without_structure(photo)
    photo, flare_pixels = without_flare(photo) if whole else (photo, 0)
    return Masked(photo, hot_pixels, station_share, flare_pixels)
