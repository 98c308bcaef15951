"""Where a motorway's light ends: verdicts, figures, and arguments that follow from the tables."""

import dataclasses
from typing import Any, get_args

import geopandas as gpd
import numpy as np
import pytest

from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.motorways.light_end import MotorwayVerdict
from pipeline.report.answers import Answer
from pipeline.report.motorway_answers import WORDS, of_motorway, unmeasured
from pipeline.report.motorway_questions import motorway_questions
from tests.scenes.delivery import Delivery
from tests.scenes.rows import END, bare, event, road, said, table


@pytest.fixture(scope="module")
def photo(delivery: Delivery) -> PhotoResults:
    return bare(delivery.results().photos[0])


@pytest.fixture(scope="module")
def city(delivery: Delivery) -> CityResults:
    return delivery.results()


def test_every_verdict_on_a_motorway_has_a_word() -> None:
    assert set(WORDS) == set(get_args(MotorwayVerdict))


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
    def told(verdict: str = END["verdict"], **more: Any) -> Answer:
        rows = table("events", event(**{"country": "NL", "road_class": "motorway", "state": "off"} | more))
        return road(dataclasses.replace(photo, events=rows), verdict=verdict)

    sentence = "Lamps were new. In a real photo, this may explain why a part of the road is dark."
    assert sentence in told().doubts
    assert sentence in told("dark on both sides").doubts
    assert sentence in told(place="A25 at Visé").doubts
    assert sentence not in told(place="A2 at Geleen").doubts
    assert sentence not in told("lit on both sides").doubts
    assert sentence not in told("undecidable").doubts
    assert sentence not in told(country="LU").doubts
    assert sentence not in told(country="BE").doubts  # the lit side
    assert (
        "Lamps were new. In a real photo, this fits the lit side." in told(country="BE", state="lit").supports
    )
    assert not said(told(country="NL", state="lit").supports, "Lamps")


def test_questions_and_what_was_not_measured(city: CityResults) -> None:
    questions = motorway_questions(city)
    assert [(question.key, question.heading) for question in questions] == [
        (("E25", "BE-NL"), "E25: does its light end at the Belgian-Dutch border?"),
        (("E40", "BE-DE"), "E40: does its light end at the Belgian-German border?"),
    ]
    assert [answer.word for answer in questions[0].answers] == ["Yes", "Yes"]
    assert said(
        questions[0].answers[0].supports, "lit for 3.7 km on one side of this place, and dark for 4.3 km"
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
