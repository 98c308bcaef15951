"""Towns as the sample: units from light and gazetteer, what photos show of them, the contrast they give."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.borders.light_squares import ARRAYS, LightSquares
from pipeline.borders.pooling import each_photo, pool
from pipeline.borders.quantities import ALL, MOTORWAYS, OFF_MOTORWAYS, TOWNS
from pipeline.borders.settings import IN_FORCE, SizeSettings
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.town_contrast import by_range
from pipeline.borders.town_likelihood import Sizes
from pipeline.borders.town_model import Posterior
from pipeline.borders.town_placebo import _ways, town_placebo
from pipeline.borders.town_tones import passes, shown
from pipeline.borders.town_units import motorway_stretches, town_units
from pipeline.borders.town_years import year_windows
from pipeline.camera.earth import transformer
from pipeline.ground.cities import Cities
from pipeline.ground.countries import Countries
from pipeline.models import BordersConfig
from tests.scenes.border_photos import CODES, Photos, places_of, shots, squares_of, town_answer
from tests.scenes.border_towns import SETTINGS, Scene, Setting, Shot, scene

X0, Y0 = 4_000_500.0, 3_000_500.0  # the centre of a square
NOBODY = Cities(*(np.empty(0) for _ in range(3)), np.empty(0, "<U1"), np.empty(0, "<U1"))
FAST = replace(IN_FORCE, placebo=replace(IN_FORCE.placebo, count=99))


def light_at(places: list[tuple[float, float, float, float, str, bool]]) -> LightSquares:
    """Squares by km east and north, light, log2(G/R), country and whether of a motorway."""
    east, north, light, tone, country, motorway = zip(*places, strict=True)
    x, y = X0 + 1e3 * np.array(east), Y0 + 1e3 * np.array(north)
    red = np.array(light) / (1 + 2.0 ** np.array(tone))
    n = len(x)
    columns = dict(zip(ARRAYS, [None] * len(ARRAYS), strict=True)) | {
        "column": np.floor(x / 1e3).astype(int),
        "row": np.floor(y / 1e3).astype(int),
        "country": np.array(country),
        "motorway": np.array(motorway),
        "x": x,
        "y": y,
        "red": red,
        "green": np.array(light) - red,
        "blue": np.zeros(n),
        "power": np.ones(n),
        "tone_sigma": np.full(n, 0.02),
        "n_cells": np.full(n, 4),
        "view_zenith_deg": np.zeros(n),
    }
    return LightSquares(**columns, **of_photo())


def of_photo() -> dict:
    return {
        "photo": "one",
        "taken_at": datetime(2012, 1, 1, tzinfo=UTC),
        "evidence": "jpeg",
        "simulated": True,
        "tone_systematic": 0.0,
        "exclusion_m": {"BE-DE": 500.0},
        "cell_km2": 0.25,
    }


def places_at(rows: list[tuple[float, float, int, str, str]]) -> Cities:
    """Places by km east and north, inhabitants, name and country."""
    east, north, people, name, country = (np.array(column) for column in zip(*rows, strict=True))
    lon, lat = transformer(AREA_CRS, "EPSG:4326").transform(X0 + 1e3 * east, Y0 + 1e3 * north)
    return Cities(np.asarray(lon), np.asarray(lat), people.astype(float), name, country)


def row_of_light(length: int, country: str = "BE", tone: float = -1.0, north: float = 0.0) -> list:
    return [(east, north, 1.0, tone, country, False) for east in range(length)]


def test_towns_that_have_grown_together_are_told_apart_by_their_places():
    photo = light_at(row_of_light(9))
    places = places_at([(1, 0, 5000, "West", "BE"), (7, 0, 5000, "East", "BE"), (4, 0, 9000, "Far", "DE")])
    units = town_units([photo], places, IN_FORCE.towns)
    # The German place lies on no light of its country.
    assert sorted(units.name) == ["East", "West"]
    west, east = (np.flatnonzero(units.name == name)[0] for name in ("West", "East"))
    # Between places of one size the middle square goes to either; the others are fixed.
    assert list(units.of(photo)[:4]) == [west] * 4
    assert list(units.of(photo)[5:]) == [east] * 4
    assert list(units.population) == [5000, 5000]


def test_a_larger_place_reaches_farther():
    photo = light_at(row_of_light(9))
    places = places_at([(1, 0, 100_000, "City", "BE"), (7, 0, 500, "Village", "BE")])
    units = town_units([photo], places, IN_FORCE.towns)
    city = np.flatnonzero(units.name == "City")[0]
    # 100,000 people build on 22 km2, 500 on 0.2: with half a square added to both radii it is 3.1 km to 0.8.
    assert np.sum(units.of(photo) == city) == 6


def test_a_side_of_the_border_is_a_unit_of_its_own_and_light_without_a_place_has_no_name():
    photo = light_at(row_of_light(3) + row_of_light(3, "DE"))
    units = town_units([photo], NOBODY, IN_FORCE.towns)
    assert sorted(units.country) == ["BE", "DE"]
    assert list(units.name) == ["", ""]
    assert len(set(units.of(photo)[:3])) == len(set(units.of(photo)[3:])) == 1


def test_squares_of_no_unit_belong_to_none():
    units = town_units([light_at(row_of_light(3))], NOBODY, IN_FORCE.towns)
    other = light_at([(50, 50, 1.0, 0.0, "BE", False), (0, 0, 1.0, 0.0, "DE", False), *row_of_light(1)])
    assert list(units.of(other)) == [-1, -1, 0]
    assert list(units.chosen(np.array([False])).of(other)) == [-1, -1, -1]


def test_a_road_without_a_name_is_no_town_and_its_light_makes_stretches():
    road = [(east, 20.0, 1.0, -1.3, "BE", True) for east in range(12)]
    photo = light_at(row_of_light(3) + road)
    units = town_units([photo], NOBODY, IN_FORCE.towns)
    assert units.is_town.sum() == 1
    assert units.motorway[~units.is_town] == pytest.approx(1)
    stretches = motorway_stretches([photo], IN_FORCE.towns)
    # 12 km in squares of 5 km.
    assert len(stretches) == 3
    assert set(stretches.of(photo)[3:]) == {0, 1, 2}


def test_tone_noise_and_brightness_of_a_town_by_hand():
    photo = light_at([(0, 0, 3.0, -1.0, "BE", False), (1, 0, 1.0, -2.0, "BE", False)])
    units = town_units([photo], NOBODY, IN_FORCE.towns)
    seen = shown([photo], units, replace(IN_FORCE.towns, least_sigma=0.0))
    # Red 2 and 0.8, green 1 and 0.2.
    assert seen.tone[0, 0] == pytest.approx(np.log2(1.2 / 2.8))
    assert seen.sigma[0, 0] == pytest.approx(0.02 * np.hypot(3, 1) / 4)
    assert seen.brightness[0] == 0  # the only one


def test_brightness_does_not_follow_tone() -> None:
    """Where green alone is more, brightness rises by half of it, as where red alone is: by the sum of both it
    would follow tone."""
    dark = light_at([(0, 0, 1, 0, "BE", False), (9, 0, 1, 0, "BE", False)])
    units = town_units([dark], NOBODY, IN_FORCE.towns)
    for red, green, expected in ((1.0, 2.0, 0.5), (2.0, 1.0, 0.5), (2.0, 2.0, 1.0)):
        first = dark.x == dark.x[0]
        more = replace(
            dark,
            red=np.where(first, red, 1.0) / 2,
            green=np.where(first, green, 1.0) / 2,
            power=np.where(first, (red + green) / 2, 1.0),
        )
        assert np.ptp(shown([more], units, IN_FORCE.towns).brightness) == pytest.approx(expected)


def test_a_town_that_is_mostly_hidden_is_not_shown():
    whole = light_at(row_of_light(10) + row_of_light(3, "DE", north=30.0))
    units = town_units([whole], NOBODY, IN_FORCE.towns)
    hidden = shown(
        [whole, whole.chosen(~((whole.country == "BE") & (whole.x > X0 + 1500)))], units, IN_FORCE.towns
    )
    belgian = np.flatnonzero(units.country == "BE")[0]
    assert np.isfinite(hidden.tone[0]).all()
    assert np.isnan(hidden.tone[1, belgian])


def test_photos_of_one_pass_and_copies_share_their_trend():
    tone = np.random.default_rng(0).normal(size=(4, 30))
    tone[3] = tone[0] + 0.7  # the first again, in another white balance
    night = datetime(2012, 1, 1, tzinfo=UTC)
    taken = [night, night + timedelta(minutes=5), night + timedelta(hours=3), None]
    group = passes(tone, taken, IN_FORCE.towns)
    assert group[0] == group[1] == group[3]
    assert group[2] != group[0]


def test_an_average_over_sizes_has_the_interval_of_its_mixture():
    sizes = (Sizes(*[0.1] * 7),) * 2
    posterior = Posterior(
        np.array([0.5, 0.5]), sizes, np.array([[-1.0], [1.0]]), np.full((2, 1, 1), 1e-6), sizes[0]
    )
    low, high = posterior.interval(np.ones(1), 0.95)
    # Two needles: 2.5 % lie below -1 but for its own width of 0.001, where 5 % of that needle lie.
    assert low == pytest.approx(-1 - 0.001 * 1.645, abs=1e-5)
    assert high == pytest.approx(1 + 0.001 * 1.645, abs=1e-5)
    assert posterior.value(np.ones(1)) == 0
    wider = posterior.interval(np.ones(1), 0.95, 0.1)
    assert wider[1] == pytest.approx(1 + 0.1 * 1.645, abs=1e-3)


@pytest.mark.parametrize("contrast", [0.6, -0.6])
def test_a_planted_contrast_is_found(contrast: float):
    # 0.6 is five times what the interval of the typical scene is wide at 1 sigma.
    answer = town_answer(Setting(contrast=contrast), Photos(), 1)
    assert answer is not None
    assert answer.low < contrast < answer.high
    assert answer.low > 0 or answer.high < 0
    assert town_placebo(answer, IN_FORCE.towns.shared_m, FAST.placebo).p <= 0.05


def test_intervals_hold_and_a_trend_is_no_contrast():
    answers = [town_answer(SETTINGS["trend 0.3, no contrast"], Photos(), seed) for seed in range(16)]
    low, high = np.array([(answer.low, answer.high) for answer in answers if answer]).T
    # Of 16 intervals at 95 % four miss with a probability of 1 %.
    assert np.sum((low > 0) | (high < 0)) <= 3


def test_a_photo_again_is_not_another_photo():
    once, again, five = (
        town_answer(SETTINGS["typical"], photos, 4)
        for photos in (Photos(), Photos(5, repeated=True), Photos(5, trend=0.1))
    )
    assert once
    assert again
    assert five
    assert again.n_photos == 5
    assert again.n_passes == 1
    assert again.high - again.low == pytest.approx(
        once.high - once.low, rel=0.1
    )  # 64 points move it by some %
    assert five.n_passes == 5
    assert five.high - five.low < 0.75 * (once.high - once.low)
    assert five.next_low is not None
    assert five.next_high - five.next_low > five.high - five.low


def test_the_systematic_is_in_the_interval():
    made = scene(SETTINGS["typical"], 3)
    light = squares_of(made, "one", 0)
    units = town_units([light], places_of(made, 3), IN_FORCE.towns)
    widths = []
    for systematic in (0.0, 0.2):
        answer = by_range(shown([light], units, IN_FORCE.towns), made.line, CODES, IN_FORCE, systematic)[1]
        assert answer
        widths.append((answer.high - answer.low) / 2)
    assert widths[1] == pytest.approx(np.hypot(widths[0], 1.96 * 0.2), rel=0.05)


def test_years_are_parted_at_the_widest_gaps():
    assert year_windows(np.array([2012, 2012, 2014]), 4) == [(2012, 2012), (2014, 2014)]
    assert year_windows(np.array([2003, 2011, 2012, 2013, 2020]), 3) == [
        (2003, 2003),
        (2011, 2013),
        (2020, 2020),
    ]
    assert year_windows(np.array([], int), 4) == []


def countries_of(made: Scene) -> Countries:
    """The two countries of a scene and their border."""
    areas = gpd.GeoDataFrame({"country": CODES}, geometry=list(made.sides), crs=AREA_CRS)
    pair = {"pair": ["BE-DE"], "first": ["BE"], "second": ["DE"]}
    return Countries(areas, gpd.GeoDataFrame(pair, geometry=[made.border], crs=AREA_CRS), areas[:0])


@pytest.fixture(scope="module")
def pooled() -> dict[str, gpd.GeoDataFrame]:
    """Three photos of one night of 2012 and three of 2022, when the second country is greener by 0.4."""
    first = scene(SETTINGS["typical"], 5)
    photos = []
    for night, shot in enumerate(shots(Photos(6, 0.1, 0.05), 5)):
        contrast = 0.25 if night < 3 else 0.65
        made = scene(Setting(contrast=contrast), 5, shot)
        light = squares_of(made, f"photo {night}", 30 * night + (3650 if night >= 3 else 0))
        photos.append(light)
    tables = each_photo(photos[:1], countries_of(first), places_of(first, 5), BordersConfig(), FAST)
    return pool(photos, countries_of(first), places_of(first, 5), BordersConfig(), FAST) | {
        "each": tables["contrasts"]
    }


def test_all_photos_are_one_row_and_years_have_rows_of_their_own(pooled):
    towns = pooled["contrasts"].query("quantity == @TOWNS").set_index("photo")
    assert list(towns.index) == [ALL, "2012", "2022"]
    assert towns.loc[ALL, "n_photos"] == 6
    assert towns.loc["2012", "low95"] < 0.25 < towns.loc["2012", "high95"]


def test_a_change_between_years_is_found(pooled):
    (trend,) = pooled["contrast_trends"].itertuples()
    assert trend.low95 < 0.4 < trend.high95
    assert trend.low95 > 0
    assert trend.per_year == pytest.approx(0.4 / 10, abs=0.01)  # over ten years
    assert "has become greener" in trend.statement


def test_what_carries_the_contrast_is_told(pooled):
    left_out = pooled["left_out"]
    assert set(left_out["what"]) == {"photo", "town"}
    assert (left_out["what"] == "photo").sum() == 6
    moves = left_out.query("what == 'town'")["moves_by"].abs()
    assert len(moves) == IN_FORCE.towns.most_left_out
    assert moves.max() < 0.1


def test_a_photo_by_itself_says_why_there_is_no_contrast_of_motorways(pooled):
    each = pooled["each"].set_index("quantity")
    assert np.isfinite(each.loc[TOWNS, "contrast_g_r"])
    # There are no motorways here: the same towns, averaged over sizes that were looked for from elsewhere.
    assert each.loc[OFF_MOTORWAYS, "contrast_g_r"] == pytest.approx(each.loc[TOWNS, "contrast_g_r"], abs=0.01)
    assert "no stretches with light" in each.loc[MOTORWAYS, "statement"]
    assert each.loc[MOTORWAYS, "verdict"] == "none"


def test_towns_are_listed_with_what_they_look_like(pooled):
    towns = pooled["town_units"]
    assert (towns["n_photos"] == 6).sum() > 50
    assert towns.geometry.geom_type.eq("Point").all()
    assert shapely.box(*towns.total_bounds).area > 0
    second = towns["country"] == "DE"
    assert towns.loc[second, "tone_g_r"].median() > towns.loc[~second, "tone_g_r"].median()


def test_photos_without_light_are_passed_over():
    nothing = light_at(row_of_light(1)).chosen(np.zeros(1, bool))
    made = scene(SETTINGS["typical"], 0)
    tables = pool([nothing], countries_of(made), NOBODY, BordersConfig(), FAST)
    assert all(len(table) == 0 for table in tables.values())


def test_the_shot_adds_its_trend():
    plain, tilted = (scene(SETTINGS["typical"], 0, Shot(trend=trend)) for trend in ((0.0, 0.0), (0.4, 0.0)))
    apart = tilted.cells.tone - plain.cells.tone
    slope = np.polyfit(plain.cells.x / 60e3, apart, 1)[0]
    assert slope == pytest.approx(0.4, abs=0.001)  # 60 km are the frame


def test_sizes_are_averaged_over_enough_points():
    """Four times the points move half widths by a few percent."""
    widths = []
    for points in (64, 256):
        settings = replace(IN_FORCE, sizes=SizeSettings(points=points))
        answer = town_answer(SETTINGS["typical"], Photos(), 2, settings=settings)
        assert answer
        widths.append(answer.high - answer.low)
    assert widths[0] == pytest.approx(widths[1], rel=0.04)


def test_a_dozen_towns_have_no_placebos():
    """They can be parted by straight lines in a few dozen ways, which are no fair draw."""
    answer = town_answer(SETTINGS["5 towns a side"], Photos(), 1)
    assert answer
    assert town_placebo(answer, IN_FORCE.towns.shared_m, FAST.placebo).p is None


def test_ways_of_parting_towns_are_counted_whichever_side_comes_first():
    sides = np.array([[0.5, -0.5, 0.5, 0.5], [0.5, -0.5, -0.5, 0.5], [-0.5, 0.5, -0.5, 0.5]])
    assert len(_ways(sides)) == 3  # the first two are one
