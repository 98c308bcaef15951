"""A border from close by: 30 km of it in its own colours, where it has most light."""

from typing import Any

import shapely
import shapely.ops

from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.report import maps
from pipeline.report.answers import of_pair

WIDTH_KM = 30.0


def showing(city: CityResults, pair: str) -> PhotoResults | None:
    """The photo that shows most cells beside a border, the later of equals."""
    counted = [(float(of_pair(photo.segments, pair)["n_cells"].sum()), photo) for photo in city.photos]
    seen = [(cells, place) for place, (cells, _) in enumerate(counted) if cells > 0]
    return counted[max(seen)[1]][1] if seen else None


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
