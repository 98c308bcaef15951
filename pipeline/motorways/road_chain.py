"""Whether each block of a road is lit, and how far off its line the road runs: both at once.

A hidden Markov chain. Its state is the offset, which changes little from block to block and stays within
what is known of line and photo, and whether the block is lit. A lit block has the light of a lit motorway
where the road is; ground elsewhere, and a dark block, have what ground without a road has. So a lit stretch
finds its road among towns, and beyond its end the road is known the less the farther.

The light of a lit motorway is not known beforehand: several are tried, and weigh by how well each explains
all roads of the photo, for those are alike.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, ndtr

from pipeline.camera.earth import Array
from pipeline.motorways.ridge import Ridge, student_log
from pipeline.motorways.settings import MotorwaySettings

DARK, LIT = 0, 1
MOST_ODDS = 200.0  # of one offset against another, natural logarithm: more changes nothing, and would be 0
EVEN_SHARE = 0.02  # of light: a block with less counts as dark, with all but this as lit
NO_WEIGHT = 1e-3  # a level that weighs less does not move what is told


@dataclass(frozen=True, eq=False)
class Chain:
    """A ridge with the chain's probabilities at each level of a lit motorway's light.

    forward: of states given the blocks up to each, posterior: given all (levels, blocks, dark or lit,
    offsets); evidence: log probability of all blocks by level; moves: of offsets (to, from).
    """

    ridge: Ridge
    levels: Array
    moves: Array
    forward: Array
    posterior: Array
    evidence: Array


@dataclass(frozen=True, eq=False)
class Followed:
    """What is known of a road by block: how probably it is lit, its offset and 1 sigma of it, m; and the
    weight of each level."""

    chain: Chain
    weight: Array
    lit: Array
    offset_m: Array
    offset_sigma_m: Array

    @property
    def level(self) -> float:
        """Light per km of a lit motorway, the weighted geometric mean."""
        return float(np.exp(self.weight @ np.log(self.chain.levels)))

    def along(self, values: Array) -> Array:
        """Values (offsets, blocks) where the road runs, by how probably it runs there."""
        where = np.einsum("k,knsm->mn", self.weight, self.chain.posterior)
        good = np.isfinite(values)
        share = np.where(good, where, 0.0)
        total = share.sum(axis=0)
        mean = (share * np.nan_to_num(values)).sum(axis=0) / np.maximum(total, 1e-12)
        return np.where(total > 0.5, mean, np.nan)


def levels_of(ridges: Sequence[Ridge], settings: MotorwaySettings) -> Array:
    """The values of a lit motorway's light that are tried in a photo."""
    least = min(ridge.least_level(settings) for ridge in ridges)
    if math.isinf(least):  # nothing is seen of any: each level tells as little
        return np.array([1.0])
    most = max(2 * least, *(ridge.brightest for ridge in ridges))
    count = 2 + int(math.log(most / least) / math.log(settings.level_ratio))
    return np.geomspace(least, most, min(count, settings.most_levels))


def chain_of(ridge: Ridge, levels: Array, settings: MotorwaySettings) -> Chain:
    """The chain of a road at each level."""
    count, offsets = len(ridge.chainage_m), len(ridge.offset_m)
    # Where the photo does not reach, nothing is known of its error.
    sigma_m = float(ridge.sigma_m[ridge.seen].mean() if ridge.seen.any() else ridge.sigma_m.mean())
    moves, start = _moves(ridge, sigma_m, settings)
    change = ridge.block_m / settings.stretch_m
    turns = np.array([[1 - change, change], [change, 1 - change]])
    odds = np.array([_log_odds(ridge, level, slice(None), settings) for level in levels])
    logs = np.stack([np.zeros_like(odds), odds], axis=1).transpose(0, 3, 1, 2)
    best = logs.max(axis=(2, 3))
    likelihood = np.exp(np.maximum(logs - best[:, :, None, None], -MOST_ODDS))
    forward, scale = np.empty((len(levels), count, 2, offsets)), np.empty((len(levels), count))
    state = np.broadcast_to(start / 2, (len(levels), 2, offsets))
    for block in range(count):
        if block:
            state = (turns @ state) @ moves.T
        state = state * likelihood[:, block]
        scale[:, block] = state.sum(axis=(1, 2))
        state = forward[:, block] = state / scale[:, block, None, None]
    posterior, after = np.empty_like(forward), np.ones((len(levels), 2, offsets))
    posterior[:, -1] = forward[:, -1]
    for block in range(count - 2, -1, -1):
        after = turns @ ((likelihood[:, block + 1] * after) @ moves / scale[:, block + 1, None, None])
        posterior[:, block] = forward[:, block] * after
    posterior /= posterior.sum(axis=(2, 3), keepdims=True)
    return Chain(ridge, levels, moves, forward, posterior, (np.log(scale) + best).sum(axis=1))


def _moves(ridge: Ridge, sigma_m: float, settings: MotorwaySettings) -> tuple[Array, Array]:
    """How probably the road goes over from one offset to another within a block (to, from), and how probable
    each offset is: steps to the next offset, balanced so that the offsets' normal law stays as it is."""
    offsets = ridge.offset_m
    law = np.exp(-0.5 * (offsets / max(sigma_m, 1e-3)) ** 2)
    law /= law.sum()
    if len(offsets) == 1:
        return np.ones((1, 1)), law
    step_m = float(offsets[1] - offsets[0])
    rate = 2 * (sigma_m / step_m) ** 2 * ridge.block_m / settings.offset_memory_m
    times = math.ceil(2 * rate)
    one = np.zeros((len(offsets), len(offsets)))
    here = np.arange(len(offsets) - 1)
    ratio = np.divide(law[1:], law[:-1], out=np.ones(len(here)), where=law[:-1] > 0)
    one[here + 1, here] = rate / times / 2 * np.minimum(1, ratio)
    one[here, here + 1] = rate / times / 2 * np.minimum(1, 1 / np.maximum(ratio, 1e-300))
    one[np.diag_indices_from(one)] = 1 - one.sum(axis=0)
    return np.linalg.matrix_power(one, times), law


def _log_odds(
    ridge: Ridge,
    level: float,
    blocks: slice | NDArray[np.intp],
    settings: MotorwaySettings,
    share: float | Array = 1.0,
) -> Array:
    """Log odds of a road of which so much is lit, of all blocks or of each, against ground without one, at
    each offset of blocks (offsets, blocks); of fewer lamps the scatter is that of their number, the root of
    their share."""
    light, sigma, root = (values[:, blocks] for values in (ridge.light, ridge.sigma, ridge.root(settings)))
    lit_sigma = np.hypot(sigma, settings.lamp_scatter * level * np.sqrt(share))
    odds = student_log((light - share * level) / lit_sigma, ridge.tail) - np.log(lit_sigma)
    odds -= student_log(light / sigma, ridge.tail) - np.log(sigma)
    return np.where(ridge.seen[blocks], np.nan_to_num(odds / root), 0.0)


def weighed(chains: Sequence[Chain], settings: MotorwaySettings) -> list[Followed]:
    """Each road of a photo, its levels weighed by its own light and, for roads are alike, by the others'.

    The photo has a level, and each road one near it: none has less than `lit_share` of another's.
    """
    steps = np.log(chains[0].levels)
    apart = steps[:, None] - steps  # a road's level (rows) against the photo's
    alike = np.exp(-0.5 * (apart / settings.alike_sigma) ** 2)
    alike[np.abs(apart) > -math.log(settings.lit_share) / 2] = 0.0
    with np.errstate(divide="ignore"):
        law = np.log(alike / alike.sum(axis=0))
    # All by logarithms: a level may be a thousand e-foldings worse than another.
    given = [logsumexp(chain.evidence[:, None] + law, axis=0) for chain in chains]
    photo = np.sum(given, axis=0)
    photo -= logsumexp(photo)
    logs = [
        chain.evidence + logsumexp(law + photo - of_road, axis=1)
        for chain, of_road in zip(chains, given, strict=True)
    ]
    return [_followed(chain, np.exp(log - logsumexp(log))) for chain, log in zip(chains, logs, strict=True)]


def _followed(chain: Chain, weight: Array) -> Followed:
    states = np.einsum("k,knsm->nsm", weight, chain.posterior)
    where = states.sum(axis=1)
    offset_m = where @ chain.ridge.offset_m
    spread = np.maximum(where @ chain.ridge.offset_m**2 - offset_m**2, 0)
    return Followed(chain, weight, states[:, LIT].sum(axis=1), offset_m, np.sqrt(spread))


def end_density(
    followed: Followed, first: int, last: int, lit_before: bool, settings: MotorwaySettings
) -> tuple[Array, Array]:
    """Where light ends once between two blocks, of which the first (`lit_before`) or the last is lit:
    chainages (m), evenly spaced and rising, and their probabilities.

    The photo's blur carries light over the end: blocks near it have the share that a blurred step leaves.
    """
    chain, ridge = followed.chain, followed.chain.ridge
    sign = 1 if lit_before else -1
    blocks = np.arange(first + 1, last)[::sign]
    step_m = ridge.block_m / settings.places_a_block
    count = len(blocks) * settings.places_a_block
    places = ridge.chainage_m[blocks[0]] - sign * ridge.block_m / 2 + sign * step_m * np.arange(count)
    shares = _lit_shares(ridge.chainage_m[blocks], places, ridge, sign, settings)
    start = chain.forward[:, first, LIT] if lit_before else chain.posterior[:, last, LIT]
    logs = [
        _once_lit(chain, level, state, blocks, shares, settings) + math.log(weight)
        for weight, level, state in zip(followed.weight, chain.levels, start, strict=True)
        if weight >= NO_WEIGHT
    ]
    log = np.logaddexp.reduce(logs, axis=0)
    density = np.exp(log - log.max())
    return places[::sign], density[::sign] / density.sum()


def _lit_shares(centres: Array, places: Array, ridge: Ridge, sign: int, settings: MotorwaySettings) -> Array:
    """Of a lit road's light, what blocks have if it ends at each of the places (places, blocks)."""
    inner = (np.arange(settings.places_a_block) + 0.5) / settings.places_a_block - 0.5
    at = centres[:, None] + ridge.block_m * inner
    shares = ndtr(sign * (places[:, None, None] - at) / ridge.blur_m).mean(axis=2)
    return np.asarray(np.where(shares < EVEN_SHARE, 0.0, np.where(shares > 1 - EVEN_SHARE, 1.0, shares)))


def _once_lit(
    chain: Chain,
    level: float,
    state: Array,
    blocks: NDArray[np.intp],
    shares: Array,
    settings: MotorwaySettings,
) -> Array:
    """Log odds of each place as the end of light, by the share of light that each of the blocks then has;
    they come in turn from the lit side, whose last state is `state`."""
    states, totals = [state / state.sum()], [0.0]
    for odds in _log_odds(chain.ridge, level, blocks, settings).T:
        lit, log = _lit_once_more(chain, states[-1], odds)
        states.append(lit)
        totals.append(totals[-1] + log)
    # All blocks of which a part is lit at once: one by one they took twice as long.
    end, part = np.nonzero((shares > 0) & (shares < 1))
    in_part = _log_odds(chain.ridge, level, blocks[part], settings, shares[end, part]).T
    starts = np.searchsorted(end, np.arange(len(shares) + 1))
    logs = []
    for share, (first, last) in zip(shares, pairwise(starts), strict=True):
        whole = int((share == 1).sum())  # those before the end
        here, total = states[whole], totals[whole]
        for odds in in_part[first:last]:
            here, log = _lit_once_more(chain, here, odds)
            total += log
        logs.append(total)
    return np.array(logs)


def _lit_once_more(chain: Chain, state: Array, log_odds: Array) -> tuple[Array, float]:
    """The offsets after one more block of given log odds, and the log odds of that block."""
    best = float(log_odds.max())
    after = (chain.moves @ state) * np.exp(np.maximum(log_odds - best, -MOST_ODDS))
    return after / after.sum(), best + math.log(after.sum())
