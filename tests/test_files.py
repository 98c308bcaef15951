import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipeline.files import atomic_write, json_text, temporary_folder, write_json
from tests.strict_json import strict_json


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
        "import os; from pathlib import Path; from pipeline.files import atomic_write, temporary_folder\n"
        f"with atomic_write(Path({str(tmp_path / 'a.tif')!r})) as part:\n"
        "    part.write_text('half'); os.kill(os.getpid(), 9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == -9
    (left,) = tmp_path.iterdir()
    with atomic_write(tmp_path / "a.tif") as part:
        assert not left.exists()
        part.write_text("light")
    assert [file.name for file in tmp_path.iterdir()] == ["a.tif"]


@pytest.mark.parametrize("name", [".a.part{}.gpkg", ".a.part{}.gpkg-journal", ".a.part{}.gpkg.aux.xml"])
def test_so_is_what_libraries_put_beside_it(tmp_path: Path, name: str) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / name.format(dead.pid)).touch()
    others = tmp_path / f".a.b.part{dead.pid}.gpkg"
    others.touch()
    with atomic_write(tmp_path / "a.gpkg") as part:
        part.touch()
        (tmp_path / f"{part.name}-journal").touch()
    assert {file.name for file in tmp_path.iterdir()} == {"a.gpkg", others.name}


def test_a_folder_is_swept_with_all_it_holds(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = tmp_path / f".a.folder{dead.pid}.gpkg"
    left.mkdir()
    (left / "piece").touch()
    with temporary_folder(tmp_path / "a.gpkg") as folder:
        (folder / "piece").touch()
        assert not left.exists()
    assert list(tmp_path.iterdir()) == []


def test_temporary_names_are_made_in_one_place() -> None:
    """So that every one has the id of its process, and is swept when that was killed; but for what lies in
    the system's own folder for such files."""
    package = Path(__file__).parents[1] / "pipeline"
    makers = ("TemporaryDirectory(", "NamedTemporaryFile(", "mkdtemp(", "mkstemp(")
    using = {
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        if any(maker in file.read_text(encoding="utf-8") for maker in makers)
    }
    assert using == {"archive/cache.py", "archive/copernicus.py", "steps/forks.py"}


def test_numbers_that_json_does_not_have_are_null(tmp_path: Path) -> None:
    content = {"a": math.nan, "b": [1.5, math.inf, {"c": -math.inf}], "d": (np.float64("nan"), 2), "e": "NaN"}
    write_json(content, tmp_path / "a.json")
    told = strict_json(tmp_path / "a.json")
    assert told == {"a": None, "b": [1.5, None, {"c": None}], "d": [None, 2], "e": "NaN"}
    assert json.loads(json_text(1e-320)) == 1e-320


def test_the_strict_reader_refuses_what_is_no_json(tmp_path: Path) -> None:
    """Python's own reader takes NaN, and so would the tests that lean on this one."""
    (tmp_path / "a.json").write_text('{"a": NaN}')
    with pytest.raises(ValueError, match=r"a\.json: holds NaN"):
        strict_json(tmp_path / "a.json")
