"""Photographs of known truth as (photo, prior, true camera), for tests and benchmarks of the georeference."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, distance_km
from pipeline.camera.prior import Prior, prior_from_facts
from pipeline.models import Facts
from pipeline.photo.photo import Photo


@dataclass(frozen=True)
class Landmark:
    """A light that is known, and where it is seen in the whole photo."""

    name: str
    lon: float
    lat: float
    column_px: float
    row_px: float


# Read by eye, to about a pixel: 280 m around Osaka, 120 m around Los Angeles.
LANDMARKS = {
    "ISS030-E-184140": (
        Landmark("Kansai airport's bridge at the mainland's shore", 135.300, 34.411, 400.5, 242),
        Landmark("Osaka station", 135.496, 34.7025, 273.5, 282.5),
        Landmark("Namba", 135.501, 34.6665, 282, 270),
        Landmark("Kyoto station", 135.759, 34.986, 128, 309),
    ),
    "ISS040-E-91208": (
        Landmark("Dodger Stadium", -118.240, 34.0738, 1012.5, 505),
        Landmark("runways of Ontario airport", -117.601, 34.056, 557.5, 669.5),
        Landmark("terminals of Los Angeles airport, in haze", -118.405, 33.943, 1086.5, 342),
        Landmark("pier at Santa Monica, in haze", -118.497, 34.009, 1177, 377),
    ),
}


def photo_of(picture: Array) -> Photo:
    """An 8-bit sRGB picture (height, width, 3) as linear light."""
    code = np.moveaxis(np.asarray(picture, np.float32), -1, 0) / 255
    light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return Photo(light, (code >= 0.95).any(axis=0))


def prior_of(facts: Facts, photo: Photo) -> Prior:
    _, height, width = photo.light.shape
    assert facts.look_at is not None
    return prior_from_facts(facts, facts.look_at, width, height, "test")


def rendered_scene(shared: Path, number: int) -> tuple[Photo, Prior, Camera]:
    folder = shared / "scenes"
    stated = json.loads((folder / f"scene-{number}.facts.json").read_text())
    lon, lat = stated["nadir_lonlat"]
    centre = stated["centre_lonlat"]
    facts = Facts(
        nadir={"lon": lon, "lat": lat},
        altitude_km=stated["altitude_km"],
        focal_length_mm=stated["focal_length_mm"],
        sensor_width_mm=stated["sensor_width_mm"],
        look_at={"lon": centre[0], "lat": centre[1]},
    )
    photo = photo_of(np.asarray(Image.open(folder / f"scene-{number}.jpg")))
    truth = Camera.from_dict(json.loads((folder / f"scene-{number}.truth.json").read_text()))
    return photo, prior_of(facts, photo), truth


def real_photo(shared: Path, name: str) -> tuple[Photo, Prior]:
    values = yaml.safe_load((shared / "photos" / f"{name}.yaml").read_text())
    values.pop("id")
    photo = photo_of(np.asarray(Image.open(shared / "photos" / f"{name}.jpg").convert("RGB")))
    return photo, prior_of(Facts(**values), photo)


def check_points(shared: Path, name: str) -> tuple[Array, Array, Array, Array]:
    """Longitude, latitude, column and row of check points; never used to fit."""
    with (shared / "photos" / f"{name}.check.csv").open() as file:
        rows = list(csv.DictReader(file))
    lon, lat, column, row = (
        np.array([float(r[key]) for r in rows]) for key in ("lon", "lat", "column_px", "row_px")
    )
    return lon, lat, column, row


def true_error(camera: Camera, truth: Camera) -> tuple[float, float]:
    """RMSE over the frame between two cameras: px at fixed ground, m at fixed pixels."""
    column, row = np.meshgrid(np.linspace(0, truth.width - 1, 25), np.linspace(0, truth.height - 1, 25))
    lon, lat = truth.to_ground(column, row)
    there = np.stack(camera.project(lon, lat)) - (column, row)
    metres = 1e3 * distance_km(lon, lat, *camera.to_ground(column, row))
    return float(np.sqrt(np.nanmean((there**2).sum(0)))), float(np.sqrt(np.nanmean(metres**2)))
