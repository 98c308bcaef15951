"""Step acquire: any photograph becomes linear light with a mask (`photo.tif`) and facts (`photo.json`)."""

import logging
from pathlib import Path

from pipeline.camera.earth import to_geodetic
from pipeline.camera.orbit import nearest, read_elements, station_state
from pipeline.config import load_facts
from pipeline.errors import FactsError
from pipeline.georeference.cities import place_named
from pipeline.models import Facts, LonLat, LookAt, PhotoSource
from pipeline.photo.exif import sensor_width_mm
from pipeline.photo.night import check_night
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.reader import read_photo
from pipeline.photo.tiff import write_photo
from pipeline.steps.step import run_step, whole

log = logging.getLogger(__name__)

UNKNOWN_RADIUS_KM = 1800.0


def acquire(
    picture: Path,
    facts: list[Path],
    source: PhotoSource,
    location: LonLat,
    tle: list[Path],
    light: Path,
    photo_facts: Path,
) -> None:
    """Read `picture`. Facts in the city's YAML win over those of the photo store (`facts`, none or one file),
    these over EXIF; without a look-at point the photo looks at the city's `location`. `tle` is the file of
    element sets where `source.tle` names one."""
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

    _, height, width = reading.photo.light.shape
    saturated, valid = reading.photo.saturated.mean(), reading.photo.valid.mean()
    log.info(
        "%s: %d x %d px, %.2f %% saturated, %.2f %% invalid",
        picture,
        width,
        height,
        100 * saturated,
        100 - 100 * valid,
    )
    stated = known.model_dump() | {
        "look_at": _look_at(known, location, source.name),
        "sensor_width_mm": known.sensor_width_mm or sensor_width_mm(known.camera),
        "id": source.name,
        "width": width,
        "height": height,
        "simulated": source.simulate is not None,
        "source": picture.name,
        "evidence": reading.evidence,
        "linearisation": reading.linearisation,
    }
    with whole(light) as tif, whole(photo_facts) as json:
        write_photo(reading.photo, tif)
        json.write_text(PhotoFacts(**stated).model_dump_json(indent=2) + "\n", encoding="utf-8")


def _below_orbit(known: Facts, name: str) -> Facts:
    """Facts with nadir and altitude by the element sets where these alone tell them."""
    if known.tle is None or known.taken_at is None:
        return known
    orbit = station_state(nearest(read_elements(known.tle, name), known.taken_at), known.taken_at)
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
