"""The one client that goes on a network: a file is fetched whole, in few attempts, or not at all."""

import hashlib
import logging
import math
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from pipeline.errors import DownloadError

log = logging.getLogger(__name__)

# NASA's archive is slow and sometimes away for some seconds: after 2 + 4 + 8 s it is not only that.
ATTEMPTS = 4
FIRST_PAUSE_S = 2.0  # each pause after it is twice as long as the one before
LONGEST_PAUSE_S = 30.0  # however much longer a server asks to wait: a user is waiting too
CHUNK_BYTES = 1 << 16  # read at a time
PICTURE = "image/", "application/octet-stream"  # content types; the archive sends either


@dataclass(frozen=True)
class Limits:
    """What one file may take, however servers behave."""

    silence_s: float = 60.0  # without a byte from the server
    total_s: float = math.inf  # all attempts and pauses together
    size_bytes: float = math.inf


NO_LIMITS = Limits()


@dataclass(frozen=True)
class Fetched:
    """Which address gave a file, and its SHA-256 in hexadecimal."""

    url: str
    sha256: str


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

    A fault that may pass (server errors, broken or short transfers) is tried again after 2, 4, 8 s, or later
    if the server says so; one that will not (no such frame, a page instead of a picture) is raised at once.
    """
    return fetch_any([url], target, opener, attempts, first_pause_s, kinds).sha256


def fetch_any(
    urls: Sequence[str],
    target: Path,
    opener: Callable[..., Any] = urlopen,
    attempts: int = ATTEMPTS,
    first_pause_s: float = FIRST_PAUSE_S,
    kinds: tuple[str, ...] = PICTURE,
    limits: Limits = NO_LIMITS,
    check: Callable[[Path], None] = lambda file: None,
) -> Fetched:
    """The same from the first of several addresses that gives it.

    After a fault the next address is asked at once. When all had their turn there is a pause, as long as in
    `fetch`, and those whose fault may pass are asked again. `check` raises DownloadError for an answer that
    cannot be used: that address is asked no more. DownloadError gives the reason of the first address.
    """
    deadline, failures = monotonic() + limits.total_s, dict[str, str]()
    for attempt in range(1, attempts + 1):
        pause_s, asked_again = first_pause_s * 2 ** (attempt - 1), []
        for url in urls:
            try:
                sha256 = _transfer(url, target, opener, kinds, limits, deadline)
                check(target)
                return Fetched(url, sha256)
            except HTTPError as error:
                reason = f"the server answers {error.code} {error.reason}"
                if error.code < 500 and error.code != 429:
                    failures[url] = reason
                    continue
                pause_s = max(pause_s, _asked_pause_s(error.headers.get("Retry-After")))
            except (URLError, HTTPException, ConnectionError, TimeoutError, ssl.SSLError) as error:
                reason = " ".join(str(getattr(error, "reason", None) or error).split())
                reason = reason or type(error).__name__
            except DownloadError as error:
                failures[url] = str(error)
                continue
            log.warning("attempt %d of %d for %s: %s", attempt, attempts, url, reason)
            failures[url] = f"{reason} ({attempt} attempt{'s' if attempt > 1 else ''})"
            asked_again.append(url)
        urls = asked_again
        if not urls or attempt == attempts or monotonic() + pause_s >= deadline:
            break
        sleep(pause_s)
    url, failure = next(iter(failures.items()))
    raise DownloadError(f"{url}: {failure}")


def _asked_pause_s(stated: str | None) -> float:
    """The seconds of a header Retry-After, which gives a number or a date; 0 where it gives neither."""
    if stated is None:
        return 0.0
    try:
        wait_s = float(stated)
    except ValueError:
        try:
            at = parsedate_to_datetime(stated)
        except ValueError:
            return 0.0
        wait_s = (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(wait_s, 0.0), LONGEST_PAUSE_S) if math.isfinite(wait_s) else 0.0


def _transfer(
    url: str,
    target: Path,
    opener: Callable[..., Any],
    kinds: tuple[str, ...],
    limits: Limits,
    deadline: float,
) -> str:
    """One attempt, which fails where fewer or more bytes arrive than the server announced, or where it takes
    too long or too much."""
    digest, received = hashlib.sha256(), 0
    request = Request(url, headers={"User-Agent": "borderlight"})
    left_s = deadline - monotonic()
    if left_s <= 0:
        raise TimeoutError(f"nothing came within {limits.total_s:g} s")
    with opener(request, timeout=min(limits.silence_s, left_s)) as response:
        kind = response.headers.get_content_type()
        if not kind.startswith(kinds):
            wanted = "a picture; is the id right?" if kinds == PICTURE else kinds[0]
            raise DownloadError(f"the server sent {kind} instead of {wanted}")
        with target.open("wb") as file:
            # `read` would wait for a whole chunk, however slowly its bytes come.
            while chunk := response.read1(CHUNK_BYTES):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                if received > limits.size_bytes:
                    raise DownloadError(f"the server sent more than {limits.size_bytes / 1e6:g} MB")
                if monotonic() > deadline:
                    raise TimeoutError(f"not all came within {limits.total_s:g} s")
        announced = response.headers.get("Content-Length")
    if announced is not None and announced.isdecimal() and received != int(announced):
        raise ConnectionError(f"{received} of {announced} bytes arrived")
    return digest.hexdigest()
