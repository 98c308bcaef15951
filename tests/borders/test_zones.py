"""Zones and strips of straight borders, whose areas and sums can be reckoned by hand."""

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.borders.cells import BorderLine, Cells, beside, block_sums, log_ratio_sigma
from pipeline.borders.countries import Countries
from pipeline.borders.zones import (
    AREA_CRS,
    border_strips,
    country_zones,
    scan,
    scatter_in_strips,
    scatter_sigma,
    statistics,
    tile_bounds,
)
from pipeline.ortho.grid import Grid
from pipeline.ortho.warp import Tile
from tests.borders.lands import KM, box, countries, grid, light_and_tone, place

BANDS_KM = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)


def test_zones_are_the_countries_within_the_frame():
    zones = country_zones(countries(), box(10, 5, 25, 35)).set_index("country")
    assert zones.area["BE"] / KM**2 == pytest.approx(10 * 30)
    assert zones.area["DE"] / KM**2 == pytest.approx(5 * 30)


def test_strips_lie_beside_the_border_and_fill_its_bands():
    strips = border_strips(countries(), box(0, 0, 40, 40), BANDS_KM)
    assert len(strips) == 2 * len(BANDS_KM)
    for strip in strips.itertuples():
        width = strip.band_to_km - strip.band_from_km
        # Bands are good to 2 % of their outer distance at round ends; these borders run beyond the frame.
        assert strip.geometry.area / KM**2 == pytest.approx(40 * width, rel=1e-6)
        distances = shapely.distance(
            shapely.points(shapely.get_coordinates(strip.geometry)),
            countries().borders.geometry[0],
        )
        assert distances.min() >= KM * strip.band_from_km - 1e-6
        assert distances.max() <= KM * strip.band_to_km + 1e-6
    assert strips[strips["side"] == "BE"].geometry.union_all().area / KM**2 == pytest.approx(20 * 40)
    assert not strips.geometry[0].intersects(strips[strips["side"] == "DE"].geometry.iloc[2])


def test_a_strip_counts_a_border_just_outside_the_frame_and_ends_with_the_frame():
    """The frame holds 1 km of border in its corner; the bands go on along the part that it does not show."""
    land = countries()
    corner = box(20.3, 0, 40, 40).union(box(19, 0, 20.3, 1))
    strips = border_strips(land, corner, (0.5, 1.0)).set_index(["side", "band_to_km"]).geometry
    assert strips["DE", 1.0].area / KM**2 == pytest.approx(0.5 * 40, rel=1e-6)
    assert strips["DE", 0.5].area / KM**2 == pytest.approx(0.3 * 1 + 0.2 * 40, rel=1e-6)
    assert strips["BE", 0.5].area / KM**2 == pytest.approx(0.5 * 1, rel=1e-6)


def test_a_pair_that_does_not_meet_in_the_frame_has_no_strip():
    assert len(border_strips(countries(), box(25, 0, 40, 40), BANDS_KM)) == 0


# A map of 4 x 2 cells of 1 km, the border through the middle of the third column:
#
#         BE       | DE
#     1  2  4: :4  8     red; green is half of it, blue a quarter
#     1  x  4: :4  m     x not lit, m masked
RED = np.array([[1.0, 2.0, 4.0, 8.0], [1.0, 2.0, 4.0, np.nan]])
LIT = np.array([[True, True, True, True], [True, False, True, False]])
EXPECTED = {
    # Of the country: cells are counted by their part inside it.
    "area_km2": {"BE": 5.0, "DE": 3.0},
    "lit_area_km2": {"BE": 2 + 1 + 2 * 0.5, "DE": 2 * 0.5 + 1},
    "light_r": {"BE": 1 + 1 + 2 + 2 * 2.0, "DE": 2 * 2.0 + 8},
    "light_g": {"BE": 4.0, "DE": 6.0},
    "light_b": {"BE": 2.0, "DE": 3.0},
    "tone_g_r": {"BE": -1.0, "DE": -1.0},
    "tone_b_g": {"BE": -1.0, "DE": -1.0},
    "n_cells": {"BE": 4, "DE": 2},
    "masked_share": {"BE": 0.0, "DE": 1 / 3},
}


def small_map() -> tuple[Countries, Grid]:
    return countries(4, 2, 2.5), grid(4, 2, 1000.0)


def scanned(
    tiles: list[Tile], land: Countries, on: Grid, blue: float = 0.25
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, Cells]:
    light, tone = light_and_tone(RED, 0.5 * RED, blue * RED, LIT)
    cut = [
        (t, *(v[:, t.row : t.row + t.height, t.column : t.column + t.width] for v in (light, tone)))
        for t in tiles
    ]
    zones = country_zones(land, box(0, 0, 4, 2))
    result = scan(cut, zones, land, on)
    return zones, statistics(zones, result.sums, on), result.cells


@pytest.mark.parametrize("quantity", EXPECTED)
@pytest.mark.parametrize(
    "tiles", [[Tile(0, 0, 2, 4)], [Tile(0, 0, 1, 4), Tile(1, 0, 1, 4)]], ids=["whole", "by rows"]
)
def test_statistics_by_hand(quantity, tiles):
    zones, numbers, _ = scanned(tiles, *small_map())
    assert dict(zip(zones["country"], numbers[quantity], strict=True)) == pytest.approx(EXPECTED[quantity])


def test_ratios_are_of_sums_not_means_of_ratios():
    """Two cells: red 1, green 1 (log2 0) and red 9, green 3 (log2 -1.58): the sums say 4 / 10."""
    land, on = countries(4, 1, 2), grid(4, 1, 1000.0)
    red, green = np.array([[1.0, 9.0, 1, 1]]), np.array([[1.0, 3.0, 1, 1]])
    light, tone = light_and_tone(red, green, green, np.ones((1, 4), bool))
    zones = country_zones(land, box(0, 0, 4, 1))
    numbers = statistics(zones, scan([(Tile(0, 0, 1, 4), light, tone)], zones, land, on).sums, on)
    assert numbers["tone_g_r"][0] == pytest.approx(math.log2(4 / 10))


def test_an_unlit_zone_has_no_tone():
    land, on = small_map()
    light, tone = light_and_tone(RED, RED, RED, np.zeros(RED.shape, bool))
    zones = country_zones(land, box(0, 0, 4, 2))
    numbers = statistics(zones, scan([(Tile(0, 0, 2, 4), light, tone)], zones, land, on).sums, on)
    assert numbers["tone_g_r"].isna().all()
    assert (numbers["light_r"] == 0).all()
    assert (numbers["n_cells"] == 0).all()


def test_blue_is_given_only_where_most_lit_cells_have_it():
    land, on = small_map()
    zones = country_zones(land, box(0, 0, 4, 2))
    light, tone = light_and_tone(RED, 0.5 * RED, 0.25 * RED, LIT)
    tone[1, :, :2] = np.nan  # 3 of Belgium's 4 lit cells, none of Germany's
    numbers = statistics(zones, scan([(Tile(0, 0, 2, 4), light, tone)], zones, land, on).sums, on)
    assert np.isnan(numbers["tone_b_g"][0])
    assert numbers["tone_b_g"][1] == pytest.approx(-1.0)


def test_cells_are_lit_inside_a_country_and_know_where_they_are():
    _, _, cells = scanned([Tile(0, 0, 1, 4), Tile(1, 0, 1, 4)], *small_map())
    # Of the border's column, whose centres lie on the border, each cell belongs to one country only.
    assert len(cells) == 6
    own = cells.chosen(np.abs(cells.x - place(2.5, 0)[0]) > 1)
    assert own.x.tolist() == [place(x, 0)[0] for x in (0.5, 1.5, 3.5, 0.5)]
    assert own.y.tolist() == [place(0, y)[1] for y in (1.5, 1.5, 1.5, 0.5)]
    assert own.red.tolist() == [1.0, 2.0, 8.0, 1.0]
    assert own.country.tolist() == [0, 0, 1, 0]


def test_areas_hold_on_a_grid_of_another_projection():
    """In UTM the same land gives the same areas and counts, to the projections' differing scales."""
    land = countries()
    xmin, ymin, xmax, ymax = gpd.GeoSeries([box(0, 0, 40, 40)], crs=AREA_CRS).to_crs(32631).total_bounds / 500
    snapped = math.floor(xmin), math.floor(ymin), math.ceil(xmax), math.ceil(ymax)
    utm = Grid("EPSG:32631", 500.0, tuple(500.0 * v for v in snapped))
    ones = np.ones((utm.height, utm.width))
    light, tone = light_and_tone(ones, 0.5 * ones, 0.25 * ones, ones > 0)
    zones = country_zones(land, box(0, 0, 40, 40))
    tile = Tile(0, 0, utm.height, utm.width)
    result = scan([(tile, light, tone)], zones, land, utm)
    numbers = statistics(zones, result.sums, utm)
    np.testing.assert_allclose(numbers["area_km2"], 800, rtol=1e-9)
    # A cell is 0.25 km2 of UTM, whose scale is off by up to 0.1 %, and every cell is lit.
    np.testing.assert_allclose(numbers["lit_area_km2"], 800, rtol=1e-6)
    np.testing.assert_allclose(numbers["light_r"], 3200, rtol=4e-3)
    assert len(result.cells) == pytest.approx(6400, rel=4e-3)
    assert ((result.cells.x < place(20, 0)[0]) == (result.cells.country == 0)).mean() > 0.99


def test_tile_bounds_are_those_of_the_grid():
    on = grid(4, 2, 500.0)
    assert tile_bounds(on, Tile(0, 0, 4, 8)) == on.bounds
    assert tile_bounds(on, Tile(1, 2, 2, 3)) == (*place(1, 0.5), *place(2.5, 1.5))


def straight(length_km: float = 40) -> shapely.MultiLineString:
    return shapely.MultiLineString([[place(20, 0), place(20, length_km)]])


def test_distance_and_chainage_along_a_straight_border():
    line = BorderLine.of(straight(), 2000.0)
    x, y = place(np.array([20.0, 20.1, 17.0, 31.0]), np.array([0.0, 10.0, 39.0, 20.0]))
    # Points stand every 50 m: up to 25 m along the line, 3 m in distances of 100 m.
    np.testing.assert_allclose(line.distance_m(x, y, 1e4), [0, 100, 3000, np.inf], atol=3.2)
    np.testing.assert_allclose(line.along_m(x, y), [0, 10e3, 39e3, 20e3], atol=26)


def test_wiggles_and_enclaves_do_not_lengthen_the_course():
    along = np.linspace(0, 40, 4001)
    wiggly = np.column_stack(place(20 + 0.4 * np.sin(2 * np.pi * along / 0.8), along))
    enclave = np.array(shapely.Point(place(23, 20)).buffer(1500).exterior.coords)
    border = shapely.MultiLineString([wiggly, enclave])
    assert border.length > 1.5 * 40 * KM
    line = BorderLine.of(border, 2000.0)
    x, y = place(np.full(40, 26.0), np.arange(40) + 0.5)
    # The course is good to half a block.
    np.testing.assert_allclose(line.along_m(x, y), KM * (np.arange(40) + 0.5), atol=1500)
    # The enclave's own edge counts for distances: it lies 500 m west of here.
    beyond = place(np.array([25.0]), np.array([20.0]))
    assert float(line.distance_m(*beyond, 1e4)[0]) == pytest.approx(500, abs=3)


def test_parts_of_a_border_begin_at_a_new_block():
    parts = shapely.MultiLineString(
        [[place(20, 0), place(20, 5)], [place(20, 30), place(20, 39)], [place(1, 1), place(1, 1.5)]]
    )
    line = BorderLine.of(parts, 2000.0)
    chainage = line.along_m(*place(np.array([21.0, 21.0, 21.0, 21.0]), np.array([0.0, 5.0, 30.0, 39.0])))
    starts = sorted(np.floor(chainage / 2000))
    assert len(set(starts)) == 4
    np.testing.assert_allclose(np.diff(np.sort(chainage))[[0, 2]], [5000, 9000], atol=1)


def test_beside_takes_both_sides_of_one_pair_within_reach():
    x, y = place(np.array([19.0, 21.0, 5.0, 22.0]), np.array([10.0, 10.0, 10.0, 10.0]))
    ones = np.ones(4, np.float32)
    cells = Cells(x, y, ones, ones, np.array([0, 1, 0, 2], np.int8))
    near = beside(cells, BorderLine.of(straight(), 2000.0), 0, 1, 5000.0)
    assert near.second.tolist() == [False, True]
    np.testing.assert_allclose(near.distance_m, 1000, atol=1)


def test_sums_of_blocks():
    sums = block_sums(np.array([7, -2, 7]), np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 1.0]))
    assert sums.tolist() == [[2.0, 1.0], [4.0, 2.0]]


def test_sigma_of_a_ratio_by_hand_and_by_resampling():
    assert log_ratio_sigma(np.full(6, 2.0), np.full(6, 1.0)) == 0
    assert math.isnan(log_ratio_sigma(np.ones(4), np.ones(4)))  # too few blocks
    # Five equal blocks, green up by d in one: sigma = sqrt(5/4 x (4 (d/25)^2 + (4d/25)^2)) / ln 2, small d.
    d = 1e-3
    green = np.array([1.0, 1, 1, 1, 1 + d])
    expected = math.sqrt(5 / 4 * (4 * (d / 25) ** 2 + (4 * d / 25) ** 2)) / math.log(2)
    assert log_ratio_sigma(np.ones(5), green) == pytest.approx(expected, rel=1e-3)

    rng = np.random.default_rng(0)

    def drawn():
        red = rng.lognormal(0, 0.5, 60)
        return red, red * 2 ** rng.normal(-0.8, 0.3, 60)

    draws = [drawn() for _ in range(400)]
    tones = [math.log2(green.sum() / red.sum()) for red, green in draws]
    sigmas = [log_ratio_sigma(red, green) for red, green in draws]
    # 400 draws give a standard deviation to 3.5 %; 60 blocks a sigma that is a few per cent low.
    assert np.mean(sigmas) == pytest.approx(np.std(tones), rel=0.1)


def test_strips_take_the_scatter_of_their_own_cells():
    rng = np.random.default_rng(0)
    x_km, y_km = rng.uniform(0, 40, 20_000), rng.uniform(0, 200, 20_000)
    x, y = place(x_km, y_km)
    red = np.ones(20_000, np.float32)
    tone = np.where(np.floor(y_km / 10) % 2 == 0, 0.2, -0.2) * (x_km > 20)  # uneven in Germany alone
    cells = Cells(x, y, red, (red * 2**tone).astype(np.float32), (x_km > 20).astype(np.int8))
    near = {"BE-DE": beside(cells, BorderLine.of(straight(200), 2000.0), 0, 1, 20_000.0)}
    strips = pd.DataFrame(
        {
            "pair": "BE-DE",
            "side": ["BE", "DE", "DE"],
            "band_from_km": [0.0, 0.0, 10.0],
            "band_to_km": [10.0, 10.0, 20.0],
        }
    )
    even, uneven, far = scatter_in_strips(strips, near)
    assert even == pytest.approx(0, abs=1e-6)
    assert uneven == pytest.approx(scatter_sigma(cells.chosen((x_km > 20) & (x_km < 30))), rel=1e-2)
    # Twenty squares alternate between +0.2 and -0.2: sigma is about 0.2 / sqrt(20).
    assert uneven == pytest.approx(0.2 / math.sqrt(20), rel=0.2)
    assert far == pytest.approx(uneven, rel=0.3)
