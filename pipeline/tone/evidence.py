"""What may be said from a photo, by how its light was recorded."""

from typing import Literal, get_args

from pipeline.config import EvidenceLevel
from pipeline.errors import PipelineError

Quantity = Literal["contrast", "ratio", "change", "lamp_family", "index"]

# Ratios are named by the system they are in: numbers of different systems must not be compared.
RATIO_SYSTEM: dict[EvidenceLevel, str] = {
    "jpeg": "linear sRGB, uncalibrated",
    "raw": "camera raw, uncalibrated",
    "raw_anchored": "AB, anchored to the camera's published colour matrix",
}

MAY_SAY: dict[EvidenceLevel, str] = {
    "jpeg": (
        "A camera JPEG: within this picture the order of tones and contrasts hold; their size depends on the "
        "camera's processing, and neither lamp types nor changes between pictures can be read from it."
    ),
    "raw": (
        "Raw light in the camera's own colours: ratios compare within and between pictures of the same "
        "camera and lens; lamp types and indices need an anchor."
    ),
    "raw_anchored": (
        "Raw light tied to an absolute scale to about 5 %: ratios, lamp families and indices hold so far."
    ),
}

_CARRIES: dict[EvidenceLevel, frozenset[Quantity]] = {
    "jpeg": frozenset({"contrast"}),
    "raw": frozenset({"contrast", "ratio", "change"}),
    "raw_anchored": frozenset(get_args(Quantity)),
}


class EvidenceError(PipelineError):
    """A quantity was asked for that the photo's evidence level cannot carry."""


def carries(level: EvidenceLevel, quantity: Quantity) -> bool:
    """Whether a level may state a quantity."""
    return quantity in _CARRIES[level]


def require(level: EvidenceLevel, quantity: Quantity) -> None:
    """Refuse a quantity that a level cannot carry, naming the levels that can."""
    if not carries(level, quantity):
        able = " or ".join(other for other, can in _CARRIES.items() if quantity in can)
        raise EvidenceError(
            f"evidence = {level!r}: cannot carry {quantity}; it needs a photo of level {able}"
        )
