import numpy as np
import pytest

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.simulate.clouds import THICKEST, covered, transmittance, with_station_part
from pipeline.simulate.render import MARGIN_PX


@pytest.fixture(scope="module")
def camera() -> Camera:
    position = to_ecef(7.5, 50.0, 405e3)
    return Camera(
        position_ecef_m=position,
        rotation_ecef_to_camera=look_at_rotation(position, to_ecef(5.9, 50.7), 37.0),
        focal_px=1250.0,
        principal_point_px=(266.0, 176.5),
        width=532,
        height=354,
    )


def framed(padded: np.ndarray) -> np.ndarray:
    return padded[..., MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX]


@pytest.mark.parametrize("cover", [0.2, 0.4, 0.7])
def test_clouds_cover_the_share_of_the_frame_they_should(camera: Camera, cover: float) -> None:
    through = framed(transmittance(camera, cover, np.random.default_rng(1)))
    assert through.max() == 1
    assert THICKEST <= through.min() < 0.5
    # Half way into a cloud's edge, transmittance is (1 + 0.5) / 2; the share is a quantile, exact to a pixel.
    assert (through < 0.75).mean() == pytest.approx(cover, abs=0.005)


def test_clouds_have_soft_edges(camera: Camera) -> None:
    through = framed(transmittance(camera.scaled(2), 0.4, np.random.default_rng(2)))
    # The step from clear to just inside a cloud, 0.5, takes more than a pixel even of a small picture.
    assert np.abs(np.diff(through, axis=1)).max() < 0.5


def test_a_cloud_dims_and_blurs_a_lamp(camera: Camera) -> None:
    """Of transmittance T, the lamp's own pixel keeps T^2 and T reaches the camera in all."""
    through = transmittance(camera, 0.5, np.random.default_rng(3))
    height, width = through.shape
    inside = (slice(150, height - 150), slice(150, width - 150))
    row, column = np.unravel_index(np.argmin(np.abs(through[inside] - 0.3)), through[inside].shape)
    row, column = row + 150, column + 150
    light = np.zeros((3, height, width))
    dark = covered(camera, light, 0.5, np.random.default_rng(3))
    light[:, row, column] = 100.0
    seen = covered(camera, light, 0.5, np.random.default_rng(3)) - dark
    t = through[row, column]
    assert t == pytest.approx(0.3, abs=0.02)
    # A Gaussian glow of at least 1.2 px (400 m) puts up to 11 % of itself into the middle pixel.
    assert 100 * t**2 < seen[1, row, column] < 100 * (t**2 + 0.11 * t * (1 - t))
    # Rounding of the FFT below zero is cut off.
    assert seen[1].sum() == pytest.approx(100 * t, rel=1e-3)


def test_without_cloud_nothing_changes(camera: Camera) -> None:
    light = np.random.default_rng(4).random((3, camera.height + 2 * MARGIN_PX, camera.width + 2 * MARGIN_PX))
    through = transmittance(camera, 0.3, np.random.default_rng(5))
    assert (through == 1).any()
    clear = covered(camera, light, 0.3, np.random.default_rng(5))[:, through == 1]
    # Glow of the clouds around adds to clear ground and takes nothing away.
    assert (clear >= light[:, through == 1]).all()


def test_clouds_lie_on_the_ground_not_on_the_picture(camera: Camera) -> None:
    """A camera turned by 180 degrees about its axis sees the same clouds upside down."""
    turn = np.diag([-1.0, -1.0, 1.0])
    rolled = Camera(
        camera.position_ecef_m,
        turn @ camera.rotation_ecef_to_camera,
        camera.focal_px,
        (camera.width - 1 - 266.0, camera.height - 1 - 176.5),
        camera.width,
        camera.height,
    )
    one, other = (framed(transmittance(c, 0.4, np.random.default_rng(6))) for c in (camera, rolled))
    # The scale is taken from the middle of the picture with its margin, half a pixel apart in the two.
    assert np.abs(one - other[::-1, ::-1]).mean() < 0.02


@pytest.mark.parametrize("seed", range(12))
def test_a_station_part_hides_up_to_15_percent_at_an_edge(camera: Camera, seed: int) -> None:
    light = np.full((3, camera.height + 2 * MARGIN_PX, camera.width + 2 * MARGIN_PX), 50.0)
    seen = framed(with_station_part(light, np.random.default_rng(seed)))
    hidden = seen[1] < 25
    assert 0.02 < hidden.mean() < 0.16
    edge = np.concatenate([hidden[0], hidden[-1], hidden[:, 0], hidden[:, -1]])
    assert edge.any()
    assert seen[:, ~hidden].max() == 50
