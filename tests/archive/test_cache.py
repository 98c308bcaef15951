"""What was fetched is kept once, with a note; what failed leaves no trace."""

import errno
import hashlib
import json
from pathlib import Path

import pytest

from pipeline.archive import cache
from pipeline.archive.cache import fetched_on, is_kept, is_kept_absence, keep_absence, kept, note_of
from pipeline.archive.client import Limits
from pipeline.errors import DownloadError, NotThereError
from tests.archive.server import Answer, serve

CONTENT = b"a tile"
GOOD = Answer(content=CONTENT, kind="image/png")
PNG = ("image/png",)


def passes(file: Path) -> None:
    assert file.read_bytes() == CONTENT


def fails(file: Path) -> None:
    raise DownloadError("not what was wanted")


def test_a_file_has_a_note_of_where_it_is_from(tmp_path: Path) -> None:
    file = tmp_path / "cache" / "8" / "1.png"
    with serve(GOOD) as server:
        for _ in range(2):
            assert kept(file, [server.url], "public domain", PNG, Limits(), passes) == file
        assert len(server.paths) == 1
    told = json.loads(note_of(file).read_text())
    expected = {
        "source": server.url,
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "licence": "public domain",
    }
    assert {key: told[key] for key in expected} == expected
    assert fetched_on([file, file]) == told["fetched"][:10]
    assert sorted(path.name for path in file.parent.iterdir()) == ["1.png", "1.png.json"]


def test_what_fails_leaves_no_trace(tmp_path: Path) -> None:
    with serve(GOOD) as server, pytest.raises(DownloadError, match="not what was wanted"):
        kept(tmp_path / "cache" / "1.png", [server.url], "", PNG, Limits(), fails)
    assert list(tmp_path.iterdir()) == []


def test_what_a_server_has_not_is_noted_where_that_means_something(tmp_path: Path) -> None:
    file = tmp_path / "1.png"
    with serve(Answer(404)) as server:
        with pytest.raises(NotThereError, match="answers 404"):
            kept(file, [server.url], "", PNG, Limits(), passes)
        assert not is_kept_absence(file)
        keep_absence(file, server.url, "")
    assert is_kept_absence(file)
    assert not is_kept(file)
    assert fetched_on([file]) == json.loads(note_of(file).read_text())["fetched"][:10]


@pytest.mark.parametrize("left", ["the file", "the note", "half a note"])
def test_what_a_killed_process_left_is_fetched_again(tmp_path: Path, left: str) -> None:
    file = tmp_path / "1.png"
    if left != "the note":
        file.write_bytes(CONTENT)
    if left != "the file":
        note_of(file).write_text('{"sha256": ' if left == "half a note" else '{"sha256": "", "fetched": ""}')
    with serve(GOOD) as server:
        kept(file, [server.url], "", PNG, Limits(), passes)
        assert len(server.paths) == 1
    assert len(fetched_on([file])) == 10
    passes(file)


def test_the_note_is_there_before_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    replace = Path.replace

    def told(part: Path, target: Path) -> Path:
        written.append(target.name)
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", told)
    with serve(GOOD) as server:
        kept(tmp_path / "1.png", [server.url], "", PNG, Limits(), passes)
    assert written == ["1.png.json", "1.png"]


def test_the_checksum_is_that_of_what_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "1.txt"
    with serve(GOOD) as server:
        kept(file, [server.url], "", PNG, Limits(), passes, lambda part: part.write_bytes(b"less") and None)
    assert file.read_bytes() == b"less"
    assert json.loads(note_of(file).read_text())["sha256"] == hashlib.sha256(b"less").hexdigest()


def test_a_store_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("in the way")
    file = tmp_path / "store" / "8" / "1.png"
    with serve(GOOD) as server, pytest.raises(DownloadError, match=r"store.*: cannot be kept \(not a dir"):
        kept(file, [server.url], "", PNG, Limits(), passes)
    with pytest.raises(DownloadError, match=r"store.*: cannot be kept \(not a dir"):
        keep_absence(file, "", "")


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(part: Path, whole: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(whole))

    monkeypatch.setattr(cache, "copyfile", full)
    with serve(GOOD) as server, pytest.raises(DownloadError, match=r"1\.png: cannot be kept \(no space left"):
        kept(tmp_path / "1.png", [server.url], "", PNG, Limits(), passes)
    assert list(tmp_path.iterdir()) == []
