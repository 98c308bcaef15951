"""What is known of a photo: facts of several sources joined, and what follows from them."""

from collections.abc import Callable
from functools import reduce

from pipeline.camera.earth import to_geodetic
from pipeline.camera.orbit import nearest, parse_elements, station_state
from pipeline.errors import FactsError
from pipeline.models import CameraRow, Facts, LonLat, LookAt
from pipeline.photo.exif import sensor_width_mm

# Around the nadir. Seen from 420 km the horizon lies at 2,250 km; beyond 1,800 km the ground is seen within 5
# degrees of edge-on, where nothing can be told.
UNKNOWN_AIM_RADIUS_KM = 1800.0

# (name of a city, a place near it, what to call it in an error) to its longitude and latitude.
FindCity = Callable[[str, LonLat, str], tuple[float, float]]


def joined(*sources: Facts) -> Facts:
    """The facts of all sources; where several state one, the last wins."""
    return reduce(Facts.updated, sources)


def with_orbit(known: Facts, name: str) -> Facts:
    """Facts with nadir and altitude by the element sets where these alone tell them.

    `name` is what an OrbitError, of element sets that are damaged or of another time, calls them.
    """
    if known.tle is None or known.taken_at is None:
        return known
    station = station_state(nearest(parse_elements(known.tle, name), known.taken_at), known.taken_at)
    lon, lat, height_m = (float(v) for v in to_geodetic(station.position_ecef_m))
    return known.model_copy(
        update={
            "nadir": known.nadir or LonLat(lon=lon, lat=lat),
            "altitude_km": known.altitude_km or height_m / 1e3,
        }
    )


def look_at_point(known: Facts, city: LonLat, name: str, find_city: FindCity) -> LookAt:
    """Where a photo looks, as a place: without a look-at point at the `city`, else as stated.

    The name of a city is looked up by `find_city`; `unknown` is all the ground the station can see. Raises
    FactsError, which starts with the photo's `name`.
    """
    aim = known.look_at
    if aim is None:
        return LookAt(lon=city.lon, lat=city.lat)
    if isinstance(aim, LookAt):
        return aim
    if aim == "unknown":
        if known.nadir is None:
            raise FactsError(f"{name}: look_at = 'unknown': needs nadir, or tle with taken_at")
        return LookAt(lon=known.nadir.lon, lat=known.nadir.lat, radius_km=UNKNOWN_AIM_RADIUS_KM)
    lon, lat = find_city(aim, known.nadir or city, f"{name}: look_at")
    return LookAt(lon=lon, lat=lat)


def frame_width_mm(known: Facts, anchor: CameraRow | None, width_px: int) -> float | None:
    """Width of the sensor behind a frame of `width_px`: as stated; of a binned raw frame by its pixels, each
    two of the sensor's wide; else by the camera's name. None where nothing tells it."""
    if known.sensor_width_mm:
        return known.sensor_width_mm
    return 2 * width_px * anchor.pixel_um / 1e3 if anchor else sensor_width_mm(known.camera)
