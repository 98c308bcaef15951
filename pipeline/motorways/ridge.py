"""The light of a narrow road at every place across its line where it may run.

+ U  . . . . . . . . . . .   Light is taken along lines beside the road's, block by block. A filter across
  0  ---------------------   them keeps what is as narrow as the image of a road; a town is wider, and
- U  . . . . . . . . . . .   only its roughness is left. Lines farther off than the road may be show
                             ground without a road: they tell the noise, villages and lone lamps included.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d, uniform_filter1d
from scipy.optimize import nnls
from scipy.special import gammaln, stdtrit

from pipeline.arrays import Floats
from pipeline.borders.squares import AREA_CRS
from pipeline.camera.earth import Array, transformer
from pipeline.motorways.chainage import Crossing
from pipeline.motorways.corridors import image_blur_m
from pipeline.motorways.settings import MotorwaySettings
from pipeline.raster.grid import Grid
from pipeline.robust import NORMAL_95, median_over_rows

LEAST_TOWN = 0.003  # of its light's square, what a town adds to the variance at least: none is even
ROUNDS = 10  # of a fit that weighs by what it finds; it settles within a few
CLIPPED = 9.0  # squares above so many variances count as this: the tails have a law of their own


@dataclass(frozen=True, eq=False)
class Band:
    """The ground to be sampled beside a crossing: rows and columns (offsets, stations).

    offset_m: to the left of the line; reach_m: how far off the road may be; position_sigma_m by station.
    """

    crossing: Crossing
    position_sigma_m: Array
    offset_m: Array
    reach_m: float
    width_m: float
    blur_m: float
    row: NDArray[np.int32]
    column: NDArray[np.int32]

    @classmethod
    def of(
        cls,
        crossing: Crossing,
        grid: Grid,
        position_sigma_m: Array,
        pixel_m: float,
        settings: MotorwaySettings,
    ) -> "Band":
        """Wide enough for the line's error and the photo's, and for ground without the road beside it;
        `pixel_m` is the size of the photo's pixels on the ground."""
        step_m = max(settings.min_spacing_m, grid.resolution_m / 2)
        blur_m = float(image_blur_m(pixel_m, grid.resolution_m, settings))
        width_m = math.hypot(blur_m, settings.road_sigma_m)
        sigma_m = _place_sigma_m(crossing, position_sigma_m, settings).max()
        reach_m = min(settings.reach_sigmas * sigma_m, settings.max_offset_m)
        beyond_m = settings.beside_sigmas * width_m + max(settings.placebo_m, 2 * reach_m)
        count = math.ceil((reach_m + beyond_m) / step_m)
        offset_m = np.arange(-count, count + 1) * step_m
        x, y = transformer(AREA_CRS, grid.crs).transform(*crossing.beside(offset_m))
        row = np.floor((grid.bounds[3] - y) / grid.resolution_m).astype(np.int32)
        column = np.floor((x - grid.bounds[0]) / grid.resolution_m).astype(np.int32)
        return cls(crossing, position_sigma_m, offset_m, reach_m, width_m, blur_m, row, column)


@dataclass(frozen=True, eq=False)
class Ridge:
    """What a photo shows of a road, by block of it (n,) and by offset from its line (m,).

    light: of a road that ran there, less what lies beside it, summed over cells, per km (m, n); sigma: of
    ground without a road, the scale of Student's t with `tail` degrees of freedom; town: the share of its
    square that is due to light beside the road. flank: light beside the line, per km (n,). seen: blocks that
    show anything. sigma_m: 1 sigma of the road's offset.
    """

    chainage_m: Array
    offset_m: Array
    light: Array
    sigma: Array
    town: Array
    flank: Array
    seen: NDArray[np.bool_]
    sigma_m: Array
    tail: float
    brightest: float
    blur_m: float

    @property
    def block_m(self) -> float:
        """Length of a block."""
        return float(self.chainage_m[1] - self.chainage_m[0])

    def root(self, settings: MotorwaySettings) -> Array:
        """To which the odds of a block are taken, for neighbours know of each other (offsets, blocks)."""
        return settings.quiet_root + (settings.town_root - settings.quiet_root) * self.town

    def least_level(self, settings: MotorwaySettings) -> float:
        """Light per km that would stand out by `sure_sigmas` over `sure_m` of this road; infinite of one that
        shows nothing."""
        if not self.seen.any():
            return math.inf
        sigma = np.nanmedian((self.sigma * np.sqrt(self.root(settings)))[:, self.seen])
        return float(settings.sure_sigmas * sigma * math.sqrt(self.block_m / settings.sure_m))


def find_ridge(
    band: Band, light: Floats, noise: Floats, resolution_m: float, settings: MotorwaySettings
) -> Ridge | None:
    """The ridge from the light and the noise of a band's cells (offsets, stations); None where the photo
    shows too little of it to tell the noise."""
    crossing = band.crossing
    group = max(1, round(settings.block_m / crossing.spacing_m))
    count = len(crossing.chainage_m) // group
    if count < 2:
        return None
    across = float(band.offset_m[1] - band.offset_m[0])
    kernel, beside, response = _filter(band.width_m, across, settings)
    # Light summed over the cells of a kilometre of road, of light along a line that is a unit a cell.
    per_km = 1e3 * across / response / resolution_m**2
    blocks = _means(light, group, count)
    cells = max(1.0, group * crossing.spacing_m / resolution_m)
    cell = math.sqrt(2) * _means(noise, group, count) / math.sqrt(cells)  # red is as noisy as green
    along_twice = math.sqrt(max(1.0, resolution_m / across))  # offsets that share cells share their noise
    found = correlate1d(blocks, kernel, axis=0, mode="nearest") * per_km
    quiet = cell * math.sqrt(float((kernel**2).sum())) * per_km * along_twice
    dark = median_over_rows(blocks)
    near = correlate1d(np.maximum(blocks - dark, 0), beside, axis=0, mode="nearest")
    window = max(1, round(settings.beside_station_m / (group * crossing.spacing_m)))
    flank = _running_mean(near, window) * per_km
    away = np.abs(band.offset_m)
    road = away <= band.reach_m + across / 100
    placebo = away > band.reach_m + settings.beside_sigmas * band.width_m / 2
    placebo &= away <= away.max() - settings.beside_sigmas * band.width_m
    told = placebo[:, None] & np.isfinite(found) & np.isfinite(flank) & (quiet > 0)
    if not told.any():
        return None
    sigma, town, tail = _noise(found, quiet, flank, told, settings)
    middle = int(away.argmin())
    error_m = _means(crossing.error_m[None], group, count)[0]
    shown = np.isfinite(found[road]) & np.isfinite(sigma[road])
    seen = shown.mean(axis=0) > 0.5
    return Ridge(
        chainage_m=_means(crossing.chainage_m[None], group, count)[0],
        offset_m=band.offset_m[road],
        light=found[road],
        sigma=sigma[road],
        town=town[road],
        flank=flank[middle],
        seen=seen & (error_m <= settings.max_line_error_m),
        sigma_m=_means(_place_sigma_m(crossing, band.position_sigma_m, settings)[None], group, count)[0],
        tail=tail,
        brightest=_brightest(found[road], settings, group * crossing.spacing_m),
        blur_m=band.blur_m,
    )


def _brightest(light: Array, settings: MotorwaySettings, block_m: float) -> float:
    """Light per km that the brightest offset of a block exceeds over `sure_m` of the road."""
    best = np.sort(np.where(np.isfinite(light), light, -np.inf).max(axis=0))
    return float(best[-min(len(best), math.ceil(settings.sure_m / block_m))])


def _place_sigma_m(crossing: Crossing, position_sigma_m: Array, settings: MotorwaySettings) -> Array:
    """1 sigma of how far the road's light may lie off its line, by the errors of both line and photo."""
    error_m = np.minimum(crossing.error_m, settings.max_line_error_m)
    return np.hypot(error_m / NORMAL_95, position_sigma_m)  # a line's stated error is a 95 % bound


def _filter(width_m: float, step_m: float, settings: MotorwaySettings) -> tuple[Array, Array, float]:
    """Across the road: its image less what lies beside it; what lies beside it; and what the first gives of a
    road of unit light per area of a cell."""
    count = math.ceil(settings.beside_sigmas * width_m / step_m)
    away = np.abs(np.arange(-count, count + 1)) * step_m / width_m
    image = np.exp(-0.5 * away**2)
    core = np.where(away < settings.core_sigmas, image, 0.0)
    beside = ((away >= settings.core_sigmas) & (away <= settings.beside_sigmas)).astype(float)
    beside /= beside.sum()
    kernel = core / core.sum() - beside
    return kernel, beside, float(kernel @ image / image.sum())


def _means(values: NDArray[np.floating], group: int, count: int) -> Array:
    """Means over groups of stations (rows, groups) of what is finite, NaN where less than half is."""
    parts = np.asarray(values, float)[:, : group * count].reshape(len(values), count, group)
    good = np.isfinite(parts)
    number = good.sum(axis=2)
    total = np.where(good, parts, 0.0).sum(axis=2)
    return np.where(number * 2 >= group, total / np.maximum(number, 1), np.nan)


def _running_mean(values: Array, window: int) -> Array:
    """Mean over a window along the road of what is finite, NaN where nothing is."""
    good = np.isfinite(values)
    total, share = (
        uniform_filter1d(part, window, axis=1, mode="nearest")
        for part in (np.where(good, values, 0.0), good.astype(float))
    )
    return np.asarray(total / np.where(share > 0.5 / window, share, np.nan))


def _noise(
    found: Array, quiet: Array, flank: Array, told: NDArray[np.bool_], settings: MotorwaySettings
) -> tuple[Array, Array, float]:
    """Scale of Student's t everywhere, the share of its square due to towns, and degrees of freedom, from
    where it is told: variance a quiet^2 + b flank^2, by regression weighted by its inverse."""
    square, terms = found[told] ** 2, np.stack([quiet[told] ** 2, flank[told] ** 2])
    scale = np.array([1.0, 0.25])
    for _ in range(ROUNDS):
        weight = 1 / (scale @ terms)
        fitted = nnls((terms * weight).T, np.minimum(square * weight, CLIPPED))[0]
        scale = np.maximum(fitted, [1.0, LEAST_TOWN])
    variance = scale[0] * quiet**2 + scale[1] * flank**2
    variance = np.where(variance > 0, variance, np.nan)
    units = np.abs(found[told]) / np.sqrt(variance[told])
    middle = float(np.median(units))
    # Ground that is all dark, as in drawn scenes, tells nothing of the noise's tails.
    share, sigma = scale[1] * flank**2 / variance, np.sqrt(variance)
    if middle == 0:
        return sigma, share, max(settings.noise_tails)
    fits = []
    for tail in settings.noise_tails:
        spread = middle / float(stdtrit(tail, 0.75))
        likelihood = float(student_log(units / spread, tail).sum()) - units.size * math.log(spread)
        fits.append((likelihood, tail, spread))
    _, tail, spread = max(fits)
    return sigma * spread, share, tail


def student_log(units: Array, tail: float) -> Array:
    """Log density of Student's t with `tail` degrees of freedom."""
    constant = gammaln((tail + 1) / 2) - gammaln(tail / 2) - 0.5 * math.log(tail * math.pi)
    return np.asarray(constant - (tail + 1) / 2 * np.log1p(units**2 / tail))
