"""Charts: the figures they state, the mark of simulated photos, and what they do without figures."""

import dataclasses
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.deliver.palette import RULE
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.report import border_charts as plots
from pipeline.report import contrast_charts
from pipeline.report.answers import rows_of
from pipeline.report.chart_style import DESKTOP_SHEET, PHONE_SHEET, SHEETS, Sheet
from pipeline.report.motorway_chart import motorway
from tests.report.svg_words import words
from tests.report.test_maps import real
from tests.scenes.delivery import Delivery


@pytest.fixture(scope="module")
def city(delivery: Delivery) -> CityResults:
    return delivery.results()


def test_forest_states_every_contrast_with_its_interval(city: CityResults) -> None:
    """Those of all photos together come first, and their towns before what else was compared."""
    text = re.sub(r"\s+", " ", words(contrast_charts.forest(city, {}, DESKTOP_SHEET)))
    assert text.count("none can be given") == 2
    of_border = text.split("Belgium → The Netherlands")[1].split("Germany → ")[0]
    told = re.findall(
        r"(typical town|without motorways|motorways alone|all light)|(\+\d.\d\d \([^)]*\))", of_border
    )
    assert [label or figures for label, figures in told] == [
        *("typical town", "+0.40 (0.30 to 0.50)", "without motorways", "+0.38 (0.28 to 0.48)"),
        *("motorways alone", "+0.05 (−0.05 to 0.15)", "all light", "+0.50 (0.42 to 0.57)"),
        "+0.30 (0.22 to 0.37)",
    ]


@pytest.mark.parametrize("sheet", SHEETS)
def test_by_range_fills_the_range_that_was_chosen(city: CityResults, sheet: Sheet) -> None:
    """Of all photos: 10 and 20 km, of which 20 were chosen; where there is none, nothing is drawn."""
    svg = contrast_charts.by_range(city, sheet)
    assert {"10", "20"} <= set(words(svg).split())
    ranges = city.pooled.contrast_by_range[:0]
    none = dataclasses.replace(city, pooled=dataclasses.replace(city.pooled, contrast_by_range=ranges))
    assert contrast_charts.has_ranges(city)
    assert not contrast_charts.has_ranges(none)


def drawn(city: CityResults, photo: PhotoResults, sheet: Sheet, **more: Any) -> list[str]:
    """All charts of a city with one photo; its first motorway with other figures."""
    pooled = dataclasses.replace(city.pooled, contrasts=city.pooled.contrasts[:0])
    alone = dataclasses.replace(city, photos=(photo,), pooled=pooled)
    end = rows_of(photo.motorway_ends.assign(**more))[0]
    charts = [
        plots.profile(photo, sheet),
        plots.along(photo, sheet),
        motorway(photo, end, city.borders.geometry, sheet),
    ]
    return [contrast_charts.forest(alone, {}, sheet), contrast_charts.by_range(alone, sheet), *charts]


@pytest.mark.parametrize("sheet", SHEETS)
def test_charts_of_simulated_photos_say_so(city: CityResults, sheet: Sheet) -> None:
    for simulated, measured in zip(
        drawn(city, city.photos[0], sheet), drawn(city, real(city.photos[0]), sheet), strict=True
    ):
        assert "SIMULATED" in words(simulated)
        assert "SIMULATED" not in words(measured)


def test_forest_marks_planted_values(city: CityResults) -> None:
    planted = {"simulated-2012": {"BE-NL": 0.5, "BE-DE": float("nan")}}
    with_one, without = (contrast_charts.forest(city, truth, DESKTOP_SHEET) for truth in (planted, {}))
    assert with_one.count("<path") == without.count("<path") + 1  # an open diamond


@pytest.mark.parametrize("sheet", SHEETS)
def test_profile_has_a_panel_of_tone_and_of_light_for_each_pair(city: CityResults, sheet: Sheet) -> None:
    rows = city.photos[0].profiles
    other = rows.assign(pair="DE-NL", side=rows["side"].map({"BE": "DE", "DE": "NL"}))
    table = pd.concat([rows, other], ignore_index=True)
    svg = plots.profile(dataclasses.replace(city.photos[0], profiles=table), sheet)
    assert svg.count("<svg x=") == 4
    for sides in ("BE left, DE right", "DE left, NL right"):
        assert f"km from the border: {sides}" in words(svg)


def test_profile_states_its_light_and_greys_the_exclusion_zone(city: CityResults) -> None:
    photo = city.photos[0]
    assert words(plots.profile(photo, DESKTOP_SHEET)).split().count("2") == 1  # light per km2 of the tables
    with_exclusion = dataclasses.replace(photo, contrasts=photo.contrasts.assign(exclusion_km=1.0))
    grey = [
        plots.profile(p, DESKTOP_SHEET).count(
            f"<rect x='435.6' y='0' width='96.8' height='117' fill='{RULE}'"
        )
        for p in (photo, with_exclusion)
    ]
    assert grey == [0, 2]  # 1 km to both sides of the middle of 20 km, which are 968 px: in tone and in light


def test_along_names_its_sides_and_its_course(city: CityResults) -> None:
    text = words(plots.along(city.photos[0], DESKTOP_SHEET))
    for said in ("German side greener ↑", "Belgian side greener ↓", "from the north to the south"):
        assert said in text
    assert "km, north → south" in words(plots.along(city.photos[0], PHONE_SHEET))


def test_figures_that_are_missing_leave_gaps(city: CityResults) -> None:
    photo = city.photos[0]
    values = ["tone_g_r", "tone_low95", "tone_high95", "light_per_km2", "light_low95", "light_high95"]
    dark = dataclasses.replace(
        photo,
        profiles=photo.profiles.assign(**dict.fromkeys(values, np.nan)),
        segments=photo.segments.assign(contrast_g_r=[0.8, np.nan], low95=np.nan, high95=np.nan),
        motorway_stations=photo.motorway_stations.assign(
            light_per_km=np.nan, sigma=np.nan, flank_per_km=np.nan
        ),
        motorway_segments=photo.motorway_segments[:0],
    )
    missing = dict.fromkeys(("end_m", "low95_m", "high95_m", "regional_at_m", "lit_per_km"), np.nan)
    assert all(words(svg) for sheet in SHEETS for svg in drawn(city, dark, sheet, **missing))


def test_motorway_names_what_it_shows(city: CityResults) -> None:
    """Each only where it is: the E25 has no undecidable segment, and here a regional border or none."""
    with_one, without = (
        words(drawn(city, city.photos[0], DESKTOP_SHEET, regional_at_m=at, lit_per_km=at)[-1])
        for at in (500.0, np.nan)
    )
    for said in ("E25, 8 Dec 2012", "lit", "dark", "light ends, 95 %", "border", "Belgian side left, Dutch"):
        assert said in without
    assert "cannot be told" not in without
    for said in ("regional", "a lit motorway"):
        assert said in with_one
        assert said not in without


@pytest.mark.parametrize("sheet", SHEETS)
def test_same_charts_are_the_same_bytes(city: CityResults, sheet: Sheet) -> None:
    assert drawn(city, city.photos[0], sheet) == drawn(city, city.photos[0], sheet)
