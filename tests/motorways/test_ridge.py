"""The ridge of light along a road: planted light is summed right, wide light falls out, noise is told."""

import numpy as np
import pytest

from pipeline.motorways.ridge import Band, Ridge, find_ridge, student_log
from pipeline.motorways.settings import MOTORWAY_SETTINGS
from tests.motorways.roads import CELL_M, crossings, line, roads
from tests.scenes.lands import grid

ROAD = roads(("E1", 300.0, line((2, 20), (38, 20))))
NOISE = 0.01


def ridge_of(draw, noise: float = NOISE, drawn: float = 1.0) -> Ridge:
    """Of a road 300 m off its line at most, in light that `draw` makes of offsets (m) and chainages; noise
    is stated, and so much of it drawn."""
    (crossing,), _ = crossings(ROAD)
    band = Band.of(crossing, grid(40, 40, CELL_M), np.full(len(crossing.x), 20.0), CELL_M, MOTORWAY_SETTINGS)
    rng = np.random.default_rng(1)
    light = draw(band.offset_m[:, None], crossing.chainage_m[None]) + noise * rng.standard_normal(
        band.row.shape
    )
    # Of green alone: that of red and green together is the root of 2 times it.
    sigma = np.full(band.row.shape, noise / np.sqrt(2))
    ridge = find_ridge(band, light, sigma, CELL_M, MOTORWAY_SETTINGS)
    assert ridge is not None
    return ridge


def image(offset_m, at_m):
    """Of a road of unit light a cell's area, as blurred as a ridge takes it to be."""
    width_m = np.hypot(MOTORWAY_SETTINGS.image_blur_px * CELL_M, MOTORWAY_SETTINGS.road_sigma_m)
    return CELL_M * np.exp(-0.5 * ((offset_m - at_m) / width_m) ** 2) / width_m / np.sqrt(2 * np.pi)


def test_light_is_summed_per_kilometre_where_the_road_is():
    """A light of 3 in each cell's length of road: 20 cells in a kilometre."""
    ridge = ridge_of(lambda offset, chainage: 3 * image(offset, 100.0) + 0 * chainage)
    at = int(np.flatnonzero(ridge.offset_m == 100.0)[0])
    assert ridge.light[at].mean() == pytest.approx(60.0, rel=0.02)  # sampled every 25 m
    far = np.abs(ridge.offset_m - 100.0) > 300
    assert np.abs(ridge.light[far].mean()) < 1


def test_a_wide_glow_falls_out():
    """Of a town of 600 m, 1 sigma, less than a tenth is left of what a road as bright gives."""
    road = ridge_of(lambda offset, chainage: 6 * np.exp(-0.5 * (offset / 43) ** 2) + 0 * chainage)
    town = ridge_of(lambda offset, chainage: 6 * np.exp(-0.5 * (offset / 600) ** 2) + 0 * chainage)
    assert np.abs(town.light).max() < 0.1 * road.light.max()
    assert town.flank.min() > 10 * road.flank.min()
    flat = ridge_of(lambda offset, chainage: 6.0 + 0 * offset + 0 * chainage)
    assert np.abs(flat.light).max() < 5 * flat.sigma.max()
    assert flat.flank.max() < 1


def test_sigma_is_that_of_ground_without_a_road():
    ridge = ridge_of(lambda offset, chainage: 0 * offset + 0 * chainage)
    assert ridge.light.std() == pytest.approx(ridge.sigma.mean(), rel=0.15)  # offsets share cells
    assert (ridge.town < 0.5).all()
    noisy = ridge_of(lambda offset, chainage: 0 * offset + 0 * chainage, noise=10 * NOISE)
    assert noisy.sigma.mean() == pytest.approx(10 * ridge.sigma.mean(), rel=0.05)


def test_what_is_not_seen_is_said():
    hidden = ridge_of(lambda offset, chainage: np.where(chainage > 5000, np.nan, 0.0) + 0 * offset)
    assert hidden.seen[hidden.chainage_m < 4900].all()
    assert not hidden.seen[hidden.chainage_m > 5100].any()


def test_a_hidden_cell_hides_no_more_than_its_surroundings():
    """NaN in one place, 500 m north of the line: the noise is known everywhere else along the road."""
    hidden = ridge_of(
        lambda offset, chainage: np.where((np.abs(offset - 500) < 30) & (np.abs(chainage) < 200), np.nan, 0.0)
    )
    whole = ridge_of(lambda offset, chainage: 0 * offset + 0 * chainage)
    away = np.abs(hidden.chainage_m) > 1000
    assert hidden.seen[away].all()
    assert np.isfinite(hidden.sigma[:, away]).all()
    assert hidden.sigma[:, away] == pytest.approx(whole.sigma[:, away], rel=0.05)


def test_the_road_is_looked_for_as_far_as_line_and_photo_may_be_off():
    """Three sigma: of 300 m as a 95 % bound, and of 20 m."""
    ridge = ridge_of(lambda offset, chainage: 0 * offset + 0 * chainage)
    expected = np.hypot(300 / 1.96, 20)
    assert ridge.sigma_m == pytest.approx(expected, rel=1e-3)
    assert 3 * expected - 25 < ridge.offset_m.max() < 3 * expected + 25


def test_students_law_adds_up_to_one():
    at = np.linspace(-2000, 2000, 400_001)
    for tail in (2.0, 5.0, 100.0):
        assert np.exp(student_log(at, tail)).sum() * 0.01 == pytest.approx(1, abs=1e-3)


def test_ground_without_any_light_or_noise_is_no_error():
    """As in drawn scenes: the camera's noise is all that is known, and a place without noise is not seen."""
    dark = ridge_of(lambda offset, chainage: 0 * offset + 0 * chainage, noise=NOISE, drawn=0.0)
    assert (dark.sigma > 0).all()
    assert dark.tail == max(MOTORWAY_SETTINGS.noise_tails)
