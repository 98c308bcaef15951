"""What the files that a user gives hold, as checksums: a file is another one when its content is, whatever
its date.

Snakemake runs a step again when an input is newer than what was made of it. A photo that is replaced by an
older one (`mv`, `cp -p`, unzip and rsync keep dates) is not newer, so its checksum is a param of the rule
besides.
"""

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

MEMORY = Path(".snakemake", "checksums")  # beside what Snakemake remembers of results
ABSENT = "not there"
State = tuple[
    int, int, int
]  # of a file: size, times of the last change of content and of its entry, both in ns


def contents(files: Iterable[str | Path]) -> list[str]:
    """The checksum of each file; of one that is not there the last that was known, else ABSENT."""
    return [_checksum(str(file)) for file in files]


def _checksum(file: str) -> str:
    try:
        status = Path(file).stat()
    except OSError:
        return _remembered().get(file, (ABSENT, None))[0]
    # The entry's time betrays a copy that has both the size and the date of the first.
    return _read(file, (status.st_size, status.st_mtime_ns, status.st_ctime_ns))


@cache  # asked for with every look at a job
def _read(file: str, state: State) -> str:
    """Read the file, unless its checksum is remembered for this state."""
    checksum, of_state = _remembered().get(file, (ABSENT, None))
    if of_state == state:
        return checksum
    try:
        with Path(file).open("rb") as content:
            checksum = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return ABSENT  # the step will say what is wrong with it
    _remembered()[file] = checksum, state
    # What cannot be remembered is read again, so no failure here is one of the run.
    with suppress(OSError), MEMORY.open("a", encoding="utf-8") as memory:
        memory.write(json.dumps([file, checksum, *state]) + "\n")
    return checksum


@cache
def _remembered() -> dict[str, tuple[str, State | None]]:
    """By file; the last line of each counts, and one that a killed run has left unfinished does not."""
    found: dict[str, tuple[str, State | None]] = {}
    with suppress(OSError):
        for line in MEMORY.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, TypeError):
                file, checksum, size, content_ns, entry_ns = json.loads(line)
                found[str(file)] = str(checksum), (int(size), int(content_ns), int(entry_ns))
    return found
