import numpy as np
import pytest

from pipeline.tone.lamps import HIGH_SODIUM, lamp_ratios
from pipeline.tone.responses import Response, carried_response, matrix_response, measured_response
from pipeline.tone.transform import camera_transform
from tests.scenes.raw_cameras import D3S, D850


def test_a_camera_of_other_gains_is_the_same_camera():
    camera = measured_response()
    louder = Response("louder", camera.sensitivity * (0.5, 1.0, 2.0))
    transform = camera_transform(camera, louder)
    np.testing.assert_allclose(transform.both, [[0, 1, 0], [0, 0, 1]], atol=1e-9)
    np.testing.assert_allclose(transform.green_red_alone, (0, 1), atol=1e-9)
    assert transform.rms.max() < 1e-9


@pytest.mark.parametrize("make", [carried_response, matrix_response])
def test_a_d850_sees_sodium_redder_than_a_d3s(make):
    old, new = make("D3S", D3S), make("D850", D850)
    ratio = (lamp_ratios(new, HIGH_SODIUM.lamps) / lamp_ratios(old, HIGH_SODIUM.lamps))[:, 0]
    # Published: 11 % lower. Balanced to daylight, as ratios are here, 9 %.
    assert ratio == pytest.approx(0.91, abs=0.01)
    assert ratio == pytest.approx(0.89, abs=0.03)


@pytest.mark.parametrize("make", [carried_response, matrix_response])
def test_a_change_of_camera_is_not_taken_for_a_change_of_lighting(make):
    """One scene of lamps that take no part in the fit, seen by both cameras."""
    old, new = make("D3S", D3S), make("D850", D850)
    lamps = (
        "C100S54C (HPS)",
        "SDW-T 100W/LV (Super HPS)",
        "PHOS-1",
        "F32T8/TL835 (Triphosphor)",
        "HP2",
        "FL2",
    )
    seen_old, seen_new = (np.log2(lamp_ratios(camera, lamps)) for camera in (old, new))
    transform = camera_transform(old, new)
    before = seen_new - seen_old
    green_red, blue_green = transform.apply(*seen_old.T)
    assert np.abs(before[:, 0]).mean() > 0.08
    # The worst of six lamps at about three times the transform's own rms.
    assert np.abs(green_red - seen_new[:, 0]).max() < 0.03
    assert np.abs(blue_green - seen_new[:, 1]).max() < 0.04
    assert transform.rms.max() < 0.015


def test_without_blue_green_and_red_are_transformed_less_well():
    transform = camera_transform(carried_response("D3S", D3S), carried_response("D850", D850))
    green_red, blue_green = transform.apply([-1.5, -1.5, np.nan], [-2.2, np.nan, -2.2])
    constant, slope = transform.green_red_alone
    assert green_red[1] == pytest.approx(constant - 1.5 * slope)
    assert green_red[0] != green_red[1]
    assert np.isnan(green_red[2])
    assert list(np.isnan(blue_green)) == [False, True, True]
    assert transform.rms[0] < transform.rms_alone < 0.03


def test_a_camera_of_stacked_layers_is_not_a_mosaic_camera():
    """The Sigma's layers overlap so much that lamps of one colour in a Nikon differ in it by 5 %."""
    transform = camera_transform(measured_response(), measured_response("Sigma SDMerill (NPL)"))
    assert (transform.source, transform.target) == ("Nikon 5100 (NPL)", "Sigma SDMerill (NPL)")
    assert transform.rms[0] == pytest.approx(0.076, abs=0.01)
    assert transform.both[0, 1] == pytest.approx(0.17, abs=0.02)
