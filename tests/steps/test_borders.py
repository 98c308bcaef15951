"""Every layer is in `borders.gpkg`, and whatever cannot be compared is a sentence in it, when only files are
given: made light of towns on the real map of the region."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from pyproj import Transformer

from pipeline.borders.schema import COLUMNS, GEOMETRY, OF_TWO_PHOTOS, POOLED_COLUMNS
from pipeline.borders.squares import AREA_CRS
from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.ground.countries import read_countries
from pipeline.models import BordersConfig
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.grid import Grid
from pipeline.raster.workers import Workers
from pipeline.steps.borders import compare_borders
from pipeline.steps.photos import pairs, read_photos
from tests.conftest import REPOSITORY
from tests.scenes.places import cities_file

TO_MAP = Transformer.from_crs("EPSG:4326", AREA_CRS, always_xy=True)
TO_DEGREES = Transformer.from_crs(AREA_CRS, "EPSG:4326", always_xy=True)
X0, Y0 = (1000 * round(v / 1000) for v in TO_MAP.transform(5.9, 50.75))
GRID = Grid(AREA_CRS, 200.0, (X0 - 40_000, Y0 - 40_000, X0 + 40_000, Y0 + 40_000))
MOTORWAYS = REPOSITORY / "data" / "motorways.gpkg"
EVENTS = REPOSITORY / "data" / "lighting_events.csv"
OPTIONS = BordersConfig(replicates=200)
EVENING = datetime(2022, 11, 5, 22, 0, tzinfo=UTC)
YEARS_BEFORE = datetime(2012, 12, 8, 22, 13, tzinfo=UTC)
TRIPOINT = (5.9, 50.75)
PARALLEL, PLANTED = 50.70, 0.5


NAMES = {
    "light": ("red", "green", "blue", "sigma"),
    "tone": ("log2_g_r", "log2_b_g", "sigma_log2_g_r", "sigma_log2_b_g", "signal_to_noise"),
}


@dataclass(frozen=True)
class Shot:
    """A photo straight down on a square of the ground."""

    name: str
    taken_at: datetime | None = EVENING
    at: tuple[float, float] = TRIPOINT
    width_km: float = 70.0
    facts: dict[str, Any] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        position, aim = to_ecef(*self.at, 400e3), to_ecef(*self.at)
        rotation = look_at_rotation(position, aim, 0.0)
        camera = Camera(position, rotation, 700 * 400 / self.width_km, (349.5, 349.5), 700, 700)
        order = {
            "parameter_order": ["rotation_x_rad", "rotation_y_rad"],
            "covariance": [[1e-9, 0], [0, 1e-9]],
        }
        (folder / "camera.json").write_text(json.dumps(camera.to_dict() | order))
        facts = PhotoFacts(
            **{"id": self.name, "taken_at": self.taken_at, "width": 700, "height": 700},
            **{"source": "", "linearisation": ""},
            **self.facts,
        )
        (folder / "photo.json").write_text(facts.model_dump_json())
        light, tone = _light(camera)
        for kind, bands in (("light", light), ("tone", tone)):
            profile = {"driver": "GTiff", "dtype": "float32", "nodata": np.nan, "crs": AREA_CRS}
            size = {"count": len(bands), "height": GRID.height, "width": GRID.width}
            with rasterio.open(
                folder / f"{kind}.tif", "w", **profile, **size, transform=GRID.transform
            ) as target:
                target.write(bands)
                target.descriptions = NAMES[kind][: len(bands)]


def _light(camera: Camera) -> tuple[np.ndarray, np.ndarray]:
    """Bands of light.tif and tone.tif: the same 300 towns in every photo, each of a tone of its own, those
    south of PARALLEL greener by PLANTED."""
    rng = np.random.default_rng(5)
    x, y = np.meshgrid(np.arange(0.1, 80, 0.2), np.arange(79.9, 0, -0.2))
    red, green = np.zeros_like(x), np.zeros_like(x)
    for _ in range(300):
        at_x, at_y = rng.uniform(0, 80, 2)
        disc = np.where(np.hypot(x - at_x, y - at_y) < 1.2, rng.uniform(0.5, 1.5), 0.0)
        _, lat = TO_DEGREES.transform(GRID.bounds[0] + 1e3 * at_x, GRID.bounds[1] + 1e3 * at_y)
        tone = rng.normal(-0.8, 0.2) + PLANTED * (lat < PARALLEL)
        red, green = red + disc, green + disc * 2**tone
    column, row = camera.project(*TO_DEGREES.transform(GRID.bounds[0] + 1e3 * x, GRID.bounds[1] + 1e3 * y))
    seen = (column >= 0) & (column <= 699) & (row >= 0) & (row <= 699)
    lit = seen & (red > 0)
    ratio = np.where(lit, np.log2(np.where(lit, green, 1) / np.where(lit, red, 1)), np.nan)
    light = np.where(seen, np.stack([red, green, 0.3 * red, np.full_like(red, 1e-3)]), np.nan)
    return light.astype("float32"), np.stack([ratio, ratio, ratio, ratio, 20 + 0 * ratio]).astype("float32")


def run(folder: Path, *shots: Shot, **more: Any) -> Path:
    """The step on some photos; gives its GeoPackage."""
    folders = [folder / shot.name for shot in shots]
    for shot, one in zip(shots, folders, strict=True):
        shot.write(one)
    values = {"motorways": MOTORWAYS, "regions": [], "countries": ["BE", "DE", "LU", "NL"]} | more
    compare_borders(
        *([one / file for one in folders] for file in ("tone.tif", "light.tif", "photo.json", "camera.json")),
        squares=[],
        cities=cities_file(folder),
        events=EVENTS,
        options=OPTIONS,
        borders=folder / "borders.gpkg",
        **values,
    )
    return folder / "borders.gpkg"


def table(file: Path, layer: str) -> Any:
    return gpd.read_file(file, layer=layer)


def said(file: Path, subject: str) -> list[str]:
    notes = table(file, "notes")
    return list(notes[notes["subject"] == subject]["statement"])


def complete(file: Path) -> bool:
    """Whether all layers are there, with all their columns and kinds of geometry, be they empty."""
    listed = dict(pyogrio.list_layers(file))
    assert set(listed) == set(COLUMNS)
    for name, kind in listed.items():
        assert kind == GEOMETRY.get(name), name
        first = (
            ["before", "taken_before", "after", "taken_after"]
            if name in OF_TWO_PHOTOS
            else ["photo", "taken_at"]
        )
        columns = list(pyogrio.read_info(file, layer=name)["fields"])
        assert columns == [*first, *COLUMNS[name], "evidence", "simulated"], name
    return True


@pytest.fixture(scope="module")
def two_dates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Given the later one first."""
    return run(tmp_path_factory.mktemp("two"), Shot("later"), Shot("sooner", YEARS_BEFORE, width_km=60.0))


def test_all_layers_are_there_and_filled(two_dates: Path) -> None:
    assert complete(two_dates)
    for name in COLUMNS:
        filled = len(table(two_dates, name)) > 0
        # The two scenes have a town or two on each side of a border: too few to compare towns.
        empty = name.startswith("regional_") or name in ("notes", *POOLED_COLUMNS)
        assert filled != empty or name == "town_units", name
    for name in ("segments", "profiles", "towns", "motorway_ends", "events"):
        assert set(table(two_dates, name)["photo"]) == {"sooner", "later"}, name


def test_towns_and_motorways_of_the_map_are_found(two_dates: Path) -> None:
    assert {"Aachen", "Maastricht", "Verviers"} <= set(table(two_dates, "towns")["name"])
    assert "Aachen" in set(table(two_dates, "cores")["name"])
    ends = table(two_dates, "motorway_ends")
    measured = ends[ends["verdict"] != "not measured"]
    assert {"BE-NL", "BE-DE"} <= set(measured["pair"])
    assert measured.geometry.notna().all()


def test_photos_are_compared_in_the_order_of_time(two_dates: Path) -> None:
    changes = table(two_dates, "changes")
    assert set(zip(changes["before"], changes["after"], strict=True)) == {("sooner", "later")}
    assert set(changes["taken_before"]) == {"2012-12-08T22:13:00Z"}
    sides = changes[changes["scope"] == "side"]
    assert {"BE-DE", "BE-NL", "DE-NL"} == set(sides["pair"])
    # The same light twice: nothing changed, to the rounding of float32.
    assert sides["light_change"].dropna().to_numpy() == pytest.approx(0.0, abs=1e-4)
    assert sides["light_change"].notna().sum() >= 4


def test_rows_do_not_depend_on_which_thread_is_done_first(two_dates: Path, tmp_path: Path) -> None:
    shots = Shot("later"), Shot("sooner", YEARS_BEFORE, width_km=60.0)
    by_one = run(tmp_path, *shots, workers=Workers(threads=1))
    for layer in COLUMNS:
        assert table(by_one, layer).equals(table(two_dates, layer)), layer


def test_lighting_policies_are_told_by_place_date_and_hour(two_dates: Path) -> None:
    events = table(two_dates, "events")
    (off,) = events[(events["photo"] == "later") & (events["region"] == "WAL") & (events["state"] == "off")][
        "statement"
    ]
    # Wallonia's lights were off from 22 to 5 that autumn; 22 UTC is 23 there.
    assert off.startswith("Walloon motorway lights were")
    assert "off by policy at this hour (23:00 local time" in off
    sooner = events[events["photo"] == "sooner"]
    assert "2012-12-08 23:13" in set(sooner["local_time"])
    assert "Aachen" in set(sooner["place"])
    assert "Luxembourgish" not in " ".join(events["statement"])  # not in the frame


@pytest.mark.parametrize(("n", "expected"), [(1, ""), (2, "01"), (3, "01 12 02"), (4, "01 12 23 03")])
def test_each_photo_is_compared_with_the_next_and_the_first_with_the_last(n: int, expected: str) -> None:
    photos: Any = list("0123"[:n])
    assert [f"{pair.before}{pair.after}" for pair in pairs(photos)] == expected.split()


def test_photos_of_unknown_time_come_last(tmp_path: Path) -> None:
    shots = (Shot("a", None), Shot("b"), Shot("c", YEARS_BEFORE), Shot("d", None))
    for shot in shots:
        shot.write(tmp_path / shot.name)
    names = ("photo.json", "camera.json", "light.tif", "tone.tif")
    photos = read_photos(*([tmp_path / shot.name / name for shot in shots] for name in names))
    assert [photo.scene.facts.id for photo in photos] == list("cbad")


def test_a_single_photo_of_one_country_says_so(tmp_path: Path) -> None:
    file = run(tmp_path, Shot("a", None, (6.3, 50.85), 10.0), regions=[regions_file(tmp_path)])
    assert complete(file)
    assert said(file, "borders") == [
        "Only Germany of the countries to be compared is in the frame: there is no border to compare."
    ]
    assert said(file, "change") == [
        "One photo of the city is on the map: no change between dates can be given."
    ]
    assert said(file, "events") == [
        "When the photo was taken is not known: no lighting policy can be looked up."
    ]
    assert said(file, "regions")[0] == "No border between regions crosses the frame."
    assert len(table(file, "contrasts")) == len(table(file, "changes")) == 0
    ends = table(file, "motorway_ends")
    assert set(ends["verdict"]) == {"not measured"}
    assert ends["statement"].str.startswith("The light of the ").all()


def test_a_border_outside_the_frame_is_said(tmp_path: Path) -> None:
    """South Limburg: Belgium to its west, Germany to its east, and their border south of the frame."""
    file = run(tmp_path, Shot("a", at=(5.88, 50.95), width_km=28.0), countries=["BE", "DE"])
    assert complete(file)
    assert said(file, "borders") == [
        "No border of Belgium and Germany crosses the frame: there is none to compare."
    ]
    assert len(table(file, "zones")) == 2


def test_an_empty_layer_of_motorways_and_unusable_regions_are_said(tmp_path: Path) -> None:
    """And the rest is compared."""
    shipped = gpd.read_file(MOTORWAYS)
    shipped[:0].to_file(tmp_path / "none.gpkg", layer="motorways")
    (tmp_path / "text.gpkg").write_text("no GeoPackage")
    shot, regions = Shot("a", width_km=30.0), [tmp_path / "text.gpkg"]
    file = run(tmp_path, shot, motorways=tmp_path / "none.gpkg", regions=regions)
    assert complete(file)
    (sentence,) = said(file, "motorways")
    assert sentence == f"{tmp_path / 'none.gpkg'} has nothing to draw in its layer motorways."
    assert sentence in set(table(file, "motorway_ends")["statement"])
    assert said(file, "regions")[0].startswith(f"{regions[0]} cannot be read: ")
    assert len(table(file, "contrasts")) == 3


def test_the_users_motorways_may_be_in_another_system_and_partly_invalid(
    tmp_path: Path, two_dates: Path
) -> None:
    lines = gpd.read_file(MOTORWAYS)[["ref", "error_m", "geometry"]]
    nothing = shapely.LineString([(6, 50.7), (6, 50.7)])
    mixed = gpd.GeoDataFrame(
        {"ref": [*lines["ref"], "E99"], "error_m": [*lines["error_m"], 5.0]},
        geometry=[*lines.geometry, nothing],
        crs=4326,
    )
    mixed.to_crs("EPSG:31370").to_file(tmp_path / "own.gpkg", layer="roads")
    file = run(tmp_path, Shot("later"), motorways=tmp_path / "own.gpkg")
    assert said(file, "motorways") == [
        f"1 of {len(mixed)} features of {tmp_path / 'own.gpkg'} are no lines of a named road "
        "and were left out."
    ]
    keys = ["ref", "pair", "verdict"]
    shown = table(two_dates, "motorway_ends")
    shipped = shown[(shown["photo"] == "later") & (shown["verdict"] != "not measured")]
    found = table(file, "motorway_ends")
    found = found[found["verdict"] != "not measured"]
    assert found[keys].to_numpy().tolist() == shipped[keys].to_numpy().tolist()
    assert len(found) >= 4


def regions_file(folder: Path) -> Path:
    """Belgium cut along a parallel, in Lambert's system; one shape crosses itself and one is a point."""
    belgium = read_countries("EPSG:4326", ["BE"]).areas.geometry[0]
    shapes = {
        "BE-VLG": shapely.intersection(belgium, shapely.box(2, PARALLEL, 7, 52)),
        "BE-WAL": shapely.intersection(belgium, shapely.box(2, 49, 7, PARALLEL)),
        "bow tie": shapely.Polygon([(6.3, 50.8), (6.4, 50.9), (6.3, 50.9), (6.4, 50.8)]),
        "point": shapely.Point(5.5, 50.6),
    }
    layer = gpd.GeoDataFrame({"region": list(shapes)}, geometry=list(shapes.values()), crs=4326)
    layer.to_crs("EPSG:31370").to_file(folder / "regions.gpkg")
    return folder / "regions.gpkg"


def test_a_border_between_regions_is_compared_as_a_control(tmp_path: Path) -> None:
    regions = regions_file(tmp_path)
    file = run(tmp_path, Shot("a"), regions=[regions])
    assert complete(file)
    assert said(file, "regions") == [f"1 of 4 features of {regions} are no polygons and were left out."]
    control = table(file, "regional_contrasts").iloc[0]
    assert (control["pair"], control["first"], control["second"]) == ("VLG-WAL", "VLG", "WAL")
    # A dozen towns a side of a spread of 0.2, less a trend that they fix too: 0.1, 1 sigma.
    assert control["contrast_g_r"] == pytest.approx(PLANTED, abs=0.3)
    assert control["low95"] > 0
    assert control["statement"].startswith("The WAL side is greener than the VLG one by 0.")
    assert set(table(file, "regional_zones")["country"]) == {"VLG", "WAL", "bow tie"}
    assert len(table(file, "regional_segments")) > 1
    assert len(table(file, "regional_profiles")) > 10
    assert "VLG-WAL" not in set(table(file, "contrasts")["pair"])


def test_photos_that_do_not_overlap_are_said(tmp_path: Path) -> None:
    """Of one country each, too: every layer without rows is still there."""
    file = run(
        tmp_path,
        Shot("west", YEARS_BEFORE, (5.5, 50.6), 10.0),
        Shot("east", EVENING, (6.3, 50.85), 10.0),
    )
    assert complete(file)
    (change,) = table(file, "changes")["statement"]
    assert change == "No change can be given: the photos do not overlap."
    assert len(table(file, "border_changes")) == 0
    assert not table(file, "changes").geometry.is_empty.any()
