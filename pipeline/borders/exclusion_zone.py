"""The exclusion zone: so near to a border that it cannot be told on which side light lies."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.borders.settings import ExclusionSettings
from pipeline.borders.squares import AREA_CRS
from pipeline.camera.earth import transformer
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.tone.reach import SATURATION_HALO_PX


def exclusion_m(solved: SolvedCamera, line: BaseGeometry, settings: ExclusionSettings) -> float:
    """How far (m) from a border light is too near to tell its side: by the position's error or by blur,
    whichever reaches farther, where it is largest along the border (a line in AREA_CRS)."""
    course = line.segmentize(settings.spacing_m).simplify(settings.spacing_m / 2)
    points = shapely.get_coordinates(course)
    lon, lat = transformer(AREA_CRS, "EPSG:4326").transform(*points.T)
    # Points on the frame's edge may fall a rounding error outside.
    sigma_m = float(np.max(solved.ground_sigma_m(lon, lat, margin_px=np.inf)))
    blur_m = SATURATION_HALO_PX * float(np.max(solved.camera.ground_sample_distance_m(lon, lat)))
    return max(settings.sigmas * sigma_m, blur_m)
