"""A city through a cluster: jobs that are submitted, and killed where they take more than they asked for.

What the city shows is looked at in `test_raw.py`, which sees the same run. That the whole demo comes out
alike on a cluster and on one machine is measured by `benchmarks.resources.demo_on_a_cluster`.
"""

from pathlib import Path

from pipeline.steps.orthorectify import bring_onto_grid
from tests.workflow.cluster import Job
from tests.workflow.workdir import Workdir

OnCluster = tuple[Workdir, list[Job]]
# All rules but those that run where Snakemake itself does, and `simulate`: the photos are raw files.
SUBMITTED = {
    *("acquire", "georeference", "grid", "orthorectify", "tone", "country_tones", "squares", "borders"),
    *("change", "deliver"),
}


def test_every_rule_is_submitted(raw_city: OnCluster) -> None:
    _, jobs = raw_city
    assert {job.rule for job in jobs} == SUBMITTED
    assert len(jobs) == 2 * 6 + 4  # of each photo, and of the city


def test_a_job_writes_what_its_step_writes_here(raw_city: OnCluster, tmp_path: Path) -> None:
    city = raw_city[0].folder / "results" / "raw"
    photo = next(file.parent for file in sorted(city.glob("*/ortho.tif")))
    made = tmp_path / photo.name
    made.mkdir()
    inputs = photo / "photo.tif", photo / "camera.json", photo / "photo.json", city / "grid.json"
    bring_onto_grid(*inputs, made / "ortho.tif", made / "geometry.tif")
    for name in ("ortho.tif", "geometry.tif"):
        assert (made / name).read_bytes() == (photo / name).read_bytes()


def test_what_a_job_asks_for_is_enough_and_not_twice_too_much(raw_city: OnCluster) -> None:
    """Of the memory of the whole job: its step, and the Snakemake that the cluster starts for it."""
    for job in raw_city[1]:
        print(f"{job.rule}: asked for {job.asked_mb} MB, took {job.peak_mb:.0f} MB, {job.seconds:.0f} s")
        assert job.peak_mb <= job.asked_mb <= 2 * job.peak_mb, job
