"""Red and blue are found where they were put beside green, and left alone where there is nothing to find."""

import io
import json
import time

import numpy as np
import pytest
from PIL import Image

from pipeline.camera.channel_shifts import ChannelRegistration, ChannelShift
from pipeline.georeference.channels import measure_channels
from pipeline.photo.photo import Photo
from tests.scenes.frames import photo_of

HEIGHT, WIDTH = 700, 1000
CENTRE = ((WIDTH - 1) / 2, (HEIGHT - 1) / 2)
NONE = ChannelShift(CENTRE)
SODIUM = (1.0, 0.4, 0.02)
RED = ChannelShift(CENTRE, 1.0006, (0.3, 0.0))
BLUE = ChannelShift(CENTRE, 0.9992, (-0.1, 0.2))


def picture(red=NONE, blue=NONE, seed=0, n=500, tint=(1.0, 1.0, 1.0), height=HEIGHT, width=WIDTH):
    """Linear light (3, height, width) of n lights of many colours, blurred by 0.9 px, on a noisy sky."""
    rng = np.random.default_rng(seed)
    column, row = rng.uniform(0, 1, (2, n)) * np.array([[width], [height]])
    power = rng.lognormal(-1.5, 1.0, n)
    colour = rng.uniform(0.4, 1.0, (3, n)) * np.reshape(tint, (3, 1))
    light = np.zeros((3, height + 16, width + 16))
    step = np.arange(-6, 7)
    for band, shift in enumerate((red, NONE, blue)):
        x, y = shift.place(column, row)
        left, top = np.round(x).astype(int), np.round(y).astype(int)
        spot = np.exp(
            -((left[:, None, None] + step - x[:, None, None]) ** 2) / 2 / 0.9**2
            - (top[:, None, None] + step[:, None] - y[:, None, None]) ** 2 / 2 / 0.9**2
        )
        rows = np.clip(top[:, None, None] + step[:, None] + 8, 0, height + 15)
        columns = np.clip(left[:, None, None] + step + 8, 0, width + 15)
        np.add.at(light[band], (rows, columns), (power * colour[band])[:, None, None] * spot)
    light = light[:, 8:-8, 8:-8] + 0.006 + 0.002 * rng.standard_normal((3, height, width))
    return np.clip(light, 0, 1)


def lit_photo(**options) -> Photo:
    light = picture(**options).astype(np.float32)
    return Photo(light, (light >= 0.95).any(axis=0))


def as_jpeg(light, subsampling):
    """What is left of linear light after an 8-bit sRGB JPEG."""
    linear = np.moveaxis(light, 0, -1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    file = io.BytesIO()
    Image.fromarray(np.round(255 * coded).astype(np.uint8)).save(
        file, "JPEG", quality=92, subsampling=subsampling
    )
    return photo_of(np.asarray(Image.open(file)))


def corner_error_px(found: ChannelShift, true: ChannelShift) -> float:
    """How far two registrations are apart where they differ most, at a corner."""
    corners = np.array([[0, WIDTH - 1, 0, WIDTH - 1], [0, 0, HEIGHT - 1, HEIGHT - 1]], float)
    return float(np.hypot(*(np.stack(found.place(*corners)) - true.place(*corners))).max())


class TestMeasured:
    @pytest.mark.parametrize("seed", [0, 1])
    def test_a_displaced_channel_is_recovered(self, seed):
        found = measure_channels(lit_photo(red=RED, blue=BLUE, seed=seed))
        # Half of what is worth correcting; twice ten seeds gave 0.015 at most.
        assert corner_error_px(found.red, RED) < 0.05
        assert corner_error_px(found.blue, BLUE) < 0.05
        assert found.red.significant
        assert found.blue.significant
        assert found.red.n_patches > 100
        assert found.red.sigma_px < 0.02

    def test_large_aberration_within_the_reach(self):
        true = ChannelShift(CENTRE, 1.004, (0.5, -0.4))  # 3 px at the corners
        assert corner_error_px(measure_channels(lit_photo(red=true)).red, true) < 0.05

    def test_a_jpeg_with_full_colour_keeps_it(self):
        found = measure_channels(as_jpeg(picture(red=RED), subsampling=0))
        assert corner_error_px(found.red, RED) < 0.05

    def test_a_jpeg_with_halved_colour_shows_part_of_it(self):
        """Its fine detail is that of all channels together; what is left to correct is what it shows."""
        found = measure_channels(as_jpeg(picture(red=RED), subsampling=2))
        assert 0.2 * RED.corner_px < found.red.corner_px < 0.8 * RED.corner_px

    def test_an_untouched_picture_is_left_alone(self):
        for seed in range(2):
            found = measure_channels(lit_photo(seed=seed))
            assert found.red.n_patches > 100  # it was measured
            assert corner_error_px(found.red, NONE) < 0.05
            assert found.displaced() == ()

    def test_the_stated_sigma_is_that_of_the_errors(self):
        ratio = []
        for seed in range(5):
            found = measure_channels(lit_photo(red=RED, seed=seed, n=200)).red
            ratio.append(corner_error_px(found, RED) / found.sigma_px)
        # The largest of four corners' errors: about 1 on average; single ones spread by 0.6 (0.3 for five).
        assert 0.4 < np.mean(ratio) < 2

    def test_blue_that_is_noise_is_left_alone(self):
        found = measure_channels(lit_photo(red=RED, tint=(1.0, 1.0, 0.0)))
        assert found.red.significant
        assert found.blue == NONE

    def test_blue_cut_off_beside_sodium_lamps_is_left_alone(self):
        """On a black sky a JPEG shows blue where there is none: what leaks from the other channels."""
        black_sky = np.clip(picture(red=RED, tint=SODIUM) - 0.006, 0, 1)
        assert measure_channels(as_jpeg(black_sky, subsampling=2)).blue == NONE
        white = np.clip(picture(red=RED, blue=RED) - 0.006, 0, 1)
        assert measure_channels(as_jpeg(white, subsampling=0)).blue.significant

    def test_between_two_pixels_the_parabola_is_not_believed_at_once(self):
        """There it is off by 0.02 px, which a second look from nearby halves."""
        true = ChannelShift(CENTRE, 1.0, (0.35, 0.35))
        assert corner_error_px(measure_channels(lit_photo(red=true)).red, true) < 0.015

    def test_saturated_lights_do_not_pull(self):
        """Red runs over to the right of their cores; uncovered, that is half a pixel."""
        light = np.clip(4 * picture(red=RED), 0, 1).astype(np.float32)
        core = (light >= 0.95).any(axis=0)
        for step in (1, 2, 3):
            light[0][np.roll(core, step, axis=1)] = 1
        photo = Photo(light, (light >= 0.95).any(axis=0))
        assert corner_error_px(measure_channels(photo).red, RED) < 0.05
        uncovered = Photo(light, np.zeros_like(core))
        assert corner_error_px(measure_channels(uncovered).red, RED) > 0.2

    @pytest.mark.parametrize("shape", [(64, 64), (90, 400), (300, 400)])
    @pytest.mark.parametrize("value", [0.0, 1.0, np.nan])
    def test_nothing_to_see(self, shape, value):
        photo = Photo(np.full((3, *shape), value, np.float32), np.full(shape, value == 1))
        nothing = ChannelShift(((shape[1] - 1) / 2, (shape[0] - 1) / 2))
        assert measure_channels(photo) == ChannelRegistration(nothing, nothing)

    def test_it_takes_seconds(self):
        photo = lit_photo(red=RED, n=1500, height=1416, width=2128)
        start = time.process_time()
        measure_channels(photo)
        assert time.process_time() - start < 2.0  # 3 Mpx; 0.6 s of processor time measured


class TestShift:
    def test_place_is_about_the_centre(self):
        shift = ChannelShift((10.0, 20.0), 1.5, (0.25, -0.5))
        assert shift.place(np.array(10.0), np.array(20.0)) == (10.25, 19.5)
        assert shift.place(np.array(14.0), np.array(10.0)) == (16.25, 4.5)

    def test_the_corner_farthest_moved_counts(self):
        # Corners are 300 and 400 px from the centre: (0.3, 0.4) of magnification, and the shift on top.
        assert ChannelShift((300.0, 400.0), 1.001, (0.0, 0.0)).corner_px == pytest.approx(0.5)
        assert ChannelShift((300.0, 400.0), 1.001, (-0.3, -0.4)).corner_px == pytest.approx(1.0)

    @pytest.mark.parametrize(
        ("shift", "sigma_px", "significant"),
        [(0.2, 0.01, True), (0.2, 0.07, False), (0.09, 0.01, False), (0.2, None, False)],
    )
    def test_significant_is_a_tenth_of_a_pixel_and_three_sigma(self, shift, sigma_px, significant):
        one = ChannelShift((300.0, 400.0), 1.0, (shift, 0.0), 50, sigma_px)
        assert one.significant is significant
        expected = ((0, one),) if significant else ()
        assert ChannelRegistration(one, ChannelShift((300.0, 400.0))).displaced() == expected

    def test_json_round_trip(self):
        measured = ChannelShift(CENTRE, 1.0006, (0.3, -0.1), 120, 0.012)
        registration = ChannelRegistration(measured, ChannelShift(CENTRE))
        stored = json.loads(json.dumps(registration.to_dict(), allow_nan=False))
        assert ChannelRegistration.from_dict(stored) == registration
        assert stored["red"] == {
            "centre_px": list(CENTRE),
            "magnification": 1.0006,
            "shift_px": [0.3, -0.1],
            "n_patches": 120,
            "sigma_px": 0.012,
            "significant": True,
        }
        assert not stored["blue"]["significant"]
