"""Two camera raw files of the Liège region whose every lamp is known, and what is to be measured in them.

Towns lie where the simulation lays them out. Each country burns one lamp everywhere, Germany another one ten
years later, so that whatever is measured of a country has one right answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array
from pipeline.models import CameraRow, Facts
from pipeline.photo.cameras import read_cameras
from pipeline.simulate.lights import CountryMap, LampPoints
from pipeline.simulate.render import Optics, exposed, noisy
from pipeline.simulate.scene import AACHEN, LIEGE, MAASTRICHT, SIMULATED_SENSOR_MM, WORLD, lights_seen, view
from pipeline.tone.responses import Response, ab_ratios, carried_response, spectra, transmission
from tests.scenes.dng import ASCII, RATIONAL, SHORT, codes, mosaic, write_dng

DATA = Path(__file__).parents[2] / "data"
CAMERA = "NIKON D3S"
SAMPLES = (1200, 800)  # width and height of the mosaic: a piece of the sensor
LENS_MM = 50.0  # a pixel of 2 x 2 samples is 150 m wide
BLACK, WHITE = 600, 16383
AIM = (5.95, 50.72)
AIM_RADIUS_KM = 25.0  # the simulation's hidden cameras look up to three sigma, 22 km, beside their aim
# Both photos look down at about the same angle, so that one air is right for both.
OFF_NADIR_DEG = (18.0, 20.0)
VIEW_ZENITH_DEG = 20.5
AEROSOL_DEPTH = 0.1  # the default of the city's YAML
# In samples, which are half as wide as the pixels that the simulation's own optics counts in. Raw has neither
# demosaicing nor white balance: noise is white, and alike in all colours. Glow is less than the simulation's:
# it carries a country's light over its border, which is no matter of raw files. One vignetting in all colours
# leaves tone alone.
OPTICS = Optics(
    spread=((1.2, 0.97), (10.0, 0.02), (80.0, 0.01)),
    vignetting=(0.3, 0.3, 0.3),
    full_well_e=2000.0,
    read_noise_e=(4.0, 4.0, 4.0),
    noise_blur_px=(0.0, 0.0, 0.0),
)


@dataclass(frozen=True, eq=False)
class Night:
    """What is photographed: by country its lamp (a spectrum of `colour-science`) and its brightness, the
    green light of a lamp; `exposure` is a factor on all light."""

    year: int
    seed: int
    lamps: Mapping[str, str]
    brightness: Mapping[str, float]
    exposure: float

    @property
    def photo(self) -> str:
        return f"raw-{self.year}"


_OLD = {"BE": "C100S54 (HPS)", "DE": "F32T8/TL841 (Triphosphor)", "NL": "LPS"}
BEFORE = Night(2012, 3, _OLD, {"BE": 1.0, "DE": 1.0, "NL": 1.0}, exposure=1.0)
AFTER = Night(2022, 4, _OLD | {"DE": "LED-B5"}, {"BE": 1.0, "DE": 0.7, "NL": 1.0}, exposure=1.2)
NIGHTS = (BEFORE, AFTER)


def camera_row() -> CameraRow:
    return read_cameras(DATA / "cameras.csv")["D3S"]


def raw_colour(lamp: str) -> Array:
    """Raw red, green and blue of a lamp seen through the air, green 1."""
    rgb = _through_air(lamp) @ _response().sensitivity
    return np.asarray(rgb / rgb[1])


def planted_tone(lamp: str) -> tuple[float, float]:
    """log2(G/R) and log2(B/G) in AB of a lamp seen through the air."""
    g_r, b_g = np.log2(ab_ratios(_response(), _through_air(lamp)[None])[0])
    return float(g_r), float(b_g)


def planted_light(night: Night, country: str) -> float:
    """Raw red and green light of a country's lamp, on one scale for all countries and nights."""
    return float(night.brightness[country] * raw_colour(night.lamps[country])[:2].sum())


def _response() -> Response:
    return carried_response("D3S", camera_row().xyz_to_camera)


def _through_air(lamp: str) -> Array:
    return np.asarray(spectra((lamp,))[0] * transmission(AEROSOL_DEPTH, VIEW_ZENITH_DEG))


@lru_cache(maxsize=2)
def planted_picture(night: Night) -> Array:
    """The light that falls on the samples, (3, height, width), white at 1, without noise."""
    camera, _ = _view(night)
    return night.exposure * exposed(camera, _lamps(night, camera), OPTICS)


def write_raw_photo(folder: Path, night: Night) -> dict[str, Any]:
    """The night as `<photo>.dng`, and its photo as the city's YAML names it."""
    _, facts = _view(night)
    samples = codes(mosaic(noisy(planted_picture(night), night.seed, OPTICS)), BLACK, WHITE)
    assert facts.taken_at is not None
    exif = {
        33434: (RATIONAL, [facts.exposure_s]),
        33437: (RATIONAL, [facts.aperture]),
        34855: (SHORT, [facts.iso]),
        36867: (ASCII, facts.taken_at.strftime("%Y:%m:%d %H:%M:%S")),
        37386: (RATIONAL, [LENS_MM]),
    }
    file, maker = folder / f"{night.photo}.dng", "NIKON CORPORATION"
    write_dng(file, samples, "RGGB", (BLACK,), WHITE, camera=CAMERA, maker=maker, exif=exif)
    look_at = {"lon": AIM[0], "lat": AIM[1], "radius_km": AIM_RADIUS_KM}
    return {"path": str(file), "look_at": look_at, **facts.model_dump(include={"nadir", "altitude_km"})}


def true_camera(night: Night) -> Camera:
    """The hidden camera of the photo's pixels, each 2 x 2 samples."""
    camera, _ = _view(night)
    x, y = camera.principal_point_px
    return Camera(
        camera.position_ecef_m,
        camera.rotation_ecef_to_camera,
        camera.focal_px / 2,
        ((x - 0.5) / 2, (y - 0.5) / 2),
        camera.width // 2,
        camera.height // 2,
        k1=camera.k1,
    )


def _view(night: Night) -> tuple[Camera, Facts]:
    """The hidden camera of the samples, and what the catalogue tells."""
    # `view` knows whole sensors only: a piece of one sees as much as the whole does through a longer lens.
    enlarged = SIMULATED_SENSOR_MM / (SAMPLES[0] * camera_row().pixel_um / 1e3)
    must_see = (LIEGE, MAASTRICHT, AACHEN)
    return view(night.seed, night.year, AIM, must_see, enlarged * LENS_MM, OFF_NADIR_DEG, SAMPLES)


def _lamps(night: Night, camera: Camera) -> LampPoints:
    """The simulation's lamps of 2012, in the colours and brightness that the night plants."""
    layout = lights_seen(camera, WORLD, 2012, None)
    table = gpd.read_file(DATA / "borders.gpkg", layer="countries")
    country = CountryMap(tuple(table["country"]), tuple(table.geometry)).at(layout.lon, layout.lat)
    rgb = np.zeros_like(layout.rgb)
    for code, lamp in night.lamps.items():
        own = country == code
        power = night.brightness[code] * layout.rgb[own].mean(axis=1)
        rgb[own] = power[:, None] * raw_colour(lamp)
    return LampPoints(layout.lon, layout.lat, rgb, country)[rgb.any(axis=1)]
