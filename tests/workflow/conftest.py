import shutil

import pytest

from tests.workflow import cluster
from tests.workflow.raw_city import write_raw_city
from tests.workflow.workdir import REPOSITORY, Outcome, Workdir


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, Outcome]:
    """The demo by plain `snakemake`, and what that said."""
    workdir = Workdir.make(tmp_path_factory.mktemp("demo"))
    shutil.copy(REPOSITORY / "configs" / "demo.yaml", workdir.folder / "configs")
    outcome = workdir.snakemake()
    assert outcome.code == 0, outcome.text
    return workdir, outcome


@pytest.fixture(scope="session")
def raw_city(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, list[cluster.Job]]:
    """Two raw photos of known lamps on a coarse grid, every job of theirs submitted to a cluster."""
    folder = tmp_path_factory.mktemp("raw")
    workdir = Workdir.make(folder / "run")
    write_raw_city(workdir)
    outcome = workdir.snakemake("--config", "cities=raw", *cluster.options(folder / "jobs"))
    assert outcome.code == 0, outcome.text + (folder / "jobs" / "output").read_text()
    return workdir, cluster.jobs(folder / "jobs")
