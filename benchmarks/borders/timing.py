"""Time and memory of the whole step `borders` on a frame of 25 million cells in which four countries meet.

    python -m benchmarks.borders.timing

Light of the gazetteer's towns around (6.0 E, 50.45 N), 100 km by 100 km in cells of 20 m, whose tone scatters
from square kilometre to square kilometre and from cell to cell, with the real borders, motorways and towns,
read from and written to files as in a run. Once for one photo, and once for two of the same light, which adds
the tables of the second and of what changed. Prints, and writes timing.json beside this file.
`processor_seconds` are what counts where the machine has other work.
"""

import json
import multiprocessing
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyogrio
import rasterio
from pyproj import Transformer
from rasterio.windows import Window

from benchmarks.memory import peak_mb
from pipeline.borders.squares import AREA_CRS
from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.ground.cities import gazetteer, write_cities
from pipeline.models import BordersConfig
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.grid import Grid
from pipeline.steps.borders import compare_borders

DATA = Path(__file__).parents[2] / "data"
SIDE, CELL_M = 5000, 20.0
AT = (6.0, 50.45)
COARSE = 5  # light is drawn in squares of so many cells, and noise in cells
LIT = 0.07  # makes 30 % of the cells lit, as in the demo
TONE, TONE_SIGMA, NOISE = -1.0, 0.3, 0.1  # log2(G/R): of all, between square kilometres, between cells
TONED = 50  # tone is drawn in squares of so many cells
BANDS = {
    "light": ("red", "green", "blue", "sigma"),
    "tone": ("log2_g_r", "log2_b_g", "sigma_log2_g_r", "sigma_log2_b_g", "snr"),
    "geometry": ("view_zenith_deg",),
    "lamps": ("lamp_family",),
}
TO_MAP = Transformer.from_crs("EPSG:4326", AREA_CRS, always_xy=True)


def grid() -> Grid:
    half = SIDE * CELL_M / 2
    x, y = (1000 * round(v / 1000) for v in TO_MAP.transform(*AT))
    return Grid(AREA_CRS, CELL_M, (x - half, y - half, x + half, y + half))


def town_light(on: Grid) -> np.ndarray:
    """Light of the towns, brightest in the middle of each, by coarse squares."""
    step, n = CELL_M * COARSE, SIDE // COARSE
    x = on.bounds[0] + step * (np.arange(n) + 0.5)
    y = on.bounds[3] - step * (np.arange(n) + 0.5)
    places = gazetteer()
    east, north = (np.asarray(v) for v in TO_MAP.transform(places.lon, places.lat))
    light = np.zeros((n, n))
    near = (abs(east - x.mean()) < 60e3) & (abs(north - y.mean()) < 60e3)
    for index in np.flatnonzero(near):
        sigma_m = 1500 * float(places.radius_km[index])
        across, down = (
            np.exp(-((v - at) ** 2) / 2 / sigma_m**2) for v, at in ((x, east[index]), (y, north[index]))
        )
        light += 0.3 * down[:, None] * across
    return light


def write_rasters(folder: Path, on: Grid) -> float:
    """light.tif, tone.tif, geometry.tif and lamps.tif, tiled; gives the share of lit cells."""
    coarse, rng, lit_cells = town_light(on), np.random.default_rng(0), 0
    of_squares = rng.normal(TONE, TONE_SIGMA, (SIDE // TONED,) * 2).astype(np.float32)
    profile = {
        "driver": "GTiff", "dtype": "float32", "nodata": np.nan, "crs": on.crs, "transform": on.transform,
        "width": SIDE, "height": SIDE, "tiled": True, "blockxsize": 512, "blockysize": 512,
        "interleave": "band",
    }  # fmt: skip
    with ExitStack() as opened:
        files = {}
        for name, bands in BANDS.items():
            file = rasterio.open(folder / f"{name}.tif", "w", count=len(bands), **profile)
            files[name] = opened.enter_context(file)
            files[name].descriptions = bands
        for top in range(0, SIDE, 500):
            rows = coarse[top // COARSE : (top + 500) // COARSE]
            smooth = np.kron(rows, np.ones((COARSE, COARSE))).astype(np.float32)
            red = smooth * rng.uniform(0.5, 1.5, smooth.shape).astype(np.float32)
            drawn = np.kron(of_squares[top // TONED : (top + 500) // TONED], np.ones((TONED, TONED)))
            ratio = (drawn + rng.normal(0, NOISE, smooth.shape)).astype(np.float32)
            lit, unlit = smooth > LIT, np.float32(np.nan)
            lit_cells += int(lit.sum())
            tone, noise = np.where(lit, ratio, unlit), np.where(lit, np.float32(NOISE), unlit)
            here = {
                "light": (red, red * 2**ratio, 0.2 * red, np.full_like(red, 1e-3)),
                "tone": (tone, tone, noise, noise, tone),
                "geometry": (np.hypot(*np.indices(red.shape, np.float32)) / SIDE * 10,),
                "lamps": (np.ones_like(red),),
            }
            for name, layers in here.items():
                files[name].write(np.stack(layers), window=Window(0, top, SIDE, 500))
    return lit_cells / SIDE**2


def write_photo(folder: Path, name: str, taken_at: datetime) -> None:
    """Facts and a camera straight above the frame."""
    folder.mkdir()
    position = to_ecef(*AT, 400e3)
    rotation = look_at_rotation(position, to_ecef(*AT), 0.0)
    camera = Camera(position, rotation, 400e3 / CELL_M, ((SIDE - 1) / 2,) * 2, SIDE, SIDE)
    solved = {"parameter_order": ["rotation_x_rad", "rotation_y_rad"], "covariance": [[1e-9, 0], [0, 1e-9]]}
    (folder / "camera.json").write_text(json.dumps(camera.to_dict() | solved))
    facts = PhotoFacts(id=name, taken_at=taken_at, width=SIDE, height=SIDE, source="", linearisation="")
    (folder / "photo.json").write_text(facts.model_dump_json())


def measured(folder: Path, photos: list[str]) -> dict[str, Any]:
    """The step on some photos of the same light, in a process of its own."""
    file = folder / "borders.gpkg"
    start, clock = time.perf_counter(), time.process_time()
    compare_borders(
        *([folder / f"{kind}.tif"] * len(photos) for kind in ("tone", "light")),
        *([folder / name / kind for name in photos] for kind in ("photo.json", "camera.json")),
        cities=folder / "cities.parquet",
        squares=[],
        motorways=DATA / "motorways.gpkg",
        regions=[],
        events=DATA / "lighting_events.csv",
        countries=["BE", "DE", "LU", "NL"],
        options=BordersConfig(),
        borders=file,
    )
    return {
        "seconds": time.perf_counter() - start,
        "processor_seconds": time.process_time() - clock,
        "peak_gb": peak_mb() / 1e3,
        "rows": {
            name: pyogrio.read_info(file, layer=name)["features"] for name, _ in pyogrio.list_layers(file)
        },
    }


def results() -> Iterator[tuple[str, Any]]:
    on = grid()
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_cities(gazetteer(), folder / "cities.parquet", "benchmark")
        yield "cells", on.width * on.height
        yield "lit_share", write_rasters(folder, on)
        for photo, year in (("before", 2012), ("after", 2022)):
            write_photo(folder / photo, photo, datetime(year, 12, 8, 22, tzinfo=UTC))
        for title, photos in (("one photo", ["before"]), ("two photos", ["before", "after"])):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                yield title, pool.apply(measured, (folder, photos))


def main() -> None:
    found = dict(results())
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
