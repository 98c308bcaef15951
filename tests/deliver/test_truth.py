"""Measured against planted: errors and contrasts that can be worked out by hand."""

import dataclasses
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.deliver.results import Truth
from pipeline.deliver.truth import (
    lights_near,
    planted_contrasts,
    planted_roads,
    position_error,
    read_has_tone,
)

LON, LAT = 6.0, 50.75


def camera() -> Camera:
    """Straight down from 400 km; 8,000 px focal length: 50 m a pixel."""
    position = to_ecef(LON, LAT, 400e3)
    return Camera(
        position, look_at_rotation(position, to_ecef(LON, LAT), 0.0), 8000.0, (500.0, 400.0), 1001, 801
    )


def test_no_error_against_itself() -> None:
    error = position_error(camera(), camera())
    assert error.rmse_px == pytest.approx(0, abs=1e-6)
    assert error.worst_m == pytest.approx(0, abs=1e-3)


def test_a_shifted_principal_point_is_that_many_pixels() -> None:
    """3 and 4 px make 5 px; 50 m a pixel make 250 m, a little more off nadir (1 % at 4 degrees)."""
    error = position_error(camera(), dataclasses.replace(camera(), principal_point_px=(503.0, 404.0)))
    assert error.rmse_px == pytest.approx(5, rel=1e-6)
    assert error.rmse_m == pytest.approx(250, rel=0.01)
    assert error.rmse_m < error.worst_m < 1.02 * 250


def line(contrast_km: float = 10.0) -> gpd.GeoDataFrame:
    """The meridian 6 E as the border of Belgium (west) and Germany (east)."""
    meridian = gpd.GeoSeries([shapely.LineString([(LON, 50.65), (LON, 50.85)])], crs=4326).to_crs(3035)
    row = {"pair": ["BE-DE"], "first": ["BE"], "second": ["DE"], "contrast_km": [contrast_km]}
    return gpd.GeoDataFrame(row, geometry=meridian)


def lights(rows: list[tuple[float, float, str]]) -> Truth:
    """Lamps as (degrees east of the border, green over red, country)."""
    away, green, country = zip(*rows, strict=True)
    table = pd.DataFrame({"lon": LON + np.array(away), "lat": LAT, "r": 1.0, "g": green, "b": 0.1})
    return Truth(camera(), table.assign(country=list(country)))


def contrasts(truth: Truth, borders: gpd.GeoDataFrame, *counted: Any) -> dict[str, float]:
    return planted_contrasts(lights_near(truth, borders), borders, *counted)


def test_planted_contrast_is_of_sums() -> None:
    """Belgium (1/4 + 1/4)/2, Germany (1/2 + 3/2)/2: log2(1) - log2(1/4) = 2."""
    truth = lights([(-0.05, 0.25, "BE"), (-0.01, 0.25, "BE"), (0.05, 0.5, "DE"), (0.01, 1.5, "DE")])
    assert contrasts(truth, line()) == {"BE-DE": pytest.approx(2.0)}


def test_light_beyond_the_zone_or_the_frame_does_not_count() -> None:
    """0.2 degrees are 14 km; 0.4 degrees are 28 km, outside a frame of 50 km."""
    near = [(-0.05, 0.25, "BE"), (0.05, 1.0, "DE")]
    assert contrasts(lights([*near, (0.2, 64.0, "DE")]), line(10.0)) == {"BE-DE": pytest.approx(2.0)}
    assert contrasts(lights([*near, (0.4, 64.0, "DE")]), line(40.0)) == {"BE-DE": pytest.approx(2.0)}
    assert contrasts(lights([*near, (0.2, 64.0, "DE")]), line(40.0))["BE-DE"] > 3


@pytest.mark.parametrize("contrast_km", [0.3, 1.0, 4.7])
def test_lights_near_are_those_that_are_near_one_by_one(contrast_km: float) -> None:
    """Also where a zone is narrower than the squares of ground by which lights are found."""
    rng = np.random.default_rng(1)
    lon, lat = LON + rng.uniform(-0.15, 0.15, 5000), rng.uniform(50.62, 50.88, 5000)
    truth = Truth(camera(), pd.DataFrame({"lon": lon, "lat": lat}))
    border = line(contrast_km)
    points = gpd.GeoSeries(gpd.points_from_xy(truth.lights["lon"], truth.lights["lat"]), crs=4326)
    near = points.to_crs(border.crs).distance(border.geometry.iloc[0]) <= 1e3 * contrast_km
    seen = truth.camera.inside(*truth.camera.project(truth.lights["lon"], truth.lights["lat"]))
    found = lights_near(truth, border)[border["pair"].iloc[0]]
    assert 0 < (near & seen).sum() < seen.sum()
    assert found.index.to_list() == np.flatnonzero(near & seen).tolist()


def test_a_dark_side_has_no_contrast() -> None:
    assert np.isnan(contrasts(lights([(0.05, 1.0, "DE")]), line())["BE-DE"])


def test_planted_contrast_may_be_of_the_cells_with_a_tone_alone(tmp_path: Path) -> None:
    """As above, but the German light of 3/2 lies in a cell without a tone: log2(1/2) - log2(1/4) = 1."""
    truth = lights([(-0.05, 0.25, "BE"), (0.05, 0.5, "DE"), (0.01, 1.5, "DE")])
    tone = np.full((1, 20), 1.0, np.float32)
    tone[0, 11] = np.nan  # 0.01 to 0.02 degrees east
    profile = {
        "driver": "GTiff",
        "count": 1,
        "height": 1,
        "width": 20,
        "dtype": "float32",
        "crs": "EPSG:4326",
    }
    corner = from_origin(LON - 0.105, LAT + 0.5, 0.01, 1.0)
    with rasterio.open(tmp_path / "tone.tif", "w", transform=corner, **profile) as target:
        target.write(tone, 1)
        target.descriptions = ("log2_g_r",)
    counted = read_has_tone(tmp_path / "tone.tif", truth.lights)
    assert list(counted) == [True, True, False]
    assert contrasts(truth, line(), counted) == {"BE-DE": pytest.approx(1.0)}


def test_planted_ends_of_light_are_held_or_missed():
    """Belgium lights its motorways: light ends at its borders and nowhere else."""
    nan = float("nan")
    rows = [
        ("E25", "BE-NL", "undecidable", -100.0, -300.0, 120.0),
        ("E40", "BE-DE", "ends elsewhere", 900.0, 400.0, 1500.0),
        ("E314", "DE-NL", "dark on both sides", nan, nan, nan),
        ("A2", "DE-NL", "lit on both sides", nan, nan, nan),
        ("E42", "BE-DE", "lit up to the border", nan, nan, nan),
        ("E19", "BE-NL", "dark on both sides", nan, nan, nan),
        ("E411", None, "not measured", nan, nan, nan),
    ]
    columns = ["ref", "pair", "verdict", "end_m", "low95_m", "high95_m"]
    ends = pd.DataFrame(rows, columns=columns)
    ends["first"], ends["second"] = ends["pair"].str[:2], ends["pair"].str[3:]
    roads = planted_roads(Truth(camera(), pd.DataFrame(), ("BE",)), ends)
    assert [(road.ref, road.holds) for road in roads] == [
        *(("E25", True), ("E40", False), ("E314", True), ("A2", False), ("E42", None), ("E19", False)),
    ]
    assert [road.planted for road in roads[1:3]] == ["ends at the national border", "dark on both sides"]
    assert roads[0].interval_km == (-0.3, 0.12)
