"""Several servers, what they ask of us and what we allow them; one server is `test_nasa`'s."""

import gzip
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from pipeline.archive.client import LONGEST_PAUSE_S, Limits, fetch, fetch_any
from pipeline.errors import DownloadError, NotThereError
from tests.archive.server import Answer, serve

GOOD = Answer(content=b"picture" * 1000)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    made: list[float] = []
    monkeypatch.setattr("pipeline.archive.client.sleep", made.append)
    return made


@pytest.mark.expects_warnings
@pytest.mark.parametrize(
    ("stated", "pause_s"),
    [
        ("7", 7),
        ("1", 2),  # our own pause is longer
        ("86400", LONGEST_PAUSE_S),
        *((wrong, 2) for wrong in ("-5", "soon", "nan", "", "Mon, 99 Foo 2026")),
    ],
)
def test_the_pause_is_as_the_server_says_within_limits(
    tmp_path: Path, pauses: list[float], stated: str, pause_s: float
) -> None:
    for status in (429, 503, 504):
        with serve(Answer(status, retry_after=stated), GOOD) as server:
            fetch(server.url, tmp_path / "a")
    assert pauses == [pause_s] * 3


@pytest.mark.expects_warnings
@pytest.mark.parametrize(("ahead_s", "least_s", "most_s"), [(25, 5, 25), (-15, 2, 2)])
def test_a_server_may_name_the_time(
    tmp_path: Path, pauses: list[float], ahead_s: float, least_s: float, most_s: float
) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead_s), usegmt=True)
    with serve(Answer(429, retry_after=at), GOOD) as server:
        fetch(server.url, tmp_path / "a")
    (pause_s,) = pauses
    assert least_s <= pause_s <= most_s  # less by what the machine takes until it looks at its clock


@pytest.mark.expects_warnings
def test_the_next_server_is_asked_at_once(tmp_path: Path, pauses: list[float]) -> None:
    with serve(Answer(429, retry_after="20")) as busy, serve(Answer(404)) as lost, serve(GOOD) as good:
        fetched = fetch_any([busy.url, lost.url, good.url], tmp_path / "a")
    assert fetched.url == good.url
    assert (tmp_path / "a").read_bytes() == GOOD.content
    assert (len(busy.paths), len(lost.paths), pauses) == (1, 1, [])


@pytest.mark.expects_warnings
def test_only_those_whose_fault_may_pass_are_asked_again(tmp_path: Path, pauses: list[float]) -> None:
    with serve(Answer(504, retry_after="9"), GOOD) as busy, serve(Answer(404)) as lost:
        assert fetch_any([lost.url, busy.url], tmp_path / "a").url == busy.url
    assert (len(busy.paths), len(lost.paths), pauses) == (2, 1, [9.0])


def test_the_first_address_gives_the_reason(tmp_path: Path) -> None:
    with serve(Answer(400)) as main, serve(Answer(404)) as other, pytest.raises(DownloadError) as caught:
        fetch_any([main.url, other.url], tmp_path / "a")
    assert str(caught.value) == f"{main.url}: the server answers 400 Bad Request"


def test_an_answer_that_does_not_pass_its_check_is_none(tmp_path: Path) -> None:
    def check(file: Path) -> None:
        if file.read_bytes() != GOOD.content:
            raise DownloadError("not what was wanted")

    with serve(Answer(content=b"?")) as wrong, serve(GOOD) as good:
        assert fetch_any([wrong.url, good.url], tmp_path / "a", check=check).url == good.url
        with pytest.raises(DownloadError, match=f"^{wrong.url}: not what was wanted$"):
            fetch_any([wrong.url], tmp_path / "a", check=check)
    assert len(wrong.paths) == 2


@pytest.mark.expects_warnings
def test_bytes_that_drip_end_with_the_time(tmp_path: Path) -> None:
    dripping = Answer(content=b"x" * 1000, drip_s=0.05)
    began = time.monotonic()
    with serve(dripping) as server, pytest.raises(DownloadError, match=r"not all came within 0\.3 s"):
        fetch_any([server.url], tmp_path / "a", limits=Limits(total_s=0.3))
    assert time.monotonic() - began < 5.0  # not the 50 s of the whole


@pytest.mark.expects_warnings
def test_a_silent_server_is_left(tmp_path: Path) -> None:
    """It takes the connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent, serve(GOOD) as good:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        limits = Limits(silence_s=0.2, total_s=60.0)
        assert fetch_any([url, good.url], tmp_path / "a", limits=limits).url == good.url


@pytest.mark.expects_warnings
def test_no_pause_is_made_that_would_end_too_late(tmp_path: Path) -> None:
    began = time.monotonic()
    with serve(Answer(503, retry_after="20")) as server, pytest.raises(DownloadError, match=r"\(1 attempt\)"):
        fetch_any([server.url], tmp_path / "a", limits=Limits(total_s=10.0))
    assert time.monotonic() - began < 10.0


@pytest.mark.expects_warnings
@pytest.mark.parametrize("length", ["abc", "-1", "1e3", "", "9" * 40])
def test_a_length_that_is_none_is_a_fault_in_one_line(
    tmp_path: Path, pauses: list[float], length: str
) -> None:
    with serve(Answer(content=GOOD.content, length=length)) as server, pytest.raises(DownloadError) as caught:
        fetch(server.url, tmp_path / "a", attempts=2)
    assert str(caught.value).isprintable()


def test_an_endless_body_is_cut(tmp_path: Path) -> None:
    endless = Answer(content=b"x" * 65536, endless=True)
    with serve(endless) as server, pytest.raises(DownloadError, match="sent more than 1 MB"):
        fetch(server.url, tmp_path / "a", limits=Limits(size_bytes=1e6))
    assert (tmp_path / "a").stat().st_size <= 1e6


def test_a_body_announced_too_large_is_not_begun(tmp_path: Path) -> None:
    with (
        serve(Answer(content=b"x", length=10**12)) as server,
        pytest.raises(DownloadError, match="200 MB to"),
    ):
        fetch(server.url, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_a_body_that_comes_too_slowly_is_given_up_at_once(tmp_path: Path) -> None:
    dripping, began = Answer(content=b"x" * 1000, drip_s=0.05), time.monotonic()
    with serve(dripping) as server, pytest.raises(DownloadError, match=r"sent \d+ bytes a second, too few"):
        fetch(server.url, tmp_path / "a", limits=Limits(start_s=0.3))
    assert time.monotonic() - began < 5.0  # not the 50 s of the whole
    assert len(server.paths) == 1


@pytest.mark.expects_warnings
def test_a_head_that_never_ends_is_left(tmp_path: Path) -> None:
    """It sends one byte of its first line every now and then: it is never silent."""
    began = time.monotonic()
    with dripping_head() as url, pytest.raises(DownloadError, match=r"not all came within 0\.4 s"):
        fetch(url, tmp_path / "a", limits=Limits(total_s=0.4))
    assert time.monotonic() - began < 5.0


@contextmanager
def dripping_head() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def drip() -> None:
            connection, _ = listening.accept()
            with connection, suppress(OSError):
                for _ in range(200):
                    connection.sendall(b"H")
                    time.sleep(0.05)

        threading.Thread(target=drip, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


class TestRedirects:
    def test_on_the_same_host_they_are_followed(self, tmp_path: Path) -> None:
        with serve(Answer(302, headers=(("Location", "/there.JPG"),)), GOOD) as server:
            fetch(server.url + "/here.JPG", tmp_path / "a")
        assert server.paths == ["/here.JPG", "/there.JPG"]
        assert (tmp_path / "a").read_bytes() == GOOD.content

    def test_to_another_host_they_are_not(self, tmp_path: Path) -> None:
        with serve(GOOD) as other:
            elsewhere = Answer(302, headers=(("Location", other.url + "/there.JPG"),))
            with serve(elsewhere) as server, pytest.raises(DownloadError, match="sends on to http://127"):
                fetch(server.url, tmp_path / "a")
        assert other.paths == []

    @pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://127.0.0.1/a", "//example.org/a"])
    def test_to_other_kinds_of_address_they_are_not(self, tmp_path: Path, to: str) -> None:
        with serve(Answer(302, headers=(("Location", to),))) as server, pytest.raises(DownloadError):
            fetch(server.url, tmp_path / "a")
        assert not (tmp_path / "a").exists()

    def test_in_a_circle_they_end(self, tmp_path: Path) -> None:
        with (
            serve(Answer(302, headers=(("Location", "/"),))) as server,
            pytest.raises(DownloadError, match="from address to address, more than 5"),
        ):
            fetch(server.url, tmp_path / "a")
        assert len(server.paths) == 6


@pytest.mark.expects_warnings
@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, reason="\x1b[2J\x1b]0;owned\x07"),
        Answer(503, reason="gone\x9b31m"),
        Answer(kind="text/\x1b[31mhtml"),
        Answer(302, headers=(("Location", "http://\x1b[31m.example.org/"),)),
    ],
)
def test_what_servers_say_has_no_control_characters(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, answer: Answer
) -> None:
    with serve(answer) as server, pytest.raises(DownloadError) as caught:
        fetch(server.url, tmp_path / "a", attempts=2, first_pause_s=0.01)
    for said in (str(caught.value), *(record.getMessage() for record in caplog.records)):
        assert said.isprintable(), said


def test_a_packed_body_is_refused(tmp_path: Path) -> None:
    packed = Answer(content=gzip.compress(b"x" * 10**7), headers=(("Content-Encoding", "gzip"),))
    with serve(packed) as server, pytest.raises(DownloadError, match="packed"):
        fetch(server.url, tmp_path / "a")


def test_no_such_file_is_told_apart(tmp_path: Path) -> None:
    with serve(Answer(404)) as server, pytest.raises(NotThereError):
        fetch(server.url, tmp_path / "a")


@pytest.mark.parametrize("proxy", ["nonsense://127.0.0.1:1", "socks5://127.0.0.1:1"])
def test_a_proxy_that_cannot_be_used_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("all_proxy", proxy)
    with pytest.raises(DownloadError, match="cannot be asked"):
        fetch("http://127.0.0.1:9/a.JPG", tmp_path / "a")


def test_nothing_is_imported_until_something_is_fetched() -> None:
    code = "import sys, pipeline.archive.client; sys.exit('httpx' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
