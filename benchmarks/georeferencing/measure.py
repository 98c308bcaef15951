"""One solve, and how far its camera and its stated uncertainty are from the truth.

Errors are taken over the frame as far as it is mapped: ground seen at a view zenith of up to 70 degrees.
"""

import time

import numpy as np

from benchmarks.georeferencing.runner import Row
from pipeline.camera.camera import Camera
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import Array, distance_km, east_north_up, to_ecef
from pipeline.camera.footprint import MAX_ZENITH_DEG
from pipeline.camera.prior import Prior
from pipeline.camera.uncertainty import ground_sigma_m
from pipeline.georeference.extent import Extent
from pipeline.georeference.solve import Solution, solve
from pipeline.ground.cities import gazetteer
from pipeline.photo.photo import Photo

ERROR_LATTICE, COVERAGE_LATTICE = 25, 9
LOST_M = 1e6  # the error where a camera sees sky instead of ground


def solved(photo: Photo, prior: Prior, extent: Extent | None = None) -> tuple[Solution, Row]:
    """The solution, and its own account of itself."""
    cities = gazetteer()
    start, busy = time.perf_counter(), time.process_time()
    solution = solve(photo, prior, cities, extent=extent)
    seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - busy
    return solution, {
        "accepted": bool(solution.accepted),
        "probability": float(solution.verdict.false_alarm_probability),
        "agreement": float(solution.verdict.agreement),
        "chance": [round(float(v), 4) for v in solution.verdict.chance],
        "held_out": float(solution.verdict.held_out_probability),
        "matched": round(float(solution.matched_patches), 1),
        "patches": int(solution.patches),
        "method": solution.method,
        "reason": solution.reason,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(cpu_seconds, 2),
    }


def mapped(truth: Camera, side: int) -> tuple[Array, Array, Array, Array]:
    """Column, row, longitude and latitude of a lattice of side x side pixels, without sky and far ground."""
    column, row = np.meshgrid(np.linspace(0, truth.width - 1, side), np.linspace(0, truth.height - 1, side))
    lon, lat = truth.to_ground(column, row)
    near = np.isfinite(lon)
    near[near] = truth.view(lon[near], lat[near])[0] <= MAX_ZENITH_DEG
    return column[near], row[near], lon[near], lat[near]


def against_camera(solution: Solution, truth: Camera) -> Row:
    """RMSE over the frame, in px at fixed ground and in m at fixed pixels, and the coverage of its sigma."""
    column, row, lon, lat = mapped(truth, ERROR_LATTICE)
    return errors(solution.camera, column, row, lon, lat) | coverage(solution, truth)


def errors(camera: Camera, column: Array, row: Array, lon: Array, lat: Array) -> Row:
    """RMSE of a camera at pixels (column, row) that show known ground (degrees)."""
    away_px = np.hypot(*(np.stack(camera.project(lon, lat)) - (column, row)))
    away_px = np.where(np.isfinite(away_px), away_px, camera.width)
    away_m = 1e3 * distance_km(lon, lat, *camera.to_ground(column, row))
    away_m = np.where(np.isfinite(away_m), away_m, LOST_M)
    return {
        "rmse_px": float(np.sqrt((away_px**2).mean())),
        "rmse_m": float(np.sqrt((away_m**2).mean())),
    }


def coverage(solution: Solution, truth: Camera) -> Row:
    """Errors east and north over the stated sigma of each axis: shares within 1 and 1.96, mean square."""
    column, row, lon, lat = mapped(truth, COVERAGE_LATTICE)
    found_lon, found_lat = solution.camera.to_ground(column, row)
    moved_m = to_ecef(found_lon, found_lat) - to_ecef(lon, lat)
    east_north = (east_north_up(lon, lat)[..., :2, :] @ moved_m[..., None])[..., 0]
    sigma_m = ground_sigma_m(solution.camera, PARAMETERS, solution.covariance, found_lon, found_lat)
    ratio = np.abs(east_north / sigma_m[..., None])
    ratio = ratio[np.isfinite(ratio)]
    if not ratio.size:
        return {"within_1": None, "within_196": None, "mean_square": None, "sigma_m": None}
    return {
        "within_1": float((ratio <= 1).mean()),
        "within_196": float((ratio <= 1.96).mean()),
        "mean_square": float((ratio**2).mean()),
        "sigma_m": float(np.nanmedian(sigma_m)),
    }
