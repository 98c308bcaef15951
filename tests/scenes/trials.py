"""Hostile inputs, each given to its readers in a process that is watched: how did it end, what did it touch?

An input is `clean` if every reader takes it or refuses it in one printable line. Else it is a `traceback`
(any other exception), a `hang` (20 s), a `crash` (the process died, or asked for 2 GB), or `wrong`: what was
read makes no sense, a file was touched, or the network was asked for something.
"""

import json
import logging
import multiprocessing
import os
import random
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.scenes.hostile_maps import AREA, RASTERS, ROAD, VECTORS, Place, write_map, write_raster
from tests.scenes.hostile_pictures import changed, write_picture

OUTCOMES = ("clean", "traceback", "hang", "crash", "wrong")
LIMIT_S, LIMIT_BYTES = 20.0, 2_000_000_000
AROUND = (-2.5, 46.5, 13.5, 54.5)
FLOWN = datetime(2019, 12, 9, 20, 42, tzinfo=UTC)
MAX_LINE = 1000  # characters of a refusal

Input = int | bytes
"""The number of an input that is made anew from it, or its bytes."""


class Nonsense(Exception):
    """What a reader gave cannot be."""


def _sure(sense: object, what: str) -> None:
    if not sense:
        raise Nonsense(what)


def _photo(file: Path) -> None:
    import numpy as np

    from pipeline.photo.header import read_header
    from pipeline.photo.masking import masked
    from pipeline.photo.night import check_night
    from pipeline.photo.reader import read_photo

    read_header(file)
    reading = read_photo(file)
    check_night(reading.photo, str(file))
    photo = masked(reading).photo
    _sure(photo.light.shape[1:] == photo.saturated.shape, "light and mask differ in size")
    _sure(np.nanmax(photo.light, initial=0) <= 1, "light above white")
    _sure(not np.isinf(photo.light).any(), "infinite light")


def _head(file: Path) -> None:
    from pipeline.steps.resources import Size

    Size.of("acquire", [str(file)])


def _night_light(file: Path) -> None:
    import numpy as np

    from pipeline.ground.night_light import read_night_light

    seen = read_night_light(file, AROUND)
    _sure(np.isfinite([seen.light, seen.lon, seen.lat]).all(), "light without a number or a place")


def _dem(file: Path) -> None:
    import numpy as np

    from pipeline.ground.elevation import HIGHEST_M, LOWEST_M, read_terrain

    heights = read_terrain(file, "ellipsoidal", None, AROUND).heights_m
    _sure(np.isfinite(heights).all(), "no number as height")
    _sure(heights.min() >= LOWEST_M and heights.max() <= HIGHEST_M, "no height of the Earth")


def _streets(file: Path) -> None:
    import numpy as np
    import shapely

    from pipeline.ground.streets import read_streets

    xy = shapely.get_coordinates(read_streets(file, AROUND, ["primary"]).lines)
    _sure(np.isfinite(xy).all(), "a street without a place")


def _motorways(file: Path) -> None:
    from pipeline.ground.roads import read_motorways

    read = read_motorways("EPSG:3035", file)
    _sure(all(_is_line(problem) for problem in read.problems), "a problem of several lines")
    _sure(not read.lines.geometry.is_empty.any(), "an empty motorway")


def _regions(file: Path) -> None:
    from pipeline.ground.countries import read_countries
    from pipeline.ground.regions import internal, read_regions

    regions, problems = read_regions("EPSG:3035", file)
    _sure(all(_is_line(problem) for problem in problems), "a problem of several lines")
    if regions is not None:
        internal(regions, _countries(read_countries))


@cache
def _countries(read: Callable[..., Any]) -> Any:
    return read("EPSG:3035", ("BE", "DE", "LU", "NL"))


def _city(file: Path) -> None:
    from pipeline.config import load_city

    load_city(file.stem, file.parent)


def _facts(file: Path) -> None:
    from pipeline.config import load_facts

    load_facts(file)


def _control_points(file: Path) -> None:
    import numpy as np

    from pipeline.georeference.control_text import parse_points, read_control_text

    points = parse_points(read_control_text(file), str(file))
    _sure(np.isfinite([points.lon, points.lat, points.column, points.row]).all(), "a point without a place")


def _elements(file: Path) -> None:
    import numpy as np

    from pipeline.camera.orbit import nearest, parse_elements, station_state

    text = file.read_text("utf-8", errors="replace")
    state = station_state(nearest(parse_elements(text, str(file)), FLOWN), FLOWN)
    _sure(np.isfinite(state.position_ecef_m).all(), "a station without a place")


def _misbehave(file: Path) -> None:
    """So that the watch itself can be tested."""
    match file.read_bytes():
        case b"abort":
            os.abort()
        case b"sleep":
            time.sleep(LIMIT_S * 100)
        case b"write":
            file.with_name("more").touch()


def _gallery(makers: dict[str, Callable[[Place], Path]]) -> Callable[[Place, Input], Path]:
    return lambda place, number: list(makers.values())[int(number)](place)


def _of_bytes(name: str) -> Callable[[Place, Input], Path]:
    def make(place: Place, content: Input) -> Path:
        file = place.folder / name
        file.write_bytes(bytes(content))  # type: ignore[arg-type]
        return file

    return make


@cache
def _sound_map(suffix: str) -> dict[str, bytes]:
    """The files of a sound map, by suffix."""
    with TemporaryDirectory() as name:
        write_map(Path(name) / f"map{suffix}", *([AREA] * 3 if suffix == ".shp" else [ROAD, AREA, ROAD]))
        return {file.suffix: file.read_bytes() for file in Path(name).iterdir()}


def _changed_map(place: Place, number: Input) -> Path:
    chance = random.Random(int(number))
    suffix = chance.choice((".gpkg", ".geojson", ".fgb", ".parquet", ".shp"))
    sound = _sound_map(suffix)
    hit = chance.choice(sorted(sound))
    for other, content in sound.items():
        # Tables of a GeoPackage lie anywhere in it.
        data = changed(content, chance, len(content)) if other == hit else content
        (place.folder / f"map{other}").write_bytes(data)
    return place.folder / f"map{suffix}"


@cache
def _sound_raster(tiled: bool) -> bytes:
    with TemporaryDirectory() as name:
        options = {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "lzw"} if tiled else {}
        return write_raster(Path(name) / "raster.tif", **options).read_bytes()


def _changed_raster(place: Place, number: Input) -> Path:
    chance = random.Random(int(number))
    file = place.folder / "raster.tif"
    file.write_bytes(changed(_sound_raster(chance.random() < 0.5), chance))
    return file


@dataclass(frozen=True)
class Suite:
    """How an input becomes a file, who reads it, and how many there are if they are counted out."""

    make: Callable[[Place, Input], Path]
    readers: tuple[Callable[[Path], None], ...]
    count: int | None = None


MAP_READERS = (_motorways, _regions, _streets)
RASTER_READERS = (_night_light, _dem)
SUITES = {
    "cities": Suite(_of_bytes("x.yaml"), (_city,)),
    "facts": Suite(_of_bytes("facts.yaml"), (_facts,)),
    "control points": Suite(_of_bytes("points.csv"), (_control_points,)),
    "element sets": Suite(_of_bytes("iss.tle"), (_elements,)),
    "photos": Suite(lambda place, number: write_picture(place.folder, int(number)), (_head, _photo)),
    "maps": Suite(_changed_map, MAP_READERS),
    "rasters": Suite(_changed_raster, RASTER_READERS),
    "gallery of maps": Suite(_gallery(VECTORS), MAP_READERS, len(VECTORS)),
    "gallery of rasters": Suite(_gallery(RASTERS), RASTER_READERS, len(RASTERS)),
}
WATCH = "the watch itself"


@dataclass(frozen=True)
class Trial:
    """What became of an input, and of what is not clean a line that tells more."""

    suite: str
    given: Input
    outcome: str
    told: str = ""


def run(inputs: Iterable[tuple[str, Input]], patience_s: float = 100.0) -> Iterator[Trial]:
    """Give each input of a suite to its readers, in another process, which is started anew after a crash, or
    when it has said nothing for `patience_s`: up to three readers, and as much for making the file."""
    context = multiprocessing.get_context("spawn")
    worker, pipe = _started(context)
    try:
        for suite, given in inputs:
            pipe.send((suite, given))
            try:
                if pipe.poll(patience_s):
                    yield Trial(suite, given, *pipe.recv())
                    continue
                yield Trial(suite, given, "hang")
            except (EOFError, ConnectionError):
                worker.join()
                yield Trial(suite, given, "crash", f"exit code {worker.exitcode}")
            worker.kill()
            worker, pipe = _started(context)
    finally:
        worker.kill()
        worker.join()


def _started(context: Any) -> tuple[Any, Connection]:
    ours, theirs = context.Pipe()
    worker = context.Process(target=_work, args=(theirs,), daemon=True)
    worker.start()
    theirs.close()
    return worker, ours


def _work(pipe: Connection) -> None:
    """Take inputs until the other side is gone."""
    from tests.scenes.canary import canary

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libtiff and others write there
    with TemporaryDirectory() as name, canary() as bird:
        os.chdir(name)
        for number in range(sys.maxsize):
            try:
                suite, given = pipe.recv()
            except EOFError:
                return
            folder = Path(name) / str(number)
            folder.mkdir()
            place = Place(folder, bird.url)
            if not place.secret.exists():
                write_raster(place.secret)
            of_suite = SUITES.get(suite, Suite(_of_bytes("x"), (_misbehave,)))
            file = of_suite.make(place, given)
            before = _state(Path(name))
            outcome, told = judged(file, of_suite.readers)
            if bird.requests:
                outcome, told = "wrong", f"asked the network for {bird.requests.pop()}"
            if _state(Path(name)) != before:
                outcome, told = "wrong", "touched a file"
            for left in folder.iterdir():
                left.unlink()
            pipe.send((outcome, told))


def _state(folder: Path) -> list[tuple[str, int, int]]:
    """All files below a folder with size and time."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return sorted((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files)


def judged(file: Path, readers: Iterable[Callable[[Path], None]]) -> tuple[str, str]:
    """What becomes of a file that is given to readers, and of what is not clean a line that tells more."""
    from pipeline.errors import PipelineError

    for reader in readers:
        began = datetime.now(UTC)
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_held_bytes() + LIMIT_BYTES, most))
        try:
            reader(file)
        except PipelineError as error:
            if not _is_line(str(error)):
                return "wrong", f"no line: {str(error)[:200]!r}"
        except Nonsense as error:
            return "wrong", f"{reader.__name__}: {error}"
        except MemoryError:
            return "crash", f"{reader.__name__}: out of memory"
        except Exception as error:
            at = traceback.extract_tb(error.__traceback__)
            ours = next((frame for frame in reversed(at) if "/pipeline/" in frame.filename), at[-1])
            told = f"{type(error).__name__}: {' '.join(str(error).split())[:150]}"
            return "traceback", f"{told} ({Path(ours.filename).name}:{ours.lineno})"
        finally:
            resource.setrlimit(resource.RLIMIT_AS, (most, most))
        if (datetime.now(UTC) - began).total_seconds() > LIMIT_S:
            return "hang", f"{reader.__name__}: took too long"
    return "clean", ""


def _held_bytes() -> int:
    """Of this process's memory, as the limit counts it: also what is only reserved."""
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _is_line(text: str) -> bool:
    return text.isprintable() and 0 < len(text) < MAX_LINE


def counted(trials: Iterable[Trial]) -> dict[str, dict[str, int]]:
    """By suite, how many were tried and what became of them."""
    table: dict[str, dict[str, int]] = {}
    for trial in trials:
        row = table.setdefault(trial.suite, dict.fromkeys(("tried", *OUTCOMES), 0))
        row["tried"] += 1
        row[trial.outcome] += 1
    return table


if __name__ == "__main__":  # python -m tests.scenes.trials photos 0 100: what is not clean
    _, name, first, last = sys.argv
    for seen in run((name, number) for number in range(int(first), int(last))):
        if seen.outcome != "clean":
            print(json.dumps([seen.suite, seen.given, seen.outcome, seen.told]), flush=True)
