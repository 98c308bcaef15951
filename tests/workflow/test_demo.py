"""The whole workflow on the demo city: its shape, a crash, a second run, a changed option."""

import re
import shutil
import zipfile
from pathlib import Path

import pytest
import yaml

from pipeline.steps.resources import SNAKEMAKE_MB
from tests.workflow.workdir import REPOSITORY, Outcome, Workdir

Demo = tuple[Workdir, Outcome]


def job_counts(text: str) -> dict[str, int]:
    """Snakemake's table of jobs."""
    table = text.split("Job stats:")[1].split("total")[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+) +(\d+)$", table, flags=re.MULTILINE)}


def edit_demo(workdir: Workdir, **options: object) -> None:
    """Set options in the demo's YAML."""
    city = yaml.safe_load((REPOSITORY / "configs" / "demo.yaml").read_text(encoding="utf-8"))
    file = workdir.folder / "configs" / "demo.yaml"
    file.write_text(yaml.safe_dump(city | options, allow_unicode=True), encoding="utf-8")


@pytest.fixture
def finished(demo: Demo, tmp_path: Path) -> Workdir:
    """A copy of the finished demo that a test may change."""
    copy = tmp_path / "demo"
    shutil.copytree(demo[0].folder, copy, symlinks=True)
    return Workdir(copy)


def test_the_plan_of_the_demo(tmp_path: Path) -> None:
    workdir = Workdir.make(tmp_path)
    edit_demo(workdir)
    outcome = workdir.snakemake("--dry-run")
    assert outcome.code == 0, outcome.text
    photos = (
        "simulate",
        "acquire",
        "georeference",
        "orthorectify",
        "tone",
        "style",
        "country_tones",
        "squares",
    )
    once = ("cities", "place", "grid", "borders", "change", "deliver", "index", "all")
    assert job_counts(outcome.text) == dict.fromkeys(photos, 2) | dict.fromkeys(once, 1)


def test_the_plan_of_real_photos(tmp_path: Path) -> None:
    """One in the store, one to be fetched, one of them in two cities."""
    workdir = Workdir.make(tmp_path)
    for name in ("liege", "aachen"):
        shutil.copy(REPOSITORY / "configs" / f"{name}.yaml", tmp_path / "configs")
    (tmp_path / "data" / "photos").mkdir()
    (tmp_path / "data" / "photos" / "ISS034-E-5935.jpg").touch()
    outcome = workdir.snakemake("--dry-run", "--config", "cities=liege,aachen")
    assert outcome.code == 0, outcome.text
    counts = job_counts(outcome.text)
    assert (counts["download"], counts["acquire"], counts["georeference"], counts["place"]) == (1, 3, 3, 2)
    assert "simulate" not in counts


def test_everything_is_delivered(demo: Demo) -> None:
    folder = demo[0].folder / "results" / "demo"
    for name in ("report.html", "demo.qgz", "demo.gpkg"):
        assert (folder / name).stat().st_size > 0
    assert zipfile.is_zipfile(folder / "demo.qgz")
    own = ".snakemake_timestamp"  # Snakemake's, in folders that are outputs
    half_written = [file for file in folder.rglob(".*") if file.is_file() and file.name != own]
    assert not half_written


def test_no_step_logs_a_warning(demo: Demo) -> None:
    logs = sorted((demo[0].folder / "results").rglob("*.log"))
    # Two photos with eight steps each; place, grid, borders, change, deliver, index and the list of cities.
    assert len(logs) == 23
    for log in logs:
        assert not re.search("WARNING|ERROR", log.read_text(encoding="utf-8")), log.name


def test_what_steps_ask_for_is_enough_and_not_twice_too_much(demo: Demo) -> None:
    """Of the memory of the step and of the Snakemake that a cluster would start for it. What forked steps
    share a step of its own would hold in part: all libraries of all steps."""
    logs = {log: log.read_text(encoding="utf-8") for log in (demo[0].folder / "results").rglob("*.log")}
    for log, text in logs.items():
        took = re.search(r"(\d+) MB of memory, (\d+) MB of it shared by all steps; asked for (\d+) MB", text)
        assert took, log.name
        held_mb, shared_mb, asked_mb = map(int, took.groups())
        print(f"{log.stem}: asked for {asked_mb} MB, holds {held_mb} MB, {shared_mb} MB of it shared")
        assert SNAKEMAKE_MB + held_mb - shared_mb <= asked_mb <= 2 * (SNAKEMAKE_MB + held_mb), log.name


def test_styles_that_are_deleted_are_made_anew(finished: Workdir) -> None:
    for lost in ("simulated-2012/tone.qml", "change.qml"):
        (finished.folder / "results" / "demo" / lost).unlink()
    counts = job_counts(finished.snakemake("--dry-run").text)
    assert counts == {"style": 1, "change": 1, "deliver": 1, "index": 1, "all": 1}


def test_a_second_run_does_nothing(demo: Demo) -> None:
    workdir, _ = demo
    before = {file: (workdir.folder / "results" / file).stat().st_mtime_ns for file in workdir.results()}
    outcome = workdir.snakemake()
    assert outcome.code == 0
    assert "Nothing to be done" in outcome.text
    assert {f: (workdir.folder / "results" / f).stat().st_mtime_ns for f in workdir.results()} == before


def test_an_option_runs_only_what_depends_on_it(finished: Workdir) -> None:
    edit_demo(finished, tone={"min_signal_to_noise": 20})
    outcome = finished.snakemake("--dry-run")
    after_tone = {"country_tones": 2, "squares": 2, "borders": 1, "change": 1, "deliver": 1, "index": 1}
    assert job_counts(outcome.text) == {"tone": 2, **after_tone, "all": 1}


def test_touching_a_citys_yaml_renews_what_that_city_delivers(finished: Workdir) -> None:
    shutil.copy(REPOSITORY / "configs" / "rhine-main.yaml", finished.folder / "configs")
    for city in ("demo", "rhine-main"):
        (finished.folder / "configs" / f"{city}.yaml").touch()
    assert job_counts(finished.snakemake("--dry-run").text) == {"deliver": 1, "index": 1, "all": 1}


def test_a_grid_beyond_memory_is_one_line(finished: Workdir) -> None:
    before = finished.results()
    edit_demo(finished, grid={"resolution_m": 1, "radius_km": 1000})
    outcome = finished.snakemake()
    assert outcome.code != 0
    (error,) = outcome.errors
    assert re.search("resolution_m", error), error
    assert "Traceback" not in outcome.text
    assert set(before) - set(finished.results()) <= {"demo/grid.json"}
