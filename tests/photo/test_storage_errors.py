"""What a file's way to store colours tells of their errors."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.photo.chroma import colour_steps
from pipeline.photo.reader import read_photo
from pipeline.photo.storage_errors import RAW, TIFF, jpeg_errors
from tests.scenes.dng import codes, mosaic, write_dng
from tests.scenes.pictures import night_codes


def steps(value: float) -> list[np.ndarray]:
    return [np.full((8, 8), value, np.float32)] * 2


def test_coarser_steps_are_worse_and_the_table_is_met_at_its_places():
    told = [jpeg_errors(steps(value), shares_colour=True) for value in (3.5, 13.9, 34.7)]
    assert [one.tone_systematic for one in told] == pytest.approx([0.011, 0.016, 0.030])
    assert [one.colour_codes for one in told] == pytest.approx([0.48, 0.54, 0.73])
    between = jpeg_errors(steps(20.0), shares_colour=True)
    assert 0.016 < between.tone_systematic < 0.021
    assert jpeg_errors(steps(34.7), shares_colour=False).colour_codes == pytest.approx(1.0)
    # Beyond the table the nearest of it is taken.
    assert jpeg_errors(steps(200.0), shares_colour=True) == jpeg_errors(steps(86.0), shares_colour=True)


def test_the_reader_looks_up_the_files_own_steps_and_sampling(tmp_path: Path):
    for quality, subsampling in ((92, 2), (80, 0)):
        file = tmp_path / "a.jpg"
        Image.fromarray(night_codes()).save(file, quality=quality, subsampling=subsampling)
        blue, red = colour_steps(Image.open(file))
        # The table of colours of JPEG, annex K, which libjpeg scales by quality.
        expected = np.floor((np.array([17, 18, 24, 47]) * (200 - 2 * quality) + 50) / 100)
        np.testing.assert_array_equal(blue[0, :4], expected)
        np.testing.assert_array_equal(blue, red)
        assert read_photo(file).errors == jpeg_errors([blue, red], subsampling == 2)


def test_raw_files_and_tiffs_have_errors_of_their_own(tmp_path: Path):
    light = np.full((3, 160, 160), 0.05) + np.random.default_rng(0).normal(0, 1e-3, (3, 160, 160))
    raw = write_dng(tmp_path / "a.dng", codes(mosaic(light), 600, 16383), black=(600,), camera="NIKON D3S")
    assert read_photo(raw).errors == RAW
    Image.fromarray(night_codes()).save(tmp_path / "a.tif")
    assert read_photo(tmp_path / "a.tif").errors == TIFF
