import fcntl
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import OutputError, ResultsInUseError
from pipeline.steps import lock
from pipeline.steps.lock import hold, is_held

HOLD = (
    "import subprocess, sys, time; from pathlib import Path; from pipeline.steps.lock import hold; "
    "hold(Path(sys.argv[1])); "
)


def holder(results: Path, then: str = "print(1, flush=True); time.sleep(60)") -> subprocess.Popen[str]:
    """A process that holds the folder, from now on."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD + then, str(results)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_a_second_run_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    first = holder(tmp_path)
    try:
        with pytest.raises(ResultsInUseError) as caught:
            hold(tmp_path)
    finally:
        first.kill()
        first.communicate()
    assert re.fullmatch(
        rf"{re.escape(str(tmp_path))}: another run is writing here \(process {first.pid} on \S+, since "
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\); wait until it has ended, or set another results folder",
        str(caught.value),
    )


def test_whether_a_folder_is_held_can_be_asked(tmp_path: Path) -> None:
    assert not is_held(tmp_path / "none")
    first = holder(tmp_path)
    held = is_held(tmp_path)
    first.kill()
    first.communicate()
    assert held
    assert not is_held(tmp_path)
    assert (tmp_path / lock.LOCK).exists()  # of the killed one


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_run_that_ends_holds_nothing(tmp_path: Path, end: signal.Signals) -> None:
    first = holder(tmp_path)
    first.send_signal(end)
    first.communicate()
    second = holder(tmp_path, "print(1, flush=True)")  # ends by itself
    assert second.wait(60) == 0
    second.communicate()
    assert list(tmp_path.iterdir()) == []


def test_what_the_holder_has_started_does_not_hold_the_folder(tmp_path: Path) -> None:
    child = "print(subprocess.Popen(['sleep', '60'], stdout=-3).pid, flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD + child, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    grandchild = int(process.stdout.readline())
    process.kill()
    process.communicate()
    try:
        os.kill(grandchild, 0)
        second = holder(tmp_path, "print(1, flush=True)")
        assert second.wait(60) == 0
        second.communicate()
    finally:
        os.kill(grandchild, signal.SIGKILL)


def test_a_file_system_without_locks_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(lock.errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    assert not hold(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(
        OutputError, match=r"file/results: cannot be written to \(not a directory\); set another"
    ):
        hold(tmp_path / "file" / "results")
