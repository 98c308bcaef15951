"""The camera: a pinhole with two radial terms, seen from the station.

    camera frame:  x right, y down, z forward          image:  column ->
                                                               row
    ground --rotation--> (X, Y, Z) --/Z--> (x, y) --radial--> (column, row)      |
                                                                                 v

Pixel centres are integers: the top left pixel covers -0.5..0.5 in column and row.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipeline.camera.earth import Array, east_north_up, meet_ellipsoid, to_ecef, to_geodetic
from pipeline.camera.lens import Lens


@dataclass(frozen=True, eq=False)
class Camera:
    """A posed camera; `k1` and `k2` are the radial terms of its `lens`."""

    position_ecef_m: Array
    rotation_ecef_to_camera: Array
    focal_px: float
    principal_point_px: tuple[float, float]
    width: int
    height: int
    k1: float = 0.0
    k2: float = 0.0

    @property
    def lens(self) -> Lens:
        """The radial terms, for directions and places in units of the focal length."""
        return Lens(self.k1, self.k2)

    def project(self, lon: ArrayLike, lat: ArrayLike, height_m: ArrayLike = 0.0) -> tuple[Array, Array]:
        """Ground to (column, row) in pixels; NaN behind the camera, beyond the horizon and beyond
        the lens's image."""
        ground = to_ecef(lon, lat, height_m)
        column, row = self.project_ecef(ground)
        up = east_north_up(lon, lat)[..., 2, :]
        hidden = ((self.position_ecef_m - ground) * up).sum(-1) <= 0
        return np.where(hidden, np.nan, column), np.where(hidden, np.nan, row)

    def project_ecef(self, ground_m: Array) -> tuple[Array, Array]:
        """ECEF points (..., 3) to (column, row); NaN behind the camera and beyond the lens's image.

        Ignores the horizon.
        """
        x, y, z = np.moveaxis((ground_m - self.position_ecef_m) @ self.rotation_ecef_to_camera.T, -1, 0)
        ahead = np.where(z > 0, z, np.nan)
        x, y = x / ahead, y / ahead
        scale = self.focal_px * self.lens.scale(self.lens.imaged(x * x + y * y))
        return self.principal_point_px[0] + scale * x, self.principal_point_px[1] + scale * y

    def rays(self, column: ArrayLike, row: ArrayLike) -> Array:
        """Unit view directions in ECEF, shape (..., 3); NaN beyond the lens's image."""
        x_d = (np.asarray(column, float) - self.principal_point_px[0]) / self.focal_px
        y_d = (np.asarray(row, float) - self.principal_point_px[1]) / self.focal_px
        x, y = self.lens.undistorted(x_d, y_d)
        ray = np.stack([x, y, np.ones_like(x)], -1)
        ray /= np.linalg.norm(ray, axis=-1, keepdims=True)
        return np.asarray(ray @ self.rotation_ecef_to_camera)

    def to_ground(self, column: ArrayLike, row: ArrayLike, height_m: ArrayLike = 0.0) -> tuple[Array, Array]:
        """Pixels to (longitude, latitude) where the ray meets the ellipsoid at a height; NaN for sky."""
        lon, lat, _ = to_geodetic(
            meet_ellipsoid(self.position_ecef_m, self.rays(column, row), np.asarray(height_m, float))
        )
        good = np.isfinite(lon)
        return np.where(good, lon, np.nan), np.where(good, lat, np.nan)

    def view(self, lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array, Array]:
        """At the ground: zenith and azimuth (degrees, azimuth clockwise from north) of the direction to the
        camera, and the slant range (m)."""
        to_camera = self.position_ecef_m - to_ecef(lon, lat)
        local = (east_north_up(lon, lat) @ to_camera[..., None])[..., 0]
        east, north, up = np.moveaxis(local, -1, 0)
        zenith = np.degrees(np.arctan2(np.hypot(east, north), up))
        return zenith, np.degrees(np.arctan2(east, north)) % 360, np.linalg.norm(local, axis=-1)

    def ground_sample_distance_m(self, lon: ArrayLike, lat: ArrayLike) -> Array:
        """Geometric mean side of a pixel's footprint on the ground, from slant range and view zenith; NaN
        beyond the horizon."""
        lam, phi = np.radians(np.asarray(lon, float)), np.radians(np.asarray(lat, float))
        to_camera = self.position_ecef_m - to_ecef(lon, lat)
        along = np.cos(phi) * (np.cos(lam) * to_camera[..., 0] + np.sin(lam) * to_camera[..., 1])
        slant_m = np.linalg.norm(to_camera, axis=-1)
        cosine = (along + np.sin(phi) * to_camera[..., 2]) / slant_m  # of the view zenith
        with np.errstate(invalid="ignore"):  # beyond the horizon it is negative
            return np.asarray(slant_m / self.focal_px / np.sqrt(cosine))

    def inside(self, column: Array, row: Array, margin_px: float | Array = 0.0) -> NDArray[np.bool_]:
        """Whether pixels lie in the frame, enlarged by a margin."""
        return np.asarray(
            (column >= -0.5 - margin_px)
            & (column <= self.width - 0.5 + margin_px)
            & (row >= -0.5 - margin_px)
            & (row <= self.height - 0.5 + margin_px)
        )

    def scaled(self, factor: float) -> "Camera":
        """The same camera for the picture resampled by `factor` (0.5 halves it; a part pixel is cut off)."""
        cx, cy = (factor * (p + 0.5) - 0.5 for p in self.principal_point_px)
        return replace(
            self,
            focal_px=self.focal_px * factor,
            principal_point_px=(cx, cy),
            width=int(self.width * factor + 1e-6),
            height=int(self.height * factor + 1e-6),
        )

    def seen_off_axis(self, principal_point_px: tuple[float, float]) -> "Camera":
        """A camera with another principal point, turned so that it shows the same in the picture's middle and
        the same way up: that of a crop, from one whose lens sits behind the picture's middle."""
        from scipy.spatial.transform import Rotation  # see look_at_rotation

        middle = (self.width - 1) / 2, (self.height - 1) / 2
        right, down = np.subtract(middle, principal_point_px) / self.focal_px
        away = max(float(np.hypot(right, down)), 1e-12)
        turn = Rotation.from_rotvec(np.array([-down, right, 0.0]) / away * np.arctan(away)).as_matrix()
        rotation = turn @ self.rotation_ecef_to_camera
        return replace(self, rotation_ecef_to_camera=rotation, principal_point_px=principal_point_px)

    def nadir(self) -> tuple[float, float, float]:
        """Longitude, latitude (degrees) below the camera and its altitude (km)."""
        lon, lat, height = to_geodetic(self.position_ecef_m)
        return float(lon), float(lat), float(height) / 1e3

    @cached_property
    def level_axes(self) -> Array:
        """East, north and up at the nadir, as rows (3, 3); each step of an adjustment needs them twice."""
        lon, lat, _ = self.nadir()
        return east_north_up(lon, lat)

    def to_dict(self) -> dict[str, Any]:
        """The public form of `camera.json`, without covariance and solution."""
        return {
            "position_ecef_m": self.position_ecef_m.tolist(),
            "rotation_ecef_to_camera": self.rotation_ecef_to_camera.tolist(),
            "focal_px": self.focal_px,
            "principal_point_px": list(self.principal_point_px),
            "distortion": {"k1": self.k1, "k2": self.k2},
            "width": self.width,
            "height": self.height,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> "Camera":
        """From the content of `camera.json`; what is there beside the camera is passed over."""
        return cls(
            position_ecef_m=np.array(data["position_ecef_m"], float),
            rotation_ecef_to_camera=np.array(data["rotation_ecef_to_camera"], float),
            focal_px=float(data["focal_px"]),
            principal_point_px=(float(data["principal_point_px"][0]), float(data["principal_point_px"][1])),
            width=int(data["width"]),
            height=int(data["height"]),
            k1=float(data["distortion"]["k1"]),
            k2=float(data["distortion"]["k2"]),
        )


def look_at_rotation(position_m: Array, target_m: Array, roll_deg: float) -> Array:
    """Rotation ECEF -> camera that centres `target_m`, rolled clockwise by `roll_deg` from "up is away from
    the Earth" (seen straight down: from "up is north")."""
    from scipy.spatial.transform import Rotation  # takes 0.3 s that steps on the map need not wait for

    forward = target_m - position_m
    forward = forward / np.linalg.norm(forward)
    lon, lat, _ = to_geodetic(position_m)
    _, north, up = east_north_up(lon, lat)
    # Straight down, "away from the Earth" is undefined; a little north makes the choice continuous.
    down = -(up + 1e-3 * north)
    right = np.cross(down, forward)
    right /= np.linalg.norm(right)
    level = np.stack([right, np.cross(forward, right), forward])
    return np.asarray(Rotation.from_euler("z", roll_deg, degrees=True).as_matrix() @ level)
