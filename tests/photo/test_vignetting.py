from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ConfigError, PhotoError
from pipeline.photo.photo import Photo
from pipeline.photo.tiff import write_photo
from pipeline.photo.vignetting import (
    NONE,
    Vignetting,
    corrected,
    learn,
    main,
    radius,
    read_vignetting,
    write_vignetting,
)

LENS = Vignetting(((-0.35, -0.20), (-0.40, -0.15), (-0.50, -0.05)))
NOISE = 0.002


def frame(
    seed: int, background: float = 0.01, lens: Vignetting = LENS, height: int = 240, width: int = 360
) -> Photo:
    """Ground in moonlight that brightens to one side, with cities on it, through a lens."""
    random = np.random.default_rng(seed)
    slope = 1 + random.uniform(-0.4, 0.4) * np.linspace(-1, 1, width)
    light = np.full((3, height, width), background) * slope
    for _ in range(12):
        row, column = random.integers(8, height - 8), random.integers(8, width - 8)
        size = random.integers(2, 8)
        light[:, row - size : row + size, column - size : column + size] += random.exponential(0.3)
    seen = light * lens.falloff(radius(height, width)) + random.normal(0, NOISE, light.shape)
    return Photo(seen.astype(np.float32), (seen > 0.95).any(axis=0))


class TestFalloff:
    def test_by_hand(self) -> None:
        # A frame of 3 x 4 pixels: half its diagonal is 2.5, its corner pixels are at hypot(1, 1.5) = 1.803.
        away = radius(3, 4)
        assert away[0, 0] == away[-1, -1] == pytest.approx(1.802776 / 2.5)
        assert away[1, 1] == pytest.approx(0.5 / 2.5)
        assert LENS.falloff(np.array([0.0, 0.5, 1.0]))[0] == pytest.approx([1, 1 - 0.0875 - 0.0125, 0.45])

    def test_correction_undoes_it(self) -> None:
        flat = np.full((3, 60, 90), 0.3, np.float32)
        seen = Photo(flat * LENS.falloff(radius(60, 90)), np.zeros((60, 90), bool))
        np.testing.assert_allclose(corrected(seen, LENS).light, flat, rtol=1e-6)  # float32

    def test_without_a_model_nothing_changes(self) -> None:
        photo = frame(0)
        before = photo.light.copy()
        assert np.array_equal(corrected(photo, NONE).light, before)

    def test_what_is_saturated_stays_so_and_invalid_too(self) -> None:
        photo = frame(0)
        photo.light[:, 3, 3] = np.nan
        saturated, valid = photo.saturated.copy(), photo.valid
        after = corrected(photo, LENS)
        np.testing.assert_array_equal(after.saturated, saturated)
        np.testing.assert_array_equal(after.valid, valid)


@pytest.fixture(scope="module")
def learnt() -> Vignetting:
    return learn(frame(seed) for seed in range(20))


class TestLearning:
    def test_a_known_lens_is_found(self, learnt: Vignetting) -> None:
        away = np.linspace(0, 1, 11)
        found, true = learnt.falloff(away), LENS.falloff(away)
        # Noise of a ring is 0.5 % of its background, slopes of the ground leave as much: 20 frames make that
        # 0.2 %. The corner is extrapolated from the middle of the last ring.
        np.testing.assert_allclose(found[:, :8], true[:, :8], rtol=0.005)
        np.testing.assert_allclose(found[:, 8:], true[:, 8:], rtol=0.015)
        assert learnt.frames == 20

    def test_its_colour_is_found(self, learnt: Vignetting) -> None:
        red, green, _ = learnt.falloff(np.array(0.8)) / LENS.falloff(np.array(0.8))
        assert green / red == pytest.approx(1, abs=0.01)  # what is promised for ratios of channels

    def test_a_perfect_lens_is_left_alone(self) -> None:
        model = learn(frame(seed, lens=NONE) for seed in range(8))
        np.testing.assert_allclose(model.falloff(np.linspace(0, 1, 11)), 1, atol=0.01)  # as above

    def test_clouds_in_the_corners_of_some_frames(self) -> None:
        frames = [frame(seed, background=0.01 * 1.35**seed) for seed in range(7)]
        outside = radius(240, 360) > 0.7
        for cloudy in frames[:2]:
            cloudy.light[:, outside] *= 3
        found = learn(frames).falloff(np.linspace(0, 1, 11))
        # Of seven frames, two that are 200 % off; noise as above, of fewer frames.
        np.testing.assert_allclose(found, LENS.falloff(np.linspace(0, 1, 11)), rtol=0.02)

    def test_dark_frames_cannot_tell(self) -> None:
        with pytest.raises(PhotoError, match="0 of 6 frames have a background"):
            learn(frame(seed, background=0.0) for seed in range(6))

    def test_too_few_frames(self) -> None:
        with pytest.raises(PhotoError, match="at least 5"):
            learn(frame(seed) for seed in range(4))
        with pytest.raises(PhotoError, match="0 of 0"):
            learn([])

    def test_frames_of_other_cameras(self) -> None:
        with pytest.raises(PhotoError, match=r"frame 2 is \(200, 360\)"):
            learn([frame(0), frame(1, height=200)])

    def test_what_is_no_lens(self) -> None:
        brighter_outside = Vignetting(((0.5, 0.5), (0.5, 0.5), (0.5, 0.5)))
        with pytest.raises(PhotoError, match="do not show a lens's falloff"):
            learn(frame(seed, lens=brighter_outside) for seed in range(6))


def test_descriptions() -> None:
    assert NONE.describe() == "not corrected"
    assert replace(LENS, frames=12).describe() == (
        "corrected; the corner gets 0.45/0.45/0.45 of the middle's red/green/blue, learnt from 12 frames"
    )


class TestFile:
    def test_what_was_written_is_read(self, tmp_path: Path) -> None:
        model = replace(LENS, frames=12)
        write_vignetting(model, tmp_path / "lens.yaml")
        assert read_vignetting(tmp_path / "lens.yaml") == model

    def test_one_may_be_written_by_hand(self, tmp_path: Path) -> None:
        file = tmp_path / "lens.yaml"
        file.write_text("red: [-0.3, 0]\ngreen: [-0.3, 0.0]\nblue: [-0.4, 0.1]\n")
        assert read_vignetting(file) == Vignetting(((-0.3, 0.0), (-0.3, 0.0), (-0.4, 0.1)))

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("red: [-0.3, 0]\ngreen: [-0.3, 0]", "blue: must be two numbers"),
            ("red: [-0.3]\ngreen: [-0.3, 0]\nblue: [0, 0]", "red: must be two numbers"),
            ("red: [.nan, 0]\ngreen: [-0.3, 0]\nblue: [0, 0]", "red: must be two numbers"),
            ("red: [0, 0]\ngreen: [0, 0]\nblue: [0, 0]\nyellow: 3", "yellow: unknown key; known are red"),
            ("red: [0, 0]\ngreen: [0, 0]\nblue: [0, 0]\nframes: many", "frames = 'many': must be how many"),
            ("red: [2, 0]\ngreen: [0, 0]\nblue: [0, 0]", "no lens passes 1.00 to 3.00 of the middle's"),
        ],
    )
    def test_mistakes_are_named(self, tmp_path: Path, text: str, reason: str) -> None:
        file = tmp_path / "lens.yaml"
        file.write_text(text)
        with pytest.raises(ConfigError, match=reason) as caught:
            read_vignetting(file)
        assert str(caught.value).startswith(f"{file}: ")

    def test_the_command_learns_it_from_files(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        frames = [tmp_path / f"{seed}.tif" for seed in range(6)]
        for seed, file in enumerate(frames):
            light = frame(seed).light.clip(0, 1)
            write_photo(Photo(light, np.zeros(light.shape[1:], bool)), file)
        main([str(tmp_path / "lens.yaml"), *map(str, frames)])
        seen = read_vignetting(tmp_path / "lens.yaml")
        assert seen.frames == 6
        # Corners by six frames: the same tolerance as that of a learnt model's own test.
        assert seen.falloff(np.ones(1))[:, 0] == pytest.approx(LENS.falloff(np.ones(1))[:, 0], abs=0.05)
        assert "learnt from 6 frames" in capsys.readouterr().out

    def test_the_command_explains_itself_and_what_fails(self, tmp_path: Path) -> None:
        with pytest.raises(SystemExit, match="usage"):
            main([])
        with pytest.raises(SystemExit, match=r"^error: .*no\.jpg"):
            main([str(tmp_path / "lens.yaml"), str(tmp_path / "no.jpg")])
