"""The step deliver: of one photo on a grid of 19 million cells, and of the demo.

    python -m benchmarks.speed.deliver [results]

The photo is that of the fabricated city of the tests, its maps drawn with cells a twentieth as wide. The demo
is taken from the results folder that a run of Snakemake left, and is left out where there is none.
"""

import json
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.memory.measure import measured
from benchmarks.speed.figures import Figure, store
from tests.conftest import REPOSITORY

CONFIGURATION = {
    "name": "Liège",
    "location": {"lon": 5.72, "lat": 50.7},
    "photos": [{"simulate": {"seed": 1, "year": 2012}}],
}
FINER = 20  # 240 x 200 cells become 4800 x 4000


def main(results: Path = REPOSITORY / "results") -> None:
    """Measure and store."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        made = _one_photo(root)
        figures = _figures("one photo, 19 Mcells", made, made.parents[1] / "data", asked=6.0)
        if (results / "demo" / "placed.json").is_file():
            demo = Path(shutil.copytree(results, root / "demo")) / "demo"
            figures += _figures("the demo, two photos of 3 Mpx", demo, REPOSITORY / "data", asked=None)
    store("deliver", figures)
    for figure in figures:
        print(f"{figure.work}: {figure.measured:g} {figure.unit}")


def _figures(what: str, city: Path, data: Path, asked: float | None) -> list[Figure]:
    """Of the step, with its start-up, on the results folder of a city."""
    row = measured(deliver_city, city, data)
    work = f"report, GeoPackage, project of {what}"
    return [
        Figure(work, "s of clock", row["seconds"], asked, "with start-up"),
        Figure(work, "s of processor", row["cpu_seconds"]),
        Figure(work, "GB", round(row["peak_mb"] / 1000, 2)),
    ]


def deliver_city(city: Path, data: Path) -> None:
    """The step deliver as its rule calls it. Its imports are part of what it takes."""
    from pipeline.models import City
    from pipeline.steps.deliver import deliver

    deliver(
        city=City.model_validate(CONFIGURATION),
        placed=city / "placed.json",
        grid=city / "grid.json",
        compared=city / "borders.gpkg",
        change=[],
        borders=data / "borders.gpkg",
        motorways=data / "motorways.gpkg",
        cities=city.parent / "cities.parquet",
        geopackage=city / f"{city.name}.gpkg",
        qgis=city / f"{city.name}.qgz",
        tables=city / "tables",
        stac=city / "stac",
        summary=city / "summary.json",
        report=city / "report.html",
    )


def _one_photo(root: Path) -> Path:
    """The results folder of a city with one photo that is no simulation, on fine maps."""
    from pipeline.models import City
    from tests.scenes.city import fabricate
    from tests.scenes.delivery import Delivery

    city = fabricate(root, [2012])
    photo = city / "simulated-2012"
    facts = json.loads((photo / "photo.json").read_text()) | {"simulated": False}
    (photo / "photo.json").write_text(json.dumps(facts))
    grid = json.loads((city / "grid.json").read_text())
    finer = {"resolution_m": grid["resolution_m"] / FINER}
    finer |= {side: grid[side] * FINER for side in ("width", "height")}
    (city / "grid.json").write_text(json.dumps(grid | finer))
    for raster in photo.glob("*.tif"):
        _make_finer(raster)
    Delivery(city, City.model_validate(CONFIGURATION)).style_photos()
    return city


def _make_finer(file: Path) -> None:
    """Each cell becomes FINER by FINER, in tiles with overviews as in a result of the step orthorectify."""
    import rasterio
    from rasterio.enums import Resampling

    with rasterio.open(file) as source:
        profile, names, values = source.profile, source.descriptions, source.read()
    scaled = profile["transform"] * profile["transform"].scale(1 / FINER)
    profile |= {
        **{"width": profile["width"] * FINER, "height": profile["height"] * FINER, "transform": scaled},
        **{"tiled": True, "blockxsize": 512, "blockysize": 512, "compress": "zstd", "zstd_level": 1},
    }
    with rasterio.open(file, "w", **profile) as target:
        for band, name in enumerate(names, start=1):
            target.write(values[band - 1].repeat(FINER, axis=0).repeat(FINER, axis=1), band)
            target.set_band_description(band, name)
    with rasterio.open(file, "r+") as target:
        target.build_overviews([2, 4, 8, 16], Resampling.average)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
