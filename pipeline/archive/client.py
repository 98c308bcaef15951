"""The one client that goes on a network: a file is fetched whole, in few attempts, or not at all."""

import hashlib
import logging
import ssl
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from time import sleep
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from pipeline.errors import DownloadError

log = logging.getLogger(__name__)

# NASA's archive is slow and sometimes away for some seconds: after 2 + 4 + 8 s it is not only that.
ATTEMPTS = 4
FIRST_PAUSE_S = 2.0  # each pause after it is twice as long as the one before
TIMEOUT_S = 60.0  # without a byte from the server
CHUNK_BYTES = 1 << 16  # read at a time
PICTURE = "image/", "application/octet-stream"  # content types; the archive sends either


def fetch(
    url: str,
    target: Path,
    opener: Callable[..., Any] = urlopen,
    attempts: int = ATTEMPTS,
    first_pause_s: float = FIRST_PAUSE_S,
    kinds: tuple[str, ...] = PICTURE,
) -> str:
    """Write what is at `url` to `target` and return its SHA-256, in hexadecimal.

    Raises DownloadError, also where the content type starts with none of `kinds`.

    A fault that may pass (server errors, broken or short transfers) is tried again after 2, 4, 8 s; one that
    will not (no such frame, a page instead of a picture) is raised at once.
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
    """One attempt, which fails where fewer or more bytes arrive than the server announced."""
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
