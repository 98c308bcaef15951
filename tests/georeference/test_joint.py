"""Photos of one pass: what they tell each other is what adjusting all of them together would."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.camera.camera import Camera
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import Array, east_north_up, to_ecef
from pipeline.camera.orbit import State
from pipeline.camera.prior import Prior
from pipeline.errors import FactsError
from pipeline.georeference.adjust import LENS
from pipeline.georeference.joint import clock_offset_s, lens_from, shared_clock
from pipeline.models import LookAt

POSE = slice(0, 6)
LENS_SIGMA = np.array([0.02, 0.03, 0.02, 4.0, 4.0])
# Attitude is nearly free, the position good to a few kilometres.
POSE_SIGMA = np.array([3.0, 3.0, 3.0, 6e3, 6e3, 5e3])
# What a step of each parameter moves, in pixels: attitude and position much, the principal point least.
GAIN_PX = np.array([5e3, 5e3, 1e3, 0.01, 0.01, 0.01, 1e3, 100.0, 100.0, 0.1, 0.1])
N = 30

PRIOR = Prior(
    position_ecef_m=to_ecef(6.0, 49.5, 400e3),
    horizontal_covariance_m2=np.eye(2) * 6e3**2,
    vertical_sigma_m=5e3,
    focal_px=5000.0,
    k1=0.01,
    k2=0.0,
    principal_point_px=(1063.5, 707.5),
    lens_covariance=np.diag(LENS_SIGMA**2),
    look_at=LookAt(lon=7.5, lat=50.5),
    width=2128,
    height=1416,
)


def linear_photo(seed: int, lens: Array) -> tuple[Array, Array]:
    """A photo whose pixels are linear in its parameters: the derivatives (N, 11) and what was seen, with 1 px
    of noise, of a pose of its own and a lens, as differences from the prior."""
    rng = np.random.default_rng(seed)
    by_parameter = rng.normal(0, 1, (N, 11)) * GAIN_PX
    truth = np.concatenate([rng.normal(0, 0.1 * POSE_SIGMA), lens])
    return by_parameter, by_parameter @ truth + rng.normal(0, 1, N)


def adjusted_alone(by_parameter: Array, seen: Array) -> tuple[Camera, Array]:
    """Camera and covariance of one photo under the prior, by weighted least squares."""
    sigma = np.concatenate([POSE_SIGMA, LENS_SIGMA])
    scaled = by_parameter * sigma  # metres and radians in one matrix: solved in prior sigmas
    covariance = np.linalg.inv(scaled.T @ scaled + np.eye(11)) * np.outer(sigma, sigma)
    found = covariance @ by_parameter.T @ seen
    return with_lens(found[LENS]), covariance


def with_lens(away: Array) -> Camera:
    log_focal, k1, k2, column, row = away
    return replace(
        PRIOR.camera(),
        focal_px=PRIOR.focal_px * float(np.exp(log_focal)),
        k1=PRIOR.k1 + k1,
        k2=PRIOR.k2 + k2,
        principal_point_px=(1063.5 + column, 707.5 + row),
    )


def adjusted_together(photos: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    """The shared lens and its covariance, of all photos at once, each with a pose of its own."""
    sigma = np.concatenate([LENS_SIGMA, *[POSE_SIGMA] * len(photos)])
    rows = []
    for k, (by_parameter, _) in enumerate(photos):
        row = np.zeros((N, len(sigma)))
        row[:, :5] = by_parameter[:, LENS]
        row[:, 5 + 6 * k : 11 + 6 * k] = by_parameter[:, POSE]
        rows.append(row * sigma)
    stacked, seen = np.vstack(rows), np.concatenate([photo[1] for photo in photos])
    covariance = np.linalg.inv(stacked.T @ stacked + np.eye(len(sigma)))
    found = covariance @ stacked.T @ seen * sigma
    return found[:5], covariance[:5, :5] * np.outer(LENS_SIGMA, LENS_SIGMA)


def lens_of(there: Prior) -> Array:
    """The lens as differences from PRIOR's, in its sigmas."""
    return PRIOR.lens_away(there.camera()) / LENS_SIGMA


@pytest.mark.parametrize("n", [1, 2, 5])
def test_the_fused_lens_is_that_of_one_adjustment_of_all(n: int) -> None:
    """The prior of the lens is counted once, however many photos were adjusted under it."""
    lens = np.array([0.015, -0.02, 0.01, 3.0, -5.0])
    photos = [linear_photo(seed, lens) for seed in range(n)]
    fused = lens_from(PRIOR, [adjusted_alone(*photo) for photo in photos])
    found, covariance = adjusted_together(photos)
    # Two orders of the same sums: rounding of matrices with a condition of 1e6.
    assert lens_of(fused) == pytest.approx(found / LENS_SIGMA, abs=1e-6)
    unit = np.outer(LENS_SIGMA, LENS_SIGMA)
    assert fused.lens_covariance / unit == pytest.approx(covariance / unit, abs=1e-6)
    # The data say something, but do not drown the prior: both are tested.
    assert 1e-3 < covariance[3, 3] / 16 < 0.9


def test_all_but_the_lens_is_left_alone() -> None:
    fused = lens_from(PRIOR, [adjusted_alone(*linear_photo(0, np.zeros(5)))])
    assert fused.position_ecef_m is PRIOR.position_ecef_m
    assert fused.horizontal_covariance_m2 is PRIOR.horizontal_covariance_m2
    assert fused.look_at == PRIOR.look_at


def prior_covariance(factor: float = 1.0) -> Array:
    return np.diag(np.concatenate([POSE_SIGMA, LENS_SIGMA]) ** 2) * factor


def test_without_others_or_with_one_that_saw_nothing_the_prior_stays() -> None:
    for others in ([], [(PRIOR.camera(), prior_covariance())]):
        fused = lens_from(PRIOR, others)
        assert lens_of(fused) == pytest.approx(0.0, abs=1e-9)
        assert fused.lens_covariance == pytest.approx(PRIOR.lens_covariance, rel=1e-9)


def test_one_that_saw_nothing_changes_nothing_beside_one_that_did() -> None:
    seen = adjusted_alone(*linear_photo(3, np.array([0.01, 0.02, -0.01, -2.0, 1.0])))
    alone, both = lens_from(PRIOR, [seen]), lens_from(PRIOR, [seen, (PRIOR.camera(), prior_covariance())])
    assert lens_of(both) == pytest.approx(lens_of(alone), abs=1e-9)
    assert both.lens_covariance == pytest.approx(alone.lens_covariance, rel=1e-9)


def test_one_less_sure_than_its_prior_says_nothing_even_if_it_moved() -> None:
    """Cross-validation widens covariances, also of what only the prior holds."""
    vague = with_lens(0.5 * LENS_SIGMA), prior_covariance(1.7)
    fused = lens_from(PRIOR, [vague] * 5)
    assert lens_of(fused) == pytest.approx(0.0, abs=1e-9)
    assert fused.lens_covariance == pytest.approx(PRIOR.lens_covariance, rel=1e-9)


def test_a_widened_covariance_never_gains_information() -> None:
    camera, covariance = adjusted_alone(*linear_photo(1, np.zeros(5)))
    for factor in (1.1, 1.5, 3.0):
        fused = lens_from(PRIOR, [(camera, factor * covariance)])
        # In units of the prior, where the strongest direction is told least wrongly: no more than stated.
        stated = np.linalg.inv(factor * covariance[LENS, LENS]) * np.outer(LENS_SIGMA, LENS_SIGMA)
        given = np.linalg.inv(fused.lens_covariance) * np.outer(LENS_SIGMA, LENS_SIGMA)
        assert np.linalg.eigvalsh(given).max() == pytest.approx(np.linalg.eigvalsh(stated).max(), rel=1e-6)


def test_photos_of_two_sizes_are_no_pass() -> None:
    camera = replace(PRIOR.camera(), width=2000)
    with pytest.raises(FactsError, match="one size and lens; take the odd one out"):
        lens_from(PRIOR, [(camera, prior_covariance())])


SPEED_M_S, ALONG_M, CLOCK_S = 7300.0, 500.0, 2.0
EAST, NORTH, UP = east_north_up(6.0, 49.5)
# Flying to the north-east.
ORBIT = State(PRIOR.position_ecef_m, SPEED_M_S * (EAST + NORTH) / np.sqrt(2), ALONG_M, 700.0, 300.0)
# The clock's share of a displacement: 14.6 km of the clock's against 0.5 km of the orbit's.
SHARE = (CLOCK_S * SPEED_M_S) ** 2 / ((CLOCK_S * SPEED_M_S) ** 2 + ALONG_M**2)


def placed(along_m: float, across_m: float = 0.0, up_m: float = 0.0) -> Camera:
    along, across, up = ORBIT.axes()
    shift = along_m * along + across_m * across + up_m * up
    return replace(PRIOR.camera(), position_ecef_m=PRIOR.position_ecef_m + shift)


def place_covariance(east_m: float, north_m: float, up_m: float) -> Array:
    sigma = np.ones(10)
    sigma[[PARAMETERS.index(key) for key in ("east_m", "north_m", "up_m")]] = east_m, north_m, up_m
    return np.diag(sigma**2)


@pytest.mark.parametrize("offset_s", [-3.0, 0.0, 1.5])
def test_a_shift_along_the_track_is_an_offset_of_the_clock(offset_s: float) -> None:
    camera = placed(offset_s * SPEED_M_S)
    found_s, sigma_s = clock_offset_s(camera, place_covariance(200.0, 200.0, 200.0), ORBIT, CLOCK_S)
    assert found_s == pytest.approx(SHARE * offset_s, abs=1e-9)
    assert found_s == pytest.approx(offset_s, abs=0.004)  # the share is 0.9988
    # The photo's 200 m and the orbit's 500 m along the track, which no photo can tell from the clock.
    assert sigma_s == pytest.approx(np.hypot(200 * SHARE, 500 * np.sqrt(SHARE)) / SPEED_M_S, rel=1e-4)


def test_shifts_across_the_track_and_up_are_none() -> None:
    found_s, _ = clock_offset_s(placed(0.0, 5000.0, 2000.0), place_covariance(1, 1, 1), ORBIT, CLOCK_S)
    assert found_s == pytest.approx(0.0, abs=1e-9)


def test_only_the_uncertainty_along_the_track_counts() -> None:
    """An error ellipse of 3 km along the track and 100 m across, turned to north and east."""
    turn = np.array([[1, 1], [-1, 1]]) / np.sqrt(2)
    covariance = place_covariance(1.0, 1.0, 1.0)
    covariance[3:5, 3:5] = turn.T @ np.diag([3000.0**2, 100.0**2]) @ turn
    _, sigma_s = clock_offset_s(placed(0.0), covariance, ORBIT, CLOCK_S)
    # A tilt of the track's axes by 0.1 degree is far below.
    assert sigma_s == pytest.approx(np.hypot(3000 * SHARE, 500 * np.sqrt(SHARE)) / SPEED_M_S, rel=1e-3)


@pytest.mark.parametrize("n", [1, 2, 6])
def test_equal_offsets_of_several_photos_are_one_better_known(n: int) -> None:
    prior_s, photo_s, seen_s = 2.0, 0.5, 1.2
    # One photo alone: what it saw and the prior of zero, by their variances.
    weight = photo_s**-2 / (photo_s**-2 + prior_s**-2)
    alone = weight * seen_s, (photo_s**-2 + prior_s**-2) ** -0.5
    found = shared_clock([alone] * n, prior_s)
    information = n * photo_s**-2 + prior_s**-2
    assert found == pytest.approx((n * photo_s**-2 * seen_s / information, information**-0.5))
    if n == 1:
        assert found == pytest.approx(alone)


def test_unequal_offsets_weigh_by_their_own_information() -> None:
    prior_s, photos = 2.0, [(0.9, 0.3), (1.5, 1.0), (-0.5, 3.0)]
    alone = []
    for seen_s, photo_s in photos:
        information = photo_s**-2 + prior_s**-2
        alone.append((seen_s * photo_s**-2 / information, information**-0.5))
    told = sum(photo_s**-2 for _, photo_s in photos) + prior_s**-2
    mean = sum(seen_s * photo_s**-2 for seen_s, photo_s in photos) / told
    assert shared_clock(alone, prior_s) == pytest.approx((mean, told**-0.5))


def test_the_clock_stays_as_it_was_without_anything_to_tell() -> None:
    assert shared_clock([], 2.0) == (0.0, 2.0)
    assert shared_clock([(0.0, 2.0)] * 4, 2.0) == pytest.approx((0.0, 2.0))
