"""Weighted fits of tone over groups and trends, and what each unit of ground does to them."""

import math
from dataclasses import dataclass

import numpy as np

from pipeline.arrays import Ints
from pipeline.camera.earth import Array

# Newton steps of the regression: it converges quadratically, and tones of lamps are near where it begins.
ITERATIONS = 6
SETTLED = 1e-12  # the next step would be of the square of this one
FARTHEST = 15.0  # ln of a ratio of colours; those of lamps are within 3 of 0


@dataclass(frozen=True, eq=False)
class Fit:
    """A weighted linear fit of log2 ratios, and what each unit of ground does to it.

    units: their numbers, rising. coefficients (p,). left_out (units, p): the coefficients without a unit
    minus those with it. influence (units, p): how the coefficients move with the ratio of a unit. own
    (units, p), through (units, p, p) and weight_sums (units, p): how ratios u of the units move a unit's row
    of left_out, by through @ weight_sums' u - own u. residual (units,): a unit's ratio minus the ratio
    that a fit without it predicts.
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
    """Fit log2(green / red) by quasi-binomial regression: with groups alone, ratios of their sums."""
    n, p = weight * (red + green), np.full(len(red), green.sum() / (red.sum() + green.sum()))
    for _ in range(ITERATIONS):
        working = n * p * (1 - p)
        step = working * np.log(p / (1 - p)) + weight * green - n * p
        coefficients = np.linalg.pinv(design.T @ (working[:, None] * design), hermitian=True) @ (
            design.T @ step
        )
        # Of a handful of patches a step may overshoot by orders of magnitude; no lamp has such a ratio.
        last, p = p, 1 / (1 + np.exp(-np.clip(design @ coefficients, -FARTHEST, FARTHEST)))
        if np.abs(p - last).max() < SETTLED:
            break
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
