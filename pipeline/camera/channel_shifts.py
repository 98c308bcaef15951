"""Lateral chromatic aberration: how red and blue lie against green in a photo.

A lens draws each colour at a slightly different size, and the sensor's plane may be a little off; a place
that green shows at p is shown by another channel at c + magnification (p - c) + shift, c the frame's middle.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pipeline.camera.earth import Array

RED, GREEN, BLUE = range(3)

# At a corner of the frame: a smaller displacement does not matter, and one within so many sigmas may be an
# error of the measurement.
MIN_DISPLACEMENT_PX = 0.1
SIGMAS = 3.0  # a judgement: an error so large is rare, 3 in 1000 if errors are normal


@dataclass(frozen=True)
class ChannelShift:
    """One channel against green: magnification about the frame's centre (1 is none), shift in px, from how
    many patches, and the 1 sigma of the displacement at the frame's corners; None where nothing is known."""

    centre_px: tuple[float, float]
    magnification: float = 1.0
    shift_px: tuple[float, float] = (0.0, 0.0)
    n_patches: int = 0
    sigma_px: float | None = None

    @property
    def corner_px(self) -> float:
        """The largest displacement at a corner of the frame."""
        grows = self.magnification - 1
        return max(
            float(np.hypot(grows * x + self.shift_px[0], grows * y + self.shift_px[1]))
            for x, y in corners_px(self.centre_px)
        )

    @property
    def significant(self) -> bool:
        """Whether the displacement matters and is no error of the measurement."""
        if self.sigma_px is None:
            return False
        return self.corner_px > max(MIN_DISPLACEMENT_PX, SIGMAS * self.sigma_px)

    def place(self, column: Array, row: Array) -> tuple[Array, Array]:
        """Where the channel shows what green shows at (column, row)."""
        cx, cy = self.centre_px
        return (
            cx + self.magnification * (column - cx) + self.shift_px[0],
            cy + self.magnification * (row - cy) + self.shift_px[1],
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ChannelShift":
        """Of one channel in the entry `channels` of `camera.json`."""
        (cx, cy), (dx, dy), sigma = data["centre_px"], data["shift_px"], data["sigma_px"]
        return cls(
            centre_px=(float(cx), float(cy)),
            magnification=float(data["magnification"]),
            shift_px=(float(dx), float(dy)),
            n_patches=int(data["n_patches"]),
            sigma_px=None if sigma is None else float(sigma),
        )


@dataclass(frozen=True)
class ChannelRegistration:
    """Red and blue of a photo against its green."""

    red: ChannelShift
    blue: ChannelShift

    def displaced(self) -> tuple[tuple[int, ChannelShift], ...]:
        """The bands to be looked up elsewhere than green, with where: those whose shift is significant."""
        shifts = (RED, self.red), (BLUE, self.blue)
        return tuple((band, shift) for band, shift in shifts if shift.significant)

    def to_dict(self) -> dict[str, Any]:
        """The entry `channels` of `camera.json`."""
        return {
            name: {**asdict(shift), "centre_px": list(shift.centre_px), "shift_px": list(shift.shift_px)}
            | {"significant": shift.significant}
            for name, shift in (("red", self.red), ("blue", self.blue))
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "ChannelRegistration":
        """Of the entry `channels` of `camera.json`."""
        return cls(ChannelShift.from_dict(data["red"]), ChannelShift.from_dict(data["blue"]))


def corners_px(centre_px: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """The frame's corners from its centre."""
    x, y = centre_px
    return (-x, -y), (x, -y), (-x, y), (x, y)
