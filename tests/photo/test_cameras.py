from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rawpy
import yaml
from numpy.typing import NDArray

from pipeline.config import load_city
from pipeline.errors import ConfigError
from pipeline.models import D65_XYZ, CameraRow
from pipeline.photo.cameras import (
    DAYLIGHT_B_G,
    DAYLIGHT_G_R,
    ab_factors,
    camera_named,
    checked_camera,
    read_cameras,
)
from pipeline.photo.exif import sensor_width_mm
from tests.scenes.dng import write_dng

NIKON_5100 = np.array([[0.8198, -0.2239, -0.0724], [-0.4871, 1.2389, 0.2798], [-0.1043, 0.2050, 0.7181]])
OWN = {
    "sensor_width_mm": 35.9,
    "image_width_px": 5568,
    "image_height_px": 3712,
    "xyz_to_camera": [[0.9028, -0.3423, -0.1035], [-0.6321, 1.4265, 0.2217], [-0.1013, 0.1683, 0.6928]],
    "source": "LibRaw",
}


def sampled(distribution: Any, nm: NDArray[np.float64]) -> NDArray[np.float64]:
    """A distribution of `colour-science` at these wavelengths, zero beyond its own."""
    values = np.asarray(distribution.values, float).T
    return np.stack(
        [np.interp(nm, distribution.wavelengths, v, 0, 0) for v in np.atleast_2d(values)], axis=-1
    ).squeeze()


@pytest.fixture(scope="module")
def cameras(repository: Path) -> dict[str, CameraRow]:
    return read_cameras(repository / "data" / "cameras.csv")


class TestTable:
    def test_matrices_are_those_of_libraw(self, cameras: dict[str, CameraRow], tmp_path: Path) -> None:
        raw = np.full((136, 200), 4000, np.uint16)
        for name, camera in cameras.items():
            file = write_dng(tmp_path / "a.dng", raw, camera=f"NIKON {name}", maker="NIKON CORPORATION")
            with rawpy.imread(str(file)) as opened:
                # LibRaw keeps four digits as 32-bit floats.
                np.testing.assert_allclose(
                    opened.rgb_xyz_matrix[:3], np.array(camera.xyz_to_camera), atol=1e-6, err_msg=name
                )

    def test_widths_are_those_used_for_focal_lengths(self, cameras: dict[str, CameraRow]) -> None:
        for name, camera in cameras.items():
            assert camera.sensor_width_mm == sensor_width_mm(name), name

    def test_pixels_are_those_published(self, cameras: dict[str, CameraRow]) -> None:
        # The D3's 8.45 um is published; widths are given to 0.1 mm, which is 0.3 %.
        assert cameras["D3"].pixel_um == pytest.approx(8.45, rel=0.003)

    @pytest.mark.parametrize(
        ("name", "known"),
        [
            ("NIKON D3S", "D3S"),
            ("nikon corporation nikon d3s", "D3S"),
            ("D3", "D3"),
            ("NIKON Z 9", "Z 9"),
            ("Nikon Z9", "Z 9"),
            ("NIKON D3X", None),
            ("NIKON D800E", None),
            ("", None),
            (None, None),
        ],
    )
    def test_names(self, cameras: dict[str, CameraRow], name: str | None, known: str | None) -> None:
        assert camera_named(name, cameras) is (cameras[known] if known else None)


class TestFactors:
    def test_daylights_place_against_measured_bands(self, cameras: dict[str, CameraRow]) -> None:
        import colour

        nm = np.arange(380.0, 785.0, 5.0)
        daylight = sampled(colour.SDS_ILLUMINANTS["D65"], nm)
        measured = sampled(colour.MSDS_CAMERA_SENSITIVITIES["Nikon 5100 (NPL)"], nm)
        balanced = measured * (NIKON_5100 @ D65_XYZ) / (daylight @ measured)
        d3s = balanced @ (np.array(cameras["D3S"].xyz_to_camera) @ np.linalg.inv(NIKON_5100)).T
        # Constant flux per hertz is energy per nanometre as 1 / wavelength^2.
        red, green, blue = (daylight @ d3s) / (nm**-2 @ d3s)
        assert green / red == pytest.approx(DAYLIGHT_G_R, abs=1e-4)  # the digits given
        assert blue / green == pytest.approx(DAYLIGHT_B_G, abs=1e-4)

    def test_daylight_in_xyz_against_colour_science(self) -> None:
        import colour

        nm = np.arange(360.0, 831.0)
        observer = sampled(colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"], nm)
        xyz = sampled(colour.SDS_ILLUMINANTS["D65"], nm) @ observer
        assert xyz / xyz[1] == pytest.approx(D65_XYZ, abs=1e-4)  # D65 is tabulated every 5 nm

    def test_the_d3s(self, cameras: dict[str, CameraRow]) -> None:
        # 0.451 and 0.956 are the project's numbers, found with other bands: 0.2 and 0.6 % away.
        assert ab_factors(cameras["D3S"]) == pytest.approx((0.451, 0.956), rel=0.01)

    def test_by_hand(self) -> None:
        # Each colour sees one of X, Y, Z: daylight is 0.95047, 1, 1.08883.
        camera = checked_camera("own", OWN | {"xyz_to_camera": np.eye(3).tolist()}, Path("own.yaml"))
        assert ab_factors(camera) == pytest.approx((0.9245 * 0.95047, 0.8193 / 1.08883))


class TestOwn:
    def test_a_users_camera(self, cameras: dict[str, CameraRow]) -> None:
        own = {"NIKON D6": checked_camera("NIKON D6", OWN, Path("liege.yaml"))}
        camera = camera_named("Nikon D6", cameras | own)
        assert camera is not None
        assert camera.pixel_um == pytest.approx(6.45, abs=0.005)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"sensor_width_mm": 0}, r"liege.yaml: D6.sensor_width_mm = 0: .*greater than 0"),
            ({"image_width_px": "many"}, r"D6.image_width_px = 'many': .*integer"),
            ({"sensor_widht_mm": 36}, r"D6.sensor_widht_mm = 36: "),
            ({"xyz_to_camera": [[1, 0, 0], [0, 1, 0]]}, r"D6.xyz_to_camera.2: "),
            ({"xyz_to_camera": (1e4 * np.array(OWN["xyz_to_camera"])).tolist()}, "1/10000 need dividing"),
            ({"xyz_to_camera": [[0.1, -0.9, 0], [0, 1, 0], [0, 0, 1]]}, r"sees daylight as -0.8"),
            ({"source": ""}, r"D6.source"),
        ],
    )
    def test_mistakes_are_named(self, change: dict[str, object], message: str) -> None:
        with pytest.raises(ConfigError, match=message):
            checked_camera("D6", OWN | change, Path("liege.yaml"))

    def test_a_table_with_a_hole(self, repository: Path, tmp_path: Path) -> None:
        text = (repository / "data" / "cameras.csv").read_text(encoding="utf-8")
        file = tmp_path / "cameras.csv"
        file.write_text(text.replace("D4,36.0", "D4,"), encoding="utf-8")
        with pytest.raises(ConfigError, match=r"cameras.csv: D4.sensor_width_mm = ''"):
            read_cameras(file)

    def test_no_table(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="no such file"):
            read_cameras(tmp_path / "cameras.csv")


class TestOfACity:
    """`cameras:` of a city's YAML."""

    CITY = "name: a\nlocation: {lon: 5.6, lat: 50.6}\nphotos: [{id: a}]\n"

    def test_is_read(self, tmp_path: Path) -> None:
        (tmp_path / "a.yaml").write_text(self.CITY + yaml.safe_dump({"cameras": {"Box 1": OWN}}))
        assert load_city("a", tmp_path).cameras == {"Box 1": CameraRow.model_validate(OWN)}

    def test_a_misspelt_key_is_named_with_the_nearest(self, tmp_path: Path) -> None:
        own = {("sensor_width" if key == "sensor_width_mm" else key): OWN[key] for key in OWN}
        (tmp_path / "a.yaml").write_text(self.CITY + yaml.safe_dump({"cameras": {"Box 1": own}}))
        with pytest.raises(ConfigError) as caught:
            load_city("a", tmp_path)
        assert "cameras.Box 1.sensor_width: unknown key; did you mean 'sensor_width_mm'?" in str(caught.value)
