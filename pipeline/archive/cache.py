"""Files that were fetched once and are kept, each with a note of where it is from."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory

from pipeline.archive.client import Limits, fetch_any
from pipeline.errors import DownloadError, NotThereError
from pipeline.files import atomic_write

# Of each server, for each of many pieces: what is known of the ground is worth having, not vital.
ATTEMPTS = 2


def kept(
    file: Path,
    urls: Sequence[str],
    licence: str,
    kinds: tuple[str, ...],
    limits: Limits,
    check: Callable[[Path], None],
    absent: bytes | None = None,
) -> Path:
    """The file of a cache, fetched from the first of `urls` that gives it, unless it is there already.

    `check` raises DownloadError for what cannot be used, which is not kept. Where a server says that it has
    no such file, `absent` is kept in its place if there is such a thing. Beside the file, `<name>.json` tells
    address, date, SHA-256 and licence. Raises DownloadError.
    """
    if file.is_file():
        return file
    # Not beside the file: what fails leaves no trace in the photo store.
    with TemporaryDirectory() as unfinished:
        part = Path(unfinished) / file.name
        try:
            fetched = fetch_any(urls, part, ATTEMPTS, kinds=kinds, limits=limits, check=check)
            told = {"source": fetched.url, "sha256": fetched.sha256}
        except NotThereError:
            if absent is None:
                raise
            part.write_bytes(absent)
            told = {"source": urls[0], "absent": "the server has no such file"}
        told |= {"fetched": datetime.now(UTC).isoformat(timespec="seconds"), "licence": licence}
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = (error.strerror or "refused").lower()
            raise DownloadError(f"{file.parent}: cannot be made to keep it ({reason})") from None
        with atomic_write(note_of(file)) as note, atomic_write(file) as whole:
            copyfile(part, whole)
            note.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return file


def note_of(file: Path) -> Path:
    """The file that tells where a kept file is from."""
    return file.with_name(f"{file.name}.json")


def fetched_on(files: Sequence[Path]) -> str:
    """The days between which files were fetched, as their notes tell."""
    days = sorted(json.loads(note_of(file).read_text(encoding="utf-8"))["fetched"][:10] for file in files)
    return " to ".join(dict.fromkeys((days[0], days[-1]))) if days else ""
