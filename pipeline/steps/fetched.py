"""What the steps share that fetch the ground of a photo: where it lies, and what is said where that fails."""

import logging
import math
import sys
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from pipeline.camera.prior import Prior
from pipeline.camera.reach import reach_km
from pipeline.camera.terrain import Bounds
from pipeline.files import atomic_write
from pipeline.georeference.photo_pass import prior_and_orbit
from pipeline.ground.fetched import PROBLEM
from pipeline.photo.photo import PhotoFacts

log = logging.getLogger(__name__)

KM_PER_DEGREE = 111.2
WIDEST_DEG = 60.0  # of longitude, to either side: near the poles a kilometre is many degrees


def facts_and_prior(photo_facts: Path) -> tuple[PhotoFacts, Prior]:
    """Of a photo after the step acquire."""
    facts = PhotoFacts.model_validate_json(photo_facts.read_text(encoding="utf-8"))
    return facts, prior_and_orbit(facts)[0]


def bounds_around(lon: float, lat: float, reach_km: float) -> Bounds:
    """Degrees around a place."""
    high = reach_km / KM_PER_DEGREE
    wide = min(high / max(math.cos(math.radians(lat)), 1e-3), WIDEST_DEG)
    return lon - wide, max(lat - high, -90.0), lon + wide, min(lat + high, 90.0)


def ground_of(prior: Prior) -> Bounds:
    """All ground that a photo may show."""
    return bounds_around(prior.look_at.lon, prior.look_at.lat, reach_km(prior))


def said(photo: str, file: Path, problem: str) -> dict[str, str]:
    """Tell the user that a file could not be fetched, in the log and on the terminal; gives what the file is
    to tell of itself."""
    log.warning("%s: %s", photo, problem)
    print(f"{photo}: {problem} To try again, delete {file}.", file=sys.stderr)
    return {PROBLEM: problem}


def write_raster(
    file: Path, values: NDArray[np.float32], crs: str, transform: Affine, told: dict[str, str]
) -> None:
    """One band as a GeoTIFF that tells of itself."""
    profile = {
        "driver": "GTiff",
        "height": values.shape[0],
        "width": values.shape[1],
        "count": 1,
        "dtype": "float32",
        "crs": crs,
        "transform": transform,
        "compress": "deflate",
        "predictor": 3,
        "tiled": True,
    }
    with atomic_write(file) as part, rasterio.open(part, "w", **profile) as raster:
        raster.write(values, 1)
        raster.update_tags(**told)


def write_nothing(file: Path, told: dict[str, str]) -> None:
    """A raster of one dark cell, the world, that only tells why it is empty."""
    world = Affine(360, 0, -180, 0, -180, 90)
    write_raster(file, np.zeros((1, 1), np.float32), "EPSG:4326", world, told)
