"""Camera raw files (NEF, DNG) to linear light in the camera's own colours, straight from the sensor's mosaic.

LibRaw unpacks the samples (through `rawpy`) and nothing else: no interpolation, white balance, colour matrix,
brightening or tone curve. Each cell of 2 x 2 samples becomes one pixel, because a light smaller than a cell
falls on few samples, and colours interpolated from those are false:

    R G | R G                       pixel k of the binned frame covers samples 2k and 2k + 1 of the raw frame;
    G B | G B   ->   (R, G, B)      its centre is at 2k + 0.5 there. Red and blue samples lie a quarter of a
    ----+----        G the mean     binned pixel to either side of it: sum a light before taking its ratios.
    R G | R G        of two

Black is subtracted, not clipped, so that noise averages to zero: dark pixels may be slightly negative.
"""

import struct
import warnings
from pathlib import Path
from typing import TypeVar

import numpy as np
import rawpy
from numpy.typing import NDArray
from PIL import Image

from pipeline.errors import PhotoError
from pipeline.models import Facts
from pipeline.photo.exif import exif_facts
from pipeline.photo.photo import Photo
from pipeline.photo.reading import Reading, check_size
from pipeline.photo.saturation import SATURATION
from pipeline.photo.storage_errors import RAW

# Of the binned frame, which has a quarter of the sensor's samples: memory that reading and masking takes at
# most, measured by benchmarks/memory. The search for hot pixels takes most of it.
RAW_BYTES_A_PIXEL = 80
# The archive's largest JPEG is the raw frame less this many pixels at each edge.
JPEG_MARGIN_PX = (6.0, 6.0)

Px = TypeVar("Px", float, NDArray[np.float64])


def read_raw(file: Path) -> Reading:
    """The photo in a camera raw file, half the sensor's size each way; white is 1. Raises PhotoError.

    A pixel is saturated where any of its four samples is at 95 % of white or more, or of the lower level at
    which its camera's channels are known to stop.
    """
    exif = raw_exif(file)
    try:
        with rawpy.imread(str(file)) as raw:
            check_size(file, raw.sizes.width // 2, raw.sizes.height // 2, RAW_BYTES_A_PIXEL)
            colours = _colours(file, raw)
            return Reading(_binned(file, raw, colours), exif, _linearisation(raw), RAW, "raw")
    except rawpy.LibRawFileUnsupportedError:
        raise PhotoError(f"{file}: is not a camera raw file that LibRaw knows") from None
    except rawpy.LibRawError as error:
        told = error.args[0] if error.args else type(error).__name__  # from LibRaw as bytes
        reason = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        raise PhotoError(f"{file}: is damaged or cut short ({reason}); copy it again") from None


def jpeg_to_binned_px(column: Px, row: Px, margin_px: tuple[float, float] = JPEG_MARGIN_PX) -> tuple[Px, Px]:
    """Where a place of the archive's JPEG lies in the binned frame; pixel centres are integers in both."""
    return (column + margin_px[0] - 0.5) / 2, (row + margin_px[1] - 0.5) / 2


def binned_to_jpeg_px(column: Px, row: Px, margin_px: tuple[float, float] = JPEG_MARGIN_PX) -> tuple[Px, Px]:
    """Where a place of the binned frame lies in the archive's JPEG."""
    return 2 * column + 0.5 - margin_px[0], 2 * row + 0.5 - margin_px[1]


def jpeg_margin_px(raw_size_px: tuple[int, int], jpeg_size_px: tuple[int, int]) -> tuple[float, float]:
    """Columns and rows of the raw frame outside a JPEG (width, height) that was cut from its middle."""
    return (raw_size_px[0] - jpeg_size_px[0]) / 2, (raw_size_px[1] - jpeg_size_px[1]) / 2


def jpeg_size_px(width: int, height: int) -> tuple[int, int]:
    """Width and height of the archive's JPEG of a binned frame."""
    return round(2 * (width - JPEG_MARGIN_PX[0])), round(2 * (height - JPEG_MARGIN_PX[1]))


def raw_exif(file: Path) -> Facts:
    """What the raw file's TIFF directory states; a damaged one states nothing."""
    try:
        stream = file.open("rb")
    except OSError as error:
        raise PhotoError(f"{file}: {(error.strerror or 'cannot be read').lower()}") from None
    with stream, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of damaged files, which LibRaw judges
        exif = Image.Exif()
        try:
            exif.load_from_fp(stream)
            return exif_facts(exif)
        except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
            return Facts()


def _colours(file: Path, raw: rawpy.RawPy) -> NDArray[np.uint8]:
    """LibRaw's colour numbers of the first cell (2, 2): one red, two greens, one blue."""
    if raw.raw_type is not rawpy.RawType.Flat:
        raise PhotoError(
            f"{file}: holds mixed colours (a small NEF or a linear DNG), not the sensor's samples; "
            "give the full-size raw file"
        )
    try:
        pattern = raw.raw_pattern
    except NotImplementedError:
        pattern = None
    # For a mosaic it does not know LibRaw may give colours that it has not got.
    named = {k: colour for k, colour in enumerate(raw.color_desc)}
    cell = b"" if pattern is None else bytes(sorted(named.get(int(k), 0) for k in pattern.flat))
    if cell != b"BGGR":
        raise PhotoError(
            f"{file}: its sensor has no 2 x 2 mosaic of red, green and blue (but X-Trans, four colours or "
            "none); such cameras are not read"
        )
    return raw.raw_colors_visible[:2, :2]


def _binned(file: Path, raw: rawpy.RawPy, colours: NDArray[np.uint8]) -> Photo:
    """Each cell's light and whether it is saturated; an odd last row or column is left out."""
    mosaic, black = raw.raw_image_visible, raw.black_level_per_channel
    # Nikon scales red and blue in the camera, so that channels stop below white, and not all at one level.
    stops = raw.camera_white_level_per_channel or [raw.white_level] * 4
    if max(black) >= min(*stops, raw.white_level):
        raise PhotoError(
            f"{file}: its black level {max(black)} is not below its white level {raw.white_level}"
        )
    height, width = (side // 2 * 2 for side in mosaic.shape)
    light = np.zeros((3, height // 2, width // 2), np.float32)
    saturated = np.zeros(light.shape[1:], bool)
    for (row, column), colour in np.ndenumerate(colours):
        samples = mosaic[row:height:2, column:width:2].astype(np.float32) - black[colour]
        saturated |= samples >= SATURATION * (stops[colour] - black[colour])
        channel = b"RGB".index(raw.color_desc[colour])
        share = 0.5 if channel == 1 else 1.0
        light[channel] += samples * (share / (raw.white_level - black[colour]))
    return Photo(np.minimum(light, 1), saturated)


def _linearisation(raw: rawpy.RawPy) -> str:
    """How samples became light. A lossy NEF and some DNGs store codes along a curve, undone on unpacking."""
    curve = raw.tone_curve[: raw.white_level].astype(int)
    undone = "stored curve undone, " if (np.diff(curve) != 1).any() else ""
    black = "/".join(str(level) for level in dict.fromkeys(raw.black_level_per_channel))
    return (
        f"camera raw: {undone}black {black} subtracted, white {raw.white_level}, "
        "cells of 2 x 2 samples averaged; no white balance"
    )
