"""Charts: the figures they state, the mark of simulated photos, and what they do without figures."""

import dataclasses
import re
from xml.etree import ElementTree

import numpy as np
import pytest

from pipeline.deliver import plots
from pipeline.deliver.results import CityResults
from tests.deliver.conftest import Delivery
from tests.deliver.test_maps import real

SHEETS = [plots.DESKTOP, plots.PHONE]


@pytest.fixture(scope="module")
def city(delivery: Delivery) -> CityResults:
    return delivery.results()


def words(svg: bytes) -> str:
    """All text of a chart."""
    return " ".join(
        "".join(part.itertext()) for part in ElementTree.fromstring(svg).iter() if part.tag.endswith("text")
    )


def test_forest_states_every_contrast_with_its_interval(city: CityResults) -> None:
    text = words(plots.forest(city.photos, {}, plots.DESKTOP))
    assert "+0.50 (0.42 to 0.57)" in re.sub(r"\s+", " ", text)
    assert text.count("none can be given") == 1
    assert "Belgium → The Netherlands" in text


@pytest.mark.parametrize("sheet", SHEETS)
def test_charts_of_simulated_photos_say_so(city: CityResults, sheet: plots.Sheet) -> None:
    for draw in (lambda photo: plots.forest([photo], {}, sheet), lambda photo: plots.profile(photo, sheet)):
        assert "SIMULATED" in words(draw(city.photos[0]))
        assert "SIMULATED" not in words(draw(real(city.photos[0])))


def test_forest_marks_planted_values(city: CityResults) -> None:
    planted = {"simulated-2012": {"BE-NL": 0.5, "BE-DE": float("nan")}}
    with_one, without = (plots.forest(city.photos, truth, plots.DESKTOP) for truth in (planted, {}))
    assert len(with_one) > len(without)


@pytest.mark.parametrize("sheet", SHEETS)
def test_profile_has_a_panel_of_tone_and_of_light_for_each_pair(
    city: CityResults, sheet: plots.Sheet
) -> None:
    svg = plots.profile(city.photos[0], sheet)
    assert len(re.findall(rb'id="axes_\d+"', svg)) == 6
    assert "km from the border: BE left, DE right" in words(svg)


def test_strips_without_light_or_tone_leave_gaps(city: CityResults) -> None:
    dark = city.photos[0].strips.assign(
        tone_g_r=np.nan, sigma_g_r=np.nan, light_r=0.0, light_g=0.0, light_b=0.0
    )
    photo = dataclasses.replace(city.photos[0], strips=dark)
    assert len(re.findall(rb'id="axes_\d+"', plots.profile(photo, plots.DESKTOP))) == 6


def test_same_charts_are_the_same_bytes(city: CityResults) -> None:
    assert plots.profile(city.photos[0], plots.PHONE) == plots.profile(city.photos[0], plots.PHONE)
