"""Tone: T = log2(G/R) and C = log2(B/G) of light above the background, where it is sure enough.

Ratios are of light averaged over a small square around each cell, a few pixels of the photo wide: one
pixel alone is mostly noise, and a mean of ratios would be biased. Light itself stays cell by cell.
"""

from dataclasses import dataclass, replace

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Floats
from pipeline.errors import PhotoError
from pipeline.models import ToneConfig
from pipeline.photo.cameras import AbFactors
from pipeline.raster.lattice import Lattice
from pipeline.raster.tiles import Tile
from pipeline.tone.background import (
    Noise,
    Sample,
    background_and_floor,
    background_and_noise,
    take_samples,
)
from pipeline.tone.reach import halo_cells, square_cells
from pipeline.tone.saturation import without_saturated

# Of a lit cell. The logarithm of noisy light is too low by 1 / (2 x 3^2), 0.08 in log2; of fainter light by
# more.
MIN_BLUE_SIGNAL_TO_NOISE = 3.0
# Blue of two codes or less in an 8-bit JPEG was clipped out of gamut; it is not a measurement of darkness.
LOST_BLUE = 2 / 255 / 12.92
MAX_LOST_BLUE = 0.05  # of the lit cells: beyond it, cells that have blue left are mostly those of bluer lamps

BY_CAMERA = 1.0, 1.0, 1.0


@dataclass(frozen=True, eq=False)
class Calibration:
    """What the whole photo tells of its darkness and noise; with it any part can be worked on alone.

    `scale` is what red, green and blue above the background are multiplied by, so that ratios of sums of
    light are in the photo's system of ratios.
    """

    background: Lattice
    noise: Noise
    halo_cells: int
    tone_cells: int
    tone_noise: Noise
    min_signal_to_noise: float
    blue_refused: str | None = None
    scale: tuple[float, float, float] = BY_CAMERA

    @property
    def margin(self) -> int:
        """How many cells around a tile its own cells depend on."""
        return self.halo_cells + self.tone_cells // 2


def ab_scale(factors: AbFactors) -> tuple[float, float, float]:
    """What raw light is multiplied by so that its ratios are AB ones; green stays."""
    return 1 / factors.g_r, 1.0, factors.b_g


def light_and_averages_tile(ortho: Floats, tone_cells: int) -> Floats:
    """Unsaturated light of a tile and its averages, (6, height, width), which `calibrate` looks at; from the
    bands ORTHO_BANDS of the tile widened by half of `tone_cells`."""
    light = without_saturated(ortho, 0)
    reach = tone_cells // 2
    core = np.s_[:, reach : light.shape[1] - reach, reach : light.shape[2] - reach]
    return np.concatenate([light[core], average_around(light, tone_cells)[core]])


def calibrate(
    lights: da.Array,
    resolution_m: float,
    gsd_m: float,
    colour_codes: float,
    config: ToneConfig,
    scale: tuple[float, float, float] = BY_CAMERA,
) -> Calibration:
    """Background, noise and the use of blue, from light and its averages over squares of `square_cells`
    (6, height, width) of the whole map, as `light_and_averages_tile` gives them of its tiles.

    `colour_codes` is the noise of colours in codes where light was stored with 8 bits, 0 where it was not.
    """
    sample, calm = take_samples((lights[:3], lights[3:]), resolution_m, config.background_km, gsd_m)
    if not np.isfinite(sample.light).all(axis=0).any():
        raise PhotoError("the photo has no usable light on the grid: all of it is saturated or invalid")
    background, noise = background_and_noise(sample, colour_codes)
    del sample  # at most a third of a gigabyte, as much as is worked out of the next
    _, calm_floor = background_and_floor(calm, colour_codes)
    tone_noise = noise.calmed(calm_floor)
    calibration = Calibration(
        background,
        noise,
        halo_cells(gsd_m, resolution_m),
        square_cells(gsd_m, resolution_m),
        tone_noise,
        config.min_signal_to_noise,
        scale=scale,
    )
    return replace(calibration, blue_refused=lost_blue(calm, calibration) if colour_codes else None)


def lost_blue(sample: Sample, calibration: Calibration) -> str | None:
    """Why blue cannot be used, where too many lit cells have none left."""
    below = sample.on_cells(calibration.background)
    light = sample.light.astype(np.float32)
    signal = light - below.astype(np.float32)
    snr = signal_to_noise(signal, calibration.tone_noise.sigma(light, signal))
    lit = snr >= calibration.min_signal_to_noise
    share = float(np.mean(light[2, lit] <= LOST_BLUE)) if lit.any() else 0.0
    if share <= MAX_LOST_BLUE:
        return None
    return f"blue is clipped in {100 * share:.0f} % of the lit cells (more than {100 * MAX_LOST_BLUE:.0f} %)"


def average_around(light: Floats, cells: int) -> Floats:
    """Mean of the usable light in a square `cells` wide around each usable cell of (3, height, width); usable
    are cells with all three channels, so that ratios are of the same cells."""
    from pipeline.raster.kernels import average_usable  # compiled: a third of numpy's time

    averages = np.empty(light.shape, np.float32)
    average_usable(np.require(light, np.float32, ["W"]), cells, averages)
    return averages


def signal_to_noise(signal: Floats, sigma: Floats) -> Floats:
    """The lesser of red's and green's."""
    return np.asarray(np.minimum(signal[0] / sigma[0], signal[1] / sigma[1]))


def light_above_background_tile(light: Floats, tile: Tile, calibration: Calibration) -> Floats:
    """The bands of `light.tif`, from light `without_saturated` of the tile and what it is averaged over."""
    light = _core(light, calibration)
    signal = light - calibration.background.at(tile).astype(np.float32)
    sigma_green = calibration.noise.sigma(light[1:2], signal[1:2], first=1)
    return np.concatenate([_scaled(signal, calibration), sigma_green])


def _scaled(light: Floats, calibration: Calibration) -> Floats:
    """Light of the first channels, or its sigma, in the photo's system of ratios."""
    return light * np.asarray(calibration.scale[: len(light)], np.float32).reshape(-1, 1, 1)


def _core(light: Floats, calibration: Calibration) -> Floats:
    """The tile itself, without the cells around it that were only averaged over."""
    reach = calibration.tone_cells // 2
    return light[:, reach : light.shape[1] - reach, reach : light.shape[2] - reach]


def tone_tile(light: Floats, tile: Tile, calibration: Calibration) -> Floats:
    """The bands of `tone.tif` from the same light: ratios and their first-order sigmas where lit,
    signal-to-noise everywhere."""
    light = _core(average_around(light, calibration.tone_cells), calibration)
    signal = light - calibration.background.at(tile).astype(np.float32)
    given = 3 if calibration.blue_refused is None else 2
    sigma = calibration.tone_noise.sigma(light[:given], signal[:given])
    snr = signal_to_noise(signal, sigma)
    lit = snr >= calibration.min_signal_to_noise
    blue = lit & (signal[2] >= MIN_BLUE_SIGNAL_TO_NOISE * sigma[2]) if given == 3 else None
    signal, sigma = _scaled(signal, calibration), _scaled(sigma, calibration)
    bands = np.full((5, tile.height, tile.width), np.nan, np.float32)
    bands[0], bands[2] = _log_ratio(signal, sigma, 1, 0, lit)
    if blue is not None:
        bands[1], bands[3] = _log_ratio(signal, sigma, 2, 1, blue)
    bands[4] = snr
    return bands


def _log_ratio(
    signal: Floats, sigma: Floats, over: int, under: int, where: NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """log2 of one channel over another and its sigma; NaN outside the cells asked for."""
    from pipeline.raster.kernels import log_ratio  # compiled: a quarter of the time of picking cells by numpy

    ratio, noise = np.empty((2, *where.shape), np.float32)
    log_ratio(signal[over], signal[under], sigma[over], sigma[under], where, ratio, noise)
    return ratio, noise
