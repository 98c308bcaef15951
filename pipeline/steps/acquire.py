"""Step acquire: any photograph becomes linear light with a mask (`photo.tif`) and facts (`photo.json`)."""

import logging
from pathlib import Path

from pipeline.config import LonLat, LookAt, PhotoSource, load_facts
from pipeline.photo.exif import sensor_width_mm
from pipeline.photo.night import check_night
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.reader import read_photo
from pipeline.photo.tiff import write_photo
from pipeline.steps.step import run_step, whole

log = logging.getLogger(__name__)


def acquire(
    picture: Path,
    facts: list[Path],
    source: PhotoSource,
    location: LonLat,
    light: Path,
    photo_facts: Path,
) -> None:
    """Read `picture`. Facts in the city's YAML win over those of the photo store (`facts`, none or one file),
    these over EXIF; without a look-at point the photo looks at the city's `location`."""
    reading = read_photo(picture)
    check_night(reading.photo, str(picture))

    known = reading.exif
    for file in facts:
        known = known.updated(load_facts(file))
    known = known.updated(source)

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
        "look_at": known.look_at or LookAt(lon=location.lon, lat=location.lat),
        "sensor_width_mm": known.sensor_width_mm or sensor_width_mm(known.camera),
        "id": source.name,
        "width": width,
        "height": height,
        "simulated": source.simulate is not None,
        "source": picture.name,
        "linearisation": reading.linearisation,
    }
    with whole(light) as tif, whole(photo_facts) as json:
        write_photo(reading.photo, tif)
        json.write_text(PhotoFacts(**stated).model_dump_json(indent=2) + "\n", encoding="utf-8")


if "snakemake" in globals():
    run_step(acquire, globals()["snakemake"])
