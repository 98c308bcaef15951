"""Step acquire: any photograph becomes linear light with a mask (`photo.tif`) and facts (`photo.json`)."""

import logging
from pathlib import Path

import numpy as np

from pipeline.camera.earth import to_geodetic
from pipeline.camera.orbit import nearest, parse_elements, station_state
from pipeline.config import load_facts
from pipeline.errors import FactsError
from pipeline.files import atomic_write
from pipeline.ground.cities import place_named
from pipeline.models import CameraRow, Facts, LonLat, LookAt, PhotoSource
from pipeline.photo.cameras import camera_named, read_cameras
from pipeline.photo.exif import sensor_width_mm
from pipeline.photo.flare import without_flare
from pipeline.photo.hot_pixels import isolated
from pipeline.photo.night import check_night
from pipeline.photo.photo import Photo, PhotoFacts
from pipeline.photo.reader import read_photo
from pipeline.photo.reading import Reading
from pipeline.photo.structure import without_structure
from pipeline.photo.tiff import write_photo
from pipeline.photo.vignetting import NONE, corrected, read_vignetting
from pipeline.steps.step import run_step

log = logging.getLogger(__name__)

UNKNOWN_RADIUS_KM = 1800.0


def acquire(
    picture: Path,
    facts: list[Path],
    source: PhotoSource,
    location: LonLat,
    tle: list[Path],
    vignetting: list[Path],
    cameras: Path,
    own_cameras: dict[str, CameraRow],
    light: Path,
    photo_facts: Path,
) -> None:
    """Read `picture`. Facts in the city's YAML win over those of the photo store (`facts`, none or one file),
    these over EXIF; without a look-at point the photo looks at the city's `location`. `tle` is the file of
    element sets where `source.tle` names one, `vignetting` that of the lens, if there is one. A raw photo is
    anchored where its camera is in the table `cameras` or among the city's `own_cameras`, which win."""
    reading = read_photo(picture)
    check_night(reading.photo, str(picture))

    known = reading.exif
    for file in facts:
        known = known.updated(load_facts(file))
    known = known.updated(source)
    if tle:
        # A byte that is no text breaks the line it stands in, which is then named.
        known = known.model_copy(update={"tle": tle[0].read_text(encoding="utf-8", errors="replace")})
    known = _below_orbit(known, str(tle[0]) if tle else f"{source.name}: tle")

    photo, hot = _without_hot_pixels(reading)
    photo, station = without_structure(photo)
    if station:
        log.info("%s: a part of the station hides %.1f %% of the frame", picture, 100 * station)
    photo, flare = without_flare(photo)
    if flare:
        log.info("%s: ghosts of a bright light are masked, %d pixels", picture, flare)
    lens = read_vignetting(vignetting[0]) if vignetting else NONE
    photo = photo if lens == NONE else corrected(photo, lens)

    _, height, width = photo.light.shape
    saturated, valid = photo.saturated.mean(), photo.valid.mean()
    log.info(
        "%s: %d x %d px, %.2f %% saturated, %.2f %% invalid",
        picture,
        width,
        height,
        100 * saturated,
        100 - 100 * valid,
    )
    raw = reading.evidence != "jpeg"
    anchor = camera_named(known.camera, {**read_cameras(cameras), **own_cameras}) if raw else None
    unanchored = _unanchored(known, cameras) if raw and anchor is None else None
    colours = unanchored or (f"colours anchored ({anchor.source})" if anchor else "colours not anchored")
    log.info("%s: %s; vignetting %s; hot pixels: %s", source.name, colours, lens.describe(), hot)
    stated = known.model_dump() | {
        "look_at": _look_at(known, location, source.name),
        "sensor_width_mm": known.sensor_width_mm or _sensor_width_mm(known.camera, anchor, width),
        "id": source.name,
        "width": width,
        "height": height,
        "simulated": source.simulate is not None,
        "source": picture.name,
        "evidence": "raw_anchored" if anchor else reading.evidence,
        "linearisation": reading.linearisation,
        "anchor": anchor,
        "unanchored": unanchored,
        "vignetting": lens.describe(),
        "hot_pixels": hot,
        "station_share": round(station, 4),
        "flare_pixels": flare,
    }
    with atomic_write(light) as tif, atomic_write(photo_facts) as json:
        write_photo(photo, tif)
        json.write_text(PhotoFacts(**stated).model_dump_json(indent=2) + "\n", encoding="utf-8")


def _without_hot_pixels(reading: Reading) -> tuple[Photo, int | None]:
    """The photo with isolated hot pixels invalid, and their number. Of a JPEG they are not looked for: there
    compression has spread them, and made small lamps as lonely."""
    photo = reading.photo
    if reading.evidence == "jpeg":
        return photo, None
    hot = isolated(photo)
    light = np.where(hot, np.float32(np.nan), photo.light)
    return Photo(light, photo.saturated & ~hot), int(hot.sum())


def _unanchored(known: Facts, cameras: Path) -> str:
    """Why a raw photo's colours are tied to no scale, and what would do it."""
    if known.camera is None:
        return "its camera is not known; name it with `camera` in the city's YAML"
    return (
        f"its camera, {known.camera!r}, is neither in {cameras.name} nor under `cameras` in the city's YAML"
    )


def _sensor_width_mm(name: str | None, anchor: CameraRow | None, width: int) -> float | None:
    """Of a binned raw frame by its pixels, two of the sensor's wide; else by the camera's name."""
    return 2 * width * anchor.pixel_um / 1e3 if anchor else sensor_width_mm(name)


def _below_orbit(known: Facts, name: str) -> Facts:
    """Facts with nadir and altitude by the element sets where these alone tell them."""
    if known.tle is None or known.taken_at is None:
        return known
    orbit = station_state(nearest(parse_elements(known.tle, name), known.taken_at), known.taken_at)
    lon, lat, height_m = (float(v) for v in to_geodetic(orbit.position_ecef_m))
    return known.model_copy(
        update={
            "nadir": known.nadir or LonLat(lon=lon, lat=lat),
            "altitude_km": known.altitude_km or height_m / 1e3,
        }
    )


def _look_at(known: Facts, location: LonLat, name: str) -> LookAt:
    """Where a photo looks, as a place: a city's name is looked up, `unknown` is all the station can see."""
    aim = known.look_at
    if aim is None:
        return LookAt(lon=location.lon, lat=location.lat)
    if isinstance(aim, LookAt):
        return aim
    if aim == "unknown":
        if known.nadir is None:
            raise FactsError(f"{name}: look_at = 'unknown': needs nadir, or tle with taken_at")
        return LookAt(lon=known.nadir.lon, lat=known.nadir.lat, radius_km=UNKNOWN_RADIUS_KM)
    lon, lat = place_named(aim, known.nadir or location, f"{name}: look_at")
    return LookAt(lon=lon, lat=lat)


if "snakemake" in globals():
    run_step(acquire, globals()["snakemake"])
