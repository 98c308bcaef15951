"""What a step has found, in one line."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from affine import Affine

from pipeline.ground.countries import BORDERS
from pipeline.ground.fetched import PROBLEM
from pipeline.report.summary import Summary
from pipeline.steps.fetched import write_raster
from pipeline.steps.figures import figure
from pipeline.steps.index import write_index

SOLUTION = {
    "accepted": True,
    "sigma_m": 28.6,
    "n_control_points": 307,
    "rmse_px": 3.58,
    "rmse_m": 310.2,
    "false_alarm_probability": 2e-15,
}


@pytest.mark.parametrize(
    ("other", "line"),
    [
        ({}, "placed to 29 m, 307 cities (check cities 3.6 px, 310 m off), odds of chance 2e-15"),
        ({"rmse_px": None, "rmse_m": None}, "placed to 29 m, 307 cities, odds of chance 2e-15"),
        ({"sigma_m": None}, "placed, 307 cities (check cities 3.6 px, 310 m off), odds of chance 2e-15"),
    ],
)
def test_a_placed_photo_leads_with_its_own_sigma(tmp_path: Path, other: dict[str, Any], line: str) -> None:
    file = tmp_path / "camera.json"
    file.write_text(json.dumps({"solution": SOLUTION | other}))
    assert figure("georeference", {"camera": file}) == line


@pytest.mark.parametrize("rule", ["night_light", "heights"])
@pytest.mark.parametrize(("told", "line"), [({}, "3 x 2 cells"), ({PROBLEM: "No."}, "nothing fetched, ")])
def test_fetched_rasters(tmp_path: Path, rule: str, told: dict[str, str], line: str) -> None:
    file = tmp_path / "a.tif"
    write_raster(file, np.zeros((2, 3), np.float32), "EPSG:4326", Affine(1, 0, 5, 0, -1, 50), told)
    assert figure(rule, {rule: file}).startswith(line)


@pytest.mark.parametrize(("told", "line"), [({}, "2 lines"), ({PROBLEM: "No."}, "nothing fetched, ")])
def test_fetched_streets(tmp_path: Path, told: dict[str, str], line: str) -> None:
    streets = [shapely.LineString([(5, 50), (5, 51)])] * (0 if told else 2)
    table = gpd.GeoDataFrame({"highway": ["primary"] * len(streets)}, geometry=streets, crs="EPSG:4326")
    file = tmp_path / "streets.gpkg"
    pyogrio.write_dataframe(table, file, layer="streets", driver="GPKG", layer_metadata=told)
    assert figure("streets", {"streets": file}).startswith(line)


@pytest.mark.parametrize(("names", "line"), [(["a"], "1 place"), (["a", "b"], "2 places")])
def test_the_page_of_all_results_is_told_by_what_it_lists(
    tmp_path: Path, names: list[str], line: str
) -> None:
    """Each city and region once, whatever its title says."""
    for name in names:
        made = Summary(
            name=name,
            title='<section class="result">',
            kind="city",
            simulated=False,
            said=[],
            photos=[],
            outlines=[],
        )
        (tmp_path / name).mkdir()
        (tmp_path / name / "summary.json").write_text(made.model_dump_json())
    index = tmp_path / "index.html"
    write_index([], [], {}, [], BORDERS, index)
    assert figure("index", {"index": index}) == line
