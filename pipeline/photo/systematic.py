"""How wrong a contrast of tones may be by what the file format did to colours, however much light there is.

1 sigma in log2(G/R) of the difference between two countries in one photo, to be added in quadrature to what
the scatter of lights tells. Measured by benchmarks/tone; see docs/tone-benchmark.md.
"""

from collections.abc import Mapping, Sequence

import numpy as np

RAW = 0.004  # two anchored DNGs with planted lamps through the whole workflow were wrong by 0.003 and 0.004
UNCOMPRESSED = 0.008  # scenes rounded to 8 bits and clipped at zero, not compressed
# Of a JPEG, for each code of Cb or Cr of its mean step of quantisation: one colour per pixel, or for several.
PER_STEP_APART, PER_STEP_SHARED = 0.0015, 0.006


def jpeg_systematic(tables: Mapping[int, Sequence[int]], shares_colour: bool) -> float:
    """Of a JPEG by its own quantisation tables (that of colours is the second, if there are two) and by
    whether it keeps one colour for several pixels."""
    step = float(np.mean(tables[max(tables)]))
    return float(np.hypot(UNCOMPRESSED, step * (PER_STEP_SHARED if shares_colour else PER_STEP_APART)))
