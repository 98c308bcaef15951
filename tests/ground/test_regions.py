"""Files of regions."""

import geopandas as gpd
import pytest
import shapely

from pipeline.borders.squares import AREA_CRS
from pipeline.ground.regions import read_regions
from tests.motorways.roads import line
from tests.scenes.lands import KM, box, place


def test_regions_are_polygons_in_any_coordinate_system(tmp_path):
    file = tmp_path / "regions.gpkg"
    shapes = [
        box(0, 0, 10, 10),
        line((0, 0), (1, 1)),
        shapely.Polygon([place(0, 0), place(2, 2), place(0, 2), place(2, 0)]),
    ]
    gpd.GeoDataFrame(geometry=shapes, crs=AREA_CRS).to_crs("EPSG:4326").to_file(file)
    regions, problems = read_regions(AREA_CRS, file)
    assert problems == (f"1 of 3 features of {file} are no polygons and were left out.",)
    assert regions is not None
    # The bow tie becomes two triangles; straight edges in degrees differ by some metres.
    assert regions.area.to_numpy() / KM**2 == pytest.approx([100, 2], rel=0.01)
    none, problems = read_regions(AREA_CRS, tmp_path / "absent.gpkg")
    assert none is None
    assert "cannot be read" in problems[0]
