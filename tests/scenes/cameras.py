"""Cameras and photos for the tests of the map."""

import numpy as np

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.photo.photo import Photo

CITY = (5.57, 50.64)
ORDER = ("rotation_x_rad", "rotation_y_rad", "rotation_z_rad", "east_m", "north_m", "up_m", "log_focal", "k1")
SIGMA = (1e-4, 1e-4, 2e-4, 500.0, 500.0, 300.0, 1e-3, 1e-3)
COVARIANCE = np.diag(np.square(SIGMA))


def camera(
    focal_mm: float,
    nadir: tuple[float, float] = (4.5, 51.1),
    target: tuple[float, float] = CITY,
    roll_deg: float = 15.0,
    width: int = 600,
) -> Camera:
    """A 3:2 camera with a 36 mm sensor at 415 km, with some distortion."""
    position, aim = to_ecef(*nadir, 415e3), to_ecef(*target)
    height = width * 2 // 3
    return Camera(
        position_ecef_m=position,
        rotation_ecef_to_camera=look_at_rotation(position, aim, roll_deg),
        focal_px=focal_mm / 36 * width,
        principal_point_px=(width / 2 + 3.3, height / 2 - 2.1),
        width=width,
        height=height,
        k1=0.03,
    )


def photo_of(values: np.ndarray) -> Photo:
    """A photo whose three bands are multiples of one picture, saturated nowhere."""
    values = values.astype(np.float32)
    return Photo(np.stack([values, 0.5 * values, 0.25 * values]), np.zeros(values.shape, bool))
