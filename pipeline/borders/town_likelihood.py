"""The restricted likelihood of a model of towns in photos, with its random parts taken out one by one.

First the level of every photo, then the trends of every pass, at last the towns: what is left are equations
of as many unknowns as there are towns, however many photos show them."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular

from pipeline.camera.earth import Array

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Sizes:
    """How large each random part is, 1 sigma of log2(G/R).

    town: of towns' own tones. shared: of the part that near towns share. changed: of what a town changes by
    between windows of time. left: of what only one photo shows of a town, beside the noise. plane: of a
    trend from edge to edge of a frame. bend: of the middle of a frame against its edges. step: of what the
    difference between two countries is in one pass and not in others.
    """

    town: float
    shared: float
    changed: float
    left: float
    plane: float
    bend: float
    step: float


@dataclass(frozen=True, eq=False)
class TownTones:
    """What photos (p) show of units (u): towns, or towns in a window of time.

    tone and sigma (p, u): log2(G/R) and its noise; tone is NaN where a photo does not show a unit. frame
    (p, u, 2): place in each photo's frame, -0.5 to 0.5. design (p, u, k): the columns of levels and slopes
    that are asked for; a photo's own level is none of them. second (u,): of the second country. town and
    window (u,): which town a unit is, and when. mixed (towns, towns): which part of a town's light is
    whose; rows add up to 1. x_m, y_m (u,): its place. photo_pass (p,): photos that share one trend."""

    tone: Array
    sigma: Array
    frame: Array
    design: Array
    second: Bools
    town: Ints
    window: Ints
    mixed: Array
    x_m: Array
    y_m: Array
    photo_pass: Ints

    @property
    def shown(self) -> Bools:
        """Which photo shows which unit."""
        return np.isfinite(self.tone)


@dataclass(frozen=True, eq=False)
class _Seen:
    """What photos tell of units and of values, the tones and the design, without the levels of photos and
    the trends of passes: of units `weight` (u,) less the square of `taken` (u, r), of units and values (u,
    1 + k), of values (1 + k, 1 + k); and the log of the determinants of what was taken off."""

    weight: Array
    taken: Array
    of_units: Array
    of_values: Array
    log_det: float


@dataclass(frozen=True, eq=False)
class Solution:
    """The model at given sizes: coefficients (k,), their covariance (k, k); and for
    columns that are not in the design, what the light tells of units (u, u), of their tones and of the design
    (u, 1 + k), once all random parts are taken off."""

    coefficients: Array
    covariance: Array
    information: Array
    on_values: Array


def bends(frame: Array) -> Array:
    """The terms of a smooth trend (..., 5) at places in a frame (..., 2): a plane, and what bends it by 1
    from the middle to the edges."""
    u, v = frame[..., 0], frame[..., 1]
    return np.stack([u, v, 4 * u * u, 4 * u * v, 4 * v * v], axis=-1)


class Likelihood:
    """The restricted likelihood of sizes: what does not change with them is worked out once."""

    def __init__(self, known: TownTones, shared_m: float) -> None:
        """`shared_m`: how far (m, Gaussian 1 sigma) towns share a part of their tone."""
        shown = known.shown
        second = np.broadcast_to(known.second[:, None].astype(float), (*known.tone.shape, 1))
        values = np.concatenate([known.tone[..., None], known.design], axis=2)
        trend = np.concatenate([bends(known.frame), second], axis=2)
        away2 = (known.x_m[:, None] - known.x_m) ** 2 + (known.y_m[:, None] - known.y_m) ** 2
        self._shown = shown
        self._noise2 = np.where(shown, known.sigma, 1.0) ** 2
        self._values = np.where(shown[..., None], values, 0.0)  # (p, u, 1 + k)
        self._trend = np.where(shown[..., None], trend, 0.0)  # (p, u, 6)
        self._of_pass = np.eye(1 + int(known.photo_pass.max()))[:, known.photo_pass]  # (passes, p)
        # How much of the towns' own tones units have in common: where towns have grown together, they mix.
        self._alike = (known.mixed @ known.mixed.T)[np.ix_(known.town, known.town)]
        self._changed = self._alike * (known.window[:, None] == known.window)
        self._near = np.exp(-away2 / 2 / shared_m**2)
        self._last: tuple[Sizes, _Seen] | None = None

    def log_likelihood(self, sizes: Sizes) -> float:
        """The restricted log-likelihood of sizes, but for a constant."""
        return self.coefficients(sizes)[0]

    def coefficients(self, sizes: Sizes) -> tuple[float, Array, Array]:
        """The log-likelihood of sizes, the coefficients (k,) and their covariance (k, k)."""
        seen = self._seen(sizes)
        root, weight = self._spread(sizes), seen.weight
        root[np.diag_indices_from(root)] += 1 / weight
        lower = cholesky(root, lower=True, check_finite=False)
        # Equations (weight + 1 / spread - taken taken') z = of_units, by way of (spread + 1 / weight).
        per_weight = np.concatenate([seen.taken, seen.of_units], axis=1) / weight[:, None]
        moved = solve_triangular(lower, per_weight, lower=True, check_finite=False)
        n = seen.taken.shape[1]
        left = seen.taken.T @ per_weight - moved[:, :n].T @ moved
        core = cholesky(np.eye(n) - left[:, :n], lower=True, check_finite=False)
        through = solve_triangular(core, left[:, n:], lower=True, check_finite=False)
        cross = seen.of_values - seen.of_units.T @ per_weight[:, n:] + moved[:, n:].T @ moved[:, n:]
        inner, coefficients, covariance, explained = _design(cross - through.T @ through)
        log_det = seen.log_det + float(np.log(weight).sum())
        log_det += 2 * sum(float(np.log(np.diag(part)).sum()) for part in (lower, core, inner))
        return -0.5 * (log_det + explained), coefficients, covariance

    def solution(self, sizes: Sizes) -> Solution:
        """The model at sizes."""
        seen = self._seen(sizes)
        normal = np.diag(seen.weight) - seen.taken @ seen.taken.T
        units = np.linalg.inv(normal + np.linalg.inv(self._spread(sizes)))
        _, coefficients, covariance, _ = _design(seen.of_values - seen.of_units.T @ units @ seen.of_units)
        information, on_values = (part - normal @ units @ part for part in (normal, seen.of_units))
        return Solution(coefficients, covariance, information, on_values)

    def _spread(self, sizes: Sizes) -> Array:
        """The covariance of the units' own tones (u, u)."""
        spread = sizes.town**2 * self._alike + sizes.shared**2 * self._near
        if sizes.changed > 0:
            spread += sizes.changed**2 * self._changed
        # Towns of one light, that are two by name only, would make it singular.
        spread[np.diag_indices_from(spread)] += 1e-6
        return np.asarray(spread)

    def _seen(self, sizes: Sizes) -> "_Seen":
        """What photos tell. Of one photo only towns' sizes are asked for, and it stays the same."""
        of_photos = replace(sizes, town=0.0, shared=0.0, changed=0.0)
        if self._last is None or self._last[0] != of_photos:
            self._last = of_photos, self._without_photos(of_photos)
        return self._last[1]

    def _without_photos(self, sizes: Sizes) -> "_Seen":
        """Take the levels of photos and the trends of passes off."""
        weight = np.where(self._shown, 1 / (sizes.left**2 + self._noise2), 0.0)
        total = np.maximum(weight.sum(axis=1), 1e-300)
        values, trend = (
            part - (np.einsum("pu,puj->pj", weight, part) / total[:, None])[:, None]
            for part in (self._values, self._trend)
        )
        precision = np.array([sizes.plane] * 2 + [sizes.bend] * 3 + [sizes.step]) ** -2.0
        weighted = weight[..., None] * trend
        across = np.swapaxes(weighted, 1, 2)
        trends = np.einsum("bp,pij->bij", self._of_pass, across @ trend) + np.diag(precision)
        root = np.linalg.cholesky(trends)
        on_units = np.tensordot(self._of_pass, across, 1)
        on_values = np.einsum("bp,pij->bij", self._of_pass, across @ values)
        on_units = np.linalg.solve(root, on_units).reshape(-1, weight.shape[1])
        on_values = np.linalg.solve(root, on_values).reshape(-1, values.shape[2])
        level = weight / np.sqrt(total)[:, None]
        taken = np.concatenate([level, on_units]).T
        if taken.shape[1] > len(taken):
            # Of many photos: its square is all that counts, and has a root of fewer columns. What is added is
            # less than its rounding error.
            square = taken @ taken.T
            square[np.diag_indices_from(square)] += 1e-13 * np.trace(square)
            taken = cholesky(square, lower=True, check_finite=False)
        of_units = np.einsum("pu,puj->uj", weight, values) - on_units.T @ on_values
        flat, scaled = (part.reshape(-1, values.shape[2]) for part in (values, weight[..., None] * values))
        of_values = flat.T @ scaled - on_values.T @ on_values
        log_det = (
            -float(np.log(weight[self._shown]).sum())
            + float(np.log(total[self._shown.any(axis=1)]).sum())
            + 2 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
            - len(trends) * float(np.log(precision).sum())
        )
        return _Seen(weight.sum(axis=0), taken, of_units, of_values, log_det)


def _design(cross: Array) -> tuple[Array, Array, Array, float]:
    """From what is left of tones and design (1 + k, 1 + k): the root of the design's equations, coefficients,
    covariance, and what they leave of the tones' squares."""
    # A column that no unit shows, a country out of sight, stays 0.
    inner = cholesky(cross[1:, 1:] + 1e-6 * np.eye(len(cross) - 1), lower=True, check_finite=False)
    covariance = cho_solve((inner, True), np.eye(len(inner)), check_finite=False)
    coefficients = covariance @ cross[1:, 0]
    return inner, coefficients, covariance, float(cross[0, 0] - cross[1:, 0] @ coefficients)
