"""Files that are written whole or not at all, and JSON that any reader takes."""

import json
import math
import os
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
    prefix = f".{target.stem}.{kind}"
    for left in target.parent.glob(f"{prefix}*{target.suffix}"):
        writer = left.name.removeprefix(prefix).removesuffix(target.suffix)
        if writer.isdigit() and not psutil.pid_exists(int(writer)):
            left.unlink(missing_ok=True)
    own = target.with_name(f"{prefix}{os.getpid()}{target.suffix}")
    try:
        yield own
    finally:
        with suppress(OSError):
            own.unlink(missing_ok=True)


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """A name beside `target` to write to; it becomes `target` when the block ends well, else it is removed.

    A killed step thus never leaves a file that looks finished; what it left is swept by the next one.
    """
    with temporary_file(target) as part:
        yield part
        part.replace(target)


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
