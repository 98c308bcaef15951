import hashlib
import socket
from pathlib import Path

import pytest

from pipeline.archive.client import fetch
from pipeline.archive.nasa import image_url, stored_photo
from pipeline.errors import DownloadError, PhotoError
from tests.archive.server import Answer, serve

CONTENT = bytes(range(256)) * 2000
GOOD = Answer(content=CONTENT)


class TestUrl:
    def test_as_the_archive_writes_it(self) -> None:
        expected = "https://eol.jsc.nasa.gov/DatabaseImages/ESC/large/ISS034/ISS034-E-5935.JPG"
        assert image_url("ISS034-E-5935") == expected
        assert image_url("ISS034-E-005935") == expected  # no leading zeros there

    @pytest.mark.parametrize(
        "wrong", ["liege", "ISS34-E-5935", "ISS034-E-0", "ISS034-E-5935.JPG", "iss034-e-1"]
    )
    def test_only_nasa_ids(self, wrong: str) -> None:
        with pytest.raises(PhotoError, match="not a NASA id"):
            image_url(wrong)


class TestStore:
    @pytest.mark.parametrize("suffix", [".jpg", ".jpeg", ".JPG", ".tif", ".TIFF"])
    def test_the_users_own_file_comes_first(self, tmp_path: Path, suffix: str) -> None:
        own = tmp_path / f"ISS034-E-5935{suffix}"
        own.touch()
        (tmp_path / "ISS034-E-5935.yaml").touch()
        (tmp_path / "nasa").mkdir()
        (tmp_path / "nasa" / "ISS034-E-5935.jpg").touch()
        assert stored_photo(tmp_path, "ISS034-E-5935") == own

    def test_without_it_the_download(self, tmp_path: Path) -> None:
        expected = tmp_path / "no" / "nasa" / "ISS034-E-5935.jpg"
        assert stored_photo(tmp_path / "no", "ISS034-E-5935") == expected

    def test_two_candidates_are_an_error(self, tmp_path: Path) -> None:
        (tmp_path / "mine.jpg").touch()
        (tmp_path / "mine.tif").touch()
        with pytest.raises(PhotoError, match=r"both mine\.jpg and mine\.tif; keep one"):
            stored_photo(tmp_path, "mine")

    def test_a_name_that_is_neither_file_nor_nasa_id(self, tmp_path: Path) -> None:
        with pytest.raises(PhotoError, match=r"mine\.jpg: there is no such photo .* not a NASA id"):
            stored_photo(tmp_path, "mine")


class TestFetch:
    def test_content_and_checksum(self, tmp_path: Path) -> None:
        with serve(GOOD) as archive:
            digest = fetch(archive.url + "/a.JPG", tmp_path / "a")
        assert (tmp_path / "a").read_bytes() == CONTENT
        assert digest == hashlib.sha256(CONTENT).hexdigest()
        assert archive.paths == ["/a.JPG"]

    @pytest.mark.expects_warnings
    def test_what_may_pass_is_tried_again(self, tmp_path: Path) -> None:
        short = Answer(content=CONTENT[:1000], length=len(CONTENT))
        with serve(Answer(503), short, Answer(429), GOOD) as archive:
            fetch(archive.url, tmp_path / "a", first_pause_s=0.01)
        assert (tmp_path / "a").read_bytes() == CONTENT
        assert len(archive.paths) == 4

    @pytest.mark.expects_warnings
    def test_pauses_double(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pauses: list[float] = []
        monkeypatch.setattr("pipeline.archive.client.sleep", pauses.append)
        with serve(Answer(503)) as archive, pytest.raises(DownloadError, match=r"503 .*\(4 attempts\)"):
            fetch(archive.url, tmp_path / "a")
        assert pauses == [2.0, 4.0, 8.0]
        assert len(archive.paths) == 4

    @pytest.mark.expects_warnings
    def test_a_short_body_never_counts(self, tmp_path: Path) -> None:
        short = Answer(content=CONTENT[:1000], length=len(CONTENT))
        with (
            serve(short) as archive,
            pytest.raises(DownloadError, match="received 1000 bytes, expected 512000"),
        ):
            fetch(archive.url, tmp_path / "a", attempts=2, first_pause_s=0.01)

    @pytest.mark.parametrize(
        ("answer", "reason"),
        [
            (Answer(404), "answers 404 Not Found"),
            (
                Answer(content=b"<html>sorry</html>", kind="text/html; charset=utf-8"),
                "sent text/html instead",
            ),
        ],
    )
    def test_what_will_not_pass_is_asked_once(self, tmp_path: Path, answer: Answer, reason: str) -> None:
        with serve(answer) as archive, pytest.raises(DownloadError, match=reason):
            fetch(archive.url, tmp_path / "a")
        assert len(archive.paths) == 1

    @pytest.mark.expects_warnings
    def test_nobody_there(self, tmp_path: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{free.getsockname()[1]}/a.JPG"
        with pytest.raises(DownloadError, match=r"127\.0\.0\.1.*connection attempts failed") as caught:
            fetch(url, tmp_path / "a", attempts=2, first_pause_s=0.01)
        assert "\n" not in str(caught.value)

    def test_a_full_disk_is_not_the_archives_fault(self, tmp_path: Path) -> None:
        with serve(GOOD) as archive, pytest.raises(OSError, match="directory"):
            fetch(archive.url, tmp_path)
        assert len(archive.paths) == 1
