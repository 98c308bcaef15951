"""Parts of the station are found, and nothing on the ground is taken for one."""

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.photo.photo import Photo
from pipeline.photo.structure import EVENNESS_BLOCK_PX, structure, without_structure

HEIGHT, WIDTH = 500, 700
ROW, COLUMN = np.mgrid[:HEIGHT, :WIDTH]
CORNER = COLUMN > 500 + ROW / 2  # a panel's outline: a tenth of the frame, to its right edge


def frame(more: NDArray[np.float64] | float = 0.0, seed: int = 0) -> Photo:
    """A night with noise and lamps, and more light over it."""
    rng = np.random.default_rng(seed)
    light = np.abs(rng.normal(0.005, 0.003, (HEIGHT, WIDTH)))
    light[rng.integers(0, HEIGHT, 800), rng.integers(0, WIDTH, 800)] += rng.uniform(0.05, 0.9, 800)
    light = np.clip(light + more, 0, 1)
    return Photo(np.stack([light] * 3).astype(np.float32), light >= 0.95)


@pytest.mark.parametrize("level", [0.06, 0.3, 0.8])
def test_a_panel_at_the_edge_is_found_and_little_else(level: float) -> None:
    shaded = level * (0.8 + 0.4 * ROW / HEIGHT)
    photo = frame(np.where(CORNER, shaded, 0.0))
    hidden = structure(photo)
    # Blocks that the outline cuts are neither even nor bright, and are reached by the block around others.
    assert hidden[CORNER].mean() > 0.98
    assert hidden[COLUMN < 500 + ROW / 2 - 3 * EVENNESS_BLOCK_PX].sum() == 0
    before = photo.light.copy()
    left, share = without_structure(photo)
    assert share == pytest.approx(CORNER.mean(), abs=0.03)
    assert np.isnan(left.light[:, hidden]).all()
    assert (left.light[:, ~hidden] == before[:, ~hidden]).all()


def city() -> NDArray[np.float64]:
    """Streets lit all over the corner: bright, but of lamps with darkness between them."""
    lamps = np.zeros((HEIGHT, WIDTH))
    lamps[::4, ::5] = 3.0
    spread = lamps.copy()
    for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        spread += 0.5 * np.roll(lamps, (down, right), (0, 1))
    return np.where(CORNER, 0.15 * spread, 0.0)


@pytest.mark.parametrize(
    "ground",
    [
        np.zeros((HEIGHT, WIDTH)),
        np.where(CORNER, 0.02, 0.0),  # a moonlit cloud
        city(),
        np.where(CORNER, 1.0, 0.0),  # a city that is overexposed
        np.where(np.hypot(ROW - 250, COLUMN - 350) < 100, 0.3, 0.0),  # even, bright, but not at the edge
        0.3 * np.ones((HEIGHT, WIDTH)),  # a fogged frame
    ],
    ids=["night", "cloud", "city", "overexposed", "inside", "fogged"],
)
def test_the_ground_is_left_alone(ground: NDArray[np.float64]) -> None:
    photo = frame(ground)
    assert not structure(photo).any()
    assert without_structure(photo)[1] == 0.0


def test_a_frame_that_is_no_whole_number_of_blocks_is_hidden_to_its_edge() -> None:
    assert HEIGHT % EVENNESS_BLOCK_PX != 0
    below = structure(frame(np.where(ROW > 400, 0.3, 0.0)))
    assert below[-1].all()
