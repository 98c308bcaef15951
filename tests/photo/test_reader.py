import base64
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import rasterio
from PIL import ExifTags, Image, ImageCms, PngImagePlugin

from pipeline.errors import PhotoError
from pipeline.photo.header import read_header
from pipeline.photo.night import check_night
from pipeline.photo.photo import Photo
from pipeline.photo.reader import read_photo, srgb_to_linear
from pipeline.photo.reading import check_memory
from pipeline.photo.storage_errors import TIFF
from tests.scenes.dng import write_dng
from tests.scenes.frames import simulated
from tests.scenes.pictures import night_codes, red_green_swapped, save_jpeg

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


def save_tiff(values: np.ndarray, file: Path, **options: object) -> Path:
    """Bands (count, height, width) as a TIFF."""
    count, height, width = values.shape
    options = {"driver": "GTiff"} | options
    with rasterio.open(
        file, "w", count=count, height=height, width=width, dtype=values.dtype, **options
    ) as target:
        target.write(values)
    return file


class TestLight:
    def test_srgb_curve_against_its_standard(self) -> None:
        # IEC 61966-2-1: end points exact, both branches meet at 0.04045; mid grey 0.5 -> 0.2140.
        code = np.array([0.0, 0.04045, 0.5, 1.0])
        assert srgb_to_linear(code) == pytest.approx([0.0, 0.0031308, 0.2140411, 1.0], abs=1e-6)

    def test_8_and_16_bit_tiffs_agree(self, tmp_path: Path) -> None:
        codes = np.moveaxis(night_codes(), -1, 0)
        eight = read_photo(save_tiff(codes, tmp_path / "8.tif")).photo
        sixteen = read_photo(save_tiff(codes.astype(np.uint16) * 257, tmp_path / "16.tif")).photo
        # 257 maps 255 to 65535 exactly, so the codes are the same numbers: only float32 rounding is left.
        np.testing.assert_allclose(eight.light, sixteen.light, rtol=1e-6)
        np.testing.assert_array_equal(eight.saturated, sixteen.saturated)

    def test_a_jpeg_is_its_tiff_within_compression(self, tmp_path: Path) -> None:
        codes = night_codes()
        jpeg = read_photo(save_jpeg(codes, tmp_path / "a.jpg")).photo.light
        tiff = read_photo(save_tiff(np.moveaxis(codes, -1, 0), tmp_path / "a.tif")).photo.light
        # Quality 95 without chroma subsampling moves codes by about one step.
        assert np.median(np.abs(jpeg - tiff)) < 1 / 255

    def test_floating_point_is_linear_already(self, tmp_path: Path) -> None:
        light = srgb_to_linear(np.moveaxis(night_codes(), -1, 0) / 255)
        light[:, 5, 7] = np.nan
        reading = read_photo(save_tiff(light, tmp_path / "f.tiff"))
        np.testing.assert_array_equal(reading.photo.light, light)
        assert not reading.photo.valid[5, 7]
        assert reading.photo.valid.sum() == light[0].size - 1
        assert "already linear" in reading.linearisation

    def test_an_alpha_band_marks_invalid_pixels(self, tmp_path: Path) -> None:
        codes = np.moveaxis(night_codes(), -1, 0)
        alpha = np.full((1, *codes.shape[1:]), 255, np.uint8)
        alpha[0, :, :10] = 0
        file = save_tiff(np.concatenate([codes, alpha]), tmp_path / "a.tif", photometric="rgb", alpha="yes")
        valid = read_photo(file).photo.valid
        assert not valid[:, :10].any()
        assert valid[:, 10:].all()

    def test_saturation_is_95_percent_of_the_code(self, tmp_path: Path) -> None:
        codes = np.moveaxis(night_codes(), -1, 0)
        codes[:, 3, 3], codes[:, 4, 4] = (242, 10, 10), (243, 10, 10)  # 0.95 x 255 = 242.25
        saturated = read_photo(save_tiff(codes, tmp_path / "a.tif")).photo.saturated
        assert not saturated[3, 3]
        assert saturated[4, 4]

    def test_a_black_frame_is_invalid_but_a_dark_night_is_not(self, tmp_path: Path) -> None:
        codes = np.moveaxis(night_codes(), -1, 0)
        codes[:, :6] = 0
        codes[:, :, -4:] = 0
        codes[:, 60] = 0  # inside the picture: not a frame
        valid = read_photo(save_tiff(codes, tmp_path / "a.tif")).photo.valid
        assert not valid[:6].any()
        assert not valid[:, -4:].any()
        assert valid[6:, :-4].all()

    def test_orientation_leaves_pixels_where_the_file_stores_them(self, tmp_path: Path) -> None:
        codes = night_codes()
        exif = Image.Exif()
        exif[274] = 6  # rotate by 90 degrees to view
        turned = read_photo(save_jpeg(codes, tmp_path / "turned.jpg", exif=exif)).photo.light
        plain = read_photo(save_jpeg(codes, tmp_path / "plain.jpg")).photo.light
        np.testing.assert_array_equal(turned, plain)


class TestProfile:
    def test_an_srgb_profile_changes_nothing(self, tmp_path: Path) -> None:
        profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        codes = night_codes()
        with_it = read_photo(save_jpeg(codes, tmp_path / "a.jpg", icc_profile=profile))
        without = read_photo(save_jpeg(codes, tmp_path / "b.jpg"))
        assert with_it.linearisation == without.linearisation == "sRGB curve"
        np.testing.assert_array_equal(with_it.photo.light, without.photo.light)

    def test_another_profile_is_converted_and_said(self, tmp_path: Path) -> None:
        codes = night_codes()
        swapped = red_green_swapped()
        reading = read_photo(save_jpeg(codes, tmp_path / "a.jpg", icc_profile=swapped))
        plain = read_photo(save_jpeg(codes, tmp_path / "b.jpg")).photo.light
        assert "to sRGB" in reading.linearisation
        # A profile whose red and green primaries are exchanged must exchange the channels. Lights only: the
        # 8-bit conversion rounds dark codes; 0.03 of light is 4 codes at the lights' 200.
        lit = plain[0] > 0.4
        assert lit.sum() > 50
        np.testing.assert_allclose(reading.photo.light[1][lit], plain[0][lit], atol=0.03)
        np.testing.assert_allclose(reading.photo.light[0][lit], plain[1][lit], atol=0.03)

    def test_16_bits_in_another_profile_are_refused(self, tmp_path: Path) -> None:
        values = np.moveaxis(night_codes(), -1, 0).astype(np.uint16) * 257
        file = save_tiff(values, tmp_path / "a.tif", photometric="rgb")
        with rasterio.open(file, "r+") as target:
            target.update_tags(
                ns="COLOR_PROFILE", SOURCE_ICC_PROFILE=base64.b64encode(red_green_swapped()).decode()
            )
        with pytest.raises(PhotoError, match="save it as sRGB"):
            read_photo(file)

    def test_a_broken_profile_is_one_error(self, tmp_path: Path) -> None:
        file = save_jpeg(night_codes(), tmp_path / "a.jpg", icc_profile=b"nonsense" * 40)
        with pytest.raises(PhotoError, match="colour profile"):
            read_photo(file)


class TestRefusals:
    @pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
    def test_truncated_jpeg(self, tmp_path: Path, keep: float) -> None:
        file = save_jpeg(night_codes(640, 480), tmp_path / "a.jpg")
        content = file.read_bytes()
        file.write_bytes(content[: int(len(content) * keep)])
        with pytest.raises(PhotoError, match=r"a\.jpg: is damaged or cut short"):
            read_photo(file)

    @pytest.mark.parametrize("compress", ["none", "deflate"])
    def test_truncated_tiff(self, tmp_path: Path, compress: str) -> None:
        file = save_tiff(np.moveaxis(night_codes(640, 480), -1, 0), tmp_path / "a.tif", compress=compress)
        content = file.read_bytes()
        file.write_bytes(content[: len(content) // 2])
        with pytest.raises(PhotoError, match=r"a\.tif: is damaged or cut short"):
            read_photo(file)

    def test_missing(self, tmp_path: Path) -> None:
        with pytest.raises(PhotoError, match=r"a\.jpg: no such file"):
            read_photo(tmp_path / "a.jpg")

    def test_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").mkdir()
        with pytest.raises(PhotoError, match=r"a\.jpg: is a directory"):
            read_photo(tmp_path / "a.jpg")

    @pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\xff\xd8\xff\xe0 only a start"])
    def test_not_a_picture(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "a.jpg").write_bytes(content)
        with pytest.raises(PhotoError, match=r"a\.jpg: is (not a picture|damaged)"):
            read_photo(tmp_path / "a.jpg")

    def test_a_raw_file(self, tmp_path: Path) -> None:
        # A CR2 starts like a TIFF, whose first picture is a thumbnail: the name decides.
        save_tiff(np.moveaxis(night_codes(), -1, 0), tmp_path / "a.tif").rename(tmp_path / "a.cr2")
        with pytest.raises(PhotoError, match="convert it"):
            read_photo(tmp_path / "a.cr2")

    @pytest.mark.parametrize(("width", "height"), [(1, 1), (63, 400), (400, 63)])
    def test_too_small(self, tmp_path: Path, width: int, height: int) -> None:
        file = save_jpeg(np.zeros((height, width, 3), np.uint8), tmp_path / "a.jpg")
        with pytest.raises(PhotoError, match="at least 64 x 64"):
            read_photo(file)

    def test_a_decompression_bomb_is_refused_before_decoding(self, tmp_path: Path) -> None:
        # The header claims 60000 x 60000 pixels; decoding would take 10 GB.
        content = bytearray(save_jpeg(night_codes(), tmp_path / "a.jpg").read_bytes())
        start = content.index(b"\xff\xc0") + 5
        content[start : start + 4] = (60000).to_bytes(2, "big") * 2
        (tmp_path / "a.jpg").write_bytes(content)
        with pytest.raises(PhotoError, match="100 million"):
            read_photo(tmp_path / "a.jpg")

    @pytest.mark.parametrize("name", ["a.jpg", "a.tif", "a.dng"])
    def test_what_does_not_fit_into_memory_is_refused_before_decoding(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        codes, free = night_codes(320, 240), SimpleNamespace(available=1_000_000)
        save_jpeg(codes, tmp_path / "a.jpg")
        save_tiff(np.moveaxis(codes, -1, 0), tmp_path / "a.tif")
        write_dng(tmp_path / "a.dng", codes[..., 0].astype(np.uint16), white=255)
        read_photo(tmp_path / name)
        monkeypatch.setattr("pipeline.photo.reading.psutil.virtual_memory", lambda: free)
        for decoding in ("PIL.ImageFile.ImageFile.load", "pipeline.photo.reader._photo"):
            monkeypatch.setattr(decoding, lambda *_: pytest.fail("is decoded"))
        monkeypatch.setattr("pipeline.photo.raw._binned", lambda *_: pytest.fail("is decoded"))
        with pytest.raises(PhotoError) as caught:
            read_photo(tmp_path / name)
        # The DNG's frame is binned to a quarter of the pixels, which take four times as much each.
        size = "160 x 120" if name == "a.dng" else "320 x 240"
        assert str(caught.value).startswith(f"{tmp_path / name}: is {size} pixels, which need 0.001")
        assert "and 0.001 GB are free; end other programs, run fewer steps at once" in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_what_just_fits_is_taken(self) -> None:
        check_memory(Path("a.jpg"), 4000, 3000, 20, 20 * 4000 * 3000)
        with pytest.raises(PhotoError) as caught:
            check_memory(Path("a.jpg"), 4000, 3000, 20, 20 * 4000 * 3000 // 2)
        assert str(caught.value) == (
            "a.jpg: is 4000 x 3000 pixels, which need 0.24 GB of memory, and 0.12 GB are free; end other "
            "programs, run fewer steps at once (snakemake --cores 1), or reduce it to 6 million pixels"
        )

    def test_grey(self, tmp_path: Path) -> None:
        grey = night_codes()[..., 0]
        Image.fromarray(grey).save(tmp_path / "one.jpg")
        Image.fromarray(np.stack([grey] * 3, -1)).save(tmp_path / "three.jpg")
        save_tiff(grey[None], tmp_path / "one.tif")
        for name in ("one.jpg", "three.jpg", "one.tif"):
            with pytest.raises(PhotoError, match="not a colour picture"):
                read_photo(tmp_path / name)

    def test_floating_point_beyond_white(self, tmp_path: Path) -> None:
        file = save_tiff(np.moveaxis(night_codes(), -1, 0).astype(np.float32), tmp_path / "a.tif")
        with pytest.raises(PhotoError, match="must not exceed 1"):
            read_photo(file)

    def test_every_message_is_one_line(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(save_jpeg(night_codes(), tmp_path / "b.jpg").read_bytes()[:900])
        with pytest.raises(PhotoError) as caught:
            read_photo(tmp_path / "a.jpg")
        assert "\n" not in str(caught.value)


class TestNight:
    def test_daylight(self, tmp_path: Path) -> None:
        day = np.random.default_rng(1).integers(60, 200, (120, 160, 3)).astype(np.uint8)
        with pytest.raises(PhotoError, match="too bright for a night photograph"):
            check_night(read_photo(save_jpeg(day, tmp_path / "a.jpg")).photo, "a.jpg")

    @pytest.mark.parametrize("noise", [0, 2, 12])
    def test_all_black(self, tmp_path: Path, noise: int) -> None:
        random = np.random.default_rng(2)
        black = np.clip(random.normal(2 * noise, noise, (480, 640, 3)), 0, 255).astype(np.uint8)
        with pytest.raises(PhotoError, match="is all black"):
            check_night(read_photo(save_jpeg(black, tmp_path / "a.jpg")).photo, "a.jpg")

    def test_a_few_lights_suffice(self, tmp_path: Path) -> None:
        check_night(read_photo(save_jpeg(night_codes(), tmp_path / "a.jpg")).photo, "a.jpg")

    FILLED_BY_A_CITY = ("scene-115.jpg",)
    CLIPPED_SEA = ("ISS030-E-188140.jpg",)

    def passes_with_margin(self, photo: Photo, name: str) -> None:
        check_night(photo, name)
        # A factor of four and more on either side of the limits 0.08 and 0.005; 1.5 where a city fills the
        # frame of a long lens.
        brightest = photo.light[:, photo.valid].max(axis=0)
        assert np.median(brightest) < 0.08 / (1.5 if name in self.FILLED_BY_A_CITY else 4), name
        assert np.percentile(brightest, 99.99) > 0.005 * 100, name
        # A dark sea is clipped to zero in places; it must not be taken for a frame. Off Sapporo it is: a
        # strip of it along the left edge, 5 % of the photo.
        assert photo.valid.mean() > (0.94 if name in self.CLIPPED_SEA else 0.99), name

    def test_a_simulated_frame_passes_with_margin(self) -> None:
        self.passes_with_margin(simulated()[0], "simulated")

    def test_real_photos_and_scenes_pass_with_margin(self, shared: Path) -> None:
        files = sorted([*shared.glob("photos/*.jpg"), *shared.glob("scenes/*.jpg")])
        assert len(files) >= 7
        for file in files:
            self.passes_with_margin(read_photo(file).photo, file.name)


class TestPng:
    """A PNG is read as a TIFF of the same codes is."""

    @pytest.mark.parametrize("alpha", [False, True])
    @pytest.mark.parametrize("kind", [np.uint8, np.uint16])
    def test_it_is_its_tiff(self, tmp_path: Path, kind: type, alpha: bool) -> None:
        codes = np.moveaxis(night_codes(), -1, 0).astype(kind) * (1 if kind is np.uint8 else 257)
        codes[:, 5, 5] += kind is np.uint16  # what 8 bits would lose
        if alpha:
            hiding = np.full((1, *codes.shape[1:]), np.iinfo(kind).max, kind)
            hiding[0, :, :10] = 0
            codes = np.concatenate([codes, hiding])
        options = {"photometric": "rgb"} | ({"alpha": "yes"} if alpha else {})
        tiff = read_photo(save_tiff(codes, tmp_path / "a.tif", **options))
        png = read_photo(save_tiff(codes, tmp_path / "a.png", driver="PNG"))
        np.testing.assert_array_equal(png.photo.light, tiff.photo.light)
        np.testing.assert_array_equal(png.photo.saturated, tiff.photo.saturated)
        assert png.photo.valid[:, :10].any() != alpha
        assert (png.linearisation, png.errors, png.evidence) == ("sRGB curve", TIFF, "jpeg")

    def test_exif_before_and_behind_the_pixels(self, tmp_path: Path) -> None:
        exif = Image.Exif()
        exif[ExifTags.Base.Model] = "NIKON D3S"
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.FocalLength] = 85.0
        file = tmp_path / "a.png"
        Image.fromarray(night_codes()).save(file, exif=exif)
        data = file.read_bytes()
        start = data.index(b"eXIf") - 4
        end = start + 12 + int.from_bytes(data[start : start + 4])
        behind = data[:start] + data[end : data.index(b"IEND") - 4] + data[start:end] + data[-12:]
        for written in (data, behind):
            file.write_bytes(written)
            facts = read_photo(file).exif
            assert (facts.camera, facts.focal_length_mm) == ("NIKON D3S", 85)
            assert read_header(file) == (160, facts)

    @pytest.mark.parametrize(
        ("value", "read"), [(45455, True), (45000, True), (100000, False), (55556, False)]
    )
    def test_a_gamma_that_is_not_that_of_srgb(self, tmp_path: Path, value: int, read: bool) -> None:
        info = PngImagePlugin.PngInfo()
        info.add(b"gAMA", value.to_bytes(4))
        Image.fromarray(night_codes()).save(tmp_path / "a.png", pnginfo=info)
        if read:
            assert read_photo(tmp_path / "a.png").linearisation == "sRGB curve"
        else:
            with pytest.raises(PhotoError, match=r"a\.png: states a gamma of .*; save it as sRGB$"):
                read_photo(tmp_path / "a.png")

    def test_a_profile_is_used(self, tmp_path: Path) -> None:
        codes = night_codes()
        Image.fromarray(codes).save(tmp_path / "a.png", icc_profile=red_green_swapped())
        Image.fromarray(codes).save(tmp_path / "plain.png")
        swapped, plain = (read_photo(tmp_path / name).photo.light for name in ("a.png", "plain.png"))
        lamp = plain[0] > 0.3
        assert swapped[1][lamp].mean() > swapped[0][lamp].mean()

    @pytest.mark.parametrize("mode", ["L", "LA", "I;16", "P", "1"])
    def test_without_colour_or_with_a_palette(self, tmp_path: Path, mode: str) -> None:
        grey = Image.fromarray(night_codes()).convert("L")
        Image.fromarray(night_codes()).quantize(64).save(tmp_path / "a.png")
        if mode != "P":
            grey.convert(mode).save(tmp_path / "a.png")
        with pytest.raises(PhotoError, match=r"a\.png: (is not a colour picture|its colours are those of a)"):
            read_photo(tmp_path / "a.png")

    def test_a_broken_one(self, tmp_path: Path) -> None:
        file = tmp_path / "a.png"
        Image.fromarray(night_codes()).save(file)
        data = file.read_bytes()
        for kept in (20, 60, len(data) // 2, len(data) - 24, len(data) - 1):
            file.write_bytes(data[:kept])
            with pytest.raises(PhotoError, match=r"a\.png: is damaged or cut short .*; fetch or copy it"):
                read_photo(file)


@pytest.mark.parametrize(
    ("name", "way"),
    [
        (
            "a.heic",
            "export it as PNG or TIFF from a program that shows it, or with `heif-convert a.heic a.pn",
        ),
        ("a.CR2", "convert it to DNG, for example with Adobe's DNG Converter"),
        ("a.webp", "export it as PNG or TIFF, or ask for the original JPEG"),
        ("a.txt", "convert it to PNG or TIFF"),
    ],
)
def test_other_kinds_say_how_to_convert_them(tmp_path: Path, name: str, way: str) -> None:
    with pytest.raises(PhotoError, match=rf"{name}: is not a photo by its name, .*; {re.escape(way)}"):
        read_photo(tmp_path / name)


def test_a_heic_that_is_called_a_jpeg(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    with pytest.raises(PhotoError, match=r"a\.jpg: is a HEIC or AVIF picture; export it as PNG or TIFF"):
        read_photo(tmp_path / "a.jpg")
    assert read_header(tmp_path / "a.jpg") is None
