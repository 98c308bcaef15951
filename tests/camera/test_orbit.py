"""Element sets give the station's Earth-fixed place as published, with the uncertainty that was measured."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sgp4.api import Satrec

from pipeline.camera.earth import east_north_up, to_ecef, to_geodetic
from pipeline.camera.orbit import (
    J2000,
    OrbitError,
    State,
    nearest,
    orbit_sigmas_m,
    parse_elements,
    sidereal_time_rad,
    station_state,
    teme_to_ecef,
)
from pipeline.errors import PipelineError

# The station's elements of 9 December 2019, the example in the sgp4 package's documentation.
LINE_1 = "1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991"
LINE_2 = "2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482"
ISS = f"{LINE_1}\n{LINE_2}\n"
WHEN = datetime(2019, 12, 9, 20, 42, tzinfo=UTC)


def changed(line: str, column: int, text: str) -> str:
    """A constructed line: `text` from a column (0 is the first) on, and the checksum mended."""
    line = line[:column] + text + line[column + len(text) : 68]
    return line + str(sum(int(c) for c in line.replace("-", "1") if c.isdigit()) % 10)


def of_day(day: int) -> str:
    """Constructed elements of the station with another day of 2019 as their epoch."""
    return f"{changed(LINE_1, 20, f'{day:03d}')}\n{LINE_2}\n"


def days(when: datetime) -> float:
    return (when - J2000) / timedelta(days=1)


def state(when: datetime = WHEN) -> State:
    return station_state(parse_elements(ISS, "iss.tle")[0], when)


def test_the_epoch_is_the_day_of_the_year_that_the_line_gives() -> None:
    (element_set,) = parse_elements(ISS, "iss.tle")
    # Day 343.69339541 of 2019 is 9 December 16:38:29.363; datetimes hold microseconds.
    assert abs(element_set.epoch - datetime(2019, 12, 9, 16, 38, 29, 363424, tzinfo=UTC)) < timedelta(
        microseconds=2
    )
    old = parse_elements(f"{changed(LINE_1, 18, '98324.50000000')}\n{LINE_2}", "old.tle")[0]
    assert old.epoch == datetime(1998, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        f"ISS (ZARYA)\n{ISS}",
        f"0 ISS (ZARYA)\r\n{LINE_1}   \r\n{LINE_2}\t\r\n\r\n",
        f"\ufeff{LINE_1}\r\n{LINE_2}",
        f"\n  {LINE_1}\n\n  {LINE_2}\n",
    ],
    ids=["title", "Windows", "byte order mark", "blanks"],
)
def test_titles_line_ends_and_blanks_make_no_difference(text: str) -> None:
    (element_set,) = parse_elements(text, "iss.tle")
    assert (element_set.line_1, element_set.line_2) == (LINE_1, LINE_2)


def test_an_archive_of_many_sets_is_read_in_its_order() -> None:
    text = of_day(300) + "ISS\n" + of_day(310) + of_day(305)
    assert [each.epoch.timetuple().tm_yday for each in parse_elements(text, "month.tle")] == [300, 310, 305]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no orbit element set"),
        ("No GP data found\n", "line 1: after 'No GP data found', the first line"),
        ("<html>\n<body>\n", "line 2: '<body>' stands where the first line"),
        (f"ISS\n{LINE_1}\n", "line 2: after '1 25544U.*the second line"),
        (f"{LINE_1}\n{ISS}", "line 2: '1 25544U.*the second line"),
        (f"{LINE_1}\nISS\n{LINE_2}", "line 2: 'ISS' stands where the second line"),
        (f"{ISS}{LINE_2}\n", "line 3: '2 25544 .*the first line"),
        (f"{LINE_1[:-1]}2\n{LINE_2}", "line 1: .*checksum 2, but its digits add up to 1"),
        (f"{LINE_1}\n{LINE_2.replace('51.6439', '51.6438')}", "line 2: .*checksum 2, .*add up to 1"),
        (f"{LINE_1}\n{LINE_2[:60]}\n", "line 2: .*60 characters instead of 69"),
        (f"{LINE_1}\n{LINE_2.replace('  51.6439', ' 51.6439 ')}", "line 2: .*columns"),
        (f"{changed(LINE_1, 20, '367')}\n{LINE_2}", "line 1: .*day 367.69339541 of 2019, a year of 365 days"),
        (f"{LINE_1}\n{changed(LINE_2, 2, '20580')}", "lines 1 and 2: are of two objects, 25544 and 20580"),
        (
            f"{ISS}{changed(LINE_1, 2, '48274')}\n{changed(LINE_2, 2, '48274')}",
            r"holds element sets of several objects \(25544, 48274\)",
        ),
    ],
)
def test_a_broken_text_is_refused_with_its_name_and_line(text: str, message: str) -> None:
    with pytest.raises(OrbitError, match=f"^iss.tle: {message}"):
        parse_elements(text, "iss.tle")
    assert issubclass(OrbitError, PipelineError)


def test_the_nearest_epoch_is_chosen_on_either_side() -> None:
    elements = parse_elements(of_day(336) + of_day(342) + of_day(345), "month.tle")
    assert nearest(elements, WHEN) is elements[1]
    assert nearest(elements, WHEN + timedelta(days=0.5)) is elements[2]
    assert nearest(elements, WHEN - timedelta(days=12)) is elements[0]


@pytest.mark.parametrize("side", [-1, 1])
def test_elements_more_than_ten_days_away_are_refused(side: int) -> None:
    elements = parse_elements(ISS, "iss.tle")
    nearest(elements, elements[0].epoch + side * timedelta(days=9.9))
    with pytest.raises(OrbitError, match=r"iss.tle: line 1: .*2019-12-09 16:38 UTC, 10.1 days from"):
        nearest(elements, elements[0].epoch + side * timedelta(days=10.1))


@pytest.mark.parametrize(
    ("revolutions_a_day", "message"),
    [
        (" 1.00270000", r"iss.tle: line 1: the object is 3\d{4} km high"),  # geostationary: 35786 km
        ("11.25000000", r"iss.tle: line 1: the object is 20\d\d km high"),  # by Kepler's law 2035 km high
        ("16.50000000", r"iss.tle: line 1: the object is 1[0-4]\d km high"),  # by Kepler's law 139 km high
        ("17.50000000", "iss.tle: line 1: gives no position .*decayed"),  # by Kepler's law 111 km underground
    ],
)
def test_an_object_that_is_not_as_high_as_a_station_is_refused(revolutions_a_day: str, message: str) -> None:
    elements = parse_elements(f"{LINE_1}\n{changed(LINE_2, 52, revolutions_a_day)}", "iss.tle")
    with pytest.raises(OrbitError, match=message):
        nearest(elements, WHEN)


def test_a_time_without_a_zone_is_never_taken_for_local_time() -> None:
    with pytest.raises(TypeError):
        state(WHEN.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("when", "degrees", "tolerance"),
    [
        (J2000, 280.46062, 5e-6),  # the well-known value, as printed
        # Meeus, Astronomical Algorithms, examples 12.a and 12.b: 13h10m46.3668s and 8h34m57.0896s, whose
        # last digit is 4e-7 degrees.
        (datetime(1987, 4, 10, tzinfo=UTC), 15 * (13 + 10 / 60 + 46.3668 / 3600), 4e-7),
        (datetime(1987, 4, 10, 19, 21, tzinfo=UTC), 15 * (8 + 34 / 60 + 57.0896 / 3600), 4e-7),
    ],
)
def test_sidereal_time_is_as_published(when: datetime, degrees: float, tolerance: float) -> None:
    assert np.degrees(sidereal_time_rad(days(when))) == pytest.approx(degrees, abs=tolerance)


def test_teme_is_turned_as_in_the_published_example() -> None:
    # Vallado, Fundamentals of Astrodynamics, example 3-15: TEME and Earth-fixed, before polar motion.
    ut1 = datetime(2004, 4, 6, 7, 51, 28, 386009, tzinfo=UTC) - timedelta(seconds=0.4399619)
    position_m, velocity_m_s = teme_to_ecef(
        np.array([5094180.16210, 6127644.65950, 6380344.53270]),
        np.array([-4746.1314870, 785.8180410, 5531.9312880]),
        days(ut1),
    )
    # The example keeps its time in one 64-bit Julian date, good to 20 us: 12 mm on the turning Earth.
    assert position_m == pytest.approx([-1033475.03120, 7901305.58560, 6380344.53270], abs=0.012)
    # The example's length of day, 1.6 ms longer than 86400 s, is 1e-5 m/s here.
    assert velocity_m_s == pytest.approx([-3225.6327470, -2872.4425110, 5531.9312880], abs=2e-5)


def test_the_position_is_sgp4s_turned_by_another_formula_of_sidereal_time() -> None:
    code, position_km, _ = Satrec.twoline2rv(LINE_1, LINE_2).sgp4(2458826.5, 0.8625)
    assert code == 0
    # The answer printed in the sgp4 package's documentation.
    assert position_km == pytest.approx((-6088.92, -936.13, -2866.44), abs=0.01)
    # IAU 2006: Earth rotation angle, and the precession of the equinox along the equator (arc seconds).
    since = 2458826.5 - 2451545.0 + 0.8625
    turn = 2 * np.pi * ((0.7790572732640 + 1.00273781191135448 * since) % 1)
    century = since / 36525
    turn += np.radians((0.014506 + 4612.156534 * century + 1.3915817 * century**2) / 3600)
    x, y, z = position_km
    east_of_equinox = np.arctan2(y, x) - turn
    expected_m = 1e3 * np.array(
        [np.hypot(x, y) * np.cos(east_of_equinox), np.hypot(x, y) * np.sin(east_of_equinox), z]
    )
    # The precessions of 1976 and 2006 part by 0.28 arc seconds a century since 2005: 1.1 m in 2019.
    assert state().position_ecef_m == pytest.approx(expected_m, abs=1.5)


def test_a_second_moves_the_station_by_its_velocity() -> None:
    second = timedelta(seconds=1)
    moved_m = (state(WHEN + second).position_ecef_m - state(WHEN - second).position_ecef_m) / 2
    # SGP4 leaves small rates out of its velocity, which parts by 0.02 m/s from its position's own change.
    assert moved_m == pytest.approx(state().velocity_ecef_m_s, abs=0.03)
    assert np.linalg.norm(moved_m) == pytest.approx(state().speed_m_s, abs=0.03)


def test_a_day_of_flight_stays_within_the_orbits_bounds() -> None:
    flight = [state(WHEN + timedelta(minutes=minute)) for minute in range(1440)]
    _, lat, height_m = to_geodetic([each.position_ecef_m for each in flight])
    # The inclination, 51.64 degrees, is of geocentric latitude; geodetic latitude is up to 0.19 degrees more.
    assert 51.6 < lat.max() < 51.85
    assert -51.85 < lat.min() < -51.6
    # 418 km by Kepler's law (15.501 revolutions a day), the eccentricity's 5 km, the Earth's flattening.
    assert 405e3 < height_m.min() < height_m.max() < 445e3
    speed_m_s = np.array([each.speed_m_s for each in flight])
    # 7.66 km/s less what the Earth turns along the track, 0.3 km/s.
    assert 7.2e3 < speed_m_s.min() < speed_m_s.max() < 7.4e3
    up = np.array([each.axes()[2] for each in flight])
    radial = np.array([each.position_ecef_m / np.linalg.norm(each.position_ecef_m) for each in flight])
    assert np.degrees(np.arccos((up * radial).sum(1))).max() < 0.1  # what `axes` states


def test_the_axes_are_along_left_and_up() -> None:
    position_m = to_ecef(0.0, 0.0, 400e3)
    east, north, up = east_north_up(0.0, 0.0)
    eastward = State(position_m, 7300.0 * east, 1.0, 1.0, 1.0)
    assert eastward.axes() == pytest.approx(np.stack([east, north, up]))
    northward = State(position_m, 7300.0 * north, 1.0, 1.0, 1.0)
    assert northward.axes() == pytest.approx(np.stack([north, -east, up]))


def test_half_of_the_errors_lie_within_the_measured_medians() -> None:
    rng = np.random.default_rng(0)
    for age_days, along_km, across_km in [(0.0, 0.34, 0.4), (1.0, 1.2, None), (3.0, 7.0, 0.8)]:
        errors_km = orbit_sigmas_m(age_days)[:, None] / 1e3 * np.abs(rng.standard_normal((3, 100_000)))
        # 100,000 draws give a median to 0.4 %, the coefficients are rounded to 0.1 %; 3 of that.
        along, across, radial = np.median(errors_km, axis=1)
        assert along == pytest.approx(along_km, rel=0.015)
        assert across_km is None or across == pytest.approx(across_km, rel=0.015)
        assert radial == pytest.approx(0.2, rel=0.015)
    assert orbit_sigmas_m(0.3)[0] < 1.25 * orbit_sigmas_m(0.0)[0]  # "within 0.3 d" is one class


def test_sigmas_are_the_orbits_turned_into_the_track_and_ut1s() -> None:
    for minute in range(0, 93, 10):
        there = state(WHEN + timedelta(minutes=minute))
        sigmas_m = np.array([there.along_sigma_m, there.across_sigma_m, there.radial_sigma_m])
        age_days = (4 * 60 + 3.5 + minute) / 1440
        squares = np.array((sigmas_m**2).sum() - (orbit_sigmas_m(age_days) ** 2).sum())
        lat = np.arcsin(there.position_ecef_m[2] / np.linalg.norm(there.position_ecef_m))
        # A turn of axes keeps the sum of variances; 0.52 s of UT1 is 258 m at the equator.
        ut1_m = 0.9 / np.sqrt(3) * 7.2921e-5 * np.linalg.norm(there.position_ecef_m) * np.cos(lat)
        assert np.sqrt(squares) == pytest.approx(ut1_m, rel=1e-3)  # the age is rounded to seconds
        assert (sigmas_m >= 0.998 * orbit_sigmas_m(age_days)).all()  # cos(3 degrees) is 0.9986


def test_an_old_orbits_error_lies_along_its_own_path() -> None:
    when = datetime(2019, 12, 18, 18, tzinfo=UTC) + timedelta(minutes=21.5)  # above the equator
    there = state(when)
    _, _, velocity_km_s = Satrec.twoline2rv(LINE_1, LINE_2).sgp4(2458835.5, 18 / 24 + 21.5 / 1440)
    east = sidereal_time_rad(days(when))
    x, y, z = velocity_km_s / np.linalg.norm(velocity_km_s)
    path = [x * np.cos(east) + y * np.sin(east), y * np.cos(east) - x * np.sin(east), z]
    share = float(there.axes()[1] @ path)
    assert abs(share) == pytest.approx(np.sin(np.radians(3.0)), rel=0.05)
    along_m, across_m, _ = orbit_sigmas_m(
        (when - datetime(2019, 12, 9, 16, 38, tzinfo=UTC)) / timedelta(days=1)
    )
    # UT1's 258 m and the cosine of the turn change the whole by less than 1 %.
    assert there.across_sigma_m == pytest.approx(np.hypot(share * along_m, across_m), rel=0.01)


def test_sigmas_grow_with_age_before_and_after_the_epoch() -> None:
    (element_set,) = parse_elements(ISS, "iss.tle")
    for side in (-1, 1):
        ages = [
            station_state(element_set, element_set.epoch + side * timedelta(days=day)) for day in (0, 1, 3, 9)
        ]
        along_m = [each.along_sigma_m for each in ages]
        assert along_m == sorted(along_m)
        # 1.4826 of 1.2 and 7 km; UT1 and the turn of axes are below 1 %.
        assert along_m[1:3] == pytest.approx([1779, 10378], rel=0.01)


def test_the_covariance_is_that_of_a_wrong_clock_and_a_wrong_orbit() -> None:
    rng = np.random.default_rng(1)
    here, clock_sigma_s, n = state(), 5.0, 4000
    sigmas_m = [here.along_sigma_m, here.across_sigma_m, here.radial_sigma_m]
    offsets = (
        np.array(
            [
                state(WHEN + timedelta(seconds=offset)).position_ecef_m - here.position_ecef_m
                for offset in rng.normal(0, clock_sigma_s, n)
            ]
        )
        + rng.normal(0, sigmas_m, (n, 3)) @ here.axes()
    )
    stated = here.axes() @ here.covariance_ecef_m2(clock_sigma_s) @ here.axes().T
    happened = here.axes() @ (offsets.T @ offsets / n) @ here.axes().T
    # 4000 draws give a variance to 2.2 %, the long-tailed fall below the tangent to 4 %; 3 of that.
    assert np.diag(happened) == pytest.approx(np.diag(stated), rel=0.12)
    sigma = np.sqrt(np.diag(stated))
    # Across stays uncorrelated; 3 of 1 / sqrt(4000), and 1 % by the sideways bend of the track.
    assert np.abs(happened / np.outer(sigma, sigma) - np.eye(3))[1].max() < 0.12


def test_without_a_clock_error_the_covariance_is_the_orbits() -> None:
    here = state()
    covariance = here.covariance_ecef_m2(0.0)
    along, across, up = here.axes()
    assert along @ covariance @ along == pytest.approx(here.along_sigma_m**2)
    assert across @ covariance @ across == pytest.approx(here.across_sigma_m**2)
    # An orbit error of 0.6 km along the track falls 5 cm.
    assert up @ covariance @ up == pytest.approx(here.radial_sigma_m**2, rel=1e-6)
    clock = here.covariance_ecef_m2(2.0)
    assert along @ clock @ along == pytest.approx(here.along_sigma_m**2 + (2 * here.speed_m_s) ** 2)


@pytest.mark.parametrize("offset_s", [-3.0, 0.5, 8.0])
def test_a_clock_offset_is_found_from_the_displacement(offset_s: float) -> None:
    here = state()
    there_m = state(WHEN + timedelta(seconds=offset_s)).position_ecef_m
    along_m = float(here.axes()[0] @ (there_m - here.position_ecef_m))
    found_s, sigma_s = here.clock_offset_s(along_m, 0.0, clock_sigma_s=60.0)
    # With so loose a clock the orbit takes 2e-6 of it; an arc of 60 km is 1 m longer than its chord.
    assert found_s == pytest.approx(offset_s, abs=1e-3)
    # All that is left is the orbit's own error along the track.
    assert sigma_s == pytest.approx(here.along_sigma_m / here.speed_m_s, rel=1e-4)
    assert here.clock_offset_s(along_m, 0.0, clock_sigma_s=0.0) == (0.0, 0.0)


def test_a_displacement_is_shared_by_the_variances() -> None:
    here = State(to_ecef(0.0, 0.0, 400e3), np.array([0.0, 7000.0, 0.0]), 7000.0, 600.0, 300.0)
    # Clock and orbit are both 7 km along the track: half each, and a sigma of 1 / sqrt(2) s.
    assert here.clock_offset_s(14000.0, 0.0, clock_sigma_s=1.0) == pytest.approx((1.0, np.sqrt(0.5)))


def test_the_clock_offsets_sigma_covers_also_when_the_photo_is_vague() -> None:
    rng = np.random.default_rng(2)
    n, clock_sigma_s, photo_sigma_m = 20_000, 1.0, 5000.0
    here = State(to_ecef(0.0, 0.0, 400e3), np.array([0.0, 7300.0, 0.0]), 4000.0, 600.0, 300.0)
    offset_s = rng.normal(0, clock_sigma_s, n)
    seen_m = 7300.0 * offset_s + rng.normal(0, 4000.0, n) + rng.normal(0, photo_sigma_m, n)
    # The adjustment: prior and photo, each weighted by its variance.
    prior_m2 = 4000.0**2 + 7300.0**2
    weight = prior_m2 / (prior_m2 + photo_sigma_m**2)
    adjusted_sigma_m = float(np.sqrt(weight) * photo_sigma_m)
    found = [here.clock_offset_s(weight * each, adjusted_sigma_m, clock_sigma_s) for each in seen_m]
    pull = (np.array([each for each, _ in found]) - offset_s) / found[0][1]
    # 20,000 draws: a mean to 0.007, a spread to 0.5 %; 4 of each.
    assert pull.mean() == pytest.approx(0.0, abs=0.03)
    assert pull.std() == pytest.approx(1.0, abs=0.02)


# The same elements as an OMM, as the sgp4 package's `export_omm` gives them.
OMM = {
    "OBJECT_NAME": "ISS (ZARYA)", "OBJECT_ID": "1998-067A", "CENTER_NAME": "EARTH", "REF_FRAME": "TEME",
    "TIME_SYSTEM": "UTC", "MEAN_ELEMENT_THEORY": "SGP4", "EPOCH": "2019-12-09T16:38:29.363423",
    "MEAN_MOTION": 15.50103472, "ECCENTRICITY": 0.0007417, "INCLINATION": 51.6439,
    "RA_OF_ASC_NODE": 211.2001, "ARG_OF_PERICENTER": 17.6667, "MEAN_ANOMALY": 85.6398, "EPHEMERIS_TYPE": 0,
    "CLASSIFICATION_TYPE": "U", "NORAD_CAT_ID": 25544, "ELEMENT_SET_NO": 999, "REV_AT_EPOCH": 20248,
    "BSTAR": 3.8792e-05, "MEAN_MOTION_DOT": 1.764e-05, "MEAN_MOTION_DDOT": 0,
}  # fmt: skip


def as_xml(fields: dict[str, object], head: str = '<?xml version="1.0" encoding="UTF-8"?>') -> str:
    body = "".join(f"<{key}>{value}</{key}>" for key, value in fields.items())
    return (
        f'{head}\n<ndm xmlns="urn:ccsds"><omm><body><segment><data>{body}</data></segment></body></omm></ndm>'
    )


class TestMessages:
    @pytest.mark.parametrize(
        "text",
        [
            json.dumps(OMM),
            json.dumps([OMM], indent=1),
            json.dumps({key: str(value) for key, value in OMM.items()}),
            json.dumps(OMM | {"EPOCH": "2019-12-09T17:38:29.363423+01:00"}),
            as_xml(OMM),
            "\ufeff" + as_xml(OMM, ""),
        ],
        ids=["JSON", "list", "numbers as text", "with an offset", "XML", "XML without its first line"],
    )
    def test_a_message_is_the_two_lines_of_the_same_elements(self, text: str) -> None:
        (element_set,) = parse_elements(text, "iss.json")
        assert (element_set.line_1, element_set.line_2) == (LINE_1, LINE_2)
        assert element_set.source == "iss.json: element set 1"

    def test_what_sgp4_does_not_use_may_be_missing_or_large(self) -> None:
        needed = {"EPOCH", "MEAN_MOTION", "ECCENTRICITY", "INCLINATION", "RA_OF_ASC_NODE", "BSTAR"}
        needed |= {"ARG_OF_PERICENTER", "MEAN_ANOMALY", "NORAD_CAT_ID"}
        few = {key: OMM[key] for key in needed} | {"REV_AT_EPOCH": 123_456}
        (element_set,) = parse_elements(json.dumps(few), "iss.json")
        at = [station_state(each, WHEN).position_ecef_m for each in (element_set, *parse_elements(ISS, "a"))]
        np.testing.assert_array_equal(*at)
        for key in needed:
            with pytest.raises(
                OrbitError, match=f"^iss.json: element set 1: {key} is missing; copy the mess"
            ):
                parse_elements(json.dumps({k: v for k, v in few.items() if k != key}), "iss.json")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("{", r"is no JSON \("),
            ("[" * 100_000, r"is no JSON \("),
            ("[]", "holds no orbit element set, .* or an OMM in JSON or XML"),
            ("[1]", "is no orbit message: each must hold keys and values"),
            (
                json.dumps([OMM, OMM | {"ECCENTRICITY": 1.5}]),
                "element set 2: its numbers are not those of an",
            ),
            (json.dumps(OMM | {"INCLINATION": float("nan")}), "element set 1: .*copy the message anew"),
            (json.dumps(OMM | {"INCLINATION": "x\ny"}), r"element set 1: could not convert .*x\\ny"),
            (json.dumps(OMM | {"EPOCH": "2019-02-30T00:00:00"}), "element set 1: day "),
            (
                json.dumps(OMM | {"EPOCH": "2119-02-03T00:00:00"}),
                "element set 1: its epoch is in the year 2119",
            ),
            (
                json.dumps(OMM | {"MEAN_ELEMENT_THEORY": "DSST"}),
                "element set 1: MEAN_ELEMENT_THEORY is 'DSST'",
            ),
            (json.dumps(OMM | {"REF_FRAME": "GCRF"}), "element set 1: REF_FRAME is 'GCRF'; SGP4 takes TEME"),
            ("<omm><segment>", r"is no XML \("),
            ("<omm/>", "holds no orbit element set"),
            (as_xml({"EPOCH": "<b/>"}), "element set 1: .* is missing"),
            (
                '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><omm>&b;</omm>',
                "is no orbit message: it decl",
            ),
        ],
    )
    def test_a_broken_message_is_one_line(self, text: str, message: str) -> None:
        with pytest.raises(OrbitError, match=f"^iss.json: {message}") as caught:
            parse_elements(text, "iss.json")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("year", "days"), [("19", 365), ("20", 366), ("00", 366), ("99", 365)])
def test_a_year_has_its_days_and_no_more(year: str, days: int) -> None:
    """Day 366 of a plain year would be the first of the next."""
    century = 1900 if year == "99" else 2000
    last = f"{changed(LINE_1, 18, f'{year}{days}.99999999')}\n{LINE_2}\n"
    assert parse_elements(last, "iss.tle")[0].epoch.year == century + int(year)
    over = f"{changed(LINE_1, 18, f'{year}{days + 1}.00000000')}\n{LINE_2}\n"
    shown = f"day {days + 1}.00000000 of {century + int(year)}, a year of {days} days"
    with pytest.raises(OrbitError, match=f"^iss.tle: line 1: .* has an epoch on {shown}; copy"):
        parse_elements(over, "iss.tle")
