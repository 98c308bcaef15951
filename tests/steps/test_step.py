import errno
import logging
import os
import re
import resource
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import psutil
import pytest

from pipeline.errors import OutputError, PhotoError
from pipeline.models import LonLat
from pipeline.raster.bands import Band
from pipeline.raster.cog import write_cog
from pipeline.raster.dataset import labelled
from pipeline.raster.grid import Grid
from pipeline.raster.workers import Workers
from pipeline.steps.disk import libraries_talk_to
from pipeline.steps.step import run_step


@dataclass
class FakeSnakemake:
    """What `run_step` reads of the object Snakemake gives to a script."""

    log: str
    input: dict[str, Any] = field(default_factory=dict)
    output: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    resources: dict[str, Any] = field(default_factory=lambda: {"mem_mb": 300})
    threads: int = 2
    rule: str = "try"


@pytest.fixture
def snakemake(tmp_path: Path) -> FakeSnakemake:
    return FakeSnakemake(log=str(tmp_path / "logs" / "try.log"))


def test_named_items_arrive_as_annotated(snakemake: FakeSnakemake) -> None:
    seen: list[object] = []

    def step(one: Path, many: list[Path], place: LonLat, out: Path, threads: int) -> None:
        seen.extend([one, many, place, out, threads])

    snakemake.input = {"one": "a.tif", "many": ["b.tif", "c.tif"]}
    snakemake.output = {"out": "d.tif"}
    snakemake.params = {"place": {"lon": 5.0, "lat": 50.0}}
    run_step(step, snakemake)
    assert seen == [Path("a.tif"), [Path("b.tif"), Path("c.tif")], LonLat(lon=5, lat=50), Path("d.tif"), 2]


@pytest.mark.parametrize("address", ["threads", "tcp://10.0.0.5:8786"])
def test_who_works_out_tiles_is_what_the_run_says(snakemake: FakeSnakemake, address: str) -> None:
    seen: list[Workers] = []

    def step(workers: Workers) -> None:
        seen.append(workers)

    snakemake.config = {"dask": {"scheduler": address}} if address != "threads" else {}
    run_step(step, snakemake)
    assert seen == [Workers(address, threads=2)]


@dataclass(frozen=True)
class Together:
    """Two inputs and an option of a step."""

    one: Path
    many: list[Path]
    place: LonLat | None


def test_items_that_belong_together_arrive_as_a_dataclass(snakemake: FakeSnakemake) -> None:
    seen: list[object] = []

    def step(given: Together, out: Path) -> None:
        seen.extend([given, out])

    snakemake.input = {"one": "a.tif", "many": ["b.tif"]}
    snakemake.output = {"out": "d.tif"}
    snakemake.params = {"place": {"lon": 5.0, "lat": 50.0}}
    run_step(step, snakemake)
    assert seen == [Together(Path("a.tif"), [Path("b.tif")], LonLat(lon=5, lat=50)), Path("d.tif")]


@pytest.mark.expects_warnings
@pytest.mark.parametrize(
    ("error", "line", "traceback"),
    [
        (PhotoError("a.jpg: is grey"), "error: a.jpg: is grey", False),
        (
            PermissionError(errno.EACCES, "Permission denied", "x/photo.tif"),
            "error: x/photo.tif: permission denied",
            True,
        ),
        (
            MemoryError(),
            "error: out of memory: set a smaller grid.radius_km or a coarser grid.resolution_m for the city",
            True,
        ),
    ],
)
def test_a_failure_is_one_line(
    snakemake: FakeSnakemake,
    capfd: pytest.CaptureFixture[str],
    error: Exception,
    line: str,
    traceback: bool,
) -> None:
    def step() -> None:
        raise error

    with pytest.raises(SystemExit) as caught:
        run_step(step, snakemake)
    assert caught.value.code == 1
    assert capfd.readouterr().err == f"{line}\n"
    logged = Path(snakemake.log).read_text()
    assert line.removeprefix("error: ") in logged
    assert ("Traceback" in logged) == traceback


@pytest.mark.expects_warnings
def test_a_bug_says_where_its_traceback_is(
    snakemake: FakeSnakemake, capfd: pytest.CaptureFixture[str]
) -> None:
    def step() -> None:
        raise KeyError("two\nlines")

    with pytest.raises(SystemExit):
        run_step(step, snakemake)
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("error: bug in step try: KeyError: ")
    assert line.endswith(snakemake.log)
    assert "Traceback" in Path(snakemake.log).read_text()


def test_a_step_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    step = (
        "import sys, time\n"
        "from types import SimpleNamespace\n"
        "from pipeline.steps.step import run_step\n"
        "def last() -> None: time.sleep(60)\n"
        "run_step(last, SimpleNamespace(log=sys.argv[1], input={}, output={}, params={}, rule='last'))\n"
    )
    starter = (  # ends once the step runs, as its log tells
        "import pathlib, subprocess, sys, time\n"
        "log = pathlib.Path(sys.argv[1])\n"
        f"step = subprocess.Popen([sys.executable, '-c', {step!r}, log], stdout=subprocess.DEVNULL)\n"
        "while not log.exists(): time.sleep(0.05)\n"
        "print(step.pid)\n"
    )
    log = str(tmp_path / "step.log")
    started = subprocess.run(
        [sys.executable, "-c", starter, log], stdout=subprocess.PIPE, text=True, check=True, timeout=50
    )
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(started.stdout)).wait(timeout=20)


@pytest.mark.expects_warnings
@pytest.mark.parametrize(
    "told",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError(errno.EFBIG, "File too large"),
        RuntimeError("sqlite3_exec(COMMIT) failed: database or disk is full"),
    ],
)
@pytest.mark.parametrize("hidden", [False, True])
def test_a_full_disk_is_said_with_its_place_and_what_is_needed(
    snakemake: FakeSnakemake, capfd: pytest.CaptureFixture[str], tmp_path: Path, told: Exception, hidden: bool
) -> None:
    """Also where a library hides it behind another error."""
    snakemake.output = {"out": str(tmp_path / "d.tif")}

    def step(out: Path) -> None:
        if not hidden:
            raise told
        raise OutputError(f"{out}: write failed. See previous exception for details") from told

    with pytest.raises(SystemExit):
        run_step(step, snakemake)
    assert re.fullmatch(
        rf"error: {re.escape(str(tmp_path))}: the disk is full, or a limit on files is reached "
        r"\([\d,]+ MB are free, this step may need 50 MB\); make room there, or set another results folder\n",
        capfd.readouterr().err,
    )


@pytest.mark.expects_warnings
@pytest.mark.parametrize(("free_mb", "full"), [(20, True), (200, False)])
def test_a_map_that_gdal_cannot_write_is_of_a_full_disk_where_little_is_free(
    snakemake: FakeSnakemake,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    free_mb: float,
    full: bool,
) -> None:
    """Of an image's directory that found no room it says that its count cannot be fetched."""
    snakemake.output = {"out": str(tmp_path / "d.tif")}
    usage = shutil.disk_usage(tmp_path)._replace(free=int(free_mb * 1e6))
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)

    def step(out: Path) -> None:
        raise OutputError(f"{out}: cannot be written: Error fetching directory count")

    with pytest.raises(SystemExit):
        run_step(step, snakemake)
    assert ("the disk is full" in capfd.readouterr().err) == full


@pytest.mark.expects_warnings
def test_a_full_photo_store_is_not_why_another_file_fails(
    snakemake: FakeSnakemake, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """The step said that it goes on without what could not be kept."""
    snakemake.output = {"out": str(tmp_path / "d.tif")}

    def step(out: Path) -> None:
        logging.getLogger("pipeline.steps.fetched").warning("heights: no space left on device")
        raise OutputError(f"{out}: is in the way")

    with pytest.raises(SystemExit):
        run_step(step, snakemake)
    assert capfd.readouterr().err == f"error: {tmp_path / 'd.tif'}: is in the way\n"


def test_the_terminal_is_given_back_and_nothing_is_left_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with open(2, "w", closefd=False) as terminal:
        monkeypatch.setattr(sys, "stderr", terminal)
        with libraries_talk_to(tmp_path / "log"):
            os.write(2, b"a library\n")
            meanwhile = sys.stderr
        assert sys.stderr is terminal
        assert meanwhile is not terminal
        assert meanwhile.closed
    assert (tmp_path / "log").read_text() == "a library\n"


@pytest.mark.expects_warnings
def test_gdals_own_words_are_heard(
    snakemake: FakeSnakemake, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Of a file that may not grow, as of one on a full disk, rasterio says only that a write failed."""
    snakemake.output = {"out": str(tmp_path / "d.tif")}

    grid = Grid("EPSG:3035", 100.0, (4_000_000.0, 3_000_000.0, 4_060_000.0, 3_060_000.0))
    values = np.random.default_rng(1).normal(size=(1, grid.height, grid.width)).astype(np.float32)
    noise = da.from_array(values)

    def step(out: Path) -> None:
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        try:
            write_cog(out, labelled(noise, grid, (Band("noise", "1", "nothing"),), {}))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    with pytest.raises(SystemExit):
        run_step(step, snakemake)
    told = capfd.readouterr().err
    assert told.startswith(f"error: {tmp_path}: the disk is full, or a limit on files is reached (")
    assert not (tmp_path / "d.tif").exists()
