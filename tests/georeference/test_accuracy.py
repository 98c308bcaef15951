"""The stated accuracy is the true one: covariances cover, and cross-validation is what refitting gives."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.camera.camera import Camera
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import Array, distance_km, to_ecef
from pipeline.camera.prior import Prior
from pipeline.camera.uncertainty import ground_sigma_m
from pipeline.georeference import accuracy, adjust
from pipeline.georeference.accuracy import Accuracy, Errors
from pipeline.georeference.adjust import Adjustment, Observations, residuals
from pipeline.georeference.patches import PatchLight
from pipeline.georeference.settings import AccuracySettings, AdjustSettings
from tests.georeference.test_adjust import PRIOR, TRUTH

FAIR = replace(PRIOR, focal_px=TRUTH.focal_px)
WINDOW_PX = 60.0
ADJUST, ACCURACY = AdjustSettings(), AccuracySettings()
OVERLAP, BLOCKS = ADJUST.overlap, ACCURACY.blocks


def observed(
    pixel: Array, error_px: Array, copies: int = 1, known: bool = False, height_m: float = 0.0
) -> Observations:
    """Ground points that the true camera shows at `pixel` (n, 2), seen with errors, each `copies` times."""
    ground = to_ecef(*TRUTH.to_ground(*pixel.T, height_m), height_m)
    n = copies * len(pixel)
    return Observations(
        np.repeat(ground, copies, axis=0),
        np.repeat(pixel + error_px, copies, axis=0),
        np.ones(n),
        np.full(n, WINDOW_PX),
        np.full(n, known),
    )


def fitted(camera: Camera, prior: Prior, seen: Observations, settings: AdjustSettings = ADJUST) -> Adjustment:
    return adjust.adjust(camera, prior, seen, settings)


def assessed(fit: Adjustment, seen: Observations, settings: AccuracySettings = ACCURACY) -> Accuracy:
    return accuracy.assess(fit, seen, alone(len(seen)), settings, OVERLAP)


def alone(n: int) -> PatchLight:
    """Patches that share nothing but with copies of themselves."""
    return PatchLight(side_px=1.0, shared_m=np.zeros(n))


def scattered(n: int, seed: int) -> tuple[Array, Array]:
    """Pixels all over the frame and errors of 1 px."""
    rng = np.random.default_rng(seed)
    return rng.uniform((0, 0), (2127, 1415), (n, 2)), rng.normal(0, 1, (n, 2))


def error_in_sigmas(fit: Adjustment, covariance: Array) -> Array:
    """Distances on the ground from the truth at nine pixels, in units of the stated circular sigma: their
    mean square is 1 for each coordinate if it covers."""
    column, row = (v.ravel() for v in np.meshgrid([200.0, 1063.0, 1900.0], [200.0, 707.0, 1300.0]))
    lon, lat = TRUTH.to_ground(column, row)
    sigma_m = ground_sigma_m(fit.camera, PARAMETERS, covariance, lon, lat)
    away_m = 1e3 * distance_km(lon, lat, *fit.camera.to_ground(column, row))
    return np.asarray(away_m / sigma_m / np.sqrt(2))


def root_mean_square(values: Sequence[Array] | Array) -> float:
    return float(np.sqrt(np.mean(np.square(values))))


def test_the_covariance_covers_errors_that_overlapping_patches_share() -> None:
    stated, alone = [], []
    for seed in range(30):
        seen = observed(*scattered(60, seed), copies=OVERLAP)
        fit = fitted(TRUTH, FAIR, seen)
        stated.append(error_in_sigmas(fit, assessed(fit, seen).covariance))
        alone.append(error_in_sigmas(fit, fit.covariance / OVERLAP))
    # Errors of 30 fits, each of some four independent numbers in the frame, scatter by 1 / sqrt(240) = 6 %.
    # Where neighbours are independent, the larger of two factors of which either is enough is a tenth too
    # wide: 0.9 is expected.
    assert 0.85 <= root_mean_square(stated) <= 1.25
    # As if the copies were independent, sigmas would be half of what they should be, but for the priors.
    assert root_mean_square(alone) > 1.7


def test_the_covariance_covers_errors_that_whole_regions_share() -> None:
    """Light of one big town moves all patches around it alike: one error for each block of the frame."""
    stated, thinned = [], []
    column, row = (v.ravel() for v in np.meshgrid(*((np.arange(4 * n) + 0.5) / (4 * n) for n in BLOCKS)))
    pixel = np.stack([column * 2128, row * 1416], -1) - 0.5
    block = (column * BLOCKS[0]).astype(int) + BLOCKS[0] * (row * BLOCKS[1]).astype(int)
    for seed in range(30):
        seen = observed(pixel, np.random.default_rng(seed).normal(0, 1, (12, 2))[block])
        fit = fitted(TRUTH, FAIR, seen)
        stated.append(error_in_sigmas(fit, assessed(fit, seen).covariance))
        thinned.append(error_in_sigmas(fit, fit.covariance))
    # Sixteen alike in each block, of which a quarter would be counted: sigmas half of what they should be.
    assert root_mean_square(thinned) > 1.6
    # Twelve errors, of which the camera takes eight parameters: the spread of fits without one block each is
    # known to a factor of 1.5.
    assert 0.6 <= root_mean_square(stated) <= 1.5


def test_points_by_hand_are_independent_and_as_sure_as_stated() -> None:
    stated = []
    for seed in range(20):
        seen = observed(*scattered(40, seed), known=True)
        fit = fitted(TRUTH, FAIR, seen)
        stated.append(error_in_sigmas(fit, assessed(fit, seen).covariance))
    # Fits without one of 12 blocks, of three points each, spread more than fits do: a third too wide is let
    # pass. Too narrow by more than the 8 % of 20 fits is not.
    assert 0.65 <= root_mean_square(stated) <= 1.1


def test_a_patch_counts_as_a_quarter_of_a_point_by_hand() -> None:
    by_hand, patches = (
        fitted(TRUTH, FAIR, observed(*scattered(200, 4), known=known)) for known in (True, False)
    )
    roll = PARAMETERS.index("rotation_z_rad")  # which only the points tell, hardly the priors
    ratio = patches.covariance[roll, roll] / by_hand.covariance[roll, roll]
    # Four times the variance, but for the scale that patches' sigmas are given: 10 % for 200 points.
    assert 3.6 < ratio / patches.scale**2 < 4.1


def test_nothing_is_surer_than_the_pinhole_is_a_lens() -> None:
    seen = observed(*scattered(100, 0))
    fit = fitted(TRUTH, FAIR, seen)
    stated = assessed(fit, seen).covariance
    perfect = assessed(fit, seen, replace(ACCURACY, systematic_share=0.0)).covariance
    more = np.zeros(len(PARAMETERS))
    # A shift of the picture by 5e-5 of its 2128 px, down and across, at a focal length of 5000 px within a
    # part in 1000.
    more[:2] = (5e-5 * 2128 / 5000) ** 2
    assert np.diag(stated - perfect) == pytest.approx(more, rel=0.01, abs=1e-20)


def refitted_without(fit: Adjustment, seen: Observations, groups: Sequence[NDArray[np.intp]]) -> Array:
    """What adjusting anew to the others predicts wrongly at each group, (n,) px."""
    exact = replace(ADJUST, converged_px=1e-4)  # else fits stop where they are good to 0.01 px
    away = np.empty(len(seen))
    for group in groups:
        others = seen[np.setdiff1d(np.arange(len(seen)), group)]
        away[group] = np.hypot(*residuals(fitted(fit.camera, FAIR, others, exact).camera, seen[group]).T)
    return away


@pytest.mark.parametrize("known", [True, False])
def test_cross_validation_equals_refitting(known: bool) -> None:
    seen = observed(*scattered(40, 5), known=known)
    fit = fitted(TRUTH, FAIR, seen, replace(ADJUST, converged_px=1e-4))
    found = assessed(fit, seen)
    column, row = ((seen.pixel + 0.5) / (2128, 1416) * BLOCKS).astype(int).T
    block = row * BLOCKS[0] + column
    single = refitted_without(fit, seen, [np.array([k]) for k in range(len(seen))])
    whole = refitted_without(fit, seen, [np.flatnonzero(block == k) for k in np.unique(block)])
    # One step of the linear model instead of a fit. For a single point, moreover, the information of all
    # stands for that of the others: 40 points are 80 numbers for ten parameters, and leave it 2 % short.
    # Points that are not known have weights of their own in each refit: a few per cent.
    near = 0.01 if known else 0.04
    assert found.leave_one_out.rmse_px == pytest.approx(root_mean_square(single), rel=0.03)
    assert found.spatial_block.rmse_px == pytest.approx(root_mean_square(whole), rel=near)
    assert found.spatial_block.ce90_px == pytest.approx(np.quantile(whole, 0.9), rel=near)
    # Without themselves, predictions are worse than with: what is tested is not the residual of the fit.
    assert root_mean_square(np.hypot(*fit.residual_px.T)) < 0.95 * root_mean_square(single)
    assert found.leave_one_out.n == found.spatial_block.n == 40


def test_pixels_and_metres_are_of_the_same_errors() -> None:
    seen = observed(*scattered(60, 1), known=True)
    found = assessed(fitted(TRUTH, FAIR, seen), seen).leave_one_out
    assert found.rmse_px is not None
    assert found.rmse_m is not None
    # A pixel is 86 m in the middle; at the frame's far edge it is 100 m across and 130 m along the view.
    middle_m = float(TRUTH.ground_sample_distance_m(*TRUTH.to_ground(1063.5, 707.5)))
    assert 0.95 * middle_m < found.rmse_m / found.rmse_px < 1.25 * middle_m


def test_points_on_hills_are_compared_on_the_hills() -> None:
    """At 30 degrees off the vertical, 800 m of height would be 460 m."""
    pixel, _ = scattered(60, 2)
    seen = observed(pixel, np.zeros_like(pixel), known=True, height_m=800.0)
    found = assessed(fitted(TRUTH, FAIR, seen), seen)
    assert found.leave_one_out.max_m is not None
    # The distortion that the prior puts at zero pulls by hundredths of a pixel of 90 m.
    assert found.leave_one_out.max_m < 10.0


def test_mismatches_are_left_out_of_the_figures() -> None:
    pixel, error_px = scattered(150, 3)
    error_px[:30] = np.random.default_rng(9).uniform(20, 40, (30, 2))
    seen = observed(pixel, error_px)
    fit = fitted(TRUTH, FAIR, seen)
    found = assessed(fit, seen)
    assert found.leave_one_out.n == found.spatial_block.n == 120
    assert found.leave_one_out.rmse_px == pytest.approx(np.sqrt(2), rel=0.15)  # 1 px in each of 240 numbers


def test_figures_by_hand() -> None:
    errors = Errors.of(np.array([3.0, 4.0, 0.0]), np.array([30.0, 10.0, 20.0]))
    # The 0.9 quantile of three lies 0.8 of the way from the middle to the largest.
    expected = (np.sqrt(25 / 3), 3.8, 4.0, np.sqrt(1400 / 3), 28.0, 30.0)
    found = (errors.rmse_px, errors.ce90_px, errors.max_px, errors.rmse_m, errors.ce90_m, errors.max_m)
    assert errors.n == 3
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("n", [0, 1])
def test_less_than_two_errors_have_no_figures(n: int) -> None:
    assert Errors.of(np.full(n, 2.0), np.full(n, 200.0)) == Errors(n)


def test_without_observations_the_prior_is_all_there_is() -> None:
    nothing = observed(np.empty((0, 2)), np.empty((0, 2)))
    found = assessed(fitted(TRUTH, FAIR, nothing), nothing)
    assert found.leave_one_out == Errors(0)
    lens = np.sqrt(np.diag(found.covariance))[6:]
    assert lens == pytest.approx([0.02, 0.03, 0.02, 4.0, 4.0])
