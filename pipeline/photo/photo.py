"""The photo as data: linear light with its mask, and the facts that go with it."""

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from pipeline.models import CameraRow, EvidenceLevel, Facts
from pipeline.plausible import SENSOR_WIDTH_MM


class PhotoFacts(Facts):
    """The content of `photo.json`: catalogue and EXIF facts, plus what reading the file told."""

    id: str
    sensor_width_mm: float | None = Field(
        default=None, gt=0, le=SENSOR_WIDTH_MM[1], description="of the part of the sensor behind the frame"
    )
    width: int
    height: int
    evidence: EvidenceLevel = "jpeg"
    simulated: bool = False
    source: str = Field(description="file name the light was read from")
    linearisation: str = Field(description="how pixel values became linear light")
    anchor: CameraRow | None = Field(default=None, description="the camera's colours, at level raw_anchored")
    unanchored: str | None = Field(default=None, description="why a raw photo has no anchor")
    vignetting: str = Field(default="not corrected", description="what was done about dark corners")
    station_share: float = Field(default=0.0, description="of the frame, hidden by parts of the station")
    flare_pixels: int = Field(default=0, description="how many were masked as ghosts of a bright light")
    tone_systematic: float = Field(
        default=0.0, description="log2(G/R), 1 sigma: how wrong contrasts may be by how colours were stored"
    )
    colour_codes: float = Field(default=1.0, description="1 sigma of Cb and Cr as stored, in codes of 8 bits")
    hot_pixels: int | None = Field(default=None, description="how many were masked; not looked for in a JPEG")


@dataclass(frozen=True, eq=False)
class Photo:
    """Linear light in [0, 1] of shape (3, height, width) in the order R, G, B; NaN where invalid.

    `saturated` (height, width) marks pixels of which any channel is at 95 % of white or more.
    """

    light: NDArray[np.float32]
    saturated: NDArray[np.bool_]

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Pixels that hold light, saturated ones included."""
        return np.asarray(reduce(np.logical_and, map(np.isfinite, self.light)))

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.saturated.shape
        return height, width

    def window(self, rows: slice, columns: slice) -> "Photo":
        """A part of it, from the first to before the last row and column."""
        return Photo(self.light[:, rows, columns], self.saturated[rows, columns])

    def without(self, hidden: NDArray[np.bool_]) -> "Photo":
        """This photo with the pixels (height, width) of a mask invalid, and no longer saturated.

        Its own arrays are changed: a copy of a large frame might not fit into memory.
        """
        np.copyto(self.light, np.float32(np.nan), where=hidden)
        np.copyto(self.saturated, False, where=hidden)
        return self
