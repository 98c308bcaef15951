"""What may be said from a photo, by how its light was recorded.

- `jpeg`: processed by the camera. Within one picture the order of tones and contrasts hold, nothing else.
- `raw`: linear light in the camera's own colours. Ratios compare between pictures of the same camera.
- `raw_anchored`: raw, from a camera whose colour matrix is published, so that daylight ties its ratios to
  the AB system. Lamp families and indices are defined on AB ratios: they need this level; plain `raw` is
  not enough.

What names a lamp or an index takes the level and calls `require`.
"""

from collections.abc import Iterable
from typing import Literal, get_args

from pipeline.errors import PipelineError
from pipeline.models import EvidenceLevel

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

# Quantities in the words of the report.
IN_WORDS: dict[Quantity, str] = {
    "contrast": "differences within one picture",
    "ratio": "colours as absolute numbers",
    "change": "changes between pictures",
    "lamp_family": "lamp types",
    "index": "effects on sleep and on the view of the stars, and brightness as the eye sees it",
}

_CARRIES: dict[EvidenceLevel, frozenset[Quantity]] = {
    "jpeg": frozenset({"contrast"}),
    "raw": frozenset({"contrast", "ratio", "change"}),
    "raw_anchored": frozenset(get_args(Quantity)),
}

SOURCE: dict[EvidenceLevel, str] = {
    "jpeg": "a JPEG",
    "raw": "a raw file without a colour anchor",
    "raw_anchored": "an anchored raw file",
}

_WHY_NOT: dict[tuple[EvidenceLevel, Quantity], str] = {
    ("jpeg", "ratio"): (
        "the camera shifted all colours to make the picture look right, by an amount the file does not tell"
    ),
    ("jpeg", "change"): (
        "the camera shifts the colours of every picture differently, so two pictures of the same lamps differ"
    ),
    ("jpeg", "lamp_family"): (
        "the camera shifted all colours, which can be as much as sodium and white lamps differ, and the file "
        "does not tell by how much; and the deep orange of sodium does not fit into a JPEG's colours: its "
        "blue is cut off"
    ),
    ("jpeg", "index"): (
        "they rest on how blue the light is, and a JPEG's blue is shifted by the camera and cut off in the "
        "light of sodium lamps"
    ),
    ("raw", "lamp_family"): (
        "each camera model sees lamps in its own colours, and how this one sees daylight is not known"
    ),
    ("raw", "index"): (
        "they are defined on a scale common to all cameras, and how this one sees daylight is not known"
    ),
}


class EvidenceError(PipelineError):
    """A quantity was asked for that the photo's evidence level cannot carry."""


def carries(level: EvidenceLevel, quantity: Quantity) -> bool:
    """Whether a level may state a quantity."""
    return quantity in _CARRIES[level]


def weakest(levels: Iterable[EvidenceLevel]) -> EvidenceLevel:
    """The level that carries least: the level of whatever is made from all of them."""
    order: tuple[EvidenceLevel, ...] = ("jpeg", "raw", "raw_anchored")
    return min(levels, key=order.index)


def require(level: EvidenceLevel, quantity: Quantity) -> None:
    """Refuse a quantity that a level cannot carry, naming the levels that can."""
    if not carries(level, quantity):
        able = " or ".join(other for other, can in _CARRIES.items() if quantity in can)
        raise EvidenceError(
            f"evidence = {level!r}: cannot carry {quantity}; it needs a photo of level {able}"
        )


def why_not(level: EvidenceLevel, quantity: Quantity) -> str | None:
    """Why a level cannot carry a quantity: "not identifiable from a JPEG, because ..."; None if it can."""
    if carries(level, quantity):
        return None
    return f"not identifiable from {SOURCE[level]}, because {_WHY_NOT[level, quantity]}"


def not_identifiable(level: EvidenceLevel) -> list[tuple[str, str]]:
    """What a level cannot carry, in a reader's words, and why: rows for the report."""
    refused = [(IN_WORDS[quantity], why_not(level, quantity)) for quantity in get_args(Quantity)]
    return [(words, reason) for words, reason in refused if reason is not None]
