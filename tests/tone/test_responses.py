import colour
import numpy as np
import pytest

from pipeline.models import CameraRow
from pipeline.photo.cameras import DAYLIGHT_B_G, DAYLIGHT_G_R, ab_factors
from pipeline.tone.responses import (
    NIKON_5100_MATRIX,
    WAVELENGTH_NM,
    ab_ratios,
    carried_response,
    matrix_response,
    measured_response,
    spectra,
    transmission,
)
from tests.scenes.raw_cameras import D3S, D850, PUBLISHED, PUBLISHED_MERCURY


def positions(response, lamps):
    return ab_ratios(response, spectra(tuple(lamps)))


def test_lamps_lie_where_they_were_published_for_a_d3s():
    found = positions(carried_response("D3S", D3S), PUBLISHED)
    # The published figures are rounded to 0.01 and were computed with a response that is not known here.
    np.testing.assert_allclose(found, list(PUBLISHED.values()), atol=0.02)


def test_mercury_lies_farther_from_where_it_was_published():
    coated, clear = positions(carried_response("D3S", D3S), PUBLISHED_MERCURY)
    # Single lines at 546 and 578 nm fall on the flanks of the channels, where two cameras differ most.
    assert coated == pytest.approx((0.69, 0.45), abs=0.025)
    assert clear == pytest.approx((1.43, 0.48), abs=0.16)


def test_a_nikon_5100_itself_sees_lamps_a_little_redder_and_bluer():
    found = positions(measured_response(), PUBLISHED)
    apart = found - list(PUBLISHED.values())
    # Another camera than the published one: 0.03 off at most.
    assert np.abs(apart).max() < 0.035
    assert (apart[:, 0] < 0).all()
    assert (apart[:, 1] > 0).all()


def test_colour_matching_functions_alone_miss_lamps_of_few_lines():
    approximate = matrix_response("D3S", D3S)
    broad = [lamp for lamp in PUBLISHED if lamp != "LPS"]
    found = positions(approximate, broad)
    # The bluest LED is the farthest off; that is why the measured response is preferred.
    np.testing.assert_allclose(found, [PUBLISHED[lamp] for lamp in broad], atol=0.07)
    assert np.abs(found - [PUBLISHED[lamp] for lamp in broad]).max() > 0.05
    assert positions(approximate, ["LPS"])[0] == pytest.approx((0.28, 0.10), abs=0.01)
    assert positions(approximate, ["H38HT-100 (Mercury)"])[0, 0] == pytest.approx(1.14, abs=0.01)


def test_a_response_carried_over_to_its_own_camera_is_the_measured_one():
    same = positions(carried_response("same", NIKON_5100_MATRIX), PUBLISHED)
    # D65 comes from a spectrum here and from three numbers there, which differ by 1e-4.
    np.testing.assert_allclose(same, positions(measured_response(), PUBLISHED), rtol=5e-4)


@pytest.mark.parametrize("make", [carried_response, matrix_response])
@pytest.mark.parametrize("matrix", [D3S, D850])
def test_anchors_and_raw_ratios_share_one_scale(make, matrix):
    """Raw g/r of daylight times the camera's factor is where lamps' anchors have daylight."""
    response = make("camera", matrix)
    red, green, blue = spectra(("D65",))[0] @ response.sensitivity
    camera = CameraRow(
        sensor_width_mm=36, image_width_px=4256, image_height_px=2832, xyz_to_camera=matrix, source="test"
    )
    factors = ab_factors(camera)
    expected = DAYLIGHT_G_R, DAYLIGHT_B_G
    assert ab_ratios(response, spectra(("D65",)))[0] == pytest.approx(expected)
    # The sum over the spectrum and the rounded white point differ by 1e-4.
    assert (factors.g_r * green / red, factors.b_g * blue / green) == pytest.approx(expected, rel=5e-4)


def test_light_of_equal_flux_per_hertz_has_ratios_of_one():
    flat = WAVELENGTH_NM[None] ** -2.0
    # The anchor's 5 %.
    assert ab_ratios(measured_response(), flat)[0] == pytest.approx((1, 1), abs=0.05)


# The library says that it brings spectra to a common sampling, which is what it is asked for.
@pytest.mark.filterwarnings("ignore:.*Aligning")
@pytest.mark.parametrize(
    ("led", "kelvin"), [("LED-B1", 2733), ("LED-B2", 2998), ("LED-B3", 4103), ("LED-B4", 5109)]
)
def test_spectra_have_the_colour_temperature_of_their_names(led, kelvin):
    """CIE 15:2018, table 12."""
    observer = colour.MSDS_CMFS["CIE 1931 2 Degree Standard Observer"]
    xyz = colour.sd_to_XYZ(colour.SpectralDistribution(spectra((led,))[0], WAVELENGTH_NM), observer)
    # The CIE integrates to 1 nm, here steps are 5 nm.
    assert colour.temperature.uv_to_CCT_Ohno2013(colour.UCS_to_uv(colour.XYZ_to_UCS(xyz)))[
        0
    ] == pytest.approx(kelvin, abs=10)


def test_colour_temperature_of_the_librarys_documented_example():
    assert colour.xy_to_CCT([0.31270, 0.32900], method="Hernandez 1999") == pytest.approx(6500.7420, abs=1e-3)


def test_clear_air_scatters_a_tenth_of_green_light():
    green = np.flatnonzero(WAVELENGTH_NM == 550.0)[0]
    # Rayleigh's optical depth at 550 nm is 0.097 (Hansen and Travis 1974); an aerosol's is given there.
    assert -np.log(transmission(0.0)[green]) == pytest.approx(0.097, abs=5e-4)
    assert -np.log(transmission(0.2)[green]) == pytest.approx(0.297, abs=5e-4)
    np.testing.assert_allclose(transmission(0.1, 60.0), transmission(0.1) ** 2)


@pytest.mark.parametrize(("zenith_deg", "expected"), [(0.0, (-0.02, -0.10)), (60.0, (-0.05, -0.19))])
def test_air_takes_blue_from_sodium_light_as_published(zenith_deg, expected):
    response, light = carried_response("D3S", D3S), spectra(("HPS",))
    changed = ab_ratios(response, light * transmission(0.1, zenith_deg)) / ab_ratios(response, light) - 1
    # Published to a percent for an aerosol depth of 0.1, with an exponent that was not given.
    assert changed[0] == pytest.approx(expected, abs=0.015)
