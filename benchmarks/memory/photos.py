"""Memory and time of the whole step `acquire` on photos of 12 to 100 megapixels.

    python -m benchmarks.memory.photos

Pictures of noise, lamps, a light that may throw ghosts, a part of the station and a black frame: there is
something of all that is masked or looked for. Writes photos.json beside this file and the page.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import rasterio
from numpy.typing import NDArray
from PIL import Image

from benchmarks.memory.measure import Row, measured
from benchmarks.memory.page import PHOTOS, write_page
from pipeline.models import LonLat, PhotoSource
from pipeline.steps.acquire import acquire
from tests.scenes.dng import write_dng
from tests.scenes.pictures import large_night

CAMERAS = Path(__file__).parents[2] / "data" / "cameras.csv"
# Width and height: of a D3S or D4, a Z 6, a D850 or Z 9, and the largest that is read.
SIZES = {12: (4256, 2832), 24: (6048, 4032), 45: (8256, 5504), 100: (12240, 8160)}
Codes = NDArray[np.uint8]


def jpeg(codes: Codes, file: Path) -> None:
    """As cameras write them: one colour for 2 x 2 pixels."""
    Image.fromarray(codes).save(file.with_suffix(".jpg"), quality=92, subsampling=2)


def progressive(codes: Codes, file: Path) -> None:
    """Of which the decoder must hold all coefficients, and a colour for each pixel."""
    Image.fromarray(codes).save(file.with_suffix(".jpg"), quality=92, subsampling=0, progressive=True)


def tiff(codes: Codes, file: Path, **layout: object) -> None:
    """16 bits, in tiles."""
    height, width = codes.shape[:2]
    profile = {"driver": "GTiff", "width": width, "height": height, "count": 3, "dtype": "uint16"}
    with rasterio.open(file.with_suffix(".tif"), "w", **profile, compress="deflate", **layout) as target:
        target.write(np.moveaxis(codes, -1, 0).astype(np.uint16) * 257)


def one_block(codes: Codes, file: Path) -> None:
    """16 bits, packed as one block."""
    tiff(codes, file, blockysize=codes.shape[0])


def raw(codes: Codes, file: Path) -> None:
    """The samples of a sensor of this size; the frame has a quarter of its pixels."""
    curve = (600 + 15_000 * (np.arange(256) / 255) ** 2.2).astype(np.uint16)
    mosaic = np.empty(codes.shape[:2], np.uint16)
    for row, column, channel in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 2)):
        mosaic[row::2, column::2] = curve[codes[row::2, column::2, channel]]
    write_dng(file.with_suffix(".dng"), mosaic, black=(600,), white=16_000)


KINDS: dict[str, tuple[Callable[[Codes, Path], None], tuple[int, ...]]] = {
    "JPEG": (jpeg, (12, 24, 45, 100)),
    "JPEG, progressive, 4:4:4": (progressive, (12, 100)),
    "TIFF, 16 bits": (tiff, (12, 45)),
    "TIFF, 16 bits, one block": (one_block, (12, 45)),
    "DNG": (raw, (12, 45)),
}


def read(picture: Path) -> None:
    """The step, with the repository's table of cameras."""
    place, out = LonLat(lon=5.57, lat=50.64), picture.parent
    outputs = out / "photo.tif", out / "photo.json"
    acquire(picture, [], PhotoSource(id="a"), place, [], [], CAMERAS, {}, *outputs)


def photo_row(kind: str, megapixels: int) -> Row:
    """One photo written and read; a pixel of a DNG is one of its binned frame."""
    with TemporaryDirectory() as name:
        write, (width, height) = KINDS[kind][0], SIZES[megapixels]
        write(large_night(width, height), Path(name) / "a")
        row = measured(read, next(Path(name).glob("a.*")))
    pixels = width * height / (4 if kind == "DNG" else 1)
    taken = (row["peak_mb"] - row["before_mb"]) * 2**20
    size = {"kind": kind, "width": width, "height": height, "pixels": int(pixels)}
    return size | {"bytes_a_pixel": round(taken / pixels, 1)} | row


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure reading and masking photos.")
    parser.add_argument("--largest", type=int, default=100, help="megapixels")
    largest = parser.parse_args().largest
    rows = []
    for kind, (_, sizes) in KINDS.items():
        for megapixels in sizes:
            if megapixels <= largest:
                rows.append(photo_row(kind, megapixels))
                print(rows[-1], flush=True)
    PHOTOS.write_text(json.dumps(rows, indent=1) + "\n")
    write_page()


if __name__ == "__main__":
    main()
