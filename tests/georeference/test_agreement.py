"""Agreement by hand: detail counts, smooth light and sky do not."""

import numpy as np
import pytest

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import Array, east_north_up, to_ecef
from pipeline.camera.footprint import sees_ground
from pipeline.georeference.agreement import agreement
from pipeline.georeference.settings import AgreementSettings
from pipeline.georeference.working_image import WorkingImage

SETTINGS = AgreementSettings()
STATION = to_ecef(6.0, 50.0, 400e3)


def camera(towards: Array) -> Camera:
    return Camera(
        position_ecef_m=STATION,
        rotation_ecef_to_camera=look_at_rotation(STATION, towards, 0.0),
        focal_px=600.0,
        principal_point_px=(95.5, 63.5),
        width=192,
        height=128,
    )


DOWN = camera(to_ecef(6.0, 50.0))


def agreed(image: Array, reference: Array, seen_by: Camera = DOWN) -> float:
    whole = WorkingImage(image.astype(np.float32), np.ones(image.shape, bool), 1.0)
    return agreement(whole, seen_by, reference.astype(np.float32), SETTINGS)


def lights(seed: int) -> Array:
    """Noise, pixel by pixel: nothing but detail."""
    return np.random.default_rng(seed).standard_normal((128, 192))


def waves(period_px: float) -> Array:
    return np.broadcast_to(np.cos(2 * np.pi * np.arange(192) / period_px), (128, 192))


def test_the_same_light_agrees_fully_and_other_light_not_at_all() -> None:
    assert agreed(lights(1), 3.0 * lights(1) + 5.0) == pytest.approx(1.0)
    assert agreed(lights(1), -lights(1)) == pytest.approx(-1.0)
    # Of 24576 independent pixels: 1 / sqrt(24576) = 0.006.
    assert abs(agreed(lights(1), lights(2))) < 0.02


@pytest.mark.parametrize("period_px", [32.0, 64.0])
def test_what_is_smoother_than_ten_pixels_is_taken_out(period_px: float) -> None:
    """Waves that photo and reference share, under detail of as much power of which they share none. A
    Gaussian of sigma s keeps exp(-2 (pi s / period)^2) of a wave; what is left after that is taken
    out is its share of either picture's power."""
    left = (1 - np.exp(-2 * (np.pi * 10.0 / period_px) ** 2)) ** 2
    wave, own = waves(period_px), np.sqrt(0.5)
    shared = agreed(wave + own * lights(1), wave + own * lights(2))
    # The detail loses a thousandth, 1 / (4 pi 10^2); the frame's rim, 10 px of it, is not smoothed alike.
    assert shared == pytest.approx(left / (left + 1), abs=0.03)


def horizon(share: float) -> tuple[Camera, float]:
    """A camera that looks north with its horizon about so high that a share of the frame is ground, and that
    share. From 400 km the horizon lies 70.2 degrees from the nadir."""
    away = np.radians(70.2) + np.arctan((0.5 - share) * 128 / 600)
    _, north, up = east_north_up(6.0, 50.0)
    seen_by = camera(STATION + 1e6 * (np.sin(away) * north - np.cos(away) * up))
    return seen_by, float(sees_ground(seen_by).mean())


@pytest.mark.parametrize("share", [0.25, 0.45, 0.6, 0.75])
def test_over_little_ground_agreement_counts_less(share: float) -> None:
    """As the root of the ground's share of the frame over a half; from a half on, not less at all."""
    seen_by, ground = horizon(share)
    assert ground == pytest.approx(share, abs=0.15)  # what is close to the horizon counts as sky
    assert agreed(lights(1), lights(1), seen_by) == pytest.approx(min(1.0, np.sqrt(ground / 0.5)), rel=1e-5)


def test_sky_is_not_compared() -> None:
    seen_by, _ = horizon(0.75)
    sky = ~sees_ground(seen_by)
    assert sky.any()
    starry = np.where(sky, 10.0 * lights(3), lights(1))
    assert agreed(starry, lights(1), seen_by) == pytest.approx(1.0)


def test_without_light_there_is_no_agreement() -> None:
    assert agreed(np.zeros((128, 192)), lights(1)) == 0.0
