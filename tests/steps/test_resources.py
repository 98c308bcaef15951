"""What rules ask a cluster for: from the heads of their inputs, and as much as was measured."""

import json
import re
from pathlib import Path

import pytest

from pipeline.steps.resources import (
    SNAKEMAKE_MB,
    UNSEEN_CELLS,
    UNSEEN_PIXELS,
    Size,
    costs,
    memory_mb,
    runtime_min,
)
from tests.scenes.pictures import night_codes, save_jpeg

REPOSITORY = Path(__file__).parents[2]
RULES = {
    file.stem: file.read_text(encoding="utf-8") for file in (REPOSITORY / "pipeline" / "rules").glob("*.smk")
}
MEASURED = json.loads((REPOSITORY / "benchmarks" / "resources" / "results.json").read_text(encoding="utf-8"))


@pytest.fixture
def grid(tmp_path: Path) -> Path:
    """Of two million cells."""
    file = tmp_path / "grid.json"
    file.write_text(json.dumps({"width": 2000, "height": 1000}))
    return file


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    return save_jpeg(night_codes(640, 480), tmp_path / "Own.JPG")


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_says_what_it_needs(rule: str) -> None:
    assert re.search(r"^    threads: \d$", RULES[rule], flags=re.MULTILINE)
    assert "        mem_mb=memory_mb,\n        runtime=runtime_min,\n" in RULES[rule]
    assert costs()[rule].mb > 0


def test_pixels_are_those_of_the_picture_and_cells_those_of_the_grid(grid: Path, photo: Path) -> None:
    inputs = [str(photo), str(grid), "data/cameras.csv"]
    assert Size.of("acquire", inputs) == Size(megapixels=0.3072)
    assert Size.of("orthorectify", inputs) == Size(megacells=2)
    assert Size.of("simulate", inputs) == Size()


def test_what_is_not_there_yet_is_told_as_snakemake_wants_it(grid: Path) -> None:
    missing = str(grid.with_name("photo.tif"))
    with pytest.raises(FileNotFoundError) as caught:
        memory_mb(None, [missing, str(grid)], 1, "orthorectify")
    assert caught.value.filename == missing


def test_a_photo_in_a_storage_is_taken_for_a_large_one(tmp_path: Path) -> None:
    class Stored(str):
        is_storage = True

    inputs = [Stored(tmp_path / "photo.tif"), Stored(tmp_path / "grid.json")]
    assert Size.of("orthorectify", inputs) == Size(UNSEEN_PIXELS / 1e6, UNSEEN_CELLS / 1e6)


@pytest.mark.parametrize("name", ["broken.jpg", "broken.nef"])
def test_what_nobody_can_read_is_left_to_the_step(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no picture")
    assert Size.of("acquire", [str(tmp_path / name)]) == Size()


def test_a_second_attempt_asks_for_twice_as_much(grid: Path) -> None:
    for ask in (memory_mb, runtime_min):
        once, twice = (ask(None, [str(grid)], attempt, "orthorectify") for attempt in (1, 2))
        assert twice == pytest.approx(2 * once, abs=1)  # whole numbers


@pytest.mark.parametrize("row", MEASURED, ids=lambda row: f"{row['rule']}-{row['city']}-{row['photo']}")
def test_estimates_are_not_below_what_was_measured_and_not_twice_above(row: dict) -> None:
    """Of all sizes of photos and grids of the benchmark."""
    size, cost = Size(**row["size"]), costs()[row["rule"]]
    assert 1 <= (SNAKEMAKE_MB + cost.memory_mb(size)) / (SNAKEMAKE_MB + row["peak_mb"]) <= 2
    assert row["processor_s"] <= cost.processor_s(size)
