"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil


@contextmanager
def atomic_write(target: Path) -> Iterator[Path]:
    """A name beside `target` to write to; it becomes `target` when the block ends well, else it is removed.

    A killed step thus never leaves a file that looks finished; what it left is swept by the next one.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{target.stem}.part"
    for left in target.parent.glob(f"{prefix}*{target.suffix}"):
        writer = left.name.removeprefix(prefix).removesuffix(target.suffix)
        if writer.isdigit() and not psutil.pid_exists(int(writer)):
            left.unlink(missing_ok=True)
    part = target.with_name(f"{prefix}{os.getpid()}{target.suffix}")
    try:
        yield part
        part.replace(target)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
