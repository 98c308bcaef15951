"""JPEG, PNG and TIFF files to linear light; camera raw files are handed on to `raw`.

Pixels stay where the file stores them: EXIF orientation is not applied, because the camera model, control
points and catalogue frames all speak of the stored array.
"""

import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image, ImageCms, UnidentifiedImageError
from rasterio.enums import ColorInterp
from rasterio.io import DatasetReader
from rasterio.windows import Window

from pipeline.errors import GivenFileError, PhotoError, said_by
from pipeline.models import Facts
from pipeline.photo.black_frame import within_black_frame
from pipeline.photo.chroma import colour_steps, coloured_rows, keep_colour_apart, shared_colour
from pipeline.photo.exif import exif_facts, exif_size
from pipeline.photo.header import header_facts, png_parts
from pipeline.photo.photo import Photo
from pipeline.photo.profile import SRGB, in_srgb, srgb_transform
from pipeline.photo.reading import MAX_PIXELS, Reading, check_size
from pipeline.photo.saturation import any_channel, saturated
from pipeline.photo.storage_errors import TIFF, jpeg_errors
from pipeline.photo.strips import strips
from pipeline.plausible import PHOTO_SUFFIXES, RAW_SUFFIXES, how_to_convert
from pipeline.raster.given import open_given

JPEG_HEAD, PNG_HEAD = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
TIFF_HEADS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
# What PNG's gAMA chunk says of sRGB: the exponent from light to code, within how writers round it.
SRGB_GAMMA, GAMMA_SLACK = 1 / 2.2, 0.01
# Memory that reading and masking takes at most, measured by benchmarks/memory: light takes 12, the mask 1,
# a JPEG as decoded or a channel to find a median in 4; what is left are strips, libraries and GDAL's cache.
JPEG_BYTES_A_PIXEL, TIFF_BYTES_A_PIXEL = 20, 22
CACHE_BYTES = 16_000_000  # of GDAL, while blocks of a TIFF are read once; by itself it would keep them all

Codes = NDArray[np.uint8]


def read_photo(file: Path) -> Reading:
    """The photo in `file`, decoded whole. Raises PhotoError where it cannot be used."""
    check_kind(file)
    if file.suffix.lower() in RAW_SUFFIXES:
        from pipeline.photo.raw import read_raw  # which needs this module

        return read_raw(file)
    try:
        with file.open("rb") as stream:
            head = stream.read(12)
    except OSError as error:
        raise PhotoError(f"{file}: {(error.strerror or 'cannot be read').lower()}") from None
    if head.startswith(JPEG_HEAD):
        return _read_jpeg(file)
    if head.startswith(PNG_HEAD):
        return _read_bands(file, "PNG")
    if head.startswith(TIFF_HEADS):
        return _read_bands(file, "GTiff")
    if head[4:8] == b"ftyp":
        raise PhotoError(f"{file}: is a HEIC or AVIF picture; {how_to_convert(file.with_suffix('.heic'))}")
    raise PhotoError(f"{file}: is not a picture: it holds neither JPEG nor PNG nor TIFF data")


def check_kind(file: Path) -> None:
    """Raise PhotoError for a file whose name is not that of a picture which is read."""
    if file.suffix.lower() not in PHOTO_SUFFIXES:
        raise PhotoError(
            f"{file}: is not a photo by its name, which must end in one of {', '.join(PHOTO_SUFFIXES)}; "
            f"{how_to_convert(file)}"
        )


def srgb_to_linear(code: NDArray[np.floating]) -> NDArray[np.float32]:
    """The sRGB transfer curve (IEC 61966-2-1), code and light both 0..1."""
    light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    return light.astype(np.float32)


def _read_jpeg(file: Path) -> Reading:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # checked below, before decoding
            image = Image.open(file)
        with image:
            check_size(file, *image.size, JPEG_BYTES_A_PIXEL)
            if image.mode != "RGB":
                raise _no_colour(file, f"its colour mode is {image.mode}")
            exif = exif_facts(image.getexif())
            stated_size = exif_size(image)
            transform, linearisation = srgb_transform(file, image.info.get("icc_profile"))
            shared = keep_colour_apart(image)
            image.load()
            errors = jpeg_errors(colour_steps(image), shared is not None)
    except UnidentifiedImageError:
        raise PhotoError(f"{file}: is not a picture: its JPEG header is damaged") from None
    except Image.DecompressionBombError:
        raise PhotoError(f"{file}: is larger than {MAX_PIXELS / 1e6:.0f} million pixels") from None
    except (OSError, SyntaxError) as error:
        raise PhotoError(
            f"{file}: is damaged or cut short ({said_by(error)}); fetch or copy it again"
        ) from None
    strips_of_codes = _from_codes(_jpeg_strips(image, shared), transform)
    photo = _photo(file, (image.height, image.width), strips_of_codes, 255)
    return Reading(photo, exif, linearisation, errors, exif_size=stated_size)


def _jpeg_strips(image: Image.Image, shared: tuple[int, int] | None) -> Iterator[tuple[slice, Codes]]:
    """Rows of a loaded JPEG, and their R, G, B codes (3, rows, width)."""
    colour = shared_colour(image, shared) if shared else None
    for rows in strips(image.height):
        whole_rows = (0, rows.start, image.width, rows.stop)
        yield rows, coloured_rows(image, colour, rows) if colour else _channels(image.crop(whole_rows))


def _channels(picture: Image.Image) -> Codes:
    """The codes (3, height, width) of a picture, one channel after the other."""
    return np.stack([np.asarray(band) for band in picture.split()])


def _read_bands(file: Path, driver: str) -> Reading:
    """A PNG or a TIFF by GDAL, which keeps 16 bits: Pillow makes 8 of those of a PNG."""
    try:
        with open_given(file, (driver,)) as source, rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
            check_size(file, source.width, source.height, _bytes_a_pixel(source))
            if driver == "PNG":
                _check_whole(file)
            if ColorInterp.palette in source.colorinterp:
                raise PhotoError(f"{file}: its colours are those of a palette; save it as RGB")
            if source.count not in (3, 4) or len(set(source.dtypes[:3])) != 1:
                raise _no_colour(file, f"it has {source.count} band{'s'[: source.count != 1]}")
            exif, profile = _tags(file)
            values, white, linearisation = _band_light(file, source, profile)
            photo = _photo(file, source.shape, values, white)
            hidden = source.dataset_mask() == 0
    except GivenFileError as error:
        raise PhotoError(
            f"{file}: is damaged or cut short ({error.reason}); fetch or copy it again"
        ) from None
    return Reading(photo.without(hidden), exif, linearisation, TIFF)


def _check_whole(file: Path) -> None:
    """Raise PhotoError for a PNG that is cut short: GDAL would take its light from uninitialised memory."""
    try:
        if not any(name == b"IEND" for name, _, _ in png_parts(file)):
            raise OSError("it has no end")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # its size is checked already
            with Image.open(file) as image:
                image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise PhotoError(
            f"{file}: is damaged or cut short ({said_by(error)}); fetch or copy it again"
        ) from None


def _bytes_a_pixel(source: DatasetReader) -> float:
    """Of an opened picture. A block is held twice, as unpacked and as handed over; some are as high as the
    picture."""
    share: float = min(1.0, source.block_shapes[0][0] / source.height)
    value_bytes: int = np.dtype(source.dtypes[0]).itemsize
    return TIFF_BYTES_A_PIXEL + share * 2 * 3 * value_bytes


def _band_light(
    file: Path, source: DatasetReader, profile: bytes | None
) -> tuple[Iterator["Strip"], float, str]:
    """The light of an opened picture, strip by strip; which of its values is white; how they became light."""
    stored = _band_strips(source)
    kind = np.dtype(source.dtypes[0])
    if kind.kind == "f":
        return _from_light(file, stored), 1.0, "already linear (floating point)"
    transform, linearisation = srgb_transform(file, profile)
    if kind == np.uint8:
        return _from_codes(stored, transform), 255, linearisation
    if kind != np.uint16:
        raise PhotoError(f"{file}: holds {kind} pixels; 8 or 16 bits or floating point are read")
    if transform is not None:
        raise PhotoError(f"{file}: 16 bits with a colour profile other than sRGB; save it as sRGB")
    curve = _light_of_codes(65535)
    return (Strip(rows, values, curve[values]) for rows, values in stored), 65535, SRGB


def _band_strips(source: DatasetReader) -> Iterator[tuple[slice, NDArray[Any]]]:
    """Rows of an opened picture and their values (3, rows, width); its blocks are unpacked once."""
    for whole in strips(source.height, source.block_shapes[0][0]):
        values = source.read((1, 2, 3), window=Window.from_slices(whole, (0, source.width)))
        for rows in strips(values.shape[1]):
            yield slice(whole.start + rows.start, whole.start + rows.stop), values[:, rows]


def _tags(file: Path) -> tuple[Facts, bytes | None]:
    """EXIF facts and colour profile of a PNG or a TIFF; none where Pillow does not know its pixel layout.
    Raises PhotoError for a PNG whose codes are not on the curve of sRGB."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file)
    except UnidentifiedImageError:
        return Facts(), None
    with image:
        profile, gamma = image.info.get("icc_profile"), image.info.get("gamma")
        # A profile or the chunk sRGB speak louder than a gamma, which many writers add beside them.
        if gamma and not profile and "srgb" not in image.info and abs(gamma - SRGB_GAMMA) > GAMMA_SLACK:
            raise PhotoError(
                f"{file}: states a gamma of {gamma:g}, and sRGB has {SRGB_GAMMA:.5f}; save it as sRGB"
            )
        return header_facts(image, file), profile


def _from_codes(
    stored: Iterable[tuple[slice, Codes]], transform: ImageCms.ImageCmsTransform | None
) -> Iterator["Strip"]:
    """Light of R, G, B codes of 8 bits: from what they are in sRGB, while clipping shows in those stored."""
    curve = _light_of_codes(255)
    for rows, codes in stored:
        yield Strip(rows, codes, np.take(curve, in_srgb(codes, transform)))


def _from_light(file: Path, stored: Iterable[tuple[slice, NDArray[np.floating]]]) -> Iterator["Strip"]:
    """Light of floating-point values, which are linear already, white at 1."""
    for rows, values in stored:
        light = values.astype(np.float32)
        np.copyto(light, np.float32(np.nan), where=~np.isfinite(light).all(axis=0))
        if not np.nanmax(light, initial=0.0) <= 1.0:
            raise PhotoError(f"{file}: floating-point light must not exceed 1 (white); scale it")
        yield Strip(rows, light, light)


def _light_of_codes(white: int) -> NDArray[np.float32]:
    """The light of each code from 0 to white."""
    return srgb_to_linear(np.arange(white + 1) / white)


class Strip(NamedTuple):
    """Some rows of a picture: its values as stored and their light, both (3, rows, width)."""

    rows: slice
    stored: NDArray[Any]
    light: NDArray[np.float32]


def _photo(file: Path, shape: tuple[int, int], picture: Iterable[Strip], white: float) -> Photo:
    """A photo (height, width) from its strips. What is clipped, a black frame or without colour shows in the
    values as stored, of which `white` is the largest."""
    light, clipped = np.empty((3, *shape), np.float32), np.empty(shape, bool)
    lit_rows, lit_columns = (np.zeros(side, bool) for side in shape)
    grey = True
    for rows, stored, strip in picture:
        light[:, rows], clipped[rows] = strip, saturated(stored, white)
        lit = any_channel(stored != 0)
        lit_rows[rows] = lit.any(axis=1)
        lit_columns |= lit.any(axis=0)
        grey = grey and _is_grey(stored)
    if grey and lit_rows.any():
        raise _no_colour(file, "its three channels are equal")
    down, across = within_black_frame(lit_rows, lit_columns)
    light[:, : down.start] = light[:, down.stop :] = np.nan
    light[..., : across.start] = light[..., across.stop :] = np.nan
    return Photo(light, clipped)


def _is_grey(values: NDArray[Any]) -> bool:
    red, green, blue = values
    return np.array_equal(red, green, equal_nan=True) and np.array_equal(green, blue, equal_nan=True)


def _no_colour(file: Path, reason: str) -> PhotoError:
    return PhotoError(f"{file}: is not a colour picture ({reason}); tone needs red, green and blue")
