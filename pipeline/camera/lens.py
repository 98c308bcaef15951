"""The lens: how far from the image's centre a direction is seen, and back.

    x_d = x (1 + k1 r^2 + k2 r^4),  y_d alike,  r^2 = x^2 + y^2

x and y are how far a direction points right and down for each unit ahead, x_d and y_d where the lens shows
it: both in units of the focal length, from the principal point. OpenCV's model with its first two terms.

    r_d |         . - ' ' - .
        |     . '     |       ' .     Where the curve bends over, the image ends: from the fold on, a place
        |   '         |           '   in the image would show two directions, which no lens does.
        +-------------+------------- r
                     fold
"""

import math
from dataclasses import dataclass

import numpy as np

from pipeline.camera.earth import Array

# Share of the distorted radius: some 50 times the rounding of the polynomial, below 1e-10 px in any frame.
RADIUS_TOLERANCE = 1e-14
# Lenses of photos take four. Near the fold each halves the error, until rounding ends it after some 25.
NEWTON_STEPS = 50


@dataclass(frozen=True)
class Lens:
    """Two radial terms, for radii in units of the focal length."""

    k1: float
    k2: float

    def scale(self, r2: Array) -> Array:
        """Distorted over undistorted radius, at squares of the undistorted one."""
        return 1 + self.k1 * r2 + self.k2 * r2 * r2

    def scale_slope(self, r2: Array) -> Array:
        """Derivative of `scale` by the square of the radius."""
        return self.k1 + 2 * self.k2 * r2

    def growth(self, r2: Array) -> Array:
        """Derivative of the distorted radius by the undistorted one; 0 at the fold."""
        return 1 + 3 * self.k1 * r2 + 5 * self.k2 * r2 * r2

    @property
    def fold_r2(self) -> float:
        """Square of the undistorted radius at which the image ends; infinite where it does not.

        It is the smaller positive root u of `growth`, 1 + 3 k1 u + 5 k2 u^2, as 2 / (-b + sqrt(b^2 - 4 a)), a
        form that holds for k2 = 0 too.
        """
        discriminant = 9 * self.k1 * self.k1 - 20 * self.k2
        divisor = math.sqrt(discriminant) - 3 * self.k1 if discriminant >= 0 else 0.0
        return 2 / divisor if divisor > 0 else math.inf

    @property
    def image_radius(self) -> float:
        """Distorted radius at which the image ends; infinite where it does not."""
        fold_r2 = self.fold_r2
        if math.isinf(fold_r2):
            return math.inf
        return math.sqrt(fold_r2) * float(self.scale(np.asarray(fold_r2)))

    def imaged(self, r2: Array) -> Array:
        """Squares of undistorted radii, NaN for those that have no image: from the fold on."""
        return np.where(r2 < self.fold_r2, r2, np.nan)

    def undistorted(self, x_d: Array, y_d: Array) -> tuple[Array, Array]:
        """The direction (x, y) that is seen at (x_d, y_d); NaN beyond the image."""
        r = self._undistorted_radius(np.sqrt(x_d * x_d + y_d * y_d))
        scale = self.scale(r * r)
        x, y = x_d / scale, y_d / scale
        # Once more, with the radius of x and y themselves: it takes out what the tolerance has left.
        scale = self.scale(x * x + y * y)
        return x_d / scale, y_d / scale

    def _undistorted_radius(self, r_d: Array) -> Array:
        """Newton's method on each element until its own last step, so that none depends on the others.

        From r_d the steps come nearer from one side only, for the curve is bent one way up to the answer; a
        curve that is first bent up and then down (k1 > 0 > k2) is followed from where that changes.
        """
        r_d = np.where(r_d < self.image_radius, r_d, np.nan)
        r = np.minimum(r_d, math.sqrt(-0.3 * self.k1 / self.k2)) if self.k1 > 0 > self.k2 else r_d
        for _ in range(NEWTON_STEPS):
            excess = r * self.scale(r * r) - r_d
            unsolved = np.abs(excess) > RADIUS_TOLERANCE * r_d
            if not unsolved.any():
                return r
            r = np.where(unsolved, r - excess / self.growth(r * r), r)
        return np.where(unsolved, np.nan, r)
