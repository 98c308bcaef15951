"""Several servers, what they ask of us and what we allow them; one server is `test_nasa`'s."""

import socket
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from pipeline.archive.client import LONGEST_PAUSE_S, Limits, fetch, fetch_any
from pipeline.errors import DownloadError
from tests.archive.server import Answer, no_proxy, serve

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
            fetch(server.url, tmp_path / "a", no_proxy)
    assert pauses == [pause_s] * 3


@pytest.mark.expects_warnings
@pytest.mark.parametrize(("ahead_s", "least_s", "most_s"), [(25, 5, 25), (-15, 2, 2)])
def test_a_server_may_name_the_time(
    tmp_path: Path, pauses: list[float], ahead_s: float, least_s: float, most_s: float
) -> None:
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=ahead_s), usegmt=True)
    with serve(Answer(429, retry_after=at), GOOD) as server:
        fetch(server.url, tmp_path / "a", no_proxy)
    (pause_s,) = pauses
    assert least_s <= pause_s <= most_s  # less by what the machine takes until it looks at its clock


@pytest.mark.expects_warnings
def test_the_next_server_is_asked_at_once(tmp_path: Path, pauses: list[float]) -> None:
    with serve(Answer(429, retry_after="20")) as busy, serve(Answer(404)) as lost, serve(GOOD) as good:
        fetched = fetch_any([busy.url, lost.url, good.url], tmp_path / "a", no_proxy)
    assert fetched.url == good.url
    assert (tmp_path / "a").read_bytes() == GOOD.content
    assert (len(busy.paths), len(lost.paths), pauses) == (1, 1, [])


@pytest.mark.expects_warnings
def test_only_those_whose_fault_may_pass_are_asked_again(tmp_path: Path, pauses: list[float]) -> None:
    with serve(Answer(504, retry_after="9"), GOOD) as busy, serve(Answer(404)) as lost:
        assert fetch_any([lost.url, busy.url], tmp_path / "a", no_proxy).url == busy.url
    assert (len(busy.paths), len(lost.paths), pauses) == (2, 1, [9.0])


def test_the_first_address_gives_the_reason(tmp_path: Path) -> None:
    with serve(Answer(400)) as main, serve(Answer(404)) as other, pytest.raises(DownloadError) as caught:
        fetch_any([main.url, other.url], tmp_path / "a", no_proxy)
    assert str(caught.value) == f"{main.url}: the server answers 400 Bad Request"


def test_an_answer_that_does_not_pass_its_check_is_none(tmp_path: Path) -> None:
    def check(file: Path) -> None:
        if file.read_bytes() != GOOD.content:
            raise DownloadError("not what was wanted")

    with serve(Answer(content=b"?")) as wrong, serve(GOOD) as good:
        assert fetch_any([wrong.url, good.url], tmp_path / "a", no_proxy, check=check).url == good.url
        with pytest.raises(DownloadError, match=f"^{wrong.url}: not what was wanted$"):
            fetch_any([wrong.url], tmp_path / "a", no_proxy, check=check)
    assert len(wrong.paths) == 2


@pytest.mark.expects_warnings
def test_bytes_that_drip_end_with_the_time(tmp_path: Path) -> None:
    dripping = Answer(content=b"x" * 1000, drip_s=0.05)
    began = time.monotonic()
    with serve(dripping) as server, pytest.raises(DownloadError, match=r"not all came within 0\.3 s"):
        fetch_any([server.url], tmp_path / "a", no_proxy, limits=Limits(total_s=0.3))
    assert time.monotonic() - began < 5.0  # not the 50 s of the whole


@pytest.mark.expects_warnings
def test_a_silent_server_is_left(tmp_path: Path) -> None:
    """It takes the connection and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent, serve(GOOD) as good:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        limits = Limits(silence_s=0.2, total_s=60.0)
        assert fetch_any([url, good.url], tmp_path / "a", no_proxy, limits=limits).url == good.url


@pytest.mark.expects_warnings
def test_no_pause_is_made_that_would_end_too_late(tmp_path: Path) -> None:
    began = time.monotonic()
    with serve(Answer(503, retry_after="20")) as server, pytest.raises(DownloadError, match=r"\(1 attempt\)"):
        fetch_any([server.url], tmp_path / "a", no_proxy, limits=Limits(total_s=10.0))
    assert time.monotonic() - began < 10.0


def test_a_length_that_is_none_is_not_believed(tmp_path: Path) -> None:
    with serve(Answer(content=GOOD.content, length="many")) as server:
        fetch(server.url, tmp_path / "a", no_proxy)
    assert (tmp_path / "a").read_bytes() == GOOD.content
