"""The contrast of tone at a border: log2(G/R) of the second country's light less that of the first's.

Light is summed over blocks, stretches of the border with all light on both sides up to `contrast_km`:

        first   |  .  | .:. |     | ..  |
        --------+-----+-----+-----+-----+---- border
        second  | .   |  .  |  .  |     |

Neighbouring cells share a town, so blocks, not cells, are the independent units. Blocks shorter than towns
would make the interval too narrow: their length is doubled while enough are left, and the widest is taken.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.borders.cells import MIN_BLOCKS, Beside, BorderLine, Floats, block_sums
from pipeline.camera.earth import Array
from pipeline.config import BordersConfig

LEVEL = 0.95
MAX_DOUBLINGS = 4
# Where one block has 80 % of a side's light, its neighbours cannot tell how towns differ.
MIN_EVEN_BLOCKS = 1.5
SEED = 0
ADJECTIVES = {"BE": "Belgian", "DE": "German", "LU": "Luxembourgish", "NL": "Dutch"}


@dataclass(frozen=True)
class Contrast:
    """The contrast and its 95 % interval, or none and why, as numbers and as a sentence."""

    contrast: float | None
    low: float | None
    high: float | None
    n_blocks: int
    n_cells: int
    statement: str


@dataclass(frozen=True, eq=False)
class Blocks:
    """Light of blocks of the border: red and green of the first side, red and green of the second."""

    length_km: float
    sums: Array

    @property
    def lit(self) -> tuple[int, int]:
        """How many blocks have light on the first and on the second side."""
        return int((self.sums[:, 0] > 0).sum()), int((self.sums[:, 2] > 0).sum())


def border_contrast(
    beside: Beside, line: BorderLine, donut_m: float, first: str, second: str, config: BordersConfig
) -> Contrast:
    """The contrast of the lit cells that lie beyond the donut and within `contrast_km` of a border."""
    if donut_m >= 1e3 * config.contrast_km:
        far = f"light is placed only to {donut_m / 1e3:.1f} km and {config.contrast_km:g} km are compared"
        return Contrast(None, None, None, 0, 0, f"No contrast can be given: {far}.")
    used = (beside.distance_m >= donut_m) & (beside.distance_m <= 1e3 * config.contrast_km)
    cells, side = beside.cells.chosen(used), beside.second[used].astype(int)
    block = np.floor(line.along_m(cells.x, cells.y) / (1e3 * config.block_km)).astype(np.int64)
    return block_contrast(block, side, cells.red, cells.green, (first, second), config)


def block_contrast(
    block: NDArray[np.int64],
    side: NDArray[np.int_],
    red: Floats,
    green: Floats,
    countries: tuple[str, str],
    config: BordersConfig,
) -> Contrast:
    """The contrast of light by the block and the side (0 first, 1 second) it lies in.

    The interval is a symmetric studentised bootstrap of whole blocks, both sides together: with a dozen
    uneven blocks, percentiles cover too little.
    """

    def blocks(doublings: int) -> Blocks:
        parts = red * (1 - side), green * (1 - side), red * side, green * side
        return Blocks(config.block_km * 2**doublings, block_sums(block >> doublings, *parts))

    shortest = blocks(0)
    for country, lit in zip(countries, shortest.lit, strict=True):
        if lit < MIN_BLOCKS:
            few = (
                f"only {lit} of the {MIN_BLOCKS} stretches of {config.block_km:g} km that are needed have "
                f"light on the {ADJECTIVES[country]} side"
            )
            return Contrast(
                None, None, None, min(shortest.lit), len(block), f"No contrast can be given: {few}."
            )
    longer = [blocks(doublings) for doublings in range(1, MAX_DOUBLINGS + 1)]
    tried = [shortest, *(b for b in longer if min(b.lit) >= MIN_BLOCKS)]
    chosen = max(tried, key=lambda b: float(_sigma(b.sums)))
    half = float(_sigma(chosen.sums)) * _studentised(chosen.sums, config.replicates)
    if min(_even_blocks(chosen.sums)) < MIN_EVEN_BLOCKS or not math.isfinite(half):
        few = f"most light of one side lies in one stretch of {chosen.length_km:g} km"
        return Contrast(None, None, None, min(chosen.lit), len(block), f"No contrast can be given: {few}.")
    value = float(_log_contrast(chosen.sums.sum(0)))
    sentence = statement(value, value - half, value + half, *countries)
    return Contrast(value, value - half, value + half, min(chosen.lit), len(block), sentence)


def statement(value: float, low: float, high: float, first: str, second: str) -> str:
    """The contrast as one English sentence; "greener" only where the interval leaves no doubt of its sign."""
    if low <= 0 <= high:
        return (
            f"Neither side is clearly greener: the {ADJECTIVES[second]} side differs from the "
            f"{ADJECTIVES[first]} one by {value:.2f} ({low:.2f} to {high:.2f}) in log2(G/R)."
        )
    greener, other, sign = (second, first, 1) if value > 0 else (first, second, -1)
    low, high = sorted((sign * low, sign * high))
    return (
        f"The {ADJECTIVES[greener]} side is greener than the {ADJECTIVES[other]} one by "
        f"{abs(value):.2f} ({low:.2f} to {high:.2f}) in log2(G/R)."
    )


def _even_blocks(sums: Array) -> tuple[float, float]:
    """How many evenly lit blocks would weigh as much as the uneven ones of each side do (Kish)."""
    light = sums[:, :2].sum(1), sums[:, 2:].sum(1)
    return float(light[0].sum() ** 2 / (light[0] ** 2).sum()), float(
        light[1].sum() ** 2 / (light[1] ** 2).sum()
    )


def _studentised(sums: Array, replicates: int) -> float:
    """How many sigmas around the estimate hold LEVEL of the replicates, each measured by its own sigma.

    Infinite where more replicates than that have light on one side only, or all of it in one block.
    """
    n = len(sums)
    weight = np.random.default_rng(SEED).multinomial(n, np.full(n, 1 / n), replicates).astype(float)
    total = weight @ sums
    good = (total > 0).all(axis=1)
    apart = np.full(replicates, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        away = np.abs(_log_contrast(total[good]) - _log_contrast(sums.sum(0)))
        apart[good] = np.nan_to_num(away / _sigma(sums, weight[good]), nan=np.inf)
    return float(np.quantile(apart, LEVEL, method="higher"))


def _log_contrast(total: Array) -> Array:
    """Of totals (..., 4) of red and green on either side."""
    return np.asarray(np.log2(total[..., 3] / total[..., 2]) - np.log2(total[..., 1] / total[..., 0]))


def _sigma(sums: Array, weight: Array | None = None) -> Array:
    """Linearised 1 sigma of the contrast of blocks, each taken `weight` (..., blocks) times."""
    n = len(sums)
    weight = np.ones(n) if weight is None else weight
    share = sums / (weight @ sums)[..., None, :]
    influence = (share[..., 3] - share[..., 2] - share[..., 1] + share[..., 0]) / math.log(2)
    return np.asarray(np.sqrt(n / (n - 1) * (weight * influence**2).sum(-1)))
