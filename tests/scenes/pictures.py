"""Small pictures of known content."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms


def night_codes(width: int = 160, height: int = 120, seed: int = 0) -> NDArray[np.uint8]:
    """A dark picture (height, width, 3) with noise and a few orange lights, 8-bit sRGB."""
    random = np.random.default_rng(seed)
    codes = random.integers(2, 14, size=(height, width, 3)).astype(np.uint8)
    for row, column in random.integers((10, 10), (height - 10, width - 10), size=(20, 2)):
        codes[row - 1 : row + 2, column - 1 : column + 2] = (200, 120, 40)
    return codes


def large_night(width: int, height: int, seed: int = 0, lamps_a_megapixel: int = 100) -> NDArray[np.uint8]:
    """A picture (height, width, 3) with all that is masked, in 8-bit sRGB.

    Noise; lamps spread by a lens, some of them saturated; one light so large that it may throw ghosts; a part
    of the station in the upper right corner; a black frame along the lower edge.
    """
    random = np.random.default_rng(seed)
    noise = np.clip(random.normal((9, 8, 6), 3, (256, width, 3)), 0, 255).astype(np.uint8)
    codes = np.concatenate([noise] * -(-height // 256))[:height]
    for _ in range(width * height * lamps_a_megapixel // 1_000_000):
        place = int(random.integers(height)), int(random.integers(width))
        _add_light(codes, place, random.uniform(0.7, 2.5), random.uniform(40, 400))
    _add_light(codes, (height // 3, width // 4), 0.01 * max(width, height), 3000)
    high, wide = height // 6, width // 6
    codes[:high, -wide:] = random.normal((123, 120, 121), 2, (high, wide, 3)).astype(np.uint8)
    codes[-8:] = 0
    return codes


def _add_light(codes: NDArray[np.uint8], place: tuple[int, int], sigma_px: float, strength: float) -> None:
    """Add an orange light, spread as a Gaussian and clipped at white."""
    reach = int(3 * sigma_px)
    (top, left), (bottom, right) = ([max(0, at - reach) for at in place], [at + reach + 1 for at in place])
    seen = codes[top:bottom, left:right]
    rows, columns = np.ogrid[top : top + seen.shape[0], left : left + seen.shape[1]]
    spread = np.exp(-((rows - place[0]) ** 2 + (columns - place[1]) ** 2) / (2 * sigma_px**2))
    seen[...] = np.minimum(255, seen + strength * spread[..., None] * (1, 0.7, 0.4)).astype(np.uint8)


def save_jpeg(codes: NDArray[np.uint8], file: Path, **options: object) -> Path:
    Image.fromarray(codes).save(file, quality=95, subsampling=0, **options)
    return file


def red_green_swapped() -> bytes:
    """The sRGB profile with the tags of its red and green primaries exchanged."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile.replace(b"rXYZ", b"tmpX").replace(b"gXYZ", b"rXYZ").replace(b"tmpX", b"gXYZ")
