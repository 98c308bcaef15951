from typing import get_args

import pytest

from pipeline.config import EvidenceLevel
from pipeline.errors import PipelineError
from pipeline.tone.evidence import MAY_SAY, RATIO_SYSTEM, Quantity, carries, require


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
