"""What all answers share: the doubt of a JPEG, and what the other photos of a city find."""

import dataclasses

import pytest

from pipeline.deliver.results import PhotoResults
from pipeline.report.answers import with_others
from tests.report.test_maps import real
from tests.scenes.delivery import Delivery
from tests.scenes.rows import MIRRORED, bare, greener, road, said


@pytest.fixture(scope="module")
def photo(delivery: Delivery) -> PhotoResults:
    return bare(delivery.results().photos[0])


def test_only_a_jpeg_is_doubted_for_being_one(photo: PhotoResults) -> None:
    facts = photo.facts.model_copy(update={"evidence": "raw"})
    raw = dataclasses.replace(photo, facts=facts)
    assert said(greener(photo).doubts, "A camera JPEG")
    assert said(road(photo).doubts, "A camera JPEG")
    assert greener(raw).doubts == road(raw).doubts == []


@pytest.mark.parametrize(
    ("others", "supports", "doubts"),
    [
        ((), [], []),
        (("DE",), ["The other photo of this city that shows it finds the same."], []),
        (("BE",), [], ["The other photo of this city that shows it finds something else."]),
        (("",), [], ["The other photo of this city that shows it cannot tell."]),
        (("DE", "DE"), ["All 2 other photos of this city that show it find the same."], []),
        (
            ("DE", "alike", ""),
            ["1 of the 3 other photos of this city that show it find the same."],
            ["1 of the 3 other photos of this city that show it find something else."],
        ),
        (("", ""), [], ["None of the 2 other photos of this city that show it can tell anything."]),
    ],
)
def test_other_photos_are_heard(
    photo: PhotoResults, others: tuple[str, ...], supports: list[str], doubts: list[str]
) -> None:
    own = dataclasses.replace(greener(photo), arguments=())
    among = [own, *(dataclasses.replace(own, found=found) for found in others)]
    assert (with_others(among)[0].supports, with_others(among)[0].doubts) == (supports, doubts)
    measured = dataclasses.replace(own, source=real(photo))
    assert with_others([measured, *among])[0].arguments == ()


def test_what_photos_find_is_compared_side_by_side(photo: PhotoResults) -> None:
    yes, no, unclear = greener(photo), greener(photo, **MIRRORED), greener(photo, placebo_p=0.2)
    assert [(one.found, one.claimed) for one in (yes, no, unclear)] == [
        ("DE", "DE"),
        ("BE", "BE"),
        ("", "DE"),
    ]
