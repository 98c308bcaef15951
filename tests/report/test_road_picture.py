"""The picture of a crossing: turned so that the road runs from left to right, its left side above."""

import base64
import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from PIL import Image
from rasterio.transform import from_origin

from pipeline.report.road_picture import HALF_WIDTH_M, SHARPNESS, road_picture
from pipeline.report.svg_chart import Panel, Scale

CELL_M, SIDE = 100.0, 200  # 20 km
WIDTH_PX, HEIGHT_PX = 100, 40


def pictured(tmp_path: Path, heading_deg: float, lights: list[tuple[float, float]]) -> tuple[Any, str]:
    """Brightness of the picture (rows, columns) and the SVG: a road of 10 km through the middle of the map,
    lights so far (m) along it and to its left, and a border across its middle."""
    along = np.array([np.cos(np.radians(heading_deg)), np.sin(np.radians(heading_deg))])
    left = np.array([-along[1], along[0]])
    middle = np.full(2, SIDE * CELL_M / 2)
    values = np.zeros((3, SIDE, SIDE), np.float32)
    for at_m, away_m in lights:
        x, y = middle + at_m * along + away_m * left
        values[:, SIDE - 1 - int(y // CELL_M), int(x // CELL_M)] = 1.0
    file = tmp_path / "ortho.tif"
    profile = {"driver": "GTiff", "count": 3, "dtype": "float32", "width": SIDE, "height": SIDE}
    place = {"crs": "EPSG:3035", "transform": from_origin(0, SIDE * CELL_M, CELL_M, CELL_M)}
    with rasterio.open(file, "w", **profile, **place) as target:
        target.write(values)
        target.descriptions = ("red", "green", "blue")
    chainage_m = np.arange(-5000.0, 5001.0, 100.0)
    points = shapely.points(middle + chainage_m[:, None] * along)
    stations = gpd.GeoDataFrame({"chainage_m": chainage_m}, geometry=points, crs="EPSG:3035")
    across = shapely.LineString([middle - 5000 * left, middle + 5000 * left])
    panel = Panel(0, 0, Scale(-5, 5, WIDTH_PX), Scale(-1, 1, HEIGHT_PX), 12.0)
    photo: Any = SimpleNamespace(raster=lambda kind: tmp_path / f"{kind}.tif")
    svg = road_picture(photo, stations, gpd.GeoSeries([across], crs="EPSG:3035"), panel)
    webp = base64.b64decode(re.findall("base64,([^']+)'", svg)[0])
    return np.asarray(Image.open(io.BytesIO(webp)).convert("L"), float), svg


@pytest.mark.parametrize("heading_deg", [0.0, 90.0, 215.0])
def test_a_light_lies_where_it_is_along_and_across_the_road(tmp_path: Path, heading_deg: float) -> None:
    at_m, away_m = 2500.0, 1000.0
    picture, _ = pictured(tmp_path, heading_deg, [(at_m, away_m)])
    assert picture.shape == (SHARPNESS * HEIGHT_PX, SHARPNESS * WIDTH_PX)
    row, column = np.argwhere(picture > picture.max() / 2).mean(axis=0)
    # A cell of 100 m is 2 picture pixels wide, and the road's course may cut it anywhere.
    assert column == pytest.approx((at_m + 5000) / 1e4 * picture.shape[1], abs=3)
    assert row == pytest.approx((1 - away_m / HALF_WIDTH_M) / 2 * picture.shape[0], abs=3)


def test_the_border_crosses_the_road_at_its_chainage(tmp_path: Path) -> None:
    _, svg = pictured(tmp_path, 30.0, [])
    border = re.findall(r"d='(M[^']+)'", svg)[-1]
    x, y = np.array([[float(v) for v in pair.split(",")] for pair in re.split("[ML]", border)[1:]]).T
    assert x == pytest.approx(WIDTH_PX / 2, abs=0.2)  # rounded to a tenth of a pixel
    assert (y.min(), y.max()) < (0, HEIGHT_PX)
    assert y.max() > HEIGHT_PX
