"""Run the cities through Snakemake, and gather from the logs what each step took."""

import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.resources.cities import CITIES, write_demo
from pipeline.steps.resources import Size
from tests.workflow.raw_city import write_raw_city
from tests.workflow.workdir import Workdir

TOOK = re.compile(r"took ([\d.]+) s, ([\d.]+) s of processor, (?:at most )?(\d+) MB of memory")


@dataclass(frozen=True)
class Row:
    """What one step took in one city."""

    rule: str
    city: str
    photo: str
    size: Size
    seconds: float
    processor_s: float
    peak_mb: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Row":
        return cls(**values | {"size": Size(**values["size"])})


def measured(folder: Path) -> list[Row]:
    """Run all cities in `folder`, or go on where a run was interrupted."""
    workdir = Workdir(folder) if folder.exists() else Workdir.make(folder)
    rows: list[Row] = []
    for name, write in (("demo", write_demo), ("raw", write_raw_city)):
        if not (workdir.folder / "configs" / f"{name}.yaml").exists():
            write(workdir)
        rows += _run(workdir, name, "all")
    for city in CITIES:
        city.write(workdir)
        rows += _run(workdir, city.name, *city.targets())
    return [*rows, *rows_of(workdir.folder, "")]


def _run(workdir: Workdir, city: str, *targets: str) -> Iterator[Row]:
    print(f"{city} ...", flush=True)
    # Without hooks, each step is a process of its own, as on a cluster.
    command = workdir.command(*targets, "--no-hooks", "--config", f"cities={city}")
    subprocess.run(command, cwd=workdir.folder, env=workdir.environment, check=True)
    return rows_of(workdir.folder, city)


def rows_of(folder: Path, city: str) -> Iterator[Row]:
    """From the logs of a city's steps in a workdir; without a city, of those that all cities share."""
    results = folder / "results" / city
    for log in sorted(results.rglob("logs/*.log") if city else results.glob("logs/*.log")):
        took = TOOK.search(log.read_text(encoding="utf-8"))
        if took is None:
            continue
        seconds, processor_s, peak_mb = map(float, took.groups())
        of_photo, rule = log.parents[1], log.stem
        photo = "" if of_photo == results else of_photo.name
        size = Size.of(rule, _inputs(rule, of_photo, results))
        yield Row(rule, city, photo, size, seconds, processor_s, peak_mb)


def _inputs(rule: str, folder: Path, city: Path) -> list[str]:
    """The inputs by which a rule's work is counted."""
    if rule == "acquire":  # photo.tif has the pixels of the picture
        return [str(folder / "photo.tif")]
    if folder == city:
        return [str(file) for kind in ("*.tif", "solve.png") for file in city.rglob(kind)]
    return [str(file) for file in (*folder.glob("*.tif"), city / "grid.json")]
