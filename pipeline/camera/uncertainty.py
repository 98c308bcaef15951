"""How errors of the camera's parameters move the camera, and move the ground under a pixel."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pipeline.camera.camera import Camera
from pipeline.camera.derivatives import PARAMETERS, pixel_derivatives
from pipeline.camera.earth import Array, east_north_up, to_ecef

HIGHEST_ZENITH_DEG = 85.0  # at which a height displaces by eleven times its size


@dataclass(frozen=True, eq=False)
class SolvedCamera:
    """A camera with the covariance of its parameters, and the 1 sigma of the ground's height (m) where it was
    placed without a DEM: an error of the height displaces by its size times tan(zenith) along the azimuth."""

    camera: Camera
    parameter_order: tuple[str, ...]
    covariance: Array
    height_sigma_m: float = 0.0

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "SolvedCamera":
        """From the content of `camera.json`."""
        order, covariance = tuple(data["parameter_order"]), np.array(data["covariance"], float)
        return cls(Camera.from_dict(data), order, covariance, float(data.get("height_sigma_m", 0.0)))

    def ground_sigma_m(self, lon: ArrayLike, lat: ArrayLike, margin_px: float = 0.0) -> Array:
        """Circular 1-sigma (m) of where the pixel that shows a ground point lies, as of `ground_sigma_m`,
        with what unknown heights add: half of their square, for they displace in one direction."""
        camera_m = ground_sigma_m(self.camera, self.parameter_order, self.covariance, lon, lat, margin_px)
        if not self.height_sigma_m:
            return camera_m
        zenith, _, _ = self.camera.view(lon, lat)
        # Beyond the horizon there is no ground; near it the sigma is as large as it gets.
        slope = np.tan(np.radians(np.minimum(zenith, HIGHEST_ZENITH_DEG)))
        return np.asarray(np.hypot(camera_m, self.height_sigma_m * slope / 2**0.5))


def moved(camera: Camera, parameter_order: Sequence[str], delta: ArrayLike) -> Camera:
    """The camera with `delta` added to the named parameters.

    Rotations are a small rotation vector in the camera frame, R_new = exp([w]x) R; east, north and up are
    metres in the local frame at the camera's nadir; `log_focal` multiplies the focal length by exp(delta).
    Raises ValueError for a name that is none of PARAMETERS.
    """
    unknown = set(parameter_order) - set(PARAMETERS)
    if unknown:
        raise ValueError(
            f"unknown camera parameter {', '.join(sorted(unknown))}; known are {', '.join(PARAMETERS)}"
        )
    step = dict.fromkeys(PARAMETERS, 0.0) | dict(
        zip(parameter_order, np.asarray(delta, float).tolist(), strict=True)
    )
    turn = [step["rotation_x_rad"], step["rotation_y_rad"], step["rotation_z_rad"]]
    shift = np.array([step["east_m"], step["north_m"], step["up_m"]])
    position, rotation = camera.position_ecef_m, camera.rotation_ecef_to_camera
    if shift.any():
        position = position + shift @ camera.level_axes
    if any(turn):
        from scipy.spatial.transform import Rotation  # see camera.look_at_rotation

        rotation = Rotation.from_rotvec(turn).as_matrix() @ rotation
    return replace(
        camera,
        position_ecef_m=position,
        rotation_ecef_to_camera=rotation,
        focal_px=camera.focal_px * float(np.exp(step["log_focal"])),
        principal_point_px=(
            camera.principal_point_px[0] + step["principal_column_px"],
            camera.principal_point_px[1] + step["principal_row_px"],
        ),
        k1=camera.k1 + step["k1"],
        k2=camera.k2 + step["k2"],
    )


def ground_sigma_m(
    camera: Camera,
    parameter_order: Sequence[str],
    covariance: ArrayLike,
    lon: ArrayLike,
    lat: ArrayLike,
    margin_px: float = 0.0,
) -> Array:
    """Circular 1-sigma (m) of where the pixel that shows a ground point lies; NaN outside the frame, enlarged
    by a margin.

    It is the root of half the trace of the horizontal covariance G C G', with G the change of ground
    position at a fixed pixel: G = -(d pixel / d ground)^-1 (d pixel / d parameter).
    """
    by_place, by_parameter = pixel_derivatives(camera, to_ecef(lon, lat))
    by_ground = by_place @ np.swapaxes(east_north_up(lon, lat)[..., :2, :], -1, -2)
    by_parameter = by_parameter[..., [PARAMETERS.index(name) for name in parameter_order]]
    column, row = camera.project(lon, lat)
    (a, b), (c, d) = np.moveaxis(by_ground, (-2, -1), (0, 1))
    inverse = np.stack([np.stack([d, -b], -1), np.stack([-c, a], -1)], -2)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = inverse @ by_parameter / (a * d - b * c)[..., None, None]
        sigma = np.sqrt(np.einsum("...ij,jk,...ik->...", gain, np.asarray(covariance, float), gain) / 2)
    return np.where(camera.inside(column, row, margin_px), sigma, np.nan)
