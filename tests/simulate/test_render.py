import numpy as np
import pytest

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.simulate.lights import LampPoints
from pipeline.simulate.render import Optics, developed, exposed, noisy, on_pixels, render, spread, vignetting

PLAIN = Optics(vignetting=(0.0, 0.0, 0.0), background=(0.0, 0.0, 0.0), spread=((0.75, 1.0),))


@pytest.fixture
def camera() -> Camera:
    position = to_ecef(7.5, 50.0, 405e3)
    return Camera(
        position_ecef_m=position,
        rotation_ecef_to_camera=look_at_rotation(position, to_ecef(5.9, 50.7), 37.0),
        focal_px=1250.0,
        principal_point_px=(268.0, 171.5),
        width=532,
        height=354,
        k1=0.03,
    )


def lamps(lon: np.ndarray, lat: np.ndarray) -> LampPoints:
    rgb = np.tile([3.0, 1.0, 0.3], (len(lon), 1)) * 50
    return LampPoints(np.asarray(lon, float), np.asarray(lat, float), rgb, np.full(len(lon), "BE"))


@pytest.mark.parametrize("pixel", [(30.3, 25.8), (266.0, 171.0), (500.5, 20.25), (40.7, 330.1)])
def test_a_light_lands_where_the_camera_sees_it(camera: Camera, pixel: tuple[float, float]) -> None:
    lon, lat = camera.to_ground(*pixel)
    picture = exposed(camera, lamps(np.array([lon]), np.array([lat])), PLAIN)[0]
    row, column = np.indices(picture.shape)
    # Nothing but the arithmetic of sharing among four pixels stands between the two: far below 0.05 px.
    assert (picture * column).sum() / picture.sum() == pytest.approx(pixel[0], abs=0.01)
    assert (picture * row).sum() / picture.sum() == pytest.approx(pixel[1], abs=0.01)


def test_splat_by_hand() -> None:
    picture = on_pixels(np.array([1.25]), np.array([0.5]), np.array([8.0]), (3, 4))
    assert picture.tolist() == [[0, 3, 1, 0], [0, 3, 1, 0], [0, 0, 0, 0]]


def test_splat_keeps_energy_and_loses_what_is_outside_or_unseen() -> None:
    rng = np.random.default_rng(1)
    column, row, value = rng.uniform(0, 39, 5000), rng.uniform(0, 29, 5000), rng.random(5000)
    outside = np.array([-0.5, 40.0, np.nan]), np.array([5.0, 5.0, np.nan]), np.ones(3)
    both = (np.concatenate(pair) for pair in zip((column, row, value), outside, strict=True))
    assert on_pixels(*both, (30, 40)).sum() == pytest.approx(value.sum(), rel=1e-12)


def test_spread_keeps_energy_and_has_the_width_it_says() -> None:
    picture = np.zeros((64, 96))
    picture[30, 40] = 5.0
    blurred = spread(picture, ((1.5, 0.6), (4.0, 0.4)))
    assert blurred.sum() == pytest.approx(5.0, rel=1e-9)
    column = np.arange(96) - 40
    wanted = 0.6 * 1.5**2 + 0.4 * 4.0**2
    # The 64 rows hold 8 sigma either way; the tail beyond is nil.
    assert (blurred * column**2).sum() / 5.0 == pytest.approx(wanted, rel=1e-4)


def test_closer_and_longer_lenses_catch_more(camera: Camera) -> None:
    """Light of a point per pixel of the same lens falls with the square of range: the exact sum by hand."""
    light = lamps(np.array([5.9]), np.array([50.7]))
    range_m = np.linalg.norm(to_ecef(5.9, 50.7) - camera.position_ecef_m)
    wanted = 0.035 * 50 * (camera.focal_px / (85 / 36 * 2128) * 400e3 / range_m) ** 2
    assert exposed(camera, light, PLAIN)[1].sum() == pytest.approx(wanted, rel=1e-6)


def test_corners_are_darker_and_bands_differ_little(camera: Camera) -> None:
    falloff = vignetting(camera, Optics())
    assert falloff[:, 171, 268] == pytest.approx(1, abs=1e-4)
    assert falloff[:, 0, 0] == pytest.approx(0.6, abs=0.05)
    # A tone in the corner must not be off by more than lamps of one kind differ (0.05 in log2).
    assert abs(np.log2(falloff[1] / falloff[0])).max() < 0.05


def test_noise_has_the_variance_of_electrons() -> None:
    optics = Optics()
    flat = np.full((3, 200, 300), 0.25)
    grain = noisy(flat, 7, optics) - flat
    wanted = [np.sqrt(0.25 / 4000 + (read / 4000) ** 2) for read in optics.read_noise_e]
    # 60,000 pixels whose neighbours are correlated: about 0.5 % standard error.
    assert grain.std(axis=(1, 2)) == pytest.approx(wanted, rel=0.02)
    assert grain.mean(axis=(1, 2)) == pytest.approx(0, abs=3e-4)


def test_development_is_srgb_and_clips() -> None:
    coded = developed(np.array([-1.0, 0.002, 0.2140, 1.0, 7.0])[None, None, :].repeat(3, axis=0))
    assert coded[0, :, 0].tolist() == [0, 7, 127, 255, 255]


def test_same_seed_same_picture(camera: Camera) -> None:
    light = lamps(np.linspace(5.5, 6.3, 50), np.linspace(50.5, 50.9, 50))
    first, again, other = (render(camera, light, seed) for seed in (3, 3, 4))
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()
