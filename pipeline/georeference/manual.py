"""Manual control points: QGIS `.points` files and CSV, as observations like any other, and as evidence."""

import csv
from dataclasses import replace

import numpy as np
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from pipeline.camera.camera import Camera
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import to_ecef, to_geodetic
from pipeline.camera.prior import Prior
from pipeline.camera.terrain import Terrain
from pipeline.camera.uncertainty import ground_sigma_m
from pipeline.errors import ControlPointError
from pipeline.georeference.accept import ManualEvidence
from pipeline.georeference.adjust import Observations, adjust, residuals
from pipeline.georeference.settings import AdjustSettings
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.raw import jpeg_size_px, jpeg_to_binned_px

# What a careful hand reaches with a light of a few pixels, 1 sigma.
MANUAL_SIGMA_PX = 1.5
MANUAL_WINDOW_PX = 100.0  # each way: how far off a slip of the hand may be; a judgement
CSV_COLUMNS = ("lon", "lat", "column_px", "row_px")


def manual_points(
    text: str, file: str, facts: PhotoFacts, terrain: Terrain
) -> tuple[list[str], Observations]:
    """Names and observations (pixels of the photo, ground of the terrain) of the control points in a file's
    text. Those of a raw file were picked on its JPEG, because no program shows a mosaic. Raises
    ControlPointError."""
    if facts.evidence == "jpeg":
        names, picked = parse_control_points(text, file, facts.width, facts.height)
    else:
        names, picked = parse_control_points(text, file, *jpeg_size_px(facts.width, facts.height))
        pixel = np.stack(jpeg_to_binned_px(*picked.pixel.T), -1)
        picked = replace(picked, pixel=pixel, sigma=picked.sigma / 2, window_px=picked.window_px / 2)
    lon, lat, _ = to_geodetic(picked.ground_m)
    return names, replace(picked, ground_m=to_ecef(lon, lat, terrain.height_m(lon, lat)))


def manual_evidence(
    camera: Camera, prior: Prior, manual: Observations, settings: AdjustSettings
) -> ManualEvidence:
    """What the points say of a camera that was fitted to them and to light: how well it fits them, and how
    uncertain they and the prior alone leave the worst part of the frame (1 if it sees no ground)."""
    rmse_px = float(np.sqrt((residuals(camera, manual) ** 2).sum(-1).mean()))
    alone = adjust(camera, prior, manual, settings)
    column, row = np.meshgrid(np.linspace(0, camera.width - 1, 5), np.linspace(0, camera.height - 1, 5))
    lon, lat = camera.to_ground(column, row)
    sigma_m = ground_sigma_m(camera, PARAMETERS, alone.covariance, lon, lat)
    sigma_px = sigma_m / camera.ground_sample_distance_m(lon, lat)
    known = np.isfinite(sigma_px)
    long_side_px = max(camera.width, camera.height)
    sigma_share = float(sigma_px[known].max()) / long_side_px if known.any() else 1.0
    return ManualEvidence(len(manual), rmse_px, sigma_share)


def parse_control_points(text: str, file: str, width: int, height: int) -> tuple[list[str], Observations]:
    """Names and observations, on the ellipsoid, from the text of a `.points` file, or of a CSV with columns
    lon, lat, column_px, row_px and optionally name. `file` names it in messages. Raises ControlPointError
    for anything that does not fit a photo of that size."""
    lines = text.splitlines()
    head = [line for line in lines if line.startswith("#")]
    rows = list(csv.DictReader(line for line in lines if line.strip() and not line.startswith("#")))
    if not rows:
        raise ControlPointError(f"{file}: holds no control points")
    read = _qgis if "mapX" in rows[0] else _csv
    names, lon, lat, column, row = read(file, rows, head)
    for k, name in enumerate(names):
        if not (-180 <= lon[k] <= 180 and -90 <= lat[k] <= 90):
            raise ControlPointError(f"{file}: {name}: lon {lon[k]:g}, lat {lat[k]:g} is not on the Earth")
        if not (-0.5 <= column[k] <= width - 0.5 and -0.5 <= row[k] <= height - 0.5):
            raise ControlPointError(
                f"{file}: {name}: pixel ({column[k]:g}, {row[k]:g}) is outside the photo "
                f"of {width} x {height}; were the points picked on another version of it?"
            )
    n = len(names)
    return names, Observations(
        ground_m=to_ecef(lon, lat),
        pixel=np.stack([column, row], -1),
        sigma=np.full(n, MANUAL_SIGMA_PX),
        window_px=np.full(n, MANUAL_WINDOW_PX),
        known=np.ones(n, bool),
    )


Columns = tuple[list[str], np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _csv(file: str, rows: list[dict[str, str]], head: list[str]) -> Columns:
    missing = [key for key in CSV_COLUMNS if key not in rows[0]]
    if missing:
        raise ControlPointError(
            f"{file}: column {missing[0]} is missing; needed are {', '.join(CSV_COLUMNS)}"
        )
    values = [_numbers(file, k, [row[key] for key in CSV_COLUMNS]) for k, row in enumerate(rows)]
    names = [row.get("name") or f"point {k + 1}" for k, row in enumerate(rows)]
    lon, lat, column, line = np.array(values).T
    return names, lon, lat, column, line


def _qgis(file: str, rows: list[dict[str, str]], head: list[str]) -> Columns:
    """QGIS counts source pixels from the upper left corner of the picture, rows downwards as negative."""
    source = ("sourceX", "sourceY") if "sourceX" in rows[0] else ("pixelX", "pixelY")
    rows = [row for row in rows if (row.get("enable") or "1").strip() != "0"]
    if not rows:
        raise ControlPointError(f"{file}: every control point is disabled")
    keys = ("mapX", "mapY", *source)
    missing = [key for key in keys if key not in rows[0]]
    if missing:
        raise ControlPointError(f"{file}: column {missing[0]} is missing from this .points file")
    values = [_numbers(file, k, [row[key] for key in keys]) for k, row in enumerate(rows)]
    x, y, source_x, source_y = np.array(values).T
    stated = next((line.partition(":")[2].strip() for line in head if line.startswith("#CRS:")), "")
    try:
        crs = CRS.from_user_input(stated or "EPSG:4326")
    except CRSError:
        raise ControlPointError(f"{file}: the line #CRS names no known coordinate reference system") from None
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    names = [f"point {k + 1}" for k in range(len(rows))]
    return names, np.asarray(lon), np.asarray(lat), source_x - 0.5, -source_y - 0.5


def _numbers(file: str, index: int, texts: list[str]) -> list[float]:
    try:
        values = [float(text) for text in texts]
    except (TypeError, ValueError):
        values = [float("nan")]
    if not np.isfinite(values).all():
        raise ControlPointError(f"{file}: control point {index + 1}: {texts} are not all numbers")
    return values
