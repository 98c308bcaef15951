"""What is known of the camera before any light is looked at."""

from dataclasses import dataclass

import numpy as np

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import Array, east_north_up, to_ecef, to_geodetic
from pipeline.camera.orbit import State
from pipeline.errors import FactsError
from pipeline.models import Facts, LookAt

# Catalogue altitudes are rounded to a nautical mile (1.9 km); the rest is room for how they were worked out.
ALTITUDE_SIGMA_KM = 5.0
# EXIF focal lengths are good to 1-4 %: they are rounded, and change with focus.
LOG_FOCAL_SIGMA = 0.02
# A distortion of 2 % in the corner of a 24 mm frame, much for a good lens, is a k1 of 0.025 or a k2 of 0.03.
K1_SIGMA = 0.03
K2_SIGMA = 0.02  # a judgement: somewhat less than the 0.03 above, for k1 and k2 share the distortion
# Share of the frame's long side: a lens sits within about 0.1 mm of its sensor's centre, of 36 mm.
PRINCIPAL_SIGMA = 0.002


# What a prior cannot do without, with an example of each.
NEEDED = {
    "nadir": "{lon: 6.0, lat: 49.6}",
    "altitude_km": "400",
    "focal_length_mm": "85",
    "sensor_width_mm": "36",
}


def missing(facts: Facts) -> list[tuple[str, str]]:
    """The facts that a prior needs and that are not known, each with an example."""
    return [(key, example) for key, example in NEEDED.items() if getattr(facts, key) is None]


@dataclass(frozen=True, eq=False)
class Prior:
    """Position and lens with their covariances, and where the photo roughly looks; attitude is free.

    The horizontal covariance (2, 2) is of east and north at the position. A catalogue's has `heavy_tails`:
    most nadirs are good to their rounding, some are tens of kilometres off. The lens covariance (5, 5) is of
    log focal length, k1, k2 and principal point (column, row; px).
    """

    position_ecef_m: Array
    horizontal_covariance_m2: Array
    vertical_sigma_m: float
    focal_px: float
    k1: float
    k2: float
    principal_point_px: tuple[float, float]
    lens_covariance: Array
    look_at: LookAt
    width: int
    height: int
    heavy_tails: bool = True

    def camera(self, roll_deg: float = 0.0) -> Camera:
        """A camera at the prior position that looks where it should."""
        target_m = to_ecef(self.look_at.lon, self.look_at.lat)
        return Camera(
            position_ecef_m=self.position_ecef_m,
            rotation_ecef_to_camera=look_at_rotation(self.position_ecef_m, target_m, roll_deg),
            focal_px=self.focal_px,
            principal_point_px=self.principal_point_px,
            width=self.width,
            height=self.height,
            k1=self.k1,
            k2=self.k2,
        )

    def lens_away(self, camera: Camera) -> Array:
        """The camera's lens less the prior's (5,), in the order of `lens_covariance`."""
        return np.array(
            [
                np.log(camera.focal_px / self.focal_px),
                camera.k1 - self.k1,
                camera.k2 - self.k2,
                *np.subtract(camera.principal_point_px, self.principal_point_px),
            ]
        )

    def horizontal_weight(self, offset_m: Array) -> Array:
        """Inverse covariance (2, 2) that pulls a position back that lies `offset_m` (east, north) away: with
        heavy tails that of a bivariate Student distribution with one degree of freedom,
        3 C^-1 / (1 + d' C^-1 d)."""
        inverse = np.linalg.inv(self.horizontal_covariance_m2)
        if not self.heavy_tails:
            return np.asarray(inverse)
        return np.asarray(3 * inverse / (1 + offset_m @ inverse @ offset_m))

    def look_at_radius_px(self, position_ecef_m: Array) -> float:
        """The look-at radius as an angle from a position, in pixels of the full photo."""
        range_m = float(np.linalg.norm(to_ecef(self.look_at.lon, self.look_at.lat) - position_ecef_m))
        return self.focal_px * self.look_at.radius_km * 1e3 / range_m


def prior_from_facts(
    facts: Facts, look_at: LookAt, width: int, height: int, name: str, orbit: State | None = None
) -> Prior:
    """The prior of a photo of `width` x `height` pixels; `orbit`, where given, says the position better than
    nadir and altitude. Raises FactsError naming what is missing."""
    for key, example in missing(facts):
        raise FactsError(
            f"{name}: {key}: is not known; write it beside the photo in the city's YAML, "
            f"for example {key}: {example}"
        )
    assert facts.nadir is not None
    assert facts.altitude_km is not None
    assert facts.focal_length_mm is not None
    assert facts.sensor_width_mm is not None
    principal_px = PRINCIPAL_SIGMA * max(width, height)
    position = to_ecef(facts.nadir.lon, facts.nadir.lat, facts.altitude_km * 1e3)
    horizontal, vertical_m = np.eye(2) * (facts.nadir_sigma_km * 1e3) ** 2, ALTITUDE_SIGMA_KM * 1e3
    if orbit is not None:
        position = orbit.position_ecef_m
        level = east_north_up(*to_geodetic(position)[:2])
        covariance = level @ orbit.covariance_ecef_m2(facts.clock_sigma_s) @ level.T
        horizontal, vertical_m = covariance[:2, :2], float(np.sqrt(covariance[2, 2]))
    return Prior(
        position_ecef_m=position,
        horizontal_covariance_m2=horizontal,
        vertical_sigma_m=vertical_m,
        focal_px=facts.focal_length_mm / facts.sensor_width_mm * max(width, height),
        k1=0.0,
        k2=0.0,
        principal_point_px=((width - 1) / 2, (height - 1) / 2),
        lens_covariance=np.diag([LOG_FOCAL_SIGMA, K1_SIGMA, K2_SIGMA, principal_px, principal_px]) ** 2,
        look_at=look_at,
        width=width,
        height=height,
        heavy_tails=orbit is None,
    )
