from pathlib import Path

import geopandas as gpd
import pytest
from shapely import LineString, MultiPolygon, box

from pipeline.ground.countries import Countries, clipped, read_countries

# Two squares side by side, an enclave of the second in the first, and a strip above that both own.
#
#      +---------------+      y = 12
#      |    shared     |
#      +-------+-------+      y = 10
#      |  A [b]|   B   |
#      +-------+-------+      y = 0
#     x=0     10      20
ENCLAVE = box(4, 4, 6, 6)
CRS = "EPSG:3035"


@pytest.fixture
def countries() -> Countries:
    a, b = box(0, 0, 10, 10) - ENCLAVE, MultiPolygon([box(10, 0, 20, 10), ENCLAVE])
    line = LineString([(10, 0), (10, 12)]).union(ENCLAVE.boundary)
    return Countries(
        gpd.GeoDataFrame({"country": ["A", "B"]}, geometry=[a, b], crs=CRS),
        gpd.GeoDataFrame({"pair": ["A-B"], "first": ["A"], "second": ["B"]}, geometry=[line], crs=CRS),
        gpd.GeoDataFrame({"pair": ["A-B"], "name": ["strip"]}, geometry=[box(0, 10, 20, 12)], crs=CRS),
    )


@pytest.mark.parametrize(
    ("footprint", "areas", "border", "shared"),
    [
        (
            box(-5, -5, 25, 25),
            {"A": 96.0, "B": 104.0},
            20.0,
            40.0,
        ),  # everything: 10 + 2 up, 8 round the enclave
        (box(5, 0, 15, 10), {"A": 48.0, "B": 52.0}, 14.0, None),  # touches the strip along its edge only
        (box(0, 0, 3, 3), {"A": 9.0}, None, None),
        (box(3, 3, 7, 7), {"A": 12.0, "B": 4.0}, 8.0, None),  # B by its enclave alone
        (box(10, 2, 12, 3), {"B": 2.0}, 1.0, None),  # the border is the frame's own edge
        (box(30, 30, 40, 40), {}, None, None),
    ],
)
def test_a_frame_shows_its_part(
    countries: Countries,
    footprint: MultiPolygon,
    areas: dict[str, float],
    border: float | None,
    shared: float | None,
) -> None:
    part = clipped(countries, footprint)
    found = dict(zip(part.areas["country"], part.areas.area, strict=True))
    assert found == areas
    assert part.borders.length.tolist() == ([] if border is None else [border])
    assert part.shared.area.tolist() == ([] if shared is None else [shared])
    assert set(part.areas.geom_type) <= {"MultiPolygon"}
    assert set(part.borders.geom_type) <= {"MultiLineString"}
    assert part.areas.crs == part.borders.crs == part.shared.crs == CRS


def test_a_border_is_cut_into_joined_lines(countries: Countries) -> None:
    """Pieces that meet are one line: the straight border and the ring of the enclave, and no more."""
    (lines,) = clipped(countries, box(-5, -5, 25, 25)).borders.geometry
    assert sorted(line.length for line in lines.geoms) == [8.0, 12.0]


def test_clipping_twice_changes_nothing(countries: Countries) -> None:
    once = clipped(countries, box(5, 0, 15, 11))
    twice = clipped(once, box(5, 0, 15, 11))
    for a, b in ((once.areas, twice.areas), (once.borders, twice.borders), (once.shared, twice.shared)):
        assert a.geom_equals(b).all()
        assert len(a) == len(b) == 1 + (a is once.areas)


def test_only_chosen_countries_and_their_pairs_are_read() -> None:
    read = read_countries(CRS, ("DE", "BE", "LU"))
    assert sorted(read.areas["country"]) == ["BE", "DE", "LU"]
    assert sorted(read.borders["pair"]) == ["BE-DE", "BE-LU", "DE-LU"]
    assert set(read.shared["pair"]) == {"DE-LU"}
    assert list(read.areas.index) == [0, 1, 2]
    none = read_countries(CRS, ())
    assert len(none.areas) == len(none.borders) == len(none.shared) == 0


def test_areas_in_metres_are_those_of_the_countries() -> None:
    """Luxembourg has 2586 km2 by its own count; the rivers it shares are well under 1 % of that."""
    read = read_countries(CRS, ("LU",))
    assert read.areas.crs == CRS
    assert read.areas.area.item() / 1e6 == pytest.approx(2586, rel=0.01)


def test_a_long_straight_edge_bends_with_the_projection(tmp_path: Path) -> None:
    """A parallel of 4 degrees is a curve in EPSG:3035; kept as one straight segment it would be 4 km off."""
    parallel = box(4, 50, 8, 51)
    file = tmp_path / "borders.gpkg"
    gpd.GeoDataFrame({"country": ["BE"]}, geometry=[parallel], crs="EPSG:4326").to_file(
        file, layer="countries"
    )
    line = gpd.GeoDataFrame(
        {"pair": ["BE-DE"], "first": ["BE"], "second": ["DE"]}, geometry=[parallel.boundary]
    )
    line.set_crs("EPSG:4326").to_file(file, layer="borders")
    ground = gpd.GeoDataFrame({"pair": ["BE-DE"], "name": ["x"]}, geometry=[parallel], crs="EPSG:4326")
    ground.to_file(file, layer="shared")
    read = read_countries(CRS, ("BE",), file)
    middle = gpd.GeoSeries.from_xy([6.0], [50.0], crs="EPSG:4326").to_crs(CRS).item()
    assert read.areas.boundary.distance(middle).item() < 0.1  # the stated bound, in metres
