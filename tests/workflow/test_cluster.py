"""A city through a cluster: jobs that are submitted, and killed where they take more than they asked for."""

import subprocess
import sys

import pytest

from tests.workflow import cluster
from tests.workflow.raw_city import write_raw_city
from tests.workflow.workdir import REPOSITORY, Workdir

CITY = ("--config", "cities=raw")
# All rules but those that run where Snakemake itself does, and `simulate`: the photos are raw files.
SUBMITTED = {
    *("acquire", "georeference", "grid", "orthorectify", "tone", "country_tones", "borders", "change"),
    "deliver",
}


@pytest.fixture(scope="module")
def on_a_cluster(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workdir, list[cluster.Job]]:
    """The city of `raw_city` once more, every job of it submitted."""
    folder = tmp_path_factory.mktemp("cluster")
    workdir = Workdir.make(folder / "run")
    write_raw_city(workdir)
    outcome = workdir.snakemake(*CITY, *cluster.options(folder / "jobs"))
    assert outcome.code == 0, outcome.text + (folder / "jobs" / "output").read_text()
    return workdir, cluster.jobs(folder / "jobs")


def test_every_rule_is_submitted(on_a_cluster: tuple[Workdir, list[cluster.Job]]) -> None:
    _, jobs = on_a_cluster
    assert {job.rule for job in jobs} == SUBMITTED
    assert len(jobs) == 2 * 5 + 4  # of each photo, and of the city


def test_no_number_differs_from_those_of_a_run_on_one_machine(
    on_a_cluster: tuple[Workdir, list[cluster.Job]], raw_city: Workdir
) -> None:
    folders = [workdir.folder / "results" / "raw" for workdir in (raw_city, on_a_cluster[0])]
    compared = subprocess.run(
        [sys.executable, "-m", "benchmarks.compare_results", *map(str, folders)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert compared.returncode == 0, compared.stdout


def test_what_a_job_asks_for_is_enough_and_not_twice_too_much(
    on_a_cluster: tuple[Workdir, list[cluster.Job]],
) -> None:
    """Of the memory of the whole job: its step, and the Snakemake that the cluster starts for it."""
    for job in on_a_cluster[1]:
        print(f"{job.rule}: asked for {job.asked_mb} MB, took {job.peak_mb:.0f} MB, {job.seconds:.0f} s")
        assert job.peak_mb <= job.asked_mb <= 2 * job.peak_mb, job
