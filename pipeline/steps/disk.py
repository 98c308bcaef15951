"""A full disk, in one line: libraries tell of it in many ways, or only that a write failed."""

import math
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from pipeline.steps.resources import Size

# The system's words, SQLite's, and those of a limit on files or of a quota.
FULL = re.compile(r"no space left|disk is full|disk full|quota exceeded|file too large", re.IGNORECASE)
UNTOLD = re.compile(
    r"write failed|cannot be written: |write error|cannot write|could not write|i/o error|failed to write",
    re.IGNORECASE,
)
# A line that the project itself wrote to the log: what it says of another disk, as of the photo store's, is
# not why the step failed.
OURS = re.compile(r"^\S+ \S+ [A-Z]+ (?:pipeline\.|__main__:).*$", re.MULTILINE)
MB = 1e6
# What a step writes at most, in bytes for each pixel of its photos and cell of its maps: bands of 4 bytes,
# once as plain tiles and once, hardly smaller, as the COG they become.
BYTES_PER_PIXEL = {"acquire": 40.0, "georeference": 10.0}
BYTES_PER_CELL = {"orthorectify": 100.0, "tone": 120.0, "change": 60.0, "borders": 20.0, "deliver": 30.0}
LEAST_BYTES = 50 * MB  # tables and pictures of the others


@contextmanager
def libraries_talk_to(log: Path) -> Iterator[None]:
    """Let what libraries in C write to the terminal go to `log`: there alone they tell why a write failed.
    What Python prints stays on the terminal."""
    with suppress(OSError):
        sys.stderr.flush()
    terminal, printed = os.dup(2), sys.stderr
    with os.fdopen(terminal, "w", buffering=1) as still_on_it:
        try:
            with log.open("a") as file:
                os.dup2(file.fileno(), 2)
            if _descriptor(printed) == 2:
                sys.stderr = still_on_it
            yield
        finally:
            os.dup2(terminal, 2)
            sys.stderr = printed


def _descriptor(stream: TextIO) -> int | None:
    try:
        return stream.fileno()
    except (OSError, ValueError, AttributeError):  # of a test, or of nothing at all
        return None


def full_disk(
    error: BaseException, said: str, rule: str, inputs: list[str], outputs: list[Path]
) -> str | None:
    """How to say that `error` comes from a full disk: where, how much is free and how much is needed; None
    where it comes from something else. `said` is the log, in which libraries spoke meanwhile."""
    told = " ".join([OURS.sub("", said), *(str(of_chain) for of_chain in _chain(error))])
    needed = needed_bytes(rule, inputs)
    folder = next((file.parent for file in outputs if file.parent.is_dir()), Path())
    try:
        free = min(shutil.disk_usage(folder).free, _largest_file())
    except OSError:
        return None
    # A step has taken away what it had begun to write when this is asked.
    if not (FULL.search(told) or (UNTOLD.search(told) and free < needed)):
        return None
    return (
        f"{folder}: the disk is full, or a limit on files is reached ({free / MB:,.0f} MB are free, "
        f"this step may need {needed / MB:,.0f} MB); make room there, or set another results folder"
    )


def needed_bytes(rule: str, inputs: list[str]) -> float:
    """The most that a step writes, from its photos' pixels and its maps' cells."""
    size = Size()
    with suppress(Exception):  # an input that cannot be read: then the least is what is known
        size = Size.of(rule, inputs)
    pixels, cells = (
        size.megapixels * BYTES_PER_PIXEL.get(rule, 0.0),
        size.megacells * BYTES_PER_CELL.get(rule, 0.0),
    )
    return LEAST_BYTES + 1e6 * (pixels + cells)


def _largest_file() -> float:
    """How large a file this process may write, in bytes (`ulimit -f`)."""
    try:
        import resource
    except ImportError:  # Windows
        return math.inf
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return math.inf if limit == resource.RLIM_INFINITY else limit


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those it comes from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
