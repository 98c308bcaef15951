"""NASA's Gateway to Astronaut Photography of Earth, and where its photos are kept.

The archive is slow and sometimes down: one connection at a time, patient retries, nothing fetched twice.
"""

import hashlib
import logging
import re
import ssl
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from time import sleep
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from pipeline.errors import DownloadError, PhotoError
from pipeline.photo.reader import SUFFIXES

ARCHIVE = "https://eol.jsc.nasa.gov/DatabaseImages/ESC"
NASA_ID = re.compile(r"(ISS\d{3})-E-0*([1-9]\d*)")
ATTEMPTS = 4
FIRST_PAUSE_S = 2.0
TIMEOUT_S = 60.0
CHUNK_BYTES = 1 << 16
PICTURE = "image/", "application/octet-stream"

log = logging.getLogger(__name__)


def image_url(photo_id: str, archive: str = ARCHIVE) -> str:
    """The largest JPEG of a frame; the archive writes frame numbers without leading zeros."""
    match = NASA_ID.fullmatch(photo_id)
    if match is None:
        raise PhotoError(f"{photo_id!r} is not a NASA id such as ISS030-E-163191")
    mission, frame = match.groups()
    return f"{archive}/large/{mission}/{mission}-E-{frame}.JPG"


def stored_photo(store: Path, photo_id: str) -> Path:
    """The user's own file of this name in the photo store, else the place where a download is kept."""
    names = [photo_id + ending for suffix in SUFFIXES for ending in (suffix, suffix.upper())]
    own = [store / name for name in names if (store / name).is_file()]
    for other in own[1:]:
        if not other.samefile(own[0]):  # .jpg and .JPG are one file on some systems
            raise PhotoError(f"{store}: holds both {own[0].name} and {other.name}; keep one of them")
    if own:
        return own[0]
    if NASA_ID.fullmatch(photo_id) is None:
        raise PhotoError(
            f"{store / photo_id}.jpg: there is no such photo (.jpg, .jpeg, .tif, .tiff, .nef or .dng), "
            f"and {photo_id!r} is not a NASA id such as ISS030-E-163191"
        )
    return store / "nasa" / f"{photo_id}.jpg"


def fetch(
    url: str,
    target: Path,
    opener: Callable[..., Any] = urlopen,
    attempts: int = ATTEMPTS,
    first_pause_s: float = FIRST_PAUSE_S,
    kinds: tuple[str, ...] = PICTURE,
) -> str:
    """Write what is at `url` to `target` and return its SHA-256. Raises DownloadError, also where its type is
    none of `kinds`.

    What may pass (server errors, broken or short transfers) is tried again after 2, 4, 8 s; what will not
    (no such frame, a page instead of a picture) is reported at once.
    """
    for attempt in range(1, attempts + 1):
        try:
            return _transfer(url, target, opener, kinds)
        except HTTPError as error:
            reason = f"the server answers {error.code} {error.reason}"
            if error.code < 500 and error.code != 429:
                raise DownloadError(f"{url}: {reason}") from None
        except (URLError, HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
            reason = " ".join(str(getattr(error, "reason", None) or error).split()) or type(error).__name__
        log.warning("attempt %d of %d for %s: %s", attempt, attempts, url, reason)
        if attempt < attempts:
            sleep(first_pause_s * 2 ** (attempt - 1))
    raise DownloadError(f"{url}: {reason} ({attempts} attempts)")


def _transfer(url: str, target: Path, opener: Callable[..., Any], kinds: tuple[str, ...]) -> str:
    """One attempt; the length announced by the server must arrive."""
    digest, received = hashlib.sha256(), 0
    request = Request(url, headers={"User-Agent": "borderlight"})
    with opener(request, timeout=TIMEOUT_S) as response:
        kind = response.headers.get_content_type()
        if not kind.startswith(kinds):
            wanted = "a picture; is the id right?" if kinds == PICTURE else kinds[0]
            raise DownloadError(f"{url}: the server sent {kind} instead of {wanted}")
        with target.open("wb") as file:
            while chunk := response.read(CHUNK_BYTES):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
        announced = response.headers.get("Content-Length")
    if announced is not None and received != int(announced):
        raise ConnectionError(f"{received} of {announced} bytes arrived")
    return digest.hexdigest()
