r"""How a typical town of one country differs from a typical town of another, from one photo or many.

    tone of a town in a photo = level of the photo + trend over its frame + level of its country
                                + slope on brightness + the town's own + what only this photo shows of it

Photos and their trends, towns and what is left are random; how large each is, the light itself tells
(restricted likelihood). With few towns or photos it tells badly: the interval averages over all sizes that
the likelihood allows, each as likely as any other beforehand (Gelman 2006), and so widens by itself. The
same towns stand in all photos: a photo more is not more towns.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from itertools import product

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.stats import chi2, norm, qmc

from pipeline.borders.settings import SizeSettings
from pipeline.borders.town_likelihood import Likelihood, Sizes, TownTones
from pipeline.camera.earth import Array


@dataclass(frozen=True, eq=False)
class Posterior:
    """What the light allows, by sizes (n) of the random parts: how likely each is (adding up to 1), the
    coefficients (n, k) that they give, and their covariance (n, k, k). `best`: the likeliest sizes."""

    weight: Array
    sizes: tuple[Sizes, ...]
    coefficients: Array
    covariance: Array
    best: Sizes

    def value(self, combination: Array) -> float:
        """A combination (k,) of the coefficients."""
        return float(self.weight @ (self.coefficients @ combination))

    def interval(self, combination: Array, level: float, more: float | Array = 0.0) -> tuple[float, float]:
        """Where a combination (k,) lies with probability `level`; `more`: errors (1 sigma, one or n) that
        add to it."""
        middle = self.coefficients @ combination
        variance = np.einsum("i,nij,j->n", combination, self.covariance, combination)
        sigma = np.sqrt(variance + more**2)
        ends = float((middle - 40 * sigma).min()), float((middle + 40 * sigma).max())

        def below(at: float, share: float) -> float:
            return float(self.weight @ norm.cdf((at - middle) / sigma)) - share

        low, high = (brentq(below, *ends, args=(share,)) for share in ((1 - level) / 2, (1 + level) / 2))
        return float(low), float(high)

    def size(self, name: str) -> Array:
        """A size of the random parts (n,)."""
        return np.array([getattr(sizes, name) for sizes in self.sizes])

    def typical(self, name: str) -> float:
        """The middle of what a size may be."""
        order = np.argsort(self.size(name))
        middle = min(int(np.searchsorted(np.cumsum(self.weight[order]), 0.5)), len(order) - 1)
        return float(self.size(name)[order[middle]])


def fit_towns(
    known: TownTones,
    shared_m: float,
    settings: SizeSettings,
    plane: float | None = None,
    like: Sizes | None = None,
) -> Posterior:
    """The coefficients of the design, averaged over the sizes of the random parts. `plane`: the size (1
    sigma) of trends from edge to edge where it is known; `like`: sizes that the likeliest are looked for
    from, those of light that is much the same."""
    likelihood = Likelihood(known, shared_m)
    asked, given = _asked(known, settings, plane)

    def sizes_at(values: Array) -> Sizes:
        # The likelihood is the same for a size and its negative.
        return Sizes(**given, **dict(zip(asked, np.maximum(np.abs(values), settings.least), strict=True)))

    def log_prior(sizes: Sizes) -> float:
        believed = {"plane": settings.plane, "bend": settings.bend, "step": settings.step}
        away2 = [(getattr(sizes, name) / size) ** 2 for name, size in believed.items() if name in asked]
        return -float(sum(away2)) / 2

    def minus_log(values: Array) -> float:
        sizes = sizes_at(values)
        return -likelihood.log_likelihood(sizes) - log_prior(sizes)

    # By their logs: at a size of nothing the likelihood is level, and a search that comes there stays.
    bounds = [(math.log(settings.least), math.log(settings.most))] * len(asked)
    start = [math.log(getattr(like, name) if like else settings.start) for name in asked]
    searched = minimize(
        lambda logs: minus_log(np.exp(logs)), start, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-6}
    )
    best = np.exp(searched.x)
    points, log_density = _around(best, _curvature(minus_log, best, settings.difference), settings)
    sizes = tuple(sizes_at(point) for point in points)
    log_likelihood, coefficients, covariance = zip(*map(likelihood.coefficients, sizes), strict=True)
    log_weight = np.array(log_likelihood) + [log_prior(each) for each in sizes] - log_density
    weight = np.exp(log_weight - log_weight.max())
    return Posterior(
        weight / weight.sum(), sizes, np.array(coefficients), np.array(covariance), sizes_at(best)
    )


def _asked(
    known: TownTones, settings: SizeSettings, plane: float | None
) -> tuple[list[str], dict[str, float]]:
    """Which sizes the light has to tell, and those that are given."""
    many = 1 + int(known.photo_pass.max()) >= settings.min_passes
    told = {
        "town": True,
        "shared": True,
        "changed": len(known.town) > len(np.unique(known.town)),
        "left": len(known.tone) > 1,
        "plane": many and plane is None,
        "bend": many,
        "step": many,
    }
    free = {"plane": settings.free if plane is None else plane, "bend": settings.free}
    given = {name: free.get(name, settings.least) for name, asked in told.items() if not asked}
    return [each.name for each in fields(Sizes) if told[each.name]], given


def _curvature(function: Callable[[Array], float], at: Array, step: float) -> Array:
    """The second derivatives (n, n) of a function, by differences."""
    n = len(at)
    move = step * np.eye(n)
    middle = function(at)
    plus, minus = ([function(at + sign * move[i]) for i in range(n)] for sign in (1, -1))
    second = np.diag([(plus[i] + minus[i] - 2 * middle) / step**2 for i in range(n)])
    for i in range(n):
        for j in range(i):
            both = function(at + move[i] + move[j])
            second[i, j] = second[j, i] = (both - plus[i] - plus[j] + middle) / step**2
    return second


def _around(middle: Array, curvature: Array, settings: SizeSettings) -> tuple[Array, Array]:
    """Sizes (n, k) spread evenly as Student's t about the likeliest, their signs dropped, and the log of how
    densely they lie."""
    value, vector = np.linalg.eigh(curvature)
    value = np.maximum(value, settings.widest**-2)
    even = qmc.Sobol(len(middle) + 1, seed=settings.seed).random(settings.points)
    even = np.clip(even, 1e-6, 1 - 1e-6)
    stretch = np.sqrt(settings.degrees / chi2.ppf(even[:, -1:], settings.degrees))
    points = np.abs(middle + (norm.ppf(even[:, :-1]) * stretch) @ (vector / np.sqrt(value)).T)
    density = np.zeros(len(points))
    for signs in product((1, -1), repeat=len(middle)):
        distance2 = (((points * signs - middle) @ vector) ** 2 * value).sum(axis=1)
        density += (1 + distance2 / settings.degrees) ** (-0.5 * (settings.degrees + len(middle)))
    return points, np.log(density)
