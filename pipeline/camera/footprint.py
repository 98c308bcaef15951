"""The ground a photo shows, as a polygon."""

import numpy as np
from numpy.typing import NDArray
from shapely import Polygon

from pipeline.camera.camera import Camera
from pipeline.camera.earth import Array, east_north_up, meet_ellipsoid, to_geodetic

# Of what is mapped: there, a pixel is 3 times as long on the ground as wide, and light crosses 3 air masses.
MAX_ZENITH_DEG = 70.0
# Beyond it lamps shrink into a line under the airglow.
LIMB_ZENITH_DEG = 82.0
# A lattice of one pixel in 64: a few pixels off at the limb, where nothing is measured.
LIMB_STEP_PX = 8
# Flat edges are bent: a chord of a 64th leaves them by 0.1 px at 24 mm.
POINTS_AN_EDGE = 64
# One each half degree: a chord leaves a circle by 1e-5 of its radius.
POINTS_ON_LIMIT = 720
# They leave 1e-12 of a right angle, a thousandth of a millimetre on the ground.
HALVINGS = 40
# Just inside the rim of the lens's image, where every place still has its direction.
INSIDE_IMAGE = 1 - 1e-9


def footprint(camera: Camera, max_zenith_deg: float = MAX_ZENITH_DEG) -> Polygon:
    """Ground in the frame seen at a view zenith up to the limit, in degrees; empty for a photo of the sky.

    Directions are laid flat around the nadir (distance = angle from it), where both the frame's edge and the
    limit of sight are simple rings; their intersection goes back to the ground.

            . - - .   limit of sight
          '  +------+ ---- frame, its sky outside the ring
         (   | here |
          .  +------+
            ' - - '
    """
    edge = _flat(camera, camera.rays(*_image_edge(camera)))
    limit = _limit(camera, max_zenith_deg)
    shown = Polygon(edge).buffer(0) & Polygon(limit)
    if shown.is_empty:
        return Polygon()
    # A frame and a disk, both convex but for lens distortion, meet in one piece; keep the largest if not.
    largest = max(getattr(shown, "geoms", [shown]), key=lambda polygon: polygon.area)
    lon, lat = _ground(camera, np.asarray(largest.exterior.coords))
    good = np.isfinite(lon)
    return Polygon(np.column_stack([lon[good], lat[good]]))


def sees_ground(camera: Camera, max_zenith_deg: float = LIMB_ZENITH_DEG) -> NDArray[np.bool_]:
    """Which pixels (height, width) show ground at a view zenith up to the limit, to a few pixels."""
    lines = [np.linspace(0, n - 1, max(2, n // LIMB_STEP_PX)) for n in (camera.width, camera.height)]
    lon, lat = camera.to_ground(*np.meshgrid(*lines))
    zenith = np.where(np.isfinite(lon), camera.view(lon, lat)[0], np.inf)
    if (zenith <= max_zenith_deg).all():
        return np.ones((camera.height, camera.width), bool)
    size = (zenith.shape[0] / camera.height, zenith.shape[1] / camera.width)
    row = (np.arange(camera.height) * size[0]).astype(np.intp)
    column = (np.arange(camera.width) * size[1]).astype(np.intp)
    return np.asarray((zenith <= max_zenith_deg)[row[:, None], column])


def _image_edge(camera: Camera) -> tuple[Array, Array]:
    """(column, row) along the frame's outer edge, clockwise, corners included; drawn in to where the lens's
    image ends, where that is inside the frame."""
    along = np.arange(POINTS_AN_EDGE) / POINTS_AN_EDGE
    zero = np.zeros_like(along)
    column = np.concatenate([along, zero + 1, 1 - along, zero]) * camera.width - 0.5
    row = np.concatenate([zero, along, zero + 1, 1 - along]) * camera.height - 0.5
    right, down = column - camera.principal_point_px[0], row - camera.principal_point_px[1]
    share = INSIDE_IMAGE * camera.focal_px * camera.lens.image_radius / np.hypot(right, down)
    drawn_in = 1 - np.minimum(share, 1.0)
    return column - drawn_in * right, row - drawn_in * down


def _flat(camera: Camera, rays: Array) -> Array:
    """Directions (..., 3) in ECEF to (x, y): angle from the nadir in radians, towards east and north."""
    lon, lat, _ = camera.nadir()
    east, north, up = np.moveaxis(rays @ east_north_up(lon, lat).T, -1, 0)
    across = np.hypot(east, north)
    scale = np.arctan2(across, -up) / np.where(across > 0, across, 1)
    return np.stack([scale * east, scale * north], -1)


def _unflat(camera: Camera, flat: Array) -> Array:
    lon, lat, _ = camera.nadir()
    angle = np.linalg.norm(flat, axis=-1, keepdims=True)
    across = flat * np.sinc(angle / np.pi)
    return np.asarray(np.concatenate([across, -np.cos(angle)], -1) @ east_north_up(lon, lat))


def _ground(camera: Camera, flat: Array) -> tuple[Array, Array]:
    lon, lat, _ = to_geodetic(meet_ellipsoid(camera.position_ecef_m, _unflat(camera, flat)))
    good = np.isfinite(lon)
    return np.where(good, lon, np.nan), np.where(good, lat, np.nan)


def _limit(camera: Camera, max_zenith_deg: float) -> Array:
    """The ring of directions whose ground sees the camera at the limiting zenith, by bisection."""
    turn = np.linspace(0, 2 * np.pi, POINTS_ON_LIMIT, endpoint=False)
    out = np.stack([np.sin(turn), np.cos(turn)], -1)
    low, high = np.zeros((len(turn), 1)), np.full((len(turn), 1), np.pi / 2)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        zenith, _, _ = camera.view(*_ground(camera, middle * out))
        near = (zenith <= max_zenith_deg)[:, None]
        low, high = np.where(near, middle, low), np.where(near, high, middle)
    return np.asarray(low * out)
