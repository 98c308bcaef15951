"""The page of all results: every city and region with its answers and states, offline, with escaped text."""

import dataclasses
import re
from pathlib import Path

import pytest

from pipeline.ground.countries import BORDERS, read_countries
from pipeline.models import COUNTRIES
from pipeline.report.city_answers import city_answers
from pipeline.report.index_page import Frame, index_html
from pipeline.report.summary import Said, Shown, Summary, absent, city_summary
from pipeline.steps.summary import summary as at_the_end
from tests.report.test_maps import real
from tests.scenes.delivery import Delivery

EVIL = '<script>alert("1")</script>'


@pytest.fixture(scope="module")
def summary(delivery: Delivery) -> Summary:
    city = delivery.results()
    return city_summary(city, city_answers(city, delivery.city).asks)


def page(*summaries: Summary) -> str:
    return index_html(summaries, read_countries("EPSG:4326", COUNTRIES, BORDERS).areas)


def test_a_summary_is_small_and_read_back_as_it_was(summary: Summary) -> None:
    text = summary.model_dump_json()
    assert len(text) < 60_000  # twenty cities make a page of a megabyte
    assert Summary.model_validate_json(text) == summary
    assert summary.simulated
    assert [shown.state for shown in summary.photos] == ["placed", "placed"]
    assert len(summary.outlines) == len(summary.photos)
    assert {said.lean for said in summary.said} <= {"yes", "no", "open"}


def test_a_city_has_its_answers_a_picture_and_a_link(summary: Summary) -> None:
    html = page(summary)
    assert f'href="{summary.name}/report.html"' in html
    assert summary.said[0].sentence.split("(")[0] in html.replace("&#39;", "’")
    assert html.count("data:image/webp") == 1
    assert "SIMULATED" in html
    assert not re.findall(r'(?:src|href)="(?:http|//)', html)
    of_real = Summary.model_validate(summary.model_dump() | {"simulated": False})
    assert "SIMULATED" not in page(of_real)


@pytest.fixture(scope="module")
def mixed(summary: Summary) -> Summary:
    """The first answer is of real photos, the others are not."""
    assert len(summary.said) > 1
    said = [one.model_copy(update={"simulated": place > 0}) for place, one in enumerate(summary.said)]
    return summary.model_copy(update={"said": said})


def test_where_some_photos_are_simulated_each_answer_is_marked(mixed: Summary) -> None:
    html = page(mixed)
    assert "PARTLY SIMULATED" in html
    marks = re.findall(r'</span> (<span class="mark">SIMULATED</span> )?<b class="(?:yes|no|open)">', html)
    assert [bool(mark) for mark in marks] == [said.simulated for said in mixed.said]


def last_words(summary: Summary, results: Path) -> list[str]:
    """The answers at the end of a run."""
    folder = results / summary.name
    folder.mkdir()
    (folder / "report.html").touch()
    (folder / "summary.json").write_text(summary.model_dump_json(), encoding="utf-8")
    return at_the_end(results, [summary.name], []).splitlines()[2:]


def test_the_end_of_a_run_marks_what_is_simulated(summary: Summary, tmp_path: Path) -> None:
    first, *answers = last_words(summary, tmp_path)
    assert first == "  SIMULATED, not a measurement:"
    assert len(answers) == len(summary.said) + 1
    assert not any("SIMULATED" in answer for answer in answers)
    assert answers[-1] == f"  {summary.caution}"


def test_the_end_of_a_run_marks_each_simulated_answer_of_a_mixed_city(mixed: Summary, tmp_path: Path) -> None:
    answers = last_words(mixed, tmp_path)[:-1]
    assert [answer.startswith("  SIMULATED ") for answer in answers] == [one.simulated for one in mixed.said]


def test_a_refused_city_says_why_and_links_nowhere() -> None:
    refused = Summary(
        name="x",
        title=EVIL,
        kind="city",
        simulated=False,
        said=[Said(question=EVIL, word="No", lean="no", sentence=EVIL, simulated=False)],
        photos=[Shown(photo="ISS030-E-1", date="", state="refused", about=EVIL)],
        outlines=[],
    )
    html = page(refused)
    assert EVIL not in html
    assert "Refused" in html
    assert "x/report.html" not in html
    assert "<svg" not in html  # nothing is on a map


def test_what_could_not_be_fetched_is_not_called_refused() -> None:
    photos = [absent("ISS030-E-1", "no answer", fetched=False)]
    html = page(
        Summary(name="x", title="X", kind="city", simulated=False, said=[], photos=photos, outlines=[])
    )
    assert "Not fetched</b>: ISS030-E-1. no answer" in html
    assert "Refused" not in html


def test_what_jpegs_cannot_tell_stands_beside_the_factors(summary: Summary) -> None:
    assert summary.caution in page(summary)
    assert "by how much, only roughly" in summary.caution
    of_raw = Summary.model_validate(summary.model_dump() | {"caution": ""})
    assert "roughly" not in page(of_raw)


def test_a_name_on_the_map_is_escaped(summary: Summary) -> None:
    html = page(Summary.model_validate(summary.model_dump() | {"title": EVIL}))
    assert EVIL not in html


def test_a_degree_is_as_long_to_the_east_as_it_is_on_the_ground() -> None:
    # At 60 degrees north a degree of longitude is half as long as one of latitude.
    frame = Frame(0.0, 58.0, 10.0, 62.0)
    assert frame.east_px(1.0) * 2 == pytest.approx(frame.north_px(61.0))
    assert Frame.around([(5.0, 50.0)]).east - Frame.around([(5.0, 50.0)]).west == pytest.approx(3.0)


def test_results_of_a_real_photo_are_not_marked(delivery: Delivery) -> None:
    both = delivery.results()
    city = dataclasses.replace(both, photos=(real(both.photos[0]),), pairs=())
    summary = city_summary(city, city_answers(city, delivery.city).asks)
    assert not summary.simulated
    assert "SIMULATED" not in page(summary)
    assert len(summary.photos) == 1


def test_a_page_without_results_says_so() -> None:
    assert "no results yet" in page()
