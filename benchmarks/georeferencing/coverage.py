"""Does the stated sigma hold? Scenes of a satellite's light against truth, real photos against its raster.

    python -m benchmarks.georeferencing.coverage --rasters FOLDER

Writes coverage.json beside this file. FOLDER holds a night-light raster `<photo>.tif` for each photo of
RASTERS (with `--tiles`, they are made from NASA's tiles first). For each scene the coverage is also told by
cross-validation: with the systematic share that the other scenes' errors are likeliest under.
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import rasterio
from PIL import Image
from rasterio.transform import from_origin

from benchmarks.georeferencing.measure import against_camera, coverage, errors, mapped, solved
from benchmarks.georeferencing.runner import Row, solver_version, write_json
from benchmarks.georeferencing.suite import SHARED_SCENES_MM
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import Array, east_north_up, to_ecef, to_geodetic
from pipeline.camera.uncertainty import ground_sigma_m
from pipeline.georeference.accuracy import blocks_of
from pipeline.georeference.extent import RASTER_SHARED_CELLS, lit_cells
from pipeline.georeference.solve import Solution, assessed
from pipeline.ground.night_light import read_night_light
from tests.conftest import shared_folder
from tests.scenes.frames import real_photo, rendered_scene

SHARES = (0.0, 2.5e-5, 5e-5, 7.5e-5, 1e-4)
# Columns and rows of tiles of zoom 8 (NASA Black Marble 2016) around each photo.
RASTERS = {
    "ISS030-E-184140": (range(222, 227), range(99, 104)),
    "ISS030-E-188140": (range(227, 231), range(92, 96)),
    "ISS040-E-91208": (range(41, 47), range(100, 104)),
}
TILE_PX, ZOOM, HALF_WORLD_M = 256, 8, 20_037_508.342789244
AROUND_DEG = (8.0, 4.0)
BLOCKS = (4, 3)
FEWEST = 3  # patches of a block whose middle is an offset


def scene_row(number: int) -> Row:
    """A scene: errors, coverage, and coverage and score with each systematic share."""
    photo, prior, truth = rendered_scene(shared_folder(), number)
    solution, row = solved(photo, prior)
    row |= {"focal_length_mm": SHARED_SCENES_MM[number]} | against_camera(solution, truth)
    settings, tried = solution.problem.settings, []
    for share in SHARES:
        accuracy = replace(settings.accuracy, systematic_share=share)
        problem = replace(solution.problem, settings=replace(settings, accuracy=accuracy))
        other = replace(solution, accuracy=assessed(solution.refined, problem))
        found = coverage(other, truth)
        tried.append([share, *(round(float(found[k]), 4) for k in ("within_1", "within_196", "mean_square"))])
        column, mapped_row, lon, lat = mapped(truth, 9)
        there = solution.camera.to_ground(column, mapped_row)
        sigma_m = ground_sigma_m(solution.camera, PARAMETERS, other.covariance, *there)
        away = _east_north(lon, lat, *there) / sigma_m[:, None]
        tried[-1].append(round(float(-np.nanmean(away**2 / 2 + np.log(sigma_m)[:, None])), 4))
    return row | {"tried": tried}


def raster_row(name: str, raster: Path) -> Row:
    """A real photo placed by cities: how far blocks of it lie from a raster of night light, over the stated
    sigma. The raster's own error is taken off: its shift, and what blocks leave when it places the photo."""
    photo, prior = real_photo(shared_folder(), name)
    lon, lat = prior.look_at.lon, prior.look_at.lat
    east, north = AROUND_DEG
    night = read_night_light(raster, (lon - east, lat - north, lon + east, lat + north))
    by_cities, row = solved(photo, prior)
    extent = lit_cells(night)
    by_raster, told = solved(photo, prior, extent)
    seen = by_raster.refined.seen[by_raster.refined.fit.belongs > 0.5]
    lon, lat, _ = to_geodetic(seen.ground_m)
    column, line = seen.pixel.T
    camera = by_cities.camera
    offsets = [
        _east_north(lon, lat, *solution.camera.to_ground(column, line)) for solution in (by_cities, by_raster)
    ]
    sigma_m = ground_sigma_m(camera, PARAMETERS, by_cities.covariance, lon, lat)
    block = blocks_of(seen.pixel, (camera.width, camera.height), BLOCKS)
    blocks = [np.flatnonzero(block == b) for b in np.unique(block)]
    blocks = [b for b in blocks if len(b) >= FEWEST]
    off, own = (np.array([np.median(o[b], axis=0) for b in blocks]) for o in offsets)
    sigma = np.array([np.median(sigma_m[b]) for b in blocks])
    shift_m = 1e3 * RASTER_SHARED_CELLS * extent.detail_km
    squared = (off**2 - own**2 - shift_m**2) / sigma[:, None] ** 2
    away = errors(by_raster.camera, *_lattice(by_cities))
    return row | {
        "by_raster": {key: told[key] for key in ("accepted", "probability")} | {"rmse_m": away["rmse_m"]},
        "blocks": len(blocks),
        "offset_m": round(float(np.median(np.hypot(*off.T))), 1),
        "sigma_m": round(float(np.median(sigma)), 1),
        "sigmas": round(float(np.sqrt(max(squared.mean(), 0.0))), 2),
        "shift_m": by_cities.accuracy.shift_m.round(1).tolist(),
        "shift_stands_out": by_cities.accuracy.shift_stands_out,
    }


def _lattice(solution: Solution) -> tuple[Array, Array, Array, Array]:
    return mapped(solution.camera, 9)


def _east_north(lon: Array, lat: Array, to_lon: Array, to_lat: Array) -> Array:
    """Metres east and north (n, 2) from places to others."""
    way_m = to_ecef(to_lon, to_lat) - to_ecef(lon, lat)
    return np.asarray((east_north_up(lon, lat)[..., :2, :] @ way_m[..., None])[..., 0])


def make_raster(tiles: Path, columns: range, rows: range, out: Path) -> None:
    """The red of web-mercator tiles `<row>/<column>.png` as one raster: land is tinted blue."""
    light = np.zeros((TILE_PX * len(rows), TILE_PX * len(columns)), np.float32)
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            picture = np.asarray(Image.open(tiles / str(row) / f"{column}.png").convert("RGB"))
            light[TILE_PX * i : TILE_PX * (i + 1), TILE_PX * j : TILE_PX * (j + 1)] = picture[..., 0]
    pixel_m = 2 * HALF_WORLD_M / (TILE_PX * 2**ZOOM)
    corner = (columns[0] * TILE_PX * pixel_m - HALF_WORLD_M, HALF_WORLD_M - rows[0] * TILE_PX * pixel_m)
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": "EPSG:3857"}
    profile |= {"height": light.shape[0], "width": light.shape[1]}
    with rasterio.open(out, "w", transform=from_origin(*corner, pixel_m, pixel_m), **profile) as raster:
        raster.write(light, 1)


def cross_validated(rows: list[Row]) -> Row:
    """Coverage of each scene with the share that the other scenes' errors are likeliest under, on average."""
    score = np.array([[tried[4] for tried in row["tried"]] for row in rows])
    inside = np.array([[tried[1:3] for tried in row["tried"]] for row in rows])
    chosen = [int(np.delete(score, k, axis=0).mean(axis=0).argmax()) for k in range(len(rows))]
    within = np.array([inside[k, share] for k, share in enumerate(chosen)])
    return {
        "within_1": round(float(within[:, 0].mean()), 4),
        "within_196": round(float(within[:, 1].mean()), 4),
        "shares": sorted({SHARES[share] for share in chosen}),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure whether the stated sigma holds.")
    parser.add_argument("--rasters", type=Path, required=True)
    parser.add_argument(
        "--tiles", type=Path, help="a folder of tiles <row>/<column>.png to make rasters from"
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("coverage.json"))
    args = parser.parse_args()
    args.rasters.mkdir(parents=True, exist_ok=True)
    rows = []
    for number in SHARED_SCENES_MM:
        rows.append({"name": f"scene-{number}", **scene_row(number)})
        print(rows[-1], flush=True)
    facts = {"solver": solver_version(), "cross_validated": cross_validated(rows)}
    for name, (columns, lines) in RASTERS.items():
        raster = args.rasters / f"{name}.tif"
        if args.tiles:
            make_raster(args.tiles, columns, lines, raster)
        rows.append({"name": name, **raster_row(name, raster)})
        print(rows[-1], flush=True)
    write_json(args.out, facts, rows)


if __name__ == "__main__":
    main()
