"""Tones of countries, worked out by hand on a map of two of them."""

import dataclasses
import math

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.borders import country_tones
from pipeline.borders.country_tones import (
    LitCells,
    SampledMap,
    country_tables,
    lit_cells,
    sampled_transform,
    sampling_step,
)
from pipeline.borders.schema import CANNOT_BE_TOLD, CHANGES, NONE_FOUND, TONE_COLUMNS
from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.models import EvidenceLevel
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.grid import Grid
from pipeline.tone.lamps import FAMILIES, HIGH_SODIUM, WHITE

# 100 by 60 cells of 1 km around Liège; Belgium is its western half, Germany its eastern one.
GRID = Grid("EPSG:3035", 1000.0, (3_970_000.0, 3_040_000.0, 4_070_000.0, 3_100_000.0))
MIDDLE_X, MIDDLE_Y = 4_020_000.0, 3_070_000.0
SHAPE = GRID.height, GRID.width
WEST = np.arange(GRID.width) < GRID.width // 2
TONE = {"BE": -1.0, "DE": 0.5}


def areas() -> gpd.GeoDataFrame:
    left, bottom, right, top = GRID.bounds
    halves = [shapely.box(left, bottom, MIDDLE_X, top), shapely.box(MIDDLE_X, bottom, right, top)]
    return gpd.GeoDataFrame({"country": ["BE", "DE"]}, geometry=halves, crs=GRID.crs)


def camera() -> Camera:
    """Straight above the middle of the map."""
    lon, lat = gpd.GeoSeries([shapely.Point(MIDDLE_X, MIDDLE_Y)], crs=GRID.crs).to_crs(4326).iloc[0].coords[0]
    position = to_ecef(lon, lat, 400e3)
    return Camera(
        position, look_at_rotation(position, to_ecef(lon, lat), 0.0), 4000.0, (599.5, 399.5), 1200, 800
    )


def facts(evidence: EvidenceLevel = "jpeg") -> PhotoFacts:
    return PhotoFacts(
        id="one",
        taken_at=None,
        width=1200,
        height=800,
        source="one.jpg",
        linearisation="sRGB",
        evidence=evidence,
    )


def sampled(step: int = 1) -> SampledMap:
    """All cells lit, red 1, at 20 degrees; the tone is that of the half."""
    tone = np.broadcast_to(np.where(WEST, TONE["BE"], TONE["DE"]), SHAPE)
    bands = (tone, np.ones(SHAPE), 2.0**tone, np.full(SHAPE, 20.0), np.full(SHAPE, 8))
    return SampledMap(*(band[::step, ::step] for band in bands), sampled_transform(GRID, step), GRID.crs)


def cells(**more: np.ndarray) -> LitCells:
    """The lit cells of the map, some of its bands given anew."""
    return lit_cells(dataclasses.replace(sampled(), **more), areas(), camera())


def tones(own: LitCells, evidence: EvidenceLevel = "jpeg") -> gpd.GeoDataFrame:
    return country_tables(own, ["BE", "DE"], facts(evidence))["country_tones"].set_index("country")


def test_countries_have_the_tone_of_their_light() -> None:
    table = tones(cells())
    assert dict(table["tone_g_r"]) == pytest.approx(TONE)
    assert list(table["n_cells"]) == [3000, 3000]
    assert list(table["view_zenith_deg"]) == pytest.approx([20, 20])


def test_a_tone_is_of_sums_not_a_mean_of_tones() -> None:
    """Red 1 and 3, green 1/2 and 6: log2(6.5 / 4), where the mean of both tones is 0."""
    odd = np.broadcast_to(np.arange(GRID.width) % 2 == 1, SHAPE)
    bright = cells(red=np.where(odd, 3.0, 1.0), green=np.where(odd, 6.0, 0.5))
    assert dict(tones(bright)["tone_g_r"]) == pytest.approx(dict.fromkeys(TONE, math.log2(6.5 / 4)))


def test_cells_without_tone_light_or_country_do_not_count() -> None:
    tone, red = np.array(sampled().tone), np.ones(SHAPE)
    tone[0], red[1] = np.nan, 0.0
    assert len(cells(tone=tone, red=red).tone) == 58 * GRID.width
    only_belgium = lit_cells(sampled(), areas()[:1], camera())
    assert len(only_belgium.tone) == 3000
    assert set(only_belgium.country) == {1}


def test_lit_cells_know_their_place() -> None:
    own = cells()
    assert (own.country == np.tile(np.where(WEST, 1, 2), GRID.height)).all()
    # Four cells touch the middle of the frame, 0.7 km from it; 1200 px at 400 km and 4000 px are 120 km, so
    # the corner is 72 km away: 1 %.
    assert own.radius.min() == pytest.approx(0.7 / 72, rel=0.05)
    assert own.radius.max() < 1
    # Stretches of 5 km: 20 by 12 of them.
    assert len(np.unique(own.block)) == 240


@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_a_sampled_cell_lies_where_the_cell_it_stands_for_lies(step: int) -> None:
    x, y = sampled_transform(GRID, step) @ (4.5, 2.5)
    assert (x, y) == pytest.approx(GRID.centres(np.array(4.0 * step), np.array(2.0 * step)), abs=1e-6)


def test_large_grids_are_sampled() -> None:
    assert sampling_step(GRID) == 1
    large = Grid("EPSG:3035", 30.0, (0.0, 0.0, 300_000.0, 300_000.0))  # 10,000 by 10,000 cells
    assert sampling_step(large) == 10


def test_sampled_cells_have_the_same_tones(monkeypatch: pytest.MonkeyPatch) -> None:
    every_third = lit_cells(sampled(3), areas(), camera())
    assert len(every_third.tone) == 20 * 34
    assert dict(tones(every_third)["tone_g_r"]) == pytest.approx(TONE)


def test_a_corner_of_a_country_is_left_out() -> None:
    own = cells()
    corner = own.chosen((own.country == 1) | (np.cumsum(own.country == 2) < country_tones.MIN_CELLS))
    table = tones(corner)
    assert list(table.index) == ["BE"]
    assert np.isnan(table["overlap"]).all()  # nothing to be matched with
    assert np.isnan(table["matched_tone_g_r"]).all()


def test_a_slope_with_the_view_is_found_and_told() -> None:
    """View zenith that rises to the north, in Belgium tone with it by 0.5 in 10 degrees."""
    zenith = np.broadcast_to(np.linspace(40, 10, GRID.height)[:, None], SHAPE)
    # Scatter, for there is no interval without one; a town's worth hides no slope of 1.5 over the frame.
    scatter = np.random.default_rng(3).normal(0, 0.05, SHAPE)
    table = tones(cells(zenith_deg=zenith, tone=scatter + np.where(WEST, 0.05 * zenith, 0.0)))
    assert dict(table["verdict"]) == {"BE": CHANGES, "DE": NONE_FOUND}
    assert table["statement"]["BE"].startswith("Tone changes with view zenith")
    assert "+0.50 (" in table["statement"]["BE"]
    assert set(tones(cells())["verdict"]) == {CANNOT_BE_TOLD}  # all at one angle
    assert "cannot be told" in tones(cells())["statement"]["BE"]


def test_tones_are_matched_where_both_countries_are_seen_at_the_same_angles() -> None:
    """Germany all at 20 degrees, Belgium half there, at -1, and half at 30, at +1: matched it is -1."""
    north = np.arange(GRID.height)[:, None] < GRID.height // 2
    zenith = np.where(WEST & north, 30.0, 20.0)
    tone = np.where(WEST, np.where(north, 1.0, -1.0), 0.5)
    # Equal sums of red and green, so that halves of cells are halves of light.
    red = 1 / (1 + 2.0**tone)
    table = tones(cells(zenith_deg=zenith, tone=tone, red=red, green=1 - red))
    assert list(table["overlap"]) == pytest.approx([0.5, 0.5])
    assert dict(table["matched_tone_g_r"]) == pytest.approx({"BE": -1.0, "DE": 0.5})
    assert table["tone_g_r"]["BE"] == pytest.approx(0.0)


def test_countries_at_other_angles_are_not_compared() -> None:
    table = tones(cells(zenith_deg=np.broadcast_to(np.where(WEST, 10.0, 30.0), SHAPE)))
    assert list(table["overlap"]) == [0, 0]
    assert np.isnan(table["matched_tone_g_r"]).all()


def test_lamp_shares_are_of_green_light_and_only_of_an_anchored_raw() -> None:
    """Every other column is white and gives twice the light of the sodium ones."""
    white = np.broadcast_to(np.arange(GRID.width) % 2 == 1, SHAPE)
    own = cells(family=np.where(white, WHITE.code, HIGH_SODIUM.code), green=np.where(white, 2.0, 1.0))
    table = country_tables(own, ["BE", "DE"], facts("raw_anchored"))["lamp_shares"]
    assert list(table["country"]) == ["BE"] * len(FAMILIES) + ["DE"] * len(FAMILIES)
    shares = table.set_index(["country", "family"])["green_share"]
    assert shares["DE", WHITE.name] == pytest.approx(2 / 3)
    assert shares["DE", HIGH_SODIUM.name] == pytest.approx(1 / 3)
    assert shares.sum() == pytest.approx(2)
    for level in ("jpeg", "raw"):
        assert country_tables(own, ["BE", "DE"], facts(level))["lamp_shares"].empty


def test_without_countries_the_tables_are_empty_and_have_all_columns() -> None:
    none = areas()[:0]
    tables = country_tables(lit_cells(sampled(), none, camera()), [], facts())
    for name, table in tables.items():
        assert table.empty
        assert list(table.columns) == [
            *("photo", "taken_at", *TONE_COLUMNS[name], "geometry", "evidence", "simulated"),
        ]
