"""Which lighting policies hold at a moment: local hours, nights over midnight, first and last days."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.errors import ConfigError
from pipeline.ground.events import (
    LightingEvent,
    event_rows,
    event_statement,
    events_at,
    local_time,
    read_events,
)

NIGHT = LightingEvent(
    country="BE",
    region="WAL",
    place="",
    lon=None,
    lat=None,
    road_class="motorway",
    first=date(2022, 9, 19),
    last=date(2022, 12, 21),
    start=time(22),
    stop=time(5),
    state="off",
    extent="all",
    what="off at night",
    source="made up",
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def holds(event: LightingEvent, when: datetime) -> bool:
    return bool(events_at([event.code], when, [event]))


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (utc(2022, 10, 1, 19, 59), False),  # 21:59 in summer
        (utc(2022, 10, 1, 20, 0), True),  # 22:00: the first minute counts
        (utc(2022, 10, 2, 2, 59), True),  # 04:59
        (utc(2022, 10, 2, 3, 0), False),  # 05:00: lit again
        (utc(2022, 12, 1, 20, 59), False),  # 21:59 in winter
        (utc(2022, 12, 1, 21, 0), True),
        (utc(2022, 12, 2, 3, 59), True),
        (utc(2022, 12, 2, 4, 0), False),
    ],
)
def test_hours_are_those_of_the_clock_in_the_country(when, expected):
    assert holds(NIGHT, when) is expected


@pytest.mark.parametrize(
    ("when", "hour", "expected"),
    [
        # 30 October 2022: at 01:00 UTC the clock went back from 03:00 to 02:00.
        (utc(2022, 10, 30, 0, 30), 2, True),
        (utc(2022, 10, 30, 1, 30), 2, True),
        (utc(2022, 10, 30, 3, 30), 4, True),
        (utc(2022, 10, 30, 4, 0), 5, False),
    ],
)
def test_the_night_in_which_the_clock_changes(when, hour, expected):
    assert local_time("BE", when).hour == hour
    assert holds(NIGHT, when) is expected


def test_the_hour_that_summer_time_skips_is_not_missed():
    spring = replace(NIGHT, last=None, start=time(1, 30), stop=time(3, 30))
    # 26 March 2023: 01:59 is followed by 03:00, at 01:00 UTC.
    assert [
        holds(spring, utc(2023, 3, 26, hour, minute)) for hour, minute in ((0, 29), (0, 30), (1, 29), (1, 30))
    ] == [
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (utc(2022, 9, 19, 1, 0), False),  # 03:00 on the first date, of a night that began the day before
        (utc(2022, 9, 19, 20, 0), True),
        (utc(2022, 12, 21, 23, 30), True),  # 00:30 on 22 December, of the night of the 21st
        (utc(2022, 12, 22, 21, 0), False),
    ],
)
def test_a_night_counts_by_the_date_on_which_it_begins(when, expected):
    assert holds(NIGHT, when) is expected


def test_hours_after_midnight_count_by_their_own_date():
    early = replace(NIGHT, start=time(0, 30), stop=time(5, 30))
    assert not holds(early, utc(2022, 9, 18, 22, 29))  # 00:29 on the first date
    assert holds(early, utc(2022, 9, 18, 22, 30))
    assert holds(early, utc(2022, 12, 21, 4, 29))  # 05:29 on the last date
    assert not holds(early, utc(2022, 12, 21, 23, 30))  # 00:30 on the day after


def test_dates_are_inclusive_and_open_where_not_given():
    always = replace(NIGHT, start=None, stop=None)
    assert holds(always, utc(2022, 9, 18, 22, 0))  # midnight of the first date
    assert not holds(always, utc(2022, 9, 18, 21, 59))
    assert holds(always, utc(2022, 12, 21, 22, 59))
    assert not holds(always, utc(2022, 12, 21, 23, 0))
    assert holds(replace(always, first=None), utc(1998, 12, 1, 0))
    assert holds(replace(always, last=None), utc(2099, 1, 1, 0))


def test_a_country_has_the_events_of_its_regions_and_a_region_those_of_its_country():
    everywhere = replace(NIGHT, region="", what="country")
    flemish = replace(NIGHT, region="VLG", what="Flanders")
    events, when = [NIGHT, everywhere, flemish], utc(2022, 10, 1, 22)
    assert events_at(["BE"], when, events) == events
    assert events_at(["BE-WAL"], when, events) == [NIGHT, everywhere]
    assert events_at(["BE-VLG", "NL"], when, events) == [everywhere, flemish]
    assert events_at(["DE"], when, events) == []
    assert events_at([], when, events) == []


def test_a_photo_is_told_of_the_roads_towns_and_regions_that_it_shows():
    """Around Liège, around Breda, and the south of Luxembourg with some of Belgium."""
    road = replace(NIGHT, region="", country="NL", place="A16 at Galder", lon=4.74, lat=51.51)
    town = replace(NIGHT, region="", country="DE", place="Aachen", road_class="street")
    events = [NIGHT, replace(NIGHT, region="VLG"), road, town]

    def told(frame: BaseGeometry, *towns: str) -> list[str]:
        rows = event_rows(utc(2022, 10, 1, 22), ("BE", "NL", "DE"), towns, frame, events)
        return [row["place"] or row["region"] for row in rows]

    assert told(shapely.box(5, 50.3, 6.3, 51.2), "Aachen") == ["WAL", "VLG", "Aachen"]
    assert told(shapely.box(4, 51.2, 5.5, 51.9)) == ["VLG", "A16 at Galder"]
    assert told(shapely.box(5.5, 49.2, 6.5, 50)) == ["WAL"]


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        events_at(["BE"], datetime(2022, 10, 1, 22), [NIGHT])


def shipped(code: str, when: datetime) -> set[tuple[str, str, str]]:
    return {
        (e.state, e.extent, e.what.split(" ")[0])
        for e in events_at([code], when)
        if e.road_class == "motorway" and not e.place
    }


def test_the_shipped_table_tells_the_history_of_the_region():
    """Facts of the region, one moment for each."""
    assert ("lit", "all") in {row[:2] for row in shipped("BE-VLG", utc(2011, 1, 10, 20))}
    assert {row[:2] for row in shipped("BE-VLG", utc(2011, 1, 10, 1))} == {("off", "part")}  # 02:00
    assert {row[:2] for row in shipped("BE-VLG", utc(2012, 12, 8, 20))} == {("off", "part")}
    assert shipped("BE-WAL", utc(2012, 12, 8, 20)) == set()
    assert {row[:2] for row in shipped("BE-WAL", utc(2012, 12, 8, 1))} == {("off", "part")}  # 02:00
    assert ("off", "part") in {row[:2] for row in shipped("BE-WAL", utc(2022, 9, 19, 20, 30))}  # 22:30
    assert "off" not in {row[0] for row in shipped("BE-WAL", utc(2022, 9, 18, 20, 30))}
    assert shipped("NL", utc(2012, 12, 8, 1)) == set()
    assert len(shipped("NL", utc(2013, 12, 11, 20, 29))) == 1  # 21:29: only where it is off from 21
    assert {row[:2] for row in shipped("LU", utc(2014, 6, 1, 23))} == {("off", "part")}  # 01:00
    assert {row[0] for row in shipped("DE", utc(2012, 12, 8, 20))} == {"off"}


def test_the_shipped_table_is_whole():
    events = read_events()
    assert {event.country for event in events} == {"BE", "DE", "LU", "NL"}
    assert all(event.what and "http" in event.source for event in events)
    assert all(event.first is None or event.last is None or event.first <= event.last for event in events)
    aachen = next(event for event in events if event.place == "Aachen")
    assert aachen.first == date(2010, 12, 6)
    assert next(event for event in events if event.place == "Stolberg").last == date(2016, 12, 31)


def test_statements():
    when = utc(2022, 10, 1, 22, 12)
    assert event_statement(NIGHT, when) == (
        "Walloon motorway lights were off by policy at this hour (00:12 local time; 22:00 to 05:00 from "
        "2022-09-19 until 2022-12-21): off at night. Source: made up."
    )
    assert "were in part off by policy" in event_statement(replace(NIGHT, extent="part"), when)
    road = replace(NIGHT, place="the A16", state="lit", start=None, stop=None, last=None)
    assert event_statement(road, when).startswith(
        "Motorway lights of the A16 were lit by policy at this hour (00:12 local time; from 2022-09-19): "
    )
    lamps = replace(road, place="Aachen", road_class="street", state="lamps", first=None, what="new lamps")
    assert event_statement(lamps, when) == "Street lights of Aachen: new lamps (always). Source: made up."


HEADER = (
    "country,region,place,lon,lat,road_class,from,until,local_from,local_until,state,extent,what,source\n"
)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("FR,,,,,motorway,,,,,off,all,a,b", "row 2: country, region = 'FR, ': known are BE, BE-VLG"),
        ("BE,BRU,,,,motorway,,,,,off,all,a,b", "row 2: country, region = 'BE, BRU': known are"),
        ("BE,,,,,motorway,2011-13,,,,off,all,a,b", "row 2: from = '2011-13': must be YYYY, YYYY-MM or"),
        ("BE,,,,,motorway,,spring,,,off,all,a,b", "row 2: until = 'spring': must be YYYY"),
        ("BE,,,,,motorway,,,22h,05:00,off,all,a,b", "row 2: local_from = '22h': must be HH:MM"),
        ("BE,,,,,motorway,,,22:00,,off,all,a,b", "row 2: local_from, local_until: give both hours or none"),
        ("BE,,A1 at Mons,,,motorway,,,,,off,all,a,b", "row 2: lon, lat: say where the named road is"),
        ("BE,,A1,3.9,,motorway,,,,,off,all,a,b", "row 2: lon, lat: give both or none"),
        ("BE,,A1,3.9,north,motorway,,,,,off,all,a,b", "row 2: lat = 'north': must be a number of degrees"),
        ("BE,,,,,motorway,,,,,dark,all,a,b", "row 2: state = 'dark': must be one of off, lit"),
        ("BE,,,,,motorway,,,,,off,most,a,b", "row 2: extent = 'most': must be one of all, part"),
    ],
)
def test_a_faulty_row_is_named(tmp_path, row, message):
    file = tmp_path / "events.csv"
    file.write_text(HEADER + row + "\n", encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_events(file)
    assert str(error.value).startswith(f"{file}: {message}")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2012", date(2012, 1, 1), date(2012, 12, 31)),
        ("2012-02", date(2012, 2, 1), date(2012, 2, 29)),
        ("2012-12", date(2012, 12, 1), date(2012, 12, 31)),
        ("2012-02-03", date(2012, 2, 3), date(2012, 2, 3)),
    ],
)
def test_a_year_or_a_month_stands_for_all_its_days(tmp_path, text, first, last):
    file = tmp_path / "events.csv"
    file.write_text(f"{HEADER}BE,,,,,motorway,{text},{text},,,off,all,a,b\n", encoding="utf-8")
    (event,) = read_events(file)
    assert (event.first, event.last) == (first, last)
