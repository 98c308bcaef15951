"""Memory and time of the steps `orthorectify` and `tone` on grids of 1 to 400 million cells, on two threads.

    python -m benchmarks.memory.grids --cells 1 4 16 64 144 400
    python -m benchmarks.memory.grids --cells 1 4 --folder FOLDER        # of a disk with enough room

A frame of 45 megapixels from straight above, and grids of cells of 16 m around its middle, the largest of
which fills it. It takes some 40 GB of disk while it is measured; all is removed again. Writes grids.json
beside this file and the page.
"""

import argparse
import json
import math
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import rasterio
from pyproj import Transformer

from benchmarks.memory.measure import Row, measured
from benchmarks.memory.page import GRIDS, write_page
from benchmarks.memory.photos import SIZES, jpeg, read
from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.models import ToneConfig
from pipeline.raster.grid import Grid
from pipeline.raster.workers import Workers
from pipeline.steps.orthorectify import bring_onto_grid
from pipeline.steps.tone import measure_tone
from tests.scenes.pictures import large_night

CRS, CENTRE_M = "EPSG:3035", (4_000_000, 3_100_000)
HEIGHT_M, PIXEL_M, CELL_M = 400e3, 50.0, 16.0
WIDE_BY_HIGH = 1.5  # as the frame
LAMPS = 3000  # a million pixels: a conurbation
THREADS = 2
SAMPLED_EVERY = 16  # rows and columns, to tell the share of lit cells


def camera() -> Camera:
    """Straight above the middle of the grid."""
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(*CENTRE_M)
    width, height = SIZES[45]
    position = to_ecef(lon, lat, HEIGHT_M)
    rotation = look_at_rotation(position, to_ecef(lon, lat), 0.0)
    middle = (width - 1) / 2, (height - 1) / 2
    return Camera(position, rotation, HEIGHT_M / PIXEL_M, middle, width, height)


def grid(million_cells: int) -> Grid:
    """Around the middle of the frame."""
    rows = round(math.sqrt(million_cells * 1e6 / WIDE_BY_HIGH))
    high, wide = (round(n / 2) * CELL_M for n in (rows, rows * WIDE_BY_HIGH))
    x, y = CENTRE_M
    return Grid(CRS, CELL_M, (x - wide, y - high, x + wide, y + high))


def write_inputs(folder: Path) -> None:
    """photo.tif, photo.json and camera.json."""
    write_photo(folder, 45, LAMPS, camera())


def write_photo(folder: Path, megapixels: int, lamps_a_megapixel: int, camera: Camera) -> None:
    """A simulated photo of one of the SIZES as `acquire` and `georeference` leave it, seen by `camera`."""
    jpeg(large_night(*SIZES[megapixels], lamps_a_megapixel=lamps_a_megapixel), folder / "a")
    read(folder / "a.jpg")
    solved = {
        "parameter_order": ["rotation_x_rad", "rotation_y_rad"],
        "covariance": [[1e-9, 0], [0, 1e-9]],
        "solution": {"accepted": True, "evidence": "jpeg", "simulated": True},
    }
    (folder / "camera.json").write_text(json.dumps(camera.to_dict() | solved))


def orthorectified(folder: Path) -> None:
    """The step orthorectify."""
    inputs = (folder / name for name in ("photo.tif", "camera.json", "photo.json", "grid.json"))
    bring_onto_grid(*inputs, folder / "ortho.tif", folder / "geometry.tif", workers=Workers(threads=THREADS))


def toned(folder: Path) -> None:
    """The step tone."""
    inputs = (folder / name for name in ("ortho.tif", "geometry.tif", "photo.json"))
    outputs = (folder / name for name in ("tone.tif", "light.tif", "lamps.tif"))
    measure_tone(*inputs, ToneConfig(), *outputs, workers=Workers(threads=THREADS))


def share_with_values(raster: Path) -> float:
    """Of the cells, by a sample of them."""
    with rasterio.open(raster) as source:
        shape = source.height // SAMPLED_EVERY, source.width // SAMPLED_EVERY
        return round(float(np.isfinite(source.read(1, out_shape=shape)).mean()), 3)


def grid_rows(million_cells: int, folder: Path) -> list[Row]:
    """Both steps on one grid, whose rasters are removed."""
    laid = grid(million_cells)
    (folder / "grid.json").write_text(json.dumps(laid.to_dict()))
    size = {"cells": laid.width * laid.height}
    warp = size | {"step": "orthorectify"} | measured(orthorectified, folder)
    tone = size | {"step": "tone"} | measured(toned, folder)
    warp["share"], tone["share"] = (share_with_values(folder / f"{name}.tif") for name in ("ortho", "tone"))
    for name in ("ortho", "geometry", "tone", "light", "lamps"):
        (folder / f"{name}.tif").unlink()
    return [warp, tone]


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure warping and measuring the tone of grids.")
    parser.add_argument("--cells", type=int, nargs="+", default=[1, 4, 16, 64, 144, 400], help="millions")
    parser.add_argument("--folder", type=Path, help="where the rasters are made; by default the system's")
    args = parser.parse_args()
    rows = []
    with TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        write_inputs(folder)
        for million_cells in args.cells:
            rows += grid_rows(million_cells, folder)
            print(*rows[-2:], sep="\n", flush=True)
    GRIDS.write_text(json.dumps(rows, indent=1) + "\n")
    write_page()


if __name__ == "__main__":
    main()
