"""Photographs of known truth as (photo, prior, true camera), for tests and benchmarks of the georeference.

`simulated` makes them on the spot; `rendered_scene` and `real_photo` read the check material, where it is.
"""

import csv
import json
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import yaml
from PIL import Image

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, distance_km
from pipeline.camera.prior import Prior, prior_from_facts
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.ground.cities import gazetteer
from pipeline.models import Facts, LookAt
from pipeline.photo.photo import Photo
from pipeline.simulate.render import render
from pipeline.simulate.scene import (
    AACHEN,
    LIEGE,
    MAASTRICHT,
    SHAPE,
    WORLD,
    lights_seen,
    simulate_frame,
    view,
)
from pipeline.steps.simulate import read_ground
from tests.scenes.skies import to_light

YEAR = 2012
LYON = (4.85, 45.75)
# Half the usual width: the search works on 256 to 640 px, and the picture takes half the time.
HALF = (SHAPE[0] // 2, SHAPE[1] // 2)
# Linear R, G, B of a country's light where it has but one colour, as the rendered scenes have it.
TONES = {
    "BE": (1.0, 0.55, 0.1),
    "LU": (1.0, 0.58, 0.14),
    "NL": (1.0, 0.68, 0.26),
    "DE": (1.0, 0.8, 0.36),
    "": (1.0, 0.64, 0.2),
}


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

# The centroid of the brightest light of the frame, by its pixels, which is of the streets of Susukino.
SAPPORO_LANDMARKS = (Landmark("Susukino, the middle of Sapporo", 141.3535, 43.0555, 253.0, 218.1),)


@dataclass(frozen=True)
class LandmarkError:
    """How far a camera puts a landmark from where it is (pixels of the file; m on the ground, NaN where it
    sees sky), the stated sigma there and the error of reading it, a pixel of the file (m)."""

    away_px: float
    away_m: float
    sigma_m: float
    reading_m: float

    @property
    def sigmas(self) -> float:
        """How many stated sigmas off."""
        return self.away_m / self.sigma_m

    @property
    def sigmas_with_reading(self) -> float:
        """The same where the error of reading counts too."""
        return self.away_m / float(np.hypot(self.sigma_m, self.reading_m))


def landmark_error(found: SolvedCamera, mark: Landmark, scale: float = 1.0) -> LandmarkError:
    """Of a solved photo that has `scale` pixels for one of its file, in which landmarks are read."""
    column_px, row_px = ((v + 0.5) * scale - 0.5 for v in (mark.column_px, mark.row_px))
    column, row = found.camera.project(mark.lon, mark.lat)
    there = found.camera.to_ground(column_px, row_px)
    return LandmarkError(
        float(np.hypot(column - column_px, row - row_px)) / scale,
        1e3 * float(distance_km(mark.lon, mark.lat, *there)),
        float(found.ground_sigma_m(mark.lon, mark.lat)),
        float(found.camera.ground_sample_distance_m(mark.lon, mark.lat)) * scale,
    )


def photo_of(picture: Array) -> Photo:
    """An 8-bit sRGB picture (height, width, 3) as linear light."""
    code = np.moveaxis(np.asarray(picture, np.float32), -1, 0)
    return Photo(to_light(code).astype(np.float32), (code / 255 >= 0.95).any(axis=0))


def prior_of(facts: Facts, photo: Photo) -> Prior:
    _, height, width = photo.light.shape
    return prior_in(facts, width, height)


def prior_in(facts: Facts, width: int, height: int) -> Prior:
    """What facts with a look-at point tell of a photo of this size."""
    assert isinstance(facts.look_at, LookAt)
    return prior_from_facts(facts, facts.look_at, width, height, "test")


@lru_cache(maxsize=4)
def simulated(
    focal_length_mm: float = 85.0, seed: int = 11, aim: tuple[float, float] = LYON
) -> tuple[Photo, Prior, Camera]:
    """Towns anywhere on Earth through our simulator, HALF its usual size; made once in a process.

    Its light is spread about the points of the same gazetteer that solves it: the smallest error that can be
    asked for, not what a real photo gives. The arrays cannot be written to, since many tests look at them.
    """
    frame = simulate_frame(seed, YEAR, aim=aim, must_see=(), focal_length_mm=focal_length_mm, shape=HALF)
    photo = photo_of(frame.picture)
    for array in (photo.light, photo.saturated):
        array.flags.writeable = False
    return photo, prior_of(frame.facts, photo), frame.camera


def simulated_facts(focal_length_mm: float, seed: int, aim: tuple[float, float]) -> Facts:
    """What is told of the photo that `simulated` makes."""
    return view(seed, YEAR, aim, (), focal_length_mm, (15.0, 35.0), HALF)[1]


def unlit(focal_length_mm: float = 85.0, seed: int = 11) -> tuple[Prior, Camera]:
    """What is told of a photo over Belgium and its true camera, where no picture is needed."""
    camera, facts = view(seed, YEAR, (5.92, 50.72), (), focal_length_mm, (15.0, 35.0), SHAPE)
    return prior_in(facts, camera.width, camera.height), camera


def toned_countries() -> tuple[Photo, Camera]:
    """The demo's ground at 85 mm, and its true camera; all light of a country has the colour in TONES."""
    data = Path(__file__).parents[2] / "data"
    maps = (data / name for name in ("streets_liege.parquet", "motorways.gpkg", "borders.gpkg"))
    ground = read_ground(*maps, gazetteer())
    camera, _ = view(2, YEAR, (5.92, 50.72), (LIEGE, MAASTRICHT, AACHEN), 85.0, (15.0, 35.0), HALF)
    lamps = lights_seen(camera, WORLD, YEAR, ground)
    rgb = np.array([TONES.get(country, TONES[""]) for country in lamps.country])
    power = lamps.rgb.sum(axis=1) / rgb.sum(axis=1)
    return photo_of(render(camera, replace(lamps, rgb=rgb * power[:, None]), seed=2)), camera


def planted_tones(rgb: dict[str, tuple[float, float, float]]) -> dict[str, float]:
    """log2(G/R) of each country's light."""
    return {country: float(np.log2(green / red)) for country, (red, green, _) in rgb.items()}


def rendered_facts(shared: Path, number: int) -> Facts:
    """What a catalogue would tell of a rendered scene."""
    stated = json.loads((shared / "scenes" / f"scene-{number}.facts.json").read_text())
    lon, lat = stated["nadir_lonlat"]
    centre = stated["centre_lonlat"]
    return Facts(
        nadir={"lon": lon, "lat": lat},
        altitude_km=stated["altitude_km"],
        focal_length_mm=stated["focal_length_mm"],
        sensor_width_mm=stated["sensor_width_mm"],
        look_at={"lon": centre[0], "lat": centre[1]},
    )


def rendered_scene(shared: Path, number: int) -> tuple[Photo, Prior, Camera]:
    folder = shared / "scenes"
    photo = photo_of(np.asarray(Image.open(folder / f"scene-{number}.jpg")))
    truth = Camera.from_dict(json.loads((folder / f"scene-{number}.truth.json").read_text()))
    return photo, prior_of(rendered_facts(shared, number), photo), truth


def real_photo(shared: Path, name: str, long_side_px: int | None = None) -> tuple[Photo, Prior]:
    """A photo and what its facts tell; `long_side_px` resamples it."""
    values = yaml.safe_load((shared / "photos" / f"{name}.yaml").read_text())
    values.pop("id")
    picture = Image.open(shared / "photos" / f"{name}.jpg").convert("RGB")
    if long_side_px is not None:
        scale = long_side_px / max(picture.size)
        picture = picture.resize(
            (round(picture.width * scale), round(picture.height * scale)), Image.Resampling.LANCZOS
        )
    photo = photo_of(np.asarray(picture))
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
