"""Runs that are killed, that meet another run, or that are made anew: what they leave is the same to the
byte."""

import re
import shutil
import time
from pathlib import Path
from random import Random

import pytest

from tests.workflow.killed import contents, differences, kill, kill_at_random, left_behind, start
from tests.workflow.small_city import CITY, NAME, write_small_city
from tests.workflow.workdir import Outcome, Workdir

KILLS = 5


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, Outcome]:
    workdir = Workdir.make(tmp_path_factory.mktemp("runs") / "run")
    write_small_city(workdir)
    return workdir, workdir.snakemake(*CITY)


def from_the_placed_photo(undisturbed: tuple[Workdir, Outcome], tmp_path: Path) -> Workdir:
    """A copy of the run in which all after the placed photo is still to be made: what comes before takes
    longest, and is written no other way."""
    shutil.copytree(undisturbed[0].folder, tmp_path / "run", symlinks=True)
    workdir = Workdir(tmp_path / "run")
    photo = workdir.folder / "results" / NAME / "seen"
    for file in [*photo.glob("*.qml"), *photo.glob("*.parquet"), *photo.parent.glob("*.*")]:
        file.unlink()
    for name in ("ortho.tif", "geometry.tif", "tone.tif", "light.tif", "lamps.tif", "country_tones.gpkg"):
        (photo / name).unlink()
    return workdir


def test_the_end_of_a_run_names_what_to_open_and_the_answers(undisturbed: tuple[Workdir, Outcome]) -> None:
    outcome = undisturbed[1]
    assert outcome.code == 0, outcome.text
    assert outcome.errors == []
    lines = outcome.text.splitlines()
    (opened,) = (number for number, line in enumerate(lines) if line.startswith(f"{NAME}: open "))
    city = f"results/{NAME}"
    assert lines[opened] == f"{NAME}: open {city}/report.html in a browser, {city}/{NAME}.qgz in QGIS"
    assert any(line.startswith("  Do the ") or "greener?" in line for line in lines[opened + 1 :])
    assert lines[-1] == "All results: open results/index.html in a browser"


def test_a_step_has_a_line_with_its_figure(undisturbed: tuple[Workdir, Outcome]) -> None:
    lines = [line for line in undisturbed[1].text.splitlines() if line.startswith("[")]
    assert len(lines) == 13
    assert lines[-2].startswith(
        "[12/14] small: write the report, the GeoPackage, the QGIS project, tables and STAC: report of "
    )
    assert lines[-1].startswith("[13/14] List all cities and regions on one page: 1 place (")
    (placed,) = (line for line in lines if "find where the photo looks" in line)
    assert re.search(
        r"small, seen: find where the photo looks: placed to \d+ m, \d+ cities "
        r"\(check cities \d+\.\d px, \d+ m off\), odds of chance \d",
        placed,
    )


def test_every_log_says_what_was_done(undisturbed: tuple[Workdir, Outcome]) -> None:
    logs = list((undisturbed[0].folder / "results").rglob("*.log"))
    assert len(logs) == 13
    for log in logs:
        assert " found: " in log.read_text(encoding="utf-8"), log


def test_killed_at_random_moments_it_leaves_the_same_bytes(
    undisturbed: tuple[Workdir, Outcome], tmp_path: Path
) -> None:
    before, workdir = (
        contents(undisturbed[0].folder / "results"),
        from_the_placed_photo(undisturbed, tmp_path),
    )
    killed, _ = kill_at_random(workdir, KILLS, Random(18), (0.2, 4.0), *CITY)
    outcome = workdir.snakemake(*CITY)

    assert killed == KILLS
    assert outcome.code == 0, outcome.text
    assert differences(before, contents(workdir.folder / "results")) == []
    assert left_behind(workdir.folder) == []


def test_steps_that_start_by_themselves_write_the_same_bytes_as_forked_ones(
    undisturbed: tuple[Workdir, Outcome], tmp_path: Path
) -> None:
    """As on a cluster, where `onstart` does not run. A second thread of the algebra would show here."""
    before, workdir = (
        contents(undisturbed[0].folder / "results"),
        from_the_placed_photo(undisturbed, tmp_path),
    )
    outcome = workdir.snakemake("--no-hooks", *CITY)
    assert outcome.code == 0, outcome.text
    assert differences(before, contents(workdir.folder / "results")) == []
    forked, by_itself = (
        (folder / "results" / NAME / "logs" / "borders.log").read_text(encoding="utf-8")
        for folder in (undisturbed[0].folder, workdir.folder)
    )
    assert "shared by all steps" in forked
    assert "shared by all steps" not in by_itself


def test_a_second_run_is_refused_in_one_line_and_harms_nothing(tmp_path: Path) -> None:
    workdir = Workdir.make(tmp_path / "run")
    workdir.write_city("x", photos=[{"simulate": {"seed": 1, "year": 2012}}])
    first = start(workdir, "--config", "cities=x")
    try:
        lock, end = workdir.folder / "results" / ".lock", time.monotonic() + 300
        while not (lock.exists() and lock.read_text()):
            assert first.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
        outcome = workdir.snakemake("--config", "cities=x")
        assert first.poll() is None
    finally:
        kill(first)
    assert outcome.code != 0
    (error,) = outcome.errors
    assert error.startswith(f"error: results: another run is writing here (process {first.pid} on ")
    assert outcome.text.splitlines()[-1] == error
    assert "Traceback" not in outcome.text
    # Killed, it holds the folder no more.
    outcome = workdir.snakemake("results/cities.parquet", "--config", "cities=x")
    assert outcome.code == 0, outcome.text
