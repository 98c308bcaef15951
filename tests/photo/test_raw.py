from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.errors import PhotoError
from pipeline.photo.night import check_night
from pipeline.photo.raw import binned_to_jpeg_px, jpeg_margin_px, jpeg_to_binned_px, read_raw
from pipeline.photo.reader import read_photo
from tests.scenes.dng import ASCII, RATIONAL, SHORT, codes, mosaic, write_dng

PATTERNS = ("RGGB", "GRBG", "GBRG", "BGGR")
SODIUM = (0.60, 0.34, 0.055)
BLACK, WHITE = 600, 16383
RATIO_TOLERANCE = 0.01  # what the pipeline promises for ratios of channels
X_TRANS = "GGRGGBGGBGGRBRGRBGGGBGGRGGRGGBRBGBRG"


def flat(colour: tuple[float, ...], height: int = 136, width: int = 200) -> NDArray[np.float64]:
    return np.broadcast_to(np.reshape(colour, (3, 1, 1)), (3, height, width)).copy()


def spot(
    row: float, column: float, sigma_px: float, height: int = 136, width: int = 200
) -> NDArray[np.float64]:
    """A point light's spread over the sensor, its sum 1, centre between pixels allowed."""
    rows, columns = np.mgrid[:height, :width]
    spread = np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma_px**2))
    return np.asarray(spread / spread.sum())


def save(light: NDArray[np.floating], file: Path, pattern: str = "RGGB", **options: object) -> Path:
    raw = codes(mosaic(light, pattern), BLACK, WHITE)
    return write_dng(file, raw, pattern, black=(BLACK,), white=WHITE, **options)  # type: ignore[arg-type]


class TestLight:
    @pytest.mark.parametrize("pattern", PATTERNS)
    def test_a_patch_keeps_its_colour(self, tmp_path: Path, pattern: str) -> None:
        reading = read_raw(save(flat(SODIUM), tmp_path / "a.dng", pattern))
        assert reading.evidence == "raw"
        assert reading.photo.light.shape == (3, 68, 100)
        assert reading.photo.light.dtype == np.float32
        # A code is 1 / 15783 of white, and rounding half of that.
        np.testing.assert_allclose(reading.photo.light, flat(SODIUM, 68, 100), atol=0.6 / (WHITE - BLACK))

    @pytest.mark.parametrize("pattern", PATTERNS)
    def test_a_smooth_picture_keeps_its_ratios(self, tmp_path: Path, pattern: str) -> None:
        ramp = np.linspace(0.4, 0.9, 200)
        light = read_raw(save(flat(SODIUM) * ramp, tmp_path / "a.dng", pattern)).photo.light
        red, green, blue = light
        # Red and blue are half a sample from the cell's centre, where light is up to 0.3 % different;
        # rounding to codes adds 0.15 % of blue.
        np.testing.assert_allclose(green / red, SODIUM[1] / SODIUM[0], rtol=RATIO_TOLERANCE / 2)
        np.testing.assert_allclose(blue / green, SODIUM[2] / SODIUM[1], rtol=RATIO_TOLERANCE / 2)

    @pytest.mark.parametrize("pattern", PATTERNS)
    @pytest.mark.parametrize("place", [(60.0, 80.0), (61.0, 80.5), (60.3, 81.7)])
    def test_a_point_lights_sum_keeps_its_ratios(
        self, tmp_path: Path, pattern: str, place: tuple[float, float]
    ) -> None:
        # Every second sample of a Gaussian of 1.2 px sums to it within 2 exp(-pi^2 1.2^2 / 2) = 0.2 % along
        # each axis; half of the promised 1 % is left for rounding of the blue's wings to codes.
        light = flat(SODIUM) * 6 * spot(*place, sigma_px=1.2)
        red, green, blue = read_raw(save(light, tmp_path / "a.dng", pattern)).photo.light.sum(axis=(1, 2))
        assert green / red == pytest.approx(SODIUM[1] / SODIUM[0], rel=RATIO_TOLERANCE)
        assert blue / green == pytest.approx(SODIUM[2] / SODIUM[1], rel=RATIO_TOLERANCE)

    def test_dark_noise_averages_to_zero(self, tmp_path: Path) -> None:
        sigma = 20 / (WHITE - BLACK)
        noise = np.random.default_rng(2).normal(0, sigma, (3, 136, 200))
        light = read_raw(save(noise, tmp_path / "a.dng")).photo.light
        assert light.min() < 0
        # 4 sigma of a mean of 6800 pixels.
        assert np.abs(light.mean(axis=(1, 2))).max() < 4 * sigma / 6800**0.5

    def test_each_filter_has_its_black(self, tmp_path: Path) -> None:
        blacks = (600, 620, 640, 660)
        samples = mosaic(flat(SODIUM))
        raw = np.zeros(samples.shape, np.uint16)
        for place, black in enumerate(blacks):
            here = np.s_[place // 2 :: 2, place % 2 :: 2]
            raw[here] = codes(samples[here], black, WHITE)
        light = read_raw(write_dng(tmp_path / "a.dng", raw, black=blacks, white=WHITE)).photo.light
        np.testing.assert_allclose(light, flat(SODIUM, 68, 100), atol=0.6 / (WHITE - 660))

    def test_only_the_active_area_is_read(self, tmp_path: Path) -> None:
        raw = np.full((136, 200), 9999, np.uint16)  # what a masked border must not bring in
        raw[4:132, 6:190] = codes(mosaic(flat(SODIUM, 128, 184)), BLACK, WHITE)
        file = write_dng(tmp_path / "a.dng", raw, black=(BLACK,), white=WHITE, active_area=(4, 6, 132, 190))
        light = read_raw(file).photo.light
        np.testing.assert_allclose(light, flat(SODIUM, 64, 92), atol=0.6 / (WHITE - BLACK))

    def test_an_odd_last_row_and_column_are_left_out(self, tmp_path: Path) -> None:
        light = read_raw(save(flat(SODIUM, 137, 201), tmp_path / "a.dng")).photo.light
        np.testing.assert_allclose(light, flat(SODIUM, 68, 100), atol=0.6 / (WHITE - BLACK))

    def test_a_stored_curve_is_undone_and_said(self, tmp_path: Path) -> None:
        table = np.arange(1024) ** 2 // 64  # square-root codes, as lossy raw files store them
        light = flat(SODIUM)
        stored = np.searchsorted(table, codes(mosaic(light), 0, int(table[-1]))).astype(np.uint16)
        bent = read_raw(
            write_dng(tmp_path / "a.dng", stored, white=int(table[-1]), more={50712: (SHORT, table)})
        )
        # Steps of the table are up to 2 / 1023 of white apart.
        np.testing.assert_allclose(bent.photo.light, flat(SODIUM, 68, 100), atol=2 / 1023)
        assert "stored curve undone" in bent.linearisation
        straight = read_raw(save(light, tmp_path / "b.dng")).linearisation
        assert "curve" not in straight
        assert f"black {BLACK} subtracted, white {WHITE}" in straight


class TestSaturation:
    @pytest.mark.parametrize("place", range(4))
    def test_one_sample_of_a_cell_is_enough(self, tmp_path: Path, place: int) -> None:
        samples = mosaic(flat(SODIUM))
        row, column = divmod(place, 2)
        samples[20 + row, 30 + column] = 0.9501
        samples[40 + row, 50 + column] = 0.9499
        file = write_dng(tmp_path / "a.dng", codes(samples, BLACK, WHITE), black=(BLACK,), white=WHITE)
        saturated = read_raw(file).photo.saturated
        assert saturated[10, 15]
        assert saturated.sum() == 1

    def test_light_never_exceeds_white(self, tmp_path: Path) -> None:
        raw = np.full((136, 200), 4000, np.uint16)
        raw[20, 30] = 16383
        photo = read_raw(write_dng(tmp_path / "a.dng", raw, white=15892)).photo
        assert photo.light.max() == 1
        assert photo.saturated.sum() == 1

    def test_nikons_channels_stop_below_white(self, tmp_path: Path) -> None:
        # A D7000's green stops at 15778 of 16383, a D600's blue at 15395: 94 % of white.
        raw = np.full((136, 200), 4000, np.uint16)
        raw[20, 30] = 15395
        file = write_dng(tmp_path / "a.dng", raw, white=WHITE, camera="NIKON D3S", maker="NIKON CORPORATION")
        assert read_raw(file).photo.saturated[10, 15]


class TestPlaces:
    def test_there_and_back(self) -> None:
        for margin in ((6.0, 6.0), (16.0, 8.0)):
            place = jpeg_to_binned_px(123.25, 47.5, margin)
            assert binned_to_jpeg_px(*place, margin) == (123.25, 47.5)

    def test_by_hand(self) -> None:
        # The JPEG's first pixel is raw pixel 6, the first of cell 3, whose centre is raw 6.5.
        assert jpeg_to_binned_px(0.0, 0.0) == (2.75, 2.75)
        assert binned_to_jpeg_px(3.0, 3.0) == (0.5, 0.5)

    def test_margins_of_a_jpeg_cut_from_the_middle(self) -> None:
        # Nikon D4: 4940 x 3292 samples, JPEG of 4928 x 3280.
        assert jpeg_margin_px((4940, 3292), (4928, 3280)) == (6, 6)

    def test_a_light_drawn_in_the_jpeg_lies_where_it_says(self, tmp_path: Path) -> None:
        column, row = 90.3, 41.8  # in the JPEG: the raw frame less 6 pixels
        light = flat((0.8, 0.8, 0.8)) * 6 * spot(row + 6, column + 6, sigma_px=2)
        binned = read_raw(save(light, tmp_path / "a.dng")).photo.light.sum(axis=0)
        rows, columns = np.mgrid[: binned.shape[0], : binned.shape[1]]
        centroid = (columns * binned).sum() / binned.sum(), (rows * binned).sum() / binned.sum()
        # Red and blue lie to opposite sides of the cell's centre, so that their sum does not; 0.02 px is what
        # rounding to codes leaves.
        assert centroid == pytest.approx(jpeg_to_binned_px(column, row), abs=0.02)


class TestFacts:
    def test_exif(self, tmp_path: Path) -> None:
        exif = {
            36867: (ASCII, "2012:12:08 20:15:30"),
            33434: (RATIONAL, [0.125]),
            33437: (RATIONAL, [2.8]),
            34855: (SHORT, [3200]),
            37386: (RATIONAL, [180]),
        }
        facts = read_raw(save(flat(SODIUM), tmp_path / "a.dng", camera="NIKON D3S", exif=exif)).exif
        assert facts.camera == "NIKON D3S"
        assert facts.taken_at == datetime(2012, 12, 8, 20, 15, 30, tzinfo=UTC)
        assert (facts.exposure_s, facts.aperture, facts.iso) == (0.125, 2.8, 3200)
        assert facts.focal_length_mm == 180

    def test_none_is_no_error(self, tmp_path: Path) -> None:
        facts = read_raw(save(flat(SODIUM), tmp_path / "a.dng")).exif
        assert facts.model_dump(exclude_unset=True) == {"camera": "Box 1"}

    @pytest.mark.parametrize("name", ["a.dng", "a.DNG", "a.nef", "a.NEF"])
    def test_the_reader_hands_raw_files_on(self, tmp_path: Path, name: str) -> None:
        light = flat((0.001, 0.001, 0.001)) + flat(SODIUM) * 60 * spot(60, 80, sigma_px=3)
        reading = read_photo(save(light, tmp_path / name))
        assert reading.evidence == "raw"
        check_night(reading.photo, name)


class TestRefusal:
    @pytest.mark.parametrize("share", [0.005, 0.5, 0.999])
    def test_cut_short(self, tmp_path: Path, share: float) -> None:
        file = save(flat(SODIUM), tmp_path / "a.dng")
        file.write_bytes(file.read_bytes()[: int(share * file.stat().st_size)])
        with pytest.raises(PhotoError, match=r"a\.dng: is damaged or cut short"):
            read_raw(file)

    def test_not_a_raw_file(self, tmp_path: Path) -> None:
        file = tmp_path / "a.nef"
        file.write_bytes(b"a letter, not a photograph. " * 1000)
        with pytest.raises(PhotoError, match="is not a camera raw file"):
            read_raw(file)

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(PhotoError, match="no such file"):
            read_raw(tmp_path / "a.nef")

    def test_mixed_colours(self, tmp_path: Path) -> None:
        raw = np.moveaxis(codes(flat(SODIUM), 0, WHITE), 0, -1).copy()
        with pytest.raises(PhotoError, match=r"small NEF or a linear DNG.*full-size"):
            read_raw(write_dng(tmp_path / "a.dng", raw, white=WHITE))

    @pytest.mark.parametrize("pattern", [X_TRANS, "GGGG"])
    def test_another_mosaic(self, tmp_path: Path, pattern: str) -> None:
        raw = np.full((136, 200), 4000, np.uint16)
        with pytest.raises(PhotoError, match="no 2 x 2 mosaic"):
            read_raw(write_dng(tmp_path / "a.dng", raw, pattern, white=WHITE))

    def test_black_above_white(self, tmp_path: Path) -> None:
        raw = np.full((136, 200), 4000, np.uint16)
        with pytest.raises(PhotoError, match="black level 5000 is not below its white level 4095"):
            read_raw(write_dng(tmp_path / "a.dng", raw, black=(5000,), white=4095))

    def test_too_small(self, tmp_path: Path) -> None:
        with pytest.raises(PhotoError, match="60 x 60 pixels"):
            read_raw(save(flat(SODIUM, 120, 120), tmp_path / "a.dng"))
