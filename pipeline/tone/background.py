"""The light that is not lamps - skyglow, scattered light, the camera's pedestal - and the noise on it.

Both come from a thinned sample of the map, about one cell every hundred metres, so that a grid of any
resolution fits into memory. Blocks of the sample lie around the nodes of a lattice:

    +-----+-----+      o node: the background there comes from the unlit cells of its block, of a
    |  o  |  o  |        fifth of the window across, and of the blocks in the window around it
    +-----+-----+        between nodes it is bilinear
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter, grey_opening

from pipeline.arrays import Floats
from pipeline.camera.earth import Array
from pipeline.photo.chroma import BLUE_CB, GREEN_CB, GREEN_CR, RED_CR
from pipeline.raster.lattice import Lattice
from pipeline.raster.tiles import Tile
from pipeline.robust import LOWER_QUARTILE_PER_SIGMA, SIGMA_PER_IQR, sigma_of_deviations

if TYPE_CHECKING:  # steps that only look at tone do without dask
    import dask.array as da


BLOCKS_A_WINDOW = 5  # across; odd
SAMPLES_A_BLOCK = 20  # across, at most
MAX_SAMPLES = 4_000_000  # of a map; blocks of a larger one have fewer
# The floor of a window is this quantile of its blocks' quantiles: 2 % of a window must be dark.
FLOOR_QUANTILE, WINDOW_QUANTILE = 0.1, 0.2
DARK_BLOCKS = 0.2  # share of the blocks, the most even ones, that tells dark noise from light
# How far above the background a cell may be and still count as unlit; how far a floor lies below it.
UNLIT_SIGMAS, FLOOR_SIGMAS = 3.0, 1.3
WIDE_WINDOW = 5  # times the window: where its floor is compared with others
MIN_UNLIT = 0.02  # of the cells of a window
SIGNAL_BINS, PAIRS_A_BIN = 12, 300
SECOND_DIFFERENCE = 1 + 4 + 1  # its variance, of independent values of variance 1


@dataclass(frozen=True, eq=False)
class Sample:
    """Every `stride`-th cell of the map: light (3, rows, columns), NaN where unusable. For noise, where it is
    asked for: red and green of the cells one and two of the photo's pixels to the right (2, rows, columns,
    without those beyond the map). A block is `block` samples across.
    """

    stride: int
    block: int
    light: Floats
    to_the_right: tuple[Floats, Floats] | None = None

    def on_cells(self, lattice: Lattice) -> Array:
        """Values of a lattice over the map at the sampled cells."""
        _, rows, columns = self.light.shape
        return Lattice(self.block, lattice.values).at(Tile(0, 0, rows, columns))


@dataclass(frozen=True)
class Noise:
    """Per channel: variance = max(floor, noise of colours as stored)^2 + gain x signal.

    `colour_codes` is 1 sigma of Cb and Cr as stored, in codes of 8 bits; 0 where light is not stored so.
    """

    floor: tuple[float, ...]
    gain: tuple[float, ...]
    colour_codes: float = 0.0

    def calmed(self, floor: tuple[float, ...]) -> "Noise":
        """The noise of averaged light with this measured floor: shot noise has fallen as the floor has."""
        fallen = [min(1.0, after / before) for after, before in zip(floor, self.floor, strict=True)]
        gain = tuple(g * f**2 for g, f in zip(self.gain, fallen, strict=True))
        return replace(self, floor=tuple(b * f for b, f in zip(self.floor, fallen, strict=True)), gain=gain)

    def sigma(self, light: Floats, signal: Floats, first: int = 0) -> Floats:
        """1 sigma of light (channels from `first` on, ...), whose part above the background is `signal`."""
        channels, shape = slice(first, first + len(light)), (len(light),) + (1,) * (light.ndim - 1)
        floor = np.asarray(self.floor[channels], np.float32).reshape(shape)
        if self.colour_codes:
            floor = np.maximum(floor, colour_noise(light, self.colour_codes, first))
        gain = np.asarray(self.gain[channels], np.float32).reshape(shape)
        return np.asarray(np.sqrt(floor**2 + gain * np.maximum(signal, 0)), np.float32)


def code_step(light: ArrayLike) -> Floats:
    """Linear light between neighbouring codes of 8-bit sRGB, at a level of light."""
    light = np.asarray(light, np.float32)
    # A power as numpy's own logarithm and exponential, of several numbers at a time: 0.4 of the time.
    curved = np.maximum(light, np.float32(0.0031308), out=np.empty(light.shape, np.float32))
    np.log(curved, out=curved)
    curved *= np.float32(1.4 / 2.4)
    np.exp(curved, out=curved)
    curved *= np.float32(2.4 / (255 * 1.055))
    return np.where(light <= np.float32(0.0031308), np.float32(1 / (255 * 12.92)), curved)


def colour_noise(light: Floats, colour_codes: float, first: int = 0) -> Floats:
    """Linear light (channels from `first` on, ...) that so many codes of Cb and of Cr stand for in them.

    Compression shares colours among 8 x 8 or 16 x 16 pixels, so that averaging does not make it smaller.
    """
    codes = np.float32(colour_codes) * np.array([RED_CR, math.hypot(GREEN_CB, GREEN_CR), BLUE_CB], np.float32)
    of_channels = codes[first : first + len(light)].reshape(-1, *(1,) * (light.ndim - 1))
    return np.asarray(code_step(light) * of_channels, np.float32)


def take_samples(
    lights: Sequence["da.Array"], resolution_m: float, background_km: float, gsd_m: float
) -> list[Sample]:
    """A sample of each light (3, height, width), of the first one for noise too, dense enough for the blocks
    of the background window, from one pass over what they are made of."""
    block_cells = 1e3 * background_km / BLOCKS_A_WINDOW / resolution_m
    cells = lights[0].shape[1] * lights[0].shape[2]
    stride = max(1, int(block_cells / SAMPLES_A_BLOCK), math.ceil(math.sqrt(cells / MAX_SAMPLES)))
    block = max(4, 2 * round(block_cells / stride / 2))
    pixel = max(1, round(gsd_m / resolution_m))  # farther apart, the scene differs more than the noise
    beside = [lights[0][:2, ::stride, k * pixel :: stride] for k in (1, 2)]
    from dask.base import compute

    thin = [light[:, ::stride, ::stride] for light in lights]
    one, two, first, *others = compute(*beside, *thin)  # type: ignore[no-untyped-call]
    return [Sample(stride, block, first, (one, two)), *(Sample(stride, block, light) for light in others)]


def background_and_noise(sample: Sample, colour_codes: float) -> tuple[Lattice, Noise]:
    """Background light (3 values) on a lattice over the map, and the noise of a cell; of light with 8 bits
    where there is noise of `colour_codes`."""
    background, floor = background_and_floor(sample, colour_codes)
    noise = Noise(floor, (0.0, 0.0, 0.0), colour_codes)
    # Red and green give it together; blue, often too dark to tell, is taken to have the same.
    return background, replace(noise, gain=(_gain(sample, background, noise),) * 3)


def background_and_floor(sample: Sample, colour_codes: float) -> tuple[Lattice, tuple[float, ...]]:
    """The background, and the noise (1 sigma, 3 values) of cells that are as dark as it."""
    blocks = _blocks(sample)
    low, lower, upper = _quantiles(blocks, (FLOOR_QUANTILE, 0.25, 0.75))
    even = (upper - lower)[1] <= np.nanquantile((upper - lower)[1], DARK_BLOCKS)
    code = float(code_step(0.0)) if colour_codes else 0.0
    spread = [max(code, SIGMA_PER_IQR * float(np.median((upper - lower)[k, even]))) for k in range(3)]

    dark = _window_floor(low, np.reshape(spread, (3, 1, 1)))
    limit = dark + (UNLIT_SIGMAS + FLOOR_SIGMAS) * np.reshape(spread, (3, 1, 1))
    unlit = (blocks < limit[..., None]).all(axis=0)
    middle = _quantiles(np.where(unlit, blocks, np.nan), (0.5,))[0]
    background = _smoothed(middle, unlit.sum(-1))

    residual = np.where(unlit, np.abs(blocks - background[..., None]), np.nan)
    floor = tuple(sigma_of_deviations(channel) for channel in residual)
    return Lattice(sample.stride * sample.block, background), floor


def _blocks(sample: Sample) -> Array:
    """The sample as (3, node rows, node columns, cells of a block), blocks centred on the nodes."""
    m = sample.block
    _, rows, columns = sample.light.shape
    nodes = (rows - 1) // m + 2, (columns - 1) // m + 2
    padded = np.full((3, nodes[0] * m, nodes[1] * m), np.nan, np.float32)
    padded[:, m // 2 : m // 2 + rows, m // 2 : m // 2 + columns] = sample.light
    return padded.reshape(3, nodes[0], m, nodes[1], m).swapaxes(2, 3).reshape(3, *nodes, m * m)


def _quantiles(values: Array, quantiles: tuple[float, ...]) -> list[Array]:
    """Quantiles along the last axis of the finite values (the nearest ones); NaN where there are none.

    The same as numpy's `nanquantile`, which took 14 times as long.
    """
    ordered = np.sort(values, axis=-1)  # NaN last
    count = np.isfinite(values).sum(-1, keepdims=True)
    places = [np.clip(np.round(q * (count - 1)), 0, None).astype(np.intp) for q in quantiles]
    return [np.take_along_axis(ordered, place, -1)[..., 0] for place in places]


def _window_floor(low: Array, spread: Array) -> Array:
    """The floor of the window of blocks around each node, taken from the nearest one that is dark.

    A window inside a large city has no dark cell: its floor stands out from those within WIDE_WINDOW.
    """
    reach = BLOCKS_A_WINDOW // 2
    padded = np.pad(low, ((0, 0), (reach, reach), (reach, reach)), constant_values=np.nan)
    around = sliding_window_view(padded, (BLOCKS_A_WINDOW, BLOCKS_A_WINDOW), axis=(1, 2))
    floor = _quantiles(around.reshape(*low.shape, -1), (WINDOW_QUANTILE,))[0]
    floor = np.where(np.isfinite(floor), floor, np.inf)
    # An opening keeps slopes of any steepness and takes away what is higher and narrower than its window.
    size = (1, WIDE_WINDOW * BLOCKS_A_WINDOW, WIDE_WINDOW * BLOCKS_A_WINDOW)
    dark = floor <= grey_opening(floor, size, mode="nearest") + UNLIT_SIGMAS * spread
    return _from_nearest(floor, (dark & np.isfinite(floor)).all(axis=0))


def _smoothed(middle: Array, count: NDArray[np.intp]) -> Array:
    """Medians of the unlit cells averaged over the window by their counts."""
    sigma = BLOCKS_A_WINDOW / 4  # two sigmas reach the window's edge

    def spread_out(values: Array) -> Array:
        return np.asarray(gaussian_filter(values, sigma, mode="constant", truncate=2))

    weight = spread_out(count.astype(float))
    enough = weight >= MIN_UNLIT * count.max()
    total = np.stack([spread_out(np.where(count > 0, channel, 0) * count) for channel in middle])
    return _from_nearest(total / np.where(enough, weight, 1), enough)


def _from_nearest(values: Array, good: NDArray[np.bool_]) -> Array:
    """(3, rows, columns) with what is not good replaced by the nearest that is."""
    row, column = distance_transform_edt(~good, return_distances=False, return_indices=True)
    return np.asarray(values[:, row, column])


def _gain(sample: Sample, background: Lattice, noise: Noise) -> float:
    """Shot-like noise: the growth of the variance with the signal, in which no channel agrees with another.

    Neighbours differ by noise and by the scene. The scene's lamps change red and green alike, so red's
    relative difference minus green's is free of the scene, except where lamps of several colours meet: the
    lowest of several bins of signal is the closest to noise alone. For white noise a second difference does
    not depend on the mean of the same cells, which gives the colour.
    """
    assert sample.to_the_right is not None
    middle, right = sample.to_the_right
    seen = np.s_[:2, :, : right.shape[2]]
    left, middle = sample.light[seen], middle[seen]
    mean, second = np.asarray((left + middle + right) / 3, np.float32), left - 2 * middle + right
    signal = mean - sample.on_cells(background)[seen]
    floor = np.broadcast_to(np.reshape(noise.floor[:2], (2, 1, 1)), signal.shape)
    good = np.isfinite(second).all(axis=0) & (signal > 3 * floor).all(axis=0)
    if noise.colour_codes:
        floor = np.maximum(floor, colour_noise(mean, noise.colour_codes))
    bright, apart, read = (v[:, good] for v in (signal, second, floor))
    # Of a gain of 1: both channels' shot noise, and in its units what is read and rounded.
    shot = (1 / bright).sum(axis=0)
    other = (read**2 / bright**2).sum(axis=0) / shot
    away = np.abs(apart[0] / bright[0] - apart[1] / bright[1]) / np.sqrt(shot)
    gains = []
    for low, high in pairwise(np.geomspace(bright[1].min(initial=1.0), 1.0, SIGNAL_BINS + 1)):
        here = (bright[1] >= low) & (bright[1] < high)
        if here.sum() >= PAIRS_A_BIN:
            variance = (np.quantile(away[here], 0.25) / LOWER_QUARTILE_PER_SIGMA) ** 2 / SECOND_DIFFERENCE
            gains.append(max(0.0, float(variance - np.mean(other[here]))))
    return min(gains, default=0.0)
