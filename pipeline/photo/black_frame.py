"""The black frame that some pictures have around them, which is no dark night."""

import numpy as np
from numpy.typing import NDArray


def within_black_frame(lit_rows: NDArray[np.bool_], lit_columns: NDArray[np.bool_]) -> tuple[slice, slice]:
    """Rows and columns of the picture itself, by which rows and columns have any light at all.

    What is exactly zero from end to end along the edges is a frame, not a dark night, which has noise.
    """
    return _first_to_last(lit_rows), _first_to_last(lit_columns)


def _first_to_last(lit: NDArray[np.bool_]) -> slice:
    """From the first to the last that is lit; empty where none is."""
    places = np.flatnonzero(lit)
    return slice(int(places[0]), int(places[-1]) + 1) if places.size else slice(0, 0)
