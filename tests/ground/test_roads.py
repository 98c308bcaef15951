"""Files of motorways, the shipped one and users' own."""

import geopandas as gpd
import numpy as np
import shapely

from pipeline.borders.squares import AREA_CRS
from pipeline.ground.roads import MOTORWAYS, read_motorways
from tests.motorways.roads import crossings, line, written
from tests.scenes.lands import box, place


def test_a_file_in_degrees_and_in_other_columns_is_read(tmp_path):
    table = gpd.GeoDataFrame({"name": ["E1"]}, geometry=[line((5, 20), (35, 20))], crs=AREA_CRS).to_crs(
        "EPSG:4326"
    )
    motorways = read_motorways(AREA_CRS, written(tmp_path, table))
    assert motorways.problems == ()
    assert list(motorways.lines["ref"]) == ["E1"]
    assert list(motorways.lines["error_m"]) == [30.0]
    (one,), _ = crossings(motorways)
    # Straight in degrees between its two ends, it bends by some metres on the map.
    assert one.point(0.0).distance(shapely.Point(*place(20, 20))) < 20


def test_features_that_are_no_lines_are_left_out_and_counted(tmp_path):
    good = line((5, 20), (35, 20))
    nothing = shapely.LineString([place(1, 1), place(1, 1)])
    table = gpd.GeoDataFrame(
        {"ref": ["E1", "E2", "E3", None, "E4"], "error_m": [-5.0, 1.0, 1.0, 1.0, np.nan]},
        geometry=[good, nothing, box(0, 0, 1, 1), good, shapely.force_3d(good)],
        crs=AREA_CRS,
    )
    file = written(tmp_path, table)
    motorways = read_motorways(AREA_CRS, file)
    assert list(motorways.lines["ref"]) == ["E1", "E4"]
    assert list(motorways.lines["error_m"]) == [30.0, 30.0]
    assert not motorways.lines.has_z.any()
    assert motorways.problems == (
        f"3 of 5 features of {file} are no lines of a named road and were left out.",
    )


def test_a_road_that_takes_too_long_to_follow_is_left_out_and_named(tmp_path):
    fine = shapely.segmentize(line((5, 20), (35, 20)), 0.2)  # 150,000 vertices
    back_and_forth = line(*[(5 + 100 * (k % 2), 20) for k in range(60)])
    table = gpd.GeoDataFrame(
        {"ref": ["E1", "E2", "E3"]}, geometry=[fine, back_and_forth, line((5, 20), (35, 20))], crs=AREA_CRS
    )
    motorways = read_motorways(AREA_CRS, written(tmp_path, table))
    assert list(motorways.lines["ref"]) == ["E3"]
    (problem,) = motorways.problems
    assert "(E1, E2) are longer than 5,000 km or have more than 100,000 vertices and were left out" in problem


def test_the_layer_named_motorways_is_read_or_else_the_first(tmp_path):
    for layer, ref in (("other", "E8"), ("motorways", "E9")):
        table = gpd.GeoDataFrame({"ref": [ref]}, geometry=[line((5, 20), (35, 20))], crs=AREA_CRS)
        file = written(tmp_path, table, layer=layer)
        assert list(read_motorways(AREA_CRS, file).lines["ref"]) == [ref]


def test_the_shipped_file_is_where_it_is_said_to_be():
    assert MOTORWAYS.is_file()
