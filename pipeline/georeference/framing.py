"""Whether a fitted camera can be that of a full frame: a crop or an uneven resize shows in the light itself.

A lens sits behind the middle of its sensor, and pixels are square. The fit is freed of both by one more step
of the adjustment, to see where the light itself would have the principal point, and how unlike it would have
the scales across and down.
"""

import math
from dataclasses import dataclass

import numpy as np

from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import Array
from pipeline.camera.prior import Prior
from pipeline.georeference.accuracy import blocks_of
from pipeline.georeference.adjust import inverse, jacobian, prior_terms, weights
from pipeline.georeference.refine import Refined
from pipeline.georeference.settings import FramingSettings

PRINCIPAL = [PARAMETERS.index("principal_column_px"), PARAMETERS.index("principal_row_px")]
UNEVEN = len(PARAMETERS)


@dataclass(frozen=True)
class Framing:
    """How far the light would have the principal point from where a full frame has it (share of the long
    side), and the scale across above that down (relative); each with how many sigmas that is."""

    shift: float
    shift_sigmas: float
    uneven: float
    uneven_sigmas: float

    def is_cut(self, settings: FramingSettings) -> bool:
        """Whether no full frame has such a principal point."""
        return self.shift > settings.min_shift and self.shift_sigmas > settings.min_sigmas

    def is_uneven(self, settings: FramingSettings) -> bool:
        """Whether no camera has such scales."""
        return abs(self.uneven) > settings.min_uneven and self.uneven_sigmas > settings.min_sigmas


def framing_of(refined: Refined, prior: Prior, overlap: int, settings: FramingSettings) -> Framing:
    """The framing that the observations of a fit would have by themselves; `overlap` patches count as one."""
    fit, seen = refined.fit, refined.seen
    camera, free = fit.camera, prior.cut()
    from_middle = seen.pixel - camera.principal_point_px
    by_uneven = from_middle * (0.5, -0.5)
    by_parameter = np.concatenate([jacobian(camera, seen), by_uneven[..., None]], axis=-1)
    weight = weights(seen, fit.scale, fit.belongs, overlap)
    to_prior, prior_weight = prior_terms(camera, free)
    known = np.zeros((UNEVEN + 1, UNEVEN + 1))
    known[:UNEVEN, :UNEVEN] = prior_weight
    known[UNEVEN, UNEVEN] = settings.uneven_sigma**-2
    normal = np.einsum("nip,n,niq->pq", by_parameter, weight, by_parameter) + known
    gradient = np.einsum("nip,n,ni->p", by_parameter, weight, fit.residual_px)
    gradient[:UNEVEN] += prior_weight @ to_prior
    covariance = inverse(normal)
    step = covariance @ gradient
    left = fit.residual_px - by_parameter @ step
    size = camera.width, camera.height
    # What the prior leaves open, and what the patches err by as blocks of them show it: carried through the
    # fit as in `shared_errors`. The inverse normal matrix would count the patches' errors a second time.
    of_patches = _of_blocks(by_parameter, weight, left, seen.pixel, size, settings)
    covariance = covariance @ (known + of_patches) @ covariance

    shift_px = np.subtract(camera.principal_point_px, prior.principal_point_px) + step[PRINCIPAL]
    principal = np.ix_(PRINCIPAL, PRINCIPAL)
    uneven = float(step[UNEVEN])
    return Framing(
        shift=float(np.hypot(*shift_px)) / max(size),
        shift_sigmas=_sigmas(shift_px, covariance[principal]),
        uneven=uneven,
        uneven_sigmas=abs(uneven) / float(np.sqrt(covariance[UNEVEN, UNEVEN])),
    )


def _sigmas(shift_px: Array, covariance: Array) -> float:
    """The length of a shift in units of its own sigma."""
    return float(np.sqrt(shift_px @ np.linalg.solve(covariance, shift_px)))


def _of_blocks(
    by_parameter: Array,
    weight: Array,
    left: Array,
    pixel: Array,
    size: tuple[int, int],
    settings: FramingSettings,
) -> Array:
    """Covariance of the gradient by its sums over blocks of the frame, whose patches err alike."""
    block = blocks_of(pixel, size, settings.blocks)
    sums = np.zeros((math.prod(settings.blocks), by_parameter.shape[-1]))
    np.add.at(sums, block, np.einsum("nip,n,ni->np", by_parameter, weight, left))
    filled = max(int(sums.any(axis=1).sum()), 2)
    return np.asarray(sums.T @ sums * filled / (filled - 1))
