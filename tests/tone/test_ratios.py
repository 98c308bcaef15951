"""Tone of lights of known colour, what saturation takes away, and tiles that agree with the whole."""

import dask.array as da
import numpy as np
import pytest

from pipeline.errors import PhotoError
from pipeline.models import ToneConfig
from pipeline.raster.tiles import Tile
from pipeline.tone.ratios import average_around, calibrate, light_tile, tone_tile
from tests.scenes.skies import BLUE, GREEN, RESOLUTION_M, sky

SHAPE = (400, 500)
CONFIG = ToneConfig()


def calibration(ortho, evidence="raw"):
    return calibrate(da.from_array(ortho, chunks=(4, 200, 250)), RESOLUTION_M, RESOLUTION_M, evidence, CONFIG)


def part(function, ortho, calibration, tile):
    """A step's function on a tile cut out of the whole with its margin, as the step does it."""
    m = calibration.margin
    padded = np.pad(ortho, ((0, 0), (m, m), (m, m)), constant_values=np.nan)
    cut = padded[:, tile.row : tile.row + tile.height + 2 * m, tile.column : tile.column + tile.width + 2 * m]
    return function(cut, tile, calibration)


def whole(function, ortho, calibration):
    return part(function, ortho, calibration, Tile(0, 0, *SHAPE))


def test_tone_is_that_of_the_lamps_and_its_sigma_is_honest():
    ortho, _ = sky(SHAPE, seed=1, gain=1e-4)
    tone = whole(tone_tile, ortho, calibration(ortho))
    lit = np.isfinite(tone[0])
    assert lit.sum() > 2000
    # Cells of a square share light, so their errors do too: the median of a few thousand is good to 0.01.
    assert np.median(tone[0][lit]) == pytest.approx(np.log2(GREEN), abs=0.01)
    assert np.nanmedian(tone[1]) == pytest.approx(np.log2(BLUE / GREEN), abs=0.02)
    standardised = (tone[0][lit] - np.log2(GREEN)) / tone[2][lit]
    # The noise is estimated from the picture; a quarter is what such an estimate is good to.
    assert 0.75 < 0.7413 * np.subtract(*np.percentile(standardised, [75, 25])) < 1.25


def test_without_the_background_taken_off_the_tone_would_be_wrong():
    """A pedestal pulls ratios towards its own: the test above could not pass without the subtraction."""
    ortho, light = sky(SHAPE, seed=1)
    dim = (light[0] > 0.02) & (light[0] < 0.03)
    raw = np.log2(np.median(ortho[1][dim] / ortho[0][dim]))
    assert abs(raw - np.log2(GREEN)) > 0.03


def test_saturated_cells_and_their_halo_are_left_out():
    ortho, light = sky(SHAPE, seed=3)
    row, column = np.unravel_index(light[0].argmax(), SHAPE)
    ortho[3, row, column] = 0.1
    known = calibration(ortho)
    tone, shown = (whole(f, ortho, known) for f in (tone_tile, light_tile))
    halo = known.halo_cells
    assert halo == 2
    near = np.s_[row - halo : row + halo + 1, column - halo : column + halo + 1]
    assert np.isnan(tone[0][near]).all()
    assert np.isnan(shown[0][near]).all()
    assert np.isfinite(shown[0]).sum() == shown[0].size - (2 * halo + 1) ** 2


def test_red_that_clips_would_fake_green_if_it_were_not_masked():
    ortho, light = sky(SHAPE, seed=3)
    clipped = light[0] > 0.15
    ortho[0][clipped] = 0.15
    faked = whole(tone_tile, ortho, calibration(ortho))[0]
    ortho[3][clipped] = 1.0
    honest = whole(tone_tile, ortho, calibration(ortho))[0]
    assert np.nanmax(faked) > np.log2(GREEN) + 0.3
    assert np.nanmedian(honest) == pytest.approx(np.log2(GREEN), abs=0.01)
    assert np.nanpercentile(honest, 99) < np.log2(GREEN) + 0.3


@pytest.mark.parametrize("tile", [Tile(0, 0, 100, 130), Tile(128, 64, 33, 77), Tile(300, 400, 100, 100)])
@pytest.mark.parametrize("function", [tone_tile, light_tile])
def test_a_tile_equals_the_whole_to_the_last_bit(function, tile):
    ortho, _ = sky(SHAPE, seed=4)
    ortho[3, 150:152, 90:93] = 1.0
    known = calibration(ortho)
    expected = whole(function, ortho, known)
    there = np.s_[:, tile.row : tile.row + tile.height, tile.column : tile.column + tile.width]
    np.testing.assert_array_equal(part(function, ortho, known, tile), expected[there])


def test_average_is_of_usable_cells_alone():
    light = np.zeros((3, 3, 3), np.float32)
    light[:, 1, 1], light[:, 0, 0] = 6.0, np.nan
    averaged = average_around(light, 3)
    assert averaged[0, 1, 1] == pytest.approx(6 / 8)  # nine cells, one unusable
    assert np.isnan(averaged[0, 0, 0])
    assert averaged[0, 2, 2] == pytest.approx(6 / 4)  # a corner has four


def test_blue_is_refused_where_it_was_clipped():
    ortho, _ = sky(SHAPE, seed=5, background=(0.004, 0.003, 0.0), read=3e-4)
    ortho[2] = np.minimum(ortho[2], 0.0)  # out of gamut: no blue at all in a JPEG
    known = calibration(ortho, "jpeg")
    assert "blue is clipped in 100 %" in known.blue_refused
    assert np.isnan(whole(tone_tile, ortho, known)[1]).all()


def test_a_photo_without_usable_light_says_so():
    ortho, _ = sky(SHAPE, seed=6)
    ortho[3] = 1.0
    with pytest.raises(PhotoError, match="no usable light"):
        calibration(ortho)
