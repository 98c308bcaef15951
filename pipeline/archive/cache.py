"""Files that were fetched once and are kept, each with a note of where it is from."""

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

from pipeline.archive.client import Limits, fetch_any
from pipeline.errors import DownloadError
from pipeline.files import atomic_write, json_text, write_json

# Of each server, for each of many pieces: what is known of the ground is worth having, not vital.
ATTEMPTS = 2


def kept(
    file: Path,
    urls: Sequence[str],
    licence: str,
    kinds: tuple[str, ...],
    limits: Limits,
    check: Callable[[Path], None],
    convert: Callable[[Path], None] = lambda file: None,
) -> Path:
    """The file of a cache, fetched from the first of `urls` that gives it, unless it is there already.

    `check` raises DownloadError for what cannot be used, which is not kept; `convert` makes of what passed
    what is kept, in its place. Beside the file, `<name>.json` tells address, date, licence and the SHA-256 of
    what is kept. Raises DownloadError, and NotThereError where the server says that it has no such file.
    """
    try:
        if is_kept(file):
            return file
        # Not beside the file: what fails leaves no trace in the photo store.
        with TemporaryDirectory() as unfinished:
            part = Path(unfinished) / file.name
            fetched = fetch_any(urls, part, ATTEMPTS, kinds=kinds, limits=limits, check=check)
            convert(part)
            with part.open("rb") as content:
                sha256 = hashlib.file_digest(content, "sha256").hexdigest()
            # The note is finished first: a file that a killed process leaves is never one without its note.
            with atomic_write(file) as whole, atomic_write(note_of(file)) as note:
                copyfile(part, whole)
                told = {"source": fetched.url, "sha256": sha256} | _when(licence)
                note.write_text(json_text(told), encoding="utf-8")
    except OSError as error:
        raise _not_kept(file, error) from None
    return file


def keep_absence(file: Path, url: str, licence: str) -> None:
    """Note that a server has no such file, so that it is not asked again. Raises DownloadError."""
    try:
        file.unlink(missing_ok=True)
        write_json({"source": url, "absent": "the server has no such file"} | _when(licence), note_of(file))
    except OSError as error:
        raise _not_kept(file, error) from None


def is_kept(file: Path) -> bool:
    """Whether the file and its note are there."""
    return {"sha256", "fetched"} <= _told(file).keys() and file.is_file()


def is_kept_absence(file: Path) -> bool:
    """Whether it is noted that there is no such file."""
    return {"absent", "fetched"} <= _told(file).keys()


def damaged(file: Path) -> DownloadError:
    """What is raised for a kept file that passed its check once and can no longer be read."""
    return DownloadError(f"{file}: is damaged since it was fetched; delete it, and it is fetched again")


def note_of(file: Path) -> Path:
    """The file that tells where a kept file is from."""
    return file.with_name(f"{file.name}.json")


def fetched_on(files: Sequence[Path]) -> str:
    """The days between which files were fetched, as their notes tell."""
    days = sorted(_told(file)["fetched"][:10] for file in files)
    return " to ".join(dict.fromkeys((days[0], days[-1]))) if days else ""


def _told(file: Path) -> dict[str, Any]:
    """What the note of a file tells; nothing where there is none that can be read."""
    try:
        told = json.loads(note_of(file).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _when(licence: str) -> dict[str, str]:
    return {"fetched": datetime.now(UTC).isoformat(timespec="seconds"), "licence": licence}


def _not_kept(file: Path, error: OSError) -> DownloadError:
    """A store that is full or cannot be written to, from what the system says of it."""
    return DownloadError(f"{file}: cannot be kept ({(error.strerror or 'refused').lower()})")
