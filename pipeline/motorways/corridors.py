"""How wide the ground beside the line of a motorway is that may hold its light, and the area of it."""

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.borders.scene import Scene
from pipeline.borders.squares import AREA_CRS
from pipeline.camera.earth import Array, transformer
from pipeline.ground.roads import Motorways
from pipeline.motorways.settings import MOTORWAY_SETTINGS, MotorwaySettings

# Pieces (m) of a line of one width each: the position's error hardly changes along them.
PIECE_M = 2000.0
# Lines are simplified by so much (m), a sixth of the narrowest corridor: few vertices are needed.
SIMPLIFY_M = 10.0


def corridor_half_width_m(
    position_sigma_m: Array, error_m: Array, resolution_m: float, settings: MotorwaySettings
) -> Array:
    """As wide as a corridor must be to hold the motorway, however far off the photo (1 sigma) and the line (a
    95 % bound) may be, by the size of the grid's cells."""
    least = max(settings.min_half_width_m, settings.half_width_cells * resolution_m)
    unsure = np.maximum(settings.half_width_sigmas * position_sigma_m, error_m)
    return np.clip(unsure, least, max(least, settings.max_line_error_m))


def image_blur_m(pixel_m: float | Array, resolution_m: float, settings: MotorwaySettings) -> Array:
    """1 sigma of a lamp's image on the grid, by the size of the photo's pixels on the ground."""
    return settings.image_blur_px * np.maximum(pixel_m, resolution_m)


def motorway_corridors(
    motorways: Motorways, scene: Scene, settings: MotorwaySettings = MOTORWAY_SETTINGS
) -> BaseGeometry:
    """The area (in AREA_CRS, as the motorways) in the frame that motorways may light: their corridors and the
    blur beside them."""
    lines = motorways.lines[motorways.lines.intersects(scene.frame)].explode()
    courses = shapely.segmentize(shapely.simplify(lines.geometry.to_numpy(), SIMPLIFY_M), PIECE_M)
    points, line = shapely.get_coordinates(courses, return_index=True)
    goes_on = line[1:] == line[:-1]
    ends = np.stack([points[:-1], points[1:]], axis=1)[goes_on]
    lon, lat = transformer(AREA_CRS, "EPSG:4326").transform(*ends.mean(axis=1).T)
    # Pieces beyond the frame's edge show nothing; any sigma does for them.
    sigma_m = np.nan_to_num(scene.solved.ground_sigma_m(lon, lat, margin_px=np.inf))
    pixel_m = np.nan_to_num(scene.solved.camera.ground_sample_distance_m(lon, lat))
    error_m = lines["error_m"].to_numpy(float)[line[1:][goes_on]]
    resolution_m = scene.grid.resolution_m
    reach_m = corridor_half_width_m(sigma_m, error_m, resolution_m, settings)
    reach_m = reach_m + settings.gap_blurs * image_blur_m(pixel_m, resolution_m, settings)
    area: BaseGeometry = shapely.union_all(shapely.buffer(shapely.linestrings(ends), reach_m, quad_segs=4))
    return area
