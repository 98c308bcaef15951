"""Reference light lies where its cities are, weighs what they weigh, and mirrors as a mirror does."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import center_of_mass, gaussian_filter

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.georeference.reference import gaussians, render, splat
from pipeline.georeference.settings import DrawingSettings
from pipeline.georeference.sources import Sources, city_light
from pipeline.ground.cities import Cities
from pipeline.models import LonLat

DRAWING = DrawingSettings()
CAMERA = Camera(
    position_ecef_m=to_ecef(6.0, 50.0, 400e3),
    rotation_ecef_to_camera=look_at_rotation(to_ecef(6.0, 50.0, 400e3), to_ecef(6.5, 50.5), 30.0),
    focal_px=600.0,
    principal_point_px=(127.5, 84.5),
    width=256,
    height=170,
)


def cities(*rows: tuple[float, float, float]) -> Sources:
    """The light of cities of a longitude, a latitude and a population."""
    lon, lat, population = (np.array(v) for v in zip(*rows, strict=True))
    return city_light(Cities(lon, lat, population, np.full(len(rows), "x"), np.full(len(rows), "DE")))


def test_a_city_lies_where_the_camera_projects_it() -> None:
    column, row = CAMERA.project(6.6, 50.6)
    image = np.expm1(render(CAMERA, cities((6.6, 50.6, 20000.0)), DRAWING))
    # Bilinear weights keep the centroid; what remains is the cut at three sigma.
    assert np.allclose(center_of_mass(image), (row, column), atol=0.02)


def test_light_is_a_surface_brightness_that_sums_to_the_city() -> None:
    town = cities((6.5, 50.5, 20000.0))
    pixel_km2 = (CAMERA.ground_sample_distance_m(6.5, 50.5) / 1e3) ** 2
    total = DRAWING.knee * np.expm1(render(CAMERA, town, DRAWING).astype(float)).sum() * pixel_km2
    assert np.isclose(total, town.light[0], rtol=0.02)  # the Gaussian is cut at three sigma


def test_cities_out_of_sight_are_dark() -> None:
    assert render(CAMERA, cities((-174.0, -50.0, 1e7)), DRAWING).max() == 0


def test_light_is_finite_where_the_horizon_is_in_view() -> None:
    """Cities on either side of the horizon, where one normal of the Earth sees them and another does not."""
    aside = replace(
        CAMERA, rotation_ecef_to_camera=look_at_rotation(CAMERA.position_ecef_m, to_ecef(6.0, 69.0), 0.0)
    )
    rows = [(lon, lat, 1e5) for lon in np.linspace(-20, 32, 27) for lat in np.linspace(66, 72, 61)]
    image = render(aside, cities(*rows), DRAWING)
    assert np.isfinite(image).all()
    assert image.max() > 0


def test_splat_keeps_weight_and_drops_what_is_outside() -> None:
    image = splat(np.array([1.25, -5.0]), np.array([2.5, 0.0]), np.array([4.0, 9.0]), (4, 4))
    assert image.sum() == 4
    assert image[2, 1] == 1.5


@pytest.mark.parametrize("sigma", [0.6, 1.7, 4.2])
def test_a_few_lights_are_drawn_one_by_one_as_a_filter_blurs_many(sigma: float) -> None:
    rng = np.random.default_rng(4)
    shape, reach = (90, 140), int(3 * sigma + 0.5)
    few = 10  # some of them just outside the frame
    column, row = rng.uniform(-3 * sigma, shape[1] + 3 * sigma, few), rng.uniform(0, shape[0], few)
    column[:2], row[2:4] = -2 * sigma, -2 * sigma
    weight = rng.lognormal(3, 1, few)
    pad = reach + 1
    points = splat(column + pad, row + pad, weight, (shape[0] + 2 * pad, shape[1] + 2 * pad))
    blurred = gaussian_filter(points, sigma, mode="constant", truncate=3.0)[pad:-pad, pad:-pad]
    image = gaussians(column, row, weight, sigma, shape)
    assert image == pytest.approx(blurred, abs=1e-6 * float(blurred.max()))  # 32 bits
    # So many that they are filtered: the same light, each of them in parts.
    parts = 200
    again = gaussians(*(np.tile(v, parts) for v in (column, row, weight / parts)), sigma, shape)
    assert again == pytest.approx(image, abs=1e-5 * float(image.max()))


def test_two_mirrors_are_a_turn_and_the_same_mirror_twice_is_nothing() -> None:
    place, centre = cities((7.0, 51.0, 1e4)), LonLat(lon=6.0, lat=50.0)
    twice = place.mirrored(centre, 45.0).mirrored(centre, 45.0)
    half_turn = place.mirrored(centre, 0.0).mirrored(centre, 90.0)
    assert np.allclose([twice.lon, twice.lat], [place.lon, place.lat])
    assert np.allclose([half_turn.lon, half_turn.lat], [[5.0], [49.0]])


def test_mirrors_reach_across_the_date_line() -> None:
    fiji = LonLat(lon=179.5, lat=-17.0)
    across = cities((-179.5, -16.0, 1e4)).mirrored(fiji, 45.0)  # 1 degree east, 1 north: they change places
    shrink = np.cos(np.radians(17.0))
    assert np.allclose([across.lon % 360, across.lat], [[179.5 + 1 / shrink], [-17.0 + shrink]])


def test_wide_light_is_drawn_on_larger_pixels_as_on_small_ones() -> None:
    """One city, ever wider in pixels, against the Gaussian that it is."""
    big = cities((6.3, 50.3, 3e6))
    for zoom in (0.5, 1.0, 2.0, 4.0):
        camera = CAMERA.scaled(zoom)
        image = np.expm1(render(camera, big, DRAWING)) * DRAWING.knee
        column, row = (float(v[0]) for v in camera.project(big.lon, big.lat))
        pixel_km = camera.ground_sample_distance_m(big.lon, big.lat)[0] / 1e3
        y, x = np.indices(image.shape)
        squared = (x - column) ** 2 + (y - row) ** 2
        sigma_px = np.hypot(big.radius_km[0] / pixel_km, 0.6)
        expected = big.light[0] / pixel_km**2 * np.exp(-squared / 2 / sigma_px**2) / (2 * np.pi * sigma_px**2)
        # Sizes are of half octaves, up to 19 % off in sigma: the place and the total are what must hold.
        assert image.sum() == pytest.approx(expected.sum(), rel=0.03)
        for along in (x, y):
            found, true = ((v * along).sum() / v.sum() for v in (image, expected))
            # Cut off at three sigma, which the frame's edge makes lopsided: a fiftieth of one.
            assert found == pytest.approx(true, abs=0.1 + 0.02 * sigma_px)
