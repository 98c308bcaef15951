"""The search: where its peaks lie."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, maximum_filter

from pipeline.georeference.search import highest_peaks

DISTANCE_PX, COUNT = 8, 2


@pytest.mark.parametrize("shape", [(64, 64), (61, 90), (7, 5)])
@pytest.mark.parametrize("seed", range(5))
def test_the_highest_peaks_are_those_of_a_filter_over_all(shape: tuple[int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    score = gaussian_filter(rng.standard_normal(shape), 2).astype(np.float32)
    score[rng.random(shape) < 0.2] = -1  # not allowed
    peaks = (score == maximum_filter(score, DISTANCE_PX)) & (score > -1)
    expected = sorted(np.argwhere(peaks).tolist(), key=lambda at: -score[tuple(at)])[:COUNT]
    assert [list(at) for at in highest_peaks(score, COUNT, DISTANCE_PX)] == expected


def test_where_nothing_is_allowed_there_is_no_peak() -> None:
    assert highest_peaks(np.full((20, 30), -1, np.float32), COUNT, DISTANCE_PX) == []
