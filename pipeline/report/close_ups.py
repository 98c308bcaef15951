"""A border from close by: 30 km of it in its own colours, where it has most light."""

from typing import Any

import shapely
import shapely.ops

from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.report import maps
from pipeline.report.answers import of_pair

WIDTH_KM = 30.0


def showing(city: CityResults, pair: str) -> PhotoResults | None:
    """The photo that shows most cells beside a border, the later of equals; a real one before simulated."""

    def rank(photo: PhotoResults) -> tuple[bool, float]:
        return not photo.simulated, _cells(photo, pair)

    # The first of equals is the largest.
    return max((photo for photo in reversed(city.photos) if _cells(photo, pair)), key=rank, default=None)


def _cells(photo: PhotoResults, pair: str) -> float:
    """How many lit cells it shows beside a border."""
    return float(of_pair(photo.segments, pair)["n_cells"].sum())


def close_up(photo: PhotoResults, city: CityResults, pair: str) -> tuple[str, shapely.Point]:
    """The picture as SVG around the stretch with most light, and its middle."""
    place = _brightest(photo, pair)
    view = maps.view_at(place.x, place.y, 1e3 * WIDTH_KM, maps.CLOSE_CANVAS)
    return maps.light_map(photo, city, view), place


def _brightest(photo: PhotoResults, pair: str) -> Any:
    """The middle of the stretch of a border with the most lit cells."""
    stretches = of_pair(photo.segments, pair)
    line = stretches.loc[stretches["n_cells"].astype(float).idxmax()].geometry
    return shapely.ops.nearest_points(line, line.centroid)[0]
