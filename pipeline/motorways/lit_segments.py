"""Lit and dark stretches of a motorway, and where its light ends, from strips of ground along it.

    strip  2  ------------------------------------      The profile is the light of the corridor less that of
    strip  1  ------------------------------------      the two strips beside it. Every other strip less its
    corridor  ====================................      own two neighbours is a profile of ground without a
    strip -1  ------------------------------------      motorway: these placebos tell the noise, villages and
    strip -2  ------------------------------------      lone lamps included.

Lights are compared within blocks of road (`MotorwaySettings.block_m`), in which a lit motorway has two or
three lamps.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.optimize import nnls
from scipy.stats import norm
from scipy.stats import t as student

from pipeline.camera.earth import Array
from pipeline.motorways.settings import MotorwaySettings
from pipeline.robust import median_over_rows, weighted_median

LitClass = Literal["lit", "dark", "undecidable"]


@dataclass(frozen=True)
class RoadNoise:
    """Student's t of `tail` degrees of freedom times `spread`; `memory` neighbours count as one."""

    tail: float = 100.0
    spread: float = 1.0
    memory: float = 1.0

    @property
    def variance(self) -> float:
        """Heavy tails that have none count as those of 3 degrees of freedom."""
        tail = max(self.tail, 3.0)
        return self.spread**2 * tail / (tail - 2)

    def median_sigma(self, blocks: int, weight: float, lit_sigmas: float) -> float:
        """1 sigma of the median of blocks of a total weight, such that `lit_sigmas` of it are as rare as of
        normal noise: the median of n values whose tails fall off with a power has (n + 1) / 2 times that
        power, and n is small where few blocks are independent."""
        tail = self.tail * (max(1.0, blocks / self.memory) + 1) / 2
        rare = float(student.isf(norm.sf(lit_sigmas), tail)) / lit_sigmas
        spread = self.spread / (2 * float(student.pdf(0.0, self.tail)))
        return rare * spread * math.sqrt(self.memory / weight)


@dataclass(frozen=True, eq=False)
class Profile:
    """Light along a motorway by station (n,), NaN where nothing can be seen; chainage_m is evenly spaced.

    light: of the corridor less its flanks, summed over cells, per km of road. near: of the flanks, likewise.
    sigma: 1 sigma of light; town: the share of its variance that is due to light beside the road. noise: of
    blocks in units of their sigma. blur_m: 1 sigma of a point's image. group: stations in a block.
    """

    chainage_m: Array
    light: Array
    near: Array
    sigma: Array
    town: Array
    noise: RoadNoise
    blur_m: float
    group: int

    @property
    def spacing_m(self) -> float:
        """Distance from one station to the next."""
        return float(self.chainage_m[1] - self.chainage_m[0])

    @property
    def weight(self) -> Array:
        """1 / sigma^2, 0 where nothing can be seen."""
        return _weight(self.light, self.sigma)

    def in_town(self, lit: float | None, town_share: float) -> NDArray[np.bool_]:
        """Stations whose flanks have `town_share` of the light of a lit motorway (`lit`, per km) or, where
        none is seen lit, of the road."""
        road = np.maximum(self.light, 2 * self.sigma) if lit is None else np.full(len(self.light), lit)
        return np.asarray(self.near >= town_share * np.nan_to_num(road, nan=np.inf))

    def blocks(self, start: int, stop: int) -> tuple[Array, Array]:
        """Mean light of the blocks of a range of stations, and their weight."""
        return grouped(self.light[start:stop], self.weight[start:stop], self.group)


@dataclass(frozen=True)
class Segment:
    """A stretch of road of even light: stations start to stop (exclusive); light per km, the median of its
    blocks, and its 1 sigma.

    seen: share of its stations that show anything. town: share whose flanks are as bright as the road. even:
    each part of it has light.
    """

    start: int
    stop: int
    length_m: float
    light: float
    sigma: float
    seen: float
    town: float
    even: bool
    lit: LitClass = "undecidable"


def make_profile(
    chainage_m: Array, strips: Array, noise: Array, blur_m: float, settings: MotorwaySettings
) -> Profile:
    """The profile of the middle one of an odd number, 7 at least, of strips (strips, n) across the road.

    All are light per km of road; `noise` (n,) is what the camera's noise makes of it, 1 sigma. The sigma of a
    strip's profile grows with the light in its neighbours, as that of the placebos does.
    """
    spacing_m = float(chainage_m[1] - chainage_m[0])
    window = settings.beside_station_m / spacing_m
    dark = median_over_rows(strips)
    light = strips[1:-1] - (strips[:-2] + strips[2:]) / 2
    bright = np.maximum(_running_mean((strips - dark) ** 2, window) - noise**2, 0)
    near2 = (bright[:-2] + bright[2:]) / 2
    road = len(light) // 2
    placebos = np.abs(np.arange(len(light)) - road) > 1
    of_noise, of_near = _variance(light[placebos], noise, near2[placebos])
    quiet, town = of_noise * noise**2, of_near * near2
    sigma = np.sqrt(quiet + town)
    profile = Profile(
        chainage_m=chainage_m,
        light=light[road],
        near=np.maximum(_running_mean((strips[road] + strips[road + 2]) / 2 - dark, window), 0),
        sigma=sigma[road],
        town=(town / (quiet + town))[road],
        noise=RoadNoise(),
        blur_m=blur_m,
        group=max(1, round(settings.block_m / spacing_m)),
    )
    return replace(profile, noise=_noise(light[placebos], sigma[placebos], profile.group, settings))


def _running_mean(values: Array, window: float) -> Array:
    """Mean over a window of the last axis of what is finite."""
    good = np.isfinite(values)
    sums = np.where(good, values, 0.0), good.astype(float)
    total, count = (uniform_filter1d(v, max(1, round(window)), mode="nearest") for v in sums)
    return np.asarray(total / np.where(count > 0.5 / window, count, np.nan))


def _variance(light: Array, noise: Array, near2: Array) -> tuple[float, float]:
    """a, 1 at least, and b of the variance a noise^2 + b near^2, by regression weighted by its inverse."""
    good = np.isfinite(light) & np.isfinite(near2)
    square = light[good] ** 2
    terms = np.stack([np.broadcast_to(noise, light.shape)[good] ** 2, near2[good]])
    scale = np.array([1.0, 0.25])
    for _ in range(10):
        weight = 1 / (scale @ terms)
        scale = np.maximum(nnls((terms * weight).T, square * weight)[0], [1.0, 0.01])
    return float(scale[0]), float(scale[1])


def _noise(light: Array, sigma: Array, group: int, settings: MotorwaySettings) -> RoadNoise:
    """Of blocks of placebos (rows, n) in units of their sigma, by likelihood."""
    rows = []
    for row, row_sigma in zip(light, sigma, strict=True):
        means, weight = grouped(row, _weight(row, row_sigma), group)
        rows.append(np.where(weight > 0, means * np.sqrt(weight), np.nan))
    units = np.stack(rows)
    finite = units[np.isfinite(units)]
    middle = float(np.median(np.abs(finite))) if len(finite) else 0.0
    if middle == 0:
        return RoadNoise()
    fits = []
    for tail in settings.noise_tails:
        spread = middle / float(student.ppf(0.75, tail))
        likelihood = float(student.logpdf(finite / spread, tail).sum()) - len(finite) * math.log(spread)
        fits.append((likelihood, tail, spread))
    _, tail, spread = max(fits)
    clipped = np.clip(units / spread, -settings.noise_clip, settings.noise_clip)
    return RoadNoise(tail, spread, _memory(clipped, settings))


def _memory(units: Array, settings: MotorwaySettings) -> float:
    """1 + 2 sum of the autocorrelation of blocks along rows, until it is that of chance."""
    units = np.nan_to_num(units)
    lags = min(units.shape[1], round(settings.noise_memory_m / settings.block_m) + 1)
    power = (np.abs(np.fft.rfft(units, 2 * units.shape[1], axis=1)) ** 2).sum(axis=0)
    related = np.fft.irfft(power)[:lags]
    related = related[1:] / related[0]
    ends = np.flatnonzero(related <= settings.noise_unrelated)
    return 1 + 2 * float(related[: ends[0] if len(ends) else None].sum())


def _weight(light: Array, sigma: Array) -> Array:
    """1 / sigma^2, 0 where there is no light or no sigma."""
    visible = np.isfinite(light) & (sigma > 0)
    return np.where(visible, 1 / np.where(visible, sigma, 1.0) ** 2, 0.0)


def grouped(values: Array, weight: Array, group: int) -> tuple[Array, Array]:
    """Weighted means of groups of stations, and their weights; the last group takes what is left."""
    starts = np.arange(max(1, len(values) // group)) * group
    total = np.add.reduceat(weight, starts)
    means = np.add.reduceat(weight * np.nan_to_num(values), starts) / np.where(total > 0, total, 1)
    return means, total


def find_segments(profile: Profile, settings: MotorwaySettings) -> list[Segment]:
    """Stretches of even light, none shorter than `min_segment_m`, not yet classified."""
    blocks, weight = profile.blocks(0, len(profile.light))
    if len(profile.light) < 2 * profile.group:
        return []
    visible = np.where(weight > 0, blocks, np.nan)
    blocks_of_segment = settings.min_segment_m / settings.block_m
    level = np.nan_to_num(np.maximum(_running_mean(visible, blocks_of_segment), 0))
    lamps = weight * (settings.lamp_scatter * level) ** 2
    size = min(len(blocks), round(blocks_of_segment))
    changes = change_points(
        blocks,
        weight / (profile.noise.variance * profile.noise.memory + lamps),
        size,
        settings.change_penalty * math.log(len(blocks)),
    )
    edges = [0, *(change * profile.group for change in changes), len(profile.light)]
    return [_segment(profile, start, stop, settings) for start, stop in pairwise(edges)]


def change_points(value: Array, weight: Array, size: int, penalty: float) -> list[int]:
    """Where values (n,) change: the cuts into parts of `size` values or more for which the weighted squares
    about the parts' means and a penalty for each part are least.

    Optimal partitioning (Jackson et al. 2005, doi:10.1109/LSP.2001.838216): the best cuts up to each value
    from those before it. With all starts of the last part at once it takes a tenth of the time of
    `ruptures.Pelt`, which misses the least cost now and then.
    """
    sums = np.stack([weight, weight * value, weight * value**2])
    weights, firsts, seconds = np.concatenate([np.zeros((3, 1)), np.cumsum(sums, axis=1)], axis=1)
    least, start = np.full(len(value) + 1, np.inf), np.zeros(len(value) + 1, np.int64)
    least[0] = 0.0
    for end in range(size, len(value) + 1):
        before = slice(end - size + 1)
        mass, first = weights[end] - weights[before], firsts[end] - firsts[before]
        square = np.divide(first**2, mass, out=np.zeros_like(mass), where=mass > 0)
        cost = np.where(mass > 0, np.maximum(seconds[end] - seconds[before] - square, 0), 0)
        total = least[before] + cost + penalty
        start[end] = total.argmin()
        least[end] = total[start[end]]
    cuts = [len(value)]
    while start[cuts[-1]] > 0:
        cuts.append(int(start[cuts[-1]]))
    return cuts[:0:-1]


def _segment(profile: Profile, start: int, stop: int, settings: MotorwaySettings) -> Segment:
    """What the profile says of a range of stations."""
    weight, light = profile.weight[start:stop], np.nan_to_num(profile.light[start:stop])
    length_m = (stop - start) * profile.spacing_m
    if not weight.any():
        return Segment(start, stop, length_m, math.nan, math.nan, 0.0, 0.0, False)
    blocks, block_weight = profile.blocks(start, stop)
    middle = weighted_median(blocks, block_weight)
    sums = [
        (float(part_light @ part_weight), float(part_weight.sum()))
        for part_light, part_weight in zip(
            np.array_split(light, settings.segment_parts),
            np.array_split(weight, settings.segment_parts),
            strict=True,
        )
    ]
    least = settings.min_part_weight * weight.sum()
    means = [total / part_weight for total, part_weight in sums if part_weight > least]
    return Segment(
        start=start,
        stop=stop,
        length_m=length_m,
        light=middle,
        sigma=profile.noise.median_sigma(
            int((block_weight > 0).sum()), float(weight.sum()), settings.lit_sigmas
        ),
        seen=float((weight > 0).mean()),
        town=float((profile.near[start:stop] >= settings.town_share * middle).mean()),
        even=min(means) >= settings.lit_share * middle,
    )


def lit_light(segments: Sequence[Segment], settings: MotorwaySettings) -> float | None:
    """Light per km of a lit motorway: the median over length of what is surely lit for `sure_m` at least."""
    sure: list[Segment] = []
    for surely, group in groupby(segments, lambda s: _has_light(s, settings.sure_sigmas, settings)):
        stretch = list(group)
        if surely and sum(segment.length_m for segment in stretch) >= settings.sure_m:
            sure += stretch
    lengths = [segment.stop - segment.start for segment in sure]
    return float(np.median(np.repeat([segment.light for segment in sure], lengths))) if sure else None


def _has_light(segment: Segment, sigmas: float, settings: MotorwaySettings) -> bool:
    """Whether a segment has light of so many sigmas, all along it, that is not a town's."""
    bright = segment.seen >= settings.min_seen_share and segment.light >= sigmas * segment.sigma
    return bright and segment.even and segment.town < settings.max_town_of_segment


def classified(segments: Sequence[Segment], lit: float | None, settings: MotorwaySettings) -> list[Segment]:
    """The segments as lit, dark or undecidable, by signal to noise and by the light per km of a lit motorway,
    where any is seen lit."""
    return [replace(segment, lit=_lit(segment, lit, settings)) for segment in segments]


def _lit(segment: Segment, lit: float | None, settings: MotorwaySettings) -> LitClass:
    if segment.seen < settings.min_seen_share:
        return "undecidable"
    bright = segment.light >= settings.lit_sigmas * segment.sigma
    if lit is None:  # nothing is surely lit, not even this; darkness has no light that may be some
        return "dark" if segment.light < settings.dark_sigmas * segment.sigma else "undecidable"
    # Where a lit stretch of `sure_m` would not stand out, light and darkness may be mixed unnoticed.
    if segment.sigma * math.sqrt(segment.length_m / settings.sure_m) > lit / settings.blind_sigmas:
        return "undecidable"
    if bright and segment.light >= settings.lit_share * lit:
        return "lit" if _has_light(segment, settings.lit_sigmas, settings) else "undecidable"
    most = segment.light + settings.dark_sigmas * segment.sigma
    return "dark" if most < settings.dark_share * lit else "undecidable"


def runs(segments: Sequence[Segment]) -> list[Segment]:
    """Lit and dark segments, like neighbours joined; the undecidable ones between are left out."""
    joined: list[Segment] = []
    for segment in segments:
        if joined and joined[-1].lit == segment.lit:
            joined[-1] = replace(joined[-1], stop=segment.stop)
        elif segment.lit != "undecidable":
            joined.append(segment)
    return joined
