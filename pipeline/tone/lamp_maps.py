"""What ratios tell of lamps, cell by cell: the class map, and the bands beside the ratios of an anchored raw.

A photo of any other level gets the one class "not identifiable" wherever its tone is known, and no bands.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.arrays import Floats
from pipeline.models import CameraRow, EvidenceLevel
from pipeline.raster.bands import Band
from pipeline.raster.tiles import Tile
from pipeline.tone.evidence import require
from pipeline.tone.indices import melatonin_suppression_index, photopic_over_green, star_light_index
from pipeline.tone.lamps import NO_DATA, NOT_IDENTIFIABLE, Anchors, lamp_anchors, lamp_family
from pipeline.tone.mixture import MixtureEnds, mixture_ends, white_share
from pipeline.tone.ratios import Calibration, tone_tile
from pipeline.tone.responses import carried_response

LAMP_BANDS = (
    Band("lamp_membership", "1", "probability of the family in lamps.tif"),
    Band("white_share", "1", "share of green light from white lamps, were there but sodium and white ones"),
    Band("white_share_low", "1", "lower end of its 95 % interval"),
    Band("white_share_high", "1", "upper end of its 95 % interval"),
    Band("msi", "1", "melatonin suppression index, daylight 1"),
    Band("sigma_msi", "1", "of the melatonin suppression index, 1 sigma"),
    Band("sli", "1", "star light index, daylight 1; 0.14 to 0.16 too high for sodium"),
    Band("sigma_sli", "1", "of the star light index, 1 sigma"),
    Band("photopic_over_green", "1", "light as the eye sees it over green light"),
    Band("sigma_photopic_over_green", "1", "of photopic over green light, 1 sigma"),
)


@dataclass(frozen=True, eq=False)
class Lamps:
    """Where the photo's camera sees lamps, through the air."""

    anchors: Anchors
    ends: MixtureEnds
    level: EvidenceLevel


def lamps_seen(
    name: str, camera: CameraRow, aerosol_depth: float, view_zenith_deg: float, level: EvidenceLevel
) -> Lamps:
    """Lamps as a camera known by its colour matrix sees them. Raises EvidenceError for a level that carries
    no lamp families."""
    require(level, "lamp_family")
    response = carried_response(name, camera.xyz_to_camera)
    air = aerosol_depth, view_zenith_deg
    return Lamps(lamp_anchors(response, *air), mixture_ends(response, *air), level)


def tone_and_lamps_tile(light: Floats, tile: Tile, calibration: Calibration, lamps: Lamps | None) -> Floats:
    """From light as `tone_tile` takes it, the bands of `tone.tif` (ratios, and for an anchored raw also
    LAMP_BANDS where lit), then the values of `lamps.tif`."""
    ratios = tone_tile(light, tile, calibration)
    lit = np.isfinite(ratios[0])
    codes = np.full((1, *lit.shape), NO_DATA, np.float32)
    if lamps is None:
        codes[0, lit] = NOT_IDENTIFIABLE[0]
        return np.concatenate([ratios, codes])
    result = np.full((len(ratios) + len(LAMP_BANDS) + 1, *lit.shape), np.nan, np.float32)
    result[: len(ratios)] = ratios
    codes[0, lit], result[len(ratios) : -1, lit] = _of_lit(ratios[:4, lit], lamps)
    result[-1:] = codes
    return result


def _of_lit(ratios: Floats, lamps: Lamps) -> tuple[NDArray[np.uint8], Floats]:
    """Codes (cells,) of lamp families and LAMP_BANDS (10, cells) from ratios and their sigmas (4, cells)."""
    g_r, b_g, sigma_g_r, sigma_b_g = ratios
    level = lamps.level
    codes, membership = lamp_family(g_r, b_g, sigma_g_r, sigma_b_g, lamps.anchors, level)
    white = white_share(g_r, b_g, sigma_g_r, sigma_b_g, lamps.ends, level)
    bands = np.stack(
        [
            *(membership, white.share, white.low, white.high),
            *melatonin_suppression_index(b_g, sigma_b_g, level),
            *star_light_index(b_g, sigma_b_g, level),
            *photopic_over_green(g_r, sigma_g_r, level),
        ]
    )
    return codes, bands.astype(np.float32)
