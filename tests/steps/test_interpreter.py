import os
import sys
from pathlib import Path

import pytest

from pipeline.steps.interpreter import find_python_through_path


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
