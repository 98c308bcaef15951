"""Whole runs by Snakemake, from the photos to the report: what they take of clock, processor and memory.

    python -m benchmarks.speed.runs [--folder FOLDER] [--small N [N ...]]

The photos are the demo's simulated ones: as they are, one enlarged to 12 million pixels on a grid of 18
million cells, and cities of N small ones, each with noise of its own. FOLDER keeps the runs, so that what
has been simulated once need not be again; what is measured is made anew.
"""

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.resources.cities import COUNTRIES, PLACE, Measured, write_demo
from benchmarks.resources.measure import rows_of
from benchmarks.speed.figures import Figure, store
from tests.workflow.workdir import Workdir

SCENE = Path("results/demo/simulated-2012/scene.jpg")
PHOTO_12 = Measured("photo-12", 2, 47, (2012,))
SMALL_CITIES = (5, 20)
NOISE_CODES = 1.0  # 1 sigma, so that no small photo is a copy of another


@dataclass(frozen=True)
class Took:
    """What a run took with all its processes; `peak_gb` is that of the largest step."""

    seconds: float
    processor_s: float
    peak_gb: float

    def figures(self, work: str, *asked: float | None) -> list[Figure]:
        """One a unit, with what is asked of clock, processor and memory."""
        units = ("s of clock", self.seconds), ("s of processor", self.processor_s), ("GB", self.peak_gb)
        return [
            Figure(work, unit, round(value, 2), limit)
            for (unit, value), limit in zip(units, asked, strict=True)
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure whole runs.")
    parser.add_argument("--folder", type=Path, help="keeps the runs")
    parser.add_argument("--small", type=int, nargs="*", default=SMALL_CITIES, help="photos of a city")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = options.folder or Path(folder) / "run"
        workdir = Workdir(root) if root.exists() else Workdir.make(root)
        store("runs", [*_demo(workdir), *_large_photo(workdir), *_small_photos(workdir, options.small)])


def _demo(workdir: Workdir) -> list[Figure]:
    """The demo without its simulation; and, of its log, a step that does next to nothing."""
    write_demo(workdir)
    scenes = [f"results/demo/simulated-{year}/scene.jpg" for year in (2012, 2022)]
    _run(workdir, "demo", *scenes, "results/cities.parquet")
    for file in (workdir.folder / "results" / "demo").rglob("*"):
        if file.is_file() and not file.name.startswith(("scene", "truth", "motorways")):
            file.unlink()
    took = _run(workdir, "demo")
    (grid,) = (row for row in rows_of(workdir.folder, "demo") if row.rule == "grid")
    return [
        *took.figures("the demo without simulation", 45, None, None),
        Figure("a step that does nothing: starting", "s of processor", grid.processor_s, 0.7, "step grid"),
    ]


def _large_photo(workdir: Workdir) -> list[Figure]:
    """One photo of 12 million pixels on a grid of 18 million cells."""
    PHOTO_12.write(workdir)
    took = _anew(workdir, PHOTO_12.name)
    return took.figures("12 Mpx photo, 18 Mcells, all results", 30, 45, 1.5)


def _small_photos(workdir: Workdir, counts: list[int]) -> list[Figure]:
    """Cities of small photos, and what one more photo takes."""
    figures, before = [], None
    for count in sorted(counts):
        name = f"small-{count}"
        _write_small(workdir, name, count)
        took = _anew(workdir, name)
        figures += took.figures(f"{count} small photos of one city", None, None, 1.5)
        if before is not None:
            more, (fewer, less) = count, before
            each = (took.processor_s - less) / (more - fewer)
            figures.append(
                Figure(f"one more small photo, from {fewer} to {more}", "s of processor", round(each, 2), 8)
            )
        before = count, took.processor_s
    return figures


def _write_small(workdir: Workdir, name: str, count: int) -> None:
    """A city of `count` photos of half the demo's width, a minute apart."""
    photos, folder = [], workdir.folder / "data" / "photos"
    folder.mkdir(exist_ok=True)
    facts = (workdir.folder / SCENE).with_suffix(".yaml").read_text(encoding="utf-8")
    with Image.open(workdir.folder / SCENE) as scene:
        small = scene.resize((scene.width // 2, scene.height // 2), Image.Resampling.BOX)
    for number in range(count):
        photo = f"small-photo-{number:03d}"
        noise = np.random.default_rng(number).normal(0, NOISE_CODES, (small.height, small.width, 3))
        codes = np.clip(np.asarray(small) + noise, 0, 255).round().astype(np.uint8)
        Image.fromarray(codes).save(folder / f"{photo}.jpg", quality=92, subsampling=0)
        (folder / f"{photo}.yaml").write_text(facts, encoding="utf-8")
        photos.append({"id": photo})
    grid = {"resolution_m": 400}
    workdir.write_city(name, location=PLACE, countries=COUNTRIES, photos=photos, grid=grid)


def _anew(workdir: Workdir, city: str) -> Took:
    """A city's run from its photos, whatever is left of an earlier one."""
    shutil.rmtree(workdir.folder / "results" / city, ignore_errors=True)
    return _run(workdir, city)


def _run(workdir: Workdir, city: str, *targets: str) -> Took:
    print(f"{city} ...", flush=True)
    command = workdir.command(*(targets or ("all",)), "--config", f"cities={city}")
    start, busy = time.monotonic(), _processor_s()
    subprocess.run(command, cwd=workdir.folder, env=workdir.environment, check=True, capture_output=True)
    seconds, processor_s = time.monotonic() - start, _processor_s() - busy
    peak_mb = max((row.peak_mb for row in rows_of(workdir.folder, city)), default=0.0)
    return Took(seconds, processor_s, peak_mb / 1e3)


def _processor_s() -> float:
    """Of all processes that have been waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    main()
