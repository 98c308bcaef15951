"""How often a line that is no border shows as large a contrast of towns: straight lines through towns,
turned at random, all at once.

The levels of the countries stay in the model, so that a difference between countries cannot get into a
placebo.
"""

import math
from collections.abc import Iterator

import numpy as np

from pipeline.borders.placebo import Placebo
from pipeline.borders.settings import PlaceboSettings
from pipeline.borders.town_contrast import TownContrast
from pipeline.borders.town_likelihood import Likelihood, Solution
from pipeline.camera.earth import Array


def town_placebo(contrast: TownContrast, shared_m: float, settings: PlaceboSettings) -> Placebo:
    """Rank the contrast of towns over its sigma among placebos; p = (1 + as large) / (1 + n). A placebo
    counts where it parts the towns about as evenly as the border does, and the light tells about as much of
    it."""
    known = contrast.known
    solution = Likelihood(known, shared_m).solution(contrast.posterior.best)
    own = min(contrast.n_first, contrast.n_second)
    border = 1 / float(solution.covariance[0, 0])
    sizes, ways = np.empty(0), np.empty(0)
    for sides in _random_sides(known.x_m, known.y_m, settings):
        fewer = np.minimum((sides > 0).sum(axis=0), (sides < 0).sum(axis=0))
        sides = sides[:, fewer >= settings.like_lit * own]
        of_lines, information = _studentised(solution, sides)
        told = information >= settings.like_told * border
        sizes = np.append(sizes, of_lines[told])
        ways = np.union1d(ways, _ways(sides[:, told]))
        if len(sizes) >= settings.count and len(ways) >= settings.min_ways:
            size = abs(float(solution.coefficients[0])) * math.sqrt(border)
            as_large = int((sizes[: settings.count] >= size).sum())
            return Placebo((1 + as_large) / (1 + settings.count), settings.count)
    return Placebo(None, min(len(sizes), settings.count))


def _ways(sides: Array) -> Array:
    """A number for each way in which lines (u, lines) part the towns, whichever side comes first."""
    # Sums of as many random numbers are equal only if all towns lie alike.
    names = np.random.default_rng(0).uniform(size=len(sides)) @ (sides * np.sign(sides[0]))
    return np.unique(np.round(names, 9))


def _random_sides(x: Array, y: Array, settings: PlaceboSettings) -> Iterator[Array]:
    """On which side of lines units lie (u, lines): -0.5 or 0.5; a few lines at a time, for mostly not all are
    needed."""
    rng = np.random.default_rng(settings.seed)
    count = settings.tries * settings.count
    through, turn = rng.integers(len(x), size=count), rng.uniform(0, math.pi, count)
    for some in np.split(np.arange(count), settings.tries):
        across = (x[:, None] - x[through[some]]) * np.cos(turn[some])
        across += (y[:, None] - y[through[some]]) * np.sin(turn[some])
        yield np.asarray((across >= 0) - 0.5)


def _studentised(solution: Solution, sides: Array) -> tuple[Array, Array]:
    """The size of a step at each line beside all that is in the model, over its sigma, and how much the light
    tells of it (1 / sigma2)."""
    tone, design = solution.on_values[:, 0], solution.on_values[:, 1:]
    across = design.T @ sides
    told = np.einsum("un,un->n", sides, solution.information @ sides)
    told -= np.einsum("kn,kn->n", across, solution.covariance @ across)
    step = sides.T @ (tone - design @ solution.coefficients)
    with np.errstate(divide="ignore", invalid="ignore"):
        sizes = np.where(told > 0, np.abs(step) / np.sqrt(np.where(told > 0, told, 1)), 0.0)
    return sizes, told
