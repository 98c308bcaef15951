"""Time and memory of the tables of borders, beside `rasterstats`, and of many photos of one border.

    python -m benchmarks.speed.borders

The frame of 25 million cells of `benchmarks.borders.timing`, in which four countries meet; each step in a
process of its own, whose start is not counted. `rasterstats` is no dependency: where it is not installed, its
line is left out and said so. Writes borders.json beside this file.
"""

import importlib.util
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from benchmarks.borders.pooling import pooled
from benchmarks.borders.timing import DATA, grid, write_photo, write_rasters
from benchmarks.memory.measure import measured
from benchmarks.speed.figures import Figure, store
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.zonal_sums import Outlines
from pipeline.borders.zones import border_strips, country_zones
from pipeline.ground.cities import gazetteer, write_cities
from pipeline.ground.countries import read_countries
from pipeline.models import BordersConfig
from pipeline.raster.read import raster_grid
from pipeline.raster.strips import of_each, strips
from pipeline.raster.workers import Workers
from pipeline.steps.borders import compare_borders
from pipeline.steps.country_tones import measure_country_tones
from pipeline.steps.squares import sum_light

COUNTRIES = ["BE", "DE", "LU", "NL"]
MOTORWAYS, BORDERS = DATA / "motorways.gpkg", DATA / "borders.gpkg"
THREADS = 2
COMPILED = ("pipeline.borders.kernels",)  # which a forked step finds loaded
PHOTOS = 200
# What is asked of a photo of 18 million cells, for one of 25 million.
PHOTO_S = 12 * 25 / 18


def squares(folder: Path) -> None:
    """The step squares."""
    rasters, photo = (folder / "tone.tif", folder / "light.tif"), folder / "photo"
    facts = photo / "photo.json", photo / "camera.json"
    sum_light(*rasters, *facts, MOTORWAYS, BORDERS, folder / "squares.parquet", Workers(threads=1))


def country_tones(folder: Path) -> None:
    """The step country_tones."""
    rasters = (folder / f"{name}.tif" for name in ("tone", "light", "geometry", "lamps"))
    facts = (folder / "photo" / name for name in ("photo.json", "camera.json"))
    measure_country_tones(*rasters, *facts, BORDERS, folder / "tones.gpkg", Workers(threads=1))


def borders(folder: Path) -> None:
    """The step borders."""
    compare_borders(
        tones=[folder / "tone.tif"],
        lights=[folder / "light.tif"],
        photo_facts=[folder / "photo" / "photo.json"],
        cameras=[folder / "photo" / "camera.json"],
        squares=[folder / "squares.parquet"],
        cities=folder / "cities.parquet",
        motorways=MOTORWAYS,
        regions=[],
        events=DATA / "lighting_events.csv",
        countries=COUNTRIES,
        options=BordersConfig(),
        borders=folder / "borders.gpkg",
        workers=Workers(threads=THREADS),
    )


def of_a_photo(folder: Path) -> list[Figure]:
    """The three steps of a frame."""
    write_rasters(folder, grid())
    write_photo(folder / "photo", "photo", datetime(2022, 12, 8, 22, tzinfo=UTC))
    write_cities(gazetteer(), folder / "cities.parquet", "benchmark")
    before = [measured(step, folder, loaded=COMPILED) for step in (squares, country_tones)]
    tables = measured(borders, folder, loaded=COMPILED)
    work = "border tables, 25 Mcells, four countries"
    together = tables["cpu_seconds"] + sum(row["cpu_seconds"] for row in before)
    parts = ", ".join(f"{row['cpu_seconds']:.1f}" for row in (*before, tables))
    return [
        Figure(work, "s of clock", tables["seconds"], 12, f"{THREADS} threads"),
        Figure(work, "s of processor", tables["cpu_seconds"]),
        Figure(work, "GB", round(tables["peak_mb"] * 2**20 / 1e9, 2), 1.5),
        Figure(
            "squares, country_tones and borders, 25 Mcells",
            "s of processor",
            round(together, 1),
            round(PHOTO_S, 1),
            f"{parts}; 12 s are asked of 18 Mcells",
        ),
    ]


def zonal(folder: Path) -> list[Figure]:
    """Sums of red light in countries and strips beside their borders, with nothing but the file before."""
    if importlib.util.find_spec("rasterstats") is None:
        print("rasterstats is not installed: no comparison of zonal sums")
        return []
    from rasterstats import zonal_stats

    light = folder / "light.tif"
    on, land = raster_grid(light), read_countries(AREA_CRS, COUNTRIES)
    frame = shapely.box(*on.bounds)
    layers = country_zones(land, frame), border_strips(land, frame, frame, BordersConfig().bands_km)
    zones = gpd.GeoDataFrame(pd.concat(layers, ignore_index=True), crs=AREA_CRS)
    start = time.process_time()
    outlines = Outlines.of(zones.geometry.to_numpy(), on)
    with Workers(threads=2).at_work():
        ours = sum(of_each(lambda tile, red: outlines.sums(red, tile), strips((light, ("red",)))))[:, 0]
    between = time.process_time()
    peer = np.array([row["sum"] for row in zonal_stats(zones, str(light), stats=["sum"])], float)
    ours_s, peer_s = between - start, time.process_time() - between
    apart = np.abs(ours - peer).sum() / peer.sum()  # whole cells by their centre
    note = f"{ours_s:.2f} against {peer_s:.2f} s of processor; {len(zones)} zones, sums {apart:.2%} apart"
    work = "sums in four countries and their strips, 25 Mcells, against rasterstats"
    return [Figure(work, "times faster", round(peer_s / ours_s, 1), 5, note)]


def of_many_photos() -> list[Figure]:
    """All photos of one border pooled."""
    row = measured(_pooled, loaded=COMPILED)
    note = f"some 350 towns; {row['seconds']:.0f} s of clock"
    return [Figure(f"{PHOTOS} photos of one border pooled", "s of processor", row["cpu_seconds"], None, note)]


def _pooled() -> None:
    print(pooled(PHOTOS))


def main() -> None:
    with TemporaryDirectory() as name:
        figures = [*of_a_photo(Path(name)), *zonal(Path(name)), *of_many_photos()]
    print(*figures, sep="\n")
    store("borders", figures)


if __name__ == "__main__":
    main()
