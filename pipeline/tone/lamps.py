"""Lamp families: which lamps a colour can come from.

Two ratios cannot tell all lamps apart, so lamps of one colour are one family and are named together:

    log2(B/G)
       0 |                                 cool white
         |                           white
      -1 |                    warm white             clear mercury
         |
      -2 |        high-pressure
         |        sodium
         |
      -5 |   low-pressure sodium
         +-------------------------------------------
             -2        -1         0              1    log2(G/R)

A family's place and spread are those of its lamps' spectra through the camera's response. Memberships are
soft: each family is a normal distribution, as wide as its lamps scatter, as the place of anchors is uncertain
and as the cell is noisy; a flat background, the unknown, takes what is far from all of them.

Sodium and white lamps in one cell mix to the colour of warm white ones. A cell is as wide as several streets,
so this is common, and the family's name says it.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.camera.earth import Array
from pipeline.models import EvidenceLevel
from pipeline.photo.cameras import AB_SIGMA
from pipeline.tone.evidence import SOURCE, carries, require
from pipeline.tone.responses import ANGSTROM_EXPONENT, Response, ab_ratios, spectra, transmission

NO_DATA = 0  # class of cells without a tone, as everywhere in `lamps.tif`
PLACE_SIGMA = 0.01  # of a lamp's ratios; the rms from those published is 0.009
MIN_B_G = 0.02  # of low-pressure sodium: blue there is less than the response is known to
UNKNOWN_SHARE = 0.1  # prior; the families share the rest evenly
G_R_SPAN, B_G_SPAN = 4.5, 7.0  # log2: colours that lights and noise can have


@dataclass(frozen=True)
class Family:
    """A class of `lamps.tif`: its value, name, colour on a dark ground, and its lamps in `colour-science`."""

    code: int
    name: str
    colour: str
    lamps: tuple[str, ...] = ()


LOW_SODIUM = Family(1, "low-pressure sodium", "#c9381f", ("LPS",))
HIGH_SODIUM = Family(2, "high-pressure sodium", "#f0a040", ("HPS", "C100S54 (HPS)", "HP1"))
WARM_WHITE = Family(
    3,
    "warm white LED 2700-3000 K, warm fluorescent, halogen or white sodium lamps, or sodium mixed with white",
    "#f7e6a6",
    (
        *("LED-B1", "LED-B2", "LED-V1", "LED-BH1", "Luxeon WW 2880", "F32T8/TL830 (Triphosphor)"),
        *("MHC100/U/MP/3K", "HP3", "Incandescent", "Super HPS"),
    ),
)
WHITE = Family(
    4,
    "white LED 4000 K, metal halide, fluorescent or coated mercury",
    "#ffffff",
    (
        *("LED-B3", "LED-V2", "F32T8/TL841 (Triphosphor)", "MHC100/U/MP/4K", "Metal Halide", "HP4", "HP5"),
        *("H38JA-100/DX (Mercury DX)", "Mercury"),
    ),
)
COOL_WHITE = Family(
    5,
    "cool white LED or fluorescent, 5000 K and above",
    "#63b3ee",
    ("LED-B4", "LED-B5", "Phosphor LED YAG", "F32T8/TL850 (Triphosphor)", "F32T8/TL865/PLUS (Triphosphor)"),
)
CLEAR_MERCURY = Family(6, "clear mercury", "#149c8c", ("H38HT-100 (Mercury)",))
UNKNOWN = Family(7, "unknown: a mixture, or none of these", "#6b5a86")
NOT_IDENTIFIABLE = 8, "#8b95a1"  # the one class of a photo that carries no lamp families
LAMP_FAMILIES = (LOW_SODIUM, HIGH_SODIUM, WARM_WHITE, WHITE, COOL_WHITE, CLEAR_MERCURY)
FAMILIES = (*LAMP_FAMILIES, UNKNOWN)


@dataclass(frozen=True, eq=False)
class Anchors:
    """Centres (6, 2) and covariances (6, 2, 2) of LAMP_FAMILIES in log2(G/R) and log2(B/G), AB."""

    response: str
    centre: Array
    covariance: Array


@dataclass(frozen=True)
class LampClass:
    """What a value of `lamps.tif` means, and its colour; none is transparent."""

    name: str
    colour: str | None


def lamp_classes(level: EvidenceLevel) -> dict[int, LampClass]:
    """The values that `lamps.tif` can have at an evidence level."""
    none = {NO_DATA: LampClass("no data: too dark or saturated", None)}
    if not carries(level, "lamp_family"):
        code, colour = NOT_IDENTIFIABLE
        return none | {code: LampClass(f"not identifiable from {SOURCE[level]}", colour)}
    return none | {family.code: LampClass(family.name, family.colour) for family in FAMILIES}


def lamp_ratios(
    response: Response,
    lamps: tuple[str, ...],
    aerosol_depth: float | None = None,
    view_zenith_deg: float = 0.0,
    angstrom_exponent: float = ANGSTROM_EXPONENT,
) -> Array:
    """G/R and B/G in AB, shape (n, 2), of lamps seen through air of an aerosol depth, or through none."""
    light = spectra(lamps)
    if aerosol_depth is not None:
        light = light * transmission(aerosol_depth, view_zenith_deg, angstrom_exponent)
    ratios = ab_ratios(response, light)
    ratios[:, 1] = np.maximum(ratios[:, 1], MIN_B_G)
    return ratios


def lamp_anchors(
    response: Response,
    aerosol_depth: float | None = None,
    view_zenith_deg: float = 0.0,
    angstrom_exponent: float = ANGSTROM_EXPONENT,
) -> Anchors:
    """Where a camera sees each family, through air of an aerosol depth or through none."""
    centres, covariances = [], []
    air = aerosol_depth, view_zenith_deg, angstrom_exponent
    for family in LAMP_FAMILIES:
        ratios = lamp_ratios(response, family.lamps, *air)
        doubt = abs(lamp_ratios(response.without_negatives(), family.lamps, *air) - ratios).mean(0)
        place = np.hypot(PLACE_SIGMA, doubt) / ratios.mean(0)
        anchor = np.diag((AB_SIGMA**2 + place**2) / math.log(2) ** 2)
        scatter = np.cov(np.log2(ratios).T) if len(ratios) > 1 else np.zeros((2, 2))
        centres.append(np.log2(ratios).mean(0))
        covariances.append(scatter + anchor)
    return Anchors(response.name, np.stack(centres), np.stack(covariances))


def memberships(
    log2_g_r: ArrayLike,
    log2_b_g: ArrayLike,
    sigma_log2_g_r: ArrayLike,
    sigma_log2_b_g: ArrayLike,
    anchors: Anchors,
    level: EvidenceLevel,
) -> NDArray[np.float32]:
    """Probability of each of FAMILIES, shape (7, ...), from AB ratios (...); they sum to 1.

    NaN where G/R is. Where B/G alone is NaN, because blue is too dark, G/R decides and families overlap more.
    Raises EvidenceError for a level that carries no lamp families.
    """
    require(level, "lamp_family")
    given = log2_g_r, log2_b_g, sigma_log2_g_r, sigma_log2_b_g
    arrays = np.broadcast_arrays(*(np.asarray(v, np.float32) for v in given))
    probability = np.full((len(FAMILIES), *arrays[0].shape), np.nan, np.float32)
    has_ratio = np.isfinite(arrays[0]) & np.isfinite(arrays[2])
    blue = np.isfinite(arrays[1]) & np.isfinite(arrays[3])
    for cells, channels in ((has_ratio & blue, 2), (has_ratio & ~blue, 1)):
        value = np.stack([v[cells] for v in arrays[:channels]])
        sigma = np.stack([v[cells] for v in arrays[2 : 2 + channels]])
        probability[:, cells] = _posterior(value, sigma, anchors)
    return probability


def lamp_family(
    log2_g_r: ArrayLike,
    log2_b_g: ArrayLike,
    sigma_log2_g_r: ArrayLike,
    sigma_log2_b_g: ArrayLike,
    anchors: Anchors,
    level: EvidenceLevel,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The most probable family's code (...), NO_DATA where G/R is NaN, and its membership: `memberships`."""
    probability = memberships(log2_g_r, log2_b_g, sigma_log2_g_r, sigma_log2_b_g, anchors, level)
    best = np.asarray(probability.max(axis=0))
    codes = np.array([family.code for family in FAMILIES], np.uint8)
    code = codes[np.argmax(probability, axis=0)]
    return np.where(np.isnan(best), np.uint8(NO_DATA), code), best


def _posterior(value: NDArray[np.float32], sigma: NDArray[np.float32], anchors: Anchors) -> Array:
    """Probabilities (7, cells) from one ratio or both, (1 or 2, cells), by Bayes' rule."""
    span = G_R_SPAN if len(value) == 1 else G_R_SPAN * B_G_SPAN
    density = np.empty((len(FAMILIES), value.shape[1]))
    density[-1] = UNKNOWN_SHARE / span
    share = (1 - UNKNOWN_SHARE) / len(LAMP_FAMILIES)
    for k, (centre, covariance) in enumerate(zip(anchors.centre, anchors.covariance, strict=True)):
        away = value - centre[: len(value), None]
        x_variance = covariance[0, 0] + sigma[0].astype(float) ** 2
        if len(value) == 1:
            square, area = away[0] ** 2 / x_variance, np.sqrt(2 * math.pi * x_variance)
        else:
            y_variance, both = covariance[1, 1] + sigma[1].astype(float) ** 2, covariance[0, 1]
            determinant = x_variance * y_variance - both**2
            square = y_variance * away[0] ** 2 - 2 * both * away[0] * away[1] + x_variance * away[1] ** 2
            square, area = square / determinant, 2 * math.pi * np.sqrt(determinant)
        density[k] = share * np.exp(-square / 2) / area
    return np.asarray(density / density.sum(axis=0))
