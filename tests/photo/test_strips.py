"""A photo that is worked on strip by strip is the same as one that is worked on whole, to the last bit."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from PIL import Image

from pipeline.photo import strips
from pipeline.photo.flare import bright_lights, ghosts
from pipeline.photo.masking import Masked, masked
from pipeline.photo.night import root_noise
from pipeline.photo.reader import read_photo
from pipeline.photo.strips import in_blocks
from pipeline.photo.vignetting import Vignetting, corrected
from tests.scenes.pictures import large_night, red_green_swapped

LENS = Vignetting(((-0.35, -0.20), (-0.40, -0.15), (-0.50, -0.05)))
WHOLE = 10_000  # rows of a strip that holds all of a picture
SIZES = [(457, 331), (320, 512), (331, 449)]  # width and height: odd, of whole strips, and upright


def picture(folder: Path, codes: NDArray[np.uint8], kind: str) -> Path:
    """Codes as a file of some kind."""
    if kind.startswith("jpeg"):
        _, subsampling, *profile = kind.split()
        more = {"icc_profile": red_green_swapped()} if profile else {}
        Image.fromarray(codes).save(folder / "a.jpg", quality=92, subsampling=int(subsampling), **more)
        return folder / "a.jpg"
    values = np.moveaxis(codes, -1, 0)
    if kind == "16 bits":
        values = values.astype(np.uint16) * 257
    elif kind == "light":
        values = (values / 255).astype(np.float32) ** 2
        values[:, 100:120, 30:40] = np.nan
    height, width = codes.shape[:2]
    layout = {"driver": "GTiff", "count": 3, "height": height, "width": width, "dtype": values.dtype}
    tiles = {"blockxsize": 128, "blockysize": 128, "tiled": True} if kind == "tiled" else {}
    with rasterio.open(folder / "a.tif", "w", **layout, **tiles) as target:
        target.write(values)
    return folder / "a.tif"


def acquired(file: Path) -> tuple[Masked, float, NDArray[np.bool_]]:
    """The photo masked and corrected, its noise, and the places of any ghost that lesser lights may throw."""
    reading = read_photo(file)
    noise, hidden = root_noise(reading.photo), ghosts(reading.photo, bright_lights(reading.photo, 1e-5))
    ground = masked(reading)
    corrected(ground.photo, LENS)
    return ground, noise, hidden


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(
    "kind", ["jpeg 0", "jpeg 1", "jpeg 2", "jpeg 2 with a profile", "8 bits", "tiled", "16 bits", "light"]
)
def test_strips_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, size: tuple[int, int]
) -> None:
    file = picture(tmp_path, large_night(*size), kind)
    by_strips = acquired(file)
    monkeypatch.setattr(strips, "STRIP_ROWS", WHOLE)
    whole = acquired(file)
    np.testing.assert_array_equal(by_strips[0].photo.light, whole[0].photo.light)
    np.testing.assert_array_equal(by_strips[0].photo.saturated, whole[0].photo.saturated)
    assert by_strips[0].station_share == whole[0].station_share > 0.01  # the corner is there to be found
    assert by_strips[1] == whole[1] > 0
    np.testing.assert_array_equal(by_strips[2], whole[2])


@pytest.mark.parametrize(("height", "unit"), [(1, 1), (64, 1), (65, 2), (331, 16), (100, 48), (100, 500)])
def test_strips_are_all_rows_once_in_whole_units(height: int, unit: int) -> None:
    parts = list(strips.strips(height, unit))
    assert [row for part in parts for row in range(height)[part]] == list(range(height))
    assert all(part.start % unit == 0 for part in parts)


def test_blocks_by_hand() -> None:
    values = np.arange(5 * 7).reshape(5, 7)
    blocks = in_blocks(values, 2)
    assert blocks.shape == (2, 3, 4)
    assert blocks[1, 2].tolist() == [2 * 7 + 4, 2 * 7 + 5, 3 * 7 + 4, 3 * 7 + 5]
