"""Step place: which photos of a city are on the map (`placed.json`)."""

from collections.abc import Iterable
from pathlib import Path

from pipeline.steps.placed import Placed
from pipeline.steps.step import run_step, whole

OF_PHOTO = ("ortho.tif", "geometry.tif", "tone.tif", "light.tif", "lamps.tif")
OF_CITY = ("borders.gpkg", "change.tif", "report.html")


def place(cameras: list[Path], placed: Path) -> None:
    """From the `camera.json` of every photo of the city. What an earlier run made of a photo that is refused
    now, and of a city without any other, is removed: it would be taken for a result."""
    found, city = Placed.of(cameras), placed.parent
    for camera in cameras:
        if camera.parent.name in found.refused:
            _remove(camera.parent / name for name in OF_PHOTO)
    if not found.photos:
        _remove(city / name for name in (*OF_CITY, f"{city.name}.gpkg", f"{city.name}.qgz"))
    with whole(placed) as part:
        part.write_text(found.to_json(), encoding="utf-8")


def _remove(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


if "snakemake" in globals():
    run_step(place, globals()["snakemake"])
