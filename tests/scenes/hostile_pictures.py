"""Photographs whose bytes were changed, mostly in their heads: JPEG, PNG, TIFF, DNG."""

import io
import random
import struct
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import rasterio
from PIL import ExifTags, Image

from tests.scenes.dng import codes, mosaic, write_dng
from tests.scenes.pictures import night_codes

WIDTH, HEIGHT = 96, 72  # small, so that thousands are soon read
HEAD = 600  # bytes that hold the directories of a TIFF, or the tables of a JPEG
EXTREMES = (0, 1, 2, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)


@cache
def sound(kind: str) -> bytes:
    """A picture as a camera may have written it: jpg, png, png16, tif, strips, float or dng."""
    picture = night_codes(WIDTH, HEIGHT)
    if kind in ("jpg", "png"):
        return _by_pillow(picture, "JPEG" if kind == "jpg" else "PNG")
    with TemporaryDirectory() as name:
        file = Path(name) / "a"
        if kind == "dng":
            light = (np.moveaxis(picture, -1, 0) / 255.0) ** 2.2
            large = np.repeat(np.repeat(light, 2, 1), 2, 2)
            write_dng(file, codes(mosaic(large), 600, 16383), black=(600,), white=16383)
        else:
            _by_gdal(np.moveaxis(picture, -1, 0), kind, file)
        return file.read_bytes()


def _by_pillow(picture: np.ndarray, form: str) -> bytes:
    exif = Image.Exif()
    exif[ExifTags.Base.Model] = "NIKON D3S"
    exif.get_ifd(ExifTags.IFD.Exif).update(
        {ExifTags.Base.FocalLength: 85.0, ExifTags.Base.DateTimeOriginal: "2012:02:09 22:51:26"}
    )
    content = io.BytesIO()
    Image.fromarray(picture).save(content, form, exif=exif, quality=90)
    return content.getvalue()


def _by_gdal(bands: np.ndarray, kind: str, file: Path) -> None:
    values = {"png16": bands.astype(np.uint16) * 257, "float": bands.astype(np.float32) / 255}.get(
        kind, bands
    )
    options = {"tif": {"compress": "deflate", "tiled": True, "blockxsize": 32, "blockysize": 32}}.get(
        kind, {}
    )
    with rasterio.open(
        file, "w", driver="PNG" if kind == "png16" else "GTiff", width=WIDTH, height=HEIGHT, count=3,
        dtype=values.dtype, **options,
    ) as target:  # fmt: skip
        target.write(values)


SUFFIXES = {
    "jpg": ".jpg", "png": ".png", "png16": ".png", "tif": ".tif", "strips": ".tif", "float": ".tif",
    "dng": ".dng",
}  # fmt: skip


def changed(content: bytes, chance: random.Random, head: int = HEAD) -> bytes:
    """Bytes with one change or some more, nine in ten of them within the first `head`."""
    data = bytearray(content)
    for _ in range(1 + int(chance.expovariate(1.5))):
        if len(data) < 16:
            break
        reach = min(head, len(data)) if chance.random() < 0.9 else len(data)
        at = chance.randrange(reach)
        change = chance.randrange(8)
        if change <= 2:
            data[at] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))
        elif change <= 4:  # a length, an offset or a count, in either order of bytes
            order, value = chance.choice("<>"), chance.choice(EXTREMES)
            form, size = ("I", 4) if change == 3 else ("H", 2)
            data[at : at + size] = struct.pack(order + form, value % 256**size)
        elif change == 5:
            del data[at : at + chance.choice((1, 2, 4, 12, 100))]
        elif change == 6:
            data[at:at] = data[at : at + chance.choice((1, 2, 12, 100))]
        elif chance.random() < 0.5:
            del data[max(16, chance.randrange(len(data))) :]
        else:
            data[at : at + 8] = chance.randbytes(8)
    return bytes(data)


def write_picture(folder: Path, number: int) -> Path:
    """The picture of this number."""
    chance = random.Random(number)
    kind = list(SUFFIXES)[number % len(SUFFIXES)]
    suffix = chance.choice(list(SUFFIXES.values())) if chance.random() < 0.03 else SUFFIXES[kind]
    file = folder / f"picture{suffix}"
    file.write_bytes(changed(sound(kind), chance))
    return file
