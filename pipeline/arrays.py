"""Kinds of arrays that all rooms name; one of doubles is `camera.earth.Array`."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
