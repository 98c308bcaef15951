"""The bands of `light.tif` and `tone.tif`: names, units and what they mean."""

from pipeline.models import EvidenceLevel
from pipeline.raster.bands import Band
from pipeline.tone.evidence import RATIO_SYSTEM

COLOURS = ("red", "green", "blue")


def light_bands(evidence: EvidenceLevel) -> tuple[Band, ...]:
    """The bands of `light.tif`, the system of their ratios named."""
    meaning = f"linear light above the background; NaN where saturated or near it; {RATIO_SYSTEM[evidence]}"
    colours = tuple(Band(name, "1", meaning) for name in COLOURS)
    return *colours, Band("sigma", "1", "noise of green in one cell, 1 sigma")


def tone_bands(evidence: EvidenceLevel, blue_refused: str | None) -> tuple[Band, ...]:
    """The bands of `tone.tif`, the ratio system named."""
    system = RATIO_SYSTEM[evidence]
    no_blue = f"; not given: {blue_refused}" if blue_refused else ""
    return (
        Band("log2_g_r", "1", f"T = log2(green / red) above the background; {system}"),
        Band("log2_b_g", "1", f"C = log2(blue / green) above the background; {system}{no_blue}"),
        Band("sigma_log2_g_r", "1", "noise of T, 1 sigma"),
        Band("sigma_log2_b_g", "1", "noise of C, 1 sigma"),
        Band(
            "signal_to_noise",
            "1",
            "the lesser of red's and green's; a cell is lit from tone.min_signal_to_noise",
        ),
    )
