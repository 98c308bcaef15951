from itertools import combinations

import colour
import numpy as np
import pytest
from colour.blindness import matrix_cvd_Machado2009

from pipeline.tone.evidence import EvidenceError
from pipeline.tone.lamps import (
    COOL_WHITE,
    FAMILIES,
    HIGH_SODIUM,
    LAMP_FAMILIES,
    LOW_SODIUM,
    NO_DATA,
    NOT_IDENTIFIABLE,
    UNKNOWN,
    UNKNOWN_SHARE,
    WARM_WHITE,
    WHITE,
    lamp_anchors,
    lamp_classes,
    lamp_family,
    lamp_ratios,
    memberships,
)
from pipeline.tone.responses import carried_response
from tests.scenes.raw_cameras import D3S, D850, Z9

LEVEL = "raw_anchored"


@pytest.fixture(scope="module")
def response():
    return carried_response("Nikon D3S", D3S)


@pytest.fixture(scope="module")
def anchors(response):
    return lamp_anchors(response)


@pytest.mark.parametrize("matrix", [D3S, D850])
@pytest.mark.parametrize("family", LAMP_FAMILIES, ids=lambda family: family.name)
def test_every_lamp_belongs_to_its_family(family, matrix):
    camera = carried_response("camera", matrix)
    t, c = np.log2(lamp_ratios(camera, family.lamps)).T
    code, membership = lamp_family(t, c, 0.05, 0.05, lamp_anchors(camera), LEVEL)
    assert (code == family.code).all()
    assert (membership > 0.9).all()


def test_metamers_are_one_family(response, anchors):
    """A 4000 K LED, metal halide, fluorescent and coated mercury: two ratios do not tell them apart."""
    lamps = ("LED-B3", "MHC100/U/MP/4K", "F32T8/TL841 (Triphosphor)", "H38JA-100/DX (Mercury DX)")
    t, c = np.log2(lamp_ratios(response, lamps)).T
    code, _ = lamp_family(t, c, 0.1, 0.1, anchors, LEVEL)
    assert set(code) == {WHITE.code}
    for word in ("LED", "metal halide", "fluorescent", "coated mercury"):
        assert word in WHITE.name


def test_sodium_mixed_with_white_passes_for_warm_white(response, anchors):
    """Half the green light from each: ratios of sums, not means of ratios."""
    (g_r, b_g), (g_r_white, b_g_white) = lamp_ratios(response, ("HPS", "LED-B3"))
    mixed = 1 / (0.5 / g_r + 0.5 / g_r_white), 0.5 * (b_g + b_g_white)
    code, _ = lamp_family(*np.log2(mixed), 0.05, 0.05, anchors, LEVEL)
    assert code == WARM_WHITE.code
    assert "sodium mixed with white" in WARM_WHITE.name


def test_memberships_sum_to_one_and_keep_the_shape(anchors):
    rng = np.random.default_rng(0)
    t, c = rng.uniform(-4, 2, (30, 40)), rng.uniform(-7, 2, (30, 40))
    probability = memberships(t, c, 0.1, 0.2, anchors, LEVEL)
    assert probability.shape == (len(FAMILIES), 30, 40)
    np.testing.assert_allclose(probability.sum(axis=0), 1, rtol=1e-6)


def test_memberships_are_the_odds_that_they_say(anchors):
    """Lamps drawn as the families say, with noise: of cells named with p, the share p is named rightly."""
    rng, n = np.random.default_rng(1), 60_000
    shares = [(1 - UNKNOWN_SHARE) / len(LAMP_FAMILIES)] * len(LAMP_FAMILIES) + [UNKNOWN_SHARE]
    true = rng.choice(len(FAMILIES), n, p=shares)
    place = rng.uniform((-3.0, -6.0), (1.5, 1.0), (n, 2))  # the unknown: G_R_SPAN by B_G_SPAN
    for k, (centre, covariance) in enumerate(zip(anchors.centre, anchors.covariance, strict=True)):
        here = true == k
        place[here] = rng.multivariate_normal(centre, covariance, here.sum())
    sigma = rng.uniform(0.02, 0.5, (n, 2))
    place += sigma * rng.normal(size=(n, 2))
    codes = np.array([family.code for family in FAMILIES])[true]
    code, membership = lamp_family(*place.T, *sigma.T, anchors, LEVEL)
    for low, high in ((0.3, 0.6), (0.6, 0.8), (0.8, 0.95), (0.95, 1.0)):
        named = (membership > low) & (membership <= high)
        assert named.sum() > 1000
        # Standard error below 0.016 for the fewest, 1,000 cells.
        assert np.mean(code[named] == codes[named]) == pytest.approx(membership[named].mean(), abs=0.04)


def test_light_that_no_lamp_has_is_unknown(anchors):
    code, _ = lamp_family([0.0, 1.3, -1.5], [-4.0, 0.5, 0.5], 0.05, 0.05, anchors, LEVEL)
    assert (code == UNKNOWN.code).all()


def test_noise_makes_a_family_less_sure(anchors):
    t, c = anchors.centre[HIGH_SODIUM.code - 1]
    sigma = np.array([0.05, 0.3, 0.6, 1.2])
    probability = memberships(t, c, sigma, sigma, anchors, LEVEL)[HIGH_SODIUM.code - 1]
    assert (np.diff(probability) < 0).all()
    assert probability[0] > 0.99
    assert probability[-1] < 0.6


def test_without_data_there_is_no_family(anchors):
    nan = np.nan
    code, membership = lamp_family([nan, nan, -0.5], [nan, -1.0, -0.9], 0.1, 0.1, anchors, LEVEL)
    assert code.dtype == np.uint8
    assert list(code) == [NO_DATA, NO_DATA, WHITE.code]
    assert np.isnan(membership[:2]).all()


def test_where_blue_is_too_dark_green_and_red_decide(response, anchors):
    """Low-pressure sodium has next to no blue: its B/G is hardly ever measured."""
    lamps = LOW_SODIUM.lamps + HIGH_SODIUM.lamps + ("LED-B3", "LED-B5")
    t, c = np.log2(lamp_ratios(response, lamps)).T
    code, alone = lamp_family(t, np.nan, 0.05, np.nan, anchors, LEVEL)
    assert list(code) == [LOW_SODIUM.code, *[HIGH_SODIUM.code] * 3, WHITE.code, COOL_WHITE.code]
    assert (alone <= lamp_family(t, c, 0.05, 0.05, anchors, LEVEL)[1]).all()


@pytest.mark.parametrize("level", ["jpeg", "raw"])
def test_families_need_an_anchored_raw(anchors, level):
    for function in (memberships, lamp_family):
        with pytest.raises(EvidenceError, match="lamp_family; it needs a photo of level raw_anchored"):
            function(-1.5, -2.2, 0.1, 0.1, anchors, level)


def test_hazy_air_makes_lamps_redder(response, anchors):
    hazy = lamp_anchors(response, aerosol_depth=0.1, view_zenith_deg=60.0)
    moved = hazy.centre - anchors.centre
    # The one line of low-pressure sodium has a colour of its own, which air makes darker only.
    assert moved[LOW_SODIUM.code - 1] == pytest.approx((0, 0))
    assert (moved[LOW_SODIUM.code :] < 0).all()
    # Published for high-pressure sodium: 5 % in G/R, 19 % in B/G.
    sodium = moved[HIGH_SODIUM.code - 1]
    assert np.exp2(sodium) - 1 == pytest.approx((-0.05, -0.19), abs=0.015)


def test_a_camera_whose_response_is_doubtful_has_wider_families(anchors):
    """The matrix of a Z9 makes red negative in the green, by 14 % of its peak."""
    sigma, doubtful = (
        np.sqrt(a.covariance[HIGH_SODIUM.code - 1, 0, 0])
        for a in (anchors, lamp_anchors(carried_response("Nikon Z9", Z9)))
    )
    assert doubtful > 1.5 * sigma


def test_every_class_has_a_name_and_a_colour():
    classes = lamp_classes(LEVEL)
    assert set(classes) == {NO_DATA, *(family.code for family in FAMILIES)}
    assert classes[NO_DATA].name == "no data: too dark or saturated"
    assert classes[NO_DATA].colour is None
    assert (classes[2].name, classes[2].colour) == (HIGH_SODIUM.name, HIGH_SODIUM.colour)


@pytest.mark.parametrize(
    ("level", "name"),
    [
        ("jpeg", "not identifiable from a JPEG"),
        ("raw", "not identifiable from a raw file without a colour anchor"),
    ],
)
def test_other_levels_have_one_class_that_says_so(level, name):
    classes = lamp_classes(level)
    assert {value: one.name for value, one in classes.items()} == {
        NO_DATA: "no data: too dark or saturated",
        NOT_IDENTIFIABLE[0]: name,
    }
    assert NOT_IDENTIFIABLE[0] not in lamp_classes(LEVEL)


# The library says that its model of tritanomaly is an approximation, which will do here.
@pytest.mark.filterwarnings("ignore:.*simulation of tritanomaly")
@pytest.mark.parametrize("deficiency", [None, "Protanomaly", "Deuteranomaly", "Tritanomaly"])
def test_colours_of_classes_stay_apart_for_every_reader(deficiency):
    ground = [0x0B, 0x0E, 0x13]  # pipeline.deliver.palette.BACKGROUND
    shown = [bytes.fromhex(one.colour[1:]) for one in lamp_classes(LEVEL).values() if one.colour]
    colours = np.array([*map(list, shown), ground]) / 255
    light = colour.cctf_decoding(colours, function="sRGB")
    if deficiency:
        light = np.clip(light @ matrix_cvd_Machado2009(deficiency, 1.0).T, 0, 1)
    lab = colour.XYZ_to_Lab(colour.RGB_to_XYZ(light, "sRGB"))
    apart = [colour.delta_E(a, b, method="CIE 2000") for a, b in combinations(lab, 2)]
    # Neighbouring patches are told apart from about 2; 10 is a clear step even for small patches.
    assert min(apart) > 10
