import numpy as np
import pytest

from pipeline.simulate import lamps


def test_lamps_stand_apart_as_published() -> None:
    """Steps of log2(G/R) published for a Nikon D3S; the 5100 and other lamp samples differ by up to 0.25."""
    tone = dict(zip(lamps.LAMPS, np.log2(lamps.lamp_rgb()[:, 1] / lamps.lamp_rgb()[:, 0]), strict=True))
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
    wanted = np.array(lamps.OLD_SHARES["DE"]) @ lamps.lamp_rgb()[: lamps.FIRST_LED]
    # 4,000 draws of lamps that scatter by half their mean: 1 % standard error.
    assert districts("DE", 2012, 0.0).mean(axis=0) == pytest.approx(wanted, rel=0.04)


def test_a_district_keeps_its_lamp_unless_changed_to_led() -> None:
    before, after = districts("BE", 2012, 0.0), districts("BE", 2022, 0.25)
    greener = np.log2(after[:, 1] / after[:, 0]) - np.log2(before[:, 1] / before[:, 0])
    # All move a little with their town; the quarter (and the mercury) that changed lamps moves by a step.
    assert np.mean(greener > 0.4) == pytest.approx(0.25, abs=0.04)
    # None moves to sodium; fluorescent light that becomes warm LED loses 0.25.
    assert greener.min() > -0.3
