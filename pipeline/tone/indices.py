"""What light of a colour does: to sleep, to the view of the stars, to the eye; and mercury's green.

Straight lines and a cubic fitted to 206 lamps in AB ratios (after Sanchez de Miguel and others). They are
defined on AB ratios, so they need the evidence level `raw_anchored`: a raw photo without a camera of known
colour matrix has ratios of its own camera only, and a JPEG none that can be trusted. Both are refused.

Each index comes with one sigma: the scatter of lamps around the fit, the anchor's 5 % and the cell's noise.
On the lamps of `colour-science` the star light index of sodium is 0.14 to 0.16 too high.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from pipeline.camera.earth import Array
from pipeline.models import EvidenceLevel
from pipeline.photo.cameras import AB_SIGMA
from pipeline.tone.evidence import require

MSI, MSI_RMS = (1.177, -0.068), 0.06
SLI, SLI_RMS = (0.845, 0.215), 0.05
PHOTOPIC_GREEN, PHOTOPIC_GREEN_RMS = (-4.112, 10.044, -8.486, 3.648), 0.03
PHOTOPIC_G_R = 0.19, 1.05  # where lamps were fitted; beyond, the cubic runs away
WHITE_LED = 1.048, 0.112


def melatonin_suppression_index(
    log2_b_g: ArrayLike, sigma_log2_b_g: ArrayLike, level: EvidenceLevel
) -> tuple[Array, Array]:
    """MSI and its sigma from log2(B/G), AB: how strongly light suppresses melatonin, daylight being 1.

    Raises EvidenceError for a level other than `raw_anchored`.
    """
    require(level, "index")
    value, sigma = _line(MSI, log2_b_g, sigma_log2_b_g, MSI_RMS)
    return np.maximum(value, 0), sigma


def star_light_index(
    log2_b_g: ArrayLike, sigma_log2_b_g: ArrayLike, level: EvidenceLevel
) -> tuple[Array, Array]:
    """SLI and its sigma from log2(B/G), AB: light as the dark-adapted eye sees it, daylight being 1.

    Raises EvidenceError for a level other than `raw_anchored`.
    """
    require(level, "index")
    return _line(SLI, log2_b_g, sigma_log2_b_g, SLI_RMS)


def photopic_over_green(
    log2_g_r: ArrayLike, sigma_log2_g_r: ArrayLike, level: EvidenceLevel
) -> tuple[Array, Array]:
    """V/G and its sigma from log2(G/R), AB: the light the eye sees, by the light of the green channel.

    NaN outside G/R 0.19 to 1.05, so for clear mercury. Green light times V/G is photopic radiance in the
    units of green. Raises EvidenceError for a level other than `raw_anchored`.
    """
    require(level, "index")
    ratio = np.exp2(np.asarray(log2_g_r, float))
    low, high = PHOTOPIC_G_R
    ratio = np.where((ratio >= low) & (ratio <= high), ratio, np.nan)
    slope = np.polyval(np.polyder(np.array(PHOTOPIC_GREEN)), ratio)
    sigma = np.hypot(PHOTOPIC_GREEN_RMS, slope * _sigma_of_ratio(ratio, sigma_log2_g_r))
    return np.polyval(np.array(PHOTOPIC_GREEN), ratio), np.asarray(sigma)


def greenness(
    log2_g_r: ArrayLike,
    log2_b_g: ArrayLike,
    sigma_log2_g_r: ArrayLike,
    sigma_log2_b_g: ArrayLike,
    level: EvidenceLevel,
) -> tuple[Array, Array]:
    """How much G/R, AB, lies above the G/R of white LEDs with the same B/G, and its sigma.

    Coated mercury lies at +0.10, clear mercury at +0.8, fluorescent and metal halide at +0.06, sodium at 0 to
    +0.09. Raises EvidenceError for a level other than `raw_anchored`.
    """
    require(level, "index")
    green_red = np.exp2(np.asarray(log2_g_r, float))
    led, sigma_led = _line(WHITE_LED, log2_b_g, sigma_log2_b_g, 0.0)
    return green_red - led, np.hypot(_sigma_of_ratio(green_red, sigma_log2_g_r), sigma_led)


def _line(
    line: tuple[float, float], log2_ratio: ArrayLike, sigma: ArrayLike, rms: float
) -> tuple[Array, Array]:
    """A straight line in a ratio given as log2, with its sigma."""
    ratio = np.exp2(np.asarray(log2_ratio, float))
    slope, constant = line
    return slope * ratio + constant, np.hypot(rms, slope * _sigma_of_ratio(ratio, sigma))


def _sigma_of_ratio(ratio: Array, sigma_log2: ArrayLike) -> Array:
    return np.asarray(ratio * np.hypot(AB_SIGMA, math.log(2) * np.asarray(sigma_log2, float)))
