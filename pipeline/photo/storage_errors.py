"""How wrong colours may be by how a file stores them; measured by benchmarks/tone: docs/tone-benchmark.md."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class StorageErrors:
    """`tone_systematic` is 1 sigma in log2(G/R) of the difference between two countries in one photo. More
    light does not make it smaller; it is added in quadrature to what the scatter of lights tells.

    `colour_codes` is 1 sigma of Cb and of Cr that averaging over pixels does not make smaller, in codes of 8
    bits.
    """

    tone_systematic: float
    colour_codes: float = 0.0


# Two anchored DNGs with planted lamps through the whole workflow were wrong by 0.003 and 0.004.
RAW = StorageErrors(0.004)
# Scenes rounded to 8 bits and clipped at zero, not compressed, were wrong by 0.008 at worst. A TIFF may have
# been a JPEG before, of which it tells nothing: a whole code is its noise.
TIFF = StorageErrors(0.008, 1.0)
# JPEGs by the mean of the steps that waves of colour are rounded to, at libjpeg's qualities 98, 95, 92, 85,
# 80, 70 and 50: the root mean square error of contrasts, the larger of both ways to store colours; and the
# `colour_codes` with which errors of tone are as large as stated, of files whose pixels share a colour and of
# those that have one for each pixel.
STEPS = 3.5, 8.7, 13.9, 26.0, 34.7, 51.3, 86.0
SYSTEMATIC = 0.011, 0.014, 0.016, 0.021, 0.030, 0.044, 0.067
CODES_SHARED = 0.48, 0.51, 0.54, 0.63, 0.73, 0.93, 1.60
CODES_OWN = 0.49, 0.61, 0.71, 0.89, 1.00, 1.20, 1.50


def jpeg_errors(steps: Sequence[NDArray[np.float32]], shares_colour: bool) -> StorageErrors:
    """Of a JPEG, by the steps (8, 8) of Cb and Cr and by whether it keeps one colour for several pixels."""
    step = float(np.mean(steps))
    codes = CODES_SHARED if shares_colour else CODES_OWN
    return StorageErrors(float(np.interp(step, STEPS, SYSTEMATIC)), float(np.interp(step, STEPS, codes)))
