"""A region's files: its contrasts in every one of them, styled, and safe against any title."""

import csv
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from pipeline.borders.schema import layer
from pipeline.borders.zones import AREA_CRS
from pipeline.models import Region
from pipeline.steps.deliver_region import deliver_region
from pipeline.steps.layers import write_layer
from tests.conftest import REPOSITORY
from tests.qgis.test_project import inspect
from tests.scenes.delivery import TITLE
from tests.scenes.places import cities_file

REGION = Region(name=TITLE, cities=("liege", "aachen"))
# Around the tripoint of Belgium, Germany and the Netherlands, in kilometres of EPSG:3035.
WEST, SOUTH, EAST, NORTH = 3990, 3050, 4080, 3130
MIDDLE = (WEST + EAST) / 2
SENTENCE = "The German side is greener than the Belgian one by 0.42 (95 %: 0.30 to 0.54)."


def contrasts(**more: Any) -> gpd.GeoDataFrame:
    """Of all photos and of two spans of years, the second without a number."""
    course = shapely.MultiLineString([[(1e3 * MIDDLE, 1e3 * SOUTH), (1e3 * MIDDLE, 1e3 * NORTH)]])
    pair = {"pair": "BE-DE", "first": "BE", "second": "DE", "quantity": "towns", "geometry": course}
    numbers = {"contrast_g_r": 0.42, "low95": 0.3, "high95": 0.54}
    rows = [pair | numbers | {"statement": SENTENCE}] * 2 + [pair | {"statement": "None can be given."}]
    table = layer(rows, "contrasts").assign(evidence="jpeg", simulated=[True, True, False])
    table.insert(0, "photo", ["all", "2010-2014", "2015-2019"])
    return table.assign(**more)


def photos() -> gpd.GeoDataFrame:
    frame = shapely.box(*(1e3 * km for km in (WEST + 0.3, SOUTH + 0.3, EAST - 0.3, NORTH - 0.3)))
    table = {
        "photo": ["simulated-2012", "ISS030-E-1"],
        "taken_at": pd.Series(["2012-02-03T04:05:06Z", None], dtype=object),
        "n_cells": [10, 20],
        "evidence": "jpeg",
        "simulated": [True, False],
    }
    return gpd.GeoDataFrame(table, geometry=[frame, None], crs=AREA_CRS)


def delivered(folder: Path, pooled: dict[str, gpd.GeoDataFrame]) -> Path:
    """The files of a region made from layers of its `borders.gpkg`."""
    folder.mkdir()
    for name, table in pooled.items():
        write_layer(folder / "borders.gpkg", name, table)
    target = folder / folder.name
    deliver_region(
        REGION,
        pooled=folder / "borders.gpkg",
        borders=REPOSITORY / "data" / "borders.gpkg",
        cities=cities_file(folder),
        geopackage=target.with_suffix(".gpkg"),
        qgis=target.with_suffix(".qgz"),
        contrasts=target.with_suffix(".csv"),
        report=folder / "report.html",
    )
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    trend = {"pair": ["BE-DE"], "statement": ["It does not change."]}
    plain = gpd.GeoDataFrame(trend, geometry=[None], crs=AREA_CRS)
    town = gpd.GeoDataFrame(
        {"name": ["Eupen"], "country": ["BE"], "tone_g_r": [-0.9], "light_share": [0.01], "is_town": [True]},
        geometry=[shapely.Point(4051e3, 3081e3)],
        crs=AREA_CRS,
    )
    pooled = {"contrasts": contrasts(), "town_units": town, "contrast_trends": plain, "photos": photos()}
    return delivered(tmp_path_factory.mktemp("region") / "both", pooled)


def test_the_csv_has_the_contrasts_those_of_all_photos_first(folder: Path) -> None:
    with (folder / "both.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["photo"] for row in rows] == ["all", "2010-2014", "2015-2019"]
    assert [row["contrast_g_r"] for row in rows] == ["0.42", "0.42", ""]
    assert rows[0]["statement"] == SENTENCE
    assert "geometry" not in rows[0]


def test_the_geopackage_has_all_layers(folder: Path) -> None:
    layers = dict(pyogrio.list_layers(folder / "both.gpkg"))
    shown = {"cities", "contrasts", "contrasts_by_years", "borders", "town_units", "photos", "countries"}
    assert {name for name, kind in layers.items() if kind} == shown
    assert set(layers) - shown == {
        *("contrast_trends", "contrast_by_range", "left_out", "metadata", "layer_styles")
    }
    metadata = gpd.read_file(folder / "both.gpkg", layer="metadata")
    facts = dict(zip(metadata["item"], metadata["value"], strict=True))
    assert facts["region"] == TITLE
    assert facts["cities"] == "liege, aachen"
    assert facts["configuration"] == "configs/regions/both.yaml"
    assert facts["simulated-2012"] == "2012-02-03T04:05:06Z; evidence: jpeg"
    assert facts["ISS030-E-1"] == "date unknown; evidence: jpeg"
    assert {"Simulated photographs", "Photographs from NASA's archive"} <= set(facts)


def test_the_report_says_what_was_found(folder: Path) -> None:
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "Liège &lt;b&gt;" in text
    assert "<b>&" not in text
    assert text.count(SENTENCE) == 1
    assert "SIMULATED: not a measurement" in text
    assert "1 of the 2 photos pooled here were made by a computer." in text
    assert text.count("Belgium → Germany") == 1 + 3  # its sentence and its three rows
    assert "date unknown" in text
    assert text.count("data:image/svg+xml") == 2


def test_nothing_compared_is_said(tmp_path: Path) -> None:
    """Photos without light have no frame either: the map is that of the countries."""
    dark = photos().assign(geometry=[None, None])
    folder = delivered(tmp_path / "dark", {"contrasts": contrasts()[:0], "photos": dark})
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "No border was compared: the photos show no light on both sides of one." in text
    assert "data:image/svg+xml" not in text
    assert (folder / "dark.csv").read_text(encoding="utf-8").startswith("photo,pair,")
    assert (folder / "dark.qgz").stat().st_size > 0
    assert set(dict(pyogrio.list_layers(folder / "dark.gpkg"))) >= {"borders", "countries", "cities"}


def test_the_project_opens_styled(folder: Path, qgis_python: str, tmp_path: Path) -> None:
    told = inspect(qgis_python, folder / "both.qgz", tmp_path / "drawn.png")
    assert told["said"] == told["render_errors"] == []
    assert told["title"] == TITLE
    assert len(told["valid"]) == 7
    assert all(told["valid"].values())
    assert all(told["counts"].values())
    assert told["home"] == pytest.approx([1e3 * km for km in (WEST, SOUTH, EAST, NORTH)])
    assert set(told["order"]) - set(told["visible"]) == {"layer_of_contrasts_by_years"}
