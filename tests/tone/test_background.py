import dask.array as da
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from pipeline.raster.tiles import Tile
from pipeline.tone.background import (
    Noise,
    Sample,
    background_and_floor,
    background_and_noise,
    code_step,
    take_samples,
)
from tests.scenes.skies import RESOLUTION_M, sky, to_code, to_light

SHAPE = (500, 620)
WHOLE = Tile(0, 0, *SHAPE)


def estimate(light, colour_codes=0.0, resolution_m=RESOLUTION_M, gsd_m=RESOLUTION_M):
    (sample,) = take_samples([da.from_array(light[:3], chunks=(3, 200, 300))], resolution_m, 10.0, gsd_m)
    return background_and_noise(sample, colour_codes)


def test_code_step_is_the_light_between_two_codes():
    for code in (0.0, 5.0, 20.0, 100.0, 250.0):
        light = to_light(np.array(code))
        step = to_light(np.array(code + 0.5)) - to_light(np.array(max(0, code - 0.5)))
        # The step is a derivative; half a code below black there is nothing.
        assert code_step(light) == pytest.approx(step * (2 if code == 0 else 1), rel=0.01)


def test_a_slope_of_the_background_is_followed_and_towns_are_not():
    ortho, towns = sky(SHAPE, seed=1)
    slope = np.linspace(0, 0.006, SHAPE[1], dtype=np.float32)
    ortho[:3] += slope
    background, noise = estimate(ortho)
    expected = np.reshape([0.004, 0.003, 0.003], (3, 1, 1)) + slope * np.ones((3, *SHAPE))
    away = background.at(WHOLE) - expected
    assert towns[0].max() > 0.2
    # Towns of the noise's own strength lift it a little; one noise sigma is 5e-4.
    assert np.median(away) == pytest.approx(0, abs=1e-4)
    assert np.percentile(abs(away), 95) < 5e-4
    assert noise.floor == pytest.approx((5e-4,) * 3, rel=0.1)


def test_a_city_larger_than_the_window_does_not_lift_its_background():
    ortho, _ = sky(SHAPE, seed=2, n=20)
    rng = np.random.default_rng(0)
    ortho[:3, 100:350, 200:450] += gaussian_filter(rng.lognormal(-2, 0.5, (250, 250)), 2).astype(np.float32)
    background, _ = estimate(ortho)
    inside = background.at(WHOLE)[:, 150:300, 250:400]
    # The city shines at 0.15; its background is that of the land around.
    np.testing.assert_allclose(inside.mean(axis=(1, 2)), (0.004, 0.003, 0.003), atol=3e-4)


@pytest.mark.parametrize(("dark_blocks", "expected"), [(6, 0.01), (5, 0.042)])
def test_the_floor_of_a_window_is_dark_where_a_fifth_of_its_blocks_are(dark_blocks, expected):
    """A land of light but for 5 or 6 of the 25 blocks of each window: more than a fifth tell its darkness."""
    cells, side = 4, 25  # of a block, and of the land in blocks
    of_window = np.where(np.arange(25) * 7 % 25 < dark_blocks, 0.01, 0.05).reshape(5, 5)
    land = np.tile(of_window, (5, 5))
    land[:3], land[-3:], land[:, :3], land[:, -3:] = (0.05,) * 4  # windows of the edge have fewer blocks
    light = np.kron(land, np.ones((cells, cells)))[cells // 2 :, cells // 2 :]  # a block lies around its node
    light = (light + np.random.default_rng(0).normal(0, 2e-4, (3, *light.shape))).astype(np.float32)
    background, _ = background_and_floor(Sample(1, cells, light), 0.0)
    inner = background.values[:, 8 : side - 8, 8 : side - 8]
    # From dark blocks alone, or from 20 bright and 5 dark ones: a dark one in the middle of the window weighs
    # more than a fifth, one at its edge less.
    np.testing.assert_allclose(inner, expected, atol=0.01)


def test_noise_grows_with_light_as_it_does_in_the_data():
    ortho, towns = sky((700, 900), seed=3, gain=4e-4, n=250)
    assert (towns[0] > 0.01).mean() > 0.05
    _, noise = estimate(ortho)
    assert noise.floor == pytest.approx((5e-4,) * 3, rel=0.15)
    # The lowest of a dozen bins, each good to 10 %, is a little low; texture of the towns adds a little.
    assert np.array(noise.gain) == pytest.approx(np.full(3, 4e-4), rel=0.35)


def test_without_shot_noise_the_gain_is_negligible():
    ortho, _ = sky(SHAPE, seed=4)
    _, noise = estimate(ortho)
    # The towns' own edges pass for a little of it, a tenth of what a real photo's is (4e-4).
    assert max(noise.gain) < 4e-5


@pytest.mark.parametrize("codes", [1.0, 0.6])
def test_a_jpeg_is_never_surer_than_the_noise_of_its_colours(codes):
    ortho, _ = sky(SHAPE, seed=5, background=(0.0, 0.0, 0.0), read=0.0)
    ortho[:3] = to_light(np.round(to_code(ortho[:3])))
    background, noise = estimate(ortho, codes)
    assert abs(background.at(WHOLE)).max() < code_step(0.0)
    light = np.full((3, 1), 0.2, np.float32)
    # Of Cb and Cr, which are 1.4 codes of red, 0.34 and 0.71 of green and 1.8 of blue (JFIF).
    least = codes * code_step(0.2) * np.array([[1.402], [0.79], [1.772]])
    assert (noise.sigma(light, light) >= 0.999 * least).all()
    assert (Noise(noise.floor, noise.gain).sigma(light, light) < codes * code_step(0.2)).all()


def test_saturated_and_missing_cells_take_no_part():
    ortho, _ = sky(SHAPE, seed=6)
    hidden = ortho.copy()
    hidden[:3, :, :200] = np.nan
    hidden[:3, 240:260] = np.nan
    whole, _ = estimate(ortho)
    part, noise = estimate(hidden)
    right = np.s_[:, :, 260:]
    np.testing.assert_allclose(part.at(WHOLE)[right], whole.at(WHOLE)[right], atol=3e-4)
    assert np.isfinite(part.at(WHOLE)).all()
    assert noise.floor == pytest.approx((5e-4,) * 3, rel=0.1)


@pytest.mark.parametrize("resolution_m", [10.0, 100.0, 700.0])
def test_the_sample_is_as_dense_at_any_resolution(resolution_m):
    light = da.zeros((3, 1500, 1800), chunks=(3, 512, 512), dtype=np.float32)
    (sample,) = take_samples([light], resolution_m, 10.0, 80.0)
    block_m = sample.block * sample.stride * resolution_m
    assert block_m == pytest.approx(2000, rel=0.2) or sample.block == 4
    assert sample.block % 2 == 0
    assert sample.light.shape[1] == -(-1500 // sample.stride)
