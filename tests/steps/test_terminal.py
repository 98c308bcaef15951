import io
import os
import time
from pathlib import Path

import pytest

from pipeline.steps import terminal
from pipeline.steps.terminal import Terminal

STAMP = "2026-01-01 10:00:00,000"


def shown(stream: io.StringIO) -> list[str]:
    return stream.getvalue().splitlines()


def test_a_step_is_one_line_with_its_figure(tmp_path: Path) -> None:
    log, stream = tmp_path / "a.log", io.StringIO()
    log.write_text(
        f"{STAMP} INFO pipeline.steps.step: found: 3 cities\n{STAMP} INFO pipeline.steps.step: took 1 s\n"
    )
    seen = Terminal(stream)
    seen.planned(12)
    seen.started(1, "List the cities.", [str(log)])
    seen.finished(1)
    seen.started(2, "Done.", [])  # the rule `all`, which is no step
    seen.finished(2)
    assert shown(stream) == ["[ 1/12] List the cities: 3 cities (0 s)"]


def test_what_failed_is_told_in_the_end_and_once(tmp_path: Path) -> None:
    log, stream = tmp_path / "a.log", io.StringIO()
    log.write_text(
        f"{STAMP} ERROR pipeline.steps.step: the step failed\nTraceback\n"
        f"{STAMP} ERROR pipeline.steps.step: error: a.jpg: is grey\n"
        f"{STAMP} ERROR pipeline.steps.step: error: b.jpg: is grey\n"
    )
    seen = Terminal(stream)
    seen.planned(3)
    for job in (1, 2):
        seen.started(job, "x: read the photo", [str(log)])
        seen.failed(job, "acquire", [str(log)])
    seen.started(3, "y: read the photo", [str(tmp_path / "none.log")])
    seen.failed(3, "acquire", [])
    seen.other_error("WorkflowError:\n  something else")
    assert shown(stream)[0] == "[0/3] x: read the photo: failed, see the end of the run"
    before = len(shown(stream))
    seen.end()
    seen.end()
    assert shown(stream)[before:] == [
        "error: a.jpg: is grey",
        "error: b.jpg: is grey",
        "error: y: read the photo: ended without a word, as a step does that runs out of memory; "
        f"see {tmp_path / 'none.log'}",
        "error: WorkflowError: something else",
    ]


def test_a_long_step_says_what_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "LONG_S", 0.0)
    log, stream = tmp_path / "a.log", io.StringIO()
    log.write_text(f"{STAMP} INFO pipeline.georeference.solve: 3 of 12 rolls are tried\n")
    seen = Terminal(stream)
    seen.planned(5)
    seen.started(1, "x: find where the photo looks", [str(log)])
    seen.tell_what_takes_long()
    assert shown(stream) == ["      x: find where the photo looks, 0 s so far: 3 of 12 rolls are tried"]


def test_a_log_of_an_earlier_run_is_not_this_steps(tmp_path: Path) -> None:
    """As of a step whose process was ended before it could begin."""
    log, stream = tmp_path / "a.log", io.StringIO()
    log.write_text(
        f"{STAMP} INFO pipeline.steps.step: found: 3 cities\n"
        f"{STAMP} ERROR pipeline.steps.step: error: a.jpg: is grey\n"
    )
    before = time.time() - 60
    os.utime(log, (before, before))
    seen = Terminal(stream)
    seen.planned(2)
    for job, end in ((1, seen.finished), (2, lambda job: seen.failed(job, "cities", [str(log)]))):
        seen.started(job, "List the cities.", [str(log)])
        end(job)
    seen.end()
    assert shown(stream) == [
        "[1/2] List the cities (0 s)",
        "[1/2] List the cities: failed, see the end of the run",
        f"error: List the cities: {terminal.WITHOUT_A_WORD}; see {log}",
    ]
