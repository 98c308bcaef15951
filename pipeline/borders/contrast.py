r"""The contrast of tone at a border: log2(G/R) of the second country's light less that of the first's.

    tone |           .  ' far      Light near the border is matched: each step of brightness, band of distance
         |    near _              and view zenith weighs alike on both sides. The rest of both countries
         |  . '   |step           tells the smooth trend over the frame (haze, lens, window, view angle).
         |' far   |               The contrast is the step that it leaves: a gradient is no border.
         +--------+-----------> across the border

The interval is made of towns (`cells.Units`), for neighbouring streets share their lamps: each town is left
out in turn, which also tells what leverage a large one has. How many such sigmas hold 95 % is found by
redrawing every town's tone with the towns' light, places and sizes as they are: few or uneven towns widen it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pipeline.borders.cells import Beside, BorderLine, Ints, Patches, Units, patches, settled
from pipeline.camera.earth import Array
from pipeline.ground.country_table import adjective
from pipeline.models import BordersConfig

LEVEL, EQUIVALENCE_LEVEL = 0.95, 0.90
EQUIVALENCE = 0.14  # log2 of a tenth
MIN_UNITS = 2
# Where one unit has 88 % of a side's light, its neighbours cannot tell how towns differ.
MIN_EVEN_UNITS = 1.25
ZENITH_STEP_DEG = 5.0
CURVED_FROM_UNITS = 20
ITERATIONS = 6
SEED = 0

ViewZenith = Callable[[Array, Array], Array]


def overlap_weights(stratum: Ints, second: NDArray[np.bool_], light: Array) -> Array:
    """Weights that give both sides equal light in every stratum (0, 1, ...): the share that the other side
    has of the stratum's light, none where it has no light at all (Li, Morgan and Zaslavsky 2018)."""
    own = [np.maximum(np.bincount(stratum, light * side), 0) for side in (~second, second)]
    total = own[0] + own[1]
    share = own[1] / np.where(total > 0, total, 1)
    return np.where(second, (1 - share)[stratum], share[stratum]) * (total > 0)[stratum]


@dataclass(frozen=True, eq=False)
class Fit:
    """A weighted linear fit of log2 ratios, and what each unit of ground does to it.

    units: their numbers, rising. coefficients (p,). left_out (units, p): the coefficients without a unit,
    less those with it. influence (units, p): how the coefficients move with the ratio of a unit. own
    (units, p), through (units, p, p) and weight_sums (units, p): how ratios u of the units move a unit's row
    of left_out, by through @ weight_sums' u - own u. residual (units,): a unit's ratio less that of a fit
    without it.
    """

    units: Ints
    coefficients: Array
    left_out: Array
    influence: Array
    own: Array
    through: Array
    weight_sums: Array
    residual: Array


def ratio_fit(red: Array, green: Array, weight: Array, design: Array, unit: Ints) -> Fit:
    """Fit log2(green / red) by quasi-binomial regression: with groups alone, the ratios of their sums."""
    n, p = weight * (red + green), np.full(len(red), green.sum() / (red.sum() + green.sum()))
    for _ in range(ITERATIONS):
        working = n * p * (1 - p)
        step = working * np.log(p / (1 - p)) + weight * green - n * p
        coefficients = np.linalg.pinv(design.T @ (working[:, None] * design), hermitian=True) @ (
            design.T @ step
        )
        p = 1 / (1 + np.exp(-design @ coefficients))
    residual = (weight * green - n * p) / math.log(2)
    return _fit(coefficients / math.log(2), n * p * (1 - p), residual, design, unit)


def mean_fit(value: Array, weight: Array, design: Array, unit: Ints) -> Fit:
    """Fit values by weighted least squares."""
    normal = np.linalg.pinv(design.T @ (weight[:, None] * design), hermitian=True)
    coefficients = normal @ (design.T @ (weight * value))
    return _fit(coefficients, weight, weight * (value - design @ coefficients), design, unit)


def _fit(coefficients: Array, weight: Array, residual: Array, design: Array, unit: Ints) -> Fit:
    """Leave every unit out, to first order: (A - A_u)^-1 in place of A^-1 (MacKinnon, Nielsen, Webb 2023)."""
    units, index = np.unique(unit, return_inverse=True)
    count, p = len(units), design.shape[1]

    def summed(values: Array) -> Array:
        return np.stack([np.bincount(index, column, count) for column in values.T], axis=1)

    weighted = weight[:, None] * design
    normal = design.T @ weighted
    inside = np.stack([summed(weighted * design[:, j : j + 1]) for j in range(p)], axis=1)
    without = np.linalg.pinv(normal - inside, rcond=1e-9, hermitian=True)
    inverse = np.linalg.pinv(normal, hermitian=True)
    sums = summed(weighted)
    total = np.maximum(np.bincount(index, weight, count), 1e-300)  # of a unit of no weight all is zero
    leverage = np.einsum("up,pq,uq->u", sums, inverse, sums) / total
    return Fit(
        units=units,
        coefficients=coefficients,
        left_out=-np.einsum("upq,uq->up", without, summed(residual[:, None] * design)),
        influence=sums @ inverse,
        own=np.einsum("upq,uq->up", without, sums),
        through=without @ inside @ inverse,
        weight_sums=sums,
        residual=np.bincount(index, residual, count) / total / (1 - leverage),
    )


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % and 90 % intervals, as half their widths."""

    value: float
    half95: float
    half90: float


@dataclass(frozen=True, eq=False)
class Scatter:
    """How far units are apart: the jackknife's sigma of a combination of a fit's coefficients, and what that
    sigma becomes (n,) where units have independent normal ratios (`effect`, (n, units))."""

    sigma: float
    effect: Array
    redrawn: Array

    @classmethod
    def of(cls, fit: Fit, combination: Array, replicates: int) -> "Scatter":
        effect = np.random.default_rng(SEED).standard_normal((replicates, len(fit.units)))
        through = np.einsum("p,upq->qu", combination, fit.through)
        off = effect @ fit.weight_sums @ through - effect * (fit.own @ combination)
        sigma = float(np.sqrt(((fit.left_out @ combination) ** 2).sum()))
        return cls(sigma, effect, np.sqrt((off**2).sum(axis=1)))

    def estimate(self, value: float, influence: Array) -> Estimate:
        """The interval of a value that moves with the units' ratios by `influence` (units,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            apart = np.nan_to_num(np.abs(self.effect @ influence) / self.redrawn, nan=np.inf)
        half = self.sigma * np.quantile(apart, (LEVEL, EQUIVALENCE_LEVEL), method="higher")
        return Estimate(value, float(half[0]), float(half[1]))


def estimate(fit: Fit, combination: Array, replicates: int) -> Estimate:
    """A combination of a fit's coefficients with its interval: the jackknife's sigma times the quantile of
    |error| / sigma where units have independent normal ratios."""
    scatter = Scatter.of(fit, combination, replicates)
    return scatter.estimate(float(fit.coefficients @ combination), fit.influence @ combination)


@dataclass(frozen=True)
class Trend:
    """A plane or a curved surface over a frame: its terms in places scaled to -1 to 1."""

    centre: tuple[float, float]
    reach: tuple[float, float]
    curved: bool

    @classmethod
    def over(cls, x: Array, y: Array, units: int) -> "Trend":
        """Curved where there are units enough to tell."""
        low, high = np.array([x.min(), y.min()]), np.array([x.max(), y.max()])
        centre, reach = (low + high) / 2, np.maximum((high - low) / 2, 1.0)
        return cls(
            (float(centre[0]), float(centre[1])),
            (float(reach[0]), float(reach[1])),
            units >= CURVED_FROM_UNITS,
        )

    def terms(self, x: Array, y: Array) -> Array:
        """(n, 2) or (n, 5): x, y and their products."""
        u, v = (x - self.centre[0]) / self.reach[0], (y - self.centre[1]) / self.reach[1]
        return np.column_stack([u, v, u * u, u * v, v * v] if self.curved else [u, v])


def stepped(group: NDArray[np.int_], terms: Array) -> tuple[Array, Array]:
    """The design of levels near to a border (groups 0 and 1) and far from it (2 and 3, where there are any)
    over a trend, and the combination that is the step from group 0 to 1."""
    levels = np.eye(4)[group][:, np.isin(range(4), (0, 1, *group))]
    step = np.zeros(levels.shape[1] + terms.shape[1])
    step[:2] = -1, 1
    return np.column_stack([levels, terms]), step


@dataclass(frozen=True, eq=False)
class BorderFit:
    """The fit at one border: the patches near it, their sides and units, those of all light of the two
    countries, and the trend; step combines the fit's coefficients to the contrast."""

    near: Patches
    second: NDArray[np.bool_]
    near_unit: Ints
    frame_unit: Ints
    fit: Fit
    step: Array
    trend: Trend

    def tilt(self, x: Array, y: Array) -> Array:
        """What the trend adds to log2(G/R) at places."""
        terms = self.trend.terms(x, y)
        return np.asarray(terms @ self.fit.coefficients[-terms.shape[1] :])


def near_patches(beside: Beside, exclusion_m: float, config: BordersConfig) -> Patches:
    """The light beside a border from the exclusion zone to `contrast_km`, keyed by its band of distance."""
    used = (beside.distance_m >= exclusion_m) & (beside.distance_m <= 1e3 * config.contrast_km)
    band = np.digitize(beside.distance_m[used], 1e3 * np.array(config.bands_km))
    return patches(beside.cells.chosen(used), band)


def strata(near: Patches, view_zenith: ViewZenith) -> Ints:
    """A number, from 0, for each step of brightness, band of distance and step of view zenith together."""
    zenith = np.floor(view_zenith(near.x, near.y) / ZENITH_STEP_DEG).astype(np.int64)
    code = (near.level * 1000 + near.key) * 1000 + zenith
    return np.asarray(np.unique(code, return_inverse=True)[1], np.int64)


@dataclass(frozen=True)
class Contrast:
    """The contrast and its 95 % interval, or none and why, as numbers and as a sentence.

    low90 and high90: the interval that must lie within +-EQUIVALENCE for the sides to be called alike (two
    one-sided tests at 5 %). plain: the ratio of sums as it is, unmatched and with the trend in it. n_blocks:
    towns (units) of the side that has fewer.
    """

    contrast: float | None
    low: float | None
    high: float | None
    n_blocks: int
    n_cells: int
    statement: str
    low90: float | None = None
    high90: float | None = None
    plain: float | None = None

    @property
    def alike(self) -> bool | None:
        """Whether the sides are surely alike to EQUIVALENCE; None where there is no contrast."""
        if self.low90 is None or self.high90 is None:
            return None
        return self.low90 > -EQUIVALENCE and self.high90 < EQUIVALENCE


def border_contrast(
    near: Patches,
    frame: Patches,
    scales: Sequence[Units],
    line: BorderLine,
    second: int,
    view_zenith: ViewZenith,
    countries: tuple[str, str],
    config: BordersConfig,
) -> tuple[Contrast, BorderFit | None]:
    """The contrast at a border and the fit behind it, or why there is none.

    near: the light beside the border (`near_patches`). frame: all light of the two countries. scales: the
    units of all light (`unit_scales`). second: the place of the second country in the list of countries.
    """
    on_second = near.country == second
    finest = scales[-1].at(near.x, near.y, near.country)
    n_units = [len(np.unique(finest[side])) for side in (~on_second, on_second)]
    none = Contrast(None, None, None, min(n_units), int(near.n_cells.sum()), "")
    for country, count in zip(countries, n_units, strict=True):
        if count < MIN_UNITS:
            reason = (
                f"{count or 'no'} town{'s' * (count != 1)} with light on the {adjective(country)} side "
                f"within {config.contrast_km:g} km of the border, and {MIN_UNITS} are needed"
            )
            return replace(none, statement=f"No contrast can be given: {reason}."), None
    weight = overlap_weights(strata(near, view_zenith), on_second, near.light)
    lights = [weight * near.light * side for side in (~on_second, on_second)]
    units, even = settled(scales, near.x, near.y, near.country, lights)
    if even < MIN_EVEN_UNITS:
        reason = "most light of one side that has its like on the other is of one town"
        return replace(none, statement=f"No contrast can be given: {reason}."), None
    fit = _fit_border(near, on_second, weight, frame, units, line, config)
    found = estimate(fit.fit, fit.step, config.replicates)
    if not math.isfinite(found.half95):
        return replace(none, statement="No contrast can be given: too few towns tell how towns differ."), None
    tones = [near.chosen(side).tone for side in (~on_second, on_second)]
    made = replace(
        none,
        contrast=found.value,
        low=found.value - found.half95,
        high=found.value + found.half95,
        low90=found.value - found.half90,
        high90=found.value + found.half90,
        plain=tones[1] - tones[0],
        n_blocks=min(len(np.unique(fit.near_unit[side])) for side in (~on_second, on_second)),
    )
    return replace(made, statement=statement(made, *countries)), fit


def _fit_border(
    near: Patches,
    on_second: NDArray[np.bool_],
    weight: Array,
    frame: Patches,
    units: Units,
    line: BorderLine,
    config: BordersConfig,
) -> BorderFit:
    """Fit the levels near to and far from a border together with the trend over both of its countries."""
    near_unit, frame_unit = (units.at(rows.x, rows.y, rows.country) for rows in (near, frame))
    beyond = ~np.isfinite(line.distance_m(frame.x, frame.y, 1e3 * config.contrast_km))
    far, second = frame.chosen(beyond), near.country[on_second][0]
    red, green, x, y = (
        np.concatenate([getattr(near, name), getattr(far, name)]) for name in ("red", "green", "x", "y")
    )
    unit = np.concatenate([near_unit, frame_unit[beyond]])
    trend = Trend.over(x, y, len(np.unique(unit)))
    group = np.concatenate([on_second.astype(int), 2 + (far.country == second)])
    design, step = stepped(group, trend.terms(x, y))
    fit = ratio_fit(red, green, np.concatenate([weight, np.ones(len(far))]), design, unit)
    return BorderFit(near, on_second, near_unit, frame_unit, fit, step, trend)


def statement(made: Contrast, first: str, second: str, p: float | None = None) -> str:
    """A contrast as one English sentence; "greener" only where the interval leaves no doubt of its sign."""
    value, low, high = made.contrast, made.low, made.high
    if value is None or low is None or high is None:
        return made.statement
    chance = "" if p is None else f", placebo p = {p:.3f}"
    alike = f"; the two are alike to within {EQUIVALENCE:g}" if made.alike else ""
    if low <= 0 <= high:
        return (
            f"Neither side is clearly greener: the {adjective(second)} side differs from the "
            f"{adjective(first)} one by {value:.2f} ({low:.2f} to {high:.2f}) in log2(G/R){chance}{alike}."
        )
    greener, other, sign = (second, first, 1) if value > 0 else (first, second, -1)
    low, high = sorted((sign * low, sign * high))
    return (
        f"The {adjective(greener)} side is greener than the {adjective(other)} one by "
        f"{abs(value):.2f} ({low:.2f} to {high:.2f}) in log2(G/R){chance}{alike}."
    )
