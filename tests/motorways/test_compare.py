"""The tables of a photo, also where there is nothing to measure."""

import math
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.borders.schema import COLUMNS, GEOMETRY, OF_MOTORWAYS
from pipeline.borders.squares import AREA_CRS
from pipeline.ground.roads import read_motorways
from pipeline.motorways.compare import compare_motorways
from pipeline.motorways.settings import MOTORWAY_SETTINGS
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.tiles import Tile
from tests.motorways.roads import (
    CELL_M,
    FRAME,
    line,
    roads,
    written,
)
from tests.scenes.lands import box, countries, grid, place


def a_scene(**more: Any) -> Any:
    """A photo of the 40 km of `lands`, its positions good to 20 m."""
    camera = SimpleNamespace(ground_sample_distance_m=lambda lon, lat: np.full(len(lon), CELL_M))
    solved = SimpleNamespace(
        camera=camera, ground_sigma_m=lambda lon, lat, margin_px: np.full(len(lon), 20.0)
    )
    facts = PhotoFacts(
        id="a photo",
        taken_at=datetime(2012, 12, 8, 20, tzinfo=UTC),
        width=10,
        height=10,
        source="",
        linearisation="",
        simulated=True,
    )
    scene = {"facts": facts, "solved": solved, "grid": grid(40, 40, CELL_M), "frame": FRAME}
    return SimpleNamespace(**scene | more)


def photo_light(lit_km: tuple[float, float], road_km: float = 20.0, noise: float = 0.02) -> np.ndarray:
    """Red, green and sigma of light.tif: one row of cells lit from west to east between two places."""
    rng = np.random.default_rng(7)
    red, green = noise / math.sqrt(2) * rng.standard_normal((2, 800, 800))
    x_km = (np.arange(800) + 0.5) * CELL_M / 1e3
    row = round((40 - road_km) * 1e3 / CELL_M)
    red[row, (x_km > lit_km[0]) & (x_km < lit_km[1])] += 0.2
    return np.stack([red, green, np.full((800, 800), noise / math.sqrt(2))]).astype(np.float32)


def tiles(light: np.ndarray, rows: int = 800):
    for top in range(0, 800, rows):
        yield Tile(top, 0, rows, 800), light[:, top : top + rows]


ROAD = roads(("E1", 30.0, line((2, 20), (38, 20))))


def test_the_tables_of_a_photo():
    light = photo_light((2, 20))
    layers = compare_motorways(a_scene(), tiles(light), countries(), ROAD)
    assert set(layers) == set(OF_MOTORWAYS)
    for name, layer in layers.items():
        assert list(layer.columns) == [
            "photo",
            "taken_at",
            *COLUMNS[name],
            "geometry",
            "evidence",
            "simulated",
        ]
        assert set(layer.geom_type) == {GEOMETRY[name]}
        assert layer.crs == AREA_CRS
        assert set(layer["photo"]) == {"a photo"}
        assert set(layer["taken_at"]) == {"2012-12-08T20:00:00Z"}
        assert layer["simulated"].all()
    (row,) = layers["motorway_ends"].itertuples()
    assert row.verdict == "ends at the national border"
    assert (row.ref, row.pair, row.lit_side) == ("E1", "BE-DE", "BE")
    assert row.low95_m < 0 < row.high95_m
    assert abs(row.end_m) < 50  # one cell
    assert row.to_national_m == abs(row.end_m)
    assert math.isnan(row.to_regional_m)
    assert row.geometry.distance(shapely.Point(*place(20, 20))) == pytest.approx(abs(row.end_m), abs=0.1)
    segments = list(layers["motorway_segments"].itertuples())
    lit, dark = segments[0], segments[-1]
    assert (lit.lit, dark.lit) == ("lit", "dark")
    assert all(before.to_m == after.from_m for before, after in pairwise(segments))
    assert sum(segment.to_m - segment.from_m for segment in segments[1:-1]) <= 200
    # Blocks of two stations, of which the last has no second one.
    assert (lit.from_m, dark.to_m) == (-MOTORWAY_SETTINGS.reach_m - 25, MOTORWAY_SETTINGS.reach_m - 25)
    # 20 cells of 0.2 in a kilometre; one row of cells is sharper than a photo's blur, and counts for a third
    # more.
    assert 20 * 0.2 < lit.light_per_km < 1.4 * 20 * 0.2
    assert dark.light_per_km == pytest.approx(0, abs=4 * dark.sigma)
    assert lit.geometry.length == pytest.approx(lit.to_m - lit.from_m, rel=0.01)
    stations = layers["motorway_stations"]
    assert np.diff(stations["chainage_m"]) == pytest.approx(100.0)
    assert set(stations["what"]) == {"seen"}
    along = stations.geometry.x - place(20, 20)[0] - stations["chainage_m"]
    assert np.abs(along).max() < 1e-6
    across = stations.geometry.y - place(20, 20)[1]
    assert np.abs(across - stations["offset_m"]).max() < 10  # interpolated between stations


def test_tiles_give_what_the_whole_gives():
    light = photo_light((2, 17))
    whole = compare_motorways(a_scene(), tiles(light), countries(), ROAD)
    parts = compare_motorways(a_scene(), tiles(light, rows=100), countries(), ROAD)
    for name in OF_MOTORWAYS:
        assert whole[name].equals(parts[name])


def test_the_regional_border_of_the_users_layer_decides():
    light = photo_light((2, 18))
    regions = gpd.GeoDataFrame(geometry=[box(0, 10, 18, 30), box(18, 10, 20, 30)], crs=AREA_CRS)
    without = compare_motorways(a_scene(), tiles(light), countries(), ROAD)["motorway_ends"].iloc[0]
    assert without["verdict"] == "ends elsewhere"
    assert "2.0 km from the border" in without["statement"]
    with_ = compare_motorways(a_scene(), tiles(light), countries(), ROAD, regions)["motorway_ends"].iloc[0]
    assert with_["verdict"] == "ends at the regional border"
    assert with_["regional_at_m"] == pytest.approx(-2000)
    assert with_["to_regional_m"] < 50


def test_one_motorways_light_tells_what_darkness_is_on_another():
    """A road 15 km away is dark: its limit is stated in terms of the lit one."""
    both = roads(("E1", 30.0, line((2, 20), (38, 20))), ("E2", 30.0, line((2, 35), (38, 35))))
    ends = compare_motorways(a_scene(), tiles(photo_light((2, 38))), countries(), both)["motorway_ends"]
    assert list(ends["verdict"]) == ["lit on both sides", "dark on both sides"]
    assert "of the light of a lit motorway" in ends["statement"].iloc[1]
    alone = compare_motorways(a_scene(), tiles(photo_light((0, 0))), countries(), ROAD)["motorway_ends"].iloc[
        0
    ]
    assert alone["verdict"] == "dark on both sides"
    assert "no motorway of the photo is seen lit" in alone["statement"]


def test_saturated_and_unseen_light_is_said():
    light = photo_light((2, 20))
    light[:, :, 410:] = np.nan  # from 0.5 km east of the border on
    layers = compare_motorways(a_scene(), tiles(light), countries(), ROAD)
    (row,) = layers["motorway_ends"].itertuples()
    assert row.verdict == "lit up to the border"
    assert "what follows on the German side cannot be told" in row.statement
    assert row.seen_share == pytest.approx(5.5 / 10, abs=0.02)
    assert set(layers["motorway_stations"]["what"]) == {"seen", "not seen"}
    nothing = compare_motorways(a_scene(), tiles(np.full_like(light, np.nan)), countries(), ROAD)
    statement = nothing["motorway_ends"]["statement"].iloc[0]
    assert statement == "The light of the E1 is not measured: the photo shows too little of it."


def test_a_line_too_approximate_to_find_the_road_is_undecidable():
    vague = roads(("E1", 1500.0, line((2, 20), (38, 20))))
    (row,) = compare_motorways(a_scene(), tiles(photo_light((2, 20))), countries(), vague)[
        "motorway_ends"
    ].itertuples()
    assert row.verdict == "undecidable"
    assert "its line is good to more than 1000 m only" in row.statement


def test_an_approximate_line_beside_its_road_still_finds_it():
    """The line runs 250 m north of the road and says that it may be 300 m off."""
    beside = roads(("E1", 300.0, line((2, 20.25), (38, 20.25))))
    (row,) = compare_motorways(a_scene(), tiles(photo_light((2, 24))), countries(), beside)[
        "motorway_ends"
    ].itertuples()
    assert row.verdict == "ends elsewhere"
    assert row.low95_m < 4000 < row.high95_m
    assert row.high95_m - row.low95_m > 2 * 300 * 0.95
    assert "approximate by 300 m" in row.statement


def unusable(tmp_path: Path) -> dict[str, tuple[Path, str]]:
    drawn = gpd.GeoDataFrame({"ref": ["E1"]}, geometry=[line((5, 20), (35, 20))], crs=AREA_CRS)
    text = tmp_path / "text.gpkg"
    text.write_text("not a GeoPackage")
    return {
        "empty": (written(tmp_path, drawn[:0], "empty.gpkg"), "has nothing to draw in its layer empty."),
        "no crs": (
            written(tmp_path, drawn.set_crs(None, allow_override=True), "bare.gpkg"),
            "states no coordinate",
        ),
        "no ref": (
            written(tmp_path, drawn.rename(columns={"ref": "number"}), "unnamed.gpkg"),
            "has no column ref",
        ),
        "text": (text, "cannot be read: "),
        "absent": (tmp_path / "absent.gpkg", "cannot be read: "),
    }


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
@pytest.mark.parametrize("fault", ["empty", "no crs", "no ref", "text", "absent"])
def test_an_unusable_file_becomes_a_row_with_a_sentence(tmp_path, fault):
    file, words = unusable(tmp_path)[fault]
    motorways = read_motorways(AREA_CRS, file)
    layers = compare_motorways(a_scene(), tiles(photo_light((2, 20))), countries(), motorways)
    (row,) = layers["motorway_ends"].itertuples()
    assert row.verdict == "not measured"
    assert row.statement.startswith(str(file))
    assert words in row.statement
    assert row.geometry is None
    assert len(layers["motorway_segments"]) == len(layers["motorway_stations"]) == 0


def test_motorways_without_a_border_in_the_frame_have_a_row_each():
    three = roads(
        ("E1", 30.0, line((2, 20), (38, 20))),
        ("E2", 30.0, line((1, 1), (9, 1))),
        ("E3", 30.0, line((50, 1), (59, 1))),
    )
    ends = compare_motorways(a_scene(), tiles(photo_light((2, 20))), countries(), three)["motorway_ends"]
    assert list(ends["statement"])[1:] == [
        "The light of the E2 is not measured: it crosses no border in the frame.",
        "The light of the E3 is not measured: it is not in the frame.",
    ]
    assert list(ends["ref"]) == ["E1", "E2", "E3"]


def test_tables_of_several_photos_are_written_and_read_back(tmp_path):
    """Also where one of them shows no motorway."""
    file = tmp_path / "borders.gpkg"
    shown = compare_motorways(a_scene(), tiles(photo_light((2, 20))), countries(), ROAD)
    hidden = compare_motorways(a_scene(frame=box(0, 0, 1, 1)), tiles(photo_light((2, 20))), countries(), ROAD)
    for name in OF_MOTORWAYS:
        both = gpd.GeoDataFrame(pd.concat([shown[name], hidden[name]], ignore_index=True), crs=AREA_CRS)
        both.to_file(file, layer=name, driver="GPKG", geometry_type=GEOMETRY[name])
        read = gpd.read_file(file, layer=name)
        assert len(read) == len(shown[name]) + len(hidden[name])
        assert set(read.geom_type.dropna()) == {GEOMETRY[name]}
