"""JPEG and TIFF files to linear light; camera raw files are handed on to `raw`.

Pixels stay where the file stores them: EXIF orientation is not applied, because the camera model, control
points and catalogue frames all speak of the stored array.
"""

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image, ImageCms, UnidentifiedImageError
from rasterio.errors import NotGeoreferencedWarning, RasterioIOError

from pipeline.errors import PhotoError
from pipeline.models import Facts
from pipeline.photo.black_frame import black_frame
from pipeline.photo.chroma import coloured, keep_colour_apart
from pipeline.photo.exif import exif_facts
from pipeline.photo.photo import Photo
from pipeline.photo.reading import MAX_PIXELS, Reading, check_size
from pipeline.photo.saturation import saturated

RAW_SUFFIXES = (".nef", ".dng")
SUFFIXES = (".jpg", ".jpeg", ".tif", ".tiff", *RAW_SUFFIXES)
SRGB = "sRGB curve"


def read_photo(file: Path) -> Reading:
    """The photo in `file`, decoded whole. Raises PhotoError where it cannot be used."""
    if file.suffix.lower() not in SUFFIXES:
        raise PhotoError(
            f"{file}: is not a photo by its name, which must end in one of {', '.join(SUFFIXES)}; convert it"
        )
    if file.suffix.lower() in RAW_SUFFIXES:
        from pipeline.photo.raw import read_raw  # which needs this module

        return read_raw(file)
    try:
        with file.open("rb") as stream:
            head = stream.read(4)
    except OSError as error:
        raise PhotoError(f"{file}: {(error.strerror or 'cannot be read').lower()}") from None
    if head.startswith(b"\xff\xd8\xff"):
        return _read_jpeg(file)
    if head in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return _read_tiff(file)
    raise PhotoError(f"{file}: is not a picture: it holds neither JPEG nor TIFF data")


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
            check_size(file, *image.size)
            if image.mode != "RGB":
                raise _no_colour(file, f"its colour mode is {image.mode}")
            exif, profile = exif_facts(image.getexif()), image.info.get("icc_profile")
            shared = keep_colour_apart(image)
            image.load()
            picture = coloured(image, shared) if shared else image
            values, linearisation = _through_profile(file, picture, profile)
    except UnidentifiedImageError:
        raise PhotoError(f"{file}: is not a picture: its JPEG header is damaged") from None
    except Image.DecompressionBombError:
        raise PhotoError(f"{file}: is larger than {MAX_PIXELS / 1e6:.0f} million pixels") from None
    except (OSError, SyntaxError) as error:
        reason = " ".join(str(error).split())
        raise PhotoError(f"{file}: is damaged or cut short ({reason}); fetch or copy it again") from None
    stored = np.moveaxis(np.asarray(picture), -1, 0)
    return Reading(_from_codes(file, stored, values), exif, linearisation)


def _read_tiff(file: Path) -> Reading:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            source = rasterio.open(file)
        with source:
            check_size(file, source.width, source.height)
            if source.count not in (3, 4) or len(set(source.dtypes[:3])) != 1:
                raise _no_colour(file, f"it has {source.count} band{'s'[: source.count != 1]}")
            stored = source.read((1, 2, 3))
            hidden = source.dataset_mask() == 0
    except RasterioIOError as error:
        reason = " ".join(str(error).split())
        raise PhotoError(f"{file}: is damaged or cut short ({reason}); fetch or copy it again") from None
    exif, profile = _tiff_tags(file)
    if stored.dtype.kind == "f":
        photo, linearisation = _from_light(file, stored.astype(np.float32)), "already linear (floating point)"
    elif stored.dtype == np.uint8:
        values, linearisation = _through_profile(file, Image.fromarray(np.moveaxis(stored, 0, -1)), profile)
        photo = _from_codes(file, stored, values)
    elif stored.dtype == np.uint16:
        if profile and not _is_srgb(ImageCms.ImageCmsProfile(io.BytesIO(profile))):
            raise PhotoError(f"{file}: 16 bits with a colour profile other than sRGB; save it as sRGB")
        photo, linearisation = _from_codes(file, stored, stored), SRGB
    else:
        raise PhotoError(f"{file}: holds {stored.dtype} pixels; 8 or 16 bits or floating point are read")
    return Reading(photo.without(hidden), exif, linearisation)


def _tiff_tags(file: Path) -> tuple[Facts, bytes | None]:
    """EXIF facts and colour profile of a TIFF; none where Pillow does not know its pixel layout."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            image = Image.open(file)
    except UnidentifiedImageError:
        return Facts(), None
    with image:
        return exif_facts(image.getexif()), image.info.get("icc_profile")


def _through_profile(file: Path, image: Image.Image, profile: bytes | None) -> tuple[NDArray[np.uint8], str]:
    """8-bit values (3, height, width) in sRGB, and how they came there."""
    linearisation = SRGB
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            if not _is_srgb(source):
                name = ImageCms.getProfileDescription(source).strip()
                linearisation = f"colour profile {name!r} to sRGB, then {SRGB}"
                image = _to_srgb(image, source)
        except (OSError, ImageCms.PyCMSError):
            raise PhotoError(f"{file}: its colour profile cannot be used; save it as sRGB") from None
    return np.moveaxis(np.asarray(image), -1, 0), linearisation


def _to_srgb(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    converted = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert converted is not None
    return converted


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether a profile leaves a cube of colours within 2 of 255 of itself: names are not to be trusted."""
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(27, 27, 3)
    moved = np.asarray(_to_srgb(Image.fromarray(cube), profile)).astype(int) - cube
    return bool(np.abs(moved).max() <= 2)


def _from_codes(file: Path, stored: NDArray[Any], srgb: NDArray[Any]) -> Photo:
    """A photo from integer codes: clipping shows in the values as stored, light comes from those in sRGB."""
    _check_colour(file, stored)
    white = np.iinfo(srgb.dtype).max
    curve = srgb_to_linear(np.arange(white + 1) / white)
    light = curve[srgb]
    light[:, black_frame(stored)] = np.nan
    return Photo(light, saturated(stored, white))


def _from_light(file: Path, light: NDArray[np.float32]) -> Photo:
    """A photo from a floating-point TIFF: linear light, white at 1."""
    light = np.where(np.isfinite(light).all(axis=0), light, np.float32(np.nan))
    if not np.nanmax(light, initial=0.0) <= 1.0:
        raise PhotoError(f"{file}: floating-point light must not exceed 1 (white); scale it")
    _check_colour(file, light)
    light[:, black_frame(light)] = np.nan
    return Photo(light, saturated(light, 1.0))


def _check_colour(file: Path, values: NDArray[Any]) -> None:
    red, green, blue = values
    if (
        values.any()
        and np.array_equal(red, green, equal_nan=True)
        and np.array_equal(green, blue, equal_nan=True)
    ):
        raise _no_colour(file, "its three channels are equal")


def _no_colour(file: Path, reason: str) -> PhotoError:
    return PhotoError(f"{file}: is not a colour picture ({reason}); tone needs red, green and blue")
