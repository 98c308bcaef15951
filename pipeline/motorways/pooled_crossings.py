"""Several photos of one motorway at one border as one measurement of where its light ends.

What each photo's light tells is its own; where the line runs is the same for all, and so, nearly, is what is
wrong with the places: they come from the same cities. More photos lessen the first error only. Beside it
stands what policy said of the lights at the local hour of each photo. Photos whose ends differ by more than
chance are not pooled, for then the light itself changed.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from scipy.optimize import brentq
from scipy.special import chdtrc, ndtri

from pipeline.borders.quantities import ALL
from pipeline.borders.schema import of_pooled, pooled_layer
from pipeline.borders.squares import AREA_CRS
from pipeline.camera.earth import Array, transformer
from pipeline.ground.events import LightingEvent, events_at, local_time, road_numbers
from pipeline.motorways.chainage import Regional
from pipeline.motorways.light_end import DECIDING_TAIL_SHARE, LightEnd, judge_end, side_words
from pipeline.motorways.settings import MotorwaySettings
from pipeline.robust import NORMAL_95

LAYER = "motorway_crossings"
DIFFERS = "differs between photos"
# Ends that would lie so far apart by chance in 1 of 100 groups of photos are of light that changed.
DIFFERENT_P = 0.01
# Around a crossing, degrees (some 4 km): a policy of a region that reaches it concerns it.
NEAR_DEG = 0.05
SWITCHED = ("off", "dimmed", "lit")  # what a policy says of whether lamps burn; others change the lamps
UNKNOWN_POLICY = "no policy known"
OF_ALL_ALIKE = ("lit on both sides", "dark on both sides", "lit up to the border")
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


def pooled_end(end_m: Array, light_sigma_m: Array, place_sigma_m: Array, shared_sigma_m: float) -> PooledEnd:
    """The end that photos (n,) show together, each weighing by its own light's error and by what differs
    between photos (the moment estimate of Paule and Mandel, 1982); errors of places and the `shared` one
    stay as they are however many photos there are."""
    own = light_sigma_m**2 + place_sigma_m**2

    def excess(between: float) -> float:
        weight = 1 / (own + between)
        mean = (weight @ end_m) / weight.sum()
        return float(weight @ (end_m - mean) ** 2) - (len(end_m) - 1)

    apart = excess(0.0) + len(end_m) - 1
    most = float(np.ptp(end_m)) ** 2 * len(end_m)
    between = float(brentq(excess, 0.0, most)) if excess(0.0) > 0 else 0.0
    weight = 1 / (own + between)
    weight /= weight.sum()
    variance = weight**2 @ (light_sigma_m**2 + between) + (weight @ place_sigma_m) ** 2 + shared_sigma_m**2
    p = float(chdtrc(len(end_m) - 1, apart)) if len(end_m) > 1 else 1.0
    return PooledEnd(float(weight @ end_m), math.sqrt(variance), math.sqrt(between), p)


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
    """What some photos of a crossing say together."""
    first = shown.iloc[0]
    row: Row = {name: first[name] for name in ("ref", "name", "pair", "first", "second")}
    row |= {"photo": ALL, "policy": policy, "n_photos": len(shown), "geometry": first.geometry}
    ended = shown[shown["end_m"].notna()]
    row |= {"n_ends": len(ended)}
    told = set(shown.loc[shown["end_m"].isna(), "verdict"]) & {"lit on both sides", "dark on both sides"}
    if ended.empty:
        return row | _without_end(shown)
    if told or ended["lit_side"].nunique() > 1:
        return row | _differing(shown)
    end = pooled_end(
        ended["end_m"].to_numpy(float),
        ended["change_sigma_m"].to_numpy(float),
        ended["position_sigma_m"].to_numpy(float),
        shared_sigma_m(float(ended["line_error_m"].max()), resolution_m, settings),
    )
    if end.p < DIFFERENT_P:
        return row | _differing(shown)
    near = ended.loc[(ended["end_m"] - end.chainage_m).abs().idxmin()]
    regional = () if pd.isna(near["regional_at_m"]) else (_regional(near),)
    crossing = OneCrossing(first["ref"], first["first"], first["second"], regional)
    light_end = as_light_end(end, lit_before=near["lit_side"] == first["first"])
    finding = judge_end(crossing, light_end, "", settings)
    return row | {
        "verdict": finding.verdict,
        "statement": f"{_photos(shown, len(ended))}: {finding.statement[0].lower()}{finding.statement[1:]}",
        "lit_side": near["lit_side"],
        "end_m": end.chainage_m,
        "low95_m": light_end.low_m,
        "high95_m": light_end.high_m,
        "between_photos_m": end.between_m,
        "regional_at_m": near["regional_at_m"],
        "geometry": near.geometry,
    }


def _regional(row: "pd.Series[Any]") -> Regional:
    return Regional(float(row["regional_at_m"]), float(row["regional_error_m"]))


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


def _without_end(shown: gpd.GeoDataFrame) -> Row:
    """Of photos of which none shows an end: what those say that say anything, if it is the same."""
    told = [verdict for verdict in dict.fromkeys(shown["verdict"]) if verdict in OF_ALL_ALIKE]
    if len(told) > 1:
        return _differing(shown)
    ref = shown["ref"].iloc[0]
    if not told:
        return {
            "verdict": "undecidable",
            "statement": f"{_photos(shown, 0)}: where the {ref} is lit cannot be told from any of them.",
        }
    n = int((shown["verdict"] == told[0]).sum())
    return {
        "verdict": told[0],
        "statement": f"{_photos(shown, n)}: the {ref} is {_as_words(told[0])}.",
    }


def _as_words(verdict: str) -> str:
    return f"{verdict} of the border" if verdict.endswith("both sides") else verdict


def _differing(shown: gpd.GeoDataFrame) -> Row:
    """Of photos that say different things: each by its date and hour."""
    ref = shown["ref"].iloc[0]
    each = "; ".join(f"{_when(row)}: {_what(row)}" for row in shown.itertuples())
    return {
        "verdict": DIFFERS,
        "statement": f"What the {ref} shows differs between photos by more than chance: {each}.",
    }


def _what(row: Any) -> str:
    """What one photo says, in words."""
    if math.isnan(row.end_m):
        return "cannot be told" if row.verdict == "undecidable" else str(row.verdict)
    crossing = OneCrossing(row.ref, row.first, row.second, ())
    low, high = side_words(crossing, row.low95_m), side_words(crossing, row.high95_m)
    return f"its light ends {side_words(crossing, row.end_m)} (95 %: {low} to {high})"


def _photos(shown: gpd.GeoDataFrame, n_used: int) -> str:
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
