import hashlib
import logging
from pathlib import Path

import pytest

from pipeline.steps.download import download, telling_the_first_fault
from pipeline.steps.unfetched import forget_unfetched, why_unfetched, write_unfetched
from tests.archive.server import Answer, serve
from tests.scenes.pictures import night_codes, save_jpeg

pytestmark = pytest.mark.usefixtures("_no_proxy")


@pytest.fixture
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def jpeg(tmp_path: Path) -> bytes:
    return save_jpeg(night_codes(), tmp_path / "sent.jpg").read_bytes()


def beside(picture: Path) -> Path:
    """The file of its checksum."""
    return picture.with_name(f"{picture.name}.sha256")


def test_fetched_once_with_its_checksum(tmp_path: Path, jpeg: bytes) -> None:
    picture = tmp_path / "store" / "nasa" / "ISS034-E-5935.jpg"
    with serve(Answer(content=jpeg)) as archive:
        download("ISS034-E-5935", picture, beside(picture), archive.url)
        before = picture.stat().st_mtime_ns
        download("ISS034-E-5935", picture, beside(picture), archive.url)
    assert archive.paths == ["/large/ISS034/ISS034-E-5935.JPG"]
    assert picture.read_bytes() == jpeg
    assert picture.stat().st_mtime_ns == before
    digest, name = beside(picture).read_text().split()
    assert (digest, name) == (hashlib.sha256(jpeg).hexdigest(), picture.name)
    assert len(list(picture.parent.iterdir())) == 2


def test_what_somebody_put_there_stays(tmp_path: Path, jpeg: bytes) -> None:
    picture = tmp_path / "ISS034-E-5935.jpg"
    picture.write_bytes(b"mine")
    with serve(Answer(content=jpeg)) as archive:
        download("ISS034-E-5935", picture, beside(picture), archive.url)
    assert picture.read_bytes() == b"mine"
    assert beside(picture).read_text().split() == [hashlib.sha256(b"mine").hexdigest(), picture.name]
    assert archive.paths == []


@pytest.mark.expects_warnings
def test_a_broken_picture_does_not_enter_the_store(
    tmp_path: Path, jpeg: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """In its place stands why, until the run has ended."""
    picture = tmp_path / "nasa" / "ISS034-E-5935.jpg"
    with serve(Answer(content=jpeg[: len(jpeg) // 2])) as archive:
        download("ISS034-E-5935", picture, beside(picture), archive.url)
    told = capsys.readouterr().err
    (line,) = (line for line in told.splitlines() if "could not be fetched" in line)
    why = why_unfetched(picture) or ""
    assert why == why_unfetched(beside(picture))
    assert why.startswith(
        f"ISS034-E-5935: could not be fetched: {archive.url}/large/ISS034/ISS034-E-5935.JPG: "
    )
    assert "cut short" in why
    assert why.endswith(f"you can put the photo at {tmp_path / 'ISS034-E-5935.jpg'} yourself")
    assert line == f"{why}; the run goes on without it, and the next one tries again"
    fetched = save_jpeg(night_codes(), tmp_path / "nasa" / "ISS034-E-1.jpg")
    forget_unfetched(tmp_path)
    assert list(picture.parent.iterdir()) == [fetched]


def test_what_a_killed_run_wrote_in_its_place_is_no_photo(tmp_path: Path, jpeg: bytes) -> None:
    picture = tmp_path / "nasa" / "ISS034-E-5935.jpg"
    write_unfetched([picture, beside(picture)], "ISS034-E-5935", "the archive was away")
    with serve(Answer(content=jpeg)) as archive:
        download("ISS034-E-5935", picture, beside(picture), archive.url)
    assert picture.read_bytes() == jpeg
    assert beside(picture).read_text().split() == [hashlib.sha256(jpeg).hexdigest(), picture.name]


@pytest.mark.expects_warnings
def test_the_first_fault_is_told_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with telling_the_first_fault("ISS034-E-5935"):
        for attempt in (1, 2):
            logging.getLogger("pipeline.archive.client").warning("attempt %d: refused", attempt)
    logging.getLogger("pipeline.archive.client").warning("another photo's")
    assert capsys.readouterr().err == "ISS034-E-5935: attempt 1: refused; trying again\n"
