"""The one client that goes on a network: a file is fetched whole, in few attempts, or not at all.

One request at a time. All that a file may take is bounded (`Limits`): its size, its time, a server's silence
and slowness. Redirects are followed on the same host only. Nothing that a server says reaches a log or the
terminal with control characters.
"""

import asyncio
import hashlib
import logging
import math
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING

from pipeline.errors import DownloadError, NotThereError, one_line, said_by

if TYPE_CHECKING:
    import httpx

log = logging.getLogger(__name__)

# NASA's archive is slow and sometimes away for some seconds: after 2 + 4 + 8 s it is not only that.
ATTEMPTS = 4
FIRST_PAUSE_S = 2.0  # each pause after it is twice as long as the one before
LONGEST_PAUSE_S = 30.0  # however much longer a server asks to wait: a user is waiting too
MAX_REDIRECTS = 5
PICTURE = "image/", "application/octet-stream"  # content types; the archive sends either


@dataclass(frozen=True)
class Limits:
    """What one file may take, however servers behave. The defaults are for a photo of the archive, 20 MB at
    most as a JPEG today."""

    silence_s: float = 60.0  # without a byte from the server
    total_s: float = 900.0  # all attempts and pauses together
    size_bytes: float = 200e6
    # A body that comes slower than this, after as long a start, is given up: 20 MB would take hours. The
    # slowest lines that people have give ten times as much.
    slowest_bytes_per_s: float = 1000.0
    start_s: float = 20.0

    def until(self, deadline: float) -> "Limits":
        """The same for one of several files that must all be there at `deadline`, a time of `monotonic`."""
        return replace(self, total_s=min(self.total_s, deadline - monotonic()))


PHOTO_LIMITS = Limits()


@dataclass(frozen=True)
class Fetched:
    """Which address gave a file, and its SHA-256 in hexadecimal."""

    url: str
    sha256: str


class _PassingFault(Exception):
    """What may be over in some seconds; `pause_s` is how long the server asks to wait."""

    def __init__(self, reason: str, pause_s: float = 0.0) -> None:
        super().__init__(reason)
        self.pause_s = pause_s


def fetch(
    url: str,
    target: Path,
    attempts: int = ATTEMPTS,
    first_pause_s: float = FIRST_PAUSE_S,
    kinds: tuple[str, ...] = PICTURE,
    limits: Limits = PHOTO_LIMITS,
) -> str:
    """Write what is at `url` to `target` and return its SHA-256, in hexadecimal.

    Raises DownloadError, also where the content type starts with none of `kinds`, and NotThereError where the
    server says that it has no such file.

    A fault that may pass (server errors, broken or short transfers) is tried again after 2, 4, 8 s, or later
    if the server says so; one that will not (no such frame, a page instead of a picture) is raised at once.
    """
    return fetch_any([url], target, attempts, first_pause_s, kinds, limits).sha256


def fetch_any(
    urls: Sequence[str],
    target: Path,
    attempts: int = ATTEMPTS,
    first_pause_s: float = FIRST_PAUSE_S,
    kinds: tuple[str, ...] = PICTURE,
    limits: Limits = PHOTO_LIMITS,
    check: Callable[[Path], None] = lambda file: None,
) -> Fetched:
    """The same from the first of several addresses that gives it.

    After a fault the next address is asked at once. When all had their turn there is a pause, as long as in
    `fetch`, and those whose fault may pass are asked again. `check` raises DownloadError for an answer that
    cannot be used: that address is asked no more. DownloadError gives the reason of the first address.
    """
    deadline, failures = monotonic() + limits.total_s, dict[str, DownloadError]()
    for attempt in range(1, attempts + 1):
        pause_s, asked_again = first_pause_s * 2 ** (attempt - 1), []
        for url in urls:
            try:
                sha256 = _transfer(url, target, kinds, limits, deadline)
                check(target)
                return Fetched(url, sha256)
            except DownloadError as error:
                failures[url] = type(error)(f"{url}: {error}")
            except _PassingFault as fault:
                log.warning("attempt %d of %d for %s: %s", attempt, attempts, url, fault)
                tried = f"{attempt} attempt{'s' if attempt > 1 else ''}"
                failures[url] = DownloadError(f"{url}: {fault} ({tried})")
                asked_again.append(url)
                pause_s = max(pause_s, fault.pause_s)
        urls = asked_again
        if not urls or attempt == attempts or monotonic() + pause_s >= deadline:
            break
        sleep(pause_s)
    raise next(iter(failures.values()))


def _transfer(url: str, target: Path, kinds: tuple[str, ...], limits: Limits, deadline: float) -> str:
    """One attempt: the SHA-256 of what was written. Raises DownloadError for a fault that stays."""
    import httpx  # only where something is fetched

    left_s = deadline - monotonic()
    try:
        return asyncio.run(_within(left_s, url, target, kinds, limits))
    except TimeoutError:
        raise _PassingFault(f"not all came within {limits.total_s:g} s") from None
    except httpx.TimeoutException:
        raise _PassingFault(f"no word from the server for {limits.silence_s:g} s") from None
    except httpx.TransportError as error:
        raise _PassingFault(said_by(error)) from None
    except (httpx.InvalidURL, ImportError, ValueError) as error:
        # An address without sense, or a proxy that the environment names and nobody can use.
        raise DownloadError(f"cannot be asked: {said_by(error)}") from None


async def _within(left_s: float, url: str, target: Path, kinds: tuple[str, ...], limits: Limits) -> str:
    """The attempt, ended by force when the time is over, wherever it hangs."""
    import httpx

    headers = {"User-Agent": "borderlight", "Accept-Encoding": "identity"}
    async with (
        asyncio.timeout(max(left_s, 0.0)),
        httpx.AsyncClient(headers=headers, timeout=limits.silence_s, verify=_trusted()) as client,
    ):
        request = client.build_request("GET", url)
        for _ in range(MAX_REDIRECTS + 1):
            response = await client.send(request, stream=True)
            try:
                if response.next_request is None:
                    _check_head(response, kinds, limits)
                    return await _write(response, target, limits)
                request = _on_the_same_host(response.next_request, request)
            finally:
                await response.aclose()
    raise DownloadError(f"the server sends from address to address, more than {MAX_REDIRECTS} times")


@cache
def _trusted() -> ssl.SSLContext:
    """Whose certificates are believed; to read them takes longer than to fetch a small file."""
    import httpx

    return httpx.create_ssl_context()


def _on_the_same_host(wanted: "httpx.Request", asked: "httpx.Request") -> "httpx.Request":
    """The request of a redirect, unless it leads to another host or off an encrypted connection."""
    same = wanted.url.host == asked.url.host
    same &= (wanted.url.scheme, asked.url.scheme) in (("http", "http"), ("https", "https"), ("https", "http"))
    same &= wanted.url.port == asked.url.port or wanted.url.scheme != asked.url.scheme
    if not same:
        there = one_line(f"{wanted.url.scheme}://{wanted.url.netloc.decode('ascii', 'replace')}")
        raise DownloadError(f"the server sends on to {there}, which is not followed")
    return wanted


def _check_head(response: "httpx.Response", kinds: tuple[str, ...], limits: Limits) -> None:
    """Raise what the head of an answer tells that its body is not worth reading."""
    from httpx import codes

    code, headers = response.status_code, response.headers
    if code != codes.OK:
        reason = f"the server answers {code} {codes.get_reason_phrase(code)}".rstrip()
        if code == codes.NOT_FOUND:
            raise NotThereError(reason)
        if code >= codes.INTERNAL_SERVER_ERROR or code == codes.TOO_MANY_REQUESTS:
            raise _PassingFault(reason, _asked_pause_s(headers.get("Retry-After")))
        raise DownloadError(reason)
    kind = one_line(headers.get("Content-Type", "").partition(";")[0].lower()) or "something unnamed"
    if not kind.startswith(kinds):
        wanted = "a picture; is the id right?" if kinds == PICTURE else kinds[0]
        raise DownloadError(f"the server sent {kind} instead of {wanted}")
    if headers.get("Content-Encoding", "identity").lower() != "identity":
        raise DownloadError("the server packed what it sent, though it was asked not to")
    announced = headers.get("Content-Length", "")
    if announced.isdecimal() and len(announced) < 20 and int(announced) > limits.size_bytes:
        raise DownloadError(f"the server has more than {limits.size_bytes / 1e6:g} MB to send")


async def _write(response: "httpx.Response", target: Path, limits: Limits) -> str:
    """Write the body, which httpx fails where it is shorter or longer than announced; its SHA-256."""
    digest, received, began = hashlib.sha256(), 0, monotonic()
    with target.open("wb") as file:
        async for chunk in response.aiter_raw():
            received += len(chunk)
            if received > limits.size_bytes:
                raise DownloadError(f"the server sent more than {limits.size_bytes / 1e6:g} MB")
            took_s = monotonic() - began
            if took_s > limits.start_s and received < limits.slowest_bytes_per_s * took_s:
                rate = received / took_s
                raise DownloadError(f"the server sent {rate:.0f} bytes a second, too few to wait for")
            file.write(chunk)
            digest.update(chunk)
    return digest.hexdigest()


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
