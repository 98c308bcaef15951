"""Small camera raw files of known content: uncompressed DNGs, written tag by tag.

No camera's raw file may be shipped; LibRaw reads these as it reads those of a camera that writes DNG.
Numbers of tags are those of TIFF 6, Exif 2.3 and the DNG specification 1.4.
"""

import struct
from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BYTE, ASCII, SHORT, LONG, RATIONAL, SRATIONAL = 1, 2, 3, 4, 5, 10
FORMAT = {BYTE: "B", SHORT: "H", LONG: "I", RATIONAL: "II", SRATIONAL: "ii"}
EXIF_IFD, CFA, LINEAR_RAW = 34665, 32803, 34892

Tags = Mapping[int, tuple[int, Sequence[float] | str]]


def mosaic(light: NDArray[np.floating], pattern: str = "RGGB") -> NDArray[np.float64]:
    """Linear R, G, B (3, height, width), each pixel reduced to the one colour its filter passes."""
    samples = np.zeros(light.shape[1:])
    for place, colour in enumerate(pattern):
        row, column = divmod(place, 2)
        samples[row::2, column::2] = light["RGB".index(colour), row::2, column::2]
    return samples


def codes(samples: NDArray[np.floating], black: float, white: float) -> NDArray[np.uint16]:
    """Light with white at 1 as raw codes; a sensor stops at white."""
    return np.clip(np.rint(black + samples * (white - black)), 0, white).astype(np.uint16)


def write_dng(
    file: Path,
    raw: NDArray[np.uint16],
    pattern: str = "RGGB",
    black: Sequence[int] = (0,),
    white: int = 16383,
    active_area: tuple[int, int, int, int] | None = None,
    camera: str = "Box 1",
    maker: str = "ACME",
    exif: Tags | None = None,
    more: Tags | None = None,
) -> Path:
    """`raw` (height, width), or (height, width, 3) of already interpolated colour, as a DNG.

    `pattern` holds the colours of a square of filters, row by row, from the active area's first pixel on; so
    does `black` where it has four levels. `active_area` is top, left, bottom, right.
    """
    height, width, *channels = raw.shape
    interpolated = bool(channels)
    side = round(len(pattern) ** 0.5)
    tags: dict[int, tuple[int, Sequence[float] | str]] = {
        254: (LONG, [0]),
        256: (LONG, [width]),
        257: (LONG, [height]),
        258: (SHORT, [16] * (3 if interpolated else 1)),
        259: (SHORT, [1]),
        262: (SHORT, [LINEAR_RAW if interpolated else CFA]),
        271: (ASCII, maker),
        272: (ASCII, camera),
        277: (SHORT, [3 if interpolated else 1]),
        278: (LONG, [height]),
        279: (LONG, [raw.nbytes]),
        284: (SHORT, [1]),
        50706: (BYTE, [1, 4, 0, 0]),
        50707: (BYTE, [1, 1, 0, 0]),
        50708: (ASCII, camera),
        50714: (LONG, black),
        50717: (LONG, [white] * (3 if interpolated else 1)),
    }
    if not interpolated:
        tags |= {33421: (SHORT, [side, side]), 33422: (BYTE, ["RGB".index(colour) for colour in pattern])}
    if len(black) == 4:
        tags[50713] = (SHORT, [2, 2])
    if active_area is not None:
        tags[50829] = (LONG, active_area)
    tags |= more or {}

    header, offset = b"II*\0" + struct.pack("<I", 8), 8
    placed = {273: (LONG, [0]), EXIF_IFD: (LONG, [0])}
    size = len(_directory({**tags, **placed}, offset))
    details = _directory(exif or {}, offset + size)
    start = offset + size + len(details)
    placed = {273: (LONG, [start]), EXIF_IFD: (LONG, [offset + size])}
    directory = _directory({**tags, **placed}, offset)
    file.write_bytes(header + directory + details + raw.astype("<u2").tobytes())
    return file


def _directory(tags: Tags, offset: int) -> bytes:
    """A TIFF directory at `offset`, its longer values behind it."""
    entries, values = b"", b""
    behind = offset + 2 + 12 * len(tags) + 4
    for tag in sorted(tags):
        kind, value = tags[tag]
        count, packed = _packed(kind, value)
        if len(packed) > 4:
            place = struct.pack("<I", behind + len(values))
            values += packed + b"\0" * (len(packed) % 2)
        else:
            place = packed.ljust(4, b"\0")
        entries += struct.pack("<HHI", tag, kind, count) + place
    return struct.pack("<H", len(tags)) + entries + b"\0\0\0\0" + values


def _packed(kind: int, value: Sequence[float] | str) -> tuple[int, bytes]:
    """How many values, and their bytes."""
    if isinstance(value, str):
        text = value.encode("ascii") + b"\0"
        return len(text), text
    if kind in (RATIONAL, SRATIONAL):
        parts = [Fraction(number).limit_denominator(10_000) for number in value]
        return len(parts), b"".join(struct.pack("<" + FORMAT[kind], *p.as_integer_ratio()) for p in parts)
    return len(value), struct.pack(f"<{len(value)}{FORMAT[kind]}", *(int(number) for number in value))
