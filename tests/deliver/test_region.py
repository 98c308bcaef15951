"""A region's files: its contrasts in every one of them, styled, and safe against any title."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from pipeline.borders.quantities import MOTORWAYS, OFF_MOTORWAYS, TOWNS
from pipeline.borders.schema import of_pooled, pooled_layer
from pipeline.borders.squares import AREA_CRS
from pipeline.deliver.region import read_region
from pipeline.models import Region
from pipeline.report.chart_style import DESKTOP_SHEET, PHONE_SHEET
from pipeline.report.region_page import pooled_forest
from pipeline.steps.deliver_region import deliver_region
from pipeline.steps.layers import write_layer
from tests.conftest import REPOSITORY
from tests.qgis.test_project import inspect
from tests.report.svg_words import words
from tests.scenes.delivery import TITLE
from tests.scenes.places import cities_file

REGION = Region(name=TITLE, cities=("liege", "aachen"))
# Around the tripoint of Belgium, Germany and the Netherlands, in kilometres of EPSG:3035.
WEST, SOUTH, EAST, NORTH = 3990, 3050, 4080, 3130
MIDDLE = (WEST + EAST) / 2
SENTENCE = "The German side is greener than the Belgian one by 0.42 (95 %: 0.30 to 0.54)."


def contrasts() -> gpd.GeoDataFrame:
    """Of typical towns and of motorways in all photos; of towns by years, the later ones without a number."""
    course = shapely.MultiLineString([[(1e3 * MIDDLE, 1e3 * SOUTH), (1e3 * MIDDLE, 1e3 * NORTH)]])
    pair = {"pair": "BE-DE", "first": "BE", "second": "DE", "geometry": course}
    numbers = {"contrast_g_r": 0.42, "low95": 0.3, "high95": 0.54}
    rows = [
        {"photo": "2012", "quantity": TOWNS, "statement": "In 2012."} | numbers,
        {"photo": "all", "quantity": MOTORWAYS, "statement": "Of motorways."} | numbers,
        {"photo": "all", "quantity": TOWNS, "statement": SENTENCE} | numbers,
        {"photo": "2022", "quantity": TOWNS, "statement": "None can be given."},
    ]
    table = pooled_layer([row | pair for row in rows], "contrasts")
    return of_pooled(table, "contrasts", [("jpeg", True), ("raw", False)])


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
        summary=folder / "summary.json",
        report=folder / "report.html",
    )
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pair: dict[str, Any] = {"pair": "BE-DE", "first": "BE", "second": "DE", "geometry": None}
    rows = {
        "town_units": [
            {"name": name, "country": "BE", "tone_g_r": 0.3, "is_town": name is not None, "geometry": place}
            for name, place in (
                ("Eupen", shapely.Point(4050e3, 3080e3)),
                (None, shapely.Point(4040e3, 3080e3)),
            )
        ],
        "contrast_trends": [pair | {"statement": "It does not change."}],
        "left_out": [pair | {"what": "town", "name": "Eupen <3", "contrast_g_r": 0.4, "moves_by": -0.02}],
        "contrast_by_range": [],
    }
    pooled = {
        name: of_pooled(pooled_layer(of_layer, name), name, [("jpeg", True)])
        for name, of_layer in rows.items()
    }
    pooled |= {"contrasts": contrasts(), "photos": photos()}
    return delivered(tmp_path_factory.mktemp("region") / "both", pooled)


def test_the_csv_has_all_contrasts_the_headlines_first(folder: Path) -> None:
    with (folder / "both.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["photo"] for row in rows] == ["all", "all", "2012", "2022"]
    assert [row["quantity"] for row in rows] == [TOWNS, MOTORWAYS, TOWNS, TOWNS]
    assert [row["contrast_g_r"] for row in rows] == ["0.42", "0.42", "0.42", ""]
    assert rows[0]["statement"] == SENTENCE
    assert "geometry" not in rows[0]


def test_the_geopackage_has_all_layers(folder: Path) -> None:
    layers = dict(pyogrio.list_layers(folder / "both.gpkg"))
    shown = {"contrasts", "other_contrasts", "contrasts_by_years", "town_units", "photos"}
    shown |= {"cities", "borders", "countries"}
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
    # Its four rows, its trend and what is left out.
    assert text.count("Belgium → Germany") == 4 + 1 + 1
    assert "Is the German side greener than the Belgian one?" in text
    assert "by how much, only roughly" in text
    said = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert [each["question"] for each in said["said"]] == ["Is the German side greener than the Belgian one?"]
    assert "by how much, only roughly" in said["caution"]
    assert "It does not change." in text
    assert "town Eupen &lt;3" in text
    assert "date unknown" in text
    assert text.count("data:image/svg+xml") == 2 * 2  # typical towns, and all figures, for desk and phone


def test_the_chart_names_what_each_contrast_is_of(folder: Path) -> None:
    region = read_region(
        "both", TITLE, folder / "borders.gpkg", REPOSITORY / "data" / "borders.gpkg", cities_file(folder)
    )
    off = region.other_contrasts.assign(quantity=OFF_MOTORWAYS)
    for sheet in (DESKTOP_SHEET, PHONE_SHEET):
        drawn = " ".join(words(pooled_forest(replace(region, other_contrasts=off), sheet)).split())
        for text in ("all photos", "2012", "typical town", "without motorways"):
            assert text in drawn
        assert "SIMULATED" in drawn


def test_nothing_compared_is_said(tmp_path: Path) -> None:
    """Photos without light have no frame either: the map is that of the countries."""
    dark = photos().assign(geometry=[None, None])
    folder = delivered(tmp_path / "dark", {"contrasts": contrasts()[:0], "photos": dark})
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "No border was compared: the photos show no light on both sides of one." in text
    assert "data:image/svg+xml" not in text
    assert (folder / "dark.csv").read_text(encoding="utf-8").startswith("photo,taken_at,pair,")
    assert (folder / "dark.qgz").stat().st_size > 0
    assert set(dict(pyogrio.list_layers(folder / "dark.gpkg"))) >= {"borders", "countries", "cities"}


def test_the_project_opens_styled(folder: Path, qgis_python: str, tmp_path: Path) -> None:
    told = inspect(qgis_python, folder / "both.qgz", tmp_path / "drawn.png")
    assert told["said"] == told["render_errors"] == []
    assert told["title"] == f"SIMULATED {TITLE}"
    tables = {f"layer_of_{name}" for name in ("contrast_by_range", "contrast_trends", "left_out", "metadata")}
    assert len(told["valid"]) == 8 + len(tables)
    assert all(told["valid"].values())
    assert all(count for name, count in told["counts"].items() if name not in tables)
    assert all(all(fields["aliases"].values()) for fields in told["fields"].values())
    assert told["home"] == pytest.approx([1e3 * km for km in (WEST, SOUTH, EAST, NORTH)])
    assert set(told["order"]) - set(told["visible"]) == {
        *("layer_of_other_contrasts", "layer_of_contrasts_by_years")
    }
