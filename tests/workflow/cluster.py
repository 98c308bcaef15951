"""A cluster of one node, as Snakemake's `cluster-generic` sees it: jobs are submitted, run, and asked after.

    python cluster.py FOLDER submit RULE MEM_MB MINUTES JOBSCRIPT    prints the job's id, as `sbatch` does
    python cluster.py FOLDER status ID                               prints running, success or failed

A job that takes more memory or time than it asked for is killed. FOLDER holds `<id>.json` of each job that
has ended: what it asked for and what it took.
"""

import json
import shlex
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

LOOK_EVERY_S = 0.1


@dataclass(frozen=True)
class Job:
    """One that has ended; memory in 10^6 bytes, summed over the job's processes, each at its own peak."""

    rule: str
    asked_mb: int
    peak_mb: float
    seconds: float
    code: int


def options(folder: Path) -> list[str]:
    """What Snakemake is told of the cluster whose jobs are kept in `folder`."""
    call = f"{shlex.quote(sys.executable)} {shlex.quote(__file__)} {shlex.quote(str(folder))}"
    return [
        *("--executor", "cluster-generic", "--jobs", "2", "--seconds-between-status-checks", "1"),
        *("--cluster-generic-status-cmd", f"{call} status"),
        "--cluster-generic-submit-cmd",
        f"{call} submit {{rule}} {{resources.mem_mb}} {{resources.runtime}}",
    ]


def jobs(folder: Path) -> list[Job]:
    """All that have ended."""
    return [Job(**json.loads(file.read_text(encoding="utf-8"))) for file in folder.glob("*.json")]


def submit(folder: Path, *told: str) -> str:
    """Let a process of its own run the job; its id."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "output").open("a") as output:
        node = subprocess.Popen(
            [sys.executable, __file__, str(folder), "run", *told],
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    return str(node.pid)


def status(folder: Path, job: str) -> str:
    with suppress(FileNotFoundError):
        ended = json.loads((folder / f"{job}.json").read_text(encoding="utf-8"))
        return "failed" if ended["code"] else "success"
    return "running" if psutil.pid_exists(int(job)) else "failed"


def run(folder: Path, rule: str, asked_mb: str, minutes: str, script: str) -> None:
    """Run a job, look at its memory all the time, and write down what it took."""
    began, peaks, looks = time.monotonic(), dict[int, float](), Counter[int]()
    job = psutil.Popen([script])
    while job.poll() is None:
        held_mb = 0.0
        for process in _family(job):
            with suppress(psutil.Error, OSError):
                held_mb += process.memory_info().rss / 1e6
                peaks[process.pid] = _peak_mb(process.pid) or peaks.get(process.pid, 0.0)
                looks[process.pid] += 1
        if held_mb > float(asked_mb) or time.monotonic() - began > 60 * float(minutes):
            print(f"{rule}: killed, with {held_mb:.0f} MB of {asked_mb} MB", flush=True)
            for process in _family(job):
                with suppress(psutil.Error):
                    process.kill()
        time.sleep(LOOK_EVERY_S)
    # One seen once may have been a fork that had not become a program: its memory was its parent's.
    peak_mb = sum(peak for process, peak in peaks.items() if looks[process] > 1)
    ended = Job(rule, int(asked_mb), peak_mb, time.monotonic() - began, job.returncode)
    unfinished = folder / f"{psutil.Process().pid}.part"
    unfinished.write_text(json.dumps(asdict(ended)), encoding="utf-8")
    unfinished.rename(unfinished.with_suffix(".json"))


def _family(job: psutil.Process) -> list[psutil.Process]:
    with suppress(psutil.Error):
        return [job, *job.children(recursive=True)]
    return []


def _peak_mb(process: int) -> float:
    """The most that a process has held so far, 0 of one that has ended."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6


def main(folder: str, command: str, *told: str) -> None:
    if command == "run":
        run(Path(folder), *told)
    else:
        print({"submit": submit, "status": status}[command](Path(folder), *told))


if __name__ == "__main__":
    main(*sys.argv[1:])
