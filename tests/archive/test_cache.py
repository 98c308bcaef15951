"""What was fetched is kept once, with a note; what failed leaves no trace."""

import hashlib
import json
from pathlib import Path

import pytest

from pipeline.archive.cache import fetched_on, kept, note_of
from pipeline.archive.client import Limits
from pipeline.errors import DownloadError
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


def test_what_a_server_has_not_is_kept_where_that_means_something(tmp_path: Path) -> None:
    file = tmp_path / "1.png"
    with serve(Answer(404)) as server:
        with pytest.raises(DownloadError, match="answers 404"):
            kept(file, [server.url], "", PNG, Limits(), passes)
        assert kept(file, [server.url], "", PNG, Limits(), passes, absent=b"").read_bytes() == b""
        kept(file, [server.url], "", PNG, Limits(), passes, absent=b"")
    assert len(server.paths) == 2
    assert "absent" in json.loads(note_of(file).read_text())


def test_a_store_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("in the way")
    with serve(GOOD) as server, pytest.raises(DownloadError, match=r"store.*cannot be made to keep it"):
        kept(tmp_path / "store" / "8" / "1.png", [server.url], "", PNG, Limits(), passes)
