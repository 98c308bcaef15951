"""Colour profiles of pictures of 8 bits: what is not sRGB becomes it before it becomes light."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from pipeline.errors import PhotoError

SRGB = "sRGB curve"


def srgb_transform(file: Path, profile: bytes | None) -> tuple[ImageCms.ImageCmsTransform | None, str]:
    """What brings a picture of this profile to sRGB, none where it is there already, and how its codes become
    light. Raises PhotoError, which names the `file`, for a profile that cannot be used."""
    if not profile:
        return None, SRGB
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        transform = _to_srgb(source)
        if _is_srgb(transform):
            return None, SRGB
        name = ImageCms.getProfileDescription(source).strip()
    except (OSError, ImageCms.PyCMSError):
        raise PhotoError(f"{file}: its colour profile cannot be used; save it as sRGB") from None
    return transform, f"colour profile {name!r} to sRGB, then {SRGB}"


def in_srgb(codes: NDArray[np.uint8], transform: ImageCms.ImageCmsTransform | None) -> NDArray[np.uint8]:
    """R, G, B codes (3, height, width) in sRGB."""
    if transform is None:
        return codes
    return np.moveaxis(np.asarray(transform.apply(Image.fromarray(np.moveaxis(codes, 0, -1)))), -1, 0)


def _to_srgb(profile: ImageCms.ImageCmsProfile) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(profile, ImageCms.createProfile("sRGB"), "RGB", "RGB")


def _is_srgb(transform: ImageCms.ImageCmsTransform) -> bool:
    """Whether it leaves a cube of colours within 2 of 255 of itself: names are not to be trusted."""
    steps = np.linspace(0, 255, 9).round().astype(np.uint8)
    cube = np.stack(np.meshgrid(steps, steps, steps)).reshape(3, 27, 27)
    moved = in_srgb(cube, transform).astype(int)
    return bool(np.abs(moved - cube).max() <= 2)
