"""Runs that are killed at random moments, and whether what they leave equals an undisturbed run's."""

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import psutil

from tests.workflow.workdir import Workdir

# What is no result: logs tell times, and dot files what Snakemake or a run under way keeps for itself.
NO_RESULTS = {"logs"}
LEFT_BEHIND = re.compile(r"^\..*[.-](part|tiles|folder)\d+")


def start(workdir: Workdir, *arguments: str) -> subprocess.Popen[bytes]:
    """A run whose words nobody hears."""
    return subprocess.Popen(
        workdir.command(*arguments),
        cwd=workdir.folder,
        env=workdir.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def kill(run: subprocess.Popen[bytes]) -> None:
    """The run and all that it has started, as a computer does that loses its power."""
    family = [psutil.Process(run.pid)]
    family += family[0].children(recursive=True)
    for process in family:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    run.wait()


def kill_at_random(
    workdir: Workdir, kills: int, random: Random, between_s: tuple[float, float], *arguments: str
) -> tuple[int, int]:
    """Start the run again and again, and kill it so many seconds after its first step began; how often it was
    killed, and the exit code of the last start where a run has ended before."""
    for done in range(kills):
        run = start(workdir, *arguments)
        if not _wait(lambda run=run: run.poll() is not None or bool(_steps(run)), 300):  # type: ignore[misc]
            raise TimeoutError("no step began within 300 s")
        moment = time.monotonic() + random.uniform(*between_s)
        _wait(lambda run=run: run.poll() is not None, moment - time.monotonic())  # type: ignore[misc]
        if run.poll() is not None:
            return done, int(run.returncode)
        kill(run)
    return kills, 0


def _steps(run: subprocess.Popen[bytes]) -> list[psutil.Process]:
    try:
        return psutil.Process(run.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _wait(until: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if until():
            return True
        time.sleep(0.05)
    return False


def contents(results: Path) -> dict[str, bytes]:
    """The bytes of every result, by its name in the folder."""
    return {
        str(file.relative_to(results)): file.read_bytes()
        for file in sorted(results.rglob("*"))
        if file.is_file() and NO_RESULTS.isdisjoint(file.relative_to(results).parts)
    }


def differences(before: dict[str, bytes], after: dict[str, bytes]) -> list[str]:
    """The files that are not the same, or only in one of both."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def left_behind(folder: Path) -> list[str]:
    """Temporary files that nobody has swept."""
    return sorted(
        str(file.relative_to(folder)) for file in folder.rglob(".*") if LEFT_BEHIND.match(file.name)
    )
