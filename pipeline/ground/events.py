"""Lighting policies and changes of lamps that were in force where and when a photo was taken."""

import csv
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Literal, cast, get_args

import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.errors import ConfigError
from pipeline.ground.country_table import COUNTRY_TABLE, REGION_ADJECTIVES

EVENTS = Path(__file__).parents[2] / "data" / "lighting_events.csv"

EventState = Literal["off", "lit", "dimmed", "lamps"]
EventExtent = Literal["all", "part"]

# West, south, east and north of regions, degrees: an event of a region outside of the frame is not shown.
_AROUND = {"BE-VLG": (2.5, 50.68, 5.93, 51.51), "BE-WAL": (2.84, 49.49, 6.41, 50.82)}
_WHOSE = {code: country.adjective for code, country in COUNTRY_TABLE.items()} | REGION_ADJECTIVES


@dataclass(frozen=True)
class LightingEvent:
    """A row of `lighting_events.csv`: a lighting policy, or a change of lamps.

    It is in force from the local date `first` to `last`, both inclusive, None where open; and from the local
    hour `start` (inclusive) to `stop` (exclusive), both None where it is in force at all hours. Hours after
    midnight belong to the date on which the night began. `state` says what the lights then are ("lamps":
    other lamps than before), `extent` whether that is true of all of them. `lon` and `lat` are where the road
    in `place` is, about, in degrees.
    """

    country: str
    region: str
    place: str
    lon: float | None
    lat: float | None
    road_class: str
    first: date | None
    last: date | None
    start: time | None
    stop: time | None
    state: EventState
    extent: EventExtent
    what: str
    source: str

    @property
    def code(self) -> str:
        """ISO 3166 code of the country, or of the region in it (BE-WAL)."""
        return f"{self.country}-{self.region}" if self.region else self.country

    @property
    def whose(self) -> str:
        """Of which country or region, as an adjective."""
        return _WHOSE[self.code]

    def concerns(self, code: str) -> bool:
        """Whether it holds in a country or region or in a part of it."""
        return f"{self.code}-".startswith(f"{code}-") or f"{code}-".startswith(f"{self.code}-")

    def shown(self, towns: Container[str], frame: BaseGeometry) -> bool:
        """Whether a photo of its country shows the event: by its coordinates or its region, which must be in
        the `frame` (degrees), or by its place, which must be one of the `towns`."""
        if self.lon is not None and self.lat is not None:
            return bool(shapely.contains_xy(frame, self.lon, self.lat))
        if self.place:
            return self.place in towns
        return self.code not in _AROUND or frame.intersects(shapely.box(*_AROUND[self.code]))

    def holds(self, local: datetime) -> bool:
        """Whether it is in force at a local time."""
        night = local.date()
        if self.start is not None and self.stop is not None:
            hour = local.time()
            if self.start < self.stop:
                inside = self.start <= hour < self.stop
            else:
                inside = hour >= self.start or hour < self.stop
                night -= timedelta(days=hour < self.stop)
            if not inside:
                return False
        return (self.first is None or self.first <= night) and (self.last is None or night <= self.last)


def local_time(country: str, when_utc: datetime) -> datetime:
    """The clock on the wall in a country; `when_utc` must know its time zone."""
    if when_utc.tzinfo is None:
        raise ValueError("when_utc has no time zone")
    return when_utc.astimezone(COUNTRY_TABLE[country].time_zone)


def events_at(
    codes: Iterable[str], when_utc: datetime, events: Iterable[LightingEvent] | None = None
) -> list[LightingEvent]:
    """What was in force in some countries (BE) or regions (BE-WAL) at a time, in the order of the table."""
    wanted = tuple(codes)
    return [
        event
        for event in (read_events() if events is None else events)
        if any(event.concerns(code) for code in wanted) and event.holds(local_time(event.country, when_utc))
    ]


def road_numbers(text: str) -> set[str]:
    """The road numbers in a text."""
    return set(re.findall(r"[A-Z]{1,2}\d+", text))


def event_rows(
    when_utc: datetime | None,
    codes: Iterable[str],
    towns: Container[str],
    frame: BaseGeometry,
    events: Iterable[LightingEvent],
) -> list[dict[str, str]]:
    """What was in force in the countries, the `towns` and the frame (degrees) that a photo shows, as rows of
    the table `events`."""
    if when_utc is None:
        return []
    return [
        {
            "country": event.country,
            "region": event.region,
            "place": event.place,
            "road_class": event.road_class,
            "state": event.state,
            "extent": event.extent,
            "local_time": f"{local_time(event.country, when_utc):%Y-%m-%d %H:%M}",
            "statement": event_statement(event, when_utc),
            "source": event.source,
        }
        for event in events_at(codes, when_utc, events)
        if event.shown(towns, frame)
    ]


def event_statement(event: LightingEvent, when_utc: datetime) -> str:
    """An event as an English sentence for the report on a photo, with its source."""
    lights = f"{'motorway' if event.road_class == 'motorway' else 'street'} lights"
    subject = f"{lights.capitalize()} of {event.place}" if event.place else f"{event.whose} {lights}"
    if event.state == "lamps":
        return f"{subject}: {event.what} ({_period(event)}). Source: {event.source}."
    partly = "in part " if event.extent == "part" else ""
    hour = f"{local_time(event.country, when_utc):%H:%M} local time"
    return (
        f"{subject} were {partly}{event.state} by policy at this hour ({hour}; {_period(event)}): "
        f"{event.what}. Source: {event.source}."
    )


def _period(event: LightingEvent) -> str:
    """When an event is in force, in words."""
    words = []
    if event.start is not None and event.stop is not None:
        words.append(f"{event.start:%H:%M} to {event.stop:%H:%M}")
    if event.first is not None:
        words.append(f"from {event.first.isoformat()}")
    if event.last is not None:
        words.append(f"until {event.last.isoformat()}")
    return " ".join(words) or "always"


def read_events(file: Path = EVENTS) -> list[LightingEvent]:
    """The table of events, in its order. Raises ConfigError, which names the row, for a value that makes no
    sense."""
    with file.open(encoding="utf-8", newline="") as lines:
        return [_event(row, f"{file}: row {number}") for number, row in enumerate(csv.DictReader(lines), 2)]


def _event(row: dict[str, str], where: str) -> LightingEvent:
    """A row of the table, checked; `where` names it in messages."""
    country, region = row["country"], row["region"]
    if country not in COUNTRY_TABLE or (f"{country}-{region}" if region else country) not in _WHOSE:
        raise ConfigError(
            where, "country, region", f"{country}, {region}", f"known are {', '.join(sorted(_WHOSE))}"
        )
    for key, known in (("state", get_args(EventState)), ("extent", get_args(EventExtent))):
        if row[key] not in known:
            raise ConfigError(where, key, row[key], f"must be one of {', '.join(known)}")
    if bool(row["local_from"]) != bool(row["local_until"]):
        raise ConfigError(where, "local_from, local_until", None, "give both hours or none")
    if bool(row["lon"]) != bool(row["lat"]):
        raise ConfigError(where, "lon, lat", None, "give both or none")
    if row["place"] and row["road_class"] == "motorway" and not row["lon"]:
        raise ConfigError(where, "lon, lat", None, "say where the named road is")
    return LightingEvent(
        country=country,
        region=region,
        place=row["place"],
        lon=_degrees(row["lon"], where, "lon"),
        lat=_degrees(row["lat"], where, "lat"),
        road_class=row["road_class"],
        first=_date(row["from"], where, "from", last=False),
        last=_date(row["until"], where, "until", last=True),
        start=_hour(row["local_from"], where, "local_from"),
        stop=_hour(row["local_until"], where, "local_until"),
        state=cast(EventState, row["state"]),
        extent=cast(EventExtent, row["extent"]),
        what=row["what"],
        source=row["source"],
    )


def _date(text: str, where: str, key: str, *, last: bool) -> date | None:
    """The first or the last day of YYYY, YYYY-MM or YYYY-MM-DD."""
    if not text:
        return None
    try:
        begin = date.fromisoformat(f"{text}-01-01"[:10])
    except ValueError:
        raise ConfigError(where, key, text, "must be YYYY, YYYY-MM or YYYY-MM-DD") from None
    if not last or len(text) > len("YYYY-MM"):
        return begin
    if len(text) == len("YYYY"):
        return begin.replace(month=12, day=31)
    return (begin + timedelta(days=31)).replace(day=1) - timedelta(days=1)


def _degrees(text: str, where: str, key: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        raise ConfigError(where, key, text, "must be a number of degrees") from None


def _hour(text: str, where: str, key: str) -> time | None:
    try:
        return time.fromisoformat(text) if text else None
    except ValueError:
        raise ConfigError(where, key, text, "must be HH:MM") from None
