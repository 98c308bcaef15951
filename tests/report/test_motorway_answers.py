"""Where a motorway's light ends: verdicts, figures, and arguments that follow from the tables."""

import dataclasses
from typing import Any, get_args

import geopandas as gpd
import numpy as np
import pytest

from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.motorways.verdicts import DIFFERS, MotorwayVerdict
from pipeline.report.answers import Answer, Question
from pipeline.report.cards import road_cards
from pipeline.report.first_screen import of_roads, told
from pipeline.report.motorway_answers import WORDS, motorway_questions, of_motorway, unmeasured
from tests.report.test_maps import real
from tests.scenes.delivery import Delivery
from tests.scenes.rows import END, bare, event, road, said, table


@pytest.fixture(scope="module")
def photo(delivery: Delivery) -> PhotoResults:
    return bare(delivery.results().photos[0])


@pytest.fixture(scope="module")
def city(delivery: Delivery) -> CityResults:
    return delivery.results()


def test_every_verdict_on_a_motorway_has_a_word() -> None:
    assert set(WORDS) == {*get_args(MotorwayVerdict), DIFFERS}


@pytest.mark.parametrize(
    ("more", "word", "verdict"),
    [
        ({}, "Yes", "Its light ends where Belgium meets the Netherlands."),
        (
            {"verdict": "ends at the regional border"},
            *("No", "Its light ends at the border between two regions, 0.50 km on the Belgian side."),
        ),
        (
            {"verdict": "ends elsewhere", "end_m": 3400.0},
            *("No", "Its light ends away from the border, 3.40 km on the Dutch side."),
        ),
        ({"verdict": "lit on both sides", "end_m": np.nan}, "No", "It says so."),
        ({"verdict": "undecidable", "end_m": np.nan}, "Cannot be told", "It says so."),
    ],
)
def test_verdict_on_a_road(photo: PhotoResults, more: dict[str, Any], word: str, verdict: str) -> None:
    answer = road(photo, **more)
    assert (answer.word, answer.verdict) == (word, verdict)
    assert bool(answer.figures) == ("end_m" not in more or more["end_m"] == 3400.0)


def test_figures_of_a_road(photo: PhotoResults) -> None:
    assert road(photo).figures == (
        ("Light ends, km (− Belgian, + Dutch side)", "−0.12"),
        ("95 % interval", "−0.30 to +0.09"),
        ("Regional border, km", "−0.50"),
    )
    assert len(road(photo, regional_at_m=np.nan).figures) == 2


@pytest.mark.parametrize(
    ("more", "speaks_for", "words"),
    [
        ({}, True, "0.39 km wide, holds the national border"),
        ({"high95_m": -10.0}, False, "does not hold the national border"),
        ({}, True, "nearer to the national border (0.12 km) than to the regional one (0.38 km)"),
        (
            {"to_national_m": 400.0, "to_regional_m": 100.0},
            *(False, "farther from the national border (0.40 km) than from the regional one (0.10 km)"),
        ),
        ({"low95_m": -520.0}, False, "The interval holds the border between regions as well."),
        ({"line_error_m": 300.0}, False, "line on the map may be wrong by 300 m"),
        (
            {"position_sigma_m": 130.0},
            False,
            "known to 130 m (1 sigma); the national and the regional border are 0.50 km",
        ),
        ({"seen_share": 0.6}, False, "Only 60 % of the road"),
    ],
)
def test_arguments_on_a_motorway(
    photo: PhotoResults, more: dict[str, float], speaks_for: bool, words: str
) -> None:
    answer = road(photo, **more)
    own, other = (answer.supports, answer.doubts) if speaks_for else (answer.doubts, answer.supports)
    assert said(own, words)
    assert not said(other, words)
    assert speaks_for or not said(road(photo).doubts, words)


def stretch(lit: str, from_m: float, to_m: float) -> dict[str, Any]:
    return {"ref": "E25", "pair": "BE-NL", "lit": lit, "from_m": from_m, "to_m": to_m}


def test_lit_and_dark_lengths_on_either_side_of_the_end(photo: PhotoResults) -> None:
    """Lit 3.88 km before the end, 1 km of it beyond; dark 4 km, and 2 km undecidable beyond 5 km."""
    rows = [stretch("lit", -4000, 1000), stretch("dark", 1000, 5000), stretch("undecidable", 5000, 7000)]
    answer = road(dataclasses.replace(photo, motorway_segments=table("motorway_segments", *rows)))
    assert said(answer.supports, "lit for 3.9 km on one side of this place, and dark for 4.0 km")
    assert not said(answer.doubts, "cannot be told whether the road is lit")


def test_without_an_end_lengths_are_against_it(photo: PhotoResults) -> None:
    rows = [stretch("lit", -4000, 1000), stretch("dark", 1000, 1500)]
    lit = dataclasses.replace(photo, motorway_segments=table("motorway_segments", *rows))
    answer = road(lit, end_m=np.nan, verdict="lit on both sides")
    assert "Of the road that is seen, 5.0 km are lit and 0.5 km are dark." in answer.doubts


def test_towns_that_hide_the_road_are_a_doubt(photo: PhotoResults) -> None:
    """Of 4 + 5 km within 5 km of the border 3 km are undecidable; a third is more than a fifth."""
    rows = [stretch("lit", -4000, 2000), stretch("undecidable", 2000, 8000)]
    answer = road(dataclasses.replace(photo, motorway_segments=table("motorway_segments", *rows)))
    assert said(answer.doubts, "On 3.0 of the 9.0 km of road within 5 km of the border it cannot be told")


def test_policies_explain_darkness(photo: PhotoResults) -> None:
    def case(verdict: str = END["verdict"], **more: Any) -> Answer:
        rows = table("events", event(**{"country": "NL", "road_class": "motorway", "state": "off"} | more))
        return road(dataclasses.replace(photo, events=rows), verdict=verdict)

    sentence = "Lamps were new. In a real photo, this may explain why a part of the road is dark."
    assert sentence in case().doubts
    assert sentence in case("dark on both sides").doubts
    assert sentence in case(place="A25 at Visé").doubts
    assert sentence not in case(place="A2 at Geleen").doubts
    assert sentence not in case("lit on both sides").doubts
    assert sentence not in case("undecidable").doubts
    assert sentence not in case(country="LU").doubts
    assert sentence not in case(country="BE").doubts  # the lit side
    assert (
        "Lamps were new. In a real photo, this fits the lit side." in case(country="BE", state="lit").supports
    )
    assert not said(case(country="NL", state="lit").supports, "Lamps")


def test_questions_and_what_was_not_measured(city: CityResults) -> None:
    questions = motorway_questions(city)
    assert [(question.key, question.heading) for question in questions] == [
        (("E25", "BE-NL"), "E25: does its light end at the Belgian-Dutch border?"),
        (("E40", "BE-DE"), "E40: does its light end at the Belgian-German border?"),
    ]
    assert [answer.word for answer in questions[0].of_photos] == ["Yes", "Yes"]
    assert said(
        questions[0].of_photos[0].supports, "lit for 3.7 km on one side of this place, and dark for 4.3 km"
    )
    assert said(
        questions[1].answers[0].doubts, "The other photo of this city that shows it finds something else."
    )
    reasons = unmeasured(city)
    assert [(sentence, len(photos)) for sentence, photos in reasons] == [("The E411 is not in the frame.", 2)]


def test_motorways_of_one_reason_and_the_same_photos_share_a_sentence(city: CityResults) -> None:
    def ends(refs: list[str], why: str = "it is not in the frame") -> gpd.GeoDataFrame:
        said = "The light of the {} is not measured: " + why + "."
        return table("motorway_ends", *({"ref": ref, "statement": said.format(ref)} for ref in refs))

    def reasons(*tables: gpd.GeoDataFrame) -> list[tuple[str, list[str]]]:
        photos = zip(city.photos, tables, strict=True)
        shown = tuple(dataclasses.replace(photo, motorway_ends=ends) for photo, ends in photos)
        found = unmeasured(dataclasses.replace(city, photos=shown))
        return [(sentence, [photo.facts.id for photo in photos]) for sentence, photos in found]

    first, second = (photo.facts.id for photo in city.photos)
    outside = "The light of the {} is not measured: it is not in the frame."
    assert reasons(ends(["A2", "A20", "E4"]), ends(["A2", "A20", "E4"])) == [
        (outside.format("A2, A20 and E4"), [first, second])
    ]
    assert reasons(ends(["A2", "E4"]), ends(["E4"])) == [
        (outside.format("A2"), [first]),
        (outside.format("E4"), [first, second]),
    ]
    assert reasons(ends(["A2"]), ends(["E4"], "it is hidden")) == [
        (outside.format("A2"), [first]),
        ("The light of the E4 is not measured: it is hidden.", [second]),
    ]


def test_no_motorway_leaves_the_reason(city: CityResults) -> None:
    reason = "There are no motorways to compare."
    ends = table("motorway_ends", {"ref": "", "verdict": "not measured", "statement": reason})
    bare = tuple(dataclasses.replace(photo, motorway_ends=ends) for photo in city.photos[:1])
    alone = dataclasses.replace(city, photos=bare)
    assert motorway_questions(alone) == ()
    assert [sentence for sentence, _ in unmeasured(alone)] == [reason]


def test_anchors_are_fit_for_links(city: CityResults) -> None:
    ends = table("motorway_ends", END | {"ref": 'A <b> "1"'})
    odd = dataclasses.replace(city, photos=(dataclasses.replace(city.photos[0], motorway_ends=ends),))
    assert motorway_questions(odd)[0].anchor == "motorway-a-b-1-be-nl"
    assert of_motorway(ends, "E25", "BE-NL").empty


def test_all_photos_together_come_first(delivery: Delivery) -> None:
    """The row of `motorway_crossings`; photos that differ leave it open."""
    city = delivery.results()
    (question,) = (one for one in motorway_questions(city) if one.key == ("E25", "BE-NL"))
    together = question.answers[0]
    assert together.source is city.pooled
    assert (together.word, together.lean) == ("Yes", "yes")
    assert together.verdict == "Its light ends where Belgium meets the Netherlands."
    assert "0.30 km wide, holds the national border" in together.supports[0]
    assert together.beside == ("Lights at these hours: Flemish motorways in part off.",)
    rows = city.pooled.motorway_crossings.assign(verdict="differs between photos", end_m=np.nan)
    pooled = dataclasses.replace(city.pooled, motorway_crossings=rows)
    (other,) = (
        one
        for one in motorway_questions(dataclasses.replace(city, pooled=pooled))
        if one.key == ("E25", "BE-NL")
    )
    assert (other.answers[0].word, other.answers[0].lean) == ("Not the same in all photos", "open")


def asked(photo: PhotoResults, *found: tuple[str, str]) -> Question:
    """A crossing of a road, and what photos find there, each by a verdict."""
    answers = tuple(road(photo, ref=ref, verdict=verdict) for ref, verdict in found)
    ref = found[0][0]
    return Question(f"motorway-{ref}", f"{ref}: does it end?", "", (ref, "BE-NL"), answers)


AT_BORDER, LIT, UNTOLD = "ends at the national border", "lit on both sides", "undecidable"


@pytest.mark.parametrize(
    ("roads", "word", "sentence", "also"),
    [
        ([(AT_BORDER,)], "Yes", "The light of the E1 ends where Belgium meets the Netherlands.", ""),
        (
            [(AT_BORDER, LIT)],
            "Not the same in all photos",
            "The E1 (BE–NL): light ends at the national border in 1, lit on both sides in 1 of 2 photos.",
            "",
        ),
        (
            [(AT_BORDER,), (AT_BORDER, LIT)],
            "Some do",
            "The light of the E1 ends where Belgium meets the Netherlands.",
            "Not the same in all photos: the E2 (BE–NL): light ends at the national border in 1, lit on both "
            "sides in 1 of 2 photos.",
        ),
        (
            [(AT_BORDER,), (UNTOLD,)],
            "Some do",
            "The light of the E1 ends where Belgium meets the Netherlands.",
            "Cannot be told: the E2 (BE–NL).",
        ),
    ],
)
def test_the_first_screen_tells_photos_that_differ_from_roads_that_cannot_be_told(
    photo: PhotoResults, roads: list[tuple[str, ...]], word: str, sentence: str, also: str
) -> None:
    questions = [
        asked(photo, *((f"E{number}", verdict) for verdict in verdicts))
        for number, verdicts in enumerate(roads, 1)
    ]
    ask = of_roads(questions)
    assert (ask.word, ask.sentence, ask.also) == (word, sentence, also)
    assert ask.simulated


def test_real_photos_answer_before_simulated_ones(photo: PhotoResults) -> None:
    question = asked(photo, ("E1", AT_BORDER), ("E1", LIT))
    first = dataclasses.replace(question.answers[0], source=real(photo))
    mixed = dataclasses.replace(question, answers=(first, question.answers[1]))
    assert told(mixed) == (AT_BORDER, "yes", first)
    others = [mixed, asked(photo, ("E2", LIT))]
    ask = of_roads(others)
    assert not ask.simulated
    assert "E2" not in ask.sentence + ask.also


def test_a_card_of_photos_that_differ_says_what_each_finds(city: CityResults) -> None:
    """The last photo's verdict is not that of all."""
    question = asked(city.photos[0], ("E1", AT_BORDER), ("E1", LIT))
    (card,) = road_cards(city, [question], {})
    assert card.word == "Not the same in all photos"
    assert card.sentence == "Light ends at the national border in 1, lit on both sides in 1 of 2 photos."
