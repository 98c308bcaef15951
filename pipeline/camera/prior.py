"""What is known of the camera before any light is looked at."""

from dataclasses import dataclass

import numpy as np

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import Array, to_ecef
from pipeline.config import Facts, LookAt
from pipeline.errors import FactsError

ALTITUDE_SIGMA_KM = 5.0
LOG_FOCAL_SIGMA = 0.02
K1_SIGMA = 0.03
# A lens sits within about 0.1 mm of its sensor's centre.
PRINCIPAL_SIGMA = 0.002


@dataclass(frozen=True, eq=False)
class Prior:
    """Position and focal length with their 1-sigma, and where the photo roughly looks; attitude is free."""

    position_ecef_m: Array
    horizontal_sigma_m: float
    vertical_sigma_m: float
    focal_px: float
    log_focal_sigma: float
    k1_sigma: float
    principal_sigma_px: float
    look_at: LookAt
    width: int
    height: int

    def camera(self, roll_deg: float = 0.0) -> Camera:
        """A camera at the prior position that looks where it should."""
        target_m = to_ecef(self.look_at.lon, self.look_at.lat)
        return Camera(
            position_ecef_m=self.position_ecef_m,
            rotation_ecef_to_camera=look_at_rotation(self.position_ecef_m, target_m, roll_deg),
            focal_px=self.focal_px,
            principal_point_px=((self.width - 1) / 2, (self.height - 1) / 2),
            width=self.width,
            height=self.height,
        )

    def look_at_radius_px(self, position_ecef_m: Array) -> float:
        """The look-at radius as an angle from a position, in pixels of the full photo."""
        range_m = float(np.linalg.norm(to_ecef(self.look_at.lon, self.look_at.lat) - position_ecef_m))
        return self.focal_px * self.look_at.radius_km * 1e3 / range_m


def prior_from_facts(facts: Facts, look_at: LookAt, width: int, height: int, name: str) -> Prior:
    """The prior of a photo of `width` x `height` pixels. Raises FactsError naming what is missing."""
    for key, example in (
        ("nadir", "{lon: 6.0, lat: 49.6}"),
        ("altitude_km", "400"),
        ("focal_length_mm", "85"),
        ("sensor_width_mm", "36"),
    ):
        if getattr(facts, key) is None:
            raise FactsError(
                f"{name}: {key}: is not known; write it beside the photo in the city's YAML, "
                f"for example {key}: {example}"
            )
    assert facts.nadir is not None
    assert facts.altitude_km is not None
    assert facts.focal_length_mm is not None
    assert facts.sensor_width_mm is not None
    return Prior(
        position_ecef_m=to_ecef(facts.nadir.lon, facts.nadir.lat, facts.altitude_km * 1e3),
        horizontal_sigma_m=facts.nadir_sigma_km * 1e3,
        vertical_sigma_m=ALTITUDE_SIGMA_KM * 1e3,
        focal_px=facts.focal_length_mm / facts.sensor_width_mm * max(width, height),
        log_focal_sigma=LOG_FOCAL_SIGMA,
        k1_sigma=K1_SIGMA,
        principal_sigma_px=PRINCIPAL_SIGMA * max(width, height),
        look_at=look_at,
        width=width,
        height=height,
    )
