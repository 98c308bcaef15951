"""Many solves side by side that survive a stop: each row is on disk as soon as it is known."""

import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

SCRATCH = Path("results/benchmarks")
REPOSITORY = Path(__file__).parents[2]
SOLVER = (
    "pipeline/camera/*.py",
    "pipeline/georeference/*.py",
    "pipeline/photo/photo.py",
    "pipeline/photo/structure.py",
)
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

Row = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """Work that gives a row, and what is known of the row before it is done. Must pickle."""

    known: Row
    work: Callable[[], Row]

    def row(self) -> Row:
        """A solver that raises is a result too, and must not end the run."""
        start = time.perf_counter()
        try:
            return self.known | self.work()
        except Exception as error:
            seconds = round(time.perf_counter() - start, 2)
            return self.known | {"accepted": False, "error": repr(error), "seconds": seconds}


def solver_version() -> str:
    """A digest of the solver's source: rows of different solvers must never mix."""
    return digest(SOLVER)


@cache
def digest(patterns: tuple[str, ...]) -> str:
    """A digest of the source in some files of the project."""
    of_all = hashlib.sha256()
    for pattern in patterns:
        for file in sorted(REPOSITORY.glob(pattern)):
            of_all.update(file.read_bytes())
    return of_all.hexdigest()[:12]


def run(tasks: Mapping[str, Task], out: Path, facts: Row, workers: int) -> list[Row]:
    """Run each named task, or take its row from an earlier, stopped run; write `out` whole.

    `facts` join the rows in `out` and, with the solver's version, tell whether an earlier run was the same.
    """
    facts = {"solver": solver_version(), **facts}
    same = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:12]
    scratch = SCRATCH / f"{out.stem}-{same}.jsonl"
    scratch.parent.mkdir(parents=True, exist_ok=True)
    rows = dict(_known(scratch))
    todo = {name: task for name, task in tasks.items() if name not in rows}
    with scratch.open("a") as file:
        for name, row in _finished(todo, workers):
            rows[name] = row
            line = json.dumps({"name": name, "row": row})
            file.write(line + "\n")
            file.flush()
            print(line, flush=True)
    ordered = [{"name": name, **rows[name]} for name in tasks]
    write_json(out, facts, ordered)
    failed = sum("error" in row for row in ordered)
    if failed:
        print(f"{failed} of {len(ordered)} failed; they are tried again when this is run again")
    return ordered


def write_json(out: Path, facts: Row, rows: Iterable[Row]) -> None:
    """Facts and rows, a row a line, so that changes can be read."""
    lines = ",\n".join("  " + json.dumps(row) for row in rows)
    head = json.dumps(facts, indent=1).removesuffix("\n}")
    part = out.with_suffix(".part")
    part.write_text(f'{head},\n "rows": [\n{lines}\n ]\n}}\n')
    part.replace(out)


def _known(scratch: Path) -> Iterator[tuple[str, Row]]:
    """Rows of an earlier run; a line cut off by its end, or a failure, is tried again."""
    if not scratch.is_file():
        return
    for line in scratch.read_text().splitlines():
        try:
            known = json.loads(line)
        except json.JSONDecodeError:
            continue
        if "error" not in known["row"]:
            yield known["name"], known["row"]


def _finished(tasks: Mapping[str, Task], workers: int) -> Iterator[tuple[str, Row]]:
    if workers == 1:
        for name, task in tasks.items():
            yield name, task.row()
        return
    # Before the workers start: the libraries read these when they are imported.
    os.environ.update(dict.fromkeys(THREADS, "1"))
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        waiting = {pool.submit(task.row): name for name, task in tasks.items()}
        for future in as_completed(waiting):
            yield waiting[future], future.result()
