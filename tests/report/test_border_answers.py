"""Which side is greener: verdicts, figures, and arguments that follow from the tables and turn with them."""

import dataclasses
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.borders.schema import CANNOT_BE_TOLD, CHANGES, NONE_FOUND
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.report.answers import Answer
from pipeline.report.border_answers import greener_questions
from tests.report.test_maps import real
from tests.scenes.delivery import Delivery
from tests.scenes.rows import LINE, MIRRORED, bare, event, greener, said, table


@pytest.fixture(scope="module")
def photo(delivery: Delivery) -> PhotoResults:
    return bare(delivery.results().photos[0])


@pytest.fixture(scope="module")
def city(delivery: Delivery) -> CityResults:
    return delivery.results()


def test_a_question_for_each_border_in_the_order_of_pairs(city: CityResults) -> None:
    questions = greener_questions(city)
    assert [(question.key, question.heading) for question in questions] == [
        (("BE-DE",), "Is Aachen’s side greener?"),
        (("BE-NL",), "Is the Dutch side greener than the Belgian one?"),
        (("DE-NL",), "Is the Dutch side greener than the German one?"),
    ]
    photos = [photo.name for photo in city.photos]
    answers = [[answer.source.name for answer in question.answers] for question in questions]
    assert answers == [photos, ["all", *photos], photos]


def test_a_typical_town_is_the_headline_and_all_light_stands_beside_it(city: CityResults) -> None:
    answer = greener_questions(city)[0].answers[0]
    assert answer.verdict == "A typical town on the German side is greener than one on the Belgian side."
    assert dict(answer.figures)["Difference in log2(G/R)"] == "+0.70"
    assert answer.beside == ("All light together: the German side is greener, +0.80 (+0.72 to +0.87).",)


def test_all_photos_together_answer_first(city: CityResults) -> None:
    """With what carries the answer, how far photos differ, and how it changed."""
    question = greener_questions(city)[1]
    answer = question.answers[0]
    assert answer.verdict == "A typical town on the Dutch side is greener than one on the Belgian side."
    assert answer.beside == (
        "Towns without their motorways: the Dutch side is greener, +0.38 (+0.28 to +0.48).",
        "Motorways alone: neither side is clearly greener, +0.05 (−0.05 to +0.15).",
        "All light together, photo by photo: the Dutch side is greener in 2 of 2, the Belgian one in none.",
    )
    assert question.notes == (
        "What carries it most: without the photo simulated-2012 it would be +0.50 (+0.40 to +0.60) and "
        "without the town Tongeren it would be +0.35 (+0.25 to +0.45).",
        "Photos differ by 0.05 (1 sigma) beyond their noise; the contrast of one more photo would lie within "
        "+0.20 to +0.60.",
        "One on the Dutch side has become greener.",
    )
    assert said(answer.supports, "It stays clear whichever single photo or town is left out.")
    assert said(answer.supports, "2 of 2 photos find the same by themselves.")


def test_a_difference_that_hangs_on_one_town_is_doubted(city: CityResults) -> None:
    left_out = city.pooled.left_out
    hanging = left_out.assign(low95=left_out["low95"].where(left_out["name"] != "Eijsden", -0.01))
    pooled = dataclasses.replace(city.pooled, left_out=hanging)
    answer = greener_questions(dataclasses.replace(city, pooled=pooled))[1].answers[0]
    assert said(answer.doubts, "It is no longer clear without town Eijsden alone.")
    assert not said(answer.supports, "left out")


@pytest.mark.parametrize(
    ("low", "value", "speaks_for", "words"),
    [
        (0.2, 0.3, True, "The difference stays without motorways, +0.30 (+0.20 to +0.40)"),
        (-0.1, 0.1, False, "Without motorways no difference of towns is clear, +0.10 (−0.10 to +0.30)"),
        (-0.4, -0.3, False, "Without motorways the other side is greener, −0.30 (−0.40 to −0.20)."),
    ],
)
def test_motorways_may_make_a_difference(
    photo: PhotoResults, low: float, value: float, speaks_for: bool, words: str
) -> None:
    ends = {"contrast_g_r": value, "low95": low, "high95": 2 * value - low}
    off = table(
        "contrasts",
        {"pair": "BE-DE", "first": "BE", "second": "DE", "quantity": "towns off motorways"} | ends,
    )
    answer = greener(dataclasses.replace(photo, contrasts=off), quantity="towns")
    assert said(answer.supports if speaks_for else answer.doubts, words)


def test_aachen_is_named_only_where_it_is_seen(city: CityResults) -> None:
    elsewhere = [dataclasses.replace(photo, towns=photo.towns[:0]) for photo in city.photos]
    first = greener_questions(dataclasses.replace(city, photos=tuple(elsewhere)))[0]
    assert first.heading == "Is the German side greener than the Belgian one?"


@pytest.mark.parametrize(
    ("more", "word", "lean", "verdict"),
    [
        ({}, "Yes", "yes", "The German side is greener than the Belgian one."),
        ({"placebo_p": np.nan}, "Yes", "yes", "The German side is greener than the Belgian one."),
        (MIRRORED, "No", "no", "It is the Belgian side that is greener."),
        ({"low95": -0.02, "low90": 0.0}, "Not shown", "open", "Neither side is clearly greener."),
        (
            {"placebo_p": 0.05},
            "Not shown",
            "open",
            "The German side looks greener, but across lines drawn elsewhere",
        ),
        (
            {"contrast_g_r": 0.03, "low95": -0.1, "high95": 0.16, "low90": -0.07, "high90": 0.13},
            *("No", "no", "The two sides are alike: they differ by less than 0.14 in log2(G/R), a tenth."),
        ),
        (dict.fromkeys(MIRRORED, np.nan), "Cannot be told", "open", "No contrast can be given: it is foggy."),
    ],
)
def test_verdict_on_a_border(
    photo: PhotoResults, more: dict[str, float], word: str, lean: str, verdict: str
) -> None:
    answer = greener(photo, **more)
    assert (answer.word, answer.lean) == (word, lean)
    assert answer.verdict.startswith(verdict)


def test_figures_of_a_border(photo: PhotoResults) -> None:
    assert dict(greener(photo).figures) == {
        "Difference in log2(G/R)": "+0.31",
        "95 % interval": "+0.23 to +0.39",
        "Placebo p": "0.002",
        "Towns on the side that has fewer": "30",
    }


def test_strong_figures_speak_for_the_side_that_is_greener(photo: PhotoResults) -> None:
    for more, side in (({}, "German"), (MIRRORED, "Belgian")):
        answer = greener(photo, **more)
        assert answer.claim == f"the {side} side is greener"
        for words in (
            "is on one side of zero",
            "a difference as large is rare (p = 0.002, 999 lines)",
            "the same sign",
        ):
            assert said(answer.supports, words), words
        assert said(answer.supports, f"45 % of the light on the {side} side")
        assert [sentence[:13] for sentence in answer.doubts] == ["A camera JPEG"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"low95": -0.02}, "−0.02 to +0.39, holds zero"),
        ({"contrast_g_r": 0.12}, "The difference is below 0.14"),
        ({"placebo_p": 0.2}, "a difference as large is not rare (p = 0.200, 999 lines)"),
        ({"placebo_p": np.nan}, "no room for enough other lines"),
        ({"n_blocks": 9}, "The side with fewer towns has only 9."),
        ({"exclusion_km": 1.2}, "Light up to 1.2 km from the border is left out"),
        ({"plain_g_r": -0.2}, "the difference of all light is −0.20, of opposite sign"),
        (
            {"green_second": 0.1, "orange_second": 0.5},
            "The Belgian side has a larger share of the photo’s greenest light",
        ),
    ],
)
def test_weak_figures_are_doubts(photo: PhotoResults, more: dict[str, float], words: str) -> None:
    assert not said(greener(photo).doubts, words)
    assert said(greener(photo, **more).doubts, words)
    assert not said(greener(photo, **more).supports, words)


def test_nothing_measured_leaves_no_figures_to_argue_with(photo: PhotoResults) -> None:
    answer = greener(photo, **dict.fromkeys([*MIRRORED, "placebo_p", "exclusion_km"], np.nan))
    assert answer.figures == ()
    assert answer.supports == []


def stretches(*values: float) -> gpd.GeoDataFrame:
    about = {"pair": "BE-DE", "first": "BE", "second": "DE", "geometry": LINE}
    rows = [
        {"segment": k, "contrast_g_r": value, "low95": value - 0.1, "high95": value + 0.1} | about
        for k, value in enumerate(values)
    ]
    return table("segments", *rows)


@pytest.mark.parametrize(
    ("values", "speaks_for", "words"),
    [
        (
            (0.3, 0.2, 0.05, -0.05, np.nan),
            True,
            "On 3 of the 4 stretches of the border that have light, the German side is greener, on 2",
        ),
        ((0.3, -0.05, -0.05), False, "1 of the 3 stretches"),
        ((0.3, 0.2, -0.3), False, "On 1 of the 3 stretches the Belgian side is clearly greener."),
    ],
)
def test_stretches_of_the_border_are_counted(
    photo: PhotoResults, values: tuple[float, ...], speaks_for: bool, words: str
) -> None:
    answer = greener(dataclasses.replace(photo, segments=stretches(*values)))
    assert said(answer.supports if speaks_for else answer.doubts, words)


def test_a_border_without_a_stretch_of_light_is_doubted(photo: PhotoResults) -> None:
    dark = dataclasses.replace(photo, segments=stretches(np.nan, np.nan))
    assert said(greener(dark).doubts, "No single stretch of the border has enough light")


def test_one_stretch_is_no_evidence(photo: PhotoResults) -> None:
    answer = greener(dataclasses.replace(photo, segments=stretches(0.3, np.nan)))
    assert not said(answer.supports + answer.doubts, "stretch")


def with_towns(photo: PhotoResults, **more: Any) -> PhotoResults:
    """Aachen 5 km from the border, Köln 60 km, both in Germany."""
    towns = [
        {"name": name, "country": "DE", "geometry": shapely.Point(4_040_000 + away_m, 3_080_000).buffer(100)}
        for name, away_m in (("Aachen", 5000), ("Köln", 60_000))
    ]
    return dataclasses.replace(photo, towns=table("towns", *towns), **more)


@pytest.mark.parametrize(
    ("value", "speaks_for", "words"),
    [
        (0.0, True, "So one city alone does not explain the difference."),
        (-0.4, True, "So the city does not explain the difference."),
        (0.4, False, "So the city may explain the difference."),
    ],
)
def test_a_city_may_make_its_side(photo: PhotoResults, value: float, speaks_for: bool, words: str) -> None:
    def of(name: str, **more: Any) -> Answer:
        row = {"name": name, "country": "DE", "contrast_g_r": value, "low95": value - 0.1}
        row |= {"high95": value + 0.1, "statement": "This is said of the city."}
        return greener(with_towns(photo, cores=table("cores", row)), **more)

    answer = of("Aachen")
    assert said(answer.supports if speaks_for else answer.doubts, f"This is said of the city. {words}")
    for other in (of("Köln"), of("Aachen", **MIRRORED)):  # far away, or on the side that is not greener
        assert not said(other.supports + other.doubts, "the city")


def test_a_border_inside_a_country_is_the_control(photo: PhotoResults) -> None:
    row = {"pair": "VLG-WAL", "first": "VLG", "second": "WAL", "contrast_g_r": 0.02, "low95": -0.1}
    none = dataclasses.replace(photo, regional_contrasts=table("regional_contrasts", row | {"high95": 0.1}))
    some = dataclasses.replace(
        photo, regional_contrasts=table("regional_contrasts", row | {"low95": 0.01, "high95": 0.1})
    )
    assert said(
        greener(none).supports, "between VLG and WAL, inside one country, shows no clear difference: +0.02"
    )
    assert said(greener(some).doubts, "shows a difference, too: +0.02 (+0.01 to +0.10)")


def test_known_lamps_may_explain_a_difference(photo: PhotoResults) -> None:
    def doubts(own: PhotoResults = photo, **more: Any) -> list[str]:
        return greener(with_towns(own, events=table("events", event(**more)))).doubts

    told = "Lamps were new. In a real photo, this may explain part of the difference."
    assert "Lamps were new. This may explain part of the difference." in doubts(real(photo), place="Aachen")
    assert told in doubts(place="Aachen")
    assert told in doubts(road_class="motorway", state="off", country="BE")
    for other in (
        {"place": "Köln"},
        {"place": "Aachen", "country": "NL"},
        {"road_class": "motorway", "state": "lit"},
        {"road_class": "motorway", "state": "off", "place": "A4"},
        {"road_class": "motorway", "state": "off", "country": "BE", "region": "VLG"},
    ):
        assert told not in doubts(**other)


def test_view_angle_is_a_doubt_where_it_matters(photo: PhotoResults) -> None:
    def doubts(country: str, verdict: str) -> list[str]:
        tones = table("country_tones", {"country": country, "verdict": verdict})
        return greener(dataclasses.replace(photo, country_tones=tones)).doubts

    assert said(doubts("DE", CHANGES), "Within Germany alone, tone changes with the angle of view.")
    for country, verdict in (("DE", NONE_FOUND), ("DE", CANNOT_BE_TOLD), ("LU", CHANGES)):
        assert not said(doubts(country, verdict), "angle of view")
