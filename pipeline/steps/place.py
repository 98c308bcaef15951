"""Step place: which photos of a city are on the map (`placed.json`)."""

import shutil
from pathlib import Path

from pipeline.files import atomic_write
from pipeline.steps.placed import Placed
from pipeline.steps.step import run_step

OF_PHOTO = (
    *("ortho.tif", "geometry.tif", "tone.tif", "light.tif", "lamps.tif", "country_tones.gpkg"),
    "squares.parquet",
    "photo_in_place.vrt",
)
OF_CITY = ("borders.gpkg", "change.tif", "report.html", "summary.json")
FOLDERS = ("tables", "stac")


def place(cameras: list[Path], placed: Path) -> None:
    """Tell, from the `camera.json` of every photo of the city, which photos are on the map.

    What an earlier run made of a photo that is refused now is removed, and the city's results with it, for
    they would be taken for results of this run. They are made anew if the city has another photo."""
    on_map, city = Placed.of(cameras), placed.parent
    folders = [camera.parent for camera in cameras if camera.parent.name in on_map.refused]
    maps = [folder / name for folder in folders for name in OF_PHOTO]
    if any(file.exists() for file in maps) or not on_map.photos:
        maps += [city / name for name in (*OF_CITY, f"{city.name}.gpkg", f"{city.name}.qgz")]
        for name in FOLDERS:
            shutil.rmtree(city / name, ignore_errors=True)
    for file in maps:
        # Beside a raster lie its style and what QGIS writes of it.
        for gone in (file, file.with_suffix(".qml"), file.with_name(f"{file.name}.aux.xml")):
            gone.unlink(missing_ok=True)
    with atomic_write(placed) as part:
        part.write_text(on_map.to_json(), encoding="utf-8")


if "snakemake" in globals():
    run_step(place, globals()["snakemake"])
