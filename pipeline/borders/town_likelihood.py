"""The restricted likelihood of a model of towns in photos, with its random parts taken out one by one.

First the level of every photo, then the trends of every pass, at last the towns: what is left are equations
of as many unknowns as there are towns, however many photos show them."""

from copy import copy
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.linalg import cho_solve, cholesky
from scipy.linalg.lapack import dpotrf, dpotri, dtrtrs

from pipeline.arrays import Bools, Ints
from pipeline.camera.earth import Array

# In place of no weight, of a unit that no photo shows.
NO_WEIGHT = 1e-300


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

    @property
    def of_few_photos(self) -> bool:
        """Whether equations of what was taken off are smaller than those of units."""
        return bool(self.taken.shape[1] <= len(self.taken) / 2)

    @cached_property
    def normal(self) -> Array:
        """What the light tells of units, (u, u)."""
        return np.diag(self.weight) - self.taken @ self.taken.T


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
        away2 = (known.x_m[:, None] - known.x_m) ** 2 + (known.y_m[:, None] - known.y_m) ** 2
        # How much of the towns' own tones units have in common: where towns have grown together, they mix.
        self._alike = (known.mixed @ known.mixed.T)[np.ix_(known.town, known.town)]
        self._changed = self._alike * (known.window[:, None] == known.window)
        self._near = np.exp(-away2 / 2 / shared_m**2)
        self._last_own: tuple[Sizes, tuple[Array, float]] | None = None
        self._see(known)

    def seeing(self, known: TownTones) -> "Likelihood":
        """That of other photos of the same units, or of fewer."""
        other = copy(self)
        other._see(known)
        return other

    def _see(self, known: TownTones) -> None:
        shown = known.shown
        second = np.broadcast_to(known.second[:, None].astype(float), (*known.tone.shape, 1))
        values = np.concatenate([known.tone[..., None], known.design], axis=2)
        trend = np.concatenate([bends(known.frame), second], axis=2)
        self._shown = shown
        self._noise2 = np.where(shown, known.sigma, 1.0) ** 2
        self._values = np.where(shown[..., None], values, 0.0)  # (p, u, 1 + k)
        self._trend = np.where(shown[..., None], trend, 0.0)  # (p, u, 6)
        # Photos by their pass, and where each pass begins among them.
        self._by_pass = np.argsort(known.photo_pass, kind="stable")
        self._pass_starts = np.flatnonzero(np.diff(known.photo_pass[self._by_pass], prepend=-1))
        self._last: tuple[Sizes, _Seen] | None = None

    def log_likelihood(self, sizes: Sizes) -> float:
        """The restricted log-likelihood of sizes, but for a constant."""
        return self.coefficients(sizes)[0]

    def coefficients(self, sizes: Sizes) -> tuple[float, Array, Array]:
        """The log-likelihood of sizes, the coefficients (k,) and their covariance (k, k)."""
        seen = self._seen(sizes)
        cross, log_det = self._of_few(seen, sizes) if seen.of_few_photos else self._of_many(seen, sizes)
        inner, coefficients, covariance, explained = _design(cross)
        return -0.5 * (log_det + _log_det(inner) + explained), coefficients, covariance

    def _of_few(self, seen: "_Seen", sizes: Sizes) -> tuple[Array, float]:
        """What is left of values (1 + k, 1 + k) once the units are taken off, and the log of the determinants
        of all that was: equations (weight + 1 / spread - taken taken') z = of_units by way of (spread +
        1 / weight), a fifth of the work where `taken` is narrow."""
        root, weight = self._spread(sizes), np.maximum(seen.weight, NO_WEIGHT)
        root[np.diag_indices_from(root)] += 1 / weight
        lower = _root(root)
        per_weight = np.concatenate([seen.taken, seen.of_units], axis=1) / weight[:, None]
        moved = _through(lower, per_weight)
        n = seen.taken.shape[1]
        left = seen.taken.T @ per_weight - moved[:, :n].T @ moved
        core = _root(np.eye(n) - left[:, :n])
        through = _through(core, left[:, n:])
        cross = seen.of_values - seen.of_units.T @ per_weight[:, n:] + moved[:, n:].T @ moved[:, n:]
        log_det = seen.log_det + float(np.log(weight).sum()) + _log_det(lower) + _log_det(core)
        return cross - through.T @ through, log_det

    def _of_many(self, seen: "_Seen", sizes: Sizes) -> tuple[Array, float]:
        """The same with the equations as they are."""
        inverse, log_det = self._own(sizes)
        lower = _root(inverse + seen.normal)
        moved = _through(lower, seen.of_units)
        return seen.of_values - moved.T @ moved, seen.log_det + log_det + _log_det(lower)

    def solution(self, sizes: Sizes) -> Solution:
        """The model at sizes."""
        seen = self._seen(sizes)
        units, _ = _inverse(self._own(sizes)[0] + seen.normal)
        _, coefficients, covariance, _ = _design(seen.of_values - seen.of_units.T @ units @ seen.of_units)
        through = seen.normal @ units
        information, on_values = (part - through @ part for part in (seen.normal, seen.of_units))
        return Solution(coefficients, covariance, information, on_values)

    def _own(self, sizes: Sizes) -> tuple[Array, float]:
        """The inverse of the covariance of the units' own tones, and the log of its determinant; of photos'
        sizes it knows nothing."""
        of_towns = replace(sizes, left=0.0, plane=0.0, bend=0.0, step=0.0)
        if self._last_own is None or self._last_own[0] != of_towns:
            self._last_own = of_towns, _inverse(self._spread(of_towns))
        return self._last_own[1]

    def _spread(self, sizes: Sizes) -> Array:
        """The covariance of the units' own tones (u, u)."""
        spread = sizes.town**2 * self._alike
        spread += sizes.shared**2 * self._near
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
        root = np.linalg.cholesky(self._of_passes(across @ trend) + np.diag(precision))
        inverse = np.linalg.inv(root)
        on_units = (inverse @ self._of_passes(across)).reshape(-1, weight.shape[1])
        on_values = (inverse @ self._of_passes(across @ values)).reshape(-1, values.shape[2])
        level = weight / np.sqrt(total)[:, None]
        taken = np.concatenate([level, on_units]).T
        of_units = np.einsum("pu,puj->uj", weight, values) - on_units.T @ on_values
        flat, scaled = (part.reshape(-1, values.shape[2]) for part in (values, weight[..., None] * values))
        of_values = flat.T @ scaled - on_values.T @ on_values
        log_det = (
            -float(np.log(weight[self._shown]).sum())
            + float(np.log(total[self._shown.any(axis=1)]).sum())
            + 2 * float(np.log(np.diagonal(root, axis1=1, axis2=2)).sum())
            - len(root) * float(np.log(precision).sum())
        )
        return _Seen(weight.sum(axis=0), taken, of_units, of_values, log_det)

    def _of_passes(self, values: Array) -> Array:
        """Sums (passes, ...) of what photos (p, ...) have."""
        values = values[self._by_pass]
        if len(self._pass_starts) == len(values):
            return values
        return np.asarray(np.add.reduceat(values, self._pass_starts, axis=0))


def _root(matrix: Array) -> Array:
    """The lower root of a symmetric matrix, which is overwritten. By LAPACK's own call: scipy's takes as long
    again for a small matrix."""
    root, failed = dpotrf(matrix.T, lower=1, overwrite_a=1)
    if failed:
        raise np.linalg.LinAlgError(f"a covariance of {len(matrix)} rows is not positive definite")
    return np.asarray(root)


def _through(lower: Array, values: Array) -> Array:
    """The solution (n, m) of equations with a lower root."""
    return np.asarray(dtrtrs(lower, values, lower=1)[0])


def _log_det(lower: Array) -> float:
    """The log of the determinant of a matrix from its lower root."""
    return 2 * float(np.log(np.diag(lower)).sum())


def _inverse(matrix: Array) -> tuple[Array, float]:
    """The inverse of a symmetric matrix, which is overwritten, and the log of its determinant."""
    root = _root(matrix)
    log_det = _log_det(root)
    lower = np.tril(dpotri(root, lower=1, overwrite_c=1)[0])
    return lower + np.tril(lower, -1).T, log_det


def _design(cross: Array) -> tuple[Array, Array, Array, float]:
    """From what is left of tones and design (1 + k, 1 + k): the root of the design's equations, coefficients,
    covariance, and what they leave of the tones' squares."""
    # A column that no unit shows, a country out of sight, stays 0.
    inner = cholesky(cross[1:, 1:] + 1e-6 * np.eye(len(cross) - 1), lower=True, check_finite=False)
    covariance = cho_solve((inner, True), np.eye(len(inner)), check_finite=False)
    coefficients = covariance @ cross[1:, 0]
    return inner, coefficients, covariance, float(cross[0, 0] - cross[1:, 0] @ coefficients)
