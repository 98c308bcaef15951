"""Pictures, maps and rasters with changed bytes are read, or refused in one line; who watches that, sees it.

With `test_hostile_facts.py` (300 texts) and the galleries of `ground/test_given_files.py` these are more than
500 inputs. `python -m benchmarks.robustness` takes 10,000.
"""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import PipelineError
from tests.scenes.hostile_pictures import SUFFIXES, write_picture
from tests.scenes.trials import WATCH, Nonsense, counted, judged, run

NUMBERS = {"photos": 100, "maps": 40, "rasters": 40}
# Texts that are no UTF-8, on which GDAL's own words could not be read; a query that GDAL shows whole.
FOUND = [("rasters", 664), ("maps", 1383)]


def test_changed_bytes_are_read_or_refused() -> None:
    trials = list(run((name, number) for name, count in NUMBERS.items() for number in range(count)))
    assert [trial for trial in trials if trial.outcome != "clean"] == []
    assert {name: row["tried"] for name, row in counted(trials).items()} == NUMBERS


def test_what_ended_otherwise_once_is_refused_in_one_line() -> None:
    assert [trial for trial in run(FOUND) if trial.outcome != "clean"] == []


@pytest.mark.filterwarnings("ignore")  # of libraries, on what is damaged
def test_some_are_read_and_some_refused(tmp_path: Path) -> None:
    """Else the changes would be too many to reach the decoders, or too few to matter."""
    from pipeline.photo.reader import read_photo

    refused = 0
    for number in range(4 * len(SUFFIXES)):
        try:
            read_photo(write_picture(tmp_path, number))
        except PipelineError:
            refused += 1
    assert 4 < refused < 24


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize(
    ("reader", "outcome"),
    [
        (lambda file: None, "clean"),
        (lambda file: _raise(PipelineError(f"{file}: is no map")), "clean"),
        (lambda file: _raise(PipelineError(f"{file}: is\nno map")), "wrong"),
        (lambda file: _raise(Nonsense("light above white")), "wrong"),
        (lambda file: _raise(ZeroDivisionError()), "traceback"),
        (lambda file: np.ones(400_000_000), "crash"),  # 3.2 GB
    ],
    ids=["success", "a line", "two lines", "nonsense", "a bug", "memory"],
)
def test_the_judge_can_tell(tmp_path: Path, reader, outcome: str) -> None:
    assert judged(tmp_path / "x", [reader])[0] == outcome


def test_the_watch_sees_a_crash_a_hang_and_a_touched_file() -> None:
    """And goes on after them."""
    given = [b"fine", b"abort", b"write", b"sleep", b"fine"]
    # 15 s are enough for a process to start on a busy machine, which is a part of the patience.
    seen = [trial.outcome for trial in run(((WATCH, one) for one in given), patience_s=15.0)]
    assert seen == ["clean", "crash", "wrong", "hang", "clean"]
