"""Where the station was: SGP4 from orbit element sets, turned into the Earth-fixed frame, with sigmas.

    element sets --nearest epoch--> SGP4 --> TEME --sidereal time--> ECEF  (along, across, up)

TEME (true equator, mean equinox of date) is the inertial frame in which SGP4 answers. UTC stands for UT1 and
polar motion (20 m) is left out; the sigmas count the first and dwarf the second. Times are aware datetimes.
"""

import calendar
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
from sgp4.api import SGP4_ERRORS, Satrec

from pipeline.camera.earth import Array, to_geodetic
from pipeline.camera.omm import is_omm, parse_omm
from pipeline.errors import PipelineError, printable
from pipeline.plausible import ALTITUDE_KM
from pipeline.robust import SIGMA_PER_MEDIAN

DAY = timedelta(days=1)
J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
J2000_JULIAN_DATE = 2451545.0  # of J2000: noon of 1 January 2000
DAYS_A_CENTURY = 36525  # a Julian century, the unit of time in formulas of sidereal time
# 2 pi x 1.00273781191135448 a day of UT1: the Earth rotation angle of the IERS Conventions (2010).
EARTH_ROTATION_RAD_S = np.array([0.0, 0.0, 7.292115146706979e-5])

# At ten days SGP4 is off by some 100 km along the track, more than a catalogue's nadir.
MAX_AGE_DAYS = 10.0
STATION_CATALOGUE_NUMBER = 25544  # of the International Space Station in the catalogue of element sets

# |UT1 - UTC| is kept below 0.9 s by leap seconds; a uniform error of that half-width has this sigma.
UT1_SIGMA_S = 0.9 / 3**0.5

BYTE_ORDER_MARK = "\ufeff"  # with which Windows editors begin a text
LINE_LENGTH = 69  # characters of each of the two lines, with the checksum
_LINE_FORMATS = {
    "1": re.compile(
        r"1 [ \dA-Z][ \d]{4}[A-Z ] [\dA-Z ]{8} \d\d[ \d]{3}\.\d{8} [ +-]\.\d{8} "
        r"[ +-]\d{5}[+-]\d [ +-]\d{5}[+-]\d [ \d] [ \d]{4}\d",
        re.ASCII,
    ),
    "2": re.compile(
        r"2 [ \dA-Z][ \d]{4} [ \d]{3}\.\d{4} [ \d]{3}\.\d{4} \d{7} [ \d]{3}\.\d{4} [ \d]{3}\.\d{4} "
        r"[ \d]{2}\.\d{8}[ \d]{5}\d",
        re.ASCII,
    ),
}
# A title may stand before the two lines of each element set.
_SEQUENCE = {("2", "title"), ("2", "1"), ("title", "1"), ("1", "2")}


class OrbitError(PipelineError):
    """Orbit element sets cannot be read, or do not tell where the station was."""


class _Line(NamedTuple):
    """A line of a text, with its number there."""

    number: int
    text: str

    @property
    def kind(self) -> str:
        return self.text[0] if self.text[:2] in ("1 ", "2 ") else "title"

    @property
    def shown(self) -> str:
        return repr(self.text[:LINE_LENGTH])


@dataclass(frozen=True)
class ElementSet:
    """The two lines of an element set, their epoch, and where they were read (for messages)."""

    line_1: str
    line_2: str
    epoch: datetime
    source: str

    def age_days(self, when: datetime) -> float:
        """Days from the epoch to a time, either way."""
        return abs((when - self.epoch) / DAY)


@dataclass(frozen=True, eq=False)
class State:
    """Position (m) and Earth-fixed velocity (m/s) in ECEF, with 1-sigma of the position (m) along `axes`."""

    position_ecef_m: Array
    velocity_ecef_m_s: Array
    along_sigma_m: float
    across_sigma_m: float
    radial_sigma_m: float

    @property
    def speed_m_s(self) -> float:
        """Speed over the turning Earth."""
        return float(np.linalg.norm(self.velocity_ecef_m_s))

    def axes(self) -> Array:
        """Unit vectors in ECEF as rows (3, 3): along the track over the turning Earth, across it to the left,
        and up, at right angles to both (within 0.1 degree of away from the Earth's centre)."""
        return _track_axes(self.position_ecef_m, self.velocity_ecef_m_s)

    def covariance_ecef_m2(self, clock_sigma_s: float) -> Array:
        """Covariance of the position in ECEF (3, 3) when the photo's clock is good to `clock_sigma_s`.

        A displacement s along the track also falls s^2 / 2r below its tangent (0.4 km at 10 s of clock):
        its root mean square, sqrt(3) sigma^2 / 2r, widens the radial sigma. Good up to a clock sigma of 20 s;
        beyond, the track bends sideways too as the Earth turns (2.7 km at 60 s).
        """
        along_m = np.hypot(self.along_sigma_m, self.speed_m_s * clock_sigma_s)
        fall_m = np.sqrt(3) / 2 * along_m**2 / np.linalg.norm(self.position_ecef_m)
        sigmas_m = np.array([along_m, self.across_sigma_m, np.hypot(self.radial_sigma_m, fall_m)])
        axes = self.axes()
        return np.asarray((axes.T * sigmas_m**2) @ axes)

    def clock_offset_s(
        self, along_m: float, adjusted_sigma_m: float, clock_sigma_s: float
    ) -> tuple[float, float]:
        """Seconds to add to the photo's time, with 1-sigma, when the photo shows the station ahead of here.

        `along_m` and its 1-sigma are of the displacement along the track after an adjustment that had
        `covariance_ecef_m2` as its prior (or of an exact one, with 0). It is shared between clock and orbit
        by their variances; what the adjustment leaves unknown of it is shared alike.
        """
        clock_m = self.speed_m_s * clock_sigma_s
        share = clock_m**2 / (self.along_sigma_m**2 + clock_m**2)
        split_sigma_m = self.along_sigma_m * np.sqrt(share)
        sigma_m = np.hypot(split_sigma_m, share * adjusted_sigma_m)
        return share * along_m / self.speed_m_s, float(sigma_m) / self.speed_m_s


def parse_elements(text: str, name: str) -> tuple[ElementSet, ...]:
    """All element sets in a text, which messages call `name`, in its order: of two or three lines each, or
    Orbit Mean-Elements Messages in JSON or XML.

    Windows line ends, blank lines and blanks around a line are accepted. Raises OrbitError with the line's
    number for a missing line and a wrong length, format or checksum; also for no or several objects.
    """
    message = text.strip(f"{BYTE_ORDER_MARK} \t\r\n")
    elements = tuple(_from_messages(message, name) if is_omm(message) else _from_lines(text, name))
    if not elements:
        raise OrbitError(
            f"{name}: holds no orbit element set, which is two lines of {LINE_LENGTH} characters that begin "
            "with 1 and 2, or an OMM in JSON or XML"
        )
    objects = sorted({_catalogue_number(element.line_1) for element in elements})
    if len(objects) > 1:
        raise OrbitError(
            f"{name}: holds element sets of several objects ({', '.join(objects)}); "
            f"keep those of one (the station is {STATION_CATALOGUE_NUMBER})"
        )
    return elements


def _from_messages(text: str, name: str) -> Iterator[ElementSet]:
    """The element sets of Orbit Mean-Elements Messages."""
    try:
        for number, (first, second) in enumerate(parse_omm(text), 1):
            if _fault(first) or _fault(second):
                raise ValueError(f"element set {number}: its numbers are not those of an orbit")
            yield ElementSet(first, second, _epoch(first), f"{name}: element set {number}")
    except ValueError as error:
        raise OrbitError(printable(f"{name}: {error}; copy the message anew")) from None


def _from_lines(text: str, name: str) -> Iterator[ElementSet]:
    """The element sets of two lines each, with or without a title before them."""
    lines = (
        _Line(number, line.strip(f"{BYTE_ORDER_MARK} \t")) for number, line in enumerate(text.splitlines(), 1)
    )
    for first, second in _pairs((line for line in lines if line.text), name):
        yield _element_set(first, second, name)


def nearest(elements: Sequence[ElementSet], when: datetime) -> ElementSet:
    """The element set (of at least one) whose epoch is nearest to a time.

    Raises OrbitError when that is more than MAX_AGE_DAYS away, or the object not at a station's altitude.
    """
    element_set = min(elements, key=lambda each: each.age_days(when))
    age_days = element_set.age_days(when)
    if age_days > MAX_AGE_DAYS:
        raise OrbitError(
            f"{element_set.source}: the nearest element set is of {_shown(element_set.epoch)}, "
            f"{age_days:.1f} days from {_shown(when)}; at most {MAX_AGE_DAYS:g} are allowed: "
            f"supply elements of that date"
        )
    position_m, _ = _ecef(element_set, when)
    altitude_km = float(to_geodetic(position_m)[2]) / 1e3
    low_km, high_km = ALTITUDE_KM
    if not low_km <= altitude_km <= high_km:
        raise OrbitError(
            f"{element_set.source}: the object is {altitude_km:.0f} km high at {_shown(when)}, not "
            f"{low_km:g} to {high_km:g} km; supply elements of the station ({STATION_CATALOGUE_NUMBER})"
        )
    return element_set


def station_state(element_set: ElementSet, when: datetime) -> State:
    """Where the object of an element set is at a time. Raises OrbitError if SGP4 cannot tell."""
    position_m, velocity_m_s = _ecef(element_set, when)
    turning_m_s = np.cross(EARTH_ROTATION_RAD_S, position_m)
    # The orbit's errors lie along its own path, up to 3 degrees from the track over the turning Earth; an
    # error of UT1 moves everything east. Each adds to the sigmas along the track's axes.
    orbit_axes = _track_axes(position_m, velocity_m_s + turning_m_s)
    orbit_m = orbit_sigmas_m(element_set.age_days(when))[:, None] * orbit_axes
    errors_m = np.vstack([orbit_m, UT1_SIGMA_S * turning_m_s])
    along_m, across_m, radial_m = np.linalg.norm(errors_m @ _track_axes(position_m, velocity_m_s).T, axis=0)
    return State(position_m, velocity_m_s, float(along_m), float(across_m), float(radial_m))


def orbit_sigmas_m(age_days: float) -> Array:
    """1-sigma (m) of SGP4 along the orbit, across it and radially, for elements of an age.

    Along, an error of the mean motion grows with age and one of the drag with its square: the coefficients
    meet the medians measured for the station in 2016, 0.34 km fresh, 1.2 km at 1 d and 7 km at 3 d. Across,
    0.4 to 0.8 km were measured, taken to grow evenly over those 3 d; radially 0.2 km at any age.
    """
    along_km = np.hypot(0.34, 0.561 * age_days + 0.590 * age_days**2)
    across_km = 0.4 + 0.4 * age_days / 3
    # The errors were measured as medians of absolute values. Manoeuvres make the true tails longer than a
    # Gaussian's: a robust adjustment must allow for them.
    return SIGMA_PER_MEDIAN * 1e3 * np.array([along_km, across_km, 0.2])


def sidereal_time_rad(days: float) -> float:
    """Greenwich mean sidereal time (IAU 1982; Aoki et al. 1982), 0..2 pi, at days of UT1 since J2000."""
    t = days / DAYS_A_CENTURY
    seconds = 67310.54841 + (876600 * 3600 + 8640184.812866) * t + 0.093104 * t**2 - 6.2e-6 * t**3
    return float(np.radians(seconds / 240 % 360))


def teme_to_ecef(position: Array, velocity: Array, days: float) -> tuple[Array, Array]:
    """Position and velocity (m and m/s) in TEME to ECEF at days of UT1 since J2000; the velocity becomes the
    one relative to the turning Earth. Vallado et al., AIAA 2006-6753, without polar motion."""
    angle = sidereal_time_rad(days)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])
    fixed = turn @ position
    return fixed, turn @ velocity - np.cross(EARTH_ROTATION_RAD_S, fixed)


def _ecef(element_set: ElementSet, when: datetime) -> tuple[Array, Array]:
    """Position (m) and velocity (m/s) in ECEF by SGP4."""
    days = (when - J2000) / DAY
    satellite = Satrec.twoline2rv(element_set.line_1, element_set.line_2)
    code, position_km, velocity_km_s = satellite.sgp4(J2000_JULIAN_DATE, days)
    if code:
        raise OrbitError(
            f"{element_set.source}: gives no position at {_shown(when)}: {SGP4_ERRORS[code]}; "
            f"supply elements of the station ({STATION_CATALOGUE_NUMBER})"
        )
    return teme_to_ecef(np.multiply(position_km, 1e3), np.multiply(velocity_km_s, 1e3), days)


def _shown(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _track_axes(position: Array, velocity: Array) -> Array:
    along = velocity / np.linalg.norm(velocity)
    across = np.cross(position, velocity)
    across /= np.linalg.norm(across)
    return np.stack([along, across, np.cross(along, across)])


def _pairs(lines: Iterable[_Line], name: str) -> Iterator[tuple[_Line, _Line]]:
    """The two lines of each element set, without titles. Raises OrbitError where one is missing."""
    previous = _Line(0, "2 ")
    for line in lines:
        if (previous.kind, line.kind) not in _SEQUENCE:
            raise OrbitError(f"{name}: line {line.number}: {line.shown} stands where {_missing(previous)}")
        if line.kind == "2":
            yield previous, line
        previous = line
    if previous.kind != "2":
        raise OrbitError(f"{name}: line {previous.number}: after {previous.shown}, {_missing(previous)}")


def _missing(previous: _Line) -> str:
    which = "second" if previous.kind == "1" else "first"
    return f"the {which} line of an element set is missing; copy the element set anew"


def _element_set(first: _Line, second: _Line, name: str) -> ElementSet:
    """The checked element set of two lines."""
    for line in (first, second):
        if reason := _fault(line.text):
            raise OrbitError(f"{name}: line {line.number}: {line.shown} {reason}; copy the element set anew")
    numbers = _catalogue_number(first.text), _catalogue_number(second.text)
    if numbers[0] != numbers[1]:
        raise OrbitError(
            f"{name}: lines {first.number} and {second.number}: are of two objects, {' and '.join(numbers)}"
        )
    return ElementSet(first.text, second.text, _epoch(first.text), f"{name}: line {first.number}")


def _fault(line: str) -> str:
    """What is wrong with a line of an element set; empty if nothing is."""
    if len(line) != LINE_LENGTH:
        return f"has {len(line)} characters instead of {LINE_LENGTH}"
    if not _LINE_FORMATS[line[0]].fullmatch(line):
        return "does not have its digits, points and blanks in the columns of an element set"
    # The sum of all digits, a minus sign counting one: letters, points and blanks leave no trace in it.
    checksum = sum(int(c) if c.isdigit() else c == "-" for c in line[:-1]) % 10
    if int(line[-1]) != checksum:
        return f"ends in checksum {line[-1]}, but its digits add up to {checksum}"
    if line[0] == "1":
        days = 366 if calendar.isleap(_year(line)) else 365
        if not 1 <= _day_of_year(line) < days + 1:
            return f"has an epoch on day {line[20:32].strip()} of {_year(line)}, a year of {days} days"
    return ""


def _year(line_1: str) -> int:
    """Years are of 1957 to 2056: nothing flew before the first."""
    year = int(line_1[18:20])
    return year + (1900 if year >= 57 else 2000)


def _day_of_year(line_1: str) -> float:
    """1.0 is the first midnight of the year."""
    return float(line_1[20:32])


def _epoch(line_1: str) -> datetime:
    return datetime(_year(line_1), 1, 1, tzinfo=UTC) + (_day_of_year(line_1) - 1) * DAY


def _catalogue_number(line: str) -> str:
    return line[2:7].strip()
