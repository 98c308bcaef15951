"""Where the light of a motorway ends, with its interval, and what that says of the borders."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from scipy.special import ndtr

from pipeline.camera.earth import Array
from pipeline.ground.country_table import adjective
from pipeline.motorways.chainage import Crossing
from pipeline.motorways.lit_segments import Profile, Segment, grouped, runs
from pipeline.motorways.settings import MotorwaySettings
from pipeline.robust import NORMAL_95, weighted_median

MotorwayVerdict = Literal[
    "ends at the national border",
    "ends at the regional border",
    "ends elsewhere",
    "lit on both sides",
    "dark on both sides",
    "undecidable",
    "not measured",
]

TAIL_SHARE = 0.025  # by definition: of a 95 % interval, beyond either end


@dataclass(frozen=True)
class LightEnd:
    """Where light ends: chainage (m) with its 95 % interval, and 1 sigma from the light alone.

    lit_before: the lit side is that of smaller chainage.
    """

    chainage_m: float
    low_m: float
    high_m: float
    change_sigma_m: float
    lit_before: bool


@dataclass(frozen=True, eq=False)
class Road:
    """A crossing with its profile and segments, and by station how unsure the photo's positions are (1 sigma,
    m)."""

    crossing: Crossing
    profile: Profile
    segments: list[Segment]
    position_sigma_m: Array

    def shift_sigma_m(self, station: int, resolution_m: float, lamp_spacing_m: float) -> float:
        """1 sigma of what may shift an end of light near a station against the border; cells and the gaps
        between lamps do so uniformly."""
        shifts = (
            self.position_sigma_m[station],
            self.line_error_m(station) / NORMAL_95,  # a line's stated error is a 95 % bound
            resolution_m / math.sqrt(12),
            lamp_spacing_m / math.sqrt(12),
        )
        return math.hypot(*shifts)

    def line_error_m(self, station: int) -> float:
        """The line's greatest error between a station and the border."""
        border = int(np.abs(self.crossing.chainage_m).argmin())
        low, high = sorted((station, border))
        return float(self.crossing.error_m[low : high + 1].max())


@dataclass(frozen=True)
class Finding:
    """What is said of a motorway at a border."""

    verdict: MotorwayVerdict
    statement: str
    end: LightEnd | None = None


def judge_motorway(
    road: Road,
    segments: Sequence[Segment],
    lit: float | None,
    resolution_m: float,
    settings: MotorwaySettings,
) -> Finding:
    """The verdict on a motorway from its classified segments, with a sentence.

    `lit` is the light per km of a lit motorway in the photo, None where none is seen lit; `resolution_m` the
    size of the grid's cells.
    """
    crossing, told_runs = road.crossing, runs(segments)
    ends = []
    for before, after in pairwise(told_runs):
        station = (before.stop + after.start) // 2
        shift_m = road.shift_sigma_m(station, resolution_m, settings.lamp_spacing_m)
        ends.append(place_end(road.profile, before, after, shift_m, settings))
    end = min(ends, key=lambda light_end: abs(light_end.chainage_m), default=None)
    first, second = (_beside_border(road, told_runs, sign, settings) for sign in (-1, 1))
    for sign, side, other in ((-1, first, second), (1, second, first)):
        # Light that ends before the border tells enough, whatever is on the other side.
        if side is None and (end is None or other is None or other.lit == "lit"):
            return _untold(crossing, _why_untold(road, sign, lit, settings) + _known(road, other, -sign))
    if end is not None:
        return _judge_end(road, end, settings)
    for sign in (-1, 1):
        if _told_share(road, segments, sign, settings.both_sides_m) < settings.min_told_share:
            return _untold(crossing, _why_untold(road, sign, lit, settings))
    if told_runs[0].lit == "lit":
        return Finding("lit on both sides", f"The {crossing.ref} is lit on both sides of the border.")
    if lit is None and (why := _why_hidden(road, told_runs, settings)):
        return _untold(crossing, why)
    limit = _limit(told_runs, lit, settings.limit_sigmas)
    return Finding("dark on both sides", f"The {crossing.ref} is dark on both sides of the border: {limit}.")


def _untold(crossing: Crossing, why: str) -> Finding:
    return Finding("undecidable", f"Where the {crossing.ref} is lit cannot be told: {why}.")


def _judge_end(road: Road, end: LightEnd, settings: MotorwaySettings) -> Finding:
    """At which border light ends, by the borders that its interval holds."""
    crossing, subject = road.crossing, f"The light of the {road.crossing.ref} ends"
    low, high = _side(crossing, end.low_m), _side(crossing, end.high_m)
    where = f"{_side(crossing, end.chainage_m)} (95 %: {low} to {high})"
    error_m = road.line_error_m(int(np.abs(crossing.chainage_m - end.chainage_m).argmin()))
    where += f"; its line is approximate by {error_m:.0f} m" if error_m >= settings.sure_line_m else ""
    national = end.low_m <= 0 <= end.high_m
    regional = [
        border
        for border in crossing.regional
        if end.low_m <= border.chainage_m + border.error_m
        and border.chainage_m - border.error_m <= end.high_m
    ]
    if national and regional:
        at = " and ".join(_side(crossing, border.chainage_m) for border in regional)
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


def _side(crossing: Crossing, chainage_m: float) -> str:
    """A chainage in words."""
    country = crossing.second if chainage_m > 0 else crossing.first
    return f"{abs(chainage_m) / 1e3:.2f} km on the {adjective(country)} side"


def _beside_border(
    road: Road, told: Sequence[Segment], sign: int, settings: MotorwaySettings
) -> Segment | None:
    """The run nearest to the border of those of which enough can be seen on one side (sign: -1 the first
    country's, 1 the second's)."""
    away_m, visible = sign * road.crossing.chainage_m, road.profile.weight > 0
    candidates = []
    for run in told:
        here = slice(run.start, run.stop)
        shown_m = ((away_m[here] > 0) & visible[here]).sum() * road.crossing.spacing_m
        if shown_m >= settings.min_side_m:
            candidates.append((float(np.abs(away_m[here]).min()), run))
    return min(candidates, key=lambda candidate: candidate[0])[1] if candidates else None


def _told_share(road: Road, segments: Sequence[Segment], sign: int, within_m: float) -> float:
    """Share of the road within a distance of the border on one side that is seen to be lit or dark."""
    away_m = sign * road.crossing.chainage_m
    beside = (away_m > 0) & (away_m <= within_m)
    told = np.zeros(len(away_m), bool)
    for segment in segments:
        told[segment.start : segment.stop] = segment.lit != "undecidable"
    told &= road.profile.weight > 0
    return float(told[beside].mean()) if beside.any() else 0.0


def _known(road: Road, run: Segment | None, sign: int) -> str:
    """What can be told of one side where the other is not known."""
    if run is None:
        return ""
    crossing, here = road.crossing, slice(run.start, run.stop)
    away = sign * crossing.chainage_m[here][road.profile.weight[here] > 0]
    near_km, far_km = (float(v) / 1e3 for v in (max(away.min(), 0.0), away.max()))
    whose = adjective(crossing.second if sign > 0 else crossing.first)
    return f"; on the {whose} side it is {run.lit} from {near_km:.1f} to {far_km:.1f} km from the border"


def _why_untold(road: Road, sign: int, lit: float | None, settings: MotorwaySettings) -> str:
    """Why one side cannot be told to be lit or dark, the plainest reason first."""
    crossing, profile = road.crossing, road.profile
    side = sign * crossing.chainage_m > 0
    whose = adjective(crossing.second if sign > 0 else crossing.first)
    seen_km = float((side & (profile.weight > 0)).sum()) * crossing.spacing_m / 1e3
    if (crossing.error_m[side] > settings.max_line_error_m).mean() > 0.5:
        return f"on the {whose} side its line is good to more than {settings.max_line_error_m:.0f} m only"
    if seen_km < settings.min_side_m / 1e3:
        approximate = crossing.error_m[side].max() > settings.sure_line_m
        vague = ", clear of towns, for its line is approximate" if approximate else ""
        return f"only {seen_km:.1f} km of it can be seen on the {whose} side{vague}"
    if np.mean(profile.in_town(lit, settings.town_share)[side]) > 0.5:
        return f"on the {whose} side its flanks are as bright as a lit motorway (a town)"
    return f"on the {whose} side its light does not stand out from the noise and the lights beside it"


def _why_hidden(road: Road, told: Sequence[Segment], settings: MotorwaySettings) -> str | None:
    """Why a road that seems dark may yet be lit in a photo that shows no motorway lit, if it may."""
    near_border = np.abs(road.crossing.chainage_m) < settings.near_border_m
    if road.crossing.error_m[near_border].max() > settings.sure_line_m:
        return "no motorway of the photo is seen lit, and its line is too approximate to say that it is dark"
    towns = road.profile.town > 0.5
    most = max(
        run.light + settings.limit_sigmas * run.sigma * math.sqrt(run.length_m / settings.sure_m)
        for run in told
    )
    many = towns.mean() > settings.max_town_stations
    if many and most > settings.lit_share * float(np.median(road.profile.near[towns])):
        return "no motorway of the photo is seen lit, and beside so many other lights one may go unnoticed"
    return None


def _limit(told: Sequence[Segment], lit: float | None, limit_sigmas: float) -> str:
    """How much light the dark sides may have at most."""
    if lit is None:
        return "no motorway of the photo is seen lit, and one too faint for the photo would not be"
    most = max(run.light + limit_sigmas * run.sigma for run in told)
    return f"it has at most {100 * max(0.0, most) / lit:.0f} % of the light of a lit motorway"


def place_end(
    profile: Profile, before: Segment, after: Segment, shift_sigma_m: float, settings: MotorwaySettings
) -> LightEnd:
    """Where light ends between two runs of which one is lit and the other dark.

    Its density is the likelihood of a step at each chainage, blurred like the photo, between darkness and the
    lit run's median light; it is widened by `shift_sigma_m`, 1 sigma of what may shift photo and road.
    """
    middle = (before.stop + after.start) // 2
    for _ in range(4):  # where the density leads away from its window, the window follows
        end = _place_end(profile, before, after, middle, shift_sigma_m, settings)
        station = int(np.searchsorted(profile.chainage_m, end.chainage_m))
        if abs(station - middle) * profile.spacing_m <= settings.end_search_m / 6:
            break
        middle = min(max(station, before.start + 1), after.stop - 1)
    return end


def _place_end(
    profile: Profile,
    before: Segment,
    after: Segment,
    middle: int,
    shift_sigma_m: float,
    settings: MotorwaySettings,
) -> LightEnd:
    """Where light ends, sought in a window around the station `middle`."""
    lit_before = before.lit == "lit"
    run = before if lit_before else after
    lit = weighted_median(*profile.blocks(run.start, run.stop))
    reach = round(settings.end_search_m / profile.spacing_m) + (after.start - before.stop) // 2
    here = slice(max(before.start, middle - reach), min(after.stop, middle + reach))
    chainage = profile.chainage_m[here]
    places = np.arange(chainage[0], chainage[-1], max(10.0, profile.spacing_m / 2))
    width = math.hypot(profile.blur_m, profile.spacing_m / math.sqrt(12))
    steps = ndtr((-1 if lit_before else 1) * (chainage[:, None] - places) / width)
    likelihood = _likelihood(profile, here, lit * steps, settings)
    mean = float(likelihood @ places)
    sigma = math.sqrt(float(likelihood @ (places - mean) ** 2))
    low, median, high = _widened_quantiles(places, likelihood, shift_sigma_m)
    return LightEnd(median, low, high, sigma, lit_before)


def _likelihood(profile: Profile, here: slice, expected: Array, settings: MotorwaySettings) -> Array:
    """Of the light of stations, by columns of what is expected (stations, columns); its sum is 1."""
    weight = profile.weight[here]
    blocks, total = grouped(profile.light[here], weight, profile.group)
    starts = np.arange(len(blocks)) * profile.group
    visible = total > 0
    blocks, total = blocks[visible, None], total[visible, None]
    mean = np.add.reduceat(weight[:, None] * expected, starts, axis=0)[visible] / total
    town = grouped(profile.town[here], np.ones(len(weight)), profile.group)[0][visible, None]
    quiet_root, town_root = settings.quiet_root, settings.town_root
    root = np.maximum(profile.noise.memory, quiet_root + (town_root - quiet_root) * town)
    noise = profile.noise
    variance = noise.spread**2 / total + (settings.lamp_scatter * mean) ** 2
    logs = []
    for level in settings.end_levels:
        away = (blocks - level * mean) ** 2 / variance / noise.tail
        logs.append((-(noise.tail + 1) / 2 * np.log1p(away) - np.log(variance) / 2) / root)
    log = np.logaddexp.reduce(np.sum(logs, axis=1), axis=0)
    likelihood = np.exp(log - log.max())
    return np.asarray(likelihood / likelihood.sum())


def _widened_quantiles(places: Array, density: Array, sigma: float) -> tuple[float, float, float]:
    """The 2.5, 50 and 97.5 % quantiles of a density on even steps, convolved with a normal one."""
    step = float(places[1] - places[0])
    half = math.ceil(5 * sigma / step)
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) * step / max(sigma, step / 10)) ** 2)
    wide = np.convolve(density, kernel / kernel.sum())
    below = np.cumsum(wide) - wide / 2
    at = places[0] + step * (np.arange(len(wide)) - half)
    low, median, high = np.interp([TAIL_SHARE, 0.5, 1 - TAIL_SHARE], below, at)
    return float(low), float(median), float(high)
