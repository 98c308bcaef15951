"""Orbit Mean-Elements Messages (CCSDS 502.0-B), as catalogues give them now in JSON or XML.

Each becomes the two lines of an element set: the same numbers, the epoch to a millisecond (7 m of the way).
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree

from sgp4 import omm
from sgp4.api import Satrec
from sgp4.exporter import export_tle

XML_BEGINNINGS = ("<?xml", "<ndm", "<omm")
# What SGP4 does not use may be missing.
UNUSED = {
    "CLASSIFICATION_TYPE": "U",
    "OBJECT_ID": "",
    "EPHEMERIS_TYPE": 0,
    "ELEMENT_SET_NO": 999,
    "REV_AT_EPOCH": 0,
    "MEAN_MOTION_DOT": 0,
    "MEAN_MOTION_DDOT": 0,
}
# What SGP4 takes; a message of another theory or frame has other numbers under the same names.
ONLY = {
    "MEAN_ELEMENT_THEORY": ("SGP4", "SGP/SGP4"),
    "REF_FRAME": ("TEME",),
    "TIME_SYSTEM": ("UTC",),
    "CENTER_NAME": ("EARTH",),
}
# Two lines have room for so many element sets and revolutions; neither moves the satellite.
MOST = {"ELEMENT_SET_NO": 10_000, "REV_AT_EPOCH": 100_000}
EPOCH_YEARS = range(1957, 2057)  # of the two digits of a year

Fields = Mapping[str, Any]


def is_omm(text: str) -> bool:
    """Whether a text is JSON or XML rather than lines of element sets."""
    return text[:1] in ("{", "[") or text.lower().startswith(XML_BEGINNINGS)


def parse_omm(text: str) -> Iterator[tuple[str, str]]:
    """The two lines of each message in a text. Raises ValueError that says what is wrong with it."""
    for number, fields in enumerate(_json(text) if text[:1] in ("{", "[") else _xml(text), 1):
        try:
            yield _lines(fields)
        except KeyError as error:
            raise ValueError(f"element set {number}: {error.args[0]} is missing") from None
        except (ValueError, TypeError, OverflowError, AttributeError, RuntimeError) as error:
            raise ValueError(f"element set {number}: {error}") from None


def _json(text: str) -> list[Fields]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"is no JSON ({error})") from None
    messages = found if isinstance(found, list) else [found]
    if not all(isinstance(message, dict) for message in messages):
        raise ValueError("is no orbit message: each must hold keys and values")
    return messages


def _xml(text: str) -> list[Fields]:
    """Of each segment the text of all its elements, whatever their namespace."""
    if "<!" in text.replace("<!--", ""):  # entities could fill the memory, and no message has any
        raise ValueError("is no orbit message: it declares a document type")
    try:
        root = ElementTree.fromstring(text.encode())
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise ValueError(f"is no XML ({error})") from None
    segments = [part for part in root.iter() if _name(part) == "segment"]
    return [{_name(part): part.text for part in segment.iter()} for segment in segments]


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _lines(fields: Fields) -> tuple[str, str]:
    """The two lines of a message."""
    for key, taken in ONLY.items():
        if str(fields.get(key) or taken[0]).strip().upper() not in taken:
            raise ValueError(f"{key} is {str(fields[key])[:40]!r}; SGP4 takes {taken[0]}")
    known: dict[str, Any] = UNUSED | {key: value for key, value in fields.items() if value is not None}
    known |= {key: int(known[key]) % most for key, most in MOST.items()}
    epoch = datetime.fromisoformat(str(known["EPOCH"]).strip())
    if epoch.tzinfo is not None:
        epoch = epoch.astimezone(UTC)
    if epoch.year not in EPOCH_YEARS:
        raise ValueError(f"its epoch is in the year {epoch.year}")
    known["EPOCH"] = f"{epoch:%Y-%m-%dT%H:%M:%S.%f}"
    satellite = Satrec()
    omm.initialize(satellite, known)
    first, second = export_tle(satellite)
    return str(first), str(second)
