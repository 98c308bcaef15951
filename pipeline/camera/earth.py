"""The Earth as the WGS84 ellipsoid: geodetic, ECEF and local coordinates.

Longitudes and latitudes are degrees, heights metres above the ellipsoid, ECEF metres. All functions
take scalars or arrays of any one shape and put the ECEF components in the last axis.
"""

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:  # loading it takes as long as all else that a short step loads
    from pyproj import Transformer

Array = NDArray[np.float64]

# WGS84: the equatorial radius, and the polar one by the flattening 1 / 298.257223563.
SEMI_MAJOR_M = 6378137.0
SEMI_MINOR_M = 6356752.314245179  # the equatorial radius less its flattening
MEAN_RADIUS_KM = 6371.0088  # (2 x equatorial + polar radius) / 3, the IUGG's mean radius
KM_PER_DEGREE = 111.2  # of a great circle on the sphere of that radius, rounded

GEODETIC, ECEF = "EPSG:4979", "EPSG:4978"  # WGS84, with heights


@lru_cache(maxsize=32)
def transformer(source: str, target: str) -> "Transformer":
    """From one reference system to another, x or east first. PROJ takes 0.1 s to find the way, so it is asked
    once."""
    from pyproj import Transformer

    return Transformer.from_crs(source, target, always_xy=True)


def to_ecef(lon: ArrayLike, lat: ArrayLike, height_m: ArrayLike = 0.0) -> Array:
    """Geodetic degrees and metres to ECEF metres, shape (..., 3)."""
    lon, lat, height = np.broadcast_arrays(*(np.asarray(v, float) for v in (lon, lat, height_m)))
    return np.stack(transformer(GEODETIC, ECEF).transform(lon, lat, height), axis=-1)


def to_geodetic(ecef_m: ArrayLike) -> tuple[Array, Array, Array]:
    """ECEF metres (..., 3) to longitude, latitude (degrees) and height (m)."""
    x, y, z = np.moveaxis(np.asarray(ecef_m, float), -1, 0)
    lon, lat, height = transformer(GEODETIC, ECEF).transform(x, y, z, direction="INVERSE")
    return np.asarray(lon), np.asarray(lat), np.asarray(height)


def east_north_up(lon: ArrayLike, lat: ArrayLike) -> Array:
    """Unit vectors east, north and up in ECEF as rows, shape (..., 3, 3)."""
    lam, phi = np.radians(np.asarray(lon, float)), np.radians(np.asarray(lat, float))
    sin_lam, cos_lam, sin_phi, cos_phi = np.sin(lam), np.cos(lam), np.sin(phi), np.cos(phi)
    axes = np.zeros((*np.broadcast_shapes(lam.shape, phi.shape), 3, 3))
    axes[..., 0, 0], axes[..., 0, 1] = -sin_lam, cos_lam
    axes[..., 1, 0], axes[..., 1, 1], axes[..., 1, 2] = -sin_phi * cos_lam, -sin_phi * sin_lam, cos_phi
    axes[..., 2, 0], axes[..., 2, 1], axes[..., 2, 2] = cos_phi * cos_lam, cos_phi * sin_lam, sin_phi
    return axes


def distance_km(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Array:
    """Great-circle distance on the mean sphere (0.5 % of the ellipsoidal one): for priors, not results."""
    lam1, phi1, lam2, phi2 = (np.radians(np.asarray(v, float)) for v in (lon1, lat1, lon2, lat2))
    half = np.sin((phi2 - phi1) / 2) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin((lam2 - lam1) / 2) ** 2
    return np.asarray(2 * MEAN_RADIUS_KM * np.arcsin(np.sqrt(half)))


def horizon_km(altitude_km: float) -> float:
    """Ground distance from the nadir to the geometric horizon."""
    return MEAN_RADIUS_KM * float(np.arccos(MEAN_RADIUS_KM / (MEAN_RADIUS_KM + altitude_km)))


def meet_ellipsoid(origin_m: ArrayLike, direction: ArrayLike, height_m: ArrayLike = 0.0) -> Array:
    """First point where rays from `origin_m` (3,) along `direction` (..., 3) meet the ellipsoid raised by
    `height_m`; NaN where a ray misses. The raised surface is the ellipsoid with both axes longer by the
    height, which is within h * f^2 (under 1 cm at 1 km) of the true parallel surface.
    """
    height = np.asarray(height_m, float)
    axes = np.stack([SEMI_MAJOR_M + height, SEMI_MAJOR_M + height, SEMI_MINOR_M + height], -1)
    o = np.asarray(origin_m, float) / axes
    d = np.asarray(direction, float) / axes
    a, b, c = (d * d).sum(-1), (o * d).sum(-1), (o * o).sum(-1) - 1.0
    with np.errstate(invalid="ignore"):
        t = (-b - np.sqrt(b * b - a * c)) / a
    t = np.where(t > 0, t, np.nan)
    return np.asarray(np.asarray(origin_m) + t[..., None] * np.asarray(direction, float))
