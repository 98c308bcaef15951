import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.files import atomic_write


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.tif"
    with atomic_write(target) as part:
        part.write_text("light")
        assert part.suffix == ".tif"  # drivers go by it
        assert not target.exists()
    assert target.read_text() == "light"
    assert list(target.parent.iterdir()) == [target]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "a.tif"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), atomic_write(target) as part:
        (part / "half").read_text()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_killed_process_left_is_swept(tmp_path: Path) -> None:
    script = (
        "import os; from pathlib import Path; from pipeline.files import atomic_write\n"
        f"with atomic_write(Path({str(tmp_path / 'a.tif')!r})) as part:\n"
        "    part.write_text('half'); os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    (left,) = tmp_path.iterdir()
    with atomic_write(tmp_path / "a.tif") as part:
        assert not left.exists()
        part.write_text("light")
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]
