"""The smooth trend of tone over a frame, and the step at a border that it leaves."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.camera.earth import Array


@dataclass(frozen=True)
class Trend:
    """A plane or a curved surface over a frame: its terms in places scaled to -1 to 1."""

    centre: tuple[float, float]
    reach: tuple[float, float]
    curved: bool

    @classmethod
    def over(cls, x: Array, y: Array, units: int, curved_from: int) -> "Trend":
        """Curved where there are enough units to tell."""
        low, high = np.array([x.min(), y.min()]), np.array([x.max(), y.max()])
        centre, reach = (low + high) / 2, np.maximum((high - low) / 2, 1.0)
        return cls(
            (float(centre[0]), float(centre[1])),
            (float(reach[0]), float(reach[1])),
            units >= curved_from,
        )

    def terms(self, x: Array, y: Array) -> Array:
        """(n, 2) or (n, 5): x, y and their products."""
        u, v = (x - self.centre[0]) / self.reach[0], (y - self.centre[1]) / self.reach[1]
        return np.column_stack([u, v, u * u, u * v, v * v] if self.curved else [u, v])


def stepped(group: NDArray[np.int_], terms: Array) -> tuple[Array, Array]:
    """The design of levels near to a border (groups 0 and 1) and far from it (2 and 3, where there are any)
    over a trend, and the combination that is the step from group 0 to 1."""
    levels = np.eye(4)[group][:, np.isin(range(4), (0, 1, *group))]
    step = np.zeros(levels.shape[1] + terms.shape[1])
    step[:2] = -1, 1
    return np.column_stack([levels, terms]), step
