"""The end of a run and the page of all results say nothing of another run as this one's."""

import json
import os
import time
from pathlib import Path

import pytest

from pipeline.files import write_json
from pipeline.ground.countries import BORDERS
from pipeline.report.summary import Said, Shown, Summary
from pipeline.steps.index import write_index
from pipeline.steps.placed import Placed
from pipeline.steps.summary import summary


def deliver(results: Path, name: str, *, kind: str = "city") -> Path:
    """A report and its summary as they are delivered."""
    said = [
        Said(
            question="Which side is greener?",
            word="East",
            lean="yes",
            sentence=f"Of {name}.",
            simulated=False,
        )
    ]
    photos = [Shown(photo="a", date="", state="placed", about="placed")]
    made = Summary(
        name=name, title=f"The {name}", kind=kind, simulated=False, said=said, photos=photos, outlines=[]
    )
    file = results / name / "summary.json"
    write_json(made.model_dump(mode="json"), file)
    (results / name / "report.html").touch()
    return file


def test_answers_of_an_earlier_run_are_not_said_as_this_ones(tmp_path: Path) -> None:
    for name in ("old", "new"):
        deliver(tmp_path, name)
    began = time.time()
    os.utime(tmp_path / "old" / "report.html", (began - 60, began - 60))
    told = summary(tmp_path, ["old", "new"], [], began).splitlines()
    assert told == [
        "",
        f"old: open {tmp_path}/old/report.html in a browser, {tmp_path}/old/old.qgz in QGIS",
        "  (report of an earlier run)",
        "",
        f"new: open {tmp_path}/new/report.html in a browser, {tmp_path}/new/new.qgz in QGIS",
        "  Which side is greener? East. Of new.",
    ]
    # All that a run which got to its end did not make anew is up to date.
    assert "Of old." in summary(tmp_path, ["old", "new"], [])


def test_a_summary_that_cannot_be_read_ends_nothing(tmp_path: Path) -> None:
    deliver(tmp_path, "x").write_text("{")
    assert "  (the answers could not be read: " in summary(tmp_path, ["x"], [])


@pytest.mark.expects_warnings
def test_earlier_results_are_listed_as_far_as_they_can_be_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = deliver(tmp_path, "now")
    deliver(tmp_path, "earlier", kind="region")
    deliver(tmp_path, "half").write_text('{"name": "half", ')
    other = deliver(tmp_path, "other")
    other.write_text(json.dumps(json.loads(other.read_text()) | {"of_a_later_version": 1}))
    # Of this run, though a report of an earlier one lies there still.
    deliver(tmp_path, "empty", kind="region")
    refused = deliver(tmp_path, "refused").with_name("placed.json")
    refused.write_text(Placed((), {"a": "a: does not stand out"}).to_json())
    index = tmp_path / "index.html"
    write_index([now], [refused], {"refused": "The refused"}, ["empty"], BORDERS, index)
    page = index.read_text(encoding="utf-8")
    assert [f"Of {name}." in page for name in ("now", "earlier")] == [True, True]
    assert [f"The {name}" in page for name in ("half", "other", "empty")] == [False, False, False]
    assert "Of refused." not in page
    assert "does not stand out" in page
    assert [record.getMessage().split(":")[0] for record in caplog.records] == [
        str(tmp_path / name / "summary.json") for name in ("half", "other")
    ]
