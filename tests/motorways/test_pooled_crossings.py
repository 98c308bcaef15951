"""Several photos of one crossing: where light ends in all of them, where they agree, what policy said."""

import math
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from pipeline.borders.schema import COLUMNS
from pipeline.borders.squares import AREA_CRS
from pipeline.camera.earth import transformer
from pipeline.ground.events import read_events
from pipeline.motorways.pooled_crossings import (
    UNKNOWN_POLICY,
    pool_crossings,
    pooled_end,
    pooled_passes,
)
from pipeline.motorways.settings import MOTORWAY_SETTINGS
from pipeline.motorways.verdicts import DIFFERS
from pipeline.robust import NORMAL_95

AACHEN = transformer("EPSG:4326", AREA_CRS).transform(6.02, 50.71)  # where the E40 crosses
VOEREN = transformer("EPSG:4326", AREA_CRS).transform(5.699, 50.756)
EVENTS = read_events()
END: dict[str, Any] = {
    "ref": "E40",
    "name": "A3; A44",
    "pair": "BE-DE",
    "first": "BE",
    "second": "DE",
    "verdict": "ends at the national border",
    "statement": "The light of the E40 ends.",
    "lit_side": "BE",
    "end_m": 0.0,
    "low95_m": -200.0,
    "high95_m": 200.0,
    "change_sigma_m": 100.0,
    "position_sigma_m": 20.0,
    "line_error_m": 5.0,
    "regional_at_m": math.nan,
    "regional_error_m": math.nan,
}
NO_END = {name: math.nan for name in ("end_m", "low95_m", "high95_m", "change_sigma_m")} | {"lit_side": None}


def ends(*rows: dict[str, Any], place: tuple[float, float] = AACHEN) -> gpd.GeoDataFrame:
    """Rows of `motorway_ends`, a photo each, a year apart from a February evening of 2012 on."""
    labels = [
        {"photo": f"photo {k}", "taken_at": f"{2012 + k}-02-23T21:09:34Z", "evidence": "jpeg"}
        for k in range(len(rows))
    ]
    table = pd.DataFrame([END | label | row for label, row in zip(labels, rows, strict=True)])
    points = gpd.points_from_xy(*np.repeat(np.array(place)[:, None], len(table), axis=1))
    return gpd.GeoDataFrame(table.assign(simulated=False), geometry=points, crs=AREA_CRS)


def pooled(*rows: dict[str, Any], **more: Any) -> gpd.GeoDataFrame:
    return pool_crossings(ends(*rows, **more), 20.0, EVENTS, MOTORWAY_SETTINGS)


COMMON = 0.5


@pytest.mark.parametrize("place_shared", [False, True])
def test_the_pooled_interval_holds_the_end(place_shared: bool):
    # Errors that photos share, of the light and of places, are held at 95 %; where places err each by itself
    # the interval is wider than it need be, never narrower. Chance: 3 sigma of 2000 draws are 1.5 %.
    rng = np.random.default_rng(3)
    light, place, shared = np.array([150.0, 80.0, 300.0]), np.full(3, 60.0), 25.0
    held = []
    for _ in range(2000):
        off = np.full(3, rng.normal()) if place_shared else rng.standard_normal(3)
        of_light = math.sqrt(1 - COMMON) * rng.standard_normal(3) + math.sqrt(COMMON) * rng.normal()
        end = pooled_end(light * of_light + place * off + shared * rng.normal(), light, place, shared, COMMON)
        held.append(abs(end.chainage_m) <= NORMAL_95 * end.sigma_m)
    assert np.mean(held) > 0.935
    assert not place_shared or np.mean(held) < 0.975


def test_many_photos_lessen_only_what_of_the_light_is_each_ones_own():
    light, place = np.full(100, 100.0), np.full(100, 30.0)
    end = pooled_end(np.zeros(100), light, place, 40.0, 0.36)
    # The own 80 m by sqrt(100), and whole: the common 60 m, places and what is shared.
    assert end.sigma_m == pytest.approx(math.hypot(8, 60, 30, 40))
    assert end.between_m == 0
    assert end.p == pytest.approx(1)


def test_photos_that_differ_widen_the_interval():
    # Apart by 400 m at a sigma of 100: the excess is the moment estimate's, for two photos by hand.
    end = pooled_end(np.array([-200.0, 200.0]), np.full(2, 100.0), np.zeros(2), 0.0, 0.0)
    assert end.between_m == pytest.approx(math.sqrt(400**2 / 2 - 100**2))
    assert end.sigma_m == pytest.approx(200)  # of the mean of two: half of 400


def test_photos_of_one_pass_count_as_one():
    light, place = np.full(6, 100.0), np.full(6, 30.0)

    def sigma_m(*photo_pass: int) -> float:
        return pooled_passes(np.zeros(6), light, place, np.array(photo_pass), 40.0, 0.0).sigma_m

    assert sigma_m(0, 0, 0, 0, 0, 0) == pytest.approx(math.hypot(100, 30, 40))
    assert sigma_m(0, 0, 0, 0, 0, 1) == pytest.approx(math.hypot(100 / math.sqrt(2), 30, 40))
    assert sigma_m(0, 1, 2, 3, 4, 5) == pytest.approx(math.hypot(100 / math.sqrt(6), 30, 40))


@pytest.mark.parametrize("taken_at", ["2012-02-23T21:{}:34Z", None])
def test_photos_minutes_apart_say_no_more_than_one(taken_at: str | None):
    # What is not known to be another pass is none.
    rows = [{"taken_at": taken_at and taken_at.format(10 + k)} for k in range(6)]
    one_pass, six_passes = pooled(*rows).iloc[0], pooled(*[{}] * 6).iloc[0]
    width_m = one_pass["high95_m"] - one_pass["low95_m"]
    assert width_m > 2 * NORMAL_95 * math.hypot(100, 20)  # the light and place of one photo
    assert six_passes["high95_m"] - six_passes["low95_m"] < 0.85 * width_m  # sqrt(0.5 + 0.5 / 6) is 0.76


def test_photos_of_one_pass_that_differ_are_not_averaged_in_silence():
    ends_m = [{"end_m": end_m, "taken_at": "2012-02-23T21:09:34Z"} for end_m in (-1000.0, 1000.0)]
    assert pooled(*ends_m).iloc[0]["verdict"] == DIFFERS


def test_one_row_of_all_photos_that_show_the_crossing():
    table = pooled({"end_m": -60.0}, {"end_m": 20.0}, {"verdict": "undecidable"} | NO_END)
    assert list(table.columns) == [
        *("photo", "taken_at"),
        *COLUMNS["motorway_crossings"],
        *("geometry", "evidence", "simulated"),
    ]
    (row,) = table[table["n_photos"] == 3].itertuples()
    assert (row.photo, row.verdict, row.lit_side, row.n_ends) == (
        "all",
        "ends at the national border",
        "BE",
        2,
    )
    assert row.end_m == pytest.approx(-20)
    assert row.high95_m - row.low95_m < 2 * 200  # narrower than either
    assert "2 of 3 photos together (2012-02-23 22:09, 2013-02-23 22:09, 2014-" in row.statement


def test_one_photo_alone_is_not_pooled():
    assert pooled({}).empty
    assert list(pooled({}).columns) == list(pooled({}, {}).columns)


@pytest.mark.parametrize(
    "other",
    [
        {"end_m": 3000.0, "low95_m": 2800.0, "high95_m": 3200.0},
        {"lit_side": "DE"},
        {"verdict": "lit on both sides"} | NO_END,
    ],
)
def test_photos_whose_light_changed_are_not_pooled(other: dict[str, Any]):
    row = pooled({}, other).iloc[0]
    assert row["verdict"] == DIFFERS
    assert np.isnan(row["end_m"])
    assert row["statement"].count("2012-02-23 22:09") == row["statement"].count("2013-02-23 22:09") == 1


def test_photos_that_agree_without_an_end():
    dark = {"verdict": "dark on both sides"} | NO_END
    untold = {"verdict": "undecidable"} | NO_END
    assert pooled(dark, dark, untold).iloc[0]["verdict"] == "dark on both sides"
    assert "In 2 of 3 photos" in pooled(dark, dark, untold).iloc[0]["statement"]
    assert pooled(dark, {"verdict": "lit on both sides"} | NO_END).iloc[0]["verdict"] == DIFFERS
    assert pooled(untold, untold).iloc[0]["verdict"] == "undecidable"


def test_more_photos_tell_two_borders_apart():
    voeren = {
        "ref": "E25",
        "pair": "BE-NL",
        "second": "NL",
        "regional_at_m": -500.0,
        "regional_error_m": 100.0,
    }
    one = voeren | {"end_m": -60.0, "change_sigma_m": 160.0, "verdict": "undecidable"}
    alone, many = pooled(one, one), pooled(*[one] * 6)
    assert alone.iloc[0]["verdict"] == "undecidable"
    assert many.iloc[0]["verdict"] == "ends at the national border"


def test_every_regional_border_that_a_photo_is_near_counts():
    """Each photo names the one nearest to its own end; the interval of all holds both."""
    west = {"end_m": -210.0, "regional_at_m": -400.0, "regional_error_m": 50.0}
    east = {"end_m": 210.0, "regional_at_m": 400.0, "regional_error_m": 50.0}
    row = pooled(*[west | {"change_sigma_m": 250.0}, east | {"change_sigma_m": 250.0}]).iloc[0]
    assert row["verdict"] == "undecidable"
    assert "0.40 km on the Belgian side" in row["statement"]
    assert "0.40 km on the German side" in row["statement"]
    one = pooled(west, west | {"regional_at_m": -396.0}).iloc[0]  # one border, as two photos' grids have it
    assert one["statement"].count("0.40 km") == 1


@pytest.mark.parametrize(
    ("end_m", "lit_side", "seen_lit", "differs"),
    [
        (-2000.0, "BE", "BE", True),  # dark for 2 km before the border that the other shows lit
        (-100.0, "BE", "BE", False),
        (2000.0, "DE", "DE", True),
        (100.0, "DE", "DE", False),
        (0.0, "BE", "DE", True),  # dark behind the border, where the other shows it lit
        (2000.0, "BE", "DE", False),
    ],
)
def test_lit_up_to_the_border_agrees_with_light_that_reaches_it(
    end_m: float, lit_side: str, seen_lit: str, differs: bool
):
    end = {"end_m": end_m, "lit_side": lit_side}
    up_to_border = {"verdict": "lit up to the border"} | NO_END | {"lit_side": seen_lit}
    assert (pooled(end, end, up_to_border).iloc[0]["verdict"] == DIFFERS) == differs


def test_the_place_lies_between_those_of_the_photos():
    table = ends({"end_m": -100.0}, {"end_m": 100.0})
    x, y = AACHEN
    table = table.set_geometry(gpd.points_from_xy([x - 100, x + 100], [y, y]), crs=AREA_CRS)
    row = pool_crossings(table, 20.0, EVENTS, MOTORWAY_SETTINGS).iloc[0]
    assert row["end_m"] == pytest.approx(0.0, abs=1e-6)
    assert row.geometry.x == pytest.approx(x)


def test_the_policy_of_the_hour_and_place():
    # February 2012: Flemish motorways are off in part at all hours, Walloon ones after half past midnight.
    evening = pooled({}, {}).iloc[0]["policy"]
    assert evening == "German motorways in part off"
    night = {"taken_at": "2012-02-24T00:15:00Z"}
    table = pooled({"taken_at": "2012-02-23T21:09:34Z"}, night, night)
    assert list(table["n_photos"]) == [3, 2]
    assert table.iloc[1]["policy"] == "Walloon motorways in part off, German motorways in part off"
    assert pooled({"taken_at": None}, {"taken_at": None}).iloc[0]["policy"] == UNKNOWN_POLICY
    flemish = {"ref": "E25", "pair": "BE-NL", "second": "NL"}
    assert (
        pooled(flemish, flemish, place=VOEREN).iloc[0]["policy"].startswith("Flemish motorways in part off")
    )
