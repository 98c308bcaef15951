"""Several photos of one motorway at one border as one measurement of where its light ends.

What each photo's light tells is its own; where the line runs is the same for all, and so, nearly, is what is
wrong with the places: they come from the same cities. More passes of the station lessen a part of the first
error only: lamps, sections and towns on the road are the same in all of them. Beside it stands what policy
said of the lights at the local hour of each photo. Photos whose ends differ by more than chance are not
pooled, for then the light itself changed.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chdtrc, ndtri

from pipeline.borders.quantities import ALL
from pipeline.borders.schema import of_pooled, pooled_layer
from pipeline.borders.settings import TownSettings
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.town_tones import passes
from pipeline.camera.earth import Array, transformer
from pipeline.ground.events import LightingEvent, events_at, local_time, road_numbers
from pipeline.motorways.chainage import Regional
from pipeline.motorways.light_end import DECIDING_TAIL_SHARE, LightEnd, judge_end, side_words
from pipeline.motorways.settings import MotorwaySettings
from pipeline.motorways.verdicts import DIFFERS
from pipeline.robust import NORMAL_95

LAYER = "motorway_crossings"
# Ends that would lie so far apart by chance in 1 of 100 groups of photos are of light that changed.
DIFFERENT_P = 0.01
# Around a crossing, degrees (some 4 km): a policy of a region that reaches it concerns it.
NEAR_DEG = 0.05
SWITCHED = ("off", "dimmed", "lit")  # what a policy says of whether lamps burn; others change the lamps
UNKNOWN_POLICY = "no policy known"
UP_TO_BORDER = "lit up to the border"
BOTH_SIDES = ("lit on both sides", "dark on both sides")
OF_ALL_ALIKE = (*BOTH_SIDES, UP_TO_BORDER)
UNKNOWN_TIME = datetime.min.replace(tzinfo=UTC)
FEW = 3  # photos that a sentence names one by one
NORMAL_99 = float(ndtri(1 - DECIDING_TAIL_SHARE))

Row = dict[str, Any]


@dataclass(frozen=True)
class OneCrossing:
    """A motorway and the borders it crosses, by number and codes of the countries."""

    ref: str
    first: str
    second: str
    regional: tuple[Regional, ...]


@dataclass(frozen=True)
class PooledEnd:
    """A chainage (m), its 1 sigma and how far photos differ beyond their own errors (1 sigma, m); p: how
    often chance sets ends so far apart."""

    chainage_m: float
    sigma_m: float
    between_m: float
    p: float


@dataclass(frozen=True)
class Together:
    """What photos of one crossing say together: the verdict of `judge_end` or DIFFERS, in a sentence; where
    they show one end, that, how far photos differ beyond their own errors (1 sigma, m) and the regional
    borders it was held against."""

    verdict: str
    statement: str
    end: LightEnd | None = None
    between_m: float = math.nan
    regional: tuple[Regional, ...] = ()


def pool_crossings(
    ends: gpd.GeoDataFrame,
    resolution_m: float,
    events: Sequence[LightingEvent],
    settings: MotorwaySettings,
) -> gpd.GeoDataFrame:
    """The layer `motorway_crossings` from the rows of `motorway_ends` of all photos: each crossing that two
    photos or more show has a row for all together, and one for each of several policies."""
    measured = ends[ends["pair"].notna()]
    rows: list[Row] = []
    for _, shown in measured.groupby(["ref", "pair"]):
        if len(shown) > 1:
            rows += _of_crossing(shown.sort_values("taken_at"), resolution_m, events, settings)
    about = list(dict.fromkeys(zip(measured["evidence"], measured["simulated"], strict=True)))
    return of_pooled(pooled_layer(rows, LAYER), LAYER, about)


def pooled_end(
    end_m: Array, light_sigma_m: Array, place_sigma_m: Array, shared_sigma_m: float, common_share: float
) -> PooledEnd:
    """The end that photos (n,) show together, each weighing by its own light's error and by what differs
    between photos (the moment estimate of Paule and Mandel, 1982). Errors of places, the `shared` one and the
    `common_share` of the light's variance stay as they are however many photos there are."""
    own = light_sigma_m**2 + place_sigma_m**2

    def excess(between: float) -> float:
        weight = 1 / (own + between)
        mean = (weight @ end_m) / weight.sum()
        return float(weight @ (end_m - mean) ** 2) - (len(end_m) - 1)

    apart = excess(0.0) + len(end_m) - 1
    most = float(np.ptp(end_m)) ** 2 * len(end_m)
    between = float(brentq(excess, 0.0, most)) if len(end_m) > 1 and excess(0.0) > 0 else 0.0
    weight = 1 / (own + between)
    weight /= weight.sum()
    averaged = weight**2 @ ((1 - common_share) * light_sigma_m**2 + between)
    whole = common_share * (weight @ light_sigma_m) ** 2 + (weight @ place_sigma_m) ** 2 + shared_sigma_m**2
    p = float(chdtrc(len(end_m) - 1, apart)) if len(end_m) > 1 else 1.0
    return PooledEnd(float(weight @ end_m), math.sqrt(averaged + whole), math.sqrt(between), p)


def pooled_passes(
    end_m: Array,
    light_sigma_m: Array,
    place_sigma_m: Array,
    photo_pass: NDArray[np.int64],
    shared_sigma_m: float,
    common_share: float,
) -> PooledEnd:
    """The end that photos (n,) show together where those of one pass count as one photo: its end is theirs
    pooled, its errors are the mean of theirs, not less, with what differs between them. `p` is the least of
    all passes against each other and of the photos of each."""
    of_passes, least_p = [], 1.0
    for k in np.unique(photo_pass):
        here = photo_pass == k
        light, place = light_sigma_m[here], place_sigma_m[here]
        one = pooled_end(end_m[here], light, place, 0.0, 1.0)
        of_passes.append((one.chainage_m, math.hypot(light.mean(), one.between_m), place.mean()))
        least_p = min(least_p, one.p)
    pass_end_m, light_m, place_m = np.array(of_passes).T
    end = pooled_end(pass_end_m, light_m, place_m, shared_sigma_m, common_share)
    return replace(end, p=min(end.p, least_p))


def _of_crossing(
    shown: gpd.GeoDataFrame, resolution_m: float, events: Sequence[LightingEvent], settings: MotorwaySettings
) -> list[Row]:
    """The rows of one crossing."""
    policies = [_policy(row, events) for row in shown.itertuples()]
    groups = [(list(shown.index), "; ".join(dict.fromkeys(policies)))]
    if len(set(policies)) > 1:
        by_policy = sorted(zip(policies, shown.index, strict=True), key=lambda item: item[0])
        for policy, members in groupby(by_policy, key=lambda item: item[0]):
            index = [label for _, label in members]
            if len(index) > 1:
                groups.append((index, policy))
    return [_pooled_row(shown.loc[index], policy, resolution_m, settings) for index, policy in groups]


def _pooled_row(shown: gpd.GeoDataFrame, policy: str, resolution_m: float, settings: MotorwaySettings) -> Row:
    """What some photos of a crossing say together. Its place lies on the straight from the end in one photo
    to that in the next."""
    first = shown.iloc[0]
    row: Row = {name: first[name] for name in ("ref", "name", "pair", "first", "second")}
    ended = shown[shown["end_m"].notna()]
    row |= {"photo": ALL, "policy": policy, "n_photos": len(shown), "n_ends": len(ended)}
    together = judge_together(shown, resolution_m, settings)
    row |= {"verdict": together.verdict, "statement": together.statement, "geometry": first.geometry}
    end = together.end
    if end is None:
        return row
    by_chainage = ended.sort_values("end_m")
    place = (
        np.interp(end.chainage_m, by_chainage["end_m"], at)
        for at in (by_chainage.geometry.x, by_chainage.geometry.y)
    )
    nearest = min(together.regional, key=lambda border: abs(border.chainage_m - end.chainage_m), default=None)
    return row | {
        "lit_side": row["first"] if end.lit_before else row["second"],
        "end_m": end.chainage_m,
        "low95_m": end.low_m,
        "high95_m": end.high_m,
        "between_photos_m": together.between_m,
        "regional_at_m": None if nearest is None else nearest.chainage_m,
        "geometry": shapely.Point(*place),
    }


def judge_together(shown: pd.DataFrame, resolution_m: float, settings: MotorwaySettings) -> Together:
    """The verdict of photos together, from their rows of `motorway_ends` of one crossing."""
    ended = shown[shown["end_m"].notna()]
    if ended.empty:
        return _without_end(shown)
    told = set(shown.loc[shown["end_m"].isna(), "verdict"]) & set(BOTH_SIDES)
    if told or ended["lit_side"].nunique() > 1:
        return _differing(shown)
    end = pooled_passes(
        ended["end_m"].to_numpy(float),
        ended["change_sigma_m"].to_numpy(float),
        ended["position_sigma_m"].to_numpy(float),
        _passes(ended),
        shared_sigma_m(float(ended["line_error_m"].max()), resolution_m, settings),
        settings.common_share,
    )
    row = ended.iloc[0]
    light_end = as_light_end(end, lit_before=row["lit_side"] == row["first"])
    if end.p < DIFFERENT_P or _is_lit_beyond(shown, light_end, row["lit_side"], settings):
        return _differing(shown)
    crossing = OneCrossing(row["ref"], row["first"], row["second"], _regional(ended, settings))
    finding = judge_end(crossing, light_end, "", settings)
    said = f"{_photos(shown, len(ended))}: {finding.statement[0].lower()}{finding.statement[1:]}"
    return Together(finding.verdict, said, light_end, end.between_m, crossing.regional)


def _passes(shown: pd.DataFrame) -> NDArray[np.int64]:
    """The pass of the station (n,) of each photo. Those of unknown time count as of one."""
    # What is not known to be of another pass claims least as one of the same.
    taken = [_utc(row) if row.taken_at else UNKNOWN_TIME for row in shown.itertuples()]
    return passes(np.empty((len(taken), 0)), taken, TownSettings())  # by time alone: ends have no tone


def _is_lit_beyond(shown: pd.DataFrame, end: LightEnd, lit_side: str, settings: MotorwaySettings) -> bool:
    """Whether a photo shows the road lit where the end of the others leaves it dark: up to the border, which
    their 99 % interval does not reach, or for the shortest stretch at least behind it."""
    reach_m = end.high99_m if end.lit_before else -end.low99_m
    sides = shown.loc[shown["verdict"] == UP_TO_BORDER, "lit_side"]
    return any(reach_m < (0.0 if side == lit_side else settings.up_to_border_m) for side in sides)


def _regional(ended: pd.DataFrame, settings: MotorwaySettings) -> tuple[Regional, ...]:
    """The regional borders near the end in any of the photos; of those that are one on coarse maps, one."""
    told = ended[["regional_at_m", "regional_error_m"]].dropna().astype(float)
    kept: list[Regional] = []
    for at_m, error_m in sorted(set(told.itertuples(index=False, name=None))):
        if not kept or at_m - kept[-1].chainage_m > settings.same_border_m:
            kept.append(Regional(at_m, error_m))
    return tuple(kept)


def shared_sigma_m(line_error_m: float, resolution_m: float, settings: MotorwaySettings) -> float:
    """1 sigma of what shifts all ends of a crossing alike: its line (95 % within its error), the cells of the
    map and the gap between two lamps."""
    line_sigma_m = line_error_m / NORMAL_95
    return math.hypot(line_sigma_m, resolution_m / math.sqrt(12), settings.lamp_spacing_m / math.sqrt(12))


def as_light_end(end: PooledEnd, lit_before: bool) -> LightEnd:
    """The end of several photos as one of a photo, without how dark it is behind."""
    half95, half99 = NORMAL_95 * end.sigma_m, NORMAL_99 * end.sigma_m
    at = end.chainage_m
    return LightEnd(
        at, at - half95, at + half95, end.sigma_m, lit_before, math.nan, math.nan, at - half99, at + half99
    )


def _without_end(shown: pd.DataFrame) -> Together:
    """Of photos of which none shows an end: what those say that say anything, if it is the same."""
    told = [verdict for verdict in dict.fromkeys(shown["verdict"]) if verdict in OF_ALL_ALIKE]
    if len(told) > 1:
        return _differing(shown)
    ref = shown["ref"].iloc[0]
    if not told:
        said = f"{_photos(shown, 0)}: where the {ref} is lit cannot be told from any of them."
        return Together("undecidable", said)
    n = int((shown["verdict"] == told[0]).sum())
    return Together(told[0], f"{_photos(shown, n)}: the {ref} is {_as_words(told[0])}.")


def _as_words(verdict: str) -> str:
    return f"{verdict} of the border" if verdict in BOTH_SIDES else verdict


def _differing(shown: pd.DataFrame) -> Together:
    """Of photos that say different things: each by its date and hour."""
    ref = shown["ref"].iloc[0]
    each = "; ".join(f"{_when(row)}: {_what(row)}" for row in shown.itertuples())
    return Together(DIFFERS, f"What the {ref} shows differs between photos by more than chance: {each}.")


def _what(row: Any) -> str:
    """What one photo says, in words."""
    if math.isnan(row.end_m):
        return "cannot be told" if row.verdict == "undecidable" else str(row.verdict)
    crossing = OneCrossing(row.ref, row.first, row.second, ())
    low, high = side_words(crossing, row.low95_m), side_words(crossing, row.high95_m)
    return f"its light ends {side_words(crossing, row.end_m)} (95 %: {low} to {high})"


def _photos(shown: pd.DataFrame, n_used: int) -> str:
    """How many photos say it, and of when they are."""
    when = [_when(row) for row in shown.itertuples()]
    count = f"{n_used} of {len(shown)}" if 0 < n_used < len(shown) else f"{len(shown)}"
    days = ", ".join(when) if len(when) <= FEW else f"{when[0]} to {when[-1]}"
    return f"In {count} photos together ({days}, local time)"


def _when(row: Any) -> str:
    """The date and hour on the clocks of the first country."""
    return "time unknown" if not row.taken_at else f"{local_time(row.first, _utc(row)):%Y-%m-%d %H:%M}"


def _utc(row: Any) -> datetime:
    return datetime.fromisoformat(row.taken_at)


def _policy(row: Any, events: Iterable[LightingEvent]) -> str:
    """What policy said of the lights of this road, on both sides, when a photo was taken."""
    if not row.taken_at:
        return UNKNOWN_POLICY
    lon, lat = transformer(AREA_CRS, "EPSG:4326").transform(row.geometry.x, row.geometry.y)
    around = shapely.Point(lon, lat).buffer(NEAR_DEG)
    numbers = road_numbers(row.ref) | road_numbers(row.name or "")
    said = [
        f"{event.whose} motorways {'in part ' if event.extent == 'part' else ''}{event.state}"
        for event in events_at((row.first, row.second), _utc(row), events)
        if event.road_class == "motorway"
        and event.state in SWITCHED
        and event.shown((), around)
        and (not event.place or road_numbers(event.place) & numbers)
    ]
    return ", ".join(dict.fromkeys(said)) or UNKNOWN_POLICY
