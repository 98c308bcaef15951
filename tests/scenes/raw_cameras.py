"""Published colour matrices (from XYZ, Adobe DNG ColorMatrix2), and lamps' G/R and B/G in AB (Nikon D3S)."""

import numpy as np


def matrix(*values: int) -> np.ndarray:
    return np.array(values).reshape(3, 3) / 1e4


D3S = matrix(8828, -2406, -694, -4874, 12603, 2541, -660, 1509, 7587)
D850 = matrix(10405, -3755, -1270, -5461, 13787, 1793, -1040, 2015, 6785)
Z9 = matrix(13389, -6049, -1441, -4544, 12757, 1969, 229, 498, 7390)

PUBLISHED = {
    "LPS": (0.22, 0.02),
    "HPS": (0.36, 0.21),
    "C100S54 (HPS)": (0.33, 0.21),
    "LED-B1": (0.50, 0.37),
    "LED-B2": (0.55, 0.42),
    "LED-B3": (0.71, 0.57),
    "LED-B4": (0.83, 0.65),
    "F32T8/TL830 (Triphosphor)": (0.54, 0.38),
    "F32T8/TL841 (Triphosphor)": (0.71, 0.51),
    "MHC100/U/MP/4K": (0.70, 0.59),
    "Metal Halide": (0.75, 0.55),
}
PUBLISHED_MERCURY = {"H38JA-100/DX (Mercury DX)": (0.69, 0.45), "H38HT-100 (Mercury)": (1.43, 0.48)}
