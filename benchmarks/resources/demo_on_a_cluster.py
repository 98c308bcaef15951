"""The whole demo through a cluster: are its numbers those of a run on one machine?

    python -m benchmarks.resources.demo_on_a_cluster results/demo [--folder FOLDER]

Compares every table and raster with the given results of plain `snakemake`, and prints what each job asked
for and took. The cluster is that of the tests, of one node, which kills what takes more than it asked for.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.compare_results import differences
from tests.workflow import cluster
from tests.workflow.workdir import REPOSITORY, Workdir


def run(folder: Path, before: Path) -> int:
    runs = folder / "run"
    workdir = Workdir(runs) if runs.exists() else Workdir.make(runs)
    shutil.copy(REPOSITORY / "configs" / "demo.yaml", workdir.folder / "configs")
    began, command = time.monotonic(), workdir.command(*cluster.options(folder / "jobs"))
    subprocess.run(command, cwd=workdir.folder, env=workdir.environment, check=True)
    jobs = sorted(cluster.jobs(folder / "jobs"), key=lambda job: (job.rule, job.peak_mb))
    print(f"{len(jobs)} jobs in {time.monotonic() - began:.0f} s")
    for job in jobs:
        ratio = job.asked_mb / job.peak_mb
        print(
            f"{job.rule:15} {job.asked_mb:5} MB for {job.peak_mb:5.0f} MB ({ratio:.2f}), {job.seconds:4.0f} s"
        )
    found = list(differences(before, workdir.folder / "results" / "demo"))
    print("\n".join(found) if found else "every number is the same")
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the demo through a cluster.")
    parser.add_argument("before", type=Path, help="results of the demo on one machine")
    parser.add_argument("--folder", type=Path, help="keeps the run, and goes on in it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return run(options.folder or Path(folder), options.before)


if __name__ == "__main__":
    sys.exit(main())
