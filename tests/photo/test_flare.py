"""Ghosts of a bright light are found where they were planted, and nowhere else."""

import dataclasses

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.photo.flare import Light, bright_lights, ghosts, without_flare
from pipeline.photo.photo import Photo
from pipeline.photo.reader import read_photo, srgb_to_linear
from pipeline.photo.saturation import saturated
from pipeline.simulate.flare import Ghost, ghost_place, with_ghost, with_light
from pipeline.simulate.render import Optics, developed, ground_light, imaged, noisy
from pipeline.simulate.scene import lights_seen, view
from tests.scenes.frames import simulated

SHAPE = (1064, 708)
LONG = max(SHAPE)
STRENGTH = 0.03  # of white: what the module promises to find, of a radius of 2 % of the long side


@pytest.fixture(scope="module")
def night() -> NDArray[np.float64]:
    """Towns through the simulator's lens, linear and free of noise."""
    camera, _ = view(1, 2012, (5.92, 50.72), (), 85.0, (15.0, 35.0), SHAPE)
    return imaged(camera, ground_light(camera, lights_seen(camera, 1, 2012, None)))


def photographed(picture: NDArray[np.float64], seed: int = 0) -> Photo:
    codes = np.moveaxis(developed(noisy(picture, seed, Optics())), -1, 0)
    return Photo(srgb_to_linear(codes / 255), saturated(codes, 255))


def planted(seed: int) -> tuple[float, float, Ghost]:
    """A light somewhere between the middle and the edge, and a ghost of any colour it may throw."""
    rng = np.random.default_rng([seed, 1])
    angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.4) * SHAPE[1]
    colour = rng.dirichlet((2, 2, 2))
    rgb = STRENGTH * colour / colour.max()
    ghost = Ghost(
        scale=rng.uniform(0.5, 1.2),
        radius_px=rng.uniform(0.02, 0.05) * LONG,
        rgb=(float(rgb[0]), float(rgb[1]), float(rgb[2])),
        aside_px=rng.uniform(-0.02, 0.02) * LONG,
        soft=bool(seed % 2),
    )
    return SHAPE[1] / 2 + away * np.sin(angle), SHAPE[0] / 2 + away * np.cos(angle), ghost


def distance(at: tuple[float, float]) -> NDArray[np.float64]:
    return np.asarray(np.hypot(np.arange(SHAPE[1])[:, None] - at[0], np.arange(SHAPE[0]) - at[1]))


def light_at(photo: Photo, row: float, column: float) -> Light:
    """The light nearest to a place."""
    return min(
        bright_lights(photo), key=lambda light: float(np.hypot(light.row - row, light.column - column))
    )


@pytest.mark.parametrize("seed", range(8))
def test_planted_ghosts_are_found(night, seed):
    row, column, ghost = planted(seed)
    lit = with_light(night, row, column, 0.01 * LONG)
    away = distance(ghost_place(night, row, column, ghost)) / ghost.radius_px
    photo = photographed(with_ghost(lit, row, column, ghost), seed)
    hidden = ghosts(photo, bright_lights(photo))
    # A soft one has fallen to half at 0.7 radii. Blocks are a fifth of the smallest ones' radius, and towns
    # at the edge may take a bite.
    assert hidden[away < (0.7 if ghost.soft else 1.0)].mean() > 0.85
    # The skirt, and towns beside it that are as bright and as even.
    assert hidden[away > 2.5].sum() < 0.005 * hidden.size
    before = photo.light.copy()
    left, count = without_flare(photo)
    assert count == hidden.sum()
    assert np.isnan(left.light[:, hidden]).all()
    assert (left.light[:, ~hidden] == before[:, ~hidden]).all()


@pytest.mark.parametrize("seed", range(2))
def test_a_light_without_a_ghost_hides_nothing(night, seed):
    row, column, _ = planted(seed)
    assert without_flare(photographed(night, seed))[1] == 0
    assert without_flare(photographed(with_light(night, row, column, 0.01 * LONG), seed))[1] == 0


def test_the_same_spot_where_no_light_can_throw_it_is_left_alone(night):
    row, column, ghost = planted(0)
    lit = with_light(night, row, column, 0.01 * LONG)
    astray = dataclasses.replace(ghost, aside_px=0.15 * LONG)
    assert without_flare(photographed(with_ghost(lit, row, column, ghost)))[1] > 0
    assert without_flare(photographed(with_ghost(lit, row, column, astray)))[1] == 0


def test_the_core_of_a_city_throws_no_ghost(night):
    """As large as the light of `planted`, of lamps that have run together: ragged, and much longer."""
    row, column, ghost = planted(0)
    random = np.random.default_rng(5)
    core = with_ghost(night, row, column, ghost)
    for along in np.linspace(-0.035, 0.035, 60) * LONG:
        down, right = row + along + random.normal(0, 3), column + random.normal(0, 4)
        core = core + 2.0 * np.exp(-(distance((down, right)) ** 2) / (2 * 1.8**2))
    photo = photographed(core)
    light = light_at(photo, row, column)
    assert light.size > 300
    assert light.roundness < 0.5
    assert not ghosts(photo, bright_lights(photo)).any()
    # The same spot, thrown by a disc of this size.
    assert ghosts(photo, (dataclasses.replace(light, roundness=1.0),)).any()


def test_a_ghost_has_less_light_than_a_lens_can_throw_back(night):
    """A moonlit cloud where the ghost of a light may be, with more light than the light seems to have."""
    row, column, ghost = planted(0)
    cloud = dataclasses.replace(ghost, radius_px=0.06 * LONG, rgb=(0.06, 0.06, 0.06), soft=False)
    photo = photographed(with_ghost(with_light(night, row, column, 0.01 * LONG), row, column, cloud))
    light = light_at(photo, row, column)
    assert not ghosts(photo, (light,)).any()
    assert ghosts(photo, (dataclasses.replace(light, size=5 * light.size),)).any()


def test_a_disc_is_round_and_a_row_of_lamps_is_not():
    saturated = np.zeros((200, 300), bool)
    saturated[np.hypot(np.arange(200)[:, None] - 60, np.arange(300) - 80) < 20] = True
    saturated[150:154, 100:260] = True
    disc, row = bright_lights(Photo(np.zeros((3, 200, 300), np.float32), saturated))
    assert disc.roundness == pytest.approx(1.0, abs=0.06)  # its edge is of whole pixels
    assert row.roundness == pytest.approx(4 * 160 / (np.pi * 80**2), rel=0.05)
    assert (disc.row, disc.column, row.size) == (60, 80, 640)


def test_a_town_where_a_ghost_may_be_is_left_alone(night):
    """Of the same light and size as a ghost, but of lamps with darkness between them."""
    row, column, ghost = planted(0)
    lit = with_light(night, row, column, 0.01 * LONG)
    inside = distance(ghost_place(night, row, column, ghost)) < ghost.radius_px
    lamps = np.zeros_like(inside)
    lamps[::5, ::6] = True
    spread = sum(np.roll(lamps & inside, (down, right), (0, 1)) for down in (0, 1) for right in (0, 1))
    town = lit + np.reshape(ghost.rgb, (3, 1, 1)) * 30 / 4 * spread
    assert without_flare(photographed(town))[1] == 0


# At 135 and 180 mm cities fill much of the frame, and their glow is as smooth and wide as a ghost.
FILLED_BY_A_CITY = ("scene-113.jpg", "scene-115.jpg")


def nothing_is_found(photo: Photo, name: str) -> None:
    assert without_flare(photo)[1] == 0, name
    # Nor would it be if lamps of a fifth of the size were thought to throw ghosts.
    if name not in FILLED_BY_A_CITY:
        assert not ghosts(photo, bright_lights(photo, 2e-5)).any(), name


@pytest.mark.parametrize("focal_length_mm", [50.0, 85.0])
def test_nothing_is_found_in_simulated_frames_without_flare(focal_length_mm):
    nothing_is_found(simulated(focal_length_mm)[0], f"{focal_length_mm:g} mm")


def test_nothing_is_found_in_photographs_without_flare(shared):
    for kind in ("photos", "scenes"):
        files = sorted((shared / kind).glob("*.jpg"))
        assert files
        for file in files:
            nothing_is_found(read_photo(file).photo, file.name)
