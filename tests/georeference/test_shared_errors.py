"""What patches share is in the covariance: overlap, coordinates of one origin, doubtful matches."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.camera.camera import Camera
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import Array, distance_km, to_ecef
from pipeline.camera.uncertainty import ground_sigma_m
from pipeline.georeference.accuracy import Accuracy, assess
from pipeline.georeference.adjust import Adjustment, Observations, adjust
from pipeline.georeference.patches import PatchLight, patch_light
from pipeline.georeference.settings import AccuracySettings, AdjustSettings, DrawingSettings
from pipeline.georeference.shared_errors import MOST_DOUBT, doubt
from tests.georeference.test_accuracy import FAIR, OVERLAP, observed, scattered
from tests.georeference.test_adjust import TRUTH
from tests.georeference.test_sources import sources

SIDE_PX = 160.0  # of patches, half of which lies between neighbours: 48 px of 640
SHARED_M = 400.0
# Without the jackknife of blocks, which would make up for what is forgotten here.
SETTINGS = AccuracySettings(systematic_share=0.0, blocks_disagree=np.inf)


def lattice() -> Array:
    """Middles of patches all over the frame, half a patch apart."""
    column, row = np.meshgrid(np.arange(80.0, 2048.0, SIDE_PX / 2), np.arange(80.0, 1336.0, SIDE_PX / 2))
    return np.stack([column.ravel(), row.ravel()], -1)


def smooth_errors(pixel: Array, rng: np.random.Generator) -> Array:
    """Errors of 1 px of squares that share what overlaps: the mean of white noise over each, scaled."""
    apart = np.abs(pixel[:, None] - pixel[None]) / SIDE_PX
    together = np.clip(1 - apart, 0, None).prod(-1)
    values, vectors = np.linalg.eigh(together)
    root = vectors * np.sqrt(np.clip(values, 0, None))
    return np.asarray(root @ rng.standard_normal((len(pixel), 2)))


def assessed(fit: Adjustment, seen: Observations, shared_m: Array) -> Accuracy:
    return assess(fit, seen, PatchLight(SIDE_PX, shared_m), SETTINGS, OVERLAP)


def away_in_sigmas(camera: Camera, covariance: Array) -> float:
    """Mean square, of each coordinate, of errors at nine places over their stated sigma."""
    column, row = (v.ravel() for v in np.meshgrid([200.0, 1063.0, 1900.0], [200.0, 707.0, 1300.0]))
    lon, lat = TRUTH.to_ground(column, row)
    sigma_m = ground_sigma_m(camera, PARAMETERS, covariance, lon, lat)
    away_m = 1e3 * distance_km(lon, lat, *camera.to_ground(column, row))
    return float(np.mean((away_m / sigma_m) ** 2) / 2)


def test_the_covariance_covers_what_overlapping_patches_share() -> None:
    pixel = lattice()
    stated = []
    for seed in range(12):
        seen = observed(pixel, smooth_errors(pixel, np.random.default_rng(seed)))
        fit = adjust(TRUTH, FAIR, seen, AdjustSettings())
        covariance = assessed(fit, seen, np.zeros(len(seen))).covariance
        stated.append(away_in_sigmas(fit.camera, covariance))
    # Twelve frames of some eight independent numbers each: the mean square is known to 15 %.
    assert 0.65 <= np.mean(stated) <= 1.45


def shifted(seed: int, shift_m: float, share: Array) -> tuple[Adjustment, Observations]:
    """A fit to patches whose light's coordinates lie too far south, each by its share of `shift_m`."""
    pixel, error_px = scattered(len(share), seed)
    seen = observed(pixel, 0.5 * error_px)
    lon, lat = TRUTH.to_ground(*pixel.T)
    wrong = to_ecef(lon, lat - share * shift_m / 111_195.0)
    seen = replace(seen, ground_m=wrong)
    return adjust(TRUTH, FAIR, seen, AdjustSettings()), seen


def test_a_shift_of_coordinates_of_one_origin_is_seen_told_and_in_the_sigma() -> None:
    share = np.repeat([1.0, 0.2], [210, 90])
    np.random.default_rng(3).shuffle(share)
    fit, seen = shifted(0, 500.0, share)
    unaware = assessed(fit, seen, np.zeros(len(seen)))
    aware = assessed(fit, seen, SHARED_M * share)
    # The camera is some 380 m off; its own light says 20 m.
    assert away_in_sigmas(fit.camera, unaware.covariance) > 20
    assert away_in_sigmas(fit.camera, aware.covariance) < 2
    # Where the others are alone right, the ground lies farther north: by the mean share of what is off.
    east_m, north_m = aware.shift_m
    assert north_m == pytest.approx(380.0, rel=0.2)
    assert abs(east_m) < 80
    assert aware.shift_stands_out
    assert not unaware.shift_stands_out


def test_a_shift_that_is_not_there_costs_little() -> None:
    share = np.repeat([1.0, 0.0], [60, 240])
    np.random.default_rng(4).shuffle(share)
    fit, seen = shifted(1, 0.0, share)
    unaware, aware = (assessed(fit, seen, m * share) for m in (0.0, SHARED_M))
    assert not aware.shift_stands_out
    # The others tell that it is small, to some 10 m.
    assert aware.sigma_m < 1.3 * unaware.sigma_m


def test_a_shift_that_all_light_shares_is_in_full_in_the_sigma() -> None:
    """A raster of light: nothing in the frame can tell whether it lies off."""
    fit, seen = shifted(2, 0.0, np.ones(200))
    aware = assessed(fit, seen, np.full(200, SHARED_M))
    assert aware.sigma_m == pytest.approx(SHARED_M, rel=0.1)


def test_what_is_hardly_a_match_tells_less() -> None:
    pixel, error_px = scattered(200, 7)
    rng = np.random.default_rng(7)
    clear = observed(pixel, error_px)
    stray = observed(pixel, np.where(rng.random((200, 1)) < 0.5, error_px, rng.uniform(-6, 6, (200, 2))))
    stray = replace(stray, window_px=np.full(200, 6.0))
    lost = [doubt(adjust(TRUTH, FAIR, seen, AdjustSettings()), seen) for seen in (clear, stray)]
    # In a window of 12 px, errors of 2 to 3 px may be either.
    assert lost[0] < 0.05
    assert 0.15 < lost[1] <= MOST_DOUBT
    by_hand = observed(pixel, error_px, known=True)
    assert doubt(adjust(TRUTH, FAIR, by_hand, AdjustSettings()), by_hand) == 0.0


def test_a_patch_shares_what_its_places_share() -> None:
    """By how strongly each place holds the patch; where none is, as all are."""
    pixel = np.array([[500.0, 500.0], [1500.0, 500.0], [500.0, 1200.0]])
    lon, lat = TRUTH.to_ground(*np.array([[480.0, 1480.0, 1520.0], [500.0, 500.0, 500.0]]))
    three = replace(sources([0.0] * 3, 0.0, 1e4, 0.5), lon=lon, lat=lat, shared_km=np.array([0.4, 0.4, 0.0]))
    light = patch_light(TRUTH, three, pixel, 48, 640 / 2128, DrawingSettings())
    assert light.side_px == pytest.approx(159.6)
    # Pixels of one frame, so pulls of three equal lights differ by a few per cent.
    assert light.shared_m == pytest.approx([400.0, 200.0, 266.7], rel=0.05)
