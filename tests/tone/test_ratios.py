"""Tone of lights of known colour, what saturation takes away, and tiles that agree with the whole."""

import dask.array as da
import numpy as np
import pytest

from pipeline.errors import PhotoError
from pipeline.models import ToneConfig
from pipeline.photo.cameras import AbFactors
from pipeline.raster.lattice import Lattice
from pipeline.raster.tiles import Tile
from pipeline.tone.background import (
    Noise,
    Sample,
    background_and_floor,
    background_and_noise,
    code_step,
    take_samples,
)
from pipeline.tone.bands import light_bands, tone_bands
from pipeline.tone.evidence import RATIO_SYSTEM
from pipeline.tone.ratios import (
    BY_CAMERA,
    Calibration,
    ab_scale,
    average_around,
    calibrate,
    light_above_background_tile,
    lost_blue,
    signal_to_noise,
    tone_tile,
)
from pipeline.tone.saturation import without_saturated
from tests.scenes.skies import BLUE, GREEN, RESOLUTION_M, sky
from tests.scenes.tone_maps import lights_of

SHAPE = (400, 500)
CONFIG = ToneConfig()


def calibration(ortho, colour_codes=0.0):
    lights = lights_of(ortho, RESOLUTION_M, RESOLUTION_M)
    return calibrate(lights, RESOLUTION_M, RESOLUTION_M, colour_codes, CONFIG)


def light_of(ortho, tile, calibration):
    """The bands of light.tif from a tile of ortho.tif with its margin."""
    return light_above_background_tile(without_saturated(ortho, calibration.halo_cells), tile, calibration)


def tone_of(ortho, tile, calibration):
    """Those of tone.tif."""
    return tone_tile(without_saturated(ortho, calibration.halo_cells), tile, calibration)


def part(function, ortho, calibration, tile):
    """A step's function on a tile cut out of the whole with its margin, as the step does it."""
    m = calibration.margin
    padded = np.pad(ortho, ((0, 0), (m, m), (m, m)), constant_values=np.nan)
    cut = padded[:, tile.row : tile.row + tile.height + 2 * m, tile.column : tile.column + tile.width + 2 * m]
    return function(cut, tile, calibration)


def whole(function, ortho, calibration):
    return part(function, ortho, calibration, Tile(0, 0, *SHAPE))


# By hand: values that float32 holds exactly, a background that rises by 1/1024 a row and half of it a column.
LEVEL, TILE = 1 / 64, Tile(10, 20, 3, 4)
ROWS, COLUMNS = np.arange(10, 13)[:, None] / 1024, np.arange(20, 24) / 2048
SLOPE = Lattice(
    16, np.stack([k * np.add.outer(np.arange(4) * 16, np.arange(4) * 8) / 1024 for k in (1, 2, 4)])
)
LEVELS = np.stack([k * (ROWS + COLUMNS) for k in (1, 2, 4)])
READ = Noise((3 * LEVEL, 4 * LEVEL, 5 * LEVEL), (0.0, 0.5, 0.0))
CALM = Noise((LEVEL, LEVEL, LEVEL), (0.0, 0.0, 0.0))


def by_hand(**more):
    """A calibration of simple numbers: a halo of 1 cell, tone from 3 x 3 cells, lit from 4 sigmas."""
    values = {"halo_cells": 1, "tone_cells": 3, "tone_noise": CALM, "min_signal_to_noise": 4.0} | more
    return Calibration(SLOPE, READ, **values)


def seen(above, calibration):
    """A tile with its margin whose light, of (3,) values, lies `above` the background."""
    m, rows, columns = calibration.margin, TILE.height, TILE.width
    around = Tile(TILE.row - m, TILE.column - m, rows + 2 * m, columns + 2 * m)
    light = SLOPE.at(around) + np.reshape(above, (3, 1, 1))
    return np.concatenate([light, np.zeros((1, *light.shape[1:]))]).astype(np.float32)


def test_light_by_hand():
    """Light less the background under it, in the ratios' system; the sigma is green's, in one cell."""
    known = by_hand(scale=(0.5, 1.0, 4.0))
    result = light_of(seen((0.5, 0.25, 0.125), known), TILE, known)
    assert result.shape == (4, TILE.height, TILE.width)
    np.testing.assert_array_equal(result[:3], np.broadcast_to([[[0.25]], [[0.25]], [[0.5]]], (3, 3, 4)))
    # Read noise of 4/64 and shot noise: variance 0.5 times the signal of 1/4.
    np.testing.assert_allclose(result[3], np.hypot(4 / 64, np.sqrt(0.125)), rtol=1e-6)  # float32


def test_of_light_by_hand_a_saturated_cell_takes_its_halo_alone():
    known = by_hand()
    ortho = seen((0.5, 0.25, 0.125), known)
    assert known.margin == 2
    ortho[3, 1, 1] = 0.01  # one cell beyond the tile's corner: its halo reaches into it
    result = light_of(ortho, TILE, known)
    expected = np.zeros((3, 4), bool)
    expected[0, 0] = True
    np.testing.assert_array_equal(np.isnan(result), np.broadcast_to(expected, (4, 3, 4)))
    # A halo of no cell still masks the saturated cell itself; tone from 5 x 5 cells makes a margin of 2.
    bare = by_hand(halo_cells=0, tone_cells=5)
    ortho = seen((0.5, 0.25, 0.125), bare)
    ortho[3, 2, 2] = 0.01
    np.testing.assert_array_equal(np.isnan(light_of(ortho, TILE, bare)[0]), expected)


def test_tone_by_hand():
    known = by_hand(scale=(0.5, 1.0, 4.0))
    signal = 16 * LEVEL, 8 * LEVEL, 4 * LEVEL
    g_r, b_g, sigma_g_r, sigma_b_g, snr = tone_of(seen(signal, known), TILE, known)
    # Scaled: 8, 8 and 16 levels. Relative sigmas are those of the light before: 1/16, 1/8 and 1/4.
    np.testing.assert_allclose(g_r, 0.0, atol=1e-6)  # float32
    np.testing.assert_allclose(b_g, 1.0, rtol=1e-6)
    np.testing.assert_allclose(sigma_g_r, np.hypot(1 / 16, 1 / 8) / np.log(2), rtol=1e-6)
    np.testing.assert_allclose(sigma_b_g, np.hypot(1 / 8, 1 / 4) / np.log(2), rtol=1e-6)
    np.testing.assert_allclose(snr, 8.0, rtol=1e-6)


def test_a_cell_is_lit_from_the_asked_signal_to_noise_and_has_blue_from_3_sigmas():
    known = by_hand()
    for signal, given in (
        ((4, 4, 3), (True, True)),
        ((3.99, 4, 3), (False, False)),
        ((4, 3.99, 3), (False, False)),
        ((4, 4, 2.99), (True, False)),
        ((4, 4, 3.01), (True, True)),
    ):
        result = tone_of(seen(np.array(signal) * LEVEL, known), TILE, known)
        for band, is_given in enumerate((*given, *given)):
            assert np.isfinite(result[band]).all() == is_given, (signal, band)
            assert np.isnan(result[band]).all() != is_given, (signal, band)
        np.testing.assert_allclose(result[4], min(signal[:2]), rtol=1e-6)
    refused = tone_of(seen((0.5, 0.5, 0.5), known), TILE, by_hand(blue_refused="too dark"))
    np.testing.assert_array_equal(np.isnan(refused[:, 0, 0]), [False, True, False, True, False])


def test_tone_is_of_the_square_around_a_cell_without_saturated_ones():
    known = by_hand()
    ortho = seen((0.25, 0.25, 0.25), known)
    ortho[1, 3, 3] += 0.5  # the tile's cell (1, 1), and the middle of nine averages
    expected = np.full((3, 4), 0.0)
    expected[0:3, 0:3] = np.log2((0.25 + 0.5 / 9) / 0.25)
    np.testing.assert_allclose(tone_of(ortho, TILE, known)[0], expected, atol=1e-6)
    ortho[3, 3, 3] = 0.01
    masked = np.zeros((3, 4), bool)
    masked[0:3, 0:3] = True
    result = tone_of(ortho, TILE, known)
    np.testing.assert_array_equal(np.isnan(result), np.broadcast_to(masked, (5, 3, 4)))
    # A square that lacks cells is off its cell: the background's slope, 1/1024 a cell of 1/4, shows.
    np.testing.assert_allclose(result[0, :, 3], 0.0, atol=0.003)


def test_signal_to_noise_is_the_lesser_of_reds_and_greens():
    signal, sigma = np.float32([[6, 8, -2], [8, 6, 9], [0, 0, 0]]), np.float32([[2] * 3, [4] * 3, [1] * 3])
    assert signal_to_noise(signal, sigma).tolist() == [2.0, 1.5, -1.0]


@pytest.mark.parametrize("cells", [1, 3, 5])
def test_average_by_brute_force(cells):
    light = np.random.default_rng(0).uniform(size=(3, 9, 11)).astype(np.float32)
    light[0, 4, 4], light[1, 0:3, 7], light[2, 8, 10] = np.nan, np.nan, np.nan
    light[:, 6:, :3], light[:, 7, 1] = np.nan, 0.5  # alone
    usable, reach = np.isfinite(light).all(axis=0), cells // 2
    with np.errstate(all="raise"):
        averaged = average_around(light, cells)
    assert averaged.dtype == np.float32
    np.testing.assert_array_equal(np.isfinite(averaged), np.broadcast_to(usable, light.shape))
    for row, column in np.argwhere(usable):
        near = np.s_[max(0, row - reach) : row + reach + 1, max(0, column - reach) : column + reach + 1]
        expected = light[:, *near][:, usable[near]].mean(axis=1)
        np.testing.assert_allclose(averaged[:, row, column], expected, rtol=1e-5)  # float32


def test_ab_ratios_are_raw_ones_by_the_cameras_factors():
    red, green, blue = ab_scale(AbFactors(g_r=0.8, b_g=0.7))
    assert green / red == pytest.approx(0.8)
    assert blue / green == pytest.approx(0.7)
    assert green == 1.0  # sigma of light is green's, in its unit
    assert BY_CAMERA == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("pixel_cells", "halo", "square"), [(0.2, 1, 1), (0.5, 1, 1), (1.0, 2, 5), (1.3, 3, 5), (3.0, 6, 13)]
)
def test_halo_is_2_pixels_wide_and_the_square_4(pixel_cells, halo, square):
    """`pixel_cells`: the side of a pixel in cells. Squares are odd, as near to 4 pixels as can be."""
    lights = lights_of(sky((60, 80), seed=1, n=3)[0], 50.0 * pixel_cells, 50.0)
    known = calibrate(lights, 50.0, 50.0 * pixel_cells, 0.0, CONFIG)
    assert (known.halo_cells, known.tone_cells, known.margin) == (halo, square, halo + square // 2)


@pytest.mark.parametrize("colour_codes", [0.0, 0.6])
def test_calibration_is_that_of_unsaturated_light_and_of_its_averages(colour_codes):
    """However the map is cut into chunks. Averages are calmer, and their noise is that of tone."""
    ortho = sky((150, 180), seed=2, n=10, gain=2e-4)[0]
    ortho[3, 40:60, 50:70], ortho[:3, 40:60, 50:70] = 0.01, 0.5
    config = ToneConfig(background_km=8.0, min_signal_to_noise=7.0)
    known = calibrate(
        lights_of(ortho, 120.0, 100.0, tile=47), 100.0, 120.0, colour_codes, config, scale=(0.9, 1.0, 1.1)
    )
    light = np.where(ortho[3] > 0, np.float32(np.nan), ortho[:3])
    lights = [da.from_array(light), da.from_array(average_around(light, known.tone_cells))]
    sample, of_averages = take_samples(lights, 100.0, 8.0, 120.0)
    background, noise = background_and_noise(sample, colour_codes)
    _, calm_floor = background_and_floor(of_averages, colour_codes)
    np.testing.assert_array_equal(known.background.values, background.values)
    assert known.background.step == background.step
    assert known.noise == noise
    assert known.tone_noise == noise.calmed(calm_floor)
    assert max(known.tone_noise.floor) < min(known.noise.floor)
    assert (known.min_signal_to_noise, known.scale, known.blue_refused) == (7.0, (0.9, 1.0, 1.1), None)


def blues(values, **more):
    """A sample of one row of lit cells with these values of blue, and of one that is dark and without any."""
    light = np.full((3, 2, len(values)), 10 * LEVEL, np.float32)
    light[2, 0], light[:, 1] = values, 0.0
    sample = Sample(1, 64, light)
    dark = Lattice(64, np.full((3, 2, 2), -LEVEL))
    return sample, Calibration(dark, READ, 1, 3, CALM, **{"min_signal_to_noise": 11.0, **more})


def test_blue_is_lost_where_more_than_5_of_100_lit_cells_have_2_codes_of_it_or_less():
    two_codes, more = (code * code_step(0.0) for code in (2, 2.004))
    assert lost_blue(*blues([more] * 20)) is None
    assert lost_blue(*blues([two_codes] + [more] * 19)) is None
    told = "blue is clipped in 10 % of the lit cells (more than 5 %)"
    assert lost_blue(*blues([two_codes, 0.0] + [more] * 18)) == told
    assert lost_blue(*blues([0.0] * 20)) == told.replace("10 %", "100 %")
    # Nothing is lit: light lies 11 sigmas above the background, and 1 in the dark.
    assert lost_blue(*blues([0.0] * 20, min_signal_to_noise=11.1)) is None


@pytest.mark.parametrize("evidence", ["raw", "jpeg"])
def test_bands_have_names_units_and_the_system_of_their_ratios(evidence):
    light, tone = light_bands(evidence), tone_bands(evidence, None)
    assert [band.name for band in light] == ["red", "green", "blue", "sigma"]
    assert [band.name for band in tone] == [
        *("log2_g_r", "log2_b_g", "sigma_log2_g_r", "sigma_log2_b_g", "signal_to_noise")
    ]
    assert {band.unit for band in (*light, *tone)} == {"1"}
    system = RATIO_SYSTEM[evidence]
    above = "linear light above the background; NaN where saturated or near it"
    assert [band.meaning for band in light] == [
        *[f"{above}; {system}"] * 3,
        "noise of green in one cell, 1 sigma",
    ]
    assert [band.meaning for band in tone] == [
        f"T = log2(green / red) above the background; {system}",
        f"C = log2(blue / green) above the background; {system}",
        "noise of T, 1 sigma",
        "noise of C, 1 sigma",
        "the lesser of red's and green's; a cell is lit from tone.min_signal_to_noise",
    ]
    assert tone_bands(evidence, "it is clipped")[1].meaning.endswith(f"{system}; not given: it is clipped")


def test_tone_is_that_of_the_lamps_and_its_sigma_is_honest():
    ortho, _ = sky(SHAPE, seed=1, gain=1e-4)
    tone = whole(tone_of, ortho, calibration(ortho))
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
    tone, shown = (whole(f, ortho, known) for f in (tone_of, light_of))
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
    faked = whole(tone_of, ortho, calibration(ortho))[0]
    ortho[3][clipped] = 1.0
    honest = whole(tone_of, ortho, calibration(ortho))[0]
    assert np.nanmax(faked) > np.log2(GREEN) + 0.3
    assert np.nanmedian(honest) == pytest.approx(np.log2(GREEN), abs=0.01)
    assert np.nanpercentile(honest, 99) < np.log2(GREEN) + 0.3


@pytest.mark.parametrize("tile", [Tile(0, 0, 100, 130), Tile(128, 64, 33, 77), Tile(300, 400, 100, 100)])
@pytest.mark.parametrize("function", [tone_of, light_of])
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
    known = calibration(ortho, 1.0)
    assert "blue is clipped in 100 %" in known.blue_refused
    assert np.isnan(whole(tone_of, ortho, known)[1]).all()
    assert calibration(ortho).blue_refused is None  # in raw there is no gamut that clips


@pytest.mark.parametrize("lost", [3, 1])
def test_a_photo_without_usable_light_says_so(lost):
    """All cells are saturated, or none has any green."""
    ortho, _ = sky(SHAPE, seed=6)
    ortho[lost] = 0.01 if lost == 3 else np.nan
    with pytest.raises(
        PhotoError, match=r"^the photo has no usable light on the grid: all of it is saturated or invalid$"
    ):
        calibration(ortho)
