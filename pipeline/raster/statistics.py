"""Exact statistics of a stream of values, as GDAL and QGIS read them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass
class Statistics:
    """Count, mean, spread and range of a stream of values (Chan, Golub and LeVeque's update).

    Taken of each chunk as it is written: a library's mean and spread would work out all chunks once more.
    """

    count: int = 0
    total: int = 0
    mean: float = 0.0
    squares: float = 0.0
    low: float = np.inf
    high: float = -np.inf

    @classmethod
    def of(cls, values: NDArray[Any]) -> "Statistics":
        """Of one array (height, width), taken as float32; NaN counts in the total alone."""
        from pipeline.raster.kernels import summarise  # compiled: a tenth of numpy's time

        count, *of_values = summarise(np.require(values, np.float32, ["C", "W"]))
        return cls(count, values.size, *of_values)

    def add(self, other: "Statistics") -> None:
        """Take in another stream, which followed this one."""
        self.total += other.total
        if other.count == 0:
            return
        count, step = self.count + other.count, other.mean - self.mean
        self.squares += other.squares + step * step * self.count * other.count / count
        self.mean += step * other.count / count
        self.count, self.low, self.high = count, min(self.low, other.low), max(self.high, other.high)

    def tags(self) -> dict[str, str]:
        """As GDAL and QGIS read them; none for a band without a value."""
        if self.count == 0:
            return {}
        return {
            "STATISTICS_MINIMUM": repr(self.low),
            "STATISTICS_MAXIMUM": repr(self.high),
            "STATISTICS_MEAN": repr(self.mean),
            "STATISTICS_STDDEV": repr(float(np.sqrt(self.squares / self.count))),
            "STATISTICS_VALID_PERCENT": f"{100 * self.count / self.total:.4g}",
        }
