"""How much memory the step acquire takes, in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from pipeline.photo.reader import JPEG_BYTES_A_PIXEL
from tests.scenes.pictures import large_night, night_codes, save_jpeg

STATUS = Path("/proc/self/status")
CAMERAS = Path(__file__).parents[2] / "data" / "cameras.csv"
WIDTH, HEIGHT = 4256, 2832  # a D3S's

# What is read first is small: it loads what libraries load when they are used, which is no memory of a photo.
PROGRAM = """
import sys
from pathlib import Path
from pipeline.models import LonLat, PhotoSource
from pipeline.steps.acquire import acquire

def kilobytes(key):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(key))

def acquired(picture):
    out = Path(picture).parent
    acquire(Path(picture), [], PhotoSource(id="a"), LonLat(lon=5.57, lat=50.64), [], [], Path(cameras), {},
            out / "photo.tif", out / "photo.json")

cameras, small, large = sys.argv[1:]
acquired(small)
before = kilobytes("VmRSS:")
acquired(large)
print(1024 * (kilobytes("VmHWM:") - before))
"""


@pytest.mark.skipif(not STATUS.exists(), reason="the system does not tell a process's largest memory")
def test_a_jpeg_takes_no_more_than_the_reader_says(tmp_path: Path) -> None:
    small = save_jpeg(night_codes(), tmp_path / "small.jpg")
    large = tmp_path / "large.jpg"
    Image.fromarray(large_night(WIDTH, HEIGHT)).save(large, quality=92)
    command = [sys.executable, "-c", PROGRAM, str(CAMERAS), str(small), str(large)]
    taken = int(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    # All that is looked for was there to be found.
    assert json.loads((tmp_path / "photo.json").read_text())["station_share"] > 0.02
    # 19.0 measured, of which 17 are the light, the mask and one more channel; the rest are strips, and masks
    # that the allocator keeps when they are freed. Less than the light and its mask would be no measurement.
    assert 13 < taken / (WIDTH * HEIGHT) < JPEG_BYTES_A_PIXEL
