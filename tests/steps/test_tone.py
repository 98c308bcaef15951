"""The step on small maps of known lamps: levels are kept, ratios are anchored, lamps are named."""

from pathlib import Path
from typing import Any, NamedTuple

import dask.array as da
import numpy as np
import pytest
import rasterio
from numpy.typing import NDArray
from rio_cogeo import cog_validate

from pipeline.models import ToneConfig
from pipeline.photo.cameras import ab_factors, read_cameras
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.bands import GEOMETRY_BANDS, ORTHO_BANDS
from pipeline.raster.cog import write_cog
from pipeline.raster.dataset import labelled
from pipeline.raster.grid import Grid
from pipeline.steps.tone import measure_tone
from pipeline.tone.evidence import RATIO_SYSTEM
from pipeline.tone.lamp_maps import LAMP_BANDS
from pipeline.tone.lamps import HIGH_SODIUM, LOW_SODIUM, NOT_IDENTIFIABLE, WHITE, lamp_ratios
from pipeline.tone.responses import carried_response

SIDE, RESOLUTION_M = 300, 100.0
GRID = Grid("EPSG:3035", RESOLUTION_M, (4e6, 3e6, 4e6 + SIDE * RESOLUTION_M, 3e6 + SIDE * RESOLUTION_M))
D3S = read_cameras(Path(__file__).parents[2] / "data" / "cameras.csv")["D3S"]
OPTIONS = ToneConfig()
LAMPS = {"LPS": LOW_SODIUM, "HPS": HIGH_SODIUM, "LED-B3": WHITE}
RATIO_BANDS = ["log2_g_r", "log2_b_g", "sigma_log2_g_r", "sigma_log2_b_g", "signal_to_noise"]


class Made(NamedTuple):
    """What the step wrote, and where the lamps of each kind are."""

    bands: dict[str, NDArray[np.float32]]
    tags: dict[str, str]
    light: NDArray[np.float32]
    light_tags: dict[str, str]
    lamps: NDArray[np.uint8]
    lamp_names: dict[str, str]
    file: Path
    towns: dict[str, tuple[slice, slice]]


def raw_light(
    air: float | None = None, zenith_deg: float = 0.0
) -> tuple[NDArray[np.float64], dict[str, Any]]:
    """A field of each lamp as a D3S counts it, in the dark: linear light (3, SIDE, SIDE)."""
    factors = ab_factors(D3S)
    light, towns = np.full((3, SIDE, SIDE), 0.002), {}
    ratios = lamp_ratios(carried_response("D3S", D3S.xyz_to_camera), tuple(LAMPS), air, zenith_deg)
    for place, (lamp, (g_r, b_g)) in enumerate(zip(LAMPS, ratios, strict=True)):
        towns[lamp] = np.s_[60 + 80 * place : 90 + 80 * place, 100:160]
        green = 0.1
        raw = green * factors.g_r / g_r, green, green * b_g / factors.b_g
        light[:, *towns[lamp]] += np.reshape(raw, (3, 1, 1))
    return light, towns


def made(
    folder: Path,
    level: str,
    zenith_deg: float = 0.0,
    options: ToneConfig = OPTIONS,
    colour_codes: float = 1.0,
) -> Made:
    folder.mkdir(exist_ok=True)
    light, towns = raw_light(options.aerosol_depth, zenith_deg)
    noisy = light + np.random.default_rng(0).normal(0, 2e-4, light.shape)
    ortho = np.concatenate([noisy, np.zeros((1, SIDE, SIDE))]).astype(np.float32)
    seen = np.broadcast_to(np.reshape([zenith_deg, 0, RESOLUTION_M, 50], (4, 1, 1)), (4, SIDE, SIDE))
    for name, values, bands in (("ortho", ortho, ORTHO_BANDS), ("geometry", seen, GEOMETRY_BANDS)):
        array = da.from_array(values.astype(np.float32), chunks=(4, 200, SIDE))
        write_cog(folder / f"{name}.tif", labelled(array, GRID, bands))
    facts = PhotoFacts.model_validate(
        {
            **{"id": "a", "width": 9, "height": 6, "source": "a.nef", "linearisation": "raw"},
            **{
                "evidence": level,
                "colour_codes": colour_codes,
                "camera": "NIKON D3S",
                "anchor": D3S if level == "raw_anchored" else None,
            },
        }
    )
    (folder / "photo.json").write_text(facts.model_dump_json())
    inputs = [folder / name for name in ("ortho.tif", "geometry.tif", "photo.json")]
    outputs = [folder / f"{name}.tif" for name in ("tone", "light", "lamps")]
    measure_tone(*inputs, options, *outputs)
    with rasterio.open(outputs[0]) as source:
        bands = dict(zip(source.descriptions, source.read(), strict=True))
        tags = source.tags()
    with rasterio.open(outputs[1]) as source:
        shown, light_tags = source.read(), source.tags()
    with rasterio.open(outputs[2]) as source:
        lamps, names = source.read(1), source.tags(1)
    return Made(bands, tags, shown, light_tags, lamps, names, outputs[2], towns)


@pytest.fixture(scope="module")
def anchored(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("anchored"), "raw_anchored")


@pytest.fixture(scope="module")
def of_level(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Made]:
    return {level: made(tmp_path_factory.mktemp(level), level) for level in ("jpeg", "raw")}


def test_anchored_ratios_are_those_of_the_lamps_in_ab(anchored: Made) -> None:
    seen = carried_response("D3S", D3S.xyz_to_camera)
    for lamp, (g_r, b_g) in zip(LAMPS, lamp_ratios(seen, tuple(LAMPS), 0.1), strict=True):
        inside = anchored.towns[lamp]
        # Noise of 0.2 % of green, 1,800 cells: the median is good to 0.001; the background adds 0.005.
        assert np.nanmedian(anchored.bands["log2_g_r"][inside]) == pytest.approx(np.log2(g_r), abs=0.01)
        if lamp != "LPS":
            assert np.nanmedian(anchored.bands["log2_b_g"][inside]) == pytest.approx(np.log2(b_g), abs=0.02)


def test_the_sigma_of_light_is_its_noise(anchored: Made) -> None:
    """In the dark: what was planted, and what the light beside it scatters by."""
    green, sigma = anchored.light[1][:40], anchored.light[3][:40]
    # From some thousand cells a sigma is good to 2 %; three of these, and what lamps' edges add to it.
    assert np.median(sigma) == pytest.approx(2e-4, rel=0.1)
    assert np.median(sigma) == pytest.approx(green.std(), rel=0.1)


def test_sums_of_anchored_light_have_ab_ratios_too(anchored: Made) -> None:
    """So that tables by sums and the map of ratios agree."""
    g_r, b_g = lamp_ratios(carried_response("D3S", D3S.xyz_to_camera), ("HPS",), 0.1)[0]
    red, green, blue = (np.nansum(band[anchored.towns["HPS"]]) for band in anchored.light[:3])
    assert green / red == pytest.approx(g_r, rel=0.01)
    assert blue / green == pytest.approx(b_g, rel=0.02)  # its background is a fiftieth of its light
    assert anchored.light_tags["ratio_system"] == RATIO_SYSTEM["raw_anchored"]


def test_lamps_are_named_where_ratios_are_anchored(anchored: Made) -> None:
    for lamp, family in LAMPS.items():
        inside = anchored.lamps[anchored.towns[lamp]][4:-4, 4:-4]
        assert (inside == family.code).mean() > 0.98, lamp
        membership = anchored.bands["lamp_membership"][anchored.towns[lamp]][4:-4, 4:-4]
        assert np.nanmedian(membership) > 0.8
    assert anchored.lamp_names[f"class_{HIGH_SODIUM.code}"] == HIGH_SODIUM.name
    assert (anchored.lamps[:40] == 0).mean() > 0.99  # the dark; noise passes 10 sigma nowhere
    assert "lamps" not in anchored.tags


def test_shares_and_indices_go_with_the_lamps(anchored: Made) -> None:
    assert list(anchored.bands) == [*RATIO_BANDS, *(band.name for band in LAMP_BANDS)]
    sodium, white = (
        {name: np.nanmedian(band[anchored.towns[lamp]]) for name, band in anchored.bands.items()}
        for lamp in ("HPS", "LED-B3")
    )
    assert sodium["white_share"] < 0.15
    assert white["white_share"] > 0.6  # of lamps of 3000 to 4100 K, it is among the whitest
    assert sodium["white_share_low"] <= sodium["white_share"] <= sodium["white_share_high"]
    # By the published lines at B/G 0.22 and 0.57: MSI 0.19 and 0.60, SLI 0.40 and 0.70; haze takes 10 %.
    assert (sodium["msi"], white["msi"]) == pytest.approx((0.17, 0.57), abs=0.04)
    assert (sodium["sli"], white["sli"]) == pytest.approx((0.39, 0.67), abs=0.04)
    assert sodium["sigma_msi"] > 0.06  # the scatter of lamps alone
    assert sodium["photopic_over_green"] > white["photopic_over_green"] > 0


@pytest.mark.parametrize(
    ("level", "reason"),
    [
        ("jpeg", "not identifiable from a JPEG"),
        ("raw", "not identifiable from a raw file without a colour anchor"),
    ],
)
def test_other_levels_name_no_lamps_and_say_why(of_level: dict[str, Made], level: str, reason: str) -> None:
    one = of_level[level]
    assert list(one.bands) == RATIO_BANDS
    known = np.isfinite(one.bands["log2_g_r"])
    assert known.any()
    np.testing.assert_array_equal(one.lamps, np.where(known, NOT_IDENTIFIABLE[0], 0))
    assert one.lamp_names[f"class_{NOT_IDENTIFIABLE[0]}"] == reason
    assert one.tags["lamps"].startswith(f"{reason}, because ")
    assert one.tags["ratio_system"] == RATIO_SYSTEM[one.tags["evidence"]]  # type: ignore[index]


def test_a_raw_without_anchor_keeps_its_cameras_ratios(of_level: dict[str, Made], anchored: Made) -> None:
    apart = anchored.bands["log2_g_r"] - of_level["raw"].bands["log2_g_r"]
    assert np.nanmax(np.abs(apart - np.log2(ab_factors(D3S).g_r))) < 1e-4  # float32
    np.testing.assert_allclose(anchored.bands["signal_to_noise"], of_level["raw"].bands["signal_to_noise"])


def test_lamps_are_looked_for_through_the_air_at_the_view_angle(tmp_path: Path) -> None:
    """Thick haze seen aslant reddens; lamps seen through it are named as without it."""
    hazy = made(tmp_path / "hazy", "raw_anchored", 55.0, ToneConfig(aerosol_depth=0.5))
    for lamp, family in LAMPS.items():
        assert (hazy.lamps[hazy.towns[lamp]][4:-4, 4:-4] == family.code).mean() > 0.95


def test_the_class_map_is_a_cog(anchored: Made) -> None:
    assert cog_validate(anchored.file, strict=True) == (True, [], [])


@pytest.mark.parametrize(("level", "grows"), [("jpeg", 2.0), ("raw", 1.0)])
def test_sigmas_grow_with_the_noise_of_a_jpegs_colours(tmp_path: Path, level: str, grows: float) -> None:
    plain, twice = (made(tmp_path / str(codes), level, colour_codes=codes) for codes in (1.0, 2.0))
    town = plain.towns["HPS"]
    sigma = [np.nanmedian(seen.bands["sigma_log2_g_r"][town]) for seen in (plain, twice)]
    # Noise of single pixels, which averaging over 16 has made small, is beneath that of colours.
    assert sigma[1] == pytest.approx(grows * sigma[0], rel=0.02)
