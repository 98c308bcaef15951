import hashlib
from pathlib import Path

import pytest

from pipeline.errors import DownloadError
from pipeline.steps.download import download
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


def test_a_broken_picture_does_not_enter_the_store(tmp_path: Path, jpeg: bytes) -> None:
    picture = tmp_path / "nasa" / "ISS034-E-5935.jpg"
    with (
        serve(Answer(content=jpeg[: len(jpeg) // 2])) as archive,
        pytest.raises(DownloadError, match="cut short") as caught,
    ):
        download("ISS034-E-5935", picture, beside(picture), archive.url)
    assert list(picture.parent.iterdir()) == []
    message = str(caught.value)
    assert message.startswith(f"{archive.url}/large/ISS034/ISS034-E-5935.JPG: is damaged")
    assert message.endswith(f"you can put the photo at {tmp_path / 'ISS034-E-5935.jpg'} yourself")
