"""Files that are written whole or not at all, and JSON that any reader takes. All temporary names of the
project are made here, but for those in the system's own folder, of what may leave no trace beside results."""

import json
import math
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil


@contextmanager
def temporary_file(target: Path, kind: str = "part") -> Iterator[Path]:
    """A name beside `target` that only this process writes to; what it names is removed when the block ends.

    Processes that write the same target have names of their own. What a killed one has left is swept by the
    next. `kind` tells apart several temporary files of one target.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target, kind)
    own = target.with_name(f"{_prefix(target, kind)}{os.getpid()}{target.suffix}")
    try:
        yield own
    finally:
        with suppress(OSError):
            for left in _named(target.parent, own.name):
                _remove(left)


@contextmanager
def temporary_folder(target: Path, kind: str = "folder") -> Iterator[Path]:
    """An empty folder beside `target` that is removed with all it holds when the block ends."""
    with temporary_file(target, kind) as folder:
        _remove(folder)
        folder.mkdir()
        yield folder


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """A name beside `target` to write to; it becomes `target` when the block ends well, else it is removed.

    A killed step thus never leaves a file that looks finished; what it left is swept by the next one.
    """
    with temporary_file(target) as part:
        yield part
        part.replace(target)


def _prefix(target: Path, kind: str) -> str:
    return f".{target.stem}.{kind}"


def _sweep(target: Path, kind: str) -> None:
    """Remove what killed processes have left of `target`, with what libraries put beside it: SQLite's journal
    `.a.part17.gpkg-journal`, GDAL's `.a.part17.tif.aux.xml`."""
    of_a_process = re.compile(f"{re.escape(_prefix(target, kind))}([0-9]+){re.escape(target.suffix)}")
    for left in _named(target.parent, _prefix(target, kind)):
        writer = of_a_process.match(left.name)
        if writer and not psutil.pid_exists(int(writer[1])):
            _remove(left)


def _named(folder: Path, start: str) -> list[Path]:
    """All in `folder` whose names begin with `start`; a glob would take its brackets for a pattern."""
    return [folder / entry.name for entry in os.scandir(folder) if entry.name.startswith(start)]


def _remove(left: Path) -> None:
    with suppress(OSError):
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left)
        else:
            left.unlink(missing_ok=True)


def json_text(content: Any) -> str:
    """Content as strictly valid JSON. Numbers that are not finite, which JSON does not have, become null."""
    return json.dumps(_finite(content), indent=1, allow_nan=False) + "\n"


def write_json(content: Any, target: Path) -> None:
    """Write content as strictly valid JSON to a file, whole or not at all."""
    with atomic_write(target) as part:
        part.write_text(json_text(content), encoding="utf-8")


def _finite(value: Any) -> Any:
    """The value with None in place of each number, at any depth, that is not finite."""
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
