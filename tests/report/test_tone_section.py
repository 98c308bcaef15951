"""What the report says of tone: by level of evidence, and what stands in the tables of countries."""

import dataclasses
import re
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from pipeline.borders.schema import layer
from pipeline.deliver.results import PhotoResults
from pipeline.ground.country_table import country_title
from pipeline.photo.cameras import read_cameras
from pipeline.report.page import environment
from pipeline.report.tone_section import ToneFacts, tone_facts
from pipeline.tone.lamps import FAMILIES, WHITE
from tests.scenes.city import TONE
from tests.scenes.delivery import Delivery

D3S = read_cameras(Path(__file__).parents[2] / "data" / "cameras.csv")["D3S"]


@pytest.fixture(scope="module")
def photo(delivery: Delivery) -> PhotoResults:
    """The photo of 2012."""
    return delivery.results().photos[0]


def with_facts(photo: PhotoResults, **more: object) -> PhotoResults:
    return dataclasses.replace(photo, facts=photo.facts.model_copy(update=more))


def shown(facts: ToneFacts, mark: str = "") -> str:
    """The text a reader sees of the partial."""
    page = environment().from_string(
        '{% from "tone.html" import tone_facts %}{{ tone_facts(facts, mark, country, "x") }}'
    )
    html = page.render(facts=facts, mark=mark, country=country_title)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html)))


def test_countries_stand_with_the_figures_of_their_table(photo: PhotoResults) -> None:
    facts = tone_facts(photo)
    assert {row.country: row.tone_g_r for row in facts.countries} == TONE[2012]
    text = shown(facts)
    assert "Germany 20.0° −0.40 −0.40 900 No dependence is found." in text
    assert "Belgium 20.0° −1.20 −1.20 900 Tone changes with view zenith: +0.50." in text
    assert ": 100 % of the light is seen at angles that all these countries have." in text


def test_of_a_jpeg_it_says_what_cannot_be_told_and_why(photo: PhotoResults) -> None:
    text = shown(tone_facts(photo))
    assert "lamp types not identifiable from a JPEG, because the camera shifted all colours" in text
    assert "Hot pixels: not looked for in a JPEG." in text
    assert "Vignetting: not corrected." in text
    assert "Lamp families" not in text


def test_of_an_anchored_raw_it_shows_families_by_light(photo: PhotoResults) -> None:
    anchored = with_facts(
        photo, evidence="raw_anchored", anchor=D3S, hot_pixels=7, vignetting="corrected; known"
    )
    shares = layer(
        [
            {"country": row.country, "family": family.name, "green_share": 0.01 * (10 * place + family.code)}
            for place, row in enumerate(tone_facts(photo).countries)
            for family in FAMILIES
        ],
        "lamp_shares",
    )
    text = shown(tone_facts(dataclasses.replace(anchored, lamp_shares=shares)))
    # By country: its place in the table, then the family.
    assert f"■ {WHITE.name} {WHITE.code} % 1{WHITE.code} % 2{WHITE.code} %" in text
    assert "Family Belgium" in text
    assert "not identifiable" not in text
    assert "Hot pixels: 7 isolated ones masked." in text
    assert "anchored to daylight by the colour matrix of <i>Nikon</i> D3S" in text


def test_of_an_unanchored_raw_it_says_why(photo: PhotoResults) -> None:
    text = shown(tone_facts(with_facts(photo, evidence="raw", unanchored="its camera is <b>odd</b>")))
    assert "Colours: not anchored; its camera is <b>odd</b>." in text


def test_countries_at_other_angles_are_not_compared(photo: PhotoResults) -> None:
    unlike = photo.country_tones.assign(overlap=0.04, matched_tone_g_r=np.nan)
    text = shown(tone_facts(dataclasses.replace(photo, country_tones=unlike)))
    assert "4 % of the light is seen at angles that all these countries have, too little" in text
    assert "Germany 20.0° −0.40 – 900" in text


def test_a_single_country_is_matched_with_none(photo: PhotoResults) -> None:
    alone = photo.country_tones[:1].assign(overlap=np.nan, matched_tone_g_r=np.nan)
    text = shown(tone_facts(dataclasses.replace(photo, country_tones=alone)))
    assert "Belgium 20.0°" in text
    assert "of the light is seen" not in text


def test_a_photo_without_countries_has_facts_too(photo: PhotoResults) -> None:
    facts = tone_facts(dataclasses.replace(photo, country_tones=photo.country_tones[:0]))
    assert facts.countries == ()
    assert "What this photo cannot tell" in shown(facts)


def test_the_mark_of_simulated_photos_stands_at_every_table(photo: PhotoResults) -> None:
    assert shown(tone_facts(photo), "SIMULATED ").count("SIMULATED") == 2
