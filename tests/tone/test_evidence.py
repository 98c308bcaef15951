from typing import get_args

import pytest

from pipeline.errors import PipelineError
from pipeline.models import EvidenceLevel
from pipeline.tone.evidence import (
    IN_WORDS,
    MAY_SAY,
    RATIO_SYSTEM,
    Quantity,
    carries,
    not_identifiable,
    require,
    why_not,
)


def test_each_level_carries_what_the_weaker_one_does_and_more():
    able = {level: {q for q in get_args(Quantity) if carries(level, q)} for level in get_args(EvidenceLevel)}
    assert able["jpeg"] == {"contrast"}
    assert able["jpeg"] < able["raw"] < able["raw_anchored"]


def test_an_index_from_a_jpeg_is_refused_in_one_line():
    with pytest.raises(PipelineError, match=r"evidence = 'jpeg': cannot carry index.*raw_anchored") as caught:
        require("jpeg", "index")
    assert "\n" not in str(caught.value)
    require("raw_anchored", "index")
    require("jpeg", "contrast")


def test_change_between_pictures_needs_raw():
    with pytest.raises(PipelineError, match="raw or raw_anchored"):
        require("jpeg", "change")


def test_every_level_names_its_ratios_and_what_may_be_said():
    assert set(RATIO_SYSTEM) == set(MAY_SAY) == set(get_args(EvidenceLevel))
    assert len(set(RATIO_SYSTEM.values())) == 3
    assert "uncalibrated" in RATIO_SYSTEM["jpeg"]


@pytest.mark.parametrize("level", get_args(EvidenceLevel))
def test_what_is_refused_and_what_is_explained_are_the_same(level):
    refused = [q for q in get_args(Quantity) if not carries(level, q)]
    assert [words for words, _ in not_identifiable(level)] == [IN_WORDS[q] for q in refused]
    for quantity in get_args(Quantity):
        assert (why_not(level, quantity) is None) == carries(level, quantity)


def test_a_reader_is_told_why_a_jpeg_has_no_lamp_types():
    reasons = dict(not_identifiable("jpeg"))
    assert reasons["lamp types"].startswith("not identifiable from a JPEG, because ")
    assert "blue is cut off" in reasons["lamp types"]
    assert "lamp types" in dict(not_identifiable("raw"))
    assert not_identifiable("raw_anchored") == []


def test_reasons_are_free_of_jargon():
    for level in get_args(EvidenceLevel):
        for words, reason in not_identifiable(level):
            for term in ("log2", "sRGB", "AB ", "gamut", "gamma", "index", "anchored", "_"):
                assert term not in words + reason
