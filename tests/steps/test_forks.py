"""Scripts that are forked run as if Python had been started for them, and none outlives who asked for it."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.steps import forks
from pipeline.steps.forks import fork_steps
from pipeline.steps.stand_in import ASKED_AT, KILLED

# A fork begins in some hundredths of a second once all is loaded; a busy machine may take a thousand times.
ENOUGH_S = 60.0

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="steps are forked on Linux alone")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """The process that forks, with the stand-in in Python's place."""
    monkeypatch.setattr(sys, "executable", sys.executable)  # both are put back in the end
    monkeypatch.setenv(ASKED_AT, "")
    started = fork_steps()
    assert started is not None
    yield started
    assert started.stdin is not None
    started.stdin.close()
    started.wait(timeout=ENOUGH_S)
    shutil.rmtree(Path(sys.executable).parent, ignore_errors=True)  # which a killed one leaves


@pytest.fixture
def call(tmp_path: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start a script as Snakemake does, with what stands in Python's place."""

    def started(text: str, **environment: str | None) -> subprocess.Popen[str]:
        script = tmp_path / "script.py"
        script.write_text(text, encoding="utf-8")
        return subprocess.Popen(
            [sys.executable, str(script)],
            cwd=tmp_path,
            env={key: value for key, value in (os.environ | environment).items() if value is not None},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return started


def wait_for(happened: Callable[[], bool]) -> bool:
    end = time.monotonic() + ENOUGH_S
    while not happened() and time.monotonic() < end:
        time.sleep(0.02)
    return happened()


def test_a_fork_has_the_folder_environment_streams_and_arguments_of_who_asks(
    server, call, tmp_path, monkeypatch
) -> None:
    text = (
        "import os, sys\n"
        "print(os.getppid(), os.getcwd(), ascii(os.environ['PLACE']), 'OTHER' in os.environ)\n"
        "print(sys.stdin.read(), sys.argv)\n"
        "print('an error', file=sys.stderr)"
    )
    monkeypatch.setenv("OTHER", "of the run, not of who asks")
    asked = call(text, OTHER=None, PLACE="Lüttich \udcff")
    out, error = asked.communicate("a line")
    place = ascii("Lüttich \udcff")  # also what is no text
    assert out == f"{server.pid} {tmp_path} {place} False\na line ['{tmp_path / 'script.py'}']\n"
    assert (error, asked.returncode) == ("an error\n", 0)


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", 0, ""),
        ("import sys; sys.exit(3)", 3, ""),
        ("import sys; sys.exit()", 0, ""),
        ("import sys; sys.exit('error: no such photo')", 1, "error: no such photo\n"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", KILLED, ""),
    ],
)
def test_the_stand_in_ends_as_the_fork_does(server, call, text: str, code: int, said: str) -> None:
    asked = call(text)
    assert asked.communicate(timeout=ENOUGH_S) == ("", said)
    assert asked.returncode == code


def test_a_bug_in_a_script_has_its_traceback(server, call) -> None:
    asked = call("1 / 0")
    assert "ZeroDivisionError" in asked.communicate(timeout=ENOUGH_S)[1]
    assert asked.returncode == 1


def test_what_is_left_for_the_end_is_done(server, call) -> None:
    asked = call("import atexit; atexit.register(print, 'done in the end')")
    assert asked.communicate(timeout=ENOUGH_S)[0] == "done in the end\n"


def test_a_fork_holds_what_all_steps_load(server, call) -> None:
    rules = sorted(rule.stem for rule in forks.RULES.glob("*.smk"))
    assert "tone" in rules
    modules = [f"pipeline.steps.{rule}" for rule in rules] + list(forks.LOADED_LATE)
    text = (
        "import sys\n"
        f"print([module for module in {modules} if module not in sys.modules])\n"
        "from pipeline.camera.earth import transformer; print(transformer.cache_info().currsize)"
    )
    # Who asks early gets a fork that holds less.
    assert wait_for(lambda: call(text).communicate(timeout=ENOUGH_S)[0] == "[]\n3\n")


def test_a_fork_knows_what_it_shares(server, call) -> None:
    out, _ = call(f"import os; print(os.environ['{forks.SHARED_MB}'])").communicate(timeout=ENOUGH_S)
    assert 10 < int(out) < 1000  # no Python holds less, no set of libraries of ours more


def test_a_fork_ends_with_who_asked_for_it(server, call) -> None:
    asked = call("import os, time; print(os.getpid(), flush=True); time.sleep(600)")
    fork = psutil.Process(int(asked.stdout.readline()))
    asked.kill()
    asked.communicate()
    assert wait_for(lambda: not fork.is_running())


def test_who_asked_ends_with_its_parent(server, call, tmp_path) -> None:
    """As a shell that Snakemake kills, with nothing of what it has started."""
    script = tmp_path / "step.py"
    script.write_text("import os, time; print(os.getpid(), flush=True); time.sleep(600)", encoding="utf-8")
    command = f"'{sys.executable}' '{script}'; true"  # or the shell would become it
    shell = subprocess.Popen(["sh", "-c", command], stdout=subprocess.PIPE, text=True)
    assert shell.stdout is not None
    fork = psutil.Process(int(shell.stdout.readline()))
    (asked,) = psutil.Process(shell.pid).children()
    shell.kill()
    shell.wait()
    shell.stdout.close()
    assert wait_for(lambda: not asked.is_running() and not fork.is_running())


def test_an_interrupt_is_the_forks_own(server, call) -> None:
    text = (
        "import os, time\n"
        "try:\n    print(os.getpid(), flush=True)\n    time.sleep(600)\n"
        "except KeyboardInterrupt:\n    raise SystemExit(130)"
    )
    asked = call(text)
    fork = int(asked.stdout.readline())
    for process in (asked.pid, server.pid, fork):  # as a terminal tells all of its foreground
        os.kill(process, signal.SIGINT)
    asked.communicate(timeout=ENOUGH_S)
    assert (asked.returncode, server.poll()) == (130, None)


def test_it_ends_with_the_run_and_leaves_nothing(server) -> None:
    folder = Path(sys.executable).parent
    assert (folder / "forks").is_socket()
    server.stdin.close()
    server.wait(timeout=ENOUGH_S)
    assert not folder.exists()


def test_where_no_one_answers_python_is_started(server, call) -> None:
    server.kill()
    server.wait()
    asked = call("import os, sys; print(os.getpid(), sys.argv); sys.exit(4)")
    out, _ = asked.communicate(timeout=ENOUGH_S)
    assert out.startswith(f"{asked.pid} [")
    assert asked.returncode == 4


def test_a_fork_that_outlives_the_server_keeps_no_one_waiting(server, call) -> None:
    alive = call("import os, time; print(os.getpid(), flush=True); time.sleep(600)")
    alive.stdout.readline()
    server.kill()
    server.wait()
    asked = call("print('started')")
    assert asked.communicate(timeout=ENOUGH_S)[0] == "started\n"
    alive.kill()
    alive.communicate()


def test_anything_but_a_script_is_pythons(server) -> None:
    found = subprocess.run(
        [sys.executable, "-c", "import os, sys; print(os.getppid(), sys.argv[1:])", "a b"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout == f"{os.getpid()} ['a b']\n"


def test_a_python_whose_path_has_a_blank(tmp_path, monkeypatch, call) -> None:
    python = tmp_path / "my python" / "python"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setenv(ASKED_AT, "")
    started = fork_steps()
    assert started is not None
    started.kill()
    started.wait()
    out, _ = call("import sys; print(sys.executable)").communicate(timeout=ENOUGH_S)
    assert out == f"{python}\n"
    shutil.rmtree(Path(sys.executable).parent)


def test_all_is_left_as_it_is_where_forks_are_no_way(tmp_path, monkeypatch) -> None:
    before = sys.executable
    monkeypatch.setattr(sys, "platform", "darwin")
    assert fork_steps() is None
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(os, "access", lambda *_: False)  # as where temporary files may not be executed
    monkeypatch.setattr(forks.tempfile, "tempdir", str(tmp_path))
    assert fork_steps() is None
    assert (sys.executable, list(tmp_path.iterdir())) == (before, [])
    monkeypatch.setattr(forks.tempfile, "tempdir", str(tmp_path / "none"))
    assert fork_steps() is None
