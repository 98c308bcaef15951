import shutil
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.workflow import cluster
from tests.workflow.raw_city import write_raw_city
from tests.workflow.workdir import REPOSITORY, Outcome, Workdir


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, Outcome, float]:
    """The demo, killed with -9 in its midst and then run to its end by plain `snakemake`.

    With what that second call said and the time of the kill (as of file times).
    """
    workdir = Workdir.make(tmp_path_factory.mktemp("demo"))
    shutil.copy(REPOSITORY / "configs" / "demo.yaml", workdir.folder / "configs")
    killed = _kill_when(workdir, workdir.folder / "results" / "demo" / "simulated-2012" / "photo.tif")
    outcome = workdir.snakemake()
    assert outcome.code == 0, outcome.text
    return workdir, outcome, killed


@pytest.fixture(scope="session")
def raw_city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, list[cluster.Job]]:
    """Two raw photos of known lamps on a coarse grid, every job of theirs submitted to a cluster."""
    folder = tmp_path_factory.mktemp("raw")
    workdir = Workdir.make(folder / "run")
    write_raw_city(workdir)
    outcome = workdir.snakemake("--config", "cities=raw", *cluster.options(folder / "jobs"))
    assert outcome.code == 0, outcome.text + (folder / "jobs" / "output").read_text()
    return workdir, cluster.jobs(folder / "jobs")


def _kill_when(workdir: Workdir, file: Path) -> float:
    """Start the run, kill it and all it started as soon as `file` is there; the time of the kill."""
    victim = subprocess.Popen(
        workdir.command(),
        cwd=workdir.folder,
        env=workdir.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 300
    while not file.exists():
        assert victim.poll() is None, "the run ended before it could be killed"
        assert time.monotonic() < deadline, f"no {file} within 300 s"
        time.sleep(0.05)
    for process in [*psutil.Process(victim.pid).children(recursive=True), psutil.Process(victim.pid)]:
        process.kill()
    victim.wait()
    return time.time()
