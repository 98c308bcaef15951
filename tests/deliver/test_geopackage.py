"""The GeoPackage: every table with the rows of its source, styled by itself, traceable, reproducible."""

import dataclasses
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest

from pipeline.deliver import geopackage
from pipeline.deliver.geopackage import write_geopackage
from pipeline.deliver.provenance import configuration_hash, facts
from pipeline.deliver.results import PhotoResults
from pipeline.qgis.about import MAPS, about
from pipeline.qgis.layers import city_layers, table_layers
from pipeline.qgis.project import project
from tests.report.test_maps import real
from tests.scenes.city import TOWNS
from tests.scenes.delivery import TITLE, Delivery

COMMON = {"borders", "countries", "cities", "motorways"}
PER_PHOTO = {
    *("control_points", "residuals", "footprint", "zones", "strips", "contrasts", "segments"),
    *("motorway_ends", "motorway_segments", "towns", "cores"),
}
PER_PAIR = {"changes_simulated-2012_simulated-2022", "border_changes_simulated-2012_simulated-2022"}
POOLED = {
    f"{table}_all"
    for table in ("contrasts", "contrasts_by_years", "contrast_trends", "town_units", "motorway_crossings")
}
OF_QGIS = {"layer_styles", "qgis_projects"}
OVER_TIME = ("motorway_ends", "motorway_segments", "contrasts", "segments", "footprint")
PHOTOS = ("simulated-2012", "simulated-2022")


@pytest.fixture(scope="module")
def file(delivery: Delivery) -> Path:
    return delivery.folder / "demo.gpkg"


def layer(file: Path, name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(file, layer=name)


def test_holds_every_layer_with_the_photo_in_its_name(file: Path) -> None:
    expected = COMMON | {f"{table}_{photo}" for table in PER_PHOTO for photo in PHOTOS} | PER_PAIR | POOLED
    expected |= {f"{table}_over_time" for table in OVER_TIME}
    assert {name for name, kind in pyogrio.list_layers(file) if kind} == expected


def test_tables_of_a_photo_hold_only_its_rows(file: Path) -> None:
    for photo in PHOTOS:
        for table in ("zones", "strips", "contrasts"):
            assert set(layer(file, f"{table}_{photo}")["photo"]) == {photo}
    assert len(layer(file, "contrasts_simulated-2012")) == 4


def test_all_photos_together_have_layers_of_their_own(file: Path) -> None:
    assert set(layer(file, "contrasts_all")["photo"]) == {"all"}
    assert set(layer(file, "contrasts_by_years_all")["photo"]) == {"2012", "2022"}
    assert list(layer(file, "contrasts_all")["quantity"]) == ["towns", "towns off motorways", "motorways"]
    assert set(pyogrio.read_dataframe(file, layer="left_out")["name"]) == {
        "simulated-2012",
        "Eijsden",
        "Tongeren",
    }
    assert len(pyogrio.read_dataframe(file, layer="contrast_by_range")) == 2


def test_rows_without_a_place_stay_and_tables_without_a_map_are_whole(file: Path) -> None:
    ends = layer(file, "motorway_ends_simulated-2012").set_index("ref")
    assert ends.loc["E411", "statement"] == "The E411 is not in the frame."
    assert ends.loc["E411"].geometry is None
    for name, rows in (
        ("notes", 1),
        ("events", 1),
        ("profiles", 20),
        ("motorway_stations", 17),
        ("country_tones", 3),
    ):
        table = pyogrio.read_dataframe(file, layer=name)
        assert table["photo"].value_counts().to_dict() == dict.fromkeys(PHOTOS, rows), name
    assert "geometry" not in table


def test_everything_is_on_the_grid(file: Path, delivery: Delivery) -> None:
    frame = delivery.results().frame.buffer(1e-6)
    for name in COMMON:
        table = layer(file, name)
        assert table.crs == "EPSG:3035"
        assert table.within(frame).all(), name


def test_coordinates_are_east_then_north(file: Path) -> None:
    """EPSG:3035 names its axes north, east; GeoPackages are x, y all the same."""
    aachen = layer(file, "cities").set_index("name").loc["Aachen"].geometry
    assert (aachen.x, aachen.y) == pytest.approx((4_045_000, 3_082_000), abs=3_000)  # read off a map


def test_text_survives(file: Path) -> None:
    assert set(layer(file, "control_points_simulated-2012")["name"]) == set(TOWNS)


def test_every_table_has_a_default_style(file: Path) -> None:
    with sqlite3.connect(file) as database:
        spatial = dict(database.execute("SELECT table_name, column_name FROM gpkg_geometry_columns"))
        styles = database.execute(
            "SELECT f_table_name, f_geometry_column, useAsDefault, styleQML FROM layer_styles"
        ).fetchall()
        kind = database.execute(
            "SELECT data_type FROM gpkg_contents WHERE table_name = 'layer_styles'"
        ).fetchone()
    assert kind == ("attributes",)
    tables = {name: spatial.get(name, "") for name, _ in pyogrio.list_layers(file) if name not in OF_QGIS}
    assert {name: column for name, column, _, _ in styles} == tables
    assert all(default for _, _, default, _ in styles)
    for name, *_, text in styles:
        style = ElementTree.fromstring(text)
        assert (style.find("renderer-v2") is not None) == (name in spatial), name
        assert len(style.findall("aliases/alias")) > 0, name


def test_metadata_trace_the_run(file: Path, delivery: Delivery) -> None:
    table = pyogrio.read_dataframe(file, layer="metadata")
    values = table.set_index("item")["value"]
    assert values["city"] == TITLE
    assert values["configuration SHA-256"] == configuration_hash(delivery.city)
    licences = " ".join(table[table["topic"] == "source and licence"]["value"])
    for word in ("OpenStreetMap", "ODbL", "GeoNames", "CC BY", "no real light"):
        assert word in licences
    assert "SIMULATED" in values["simulated-2012"]


def test_only_real_photos_are_credited_to_nasa(delivery: Delivery) -> None:
    city = delivery.results()

    def told(photos: tuple[PhotoResults, ...]) -> str:
        return " ".join(fact.value for fact in facts(dataclasses.replace(city, photos=photos), delivery.city))

    assert "NASA" not in told(city.photos)
    own = real(city.photos[0])
    assert "public domain" not in told((own,))
    assert "as their owner says" in told((own,))
    both = told((_of_nasa(own), own, city.photos[1]))
    for words in ("public domain; credit", "as their owner says", "no real light"):
        assert words in both


def test_layers_credit_the_photos_they_are_made_from(delivery: Delivery) -> None:
    """Whether they have a column that says so, or not."""
    city = delivery.results()
    own = real(city.photos[0])
    assert "user's own photographs" in about("towns", own.origins).attribution
    assert "NASA" not in about("towns", own.origins).attribution
    of_both = about("towns", (*own.origins, *_of_nasa(own).origins))
    assert "user's own" in of_both.attribution
    assert "NASA" in of_both.attribution
    assert about("cities", own.origins).attribution == "GeoNames"
    plain = {"metadata": pd.DataFrame({"topic": ["run"], "item": ["x"], "value": ["y"]})}
    for layer in (*city_layers(city), *table_layers(plain, city.origins)):
        if layer.kind not in MAPS:
            assert layer.about.abstract.startswith("SIMULATED"), layer.table


def _of_nasa(photo: PhotoResults) -> PhotoResults:
    return dataclasses.replace(photo, folder=photo.folder.with_name("ISS030-E-163191"))


def test_the_users_own_maps_are_named(delivery: Delivery) -> None:
    shipped = {fact.item for fact in facts(delivery.results(), delivery.city)}
    own = delivery.city.model_copy(update={"motorways": Path("a/b.gpkg"), "regions": Path("c.gpkg")})
    named = {fact.item: fact.value for fact in facts(delivery.results(), own)}
    assert set(named) - shipped == {"Motorways", "Regions"}
    assert named["Motorways"] == "the user's own file a/b.gpkg"


def test_configuration_hash_tells_settings_apart(delivery: Delivery) -> None:
    other = delivery.city.model_copy(update={"name": "elsewhere"})
    assert configuration_hash(other) != configuration_hash(delivery.city)


def test_same_results_make_the_same_bytes(file: Path, delivery: Delivery, tmp_path: Path) -> None:
    results = delivery.results()
    tables = results.tables | {"metadata": pd.DataFrame(facts(results, delivery.city))}
    within = project(results, "demo.gpkg", tables, with_rasters=False)
    write_geopackage(
        tmp_path / "again.gpkg",
        [*city_layers(results), *table_layers(tables, results.origins)],
        "demo",
        within,
    )
    assert (tmp_path / "again.gpkg").read_bytes() == file.read_bytes()


def test_tables_written_in_parts_are_those_written_at_once(
    delivery: Delivery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that is in the file, the spatial index and what keeps it up to date included."""
    results, contents = delivery.results(), []
    tables = [*city_layers(results), *table_layers(results.tables, results.origins)]
    for at_once in (len(tables), 7):
        monkeypatch.setattr(geopackage, "AT_ONCE", at_once)
        file = tmp_path / f"{at_once}.gpkg"
        write_geopackage(file, tables)
        with closing(sqlite3.connect(file)) as database:
            # A counter of an empty table may be 0 or not there yet.
            database.execute("DELETE FROM sqlite_sequence WHERE seq = 0")
            contents.append(sorted(line for line in database.iterdump() if not line.startswith("PRAGMA")))
    assert contents[0] == contents[1]
    assert any("CREATE VIRTUAL TABLE" in line for line in contents[0])
    assert {file.name for file in tmp_path.iterdir()} == {f"{len(tables)}.gpkg", "7.gpkg"}
