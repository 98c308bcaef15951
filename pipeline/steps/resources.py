"""What each rule asks a cluster for: memory and time, from the pixels and cells that it works on.

    memory = mb + mb_per_megapixel x megapixels + mb_per_megacell x megacells

and likewise seconds of processor. Of a rule that works tile by tile only so many cells count for memory as it
holds at once. Pixels are those of all photos that a rule reads, cells those of the maps of all photos. The
coefficients are in `resources.json`, which `python -m benchmarks.resources` fits to measured peaks.
"""

import errno
import fnmatch
import json
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pipeline.plausible import PHOTO_SUFFIXES, RAW_SUFFIXES

COEFFICIENTS = Path(__file__).with_name("resources.json")
# Inputs, by name, whose pixels or cells say how much work a rule has; the others' work is always the same.
PICTURES = tuple(f"*{suffix}" for suffix in PHOTO_SUFFIXES)
PIXELS_OF = {
    "acquire": PICTURES,
    "georeference": ("photo.tif",),
    "orthorectify": ("photo.tif",),
    "deliver": ("solve.png",),  # of the same size for every photo: what counts is how many there are
}
CELLS_OF = {
    "orthorectify": ("grid.json",),
    "tone": ("ortho.tif",),
    "country_tones": ("tone.tif",),
    "squares": ("tone.tif",),
    "borders": ("tone.tif",),
    "change": ("tone.tif",),
    "deliver": ("tone.tif",),
}
# A file in a storage of Snakemake's, as on Kubernetes, cannot be looked into before its job has it. It counts
# as a full frame of most cameras, or as a map of 200 km by 200 km in cells of 50 m.
UNSEEN_PIXELS, UNSEEN_CELLS = 24_000_000, 16_000_000
# The Snakemake that a cluster starts on a node for each job; measured there.
SNAKEMAKE_MB = 220
# A limit and no forecast: machines of the same name have differed by 2.4, and a node's disk may be busy.
SLOWER = 8
SHORTEST_MIN = 10


@dataclass(frozen=True)
class Size:
    """How much a step works on, in millions."""

    megapixels: float = 0.0
    megacells: float = 0.0

    @classmethod
    def of(cls, rule: str, inputs: Iterable[str]) -> "Size":
        """Of a rule with its input files. FileNotFoundError names the first that is not there yet."""
        files = list(inputs)
        photos, maps = (_named(files, names.get(rule, ())) for names in (PIXELS_OF, CELLS_OF))
        pixels = sum(_count(photo, UNSEEN_PIXELS) for photo in photos)
        cells = sum(_count(grid, UNSEEN_CELLS) for grid in maps)
        return cls(pixels / 1e6, cells / 1e6)


@dataclass(frozen=True)
class Cost:
    """What a step takes at most: memory of its process in 10^6 bytes and seconds of processor. None for
    `megacells_at_once`: all count."""

    mb: float
    mb_per_megapixel: float
    mb_per_megacell: float
    megacells_at_once: float | None
    seconds: float
    seconds_per_megapixel: float
    seconds_per_megacell: float

    def memory_mb(self, size: Size) -> float:
        at_once = math.inf if self.megacells_at_once is None else self.megacells_at_once
        megacells = min(size.megacells, at_once)
        return self.mb + self.mb_per_megapixel * size.megapixels + self.mb_per_megacell * megacells

    def processor_s(self, size: Size) -> float:
        return (
            self.seconds
            + self.seconds_per_megapixel * size.megapixels
            + self.seconds_per_megacell * size.megacells
        )


@cache
def costs() -> dict[str, Cost]:
    """Of every rule that runs a step."""
    table = json.loads(COEFFICIENTS.read_text(encoding="utf-8"))
    return {rule: Cost(**coefficients) for rule, coefficients in table.items()}


def memory_mb(wildcards: Any, input: list[str], attempt: int, rulename: str) -> int:
    """A rule's `mem_mb`; twice as much for the second attempt, and so on. Snakemake calls with these names,
    and again when a job can start; until its inputs are there, FileNotFoundError means "not known yet"."""
    return math.ceil(attempt * (SNAKEMAKE_MB + costs()[rulename].memory_mb(Size.of(rulename, input))))


def runtime_min(wildcards: Any, input: list[str], attempt: int, rulename: str) -> int:
    """A rule's `runtime` in minutes, likewise."""
    minutes = SLOWER * costs()[rulename].processor_s(Size.of(rulename, input)) / 60
    return attempt * max(SHORTEST_MIN, math.ceil(minutes))


def _named(files: Iterable[str], patterns: tuple[str, ...]) -> list[str]:
    names = ((file, Path(file).name.lower()) for file in files)
    return [file for file, name in names if any(fnmatch.fnmatch(name, pattern) for pattern in patterns)]


def _count(file: str, unseen: int) -> int:
    """Pixels of a photo or cells of a map, from the head of its file; `unseen` of one in a storage, and none
    of one that nobody can read: the step will say what is wrong with it."""
    path = Path(file)
    if not path.is_file():
        if getattr(file, "is_storage", False):  # Snakemake's mark
            return unseen
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), file)
    if path.suffix == ".json":
        grid = json.loads(path.read_text(encoding="utf-8"))
        return int(grid["width"] * grid["height"])
    return _raw_pixels(path) if path.suffix.lower() in RAW_SUFFIXES else _raster_pixels(path)


# The readers are imported when they are needed: every job on a cluster imports this file.
def _raster_pixels(file: Path) -> int:
    from pipeline.errors import GivenFileError
    from pipeline.raster.given import PICTURES as FORMATS
    from pipeline.raster.given import open_given

    try:
        with open_given(file, FORMATS) as raster:
            return int(raster.width * raster.height)
    except GivenFileError:
        return 0


def _raw_pixels(file: Path) -> int:
    import rawpy

    try:
        with rawpy.imread(str(file)) as raw:
            return int(raw.sizes.raw_width * raw.sizes.raw_height)
    except rawpy.LibRawError:
        return 0
