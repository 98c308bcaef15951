"""Matching: both sides of a border are compared by light that is alike on both."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Ints
from pipeline.borders.beside import Beside
from pipeline.borders.patches import Patches, patches
from pipeline.borders.settings import PatchSettings
from pipeline.camera.earth import Array
from pipeline.models import BordersConfig

# The view zenith (degrees) of places (m).
ViewZenith = Callable[[Array, Array], Array]


def near_patches(
    beside: Beside, exclusion_m: float, config: BordersConfig, settings: PatchSettings
) -> Patches:
    """The light beside a border from the exclusion zone to `contrast_km`, keyed by its band of distance."""
    used = (beside.distance_m >= exclusion_m) & (beside.distance_m <= 1e3 * config.contrast_km)
    band = np.digitize(beside.distance_m[used], 1e3 * np.array(config.bands_km))
    return patches(beside.chosen(used), settings, band)


def strata(near: Patches, view_zenith: ViewZenith, zenith_step_deg: float) -> Ints:
    """A number, from 0, for each step of brightness, band of distance and step of view zenith together."""
    zenith = np.floor(view_zenith(near.x, near.y) / zenith_step_deg).astype(np.int64)
    code = (near.level * 1000 + near.key) * 1000 + zenith
    return np.asarray(np.unique(code, return_inverse=True)[1], np.int64)


def overlap_weights(stratum: Ints, second: NDArray[np.bool_], light: Array) -> Array:
    """Weights that give both sides equal light in every stratum (0, 1, ...): the share of the stratum's light
    that the other side has; 0 where a stratum has no light (Li, Morgan and Zaslavsky 2018)."""
    both, count = 2 * stratum + second, 2 * (int(stratum.max(initial=-1)) + 1)
    own = np.maximum(np.bincount(both, light, count).reshape(-1, 2), 0)
    total = own.sum(axis=1, keepdims=True)
    share = own[:, 1:] / np.where(total > 0, total, 1)
    weight = np.concatenate([share, 1 - share], axis=1) * (total > 0)
    return np.asarray(weight.ravel()[both])
