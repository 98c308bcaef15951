"""How the pixel at which a camera shows a ground point changes with the point and with the camera."""

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array

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
    # Filled in piece by piece: stacking them took half of the time of an adjustment.
    by_p = np.empty((*depth.shape, 2, 3))
    by_p[..., 0, 0], by_p[..., 1, 1] = scale + bend * x * x, scale + bend * y * y
    by_p[..., 0, 1] = by_p[..., 1, 0] = bend * x * y
    by_p[..., 2] = -by_p[..., 0] * x[..., None] - by_p[..., 1] * y[..., None]
    by_p /= depth[..., None, None]
    by_ground = by_p @ rotation

    a, b, c = (by_p[..., k] for k in range(3))
    px, py, pz = (p[..., k, None] for k in range(3))
    by_parameter = np.empty((*depth.shape, 2, len(PARAMETERS)))
    by_parameter[..., 0] = c * py - b * pz
    by_parameter[..., 1] = a * pz - c * px
    by_parameter[..., 2] = b * px - a * py
    by_parameter[..., 3:6] = -by_ground @ camera.level_axes.T
    for axis, v in enumerate((x, y)):
        by_k1 = camera.focal_px * r2 * v
        by_parameter[..., axis, 6], by_parameter[..., axis, 7] = scale * v, by_k1
        by_parameter[..., axis, 8] = by_k1 * r2
    by_parameter[..., 9:] = np.eye(2)
    return by_ground, by_parameter
