import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.steps.interpreter import find_python_through_path, give_algebra_one_thread


@pytest.mark.parametrize("folder", ["One Drive", "Ä", "$HOME", "it's", "a;b"])
def test_an_interpreter_whose_path_needs_quotes_is_found_through_path(
    folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", f"/home/{folder}/.venv/bin/python3.12")
    monkeypatch.setenv("PATH", "/usr/bin")
    find_python_through_path()
    assert sys.executable == "python3.12"
    assert os.environ["PATH"].split(os.pathsep) == [str(Path(f"/home/{folder}/.venv/bin")), "/usr/bin"]


def test_any_other_interpreter_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/home/me/.venv/bin/python")
    monkeypatch.setenv("PATH", "/usr/bin")
    find_python_through_path()
    assert (sys.executable, os.environ["PATH"]) == ("/home/me/.venv/bin/python", "/usr/bin")


def test_what_is_started_from_now_on_takes_one_thread_for_algebra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "8")
    give_algebra_one_thread()
    started = [sys.executable, "-c", "import os; print(os.environ['OPENBLAS_NUM_THREADS'])"]
    assert subprocess.run(started, capture_output=True, text=True, check=True).stdout == "1\n"
