"""How far the light of a patch may lie from where its sources are said to be."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import Array, to_ecef
from pipeline.georeference.patches import displacements, placement_sigma_px
from pipeline.georeference.reference import render
from pipeline.georeference.settings import DrawingSettings, PatchSettings
from pipeline.georeference.sources import Sources
from pipeline.georeference.working_image import WorkingImage

# Straight down from 400 km: a pixel is 0.5 km in the middle and within 2 % of it all over.
CAMERA = Camera(
    position_ecef_m=to_ecef(6.0, 50.0, 400e3),
    rotation_ecef_to_camera=look_at_rotation(to_ecef(6.0, 50.0, 400e3), to_ecef(6.0, 50.0), 0.0),
    focal_px=800.0,
    principal_point_px=(95.5, 63.5),
    width=192,
    height=128,
)
SIZE = 64
DRAWING = DrawingSettings()


def sources(column: object, row: object, light: object = 1000.0, radius_km: object = 0.5) -> Sources:
    """Sources of 0.4 km of sigma that lie at pixels."""
    column, row = (np.atleast_1d(np.asarray(v, float)) for v in (column, row))
    lon, lat = CAMERA.to_ground(column, row)
    fields = np.broadcast_arrays(lon, lat, light, radius_km, 0.4, 0.0, 0.0)
    return Sources(*(np.array(f, float) for f in fields))


def sigma_px(s: Sources, *corners: tuple[int, int]) -> Array:
    """Of patches with these top left corners (column, row)."""
    left, top = (np.array(v) for v in zip(*corners, strict=True))
    return placement_sigma_px(CAMERA, s, top, left, SIZE, DRAWING)


def pixel_km(s: Sources) -> Array:
    return CAMERA.ground_sample_distance_m(s.lon, s.lat) / 1e3


def test_one_light_is_as_unsure_as_its_place() -> None:
    s = sources(30, 30)
    assert sigma_px(s, (0, 0)) == pytest.approx(0.4 / pixel_km(s))
    # However bright or wide it is.
    assert sigma_px(sources(30, 30, 1e6, 3.0), (0, 0)) == pytest.approx(sigma_px(s, (0, 0)))


@pytest.mark.parametrize("n", [2, 9])
def test_errors_of_equal_lights_average_out(n: int) -> None:
    rng = np.random.default_rng(n)
    s = sources(*rng.uniform(5, 58, (2, n)))
    # Pixels are alike to 1 %.
    assert sigma_px(s, (0, 0)) == pytest.approx(sigma_px(sources(30, 30), (0, 0)) / np.sqrt(n), rel=0.01)


def test_lights_count_by_the_square_of_their_height_in_the_picture() -> None:
    s = sources([20, 40], [20, 40], [2000.0, 100.0], [0.5, 0.8])
    brightness = s.light / (2 * np.pi * (s.radius_km**2 + (DRAWING.light_blur_px * pixel_km(s)) ** 2))
    pull = np.log1p(brightness / DRAWING.knee) ** 2
    expected = np.hypot(*(pull * 0.4 / pixel_km(s))) / pull.sum()
    assert sigma_px(s, (0, 0)) == pytest.approx(expected)
    # A faint neighbour hardly helps: sooner one light than two.
    assert expected > 0.9 * 0.4 / pixel_km(s).mean()


def test_only_lights_in_the_patch_count_and_dark_patches_are_the_least_sure() -> None:
    s = sources([20, 30, 40, 150, 150.0], [20, 30, 40, 90, 95.0])
    s = replace(s, sigma_km=np.array([0.4, 0.4, 0.4, 0.8, 0.8]))
    three, two, none, all_of_a_kind = sigma_px(s, (0, 0), (120, 50), (64, 0), (10, 10))
    scale = 1 / pixel_km(s).mean()  # alike to 2 %
    assert three == pytest.approx(0.4 / np.sqrt(3) * scale, rel=0.02)
    assert all_of_a_kind == pytest.approx(three)
    assert two == pytest.approx(0.8 / np.sqrt(2) * scale, rel=0.02)
    assert none == two


def test_patches_agree_with_a_sum_over_each() -> None:
    rng = np.random.default_rng(1)
    s = sources(rng.uniform(-40, 230, 400), rng.uniform(-40, 170, 400), rng.lognormal(6, 2, 400))
    corners = [(c, r) for c in (0, 31, 64, 128) for r in (0, 17, 64)]
    column, row = CAMERA.project(s.lon, s.lat)
    pull = (
        np.log1p(
            s.light
            / (2 * np.pi * (s.radius_km**2 + (DRAWING.light_blur_px * pixel_km(s)) ** 2))
            / DRAWING.knee
        )
        ** 2
    )
    expected = []
    for left, top in corners:
        near = (np.round(column) >= left) & (np.round(column) < left + SIZE)
        near &= (np.round(row) >= top) & (np.round(row) < top + SIZE)
        error = pull[near] * 0.4 / pixel_km(s)[near]
        expected.append(np.sqrt((error**2).sum()) / pull[near].sum())
    # Differences of cumulative sums: 1e-16 of the largest.
    assert sigma_px(s, *corners) == pytest.approx(expected, rel=1e-9)


def test_no_light_at_all_is_no_error() -> None:
    assert sigma_px(sources([-500], [0]), (0, 0), (64, 64)).tolist() == [0.0, 0.0]


def test_lights_beyond_the_horizon_do_not_count() -> None:
    """They project into the frame, through the Earth."""
    aside = replace(
        CAMERA, rotation_ecef_to_camera=look_at_rotation(CAMERA.position_ecef_m, to_ecef(6.0, 60.0), 0.0)
    )
    lon, lat = (v.ravel() for v in np.meshgrid(np.linspace(-60, 72, 34), np.linspace(58, 88, 31)))
    beyond = aside.view(lon, lat)[0] > 90
    all_of_them = Sources(lon, lat, *(np.full(len(lon), v) for v in (1e4, 0.5, 0.4, 0.0, 0.0)))
    top, left = (v.ravel() for v in np.meshgrid([0, 32, 64], [0, 32, 64, 96, 128]))
    column, row = aside.project_ecef(all_of_them.ecef_m)
    within = aside.inside(column, row)
    assert (within & beyond).sum() > 10
    assert (within & ~beyond).sum() > 10
    seen = placement_sigma_px(aside, all_of_them[~beyond], top, left, SIZE, DRAWING)
    assert placement_sigma_px(aside, all_of_them, top, left, SIZE, DRAWING) == pytest.approx(seen)


def test_patches_correlate_over_the_usable_pixels_of_their_scene() -> None:
    """In the middle, beside what is hidden, and at the edge of the photo, against sums by hand."""
    rng = np.random.default_rng(2)
    size, reach = 16, 4
    reference = np.log1p(rng.lognormal(0, 2, (60, 90))).astype(np.float32)
    photo = np.roll(reference, (2, -1), (0, 1)) + rng.normal(0, 0.3, reference.shape).astype(np.float32)
    valid = np.ones(photo.shape, bool)
    valid[30:38, 50:60] = False
    top, left = np.array([10, 28, 40, 0, 44]), np.array([20, 46, 60, 74, 0])
    found = displacements(WorkingImage(photo, valid, 1.0), reference, top, left, size, reach, PatchSettings())
    lit, usable = np.pad(photo, reach), np.pad(valid, reach)
    for k, corner in enumerate(zip(top, left, strict=True)):
        patch = reference[corner[0] : corner[0] + size, corner[1] : corner[1] + size]
        score = np.full((2 * reach + 1, 2 * reach + 1), -1.0)
        for shift in np.ndindex(score.shape):
            there = tuple(slice(c + s, c + s + size) for c, s in zip(corner, shift, strict=True))
            if usable[there].mean() >= PatchSettings().min_usable_share:
                seen = usable[there]
                score[shift] = np.corrcoef(lit[there][seen], patch[seen])[0, 1]
        # Fourier transforms of 32 bits.
        assert found.correlation[k] == pytest.approx(score.max(), abs=1e-5)
        best = np.array(np.unravel_index(score.argmax(), score.shape)) - reach
        assert np.abs(found.offset_px[k] - best[::-1]).max() <= 0.5
    assert found.offset_px[0] == pytest.approx([-1, 2], abs=0.2)


def test_displaced_towns_displace_a_patch_as_much_as_is_stated() -> None:
    """Towns of unlike size are moved at random; the patch is found as far off as its sigma says."""
    rng = np.random.default_rng(7)
    top, left = np.array([30]), np.array([60])
    pulls = []
    for _ in range(12):
        n = 8
        s = sources(rng.uniform(70, 114, n), rng.uniform(40, 84, n), rng.lognormal(7, 1, n), 0.6)
        stated = placement_sigma_px(CAMERA, s, top, left, SIZE, DRAWING)[0]
        reference = render(CAMERA, s, DRAWING)
        for _ in range(8):
            east, north = rng.normal(0, 0.4, (2, n))
            moved = replace(s, lon=s.lon + east / 71.7, lat=s.lat + north / 111.3)  # km of a degree
            photo = WorkingImage(render(CAMERA, moved, DRAWING), np.ones(reference.shape, bool), 1.0)
            found = displacements(photo, reference, top, left, SIZE, 6, PatchSettings())
            assert found.found.all()
            pulls.append(found.offset_px[0] / stated)
    # 96 offsets in two directions: 5 % by themselves, and 12 towns of their own. A correlation weighs towns
    # by the square of their height only while they are moved by less than their width (1.2 px of 0.8 px).
    assert np.sqrt(np.mean(np.square(pulls))) == pytest.approx(1.0, abs=0.3)
