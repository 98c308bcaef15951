"""Step acquire: any photograph becomes linear light with a mask (`photo.tif`) and facts (`photo.json`)."""

import logging
from pathlib import Path

from pipeline.config import load_facts, with_elements
from pipeline.errors import FactsError
from pipeline.files import atomic_write, json_text
from pipeline.ground.cities import place_named
from pipeline.models import CameraRow, Facts, LonLat, PhotoSource
from pipeline.photo.cameras import anchor_of, camera_named, read_cameras
from pipeline.photo.crop import Cut, cut_of
from pipeline.photo.facts import frame_width_mm, joined, look_at_point, with_orbit
from pipeline.photo.masking import Masked, masked
from pipeline.photo.night import check_night, sun_over
from pipeline.photo.photo import Photo, PhotoFacts
from pipeline.photo.reader import read_photo
from pipeline.photo.reading import Reading
from pipeline.photo.tiff import write_photo
from pipeline.photo.vignetting import NONE, corrected, read_vignetting
from pipeline.steps.step import run_step

log = logging.getLogger(__name__)


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
    """Read `picture`. Facts in the city's YAML win over those of the photo store (`facts`: no file or
    one), these over EXIF; without a look-at point the photo looks at the city's `location`. `tle` is the file
    of element sets if `source.tle` names one, `vignetting` the file of the lens if there is one. A raw photo
    is anchored if its camera is in the table `cameras` or among the city's `own_cameras`, which win."""
    reading = read_photo(picture)
    known = joined(reading.exif, *map(load_facts, facts), source)
    elements = tle[0] if tle else None
    known = with_orbit(with_elements(known, elements), str(elements or f"{source.name}: tle"))
    look_at = look_at_point(known, location, source.name, place_named)
    check_night(reading.photo, str(picture), sun_over(known, look_at) if source.simulate is None else None)
    known_cameras = {**read_cameras(cameras), **own_cameras}
    anchor = anchor_of(reading.evidence, known.camera, known_cameras, cameras.name)
    height, width = reading.photo.size
    known = known.model_copy(update={"sensor_width_mm": frame_width_mm(known, anchor.camera, width)})
    cut = _cut(known, reading, camera_named(known.camera, known_cameras), source)
    # The middle of a lens, from which ghosts and vignetting are told, is not that of a part of its frame.
    ground = masked(reading, whole=not cut.frames)
    lens = read_vignetting(vignetting[0]) if vignetting and not cut.frames else NONE
    photo = corrected(ground.photo, lens)
    _log(picture, photo, ground)
    hot, colours = ground.hot_pixels, anchor.describe()
    log.info("%s: %s; vignetting %s; hot pixels: %s", source.name, colours, lens.describe(), hot)
    stated = known.model_dump() | {
        "look_at": look_at,
        "id": source.name,
        "width": width,
        "height": height,
        "full_frames": cut.frames,
        "cut": cut.reason,
        "simulated": source.simulate is not None,
        "source": picture.name,
        "evidence": anchor.evidence,
        "linearisation": reading.linearisation,
        "tone_systematic": round(reading.errors.tone_systematic, 4),
        "colour_codes": round(reading.errors.colour_codes, 3),
        "anchor": anchor.camera,
        "unanchored": anchor.missing,
        "vignetting": lens.describe(),
        "hot_pixels": hot,
        "station_share": round(ground.station_share, 4),
        "flare_pixels": ground.flare_pixels,
    }
    with atomic_write(light) as tif, atomic_write(photo_facts) as json:
        write_photo(photo, tif)
        json.write_text(json_text(PhotoFacts(**stated).model_dump(mode="json")), encoding="utf-8")


def _cut(known: Facts, reading: Reading, camera: CameraRow | None, source: PhotoSource) -> Cut:
    """What the picture was cut from. A raw file and a simulated frame are whole."""
    if reading.evidence == "jpeg" and source.simulate is None:
        height, width = reading.photo.size
        cut = cut_of(known, (width, height), reading.exif_size, camera, source.name)
        if cut.reason:
            log.info("%s: counts as a part of a full frame: %s", source.name, cut.reason)
        return cut
    if known.crop is not None:
        raise FactsError(f"{source.name}: crop: a raw file and a simulated frame are whole; leave it out")
    return Cut()


def _log(picture: Path, photo: Photo, ground: Masked) -> None:
    """Say how much of the frame is no usable light."""
    if ground.station_share:
        share = 100 * ground.station_share
        log.info("%s: a part of the station hides %.1f %% of the frame", picture, share)
    if ground.flare_pixels:
        log.info("%s: ghosts of a bright light are masked, %d pixels", picture, ground.flare_pixels)
    _, height, width = photo.light.shape
    saturated, invalid = 100 * photo.saturated.mean(), 100 - 100 * photo.valid.mean()
    told = "%s: %d x %d px, %.2f %% saturated, %.2f %% invalid"
    log.info(told, picture, width, height, saturated, invalid)


if "snakemake" in globals():
    run_step(acquire, globals()["snakemake"])
