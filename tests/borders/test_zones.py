"""Zones and strips of straight borders, whose areas and sums can be reckoned by hand."""

import math
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.borders.beside import Beside, beside
from pipeline.borders.border_line import BorderLine
from pipeline.borders.cells import Cells
from pipeline.borders.settings import IN_FORCE
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.zones import (
    border_strips,
    country_zones,
    in_strips,
    log_ratio,
    no_border,
    polygons,
    scan,
    scatter_sigma,
    statistics,
    tone_quantiles,
    widened,
)
from pipeline.ground.countries import Countries
from pipeline.raster.grid import Grid
from pipeline.raster.tiles import Tile
from tests.borders.test_profiles import straight
from tests.scenes.border_towns import EDGES_M
from tests.scenes.lands import KM, box, countries, grid, light_and_tone, place

STEP, MIN_BLUE = IN_FORCE.zones.tone_step, IN_FORCE.zones.min_blue
BANDS_KM = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)


def test_zones_are_the_countries_within_the_frame():
    zones = country_zones(countries(), box(10, 5, 25, 35)).set_index("country")
    assert zones.area["BE"] / KM**2 == pytest.approx(10 * 30)
    assert zones.area["DE"] / KM**2 == pytest.approx(5 * 30)


def test_strips_lie_beside_the_border_and_fill_its_bands():
    strips = border_strips(countries(), box(0, 0, 40, 40), box(0, 0, 40, 40), BANDS_KM)
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
    strips = border_strips(land, corner, corner, (0.5, 1.0)).set_index(["side", "band_to_km"]).geometry
    assert strips["DE", 1.0].area / KM**2 == pytest.approx(0.5 * 40, rel=1e-6)
    assert strips["DE", 0.5].area / KM**2 == pytest.approx(0.3 * 1 + 0.2 * 40, rel=1e-6)
    assert strips["BE", 0.5].area / KM**2 == pytest.approx(0.5 * 1, rel=1e-6)


def test_a_border_beyond_the_frame_counts_as_far_as_the_widest_band_reaches():
    """The border enters the frame in the west and runs 2 km north of it: bands lie along both."""
    land = countries(60, 40, 20)
    course = shapely.LineString([place(20, 0), place(20, 20), place(60, 20)])
    germany, belgium = box(20, 0, 60, 20), box(0, 0, 20, 20).union(box(0, 20, 60, 40))
    areas = [shapely.MultiPolygon([area]) for area in (belgium, germany)]
    bent = replace(
        land,
        areas=land.areas.assign(geometry=areas),
        borders=land.borders.assign(geometry=[shapely.MultiLineString([course])]),
    )
    strips = (
        border_strips(bent, box(18, 0, 40, 18), box(18, 0, 40, 18), (0.5, 1.0, 5.0))
        .set_index(["side", "band_to_km"])
        .geometry
    )
    # Of 20 x 18 km 15 x 15 are farther than 5 km from both parts, and 1 x 18 are nearer than 1 km.
    assert strips["DE", 5.0].area / KM**2 == pytest.approx(360 - 225 - 18, rel=1e-6)


def test_frames_of_one_map_share_its_bands():
    """What a frame shows of a strip is what the whole map has of it there."""
    land = countries()
    whole, part = box(0, 0, 40, 40), box(15, 10, 40, 30)
    of_map = border_strips(land, whole, whole, BANDS_KM).set_index(["side", "band_to_km"]).geometry
    of_part = border_strips(land, part, whole, BANDS_KM).set_index(["side", "band_to_km"]).geometry
    assert len(of_part)
    for strip, geometry in of_part.items():
        assert geometry.symmetric_difference(of_map[strip] & part).area == pytest.approx(0, abs=1e-3)


def test_a_pair_that_does_not_meet_in_the_frame_has_no_strip():
    assert len(border_strips(countries(), box(25, 0, 40, 40), box(0, 0, 40, 40), BANDS_KM)) == 0


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
    return zones, statistics(zones, result.sums, on, MIN_BLUE), result.cells


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
    numbers = statistics(zones, scan([(Tile(0, 0, 1, 4), light, tone)], zones, land, on).sums, on, MIN_BLUE)
    assert numbers["tone_g_r"][0] == pytest.approx(math.log2(4 / 10))


def test_an_unlit_zone_has_no_tone():
    land, on = small_map()
    light, tone = light_and_tone(RED, RED, RED, np.zeros(RED.shape, bool))
    zones = country_zones(land, box(0, 0, 4, 2))
    numbers = statistics(zones, scan([(Tile(0, 0, 2, 4), light, tone)], zones, land, on).sums, on, MIN_BLUE)
    assert numbers["tone_g_r"].isna().all()
    assert (numbers["light_r"] == 0).all()
    assert (numbers["n_cells"] == 0).all()


def test_a_dark_zone_beside_a_bright_one_has_no_light_at_all():
    """Its sums are differences of the whole row's, and a rounding error must not become a tone."""
    land, on = countries(4, 3, 1), grid(4, 3, 1000.0)
    red = np.tile([1e3 / 3, 0.0, 0.0, 9.0], (3, 1))
    light, tone = light_and_tone(red, red / 7, red / 7, red > 0)
    dark = shapely.Polygon([place(1.1, 0.2), place(2.9, 1.3), place(1.4, 2.9)])
    zones = gpd.GeoDataFrame({"country": ["DE"]}, geometry=[dark], crs=AREA_CRS)
    numbers = statistics(zones, scan([(Tile(0, 0, 3, 4), light, tone)], zones, land, on).sums, on, MIN_BLUE)
    assert numbers["light_r"][0] == numbers["lit_area_km2"][0] == 0
    assert np.isnan(numbers["tone_g_r"][0])


def test_blue_is_given_only_where_most_lit_cells_have_it():
    land, on = small_map()
    zones = country_zones(land, box(0, 0, 4, 2))
    light, tone = light_and_tone(RED, 0.5 * RED, 0.25 * RED, LIT)
    tone[1, :, :2] = np.nan  # 3 of Belgium's 4 lit cells, none of Germany's
    numbers = statistics(zones, scan([(Tile(0, 0, 2, 4), light, tone)], zones, land, on).sums, on, MIN_BLUE)
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
    numbers = statistics(zones, result.sums, utm, MIN_BLUE)
    np.testing.assert_allclose(numbers["area_km2"], 800, rtol=1e-9)
    # A cell is 0.25 km2 of UTM, whose scale is off by up to 0.1 %, and every cell is lit.
    np.testing.assert_allclose(numbers["lit_area_km2"], 800, rtol=1e-6)
    np.testing.assert_allclose(numbers["light_r"], 3200, rtol=4e-3)
    assert len(result.cells) == pytest.approx(6400, rel=4e-3)
    assert ((result.cells.x < place(20, 0)[0]) == (result.cells.country == 0)).mean() > 0.99


def test_beside_takes_both_sides_of_one_pair_within_reach():
    x, y = place(np.array([19.0, 21.0, 5.0, 22.0]), np.array([10.0, 10.0, 10.0, 10.0]))
    ones = np.ones(4, np.float32)
    cells = Cells(x, y, ones, ones, np.array([0, 1, 0, 2], np.int8), ones)
    near = beside(cells, BorderLine.of(straight(), 2000.0, IN_FORCE.line), 0, 1, 5000.0, EDGES_M)
    assert near.second.tolist() == [False, True]
    np.testing.assert_allclose(near.distance_m, 1000, atol=1)


def test_strips_take_the_scatter_of_their_own_cells():
    rng = np.random.default_rng(0)
    x_km, y_km = rng.uniform(0, 40, 20_000), rng.uniform(0, 200, 20_000)
    x, y = place(x_km, y_km)
    red = np.ones(20_000, np.float32)
    tone = np.where(np.floor(y_km / 10) % 2 == 0, 0.2, -0.2) * (x_km > 20)  # uneven in Germany alone
    green, country = (red * 2**tone).astype(np.float32), (x_km > 20).astype(np.int8)
    cells = Cells(x, y, red, green, country, tone.astype(np.float32))
    near = {
        "BE-DE": beside(cells, BorderLine.of(straight(200), 2000.0, IN_FORCE.line), 0, 1, 20_000.0, EDGES_M)
    }
    strips = pd.DataFrame(
        {
            "pair": "BE-DE",
            "side": ["BE", "DE", "DE"],
            "band_from_km": [0.0, 0.0, 10.0],
            "band_to_km": [10.0, 10.0, 20.0],
        }
    )
    even, uneven, far = (scatter_sigma(own, 10.0, 5) for own in in_strips(strips, near))
    assert even == pytest.approx(0, abs=1e-6)
    assert uneven == pytest.approx(scatter_sigma(cells.chosen((x_km > 20) & (x_km < 30)), 10.0, 5), rel=1e-2)
    # Twenty squares alternate between +0.2 and -0.2: sigma is about 0.2 / sqrt(20).
    assert uneven == pytest.approx(0.2 / math.sqrt(20), rel=0.2)
    assert far == pytest.approx(uneven, rel=0.3)


# A map of 5 x 5 cells of 1 km in one country but for its last column; rows from the north:
#
#     light (red + green)     log2(G/R)
#     1 1 1 1 |9              0 0 0 0 |5
#     1 2 2 1 |9              0 1 1 0 |5
#     1 2 x 1 |9              0 1 x 0 |5      x not lit
#     1 4 4 1 |9              0 2 2 0 |5
#     1 1 1 1 |9              0 0 0 0 |5
LIGHT_5 = np.array([[1, 1, 1, 1, 9], [1, 2, 2, 1, 9], [1, 2, 3, 1, 9], [1, 4, 4, 1, 9], [1, 1, 1, 1, 9.0]])
TONE_5 = np.array([[0, 0, 0, 0, 5], [0, 1, 1, 0, 5], [0, 1, 0, 0, 5], [0, 2, 2, 0, 5], [0, 0, 0, 0, 5.0]])


def five_by_five() -> Cells:
    land, on = countries(5, 5, 4), grid(5, 5, 1000.0)
    red = LIGHT_5 / (1 + 2**TONE_5)
    lit = np.ones((5, 5), bool)
    lit[2, 2] = False
    light, tone = light_and_tone(red, LIGHT_5 - red, 0.5 * red, lit)
    zones = country_zones(land, box(0, 0, 5, 5))
    cells = scan([(Tile(0, 0, 5, 5), light, tone)], zones, land, on).cells
    return cells.chosen(cells.country == 0)


def test_quantiles_by_hand():
    """Of Belgium's 19 cells 14 have tone 0, 3 tone 1, 2 tone 2; of its light 14, 6 and 8."""
    found = tone_quantiles(five_by_five(), STEP)
    assert found == {
        "tone_median": 0.0,
        "tone_q10": 0.0,
        "tone_q25": 0.0,
        "tone_q50": 0.0,  # exactly half of the light
        "tone_q75": 2.0,
        "tone_q90": 2.0,
    }


def test_without_light_there_are_no_quantiles():
    nothing = five_by_five().chosen(np.zeros(19, bool))
    assert all(math.isnan(value) for value in tone_quantiles(nothing, STEP).values())


# 3 x 3 cells of 1 km of one country; the south-west cell is masked, the north-west one not lit.
RED_3 = np.array([[1.0, 2.0, 4.0], [4.0, 4.0, 1.0], [np.nan, 2.0, 2.0]])
GREEN_3 = RED_3 * np.array([[1.0, 0.5, 0.5], [0.25, 0.5, 1.0], [1.0, 0.5, 2.0]])


def test_every_statistic_of_a_three_by_three_raster():
    land, on = countries(3, 3, 3), grid(3, 3, 1000.0)
    lit = np.isfinite(RED_3)
    lit[0, 0] = False
    light, tone = light_and_tone(RED_3, GREEN_3, 0.5 * GREEN_3, lit)
    zones = country_zones(land, box(0, 0, 3, 3))
    scanned = scan([(Tile(0, 0, 3, 3), light, tone)], zones, land, on)
    row = statistics(zones, scanned.sums, on, MIN_BLUE).iloc[0]
    red, green = 2 + 4 + 4 + 4 + 1 + 2 + 2, 1 + 2 + 1 + 2 + 1 + 1 + 4
    expected = {"area_km2": 9, "lit_area_km2": 7, "light_r": red, "light_g": green, "light_b": green / 2}
    expected |= {"tone_g_r": math.log2(green / red), "tone_b_g": -1, "n_cells": 7, "masked_share": 1 / 9}
    assert row.to_dict() == pytest.approx(expected)
    # Tones of the lit cells, sorted: -2, four of -1, 0, 1; of their light 31: 5, 3 + 6 + 6 + 3, 2, 6.
    found = tone_quantiles(scanned.cells, STEP)
    assert found["tone_median"] == -1
    assert [found[f"tone_q{q}"] for q in (10, 25, 50, 75, 90)] == [-2, -1, -1, 0, 1]
    # The scatter between the seven cells as blocks.
    shares = [RED_3[lit] / red, GREEN_3[lit] / green]
    sigma = math.sqrt(7 / 6 * ((shares[1] - shares[0]) ** 2).sum()) / math.log(2)
    assert scatter_sigma(scanned.cells, 1.0, 5) == pytest.approx(sigma, rel=1e-6)


def test_the_scatter_is_taken_between_squares_of_the_size_given():
    """Five squares of 2 km whose tone differs, or ten of 1 km: the same light in other groups."""
    x_km, y_km = np.arange(0.5, 10, 1), np.full(10, 0.5)
    tone = np.repeat([0.2, -0.2, 0.2, -0.2, 0.2], 2)
    red = np.ones(10, np.float32)
    cells = Cells(*place(x_km, y_km), red, (red * 2**tone).astype(np.float32), np.zeros(10, np.int8), red)
    green = cells.green.astype(float)
    for side_km, groups in ((1.0, 10), (2.0, 5)):
        share = green.reshape(groups, -1).sum(axis=1) / green.sum() - 1 / groups
        sigma = math.sqrt(groups / (groups - 1) * (share**2).sum()) / math.log(2)
        assert scatter_sigma(cells, side_km, 5) == pytest.approx(sigma, rel=1e-6)
    assert math.isnan(scatter_sigma(cells, 2.0, 6))
    turned = replace(cells, x=cells.y + 1e6, y=cells.x - 1e6)
    assert scatter_sigma(turned, 2.0, 5) == pytest.approx(scatter_sigma(cells, 2.0, 5))


def test_a_band_holds_its_inner_edge_and_not_its_outer_one():
    x, y = place(np.full(4, 21.0), np.arange(4.0))
    ones, tone = np.ones(4, np.float32), np.arange(4, dtype=np.float32)
    cells = Cells(x, y, ones, ones, np.ones(4, np.int8), tone)
    near = {
        "BE-DE": Beside(
            cells, np.arange(4), np.array([True, True, True, False]), np.array([1e3, 1999.0, 2e3, 1500.0])
        )
    }
    strips = pd.DataFrame(
        {"pair": "BE-DE", "side": ["DE", "BE", "DE"], "band_from_km": [1, 1, 2], "band_to_km": [2, 2, 3]}
    )
    assert [own.tone.tolist() for own in in_strips(strips, near)] == [[0, 1], [3], [2]]


def test_a_border_widened_is_all_within_the_distance_to_two_percent():
    wiggly = shapely.LineString([place(20 + 0.2 * np.sin(v), v) for v in np.arange(0, 40, 0.1)])
    wide = widened(wiggly, 2000.0, wiggly.envelope)
    exact = wiggly.buffer(2000.0, quad_segs=64)
    assert wide.symmetric_difference(exact).area / exact.area < 0.02
    assert wide.hausdorff_distance(exact) <= 0.02 * 2000
    # It is made of far fewer points than the line and its ends ask for.
    assert len(wide.exterior.coords) < 200


def test_polygons_leave_lines_and_points_out():
    mixed = shapely.GeometryCollection([box(0, 0, 1, 1), shapely.Point(place(2, 2)), straight()])
    kept = polygons(mixed)
    assert kept.geom_type == "MultiPolygon"
    assert kept.area == pytest.approx(KM**2)


@pytest.mark.parametrize(("over", "under"), [(0.0, 1.0), (1.0, 0.0), (-1.0, 2.0), (2.0, -1.0)])
def test_a_ratio_of_no_light_is_missing(over, under):
    assert log_ratio(pd.Series([over]), pd.Series([under])).isna().all()
    assert log_ratio(pd.Series([8.0, 0.02]), pd.Series([2.0, 0.08])).tolist() == [2.0, -2.0]


def test_blue_is_given_where_half_of_the_lit_cells_have_it():
    zones = gpd.GeoDataFrame(geometry=[box(0, 0, 4, 1)] * 2, crs=AREA_CRS)
    sums = pd.DataFrame(
        {"red": 4.0, "green": 4.0, "blue": 1.0, "lit": 4.0, "with_blue": [2.0, 1.9], "valid": 4}
    )
    numbers = statistics(zones, sums, grid(4, 1, 1000.0), MIN_BLUE)
    assert numbers["tone_b_g"].tolist()[0] == -2.0
    assert math.isnan(numbers["tone_b_g"].tolist()[1])


def test_no_more_than_all_of_a_zone_is_masked_and_no_less_than_none():
    """Sums of parts of cells may exceed a zone by a rounding error; counts are of whole cells."""
    zones = gpd.GeoDataFrame(geometry=[box(0, 0, 4, 1)] * 3, crs=AREA_CRS)
    sums = pd.DataFrame(
        {"red": 1.0, "green": 1.0, "blue": 1.0, "lit": 1.6, "with_blue": 0.0, "valid": [4.001, -0.001, 1.0]}
    )
    numbers = statistics(zones, sums, grid(4, 1, 1000.0), MIN_BLUE)
    assert numbers["masked_share"].tolist() == [0.0, 1.0, 0.75]
    assert numbers["n_cells"].tolist() == [2, 2, 2]
    assert numbers["lit_area_km2"].tolist() == pytest.approx([1.6] * 3)


@pytest.mark.parametrize(
    ("names", "borders", "sentence"),
    [
        (["Belgium", "Germany"], 1, None),
        (
            ["Germany"],
            0,
            "Only Germany of the countries to be compared is in the frame: there is no border to compare.",
        ),
        ([], 0, "None of the countries to be compared is in the frame: there is no border to compare."),
        (
            ["Belgium", "Germany"],
            0,
            "No border of Belgium and Germany crosses the frame: there is none to compare.",
        ),
    ],
)
def test_why_there_is_no_border_is_said(names, borders, sentence):
    assert no_border(names, borders) == sentence
