"""Tables for other software: CSV is the GeoPackage, words never become formulas, Excel on request."""

import dataclasses
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from pipeline.deliver.geopackage import StyledTable
from pipeline.deliver.spreadsheet import FORMULA_STARTS, plain_text
from pipeline.deliver.tables import write_excel, write_tables
from tests.scenes.delivery import Delivery

FORMULA = '=HYPERLINK("http://example.org")'


def table(name: str, frame: pd.DataFrame, kind: str = "cities") -> StyledTable:
    return StyledTable(name, name, frame, "", kind)


@pytest.fixture
def hostile() -> StyledTable:
    """Places with names that a spreadsheet takes for formulas."""
    places = {"name": [FORMULA, "-1+1", "@a", "Köln"], "country": "DE", "population": [1, -2, 3, 4]}
    points = shapely.points([4e6 + 1e3 * k for k in range(4)], [3.1e6] * 4)
    return table("cities", gpd.GeoDataFrame(places, geometry=points, crs=3035))


def test_numbers_have_all_their_digits_whatever_else_is_loaded(tmp_path: Path) -> None:
    """The library `colour` sets how numpy prints, which pandas writes CSV by."""
    light = pd.DataFrame({"tone_change": [-0.2 - 0.1]})
    with np.printoptions(legacy="1.13"):
        write_tables(tmp_path, [table("changes", light, "border_changes")])
    assert (tmp_path / "changes.csv").read_text() == "tone_change\n-0.30000000000000004\n"


def test_csv_read_back_is_the_geopackage(delivery: Delivery) -> None:
    file = delivery.folder / "demo.gpkg"
    names = {name for name, _ in pyogrio.list_layers(file)} - {"layer_styles", "qgis_projects"}
    assert {path.stem for path in (delivery.folder / "tables").iterdir()} == names | {"dictionary"}
    for name in sorted(names):
        known = pyogrio.read_dataframe(file, layer=name)
        # Numbers too are read as words: pandas' own reader is a bit off, Python's float is not.
        words = {field: str for field, kind in known.dtypes.items() if kind.kind not in "iubM"}
        read = pd.read_csv(delivery.folder / "tables" / f"{name}.csv", dtype=words)
        fields = [field for field in known.columns if field != "geometry"]
        more = (
            [] if "geometry" not in known or known.geom_type.dropna().iloc[0] != "Point" else ["lon", "lat"]
        )
        assert list(read.columns) == fields + more, name
        for field in fields:
            if known[field].dtype.kind in "fiub":
                # Written with all digits: the same numbers to the last bit.
                np.testing.assert_array_equal(read[field].astype(float), known[field].astype(float), field)
            elif known[field].dtype.kind == "M":
                pd.testing.assert_series_equal(
                    pd.to_datetime(read[field]), known[field], check_dtype=False, check_names=False
                )
            else:
                # CSV cannot tell a word that is empty from none.
                written = [plain_text(word) if isinstance(word, str) else "" for word in known[field]]
                shown = [word if isinstance(word, str) else "" for word in read[field]]
                assert shown == written, (name, field)


def test_points_have_longitude_and_latitude(delivery: Delivery) -> None:
    places = pd.read_csv(delivery.folder / "tables" / "cities.csv").set_index("name")
    known = (6.084, 50.777)  # the gazetteer's
    assert tuple(places.loc["Aachen", ["lon", "lat"]]) == pytest.approx(known, abs=1e-3)


def test_dictionary_has_a_row_for_each_column_of_each_kind(delivery: Delivery) -> None:
    listed = pd.read_csv(delivery.folder / "tables" / "dictionary.csv", keep_default_na=False)
    assert not listed.duplicated(["table", "column"]).any()
    for kind, name in (("contrasts", "contrasts_simulated-2012"), ("cities", "cities"), ("events", "events")):
        written = pd.read_csv(delivery.folder / "tables" / f"{name}.csv", nrows=0).columns
        assert list(listed[listed["table"] == kind]["column"]) == list(written)
    row = listed.set_index(["table", "column"]).loc[("motorway_ends", "end_m")]
    assert (row["unit"], row["title"]) == ("m", "End of light")


def test_words_that_look_like_formulas_stay_words_in_csv(hostile: StyledTable, tmp_path: Path) -> None:
    write_tables(tmp_path, [hostile])
    read = pd.read_csv(tmp_path / "cities.csv")
    assert list(read["name"]) == [f"'{FORMULA}", "'-1+1", "'@a", "Köln"]
    assert list(read["population"]) == [1, -2, 3, 4]  # a negative number is no formula
    assert not any(
        line.startswith(FORMULA_STARTS) for line in (tmp_path / "cities.csv").read_text().split("\n")
    )


def test_excel_has_every_table_and_no_formula(hostile: StyledTable, tmp_path: Path) -> None:
    long = [
        dataclasses.replace(hostile, table=f"{'a_long_name_of_a_table_of_two_photos'}_{k}") for k in range(2)
    ]
    write_excel(tmp_path / "city.xlsx", [hostile, *long])
    book = openpyxl.load_workbook(tmp_path / "city.xlsx")
    assert book.sheetnames[0] == "Contents"
    assert book.sheetnames[-1] == "Dictionary"
    assert len({name.lower() for name in book.sheetnames}) == 5
    assert all(len(name) <= 31 for name in book.sheetnames)
    cells = [row[0] for row in book["cities"].iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == [FORMULA, "-1+1", "@a", "Köln"]
    assert [cell.data_type for cell in cells] == ["s"] * 4
    contents = {row[0]: row[1] for row in book["Contents"].iter_rows(min_row=2, values_only=True)}
    assert list(contents.values()) == ["cities", *(each.table for each in long)]


def test_excel_is_made_only_on_request(delivery: Delivery) -> None:
    assert not list(delivery.folder.glob("**/*.xlsx"))
    assert not delivery.city.excel
