"""How the pixel at which a camera shows a ground point changes with the point and with the camera."""

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, east_north_up

# Every parameter of a camera: a small rotation vector in the camera frame, R_new = exp([w]x) R; metres in the
# local frame at the camera's nadir; the logarithm of the focal length; the rest of the lens.
PARAMETERS = (
    "rotation_x_rad",
    "rotation_y_rad",
    "rotation_z_rad",
    "east_m",
    "north_m",
    "up_m",
    "log_focal",
    "k1",
    "k2",
    "principal_column_px",
    "principal_row_px",
)


def pixel_derivatives(camera: Camera, ground_m: Array) -> tuple[Array, Array]:
    """Derivatives of (column, row) by the ground point (ECEF m; ..., 2, 3) and by each of PARAMETERS
    (..., 2, p), in closed form; NaN for what is no image: behind the camera, or where distortion folds.

    With p = R (ground - position): d p = w x p for a rotation, -R d for a shift d of the position.
    """
    rotation = camera.rotation_ecef_to_camera
    p = (ground_m - camera.position_ecef_m) @ rotation.T
    p = np.where(p[..., 2:] > 0, p, np.nan)
    depth = p[..., 2]
    x, y = p[..., 0] / depth, p[..., 1] / depth
    r2 = camera.lens.imaged(x * x + y * y)
    scale = camera.focal_px * camera.lens.scale(r2)
    bend = 2 * camera.focal_px * camera.lens.scale_slope(r2)  # of the scale along x or y, per x or y
    by_x = np.stack([scale + bend * x * x, bend * x * y], -1)
    by_y = np.stack([bend * x * y, scale + bend * y * y], -1)
    by_p = np.stack([by_x, by_y, -by_x * x[..., None] - by_y * y[..., None]], -1) / depth[..., None, None]
    by_ground = by_p @ rotation

    lon, lat, _ = camera.nadir()
    by_place = -by_ground @ east_north_up(lon, lat).T
    a, b, c = np.moveaxis(by_p, -1, 0)
    px, py, pz = (v[..., None] for v in np.moveaxis(p, -1, 0))
    by_turn = np.stack([c * py - b * pz, a * pz - c * px, b * px - a * py], -1)
    point = np.stack([x, y], -1)
    by_k1 = camera.focal_px * r2[..., None] * point
    by_lens = np.stack([scale[..., None] * point, by_k1, by_k1 * r2[..., None]], -1)
    by_centre = np.broadcast_to(np.eye(2), (*depth.shape, 2, 2))
    return by_ground, np.concatenate([by_turn, by_place, by_lens, by_centre], -1)
