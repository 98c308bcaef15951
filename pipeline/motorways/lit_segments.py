"""Lit, dark and undecidable stretches of a road, from how probably each of its blocks is lit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.camera.earth import Array
from pipeline.motorways.road_chain import Followed
from pipeline.motorways.settings import MotorwaySettings
from pipeline.robust import weighted_median

LitClass = Literal["lit", "dark", "undecidable"]
NAMES: tuple[LitClass, ...] = ("dark", "lit", "undecidable")
UNDECIDABLE = 2


@dataclass(frozen=True)
class Segment:
    """A stretch of road: blocks start to stop (exclusive); light per km, its weighted mean, and its 1 sigma.

    seen: share of its blocks that show anything. town: share of them that a town's light hides.
    """

    start: int
    stop: int
    length_m: float
    light: float
    sigma: float
    seen: float
    town: float
    lit: LitClass = "undecidable"


@dataclass(frozen=True, eq=False)
class Profile:
    """Light per km of the road by block (n,), where it is found to run, and its 1 sigma; NaN where nothing
    can be seen. flank: light beside it, per km. town: blocks undecidable for a town's light."""

    chainage_m: Array
    light: Array
    sigma: Array
    flank: Array
    town: NDArray[np.bool_]

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Blocks that show anything."""
        return np.isfinite(self.light)


def profile_of(followed: Followed, settings: MotorwaySettings) -> Profile:
    """The light along a road that has been followed."""
    ridge = followed.chain.ridge
    light, sigma = (
        np.where(ridge.seen, followed.along(values), np.nan) for values in (ridge.light, ridge.sigma)
    )
    unsure = (followed.lit < settings.told) & (followed.lit > 1 - settings.told)
    town = unsure & (followed.along(ridge.town) > settings.town_share)
    return Profile(ridge.chainage_m, light, sigma, ridge.flank, town)


def find_segments(followed: Followed, profile: Profile, settings: MotorwaySettings) -> list[Segment]:
    """The stretches of a road, end to end. What is lit or dark for less than `min_segment_m` is not told."""
    ridge = followed.chain.ridge
    kinds = np.full(len(followed.lit), UNDECIDABLE)
    kinds[followed.lit >= settings.told] = 1
    kinds[followed.lit <= 1 - settings.told] = 0
    shortest = settings.min_segment_m / ridge.block_m
    segments = _segments(profile, kinds, ridge.block_m)
    for run in runs(segments):
        if run.stop - run.start < shortest:
            own = slice(run.start, run.stop)
            kinds[own] = np.where(kinds[own] == NAMES.index(run.lit), UNDECIDABLE, kinds[own])
    return _segments(profile, kinds, ridge.block_m)


def _segments(profile: Profile, kinds: NDArray[np.intp], block_m: float) -> list[Segment]:
    """One for each stretch of blocks of one kind."""
    segments, start = [], 0
    for kind, group in groupby(kinds):
        stop = start + len(list(group))
        segments.append(_segment(profile, start, stop, NAMES[kind], block_m))
        start = stop
    return segments


def _segment(profile: Profile, start: int, stop: int, lit: LitClass, block_m: float) -> Segment:
    """What the profile says of a range of blocks."""
    light, sigma = profile.light[start:stop], profile.sigma[start:stop]
    good = np.isfinite(light) & (sigma > 0)
    weight = 1 / sigma[good] ** 2
    total = float(weight.sum())
    return Segment(
        start=start,
        stop=stop,
        length_m=(stop - start) * block_m,
        light=float(weight @ light[good] / total) if total else float("nan"),
        sigma=total**-0.5 if total else float("nan"),
        seen=float(np.isfinite(light).mean()),
        town=float(profile.town[start:stop].mean()),
        lit=lit,
    )


def lit_light(
    roads: Sequence[tuple[Followed, Sequence[Segment]]], settings: MotorwaySettings
) -> float | None:
    """Light per km of a lit motorway, where any is lit for `sure_m` at least: the median by length."""
    levels = [
        (followed.level, segment.length_m)
        for followed, segments in roads
        for segment in segments
        if segment.lit == "lit"
    ]
    if sum(length for _, length in levels) < settings.sure_m:
        return None
    return weighted_median(*np.array(levels).T)


def runs(segments: Sequence[Segment]) -> list[Segment]:
    """Lit and dark stretches, like neighbours joined; the undecidable ones between are left out, also of a
    run's length and light."""
    joined: list[Segment] = []
    for segment in segments:
        if joined and joined[-1].lit == segment.lit:
            joined[-1] = _joined(joined[-1], segment)
        elif segment.lit != "undecidable":
            joined.append(segment)
    return joined


def _joined(first: Segment, second: Segment) -> Segment:
    """Two stretches of one kind as one: its light is the weighted mean of those that show any."""
    light, sigma = np.array([first.light, second.light]), np.array([first.sigma, second.sigma])
    shown = np.isfinite(light) & (sigma > 0)
    weight = sigma[shown] ** -2.0
    return replace(
        first,
        stop=second.stop,
        length_m=first.length_m + second.length_m,
        light=float(weight @ light[shown] / weight.sum()) if shown.any() else math.nan,
        sigma=float(weight.sum() ** -0.5) if shown.any() else math.nan,
    )
