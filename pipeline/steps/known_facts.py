"""What is known of a photo before anything runs: what is missing or cannot be, and where that stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.archive.nasa import stored_photo
from pipeline.camera.prior import missing
from pipeline.config import check_file, check_nadir, elements_file, load_facts, nth_photo, with_elements
from pipeline.errors import ConfigError
from pipeline.georeference.control_text import parse_points, read_control_text
from pipeline.models import CameraRow, City, Facts, LookAt
from pipeline.photo.cameras import camera_named, read_cameras
from pipeline.photo.doubts import doubtful_night, doubtful_sensor
from pipeline.photo.exif import sensor_width_mm
from pipeline.photo.facts import UNKNOWN_AIM_RADIUS_KM, joined, with_orbit
from pipeline.photo.header import Header, read_header
from pipeline.plausible import EXAMPLE_TIME, RAW_SUFFIXES

CAMERAS = Path("data/cameras.csv")  # as the rule acquire names it
# What EXIF may tell, so that the picture is opened if one of them is stated nowhere else.
OF_EXIF = ("taken_at", "camera", "focal_length_mm")


@dataclass(frozen=True)
class Stated:
    """Facts with the file that states them, and what a message puts before their keys."""

    facts: Facts
    file: Path
    of_photo: str = ""


def check_facts(city: City, index: int, file: Path, store: Path) -> None:
    """Check all that is known of a photo of a city whose YAML is `file`. What only EXIF could tell of a photo
    that is still to be fetched is left to the steps. Raises ConfigError, or what the readers of element sets
    and control points raise."""
    photo = city.photos[index]
    which = nth_photo(index, photo.name)
    picture = photo.path or stored_photo(store, photo.name)
    sources = [Stated(photo, file, f"{which}: ")]
    beside = store / f"{photo.name}.yaml"
    if beside.is_file():
        sources.insert(0, Stated(load_facts(beside), beside))
        stated = joined(*(source.facts for source in sources))
        check_nadir(city.look_at(stated), stated, beside, "nadir")
        check_file(elements_file(stated), beside, "tle")
    header = _header(picture, joined(Facts(), *(source.facts for source in sources)))
    if header is not None:
        sources.insert(0, Stated(header.exif, picture, "EXIF: "))
    known = joined(Facts(), *(source.facts for source in sources))
    known = _with_orbit(known, _where("tle", sources))
    _check_complete(known, city, picture, header, f"{file}: {which}", beside)
    for key, value, reason in _doubts(known, city, header):
        source = _where(key, sources)
        hint = f"; what {file} states wins" if source.file == picture else ""
        raise ConfigError(source.file, f"{source.of_photo}{key}", value, f"{reason}{hint}")
    if photo.control_points is not None:
        parse_points(read_control_text(photo.control_points), str(photo.control_points))


def _header(picture: Path, stated: Facts) -> Header | None:
    """The head of the picture, if it is there and could tell what is stated nowhere; without EXIF if not."""
    if not picture.is_file():
        return None
    if all(key in stated.model_fields_set for key in OF_EXIF) and stated.sensor_width_mm is None:
        return Header(None, Facts())
    return read_header(picture)


def _where(key: str, sources: list[Stated]) -> Stated:
    """Which of the sources states a fact in the end; without one, the city's file."""
    return next((s for s in reversed(sources) if key in s.facts.model_fields_set), sources[-1])


def _with_orbit(known: Facts, stated: Stated) -> Facts:
    """Facts with nadir and altitude by the element sets, if the time is known."""
    named = elements_file(known)
    return with_orbit(with_elements(known, named), str(named or f"{stated.file}: {stated.of_photo}tle"))


def _check_complete(
    known: Facts, city: City, picture: Path, header: Header | None, where: str, beside: Path
) -> None:
    """Raise ConfigError for a fact that is stated nowhere. A photo that is not yet there may have EXIF."""
    if known.sensor_width_mm is None and _camera_is_known(known, city, picture):
        known = known.model_copy(update={"sensor_width_mm": 36.0})  # any: `acquire` finds the true one
    lacks = missing(known)
    if header is None:
        lacks = [
            (key, example) for key, example in lacks if key not in ("focal_length_mm", "sensor_width_mm")
        ]
        if known.tle is not None and known.taken_at is None:
            lacks = []
    elif known.tle is not None and known.taken_at is None:
        lacks = [("taken_at", EXAMPLE_TIME)]
    for key, example in lacks:
        also = "" if header is None else f" nor in the EXIF of {picture}"
        reason = f"is not known: it is neither here nor in {beside}{also}; write for example {key}: {example}"
        raise ConfigError(where, key, None, reason)


def _camera_is_known(known: Facts, city: City, picture: Path) -> bool:
    """Whether the camera's name tells the sensor's width."""
    if sensor_width_mm(known.camera) is not None:
        return True
    raw = picture.suffix.lower() in RAW_SUFFIXES
    return raw and camera_named(known.camera, _cameras(city)) is not None


def _cameras(city: City) -> dict[str, CameraRow]:
    """Those of the table, and the city's own, which win."""
    return {**read_cameras(CAMERAS), **city.cameras}


def _doubts(known: Facts, city: City, header: Header | None) -> Iterator[tuple[str, object, str]]:
    """Key, value and reason of facts that contradict the camera or the night."""
    if known.sensor_width_mm is not None and known.camera is not None:
        reason = doubtful_sensor(known, _cameras(city), None if header is None else header.width)
        if reason:
            yield "sensor_width_mm", known.sensor_width_mm, reason
    aim = city.look_at(known)
    if isinstance(aim, str) and known.nadir is not None:  # a city's name, or all that can be seen
        aim = LookAt(lon=known.nadir.lon, lat=known.nadir.lat, radius_km=UNKNOWN_AIM_RADIUS_KM)
    if known.taken_at is not None and isinstance(aim, LookAt):
        reason = doubtful_night(known.taken_at, aim)
        if reason:
            yield "taken_at", f"{known.taken_at:%Y-%m-%dT%H:%M:%SZ}", reason
