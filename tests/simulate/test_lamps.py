"""The lamps of the simulation: their colours, and which country burns which."""

import colour
import numpy as np
import pytest

from pipeline.simulate import lamps

SPECTRA = ("LPS", "C100S54 (HPS)", "H38JA-100/DX (Mercury DX)", "F32T8/TL841 (Triphosphor)", "MHC100/U/MP/4K")
LED_SPECTRA = ("LED-B2", "LED-B3")  # CIE illuminants of 2998 K and 4103 K


def test_colours_are_those_of_spectra_through_a_measured_camera() -> None:
    """A Nikon 5100, balanced to daylight; a lumen of each by the eye's sensitivity. To the last bits."""
    shape = colour.SpectralShape(400, 700, 5)

    def values(spectrum: colour.SpectralDistribution) -> np.ndarray:
        return np.asarray(np.nan_to_num(spectrum.copy().align(shape).values), float)

    camera = values(colour.MSDS_CAMERA_SENSITIVITIES["Nikon 5100 (NPL)"])
    eye = values(colour.SDS_LEFS["CIE 1924 Photopic Standard Observer"])
    white = values(colour.SDS_ILLUMINANTS["D65"]) @ camera
    spectra = np.stack(
        [values(colour.SDS_LIGHT_SOURCES[name]) for name in SPECTRA]
        + [values(colour.SDS_ILLUMINANTS[name]) for name in LED_SPECTRA]
    )
    rgb = (spectra @ camera) / white / (spectra @ eye)[:, None]
    assert pytest.approx(rgb / rgb[1, 1], rel=1e-12) == lamps.LAMP_RGB


def test_lamps_stand_apart_as_published() -> None:
    """Steps of log2(G/R) published for a Nikon D3S; the 5100 and other lamp samples differ by up to 0.25."""
    tone = dict(zip(lamps.LAMPS, np.log2(lamps.LAMP_RGB[:, 1] / lamps.LAMP_RGB[:, 0]), strict=True))
    assert tone["high sodium"] - tone["low sodium"] == pytest.approx(0.58, abs=0.25)
    assert tone["LED 3000 K"] - tone["high sodium"] == pytest.approx(0.72, abs=0.25)
    assert tone["LED 4000 K"] - tone["high sodium"] == pytest.approx(1.09, abs=0.25)
    assert tone["LED 4000 K"] - tone["metal halide"] == pytest.approx(0.0, abs=0.25)


def test_shares_of_each_country_are_whole() -> None:
    for shares in [*lamps.OLD_SHARES.values(), lamps.MOTORWAY_SHARES]:
        assert len(shares) == lamps.FIRST_LED
        assert sum(shares) == pytest.approx(1)


def districts(country: str, year: int, led_share: float) -> np.ndarray:
    n = 4000
    shares = np.tile(lamps.OLD_SHARES[country], (n, 1))
    led, warm = np.full(n, led_share), np.full(n, lamps.WARM_SHARE[country])
    return lamps.mixed_colour(shares, led, warm, year, np.random.default_rng(0).random((n, 3)))


def test_districts_average_to_the_mix_of_their_country() -> None:
    wanted = np.array(lamps.OLD_SHARES["DE"]) @ lamps.LAMP_RGB[: lamps.FIRST_LED]
    # 4,000 draws of lamps that scatter by half their mean: 1 % standard error.
    assert districts("DE", 2012, 0.0).mean(axis=0) == pytest.approx(wanted, rel=0.04)


def test_a_district_keeps_its_lamp_unless_changed_to_led() -> None:
    before, after = districts("BE", 2012, 0.0), districts("BE", 2022, 0.25)
    greener = np.log2(after[:, 1] / after[:, 0]) - np.log2(before[:, 1] / before[:, 0])
    # All move a little with their town; the quarter (and the mercury) that changed lamps moves by a step.
    assert np.mean(greener > 0.4) == pytest.approx(0.25, abs=0.04)
    # None moves to sodium; fluorescent light that becomes warm LED loses 0.25.
    assert greener.min() > -0.3
