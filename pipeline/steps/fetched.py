"""What the steps share that fetch the ground of a photo: what is said and written where that fails."""

import logging
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray

from pipeline.camera.prior import Prior
from pipeline.errors import DownloadError
from pipeline.files import atomic_write
from pipeline.georeference.photo_pass import prior_and_orbit
from pipeline.ground.fetched import PROBLEM
from pipeline.photo.photo import PhotoFacts

log = logging.getLogger(__name__)

BY_CITIES = "by cities and what else is there, less surely"


@dataclass(frozen=True, eq=False)
class Raster:
    """One band (rows, columns) on a map, and what is to be told of it."""

    values: NDArray[np.float32]
    crs: str
    transform: Affine
    told: dict[str, str]


def facts_and_prior(photo_facts: Path) -> tuple[PhotoFacts, Prior]:
    """Of a photo after the step acquire."""
    facts = PhotoFacts.model_validate_json(photo_facts.read_text(encoding="utf-8"))
    return facts, prior_and_orbit(facts)[0]


def said(whose: str, file: Path, problem: str) -> dict[str, str]:
    """Tell the user that a file could not be fetched, in the log and on the terminal; gives what the file is
    to tell of itself."""
    log.warning("%s: %s", whose, problem)
    print(f"{whose}: {problem} To try again, delete {file}.", file=sys.stderr)
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


def write_raster_or_why(
    photo: str, file: Path, what: str, fetched: Callable[[], Raster], instead: str
) -> None:
    """Write what `fetched` gives; where it raises DownloadError, say so and write a raster of one dark cell,
    the world, that only tells why it is empty."""
    try:
        found = fetched()
    except DownloadError as error:
        told = said(photo, file, not_fetched(what, error, instead))
        world = Affine(360, 0, -180, 0, -180, 90)
        found = Raster(np.zeros((1, 1), np.float32), "EPSG:4326", world, told)
    write_raster(file, found.values, found.crs, found.transform, found.told)


def not_fetched(what: str, error: DownloadError, instead: str) -> str:
    """The sentence that says so: what was asked for by which key, and what the photo is placed by."""
    return f"{what} could not be fetched ({error}): the photo is placed {instead}."
