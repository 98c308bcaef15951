"""Manual control points as observations like any other, and as evidence."""

from dataclasses import replace

import numpy as np

from pipeline.camera.camera import Camera
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import to_ecef, to_geodetic
from pipeline.camera.prior import Prior
from pipeline.camera.terrain import Terrain
from pipeline.camera.uncertainty import ground_sigma_m
from pipeline.errors import ControlPointError, printable
from pipeline.georeference.accept import ManualEvidence
from pipeline.georeference.adjust import Observations, adjust, residuals
from pipeline.georeference.control_text import parse_points
from pipeline.georeference.settings import AdjustSettings
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.raw import jpeg_size_px, jpeg_to_binned_px

# What a careful hand reaches with a light of a few pixels, 1 sigma.
MANUAL_SIGMA_PX = 1.5
MANUAL_WINDOW_PX = 100.0  # each way: how far off a slip of the hand may be; a judgement


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
    names, lon, lat, column, row = parse_points(text, file)
    for k, name in enumerate(names):
        if not (-0.5 <= column[k] <= width - 0.5 and -0.5 <= row[k] <= height - 0.5):
            raise ControlPointError(
                printable(
                    f"{file}: {name}: pixel ({column[k]:g}, {row[k]:g}) is outside the photo "
                    f"of {width} x {height}; were the points picked on another version of it?"
                )
            )
    n = len(names)
    return names, Observations(
        ground_m=to_ecef(lon, lat),
        pixel=np.stack([column, row], -1),
        sigma=np.full(n, MANUAL_SIGMA_PX),
        window_px=np.full(n, MANUAL_WINDOW_PX),
        known=np.ones(n, bool),
    )
