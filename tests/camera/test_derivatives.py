"""Closed-form derivatives against central differences of the projection."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.derivatives import PARAMETERS, pixel_derivatives
from pipeline.camera.earth import Array, to_ecef
from pipeline.camera.uncertainty import moved

# About a tenth of a pixel: far above rounding, and its cube far below a millionth of a pixel.
STEPS = (*[1e-5] * 3, *[10.0] * 3, 1e-4, 1e-3, 1e-3, 0.1, 0.1)
POSITION = to_ecef(3.0, 51.0, 415e3)
CAMERA = Camera(
    POSITION,
    look_at_rotation(POSITION, to_ecef(6.0, 50.6), 30.0),
    1500.0,
    (1050.0, 715.0),
    2128,
    1416,
    k1=0.03,
    k2=-0.02,
)


def ground_m() -> Array:
    """Points all over the frame, away from the horizon."""
    column, row = np.meshgrid(np.linspace(300, 1900, 5), np.linspace(200, 1200, 4))
    points = to_ecef(*CAMERA.to_ground(column, row))
    assert np.isfinite(points).all()
    return np.asarray(points)


def pixel(camera: Camera, ground: Array) -> Array:
    return np.stack(camera.project_ecef(ground), -1)


@pytest.mark.parametrize("k", range(len(PARAMETERS)), ids=PARAMETERS)
def test_by_parameter(k: int) -> None:
    ground, step = ground_m(), STEPS[k]
    ahead, behind = (pixel(moved(CAMERA, [PARAMETERS[k]], [s]), ground) for s in (step, -step))
    found = pixel_derivatives(CAMERA, ground)[1][..., k] * step
    # Rounding of pixels near 1e3 from ECEF metres near 6e6 is about 1e-9 px; the steps' own curvature less.
    np.testing.assert_allclose(found, (ahead - behind) / 2, atol=2e-8)


@pytest.mark.parametrize("axis", np.eye(3), ids="xyz")
def test_by_ground(axis: Array) -> None:
    ground = ground_m()
    ahead, behind = (pixel(CAMERA, ground + 10.0 * s * axis) for s in (1, -1))
    found = 10.0 * pixel_derivatives(CAMERA, ground)[0] @ axis
    np.testing.assert_allclose(found, (ahead - behind) / 2, atol=2e-8)


def test_what_is_no_image_has_no_derivatives() -> None:
    behind = 2 * POSITION - ground_m()
    assert np.isnan(pixel_derivatives(CAMERA, behind)[1][..., :9]).all()
    folded = replace(CAMERA, k1=-2.0, k2=0.0)
    corner = to_ecef(*CAMERA.to_ground(2000.0, 1300.0))
    assert np.isnan(folded.project_ecef(corner)).all()
    assert np.isnan(pixel_derivatives(folded, corner)[0]).all()
