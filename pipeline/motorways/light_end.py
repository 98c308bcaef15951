"""Where the light of a motorway ends, with its interval, and what that says of the borders."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.camera.earth import Array
from pipeline.ground.country_table import adjective
from pipeline.motorways.chainage import Crossing, Regional
from pipeline.motorways.lit_segments import Profile, Segment, runs
from pipeline.motorways.road_chain import Followed, end_density
from pipeline.motorways.settings import MotorwaySettings
from pipeline.motorways.verdicts import MotorwayVerdict
from pipeline.robust import NORMAL_95

TAIL_SHARE = 0.025  # by definition: of a 95 % interval, beyond either end
# Of the interval that decides at which border light ends: a border outside of it is excluded, and 1 in 100
# times may be so wrongly.
DECIDING_TAIL_SHARE = 0.005
SIDES = (-1, 1)  # of chainage: the first country's, the second's


@dataclass(frozen=True)
class LightEnd:
    """Where light ends: chainage (m) with its 95 % interval, 1 sigma from the light alone, and the 99 %
    interval.

    lit_before: the lit side is that of smaller chainage. beyond_per_km: light of the dark run behind it, and
    its 1 sigma.
    """

    chainage_m: float
    low_m: float
    high_m: float
    change_sigma_m: float
    lit_before: bool
    beyond_per_km: float
    beyond_sigma: float
    low99_m: float
    high99_m: float

    def holds(self, chainage_m: float, error_m: float = 0.0) -> bool:
        """Whether it may be that the light ends at a border, which may be off by an error."""
        return self.low99_m <= chainage_m + error_m and chainage_m - error_m <= self.high99_m


class Crossed(Protocol):
    """A motorway and the borders that it crosses: what `judge_end` asks of a crossing."""

    @property
    def ref(self) -> str:
        """The motorway's number."""

    @property
    def first(self) -> str:
        """The country of negative chainages, by code."""

    @property
    def second(self) -> str:
        """The country of positive chainages, by code."""

    @property
    def regional(self) -> tuple[Regional, ...]:
        """The regional borders that it crosses."""


@dataclass(frozen=True, eq=False)
class Road:
    """A crossing with what a photo shows of it: profile and stretches by block; and by station how unsure the
    photo's positions are (1 sigma, m)."""

    crossing: Crossing
    followed: Followed
    profile: Profile
    segments: list[Segment]
    position_sigma_m: Array

    @property
    def registered(self) -> Crossing:
        """The crossing moved to where its light shows it, or would."""
        offset_m = np.interp(self.crossing.chainage_m, self.profile.chainage_m, self.followed.offset_m)
        return self.crossing.moved(offset_m)

    def shift_sigma_m(self, chainage_m: float, resolution_m: float, lamp_spacing_m: float) -> float:
        """1 sigma of what may shift an end of light near a place against the border; cells and the gaps
        between lamps do so uniformly."""
        shifts = (
            self.position_sigma_m[self.station(chainage_m)],
            self.line_error_m(chainage_m) / NORMAL_95,  # a line's stated error is a 95 % bound
            resolution_m / math.sqrt(12),
            lamp_spacing_m / math.sqrt(12),
        )
        return math.hypot(*shifts)

    def station(self, chainage_m: float) -> int:
        """The station nearest to a chainage."""
        return int(np.abs(self.crossing.chainage_m - chainage_m).argmin())

    def line_error_m(self, chainage_m: float) -> float:
        """The line's greatest error between a place and the border."""
        low, high = sorted((self.station(chainage_m), self.station(0.0)))
        return float(self.crossing.error_m[low : high + 1].max())


@dataclass(frozen=True)
class Finding:
    """What is said of a motorway at a border; `lit_side` is the country (its code) of a road that is lit up
    to the border."""

    verdict: MotorwayVerdict
    statement: str
    end: LightEnd | None = None
    lit_side: str | None = None


def judge_motorway(road: Road, lit: float | None, resolution_m: float, settings: MotorwaySettings) -> Finding:
    """The verdict on a motorway from its stretches, with a sentence.

    `lit` is the light per km of a lit motorway in the photo, None where none is seen lit; `resolution_m` the
    size of the grid's cells.
    """
    crossing, told = road.crossing, runs(road.segments)
    ends = [_place_end(road, *pair, resolution_m, settings) for pair in pairwise(told)]
    end = min(ends, key=lambda light_end: abs(light_end.chainage_m), default=None)
    beside = {sign: _beside_border(road, told, sign, settings) for sign in SIDES}
    for sign in SIDES:
        other = beside[-sign]
        # Light that ends before the border tells enough, whatever is on the other side.
        if beside[sign] is None and (end is None or other is None or other.lit == "lit"):
            if end is None and other is not None and _reaches_border(road, -sign, settings):
                return _up_to_border(crossing, other, sign, road)
            return _untold(crossing, _why_untold(road, sign, settings) + _known(road, other, -sign))
    if end is not None:
        return _judge_end(road, end, lit, settings)
    lit_shares = [_lit_share(road, sign, settings.both_sides_m) for sign in SIDES]
    if min(lit_shares) >= settings.min_alike_share:
        return Finding("lit on both sides", f"The {crossing.ref} is lit on both sides of the border.")
    if max(lit_shares) <= 1 - settings.min_alike_share:
        limit = _limit([run for run in told if run.lit == "dark"], lit, settings.limit_sigmas)
        return Finding(
            "dark on both sides", f"The {crossing.ref} is dark on both sides of the border: {limit}."
        )
    unsure = [abs(share - 0.5) for share in lit_shares]
    return _untold(crossing, _why_untold(road, SIDES[int(np.argmin(unsure))], settings))


def _untold(crossing: Crossing, why: str) -> Finding:
    return Finding("undecidable", f"Where the {crossing.ref} is lit cannot be told: {why}.")


def _reaches_border(road: Road, sign: int, settings: MotorwaySettings) -> bool:
    """Whether the road is seen lit on one side up to the border, or nearly."""
    away_m = sign * road.profile.chainage_m
    near = (away_m > 0) & (away_m <= 2 * settings.up_to_border_m)
    lit = near & (road.followed.lit >= settings.told) & road.profile.seen
    return bool(lit.any()) and float(away_m[lit].min()) <= settings.up_to_border_m


def _up_to_border(crossing: Crossing, run: Segment, sign: int, road: Road) -> Finding:
    """Of a road that is lit to the border; the side of `sign` is not seen."""
    lit, unseen = (adjective(c) for c in (crossing.first, crossing.second)[:: -1 if sign < 0 else 1])
    lit_km = run.length_m / 1e3
    return Finding(
        "lit up to the border",
        f"The {crossing.ref} is lit up to the border, for {lit_km:.1f} km on the {lit} side; what follows on "
        f"the {unseen} side cannot be told.",
        lit_side=crossing.second if sign < 0 else crossing.first,
    )


def _judge_end(road: Road, end: LightEnd, lit: float | None, settings: MotorwaySettings) -> Finding:
    """At which border a photo shows light to end, with how sure its line is and how dark it is behind."""
    error_m = road.line_error_m(end.chainage_m)
    more = f"; its line is approximate by {error_m:.0f} m" if error_m >= settings.sure_line_m else ""
    if lit and math.isfinite(end.beyond_per_km):
        more += f"; beyond it the road has {_beyond(end, lit, settings)}"
    return judge_end(road.crossing, end, more, settings)


def judge_end(crossing: Crossed, end: LightEnd, more: str, settings: MotorwaySettings) -> Finding:
    """At which border light ends, by the borders that its interval holds; `more` is said after the place."""
    subject = f"The light of the {crossing.ref} ends"
    low, high = side_words(crossing, end.low_m), side_words(crossing, end.high_m)
    where = f"{side_words(crossing, end.chainage_m)} (95 %: {low} to {high}){more}"
    national = end.holds(0.0)
    regional = [border for border in crossing.regional if end.holds(border.chainage_m, border.error_m)]
    if national and regional:
        at = " and ".join(side_words(crossing, border.chainage_m) for border in regional)
        both = f"at the national border or at the regional one, {at}, which cannot be told apart"
        return Finding("undecidable", f"{subject} {both}: it ends {where}.", end)
    if (national or regional) and end.high_m - end.low_m > settings.max_interval_m:
        return Finding("undecidable", f"{subject} {where}: too wide an interval to say at which border.", end)
    if national:
        return Finding(
            "ends at the national border", f"{subject} at the national border: it ends {where}.", end
        )
    if regional:
        return Finding(
            "ends at the regional border", f"{subject} at the regional border: it ends {where}.", end
        )
    away = f"{abs(end.chainage_m) / 1e3:.1f} km from the border"
    return Finding("ends elsewhere", f"{subject} {away}: it ends {where}.", end)


def side_words(crossing: Crossed, chainage_m: float) -> str:
    """A chainage in words."""
    country = crossing.second if chainage_m > 0 else crossing.first
    return f"{abs(chainage_m) / 1e3:.2f} km on the {adjective(country)} side"


def _beside_border(
    road: Road, told: Sequence[Segment], sign: int, settings: MotorwaySettings
) -> Segment | None:
    """The run nearest to the border of those of which enough can be seen on one side (sign: -1 the first
    country's, 1 the second's)."""
    away_m, visible = sign * road.profile.chainage_m, road.profile.seen
    candidates = []
    for run in told:
        here = slice(run.start, run.stop)
        shown_m = ((away_m[here] > 0) & visible[here]).sum() * road.followed.chain.ridge.block_m
        if shown_m >= settings.min_side_m:
            candidates.append((float(np.abs(away_m[here]).min()), run))
    return min(candidates, key=lambda candidate: candidate[0])[1] if candidates else None


def _lit_share(road: Road, sign: int, within_m: float) -> float:
    """Share of the road within a distance of the border on one side that is expected to be lit; one half of
    a road that is not there."""
    away_m = sign * road.profile.chainage_m
    beside = (away_m > 0) & (away_m <= within_m)
    return float(road.followed.lit[beside].mean()) if beside.any() else 0.5


def _known(road: Road, run: Segment | None, sign: int) -> str:
    """What can be told of one side where the other is not known."""
    if run is None:
        return ""
    crossing, here = road.crossing, slice(run.start, run.stop)
    away = sign * road.profile.chainage_m[here][road.profile.seen[here]]
    half_m = road.followed.chain.ridge.block_m / 2
    near_km, far_km = (float(v) / 1e3 for v in (max(away.min() - half_m, 0.0), away.max() + half_m))
    whose = adjective(crossing.second if sign > 0 else crossing.first)
    return f"; on the {whose} side it is {run.lit} from {near_km:.1f} to {far_km:.1f} km from the border"


def _why_untold(road: Road, sign: int, settings: MotorwaySettings) -> str:
    """Why one side cannot be told to be lit or dark, the plainest reason first."""
    crossing, profile = road.crossing, road.profile
    side, stations = sign * profile.chainage_m > 0, sign * crossing.chainage_m > 0
    whose = adjective(crossing.second if sign > 0 else crossing.first)
    seen_km = float((side & profile.seen).sum()) * road.followed.chain.ridge.block_m / 1e3
    if (crossing.error_m[stations] > settings.max_line_error_m).mean() > 0.5:
        return f"on the {whose} side its line is good to more than {settings.max_line_error_m:.0f} m only"
    if seen_km < settings.min_side_m / 1e3:
        return f"only {seen_km:.1f} km of it can be seen on the {whose} side"
    near = side & (np.abs(profile.chainage_m) <= settings.both_sides_m)
    if profile.town[near].mean() > 0.5 * (~_told(road, settings))[near].mean() > 0:
        return f"on the {whose} side the lights of towns beside it hide whether it is lit"
    return f"on the {whose} side its light does not stand out from the noise and the lights beside it"


def _told(road: Road, settings: MotorwaySettings) -> NDArray[np.bool_]:
    """Blocks that are surely lit or surely dark."""
    lit = road.followed.lit
    return np.asarray((lit >= settings.told) | (lit <= 1 - settings.told))


def _limit(told: Sequence[Segment], lit: float | None, limit_sigmas: float) -> str:
    """How much light the dark sides may have at most."""
    if lit is None:
        return "no motorway of the photo is seen lit, and one too faint for the photo would not be"
    shown = [run for run in told if math.isfinite(run.light)]
    most = max(run.light + limit_sigmas * run.sigma for run in shown)
    return f"it has at most {100 * max(0.0, most) / lit:.0f} % of the light of a lit motorway"


def _beyond(end: LightEnd, lit: float, settings: MotorwaySettings) -> str:
    """How much light is left behind an end, against a lit motorway's."""
    low, middle, high = (
        max(0.0, 100 * (end.beyond_per_km + sigmas * end.beyond_sigma) / lit)
        for sigmas in (-settings.limit_sigmas, 0, settings.limit_sigmas)
    )
    return f"{middle:.0f} % of a lit motorway's light (95 %: {low:.0f} to {high:.0f} %)"


def _place_end(
    road: Road, before: Segment, after: Segment, resolution_m: float, settings: MotorwaySettings
) -> LightEnd:
    """Where light ends between two runs of which one is lit and the other dark.

    It is sought between their middles, and its density is widened by what may shift photo and road.
    """
    lit_before = before.lit == "lit"
    first, last = (before.start + before.stop) // 2, (after.start + after.stop) // 2
    places, density = end_density(road.followed, first, last, lit_before, settings)
    mean = float(density @ places)
    sigma = math.sqrt(float(density @ (places - mean) ** 2))
    shift_m = road.shift_sigma_m(mean, resolution_m, settings.lamp_spacing_m)
    lowest, low, median, high, highest = _widened_quantiles(places, density, shift_m)
    dark = after if lit_before else before
    return LightEnd(median, low, high, sigma, lit_before, dark.light, dark.sigma, lowest, highest)


def _widened_quantiles(places: Array, density: Array, sigma: float) -> list[float]:
    """The 0.5, 2.5, 50, 97.5 and 99.5 % quantiles of a density on even steps, convolved with a normal one."""
    step = float(places[1] - places[0])
    half = math.ceil(5 * sigma / step)
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) * step / max(sigma, step / 10)) ** 2)
    wide = np.convolve(density, kernel / kernel.sum())
    below = np.cumsum(wide) - wide / 2
    at = places[0] + step * (np.arange(len(wide)) - half)
    tails = DECIDING_TAIL_SHARE, TAIL_SHARE
    shares = [*tails, 0.5, *(1 - tail for tail in reversed(tails))]
    return [float(place) for place in np.interp(shares, below, at)]
