"""Runs that are disturbed: killed, without room on the disk, two at once, on a replaced photo, in read-only
folders.

    python -m benchmarks.robustness.runs [SUITE ...] [--kills N]

Every one must end in success or in clean lines, and what is left at last must equal an undisturbed run's
results byte for byte. Figures go to `runs.json`, a row a suite, and to the page. Full and read-only disks
need the right to mount.
"""

import argparse
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from benchmarks.robustness import page
from tests.workflow.killed import contents, differences, kill_at_random, left_behind, start
from tests.workflow.small_city import CITY, write_small_city
from tests.workflow.workdir import Outcome, Workdir

RESULTS = Path(__file__).with_name("runs.json")
SEED = 18
BETWEEN_S = (0.2, 30.0)  # of a step's beginning and the kill
# From less than the first file needs to more than all need (21 MB, and what a step needs beside them).
SIZES_MB = (1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 32)


@dataclass
class Row:
    """How a suite's tries ended. `clean`: in success, or in lines of ours alone."""

    suite: str
    tried: int = 0
    clean: int = 0
    traceback: int = 0
    hang: int = 0
    crash: int = 0
    wrong: int = 0
    seconds: float = 0.0
    remarks: str = ""

    def count(self, outcome: Outcome | None, errors: Callable[[Outcome], bool]) -> None:
        """One try that ended so; None: it hung. `errors` says whether its words are the right ones."""
        self.tried += 1
        if outcome is None:
            self.hang += 1
        elif "Traceback" in outcome.text:
            self.traceback += 1
        elif outcome.code < 0:
            self.crash += 1
        elif errors(outcome):
            self.clean += 1
        else:
            self.wrong += 1
            self.remarks += f" {outcome.errors}"

    def count_left(self, wrong: list[str]) -> None:
        """What a suite left at last, as one try more: nothing may be wrong with it."""
        self.tried += 1
        self.clean += not wrong
        self.wrong += bool(wrong)
        self.remarks += f" {wrong}" if wrong else ""


def run(workdir: Workdir, *arguments: str) -> Outcome | None:
    try:
        return workdir.snakemake(*arguments)
    except subprocess.TimeoutExpired:
        return None


class Bench:
    """The undisturbed run, and folders like the one it began in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.fresh = Workdir.make(root / "fresh")
        write_small_city(self.fresh)
        self.whole = self.copy("undisturbed")
        outcome = self.whole.snakemake(*CITY)
        assert outcome.code == 0, outcome.text
        self.expected = contents(self.whole.folder / "results")

    def copy(self, name: str, of: Workdir | None = None) -> Workdir:
        folder = self.root / name
        shutil.copytree((of or self.fresh).folder, folder, symlinks=True)
        return Workdir(folder)

    def differ(self, workdir: Workdir, results: str = "results") -> list[str]:
        return differences(self.expected, contents(workdir.folder / results)) + left_behind(workdir.folder)

    def kills(self, wanted: int) -> Row:
        """Kills at random moments of one run after the other, each of which is then let end."""
        row, random = Row("kills at random moments"), Random(SEED)
        while row.tried < wanted:
            workdir = self.copy(f"killed-{row.tried}")
            killed, _ = kill_at_random(workdir, min(wanted - row.tried, 10), random, BETWEEN_S, *CITY)
            outcome = run(workdir, *CITY)
            wrong = self.differ(workdir)
            right = outcome is not None and outcome.code == 0 and not wrong
            row.tried += killed
            row.clean += killed * right
            row.wrong += killed * (not right)
            row.remarks += "" if right else f" {outcome and outcome.errors} {wrong}"
            shutil.rmtree(workdir.folder)
            print(row, flush=True)
        return row

    def full_disk(self) -> Row:
        """A disk that becomes full, made larger and larger until all has room."""
        row, workdir = Row("full disk"), self.copy("full")
        results = workdir.folder / "results"
        results.mkdir()
        for size_mb in SIZES_MB:
            options = f"{'remount,' if results.is_mount() else ''}size={size_mb}m"
            subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(results)], check=True)
            try:
                row.count(run(workdir, *CITY), says_full)
            finally:
                print(size_mb, row, flush=True)
        row.count_left(self.differ(workdir))
        subprocess.run(["umount", str(results)], check=True)
        return row

    def two_runs(self) -> Row:
        """A second run while the first is under way, at five moments of it."""
        row, workdir = Row("two runs at once"), self.copy("two")
        first = start(workdir, *CITY)
        lock = workdir.folder / "results" / ".lock"
        while not (lock.exists() and lock.read_text()):
            time.sleep(0.1)
        while row.tried < 5 and first.poll() is None:
            outcome = run(workdir, *CITY)
            if first.poll() is None:
                row.count(
                    outcome,
                    lambda told: told.code == 1 and len(told.errors) == 1 and "process" in told.errors[0],
                )
        code = first.wait()
        row.count_left(([f"the first run ended with {code}"] if code else []) + self.differ(workdir))
        return row

    def replaced(self) -> Row:
        """Another photo under the name of the first, with its own date, which is older, and as large."""
        row, workdir = Row("replaced photo"), self.copy("replaced", self.whole)
        photo = workdir.folder / "data" / "photos" / "seen.jpg"
        dated, first = photo.stat().st_mtime_ns, photo.read_bytes()
        for number, (content, older_s) in enumerate(
            ((first[:-1] + b"0", 10**6), (first[:-2] + b"00", 0), (first + b"0", 10**6), (first + b"00", 1))
        ):
            other = photo.with_name(f"other-{number}")
            other.write_bytes(content)
            os.utime(other, ns=(dated - older_s * 10**9, dated - older_s * 10**9))
            other.replace(photo)
            row.count(run(workdir, "--dry-run", *CITY), lambda told: "seen: read the photo" in told.text)
        photo.write_bytes(first)
        row.count(run(workdir, "--dry-run", *CITY), lambda told: "Nothing to be done" in told.text)
        return row

    def read_only(self) -> Row:
        """Results, then photos, on a disk that is mounted for reading alone."""
        row, workdir = Row("read-only folders"), self.copy("read-only")
        for folder, right in (
            ("results", lambda t: t.code == 1 and len(t.errors) == 1),
            ("data", lambda t: t.code == 0),
        ):
            place = workdir.folder / folder
            place.mkdir(exist_ok=True)
            subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
            subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)
            try:
                row.count(run(workdir, *CITY), right)
            finally:
                subprocess.run(["umount", str(place)], check=True)
        row.count_left(self.differ(workdir))
        return row


def says_full(outcome: Outcome) -> bool:
    """Success, or one line for the full disk for each step that met it."""
    told = all("the disk is full" in error for error in outcome.errors)
    return outcome.code == 0 or (bool(outcome.errors) and told)


def main() -> None:
    parser = argparse.ArgumentParser(description="Disturb runs, and see what they leave.")
    suites = ("kills", "full_disk", "two_runs", "replaced", "read_only")
    parser.add_argument(
        "suites", nargs="*", metavar="SUITE", help=f"of {', '.join(suites)}; all if none is named"
    )
    parser.add_argument("--kills", type=int, default=50)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        bench = Bench(Path(root))
        for suite in options.suites or suites:
            began = time.monotonic()
            row = bench.kills(options.kills) if suite == "kills" else getattr(bench, suite)()
            row.seconds, row.remarks = round(time.monotonic() - began, 1), row.remarks.strip()
            store(row)
            print(row, flush=True)


def store(row: Row) -> None:
    """A suite's row in place of its last one, and the page."""
    table = json.loads(RESULTS.read_text("utf-8"))["table"] if RESULTS.exists() else {}
    found = {"table": table | {row.suite: asdict(row)}}
    RESULTS.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    page.write_page()


if __name__ == "__main__":
    main()
