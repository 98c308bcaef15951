import math

import numpy as np
import pytest

from pipeline.tone.evidence import EvidenceError
from pipeline.tone.lamps import lamp_ratios
from pipeline.tone.mixture import MixtureEnds, mixture_ends, white_share
from pipeline.tone.responses import ab_ratios, carried_response, spectra
from tests.scenes.raw_cameras import D3S

LEVEL = "raw_anchored"
# One sodium and one white lamp of G/R 1/3 and 2/3, B/G 0.2 and 0.6.
ENDS = MixtureEnds(np.array([[3.0, 0.2]]), np.array([[1.5, 0.6]]))


@pytest.fixture(scope="module")
def response():
    return carried_response("Nikon D3S", D3S)


def test_a_mixture_of_known_lamps_is_undone():
    share = np.array([0.0, 0.2, 0.5, 1.0])
    green_red = 1 / (1.5 * share + 3.0 * (1 - share))
    blue_green = 0.6 * share + 0.2 * (1 - share)
    assert green_red[2] == pytest.approx(1 / 2.25)  # not the mean of 1/3 and 2/3
    for log2_b_g in (np.log2(blue_green), np.full(4, np.nan)):
        found = white_share(np.log2(green_red), log2_b_g, 0.1, 0.1, ENDS, LEVEL)
        np.testing.assert_allclose(found.share, share, atol=1e-12)
        assert (found.low <= share).all()
        assert (found.high >= share).all()


def test_the_interval_is_that_of_the_cells_noise_and_of_the_anchor():
    found = white_share(math.log2(1 / 2.25), np.nan, 0.1, np.nan, ENDS, LEVEL)
    sigma = 2.25 * math.hypot(0.05, 0.1 * math.log(2)) / 1.5
    assert (found.low, found.high) == pytest.approx((0.5 - 1.96 * sigma, 0.5 + 1.96 * sigma))


def test_blue_narrows_the_interval():
    given = math.log2(1 / 2.25), 0.1, 0.1
    both, alone = (white_share(given[0], c, *given[1:], ENDS, LEVEL) for c in (math.log2(0.4), np.nan))
    assert both.high - both.low < 0.9 * (alone.high - alone.low)


def test_unlike_lamps_widen_the_interval(response):
    t, c = np.log2(lamp_ratios(response, ("LED-B2",))[0])
    known = MixtureEnds(*(end[:1] for end in (mixture_ends(response).sodium, mixture_ends(response).white)))
    all_, one = (white_share(t, c, 0.02, 0.02, ends, LEVEL) for ends in (mixture_ends(response), known))
    # All of it is 3000 K LED, or some of it is 4000 K and the rest sodium.
    assert all_.high == one.high == 1
    assert one.share > 0.95
    assert all_.low < 0.65 < one.low


def test_intervals_reach_the_bounds_and_never_pass_them():
    log2_g_r = np.log2(1 / np.array([3.1, 2.9, 1.6, 1.45]))
    found = white_share(log2_g_r, np.nan, 0.1, np.nan, ENDS, LEVEL)
    assert list(found.low[:2]) == [0, 0]
    assert list(found.high[2:]) == [1, 1]
    assert (found.share[0], found.share[3]) == (0, 1)
    assert ((found.low <= found.share) & (found.share <= found.high)).all()


def test_light_that_is_no_mixture_has_no_share(response):
    t, c = np.log2(lamp_ratios(response, ("LPS", "H38HT-100 (Mercury)"))).T
    found = white_share([*t, np.nan], [*c, -1.0], 0.05, 0.05, mixture_ends(response), LEVEL)
    for part in (found.share, found.low, found.high):
        assert np.isnan(part).all()


def test_intervals_hold_the_truth_in_95_of_100_cells(response):
    """Cells of random sodium and white lamps, anchors wrong by 5 %, ratios noisy by 0.1."""
    rng, n = np.random.default_rng(0), 4000
    sodium = spectra(("HPS", "C100S54 (HPS)", "HP1"))
    white = spectra(("LED-B2", "LED-B3", "F32T8/TL830 (Triphosphor)", "F32T8/TL841 (Triphosphor)"))
    green = response.sensitivity[:, 1]
    sodium, white = (lamps / (lamps @ green)[:, None] for lamps in (sodium, white))
    share = rng.uniform(0, 1, n)
    light = (
        share[:, None] * white[rng.integers(4, size=n)]
        + (1 - share[:, None]) * sodium[rng.integers(3, size=n)]
    )
    ratios = ab_ratios(response, light) * (1 + 0.05 * rng.normal(size=(n, 2)))
    t, c = (np.log2(ratios) + 0.1 * rng.normal(size=(n, 2))).T
    for blue in (c, np.full(n, np.nan)):
        found = white_share(t, blue, 0.1, 0.1, mixture_ends(response), LEVEL)
        given = np.isfinite(found.share)
        inside = (found.low[given] <= share[given]) & (share[given] <= found.high[given])
        # Of 20,000 cells 94 % with blue and 97 % without: the lamps are a few and not normally distributed.
        # Two binomial sigmas of 4,000 are 0.7 %.
        assert 0.93 < inside.mean() < 0.99
        assert given.mean() > 0.97


@pytest.mark.parametrize("level", ["jpeg", "raw"])
def test_shares_need_an_anchored_raw(level):
    with pytest.raises(EvidenceError, match="raw_anchored"):
        white_share(-1.0, -1.0, 0.1, 0.1, ENDS, level)
