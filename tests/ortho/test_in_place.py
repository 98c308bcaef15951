"""The photo in place: GDAL finds each pixel of `photo.tif` where its camera sees it, and no pixel changes."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.warp

from pipeline.camera.camera import Camera
from pipeline.ortho.in_place import perspective, placed_vrt
from pipeline.photo.photo import Photo
from pipeline.photo.tiff import write_photo
from pipeline.raster.bands import photo_tags
from tests.scenes.cameras import camera, photo_of

CAMERAS = {
    "85 mm, oblique": camera(85, width=300),
    "400 mm": camera(400, width=300),
    "50 mm, straight down": camera(50, nadir=(5.57, 50.64), width=300),
}


@pytest.fixture(scope="module", params=list(CAMERAS))
def placed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Camera, Path]:
    """A camera, and a photo of it with the text that places it."""
    seen = CAMERAS[request.param]
    file = tmp_path_factory.mktemp("photo") / "photo.tif"
    photo = photo_of(np.random.default_rng(0).random((seen.height, seen.width)))
    write_photo(Photo(photo.light, photo.light[0] > 0.9), file)
    tags = photo_tags("ISS030-E-1", "jpeg", simulated=False)
    placed = file.with_name("photo_in_place.vrt")
    placed.write_text(placed_vrt(perspective(seen), tags, seen.width, seen.height))
    return seen, placed


def test_ground_is_drawn_where_the_camera_sees_it(placed: tuple[Camera, Path]) -> None:
    """By GDAL, from places on the ground, of pixels that the fit did not use; no farther than the tags say,
    with a tenth for places between those that were measured."""
    seen, file = placed
    random = np.random.default_rng(1)
    column, row = random.uniform(-0.5, seen.width - 0.5, 500), random.uniform(-0.5, seen.height - 0.5, 500)
    lon, lat = seen.to_ground(column, row)
    with rasterio.open(file) as source:
        x, y = rasterio.warp.transform("EPSG:4326", source.crs, lon, lat)
        drawn = np.array(~source.transform * (np.array(x), np.array(y))) - 0.5
        most_px, most_m = (float(source.tags()[f"in_place_max_{unit}"]) for unit in ("px", "m"))
    away = np.hypot(*(drawn - (column, row)))
    assert away.max() <= 1.1 * most_px + 0.01
    # At 300 px wide a pixel is kilometres; a tenth of it is what a full photo's pixel is.
    assert most_px < 0.1
    assert most_m < 0.15 * seen.ground_sample_distance_m(lon, lat).max()


def test_no_pixel_changes_and_none_is_cut_out(placed: tuple[Camera, Path]) -> None:
    """What is saturated is masked in `photo.tif`; people want to see it all the same."""
    with rasterio.open(placed[1]) as source, rasterio.open(placed[1].with_name("photo.tif")) as photo:
        np.testing.assert_array_equal(source.read(), photo.read())
        assert not photo.dataset_mask().all()
        assert source.dataset_mask().all()
        assert [band.name for band in source.colorinterp] == ["red", "green", "blue"]


def test_the_file_says_whose_it_is(placed: tuple[Camera, Path]) -> None:
    with rasterio.open(placed[1]) as source:
        tags = source.tags()
        assert source.crs.to_wkt().count("tpers")
    assert (tags["photo"], tags["evidence"], tags["licence"][:13]) == ("ISS030-E-1", "jpeg", "public domain")
    assert "not undone" in tags["in_place_lens"]


def test_a_frame_with_sky_is_placed_by_its_ground() -> None:
    """24 mm towards the horizon: what cannot be drawn is told, not hidden."""
    found = perspective(camera(24, nadir=(-3.0, 44.0), width=300))
    assert 0 < found.rms_px < found.max_px < 5
    assert found.max_m > found.rms_m > 100
