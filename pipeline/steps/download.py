"""Step download: a frame of NASA's archive is kept in the photo store, with its checksum beside it.

One that cannot be fetched ends no run: the reason stands in its place until the run has ended.
"""

import hashlib
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.archive.client import fetch
from pipeline.archive.nasa import ARCHIVE, image_url
from pipeline.errors import DownloadError, PhotoError
from pipeline.files import atomic_write
from pipeline.photo.reader import read_photo
from pipeline.steps.step import run_step
from pipeline.steps.unfetched import why_unfetched, write_unfetched

log = logging.getLogger(__name__)


def download(photo_id: str, picture: Path, checksum: Path, archive: str = ARCHIVE) -> None:
    """Fetch `photo_id` to `picture`, unless there is such a file already, whoever put it there; else write
    why there is none. What a killed run wrote there instead of a photo does not count."""
    if picture.exists() and why_unfetched(picture) is None:
        if not checksum.exists():
            with picture.open("rb") as file:
                _list(hashlib.file_digest(file, "sha256").hexdigest(), picture, checksum)
        return
    url = image_url(photo_id, archive)
    log.info("asking %s", url)
    try:
        with telling_the_first_fault(photo_id), atomic_write(picture) as part:
            digest = fetch(url, part)
            _check_picture(part, url)
            _list(digest, picture, checksum)
    except DownloadError as error:
        by_hand = picture.parent.parent / f"{photo_id}.jpg"
        reason = f"{photo_id}: could not be fetched: {error}; you can put the photo at {by_hand} yourself"
        log.error("%s", reason)
        print(f"{reason}; the run goes on without it, and the next one tries again", file=sys.stderr)
        write_unfetched([picture, checksum], photo_id, reason)


@contextmanager
def telling_the_first_fault(photo_id: str) -> Iterator[None]:
    """Say on the terminal why an attempt failed, for the others can take long."""

    def tell(record: logging.LogRecord) -> bool:
        client.removeFilter(tell)
        print(f"{photo_id}: {record.getMessage()}; trying again", file=sys.stderr, flush=True)
        return True

    client = logging.getLogger("pipeline.archive.client")
    client.addFilter(tell)
    try:
        yield
    finally:
        client.removeFilter(tell)


def _list(digest: str, picture: Path, checksum: Path) -> None:
    """A checksum as `sha256sum --check` reads it."""
    with atomic_write(checksum) as part:
        part.write_text(f"{digest}  {picture.name}\n", encoding="ascii")


def _check_picture(file: Path, url: str) -> None:
    """A broken picture must not enter the store: it would never be fetched again."""
    try:
        read_photo(file)
    except PhotoError as error:
        raise DownloadError(f"{url}: {str(error).removeprefix(f'{file}: ')}") from None


if "snakemake" in globals():
    run_step(download, globals()["snakemake"])
