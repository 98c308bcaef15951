import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.errors import PhotoError
from pipeline.photo.hot_pixels import isolated, persistent
from pipeline.photo.photo import Photo
from tests.scenes.dng import mosaic

NOISE = 0.001
# Raw red, green and blue of lamps: low- and high-pressure sodium, warm and cool LED, mercury.
LAMPS = ((1, 0.49, 0.02), (1, 0.75, 0.16), (0.9, 1, 0.4), (0.6, 1, 0.75), (0.6, 1, 0.5))
HOT = 60  # of 240,000 samples: a sensor long in orbit


def raw_frame(random: np.random.Generator, lamps: int = 0, sigma_px: float = 0.7) -> NDArray[np.float64]:
    """Samples (400, 600) of lamps spread by a lens, at random places between the pixels, and noise."""
    light = np.zeros((3, 400, 600))
    for _ in range(lamps):
        row, column = random.uniform(10, 390), random.uniform(10, 590)
        top, left = int(row) - 6, int(column) - 6
        rows, columns = np.mgrid[top : top + 13, left : left + 13]
        spread = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma_px**2))
        colour = np.reshape(LAMPS[random.integers(len(LAMPS))], (3, 1, 1))
        light[:, top : top + 13, left : left + 13] += random.uniform(0.05, 0.8) * colour * spread
    return mosaic(light) + random.normal(0, NOISE, (400, 600))


def binned(samples: NDArray[np.float64]) -> Photo:
    """Cells of an RGGB mosaic, as raw files are read."""
    green = (samples[::2, 1::2] + samples[1::2, ::2]) / 2
    light = np.stack([samples[::2, ::2], green, samples[1::2, 1::2]]).astype(np.float32)
    return Photo(light, (light > 0.95).any(axis=0))


def hot_places(random: np.random.Generator) -> NDArray[np.bool_]:
    hot = np.zeros((400, 600), bool)
    hot[random.integers(0, 400, HOT), random.integers(0, 600, HOT)] = True
    return hot


def cells(hot: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return hot.reshape(200, 2, 300, 2).any(axis=(1, 3))


class TestOneFrame:
    def test_hot_samples_are_found(self) -> None:
        random = np.random.default_rng(1)
        hot = hot_places(random)
        samples = raw_frame(random)
        samples[hot] += random.uniform(0.15, 0.9, int(hot.sum()))  # 75 times a green pixel's noise and more
        found = isolated(binned(samples))
        missed = cells(hot) & ~found
        # Two hot samples in or beside one cell pass for a lamp: 60 in 60,000 cells, about one such pair.
        assert missed.sum() <= 3
        assert not (found & ~cells(hot)).any()

    @pytest.mark.parametrize("sigma_px", [0.7, 1.0, 1.5])
    def test_lamps_are_left(self, sigma_px: float) -> None:
        # 0.7 samples of spread is sharper than a lens on the station behind its window.
        random = np.random.default_rng(2)
        photo = binned(raw_frame(random, lamps=400, sigma_px=sigma_px))
        assert (photo.light.max(axis=0) > 50 * NOISE).sum() > 300
        assert not isolated(photo).any()

    def test_noise_alone_has_none(self) -> None:
        assert not isolated(binned(raw_frame(np.random.default_rng(3)))).any()

    def test_invalid_pixels_are_not_hot(self) -> None:
        photo = binned(raw_frame(np.random.default_rng(4)))
        photo.light[:, 20:22] = np.nan
        photo.light[0, 50, 60] = 0.5
        assert np.argwhere(isolated(photo)).tolist() == [[50, 60]]

    def test_edges_and_corners_count(self) -> None:
        photo = binned(raw_frame(np.random.default_rng(5)))
        photo.light[2, 0, 0] = photo.light[0, 199, 120] = 0.5
        assert np.argwhere(isolated(photo)).tolist() == [[0, 0], [199, 120]]


class TestManyFrames:
    def test_faint_hot_samples_are_found_and_lamps_left(self) -> None:
        random = np.random.default_rng(6)
        hot = hot_places(random)
        height = random.uniform(
            0.012, 0.03, int(hot.sum())
        )  # too faint for one frame: 12 to 30 of red's noise
        frames = []
        for _ in range(8):
            samples = raw_frame(random, lamps=150)
            samples[hot] += height
            frames.append(binned(samples))
        assert not isolated(frames[0])[cells(hot)].any()
        found = persistent(frames)
        # A sample beside another hot one, or under a lamp in two frames of eight, escapes.
        assert (found & cells(hot)).sum() >= 0.9 * cells(hot).sum()
        assert not (found & ~cells(hot)).any()

    def test_two_frames_are_too_few(self) -> None:
        photo = binned(raw_frame(np.random.default_rng(7)))
        with pytest.raises(PhotoError, match="2 frames"):
            persistent([photo, photo])

    def test_frames_of_other_cameras(self) -> None:
        photo = binned(raw_frame(np.random.default_rng(8)))
        other = Photo(photo.light[:, :100], photo.saturated[:100])
        with pytest.raises(PhotoError, match=r"frame 2 is \(100, 300\)"):
            persistent([photo, other, photo])
