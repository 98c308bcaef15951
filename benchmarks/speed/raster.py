"""The warp beside GDAL's and odc-geo's, and the whole steps orthorectify and tone, on two threads.

    python -m benchmarks.speed.raster [--rounds 6]

A frame of 12 megapixels seen from 25 degrees off the nadir, on 24.7 million cells. All work is done once in
each round, ours and the peers' in turn, and the least time of all rounds is kept: other programs can only
make it longer. `gdalwarp` is looked for on the path; the figures that need it are left out where it is not.
Writes raster.json beside this file.
"""

import argparse
import json
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import dask.array as da
import numpy as np
import rasterio
import xarray as xr
from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.xr import wrap_xr, xr_reproject
from pyproj import Transformer

from benchmarks.memory.grids import CENTRE_M, CRS, orthorectified, toned, write_photo
from benchmarks.memory.measure import measured
from benchmarks.memory.photos import CAMERAS, SIZES
from benchmarks.speed.figures import Figure, store
from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.ortho.warp import orthorectify
from pipeline.photo.cameras import read_cameras
from pipeline.photo.tiff import read_photo_tif
from pipeline.raster.cog import write_cog
from pipeline.raster.grid import Grid
from pipeline.raster.workers import Workers
from pipeline.steps.forks import LOADED_LATE

THREADS = 2
HEIGHT_M, TILT_DEG, AZIMUTH_DEG = 400e3, 25.0, 60.0
PIXEL_M, CELL_M = 50.0, 35.0  # so that one sample a cell is enough
CELLS = 6084, 4060
LAMPS_A_MEGAPIXEL = 3000  # a conurbation
POINTS = 10, 6  # of control for GDAL, across and down
COG = {"COMPRESS": "ZSTD", "LEVEL": "1", "BLOCKSIZE": "256", "NUM_THREADS": str(THREADS)}  # as ours
Times = dict[str, float]


def camera() -> Camera:
    """Looking at the middle of the grid, TILT_DEG at the ground."""
    width, height = SIZES[12]
    lon, lat = Transformer.from_crs(CRS, "EPSG:4326", always_xy=True).transform(*CENTRE_M)
    beside_deg = np.degrees(HEIGHT_M * np.tan(np.radians(TILT_DEG)) / 6371e3)
    turn = np.radians(AZIMUTH_DEG)
    nadir = lon - beside_deg * np.sin(turn) / np.cos(np.radians(lat)), lat - beside_deg * np.cos(turn)
    position = to_ecef(*nadir, HEIGHT_M)
    slant_m = HEIGHT_M / np.cos(np.radians(TILT_DEG))
    middle = (width - 1) / 2, (height - 1) / 2
    rotation = look_at_rotation(position, to_ecef(lon, lat), 0.0)
    return Camera(position, rotation, float(slant_m) / PIXEL_M, middle, width, height)


def grid() -> Grid:
    """Around the middle of the frame."""
    (x, y), (wide, high) = CENTRE_M, (n / 2 * CELL_M for n in CELLS)
    return Grid(CRS, CELL_M, (x - wide, y - high, x + wide, y + high))


def write_inputs(folder: Path) -> None:
    """What the steps and GDAL read: photo.tif, photo.json, camera.json, grid.json, and plain.tif, the photo
    as GDAL reads it fastest, with points of control."""
    write_photo(folder, 12, LAMPS_A_MEGAPIXEL, camera())
    (folder / "grid.json").write_text(json.dumps(grid().to_dict()))
    light = read_photo_tif(folder / "photo.tif").light
    profile = {"driver": "GTiff", "dtype": "float32", "nodata": np.nan, "tiled": True, "count": 3}
    _, height, width = light.shape
    with rasterio.open(
        folder / "plain.tif", "w", width=width, height=height, crs=CRS, gcps=control(), **profile
    ) as target:
        target.write(light)


def control() -> list[rasterio.control.GroundControlPoint]:
    """Points all over the frame, exactly where the camera says."""
    width, height = SIZES[12]
    columns, rows = (np.linspace(0, side - 1, n) for side, n in zip((width, height), POINTS, strict=True))
    column, row = (v.ravel() for v in np.meshgrid(columns, rows))
    x, y = Transformer.from_crs("EPSG:4326", CRS, always_xy=True).transform(*camera().to_ground(column, row))
    # GDAL counts from a pixel's corner.
    return [
        rasterio.control.GroundControlPoint(r + 0.5, c + 0.5, *place)
        for c, r, *place in zip(column, row, x, y, strict=True)
    ]


def tilted_perspective(folder: Path) -> xr.DataArray:
    """The photo as an array in the tilted-perspective CRS in which its pixels are nearly squares."""
    lon, lat, _ = Transformer.from_crs("EPSG:4978", "EPSG:4326", always_xy=True).transform(
        *camera().position_ecef_m
    )
    crs = f"+proj=tpers +h={HEIGHT_M:.0f} +lat_0={lat} +lon_0={lon} +tilt={TILT_DEG} +azi={AZIMUTH_DEG}"
    points = control()
    to_plane = Transformer.from_crs(CRS, crs, always_xy=True)
    x, y = to_plane.transform([p.x for p in points], [p.y for p in points])
    design = np.array([(p.col, p.row, 1) for p in points])
    (a, d), (b, e), (c, f) = np.linalg.lstsq(design, np.stack([x, y], 1), rcond=None)[0]
    light = read_photo_tif(folder / "photo.tif").light
    return wrap_xr(light, GeoBox(light.shape[1:], Affine(a, b, c, d, e, f), crs), nodata=np.nan, axis=1)


def gdalwarp(folder: Path, *options: str) -> Callable[[], None]:
    """The program with as many threads, bilinear, onto the same grid."""
    bounds = [str(v) for v in grid().bounds]
    where = ["-t_srs", CRS, "-te", *bounds, "-tr", str(CELL_M), str(CELL_M), "-dstnodata", "nan"]
    how = ["-r", "bilinear", "-multi", "-wo", f"NUM_THREADS={THREADS}", "-wm", "500", "-q", "-overwrite"]
    return lambda: subprocess.run(
        ["gdalwarp", *where, *how, *options, str(folder / "plain.tif"), str(folder / "peer.tif")], check=True
    ).check_returncode()


def warps(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Ours and the peers', by name; those that are not installed are left out."""
    photo, laid = read_photo_tif(folder / "photo.tif"), grid()

    def ours() -> xr.Dataset:
        return orthorectify(photo, camera(), laid, pixel_m=PIXEL_M)

    def alone() -> None:
        with Workers(threads=THREADS).at_work():
            layers = [layer.data for layer in ours().values()]
            da.store(layers, list(np.empty((len(layers), *laid.geobox.shape), np.float32)), lock=False)

    def with_cog() -> None:
        with Workers(threads=THREADS).at_work():
            write_cog(folder / "ours.tif", ours())

    yield "ours", alone
    yield "ours, COG", with_cog
    if shutil.which("gdalwarp"):
        # To a file that is not packed, in the cache of the system: GDAL's own array in memory is no faster.
        yield "gdalwarp -tps", gdalwarp(folder, "-tps", "-of", "GTiff", "-co", "TILED=YES")
        yield "gdalwarp -order 3", gdalwarp(folder, "-order", "3", "-of", "GTiff", "-co", "TILED=YES")
        options = [part for key, value in COG.items() for part in ("-co", f"{key}={value}")]
        yield "gdalwarp -tps, COG", gdalwarp(folder, "-tps", "-of", "COG", *options)
    source, onto = tilted_perspective(folder), laid.geobox
    yield "odc-geo", lambda: xr_reproject(source, onto, resampling="bilinear", num_threads=THREADS)


def least(times: Times, name: str, seconds: float) -> None:
    """Keep the least of several measurements."""
    times[name] = min(times.get(name, np.inf), seconds)


def steps(folder: Path, clock: Times, processor: Times) -> None:
    """Orthorectify, and tone of the photo as a JPEG and as an anchored raw, each in a process of its own that
    has loaded what a forked step has."""
    facts = folder / "photo.json"
    jpeg_facts = json.loads(facts.read_text())
    anchor = read_cameras(CAMERAS)["D3S"].model_dump()
    raw_facts = jpeg_facts | {
        "evidence": "raw_anchored",
        "anchor": anchor,
        "camera": "D3S",
        "colour_codes": 0.0,
    }
    for name, step, about in (
        ("orthorectify", orthorectified, jpeg_facts),
        ("tone, JPEG", toned, jpeg_facts),
        ("tone, anchored raw", toned, raw_facts),
    ):
        facts.write_text(json.dumps(about))
        row = measured(step, folder, loaded=LOADED_LATE)
        least(clock, name, row["seconds"])
        least(processor, name, row["cpu_seconds"])
    facts.write_text(json.dumps(jpeg_facts))


def figures(clock: Times, processor: Times) -> list[Figure]:
    """What is asked, and what was measured."""
    size = f"{CELLS[0] * CELLS[1] / 1e6:.1f} million cells"
    ours = f"{size}; ours {clock['ours']:.2f} s with 4 bands"
    rows = [
        Figure(f"warp, against {name}", "times faster", round(clock[peer] / clock[own], 1), asked, note)
        for name, peer, own, asked, note in (
            ("`gdalwarp -tps` with 60 points", "gdalwarp -tps", "ours", 8, ours),
            ("`gdalwarp -order 3`", "gdalwarp -order 3", "ours", 5, ours),
            ("odc-geo from the tilted perspective", "odc-geo", "ours", 3, ours),
            ("`gdalwarp -tps`, both with a ZSTD COG", "gdalwarp -tps, COG", "ours, COG", 2, size),
        )
        if peer in clock
    ]
    for step, asked in (("orthorectify", None), ("tone, JPEG", 6.0), ("tone, anchored raw", 12.0)):
        note = f"{size}; {processor[step]:.1f} s of processor"
        rows.append(Figure(f"step {step}", "s of clock", clock[step], asked, note))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the warp, orthorectify and tone.")
    parser.add_argument("--rounds", type=int, default=6)
    rounds = parser.parse_args().rounds
    clock: Times = {}
    processor: Times = {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_inputs(folder)
        for _ in range(rounds):
            for what, work in warps(folder):
                start = time.perf_counter()
                work()
                least(clock, what, round(time.perf_counter() - start, 2))
                print(what, clock[what], flush=True)
            steps(folder, clock, processor)
            print(clock, processor, flush=True)
    if not shutil.which("gdalwarp"):
        print("gdalwarp is not on the path: figures that need it are left out")
    store("raster", figures(clock, processor))


if __name__ == "__main__":
    main()
