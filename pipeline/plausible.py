"""What a fact can be, and what one that cannot be was most likely meant to be: units, commas, forms of times.

Pure text and numbers: what was written comes in, and the way out in a few words comes back, or None.
"""

import re
from datetime import UTC, datetime
from pathlib import Path

# The station has flown between these heights as long as people have lived on it.
ALTITUDE_KM = (320.0, 440.0)
PEOPLE_SINCE = datetime(2000, 11, 2, tzinfo=UTC)  # the first crew came aboard
FOCAL_LENGTH_MM = (10.0, 3000.0)  # below are fisheyes, which no lens of ours describes; above no lens flew
SENSOR_WIDTH_MM = (4.0, 100.0)  # of the smallest pocket camera, and more than film of 70 mm

RAW_SUFFIXES = (".nef", ".dng")
PHOTO_SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", *RAW_SUFFIXES)
# Kinds of picture that are not read, and what makes one of them that is.
HOW_TO_CONVERT = {
    **dict.fromkeys(
        (".heic", ".heif", ".hif", ".avif"),
        "export it as PNG or TIFF from a program that shows it, or with `heif-convert {name} {stem}.png`",
    ),
    **dict.fromkeys(
        (".webp", ".jp2", ".jxl", ".gif", ".bmp", ".psd"),
        "export it as PNG or TIFF, or ask for the original JPEG",
    ),
    **dict.fromkeys(
        (".cr2", ".cr3", ".arw", ".orf", ".rw2", ".raf", ".nrw", ".pef", ".3fr", ".iiq"),
        "convert it to DNG, for example with Adobe's DNG Converter",
    ),
}

UNIT = re.compile(r"([-+]?[\d.,]+)\s*([a-zA-Zµ\"']+)\.?")
FRACTION = re.compile(r"(\d+)\s*/\s*(\d+)\s*(?:s|sec)?")
F_NUMBER = re.compile(r"[fF]\s*/?\s*([\d.,]+)")
DEGREES = re.compile(
    r"([-+]?\d+(?:[.,]\d+)?)\s*[°: ]?\s*(?:(\d+(?:[.,]\d+)?)\s*['′:]?\s*)?(?:(\d+(?:[.,]\d+)?)\s*[\"″]?\s*)?"
    r"([NSEWOnsewo])?"
)
# Longest first: "nm" after an altitude is nautical miles, which is how pilots write them.
KM = {"km": 1.0, "m": 1e-3, "ft": 0.3048e-3, "nmi": 1.852, "nm": 1.852, "mi": 1.609344}
MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "µm": 1e-3, "um": 1e-3, "in": 25.4}
S = {"s": 1.0, "sec": 1.0, "ms": 1e-3}
UNITS = {"km": KM, "mm": MM, "s": S}
# What an altitude or a length may have been written in, the likeliest first, in units of the key's own.
ALTITUDE_UNITS = {"nautical miles": 1.852, "metres": 1e-3, "feet": 0.3048e-3, "miles": 1.609344}
LENGTH_UNITS = {"metres": 1000.0, "centimetres": 10.0, "micrometres": 1e-3}
EXAMPLE_TIME = "2012-02-09T21:51:26Z"


def why_unread(file: Path) -> str:
    """What is said of a picture of another kind."""
    return f"is of a kind that is not read; {how_to_convert(file)}"


def how_to_convert(file: Path) -> str:
    """What makes a picture of another kind one that is read."""
    way = HOW_TO_CONVERT.get(file.suffix.lower(), "convert it to PNG or TIFF")
    return way.format(name=file.name, stem=file.stem)


def way_out(key: str, value: object) -> str | None:
    """What to write under a `key` instead of a value that was refused; None where nothing can be guessed."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        number = _meant(key, value.strip())
        return None if number is None else f"is not a plain number; write {key}: {number:g}"
    return unit_hint(key, float(value)) if isinstance(value, int | float) else None


def unit_hint(key: str, value: float) -> str | None:
    """Which unit an altitude, a lens or a sensor out of its range is in."""
    if key == "altitude_km":
        low, high = ALTITUDE_KM
        reason = f"the station has flown {low:g} to {high:g} km high"
        return _converted(key, value, reason, ALTITUDE_UNITS, ALTITUDE_KM)
    if key == "focal_length_mm":
        return _converted(key, value, "", _length_units(value), FOCAL_LENGTH_MM)
    if key == "sensor_width_mm":
        return _converted(key, value, "", _length_units(value), SENSOR_WIDTH_MM)
    return None


def _length_units(value: float) -> dict[str, float]:
    """From 1 on centimetres are likelier than metres: no lens of the station is a metre long."""
    return LENGTH_UNITS if value < 1 else {k: v for k, v in LENGTH_UNITS.items() if k != "metres"}


def _converted(
    key: str, value: float, reason: str, units: dict[str, float], allowed: tuple[float, float]
) -> str | None:
    low, high = allowed
    if low <= value <= high:
        return None
    for unit, factor in units.items():
        if low <= value * factor <= high:
            looks = f"looks like {unit}" if not reason else f"looks like {unit}, for {reason}"
            return f"{looks}; write {key}: {value * factor:.4g}"
    return reason or f"must be {low:g} to {high:g}"


def _meant(key: str, text: str) -> float | None:
    """The number that a text stands for, in the key's own unit."""
    if (number := _number(text)) is not None:
        return number
    if key == "aperture" and (found := F_NUMBER.fullmatch(text)):
        return _number(found[1])
    if key == "exposure_s" and (found := FRACTION.fullmatch(text)):
        return int(found[1]) / int(found[2]) if int(found[2]) else None
    units = UNITS.get(key.rpartition("_")[2], {})
    if (found := UNIT.fullmatch(text)) and found[2].lower() in units:
        number = _number(found[1])
        return None if number is None else number * units[found[2].lower()]
    if key in ("lon", "lat") and (found := DEGREES.fullmatch(text)):
        return _degrees(found)
    return None


def _number(text: str) -> float | None:
    """A number with a decimal point or comma."""
    try:
        return float(text.replace(",", ".")) if re.fullmatch(r"[-+]?\d*[.,]?\d+", text) else None
    except ValueError:
        return None


def _degrees(found: re.Match[str]) -> float | None:
    """Degrees, minutes and seconds as degrees; south and west are negative."""
    degrees, minutes, seconds = (_number(part) if part else 0.0 for part in found.groups()[:3])
    if degrees is None or minutes is None or seconds is None or minutes >= 60 or seconds >= 60:
        return None
    size = abs(degrees) + minutes / 60 + seconds / 3600
    negative = found[1].startswith("-") or (found[4] or "").upper() in ("S", "W")
    return round(-size if negative else size, 5)


ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(Z|UTC|GMT|[+-]\d\d:\d\d)?", re.ASCII | re.I
)
CLOCK = r"(\d{1,2})[:.h](\d{2})(?:[:.m](\d{2}))?\D*"
YEAR_FIRST = re.compile(rf"(\d{{4}})[-:./](\d{{1,2}})[-:./](\d{{1,2}})[\sT/,]+{CLOCK}", re.ASCII)
DAY_FIRST = re.compile(rf"(\d{{1,2}})([-./])(\d{{1,2}})[-./](\d{{4}})[\sT,]+{CLOCK}", re.ASCII)
COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)[\sT/,]*(\d\d)(\d\d)(\d\d)?\D*", re.ASCII)
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
NO_SUCH_TIME = "is no such day or time; look it up again"


def parse_time(value: object) -> datetime:
    """A time with its zone, in UTC. Raises ValueError that says what to write for anything else, and for a
    time at which nobody lived on the station."""
    if isinstance(value, datetime):
        time = value
    elif not isinstance(value, str):
        raise ValueError(f"must be a time such as {EXAMPLE_TIME}")
    elif found := ISO.fullmatch(value.strip()):
        zone = (found[3] or "").upper().replace("UTC", "Z").replace("GMT", "Z")
        try:
            time = datetime.fromisoformat(f"{found[1]}T{found[2]}{zone}")
        except ValueError:
            raise ValueError(NO_SUCH_TIME) from None
    else:
        raise ValueError(_time_meant(value.strip()))
    if time.tzinfo is None:
        raise ValueError(_with_zone("has no zone", time))
    if not PEOPLE_SINCE <= time <= datetime.now(UTC):
        when = "is before people lived on the station (November 2000)"
        raise ValueError(f"{'lies in the future' if time > PEOPLE_SINCE else when}; look the time up again")
    return time.astimezone(UTC)


def _time_meant(text: str) -> str:
    """What to write instead of a time in another form."""
    ordered = f"must be a time: the year first and the zone last, as in {EXAMPLE_TIME}"
    if DAY.fullmatch(text):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            return NO_SUCH_TIME
        return f"is a day without a time; write for example {text}T21:51:26Z"
    if found := YEAR_FIRST.fullmatch(text) or COMPACT.fullmatch(text):
        return _proposed([int(part or 0) for part in found.groups()])
    if found := DAY_FIRST.fullmatch(text):
        first, mark, second, year, *clock = found.groups()
        # 4/5/2012 is in April or in May. With points the day comes first everywhere.
        if mark != "." and int(first) <= 12 and int(second) <= 12:
            return ordered
        month, day = sorted((int(first), int(second))) if int(first) <= 12 < int(second) else (second, first)
        return _proposed([int(year), int(month), int(day), *(int(part or 0) for part in clock)])
    return ordered


def _proposed(parts: list[int]) -> str:
    """How the time of these parts is to be written."""
    year, month, day, hour, minute, second = parts
    try:
        meant = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return NO_SUCH_TIME
    return _with_zone("is not in the form of ISO 8601", meant)


def _with_zone(reason: str, time: datetime) -> str:
    text = f"{time:%Y-%m-%dT%H:%M:%S}"
    return f"{reason}; write {text}Z if it is UTC, as in NASA's catalogue, else its offset: {text}+01:00"
