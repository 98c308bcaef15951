"""The photo in place without resampling: the tilted perspective of a sphere that comes nearest to its camera,
and the text that gives it to GDAL and QGIS.

No projection that they know has an ellipsoid, a lens and a roll. PROJ's `tpers` sees a sphere from a height;
with its place, height and tilt all free, and an affine map of its plane to pixels, it stays within a
fraction of a pixel of a camera with a moderate lens, since what they leave is smooth. How much is measured.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from pyproj import CRS, Geod, Proj

from pipeline.camera.camera import Camera
from pipeline.camera.earth import MEAN_RADIUS_KM, Array, east_north_up, to_geodetic

LATTICE = 21  # points along each side of the frame: what is left is smooth
TRIALS, GAIN = (
    100,
    1e-5,
)  # of the adjustment at most; and it ends when the residuals gain no more than that share
FARTHEST_ZENITH_DEG = 80.0  # farther towards the horizon a pixel is many kilometres long
OUT_OF_SIGHT_PX = 1e3  # the residual of ground that a trial does not see
# Of latitude, longitude (degrees), height (m), azimuth and tilt (degrees): what each is worth moving by, and
# how far from where the camera truly is each may be moved. Heights and radii of the sphere that are as each
# other give the same picture, so the radius is fixed.
STEPS = np.array([0.01, 0.01, 1e3, 0.1, 0.1])
REACH = np.array([20.0, 30.0, 0.0, 180.0, 60.0])
HEIGHT_FACTOR = 4.0


@dataclass(frozen=True)
class Perspective:
    """A tilted perspective (a PROJ string), the affine map of pixel corners to its plane, and how far ground
    then lies from where the camera sees it."""

    proj: str
    transform: Affine
    rms_px: float
    max_px: float
    rms_m: float
    max_m: float

    @property
    def crs(self) -> str:
        """The reference system as WKT that GDAL 3 reads."""
        return CRS.from_proj4(f"{self.proj} +type=crs").to_wkt("WKT1_GDAL")


def perspective(camera: Camera) -> Perspective:
    """The perspective that comes nearest to a camera over the ground in its frame, at height 0."""
    from scipy.optimize import least_squares

    column, row, lon, lat = _ground(camera)
    start = _start(camera)
    seen = np.isfinite(_plane(start, lon, lat)).all(axis=1)
    column, row, lon, lat = (values[seen] for values in (column, row, lon, lat))

    def away_px(parameters: Array) -> Array:
        return _fitted(parameters, column, row, lon, lat)[0].ravel()

    low, high = start - REACH, start + REACH
    low[2], high[2] = start[2] / HEIGHT_FACTOR, start[2] * HEIGHT_FACTOR
    best = least_squares(away_px, start, x_scale=STEPS, bounds=(low, high), ftol=GAIN, max_nfev=TRIALS).x
    residual, affine = _fitted(best, column, row, lon, lat)
    away = np.hypot(*residual.T)
    there = camera.to_ground(column + residual[:, 0], row + residual[:, 1])
    away_m = np.asarray(Geod(ellps="WGS84").inv(lon, lat, *there)[2])
    away_m = away_m[np.isfinite(away_m)]
    return Perspective(
        _proj(best),
        # Pixel centres are integers; GDAL's corner of the first pixel is (0, 0).
        affine * Affine.translation(-0.5, -0.5),
        float(np.sqrt(np.mean(away**2))),
        float(away.max()),
        float(np.sqrt(np.mean(away_m**2))),
        float(away_m.max()),
    )


def placed_vrt(placed: Perspective, tags: Mapping[str, str], width: int, height: int) -> str:
    """The text of `photo_in_place.vrt`, by which GDAL and QGIS see `photo.tif` beside it in its place, with
    tags of it. A GeoTIFF itself has no room for such a reference system, and its mask would cut out what is
    saturated, the very lights that people look for."""
    told = {
        "in_place": "tilted perspective of a sphere nearest to the solved camera, at height 0; not resampled",
        "in_place_lens": "distortion is not undone; what the perspective leaves of it is in the residuals",
        "in_place_rms_px": f"{placed.rms_px:.3f}",
        "in_place_max_px": f"{placed.max_px:.3f}",
        "in_place_rms_m": f"{placed.rms_m:.1f}",
        "in_place_max_m": f"{placed.max_m:.1f}",
        "AREA_OR_POINT": "Area",
    }
    root = Element("VRTDataset", rasterXSize=str(width), rasterYSize=str(height))
    SubElement(root, "SRS", dataAxisToSRSAxisMapping="1,2").text = placed.crs
    SubElement(root, "GeoTransform").text = ", ".join(f"{value:.12e}" for value in placed.transform.to_gdal())
    metadata = SubElement(root, "Metadata")
    for key, text in {**tags, **told}.items():
        SubElement(metadata, "MDI", key=key).text = text
    for number, colour in enumerate(("Red", "Green", "Blue"), 1):
        band = SubElement(root, "VRTRasterBand", dataType="Float32", band=str(number))
        SubElement(band, "Description").text = colour.lower()
        SubElement(band, "NoDataValue").text = "nan"
        SubElement(band, "ColorInterp").text = colour
        source = SubElement(band, "SimpleSource")
        SubElement(source, "SourceFilename", relativeToVRT="1").text = "photo.tif"
        SubElement(source, "SourceBand").text = str(number)
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


def _ground(camera: Camera) -> tuple[Array, Array, Array, Array]:
    """Column, row, longitude and latitude of a lattice of pixels that show ground."""
    column, row = (
        values.ravel()
        for values in np.meshgrid(
            np.linspace(-0.5, camera.width - 0.5, LATTICE), np.linspace(-0.5, camera.height - 0.5, LATTICE)
        )
    )
    lon, lat = camera.to_ground(column, row)
    zenith_deg, _, _ = camera.view(lon, lat)
    with np.errstate(invalid="ignore"):
        good = np.isfinite(lon) & (zenith_deg <= FARTHEST_ZENITH_DEG)
    return column[good], row[good], lon[good], lat[good]


def _start(camera: Camera) -> Array:
    """Latitude, longitude, height, azimuth and tilt, from where the camera is and looks."""
    lon, lat, height = (float(value) for value in to_geodetic(camera.position_ecef_m))
    east, north, up = east_north_up(lon, lat) @ camera.rotation_ecef_to_camera[2]
    azimuth, tilt = np.degrees(np.arctan2(east, north)), np.degrees(np.arccos(np.clip(-up, -1, 1)))
    return np.array([lat, lon, height, azimuth, tilt])


def _proj(parameters: Array) -> str:
    lat, lon, height, azimuth, tilt = parameters
    return (
        f"+proj=tpers +lat_0={lat:.9f} +lon_0={lon:.9f} +h={height:.3f} +azi={azimuth:.9f} +tilt={tilt:.9f} "
        f"+R={1e3 * MEAN_RADIUS_KM:.0f} +units=m +no_defs"
    )


def _plane(parameters: Array, lon: Array, lat: Array) -> Array:
    """Ground in the plane of a perspective (n, 2); infinite out of sight."""
    return np.stack(Proj(_proj(parameters))(lon, lat), axis=-1)


def _fitted(parameters: Array, column: Array, row: Array, lon: Array, lat: Array) -> tuple[Array, Affine]:
    """How far, in pixels (n, 2), ground is drawn from its pixel by the best affine map of pixel centres to
    the plane; and that map."""
    plane = _plane(parameters, lon, lat)
    seen: NDArray[np.bool_] = np.asarray(np.isfinite(plane).all(axis=1))
    pixels = np.stack([column, row, np.ones_like(row)], axis=-1)
    solution, *_ = np.linalg.lstsq(pixels[seen], plane[seen], rcond=None)
    a, b = solution.T
    residual = np.full((len(row), 2), OUT_OF_SIGHT_PX)
    residual[seen] = np.linalg.solve(solution[:2].T, (plane[seen] - pixels[seen] @ solution).T).T
    return residual, Affine(*a, *b)
