import resource
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.errors import RasterioIOError

from pipeline.errors import OutputError
from pipeline.photo.photo import Photo
from pipeline.photo.tiff import read_photo_tif, write_photo


def test_what_is_written_is_read(tmp_path: Path) -> None:
    light = np.random.default_rng(3).random((3, 300, 400), np.float32)
    light[:, :4] = np.nan
    saturated = np.zeros((300, 400), bool)
    saturated[10, 20:30] = True
    write_photo(Photo(light, saturated), tmp_path / "photo.tif")
    photo = read_photo_tif(tmp_path / "photo.tif")
    np.testing.assert_array_equal(photo.light, light)
    np.testing.assert_array_equal(photo.saturated, saturated)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_the_file_explains_itself(tmp_path: Path) -> None:
    light = np.full((3, 300, 400), 0.25, np.float32)
    light[:, 0] = np.nan
    saturated = np.zeros((300, 400), bool)
    saturated[10, 20] = True
    write_photo(Photo(light, saturated), tmp_path / "photo.tif")
    with rasterio.open(tmp_path / "photo.tif") as source:
        assert source.descriptions == ("red", "green", "blue")
        assert source.dtypes == ("float32",) * 3
        assert source.block_shapes == [(256, 256)] * 3
        masked = source.dataset_mask() == 0
    assert masked[0].all()
    assert masked[10, 20]
    assert masked.sum() == 400 + 1
    assert [file.name for file in tmp_path.iterdir()] == ["photo.tif"]  # mask and tags are inside


@pytest.mark.parametrize("missing", [1, 500, 1000, 100_000])
def test_a_file_cut_short_by_a_full_disk_is_an_error(tmp_path: Path, missing: int) -> None:
    light = np.random.default_rng(4).random((3, 300, 400), np.float32)
    photo, file = Photo(light, light[0] > 0.9), tmp_path / "photo.tif"
    write_photo(photo, file)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size - missing, limits[1]))
    try:
        with pytest.raises((OutputError, RasterioIOError)):
            write_photo(photo, file)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
