"""Streets and night-light rasters become the light they show, where they show it, in any CRS."""

from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer
from rasterio.transform import from_origin
from scipy.spatial import KDTree

from pipeline.camera.earth import Array, distance_km
from pipeline.errors import ReferenceLightError
from pipeline.georeference import extent as extents
from pipeline.georeference.extent import (
    COVER_CELL_DEG,
    LIGHT_OF_STREET,
    Extent,
    lit_cells,
    lit_streets,
    with_extent,
)
from pipeline.georeference.sources import Sources
from pipeline.ground import night_light
from pipeline.ground.night_light import read_night_light
from pipeline.ground.streets import read_streets

AROUND = (5.0, 50.0, 6.0, 51.0)
# Degrees of a kilometre at 50.5 degrees of latitude.
EAST, NORTH = 1 / (111.32 * np.cos(np.radians(50.5))), 1 / 111.32


def streets(file: Path, around: tuple[float, float, float, float]) -> Extent:
    return lit_streets(read_streets(file, around, LIGHT_OF_STREET))


def night_lights(file: Path, around: tuple[float, float, float, float]) -> Extent:
    return lit_cells(read_night_light(file, around))


def street(*points_km: tuple[float, float]) -> shapely.LineString:
    """A line through points, in km from 5.5 E, 50.5 N."""
    return shapely.LineString([(5.5 + x * EAST, 50.5 + y * NORTH) for x, y in points_km])


def town() -> gpd.GeoDataFrame:
    """A square kilometre of residential streets 100 m apart, and an open road of 20 km to the east."""
    steps = np.linspace(-0.5, 0.5, 11)
    lines = [street((x, -0.5), (x, 0.5)) for x in steps] + [street((-0.5, y), (0.5, y)) for y in steps]
    lines.append(street((0.5, 0.0), (10.0, 2.0), (20.0, 0.0)))
    classes = ["residential"] * 22 + ["primary"]
    return gpd.GeoDataFrame({"highway": classes}, geometry=lines, crs="EPSG:4326")


def saved(lines: gpd.GeoDataFrame, file: Path) -> Path:
    if file.suffix == ".parquet":
        lines.to_parquet(file)
    else:
        lines.to_file(file)
    return file


def city(lon: float, lat: float, light: float) -> Sources:
    return Sources(*(np.array([v]) for v in (lon, lat, light, 0.5, 0.4, 0.0, 0.0)))


def level_m(s: Sources) -> Array:
    return np.stack([(s.lon - 5.5) / EAST, (s.lat - 50.5) / NORTH], -1) * 1e3


class TestStreets:
    def test_two_formats_and_two_reference_systems_give_the_same_light(self, tmp_path: Path) -> None:
        a = streets(saved(town(), tmp_path / "roads.gpkg"), AROUND)
        b = streets(saved(town().to_crs("EPSG:3035"), tmp_path / "roads.parquet"), AROUND)
        assert len(a.sources) == len(b.sources)
        # Lamps are counted on from one street to the next, in no certain order: streets of 1 km and a few
        # decimetres put them a few metres on.
        apart_m, _ = KDTree(level_m(a.sources)).query(level_m(b.sources))
        assert apart_m.max() < 8.0
        # A point on the edge of a cell of street density may change sides.
        assert a.sources.light.sum() == pytest.approx(b.sources.light.sum(), rel=0.01)
        assert a.detail_km == b.detail_km < 0.1

    def test_lamps_stand_along_the_streets_forty_metres_apart(self, tmp_path: Path) -> None:
        found = streets(saved(town(), tmp_path / "roads.gpkg"), AROUND).sources
        # 22 streets of 1 km, and two pieces of sqrt(9.5^2 + 2^2) and sqrt(10^2 + 2^2) km.
        length_m = 1e3 * (22 + np.hypot(9.5, 2) + np.hypot(10, 2))
        assert len(found) == pytest.approx(length_m / 40, abs=1.5)
        lines = shapely.union_all(town().geometry.to_numpy())
        # On the lines to rounding: 1e-9 degrees are 0.1 mm.
        assert shapely.distance(lines, shapely.points(found.lon, found.lat)).max() < 1e-9
        alone = saved(town().iloc[[0]], tmp_path / "one.gpkg")
        one = streets(alone, AROUND).sources
        steps_m = 1e3 * np.diff(one.lat) / NORTH
        assert len(one) == 25
        assert steps_m == pytest.approx(40.0)

    def test_streets_count_by_class_and_by_how_built_up_it_is(self, tmp_path: Path) -> None:
        found = streets(saved(town(), tmp_path / "roads.gpkg"), AROUND).sources
        in_town = np.abs(found.lon - 5.5) < 0.3 * EAST
        open_road = found.lon > 5.5 + 3 * EAST
        # 20 km of street on a square kilometre are beyond twice 8 km, where lamps stop to grow (but for cells
        # that only begin there); one road of 280 m in a cell of 0.45 km x 0.28 km is 2.2 km of street per
        # km2, of which a point may miss a part.
        assert np.median(found.light[in_town]) == pytest.approx(2.0)
        assert found.light[in_town].max() == pytest.approx(2.0)
        per_km2 = 0.004 / EAST / (0.004**2 / EAST / NORTH)
        assert np.median(found.light[open_road]) == pytest.approx(2.0 * per_km2 / 8.0, rel=0.15)
        quieter = town()
        quieter["highway"] = "service"
        less = streets(saved(quieter, tmp_path / "service.gpkg"), AROUND).sources
        assert np.median(less.light[in_town]) == pytest.approx(0.4 * 2.0)

    def test_what_is_not_a_lit_street_or_is_elsewhere_is_dark(self, tmp_path: Path) -> None:
        lines = town()
        more = gpd.GeoDataFrame(
            {"highway": ["track", None, "residential", "residential", "pedestrian"]},
            geometry=[
                street((0, 3), (5, 3)),
                street((0, 4), (5, 4)),
                None,
                street((200, 0), (205, 0)),
                shapely.box(5.6, 50.6, 5.7, 50.7),
            ],
            crs="EPSG:4326",
        )
        file = saved(pd.concat([lines, more]), tmp_path / "roads.gpkg")
        assert len(streets(file, AROUND).sources) == len(
            streets(saved(lines, tmp_path / "town.gpkg"), AROUND).sources
        )

    def test_streets_are_cut_at_the_bounds_and_parts_are_counted(self, tmp_path: Path) -> None:
        lines = shapely.MultiLineString([street((-2, 0), (-1, 0)), street((1, 0), (3, 0))])
        both = gpd.GeoDataFrame({"highway": ["tertiary"]}, geometry=[lines], crs="EPSG:4326")
        file = saved(both, tmp_path / "roads.gpkg")
        assert len(streets(file, AROUND).sources) == pytest.approx(75, abs=1)  # 3 km, not the gap of 2 km
        cut = streets(file, (5.5 - 1.5 * EAST, 50.0, 5.5 + 2 * EAST, 51.0)).sources
        assert len(cut) == pytest.approx(37, abs=1)  # 0.5 km and 1 km

    def test_what_is_covered_is_the_streets_and_the_gaps_between_them(self, tmp_path: Path) -> None:
        known = streets(saved(town(), tmp_path / "roads.gpkg"), AROUND)
        lon = np.array([5.5, 5.5 + 0.37 * EAST, 5.5 + 10 * EAST, 5.5 + 10 * EAST, 5.5, -170.0, 5.5])
        lat = np.array([50.5, 50.5, 50.5 + 2 * NORTH, 50.5 + 9 * NORTH, 50.5 - 8 * NORTH, 80.0, -90.0])
        assert known.covers(lon, lat).tolist() == [True, True, True, False, False, False, False]

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            (lambda lines: lines.rename(columns={"highway": "fclass"}), "has no column highway"),
            (lambda lines: lines.set_crs(None, allow_override=True), "states no coordinate reference system"),
            (lambda lines: lines.translate(30.0).to_frame("geometry").assign(highway="primary"), "no street"),
            (lambda lines: lines.assign(highway="footway"), "no street near the photo"),
            (lambda lines: lines.assign(highway=3), "no street near the photo"),
            (lambda lines: lines.set_geometry(lines.buffer(1e-4)), "no street near the photo"),
            (lambda lines: lines.iloc[[0]].clip(shapely.box(5, 50, 6, 50.4956)), "no street near the photo"),
        ],
        ids=["column", "crs", "elsewhere", "unlit", "numbers", "areas", "ten metres"],
    )
    @pytest.mark.parametrize("name", ["roads.gpkg", "roads.parquet"])
    @pytest.mark.filterwarnings("ignore:.*(crs|geographic CRS)")  # the tests' own writing and buffering
    def test_unusable_lines_are_named(self, tmp_path: Path, name: str, change, reason: str) -> None:
        file = saved(change(town()), tmp_path / name)
        with pytest.raises(ReferenceLightError, match=f"{name}: roads: .*{reason}") as error:
            streets(file, AROUND)
        assert "\n" not in str(error.value)

    @pytest.mark.parametrize("name", ["a.gpkg", "a.parquet", "a.shp", "table.gpkg", "absent.gpkg"])
    def test_unreadable_files_are_named(self, tmp_path: Path, name: str) -> None:
        file = tmp_path / name
        if name == "table.gpkg":
            pyogrio.write_dataframe(pd.DataFrame({"highway": ["residential"]}), file)
        elif name != "absent.gpkg":
            file.write_bytes(b"not a street\n" * 20)
        with pytest.raises(ReferenceLightError, match=f"{name}: roads: ") as error:
            streets(file, AROUND)
        assert "\n" not in str(error.value)


class TestReplacement:
    def test_the_light_of_the_covered_cities_is_kept(self, tmp_path: Path) -> None:
        known = streets(saved(town(), tmp_path / "roads.gpkg"), AROUND)
        inside = Sources.joined([city(5.5, 50.5, 700.0), city(5.5 + 10 * EAST, 50.5 + 2 * NORTH, 300.0)])
        outside = city(5.2, 50.2, 50.0)
        light = with_extent(Sources.joined([inside, outside]), known)
        assert len(light) == 1 + len(known.sources)
        kept = light.radius_km == 0.5
        assert (light.lon[kept], light.light[kept]) == ([5.2], [50.0])
        # 700 + 300 of two cities, to rounding; each street has its share of it.
        assert light.light[~kept].sum() == pytest.approx(1000.0)
        ratio = light.light[~kept] / known.sources.light
        assert ratio == pytest.approx(ratio[0])

    def test_cities_stay_where_nothing_replaces_them(self, tmp_path: Path) -> None:
        known = streets(saved(town(), tmp_path / "roads.gpkg"), AROUND)
        elsewhere = city(12.0, 48.0, 700.0)
        assert with_extent(elsewhere, known) is elsewhere


def raster(
    file: Path, values: Array, transform: Affine, crs: str | None = "EPSG:3035", **options: object
) -> Path:
    height, width = values.shape
    with rasterio.open(
        file, "w", driver="GTiff", height=height, width=width, count=1, dtype=values.dtype,
        crs=crs, transform=transform, **options,
    ) as target:  # fmt: skip
        target.write(values, 1)
    return file


# 100 km x 100 km of LAEA Europe around 5.5 E, 50.5 N, in cells of 500 m.
CORNER = (3952e3, 3108e3)
CELL_M = 500.0


def laea(values: Array, file: Path, **options: object) -> Path:
    return raster(file, values, from_origin(*CORNER, CELL_M, CELL_M), **options)


def place(row: float, column: float) -> tuple[float, float]:
    """Longitude and latitude of the middle of a cell."""
    x, y = CORNER[0] + (column + 0.5) * CELL_M, CORNER[1] - (row + 0.5) * CELL_M
    lon, lat = Transformer.from_crs("EPSG:3035", "EPSG:4326", always_xy=True).transform(x, y)
    return float(lon), float(lat)


def away_m(found: Sources, row: float, column: float) -> float:
    (lon,), (lat,) = found.lon, found.lat
    return 1e3 * float(distance_km(lon, lat, *place(row, column)))


class TestNightLights:
    def test_a_bright_cell_is_a_light_in_its_middle(self, tmp_path: Path) -> None:
        values = np.full((200, 200), 2.0, np.float32)
        values[90, 120] = 7.0
        known = night_lights(laea(values, tmp_path / "light.tif"), AROUND)
        assert len(known.sources) == 1
        assert away_m(known.sources, 90, 120) < 1.0  # of 500 m; rounding of the mean sphere's distance
        # The median is dark: 5 above it.
        assert known.sources.light.tolist() == [5.0]
        # Cells of an equal-area map are 500 m x 500 m but for 111.32 km a degree, 0.1 to 0.2 % off.
        assert known.detail_km == pytest.approx(0.5, rel=0.005)
        assert known.sources.radius_km[0] == pytest.approx(0.25, rel=0.005)
        assert known.covers(np.array([place(90, 120)[0]]), np.array([place(90, 120)[1]])).all()

    def test_a_raster_in_degrees_is_read_alike(self, tmp_path: Path) -> None:
        values = np.zeros((300, 300), np.uint16)
        values[100, 50] = 9
        file = raster(tmp_path / "l.tif", values, from_origin(4.9, 51.1, 0.005, 0.005), "EPSG:4326", nodata=0)
        known = night_lights(file, AROUND)
        found = known.sources
        assert (found.lon[0], found.lat[0]) == pytest.approx((4.9 + 50.5 * 0.005, 51.1 - 100.5 * 0.005))
        # The cell is 557 m high and 355 m wide (at 50.5 degrees).
        assert known.detail_km == pytest.approx(np.sqrt(0.5566 * 0.3540), rel=0.01)

    def test_a_raster_with_south_up_is_read_alike(self, tmp_path: Path) -> None:
        values = np.zeros((200, 200), np.float32)
        values[180, 20] = 3.0
        south_up = from_origin(*CORNER, CELL_M, CELL_M) @ Affine.translation(0, 200) @ Affine.scale(1, -1)
        file = raster(tmp_path / "light.tif", values[::-1], south_up)
        lon, lat = place(180, 20)
        found = night_lights(file, (lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1)).sources
        assert len(found) == 1
        assert away_m(found, 180, 20) < 1.0

    def test_only_the_surroundings_are_read(self, tmp_path: Path) -> None:
        values = np.zeros((200, 200), np.float32)
        values[[20, 180], [20, 180]] = 3.0
        lon, lat = place(180, 180)
        around = (lon - 0.1, lat - 0.1, lon + 0.1, lat + 0.1)
        found = night_lights(laea(values, tmp_path / "light.tif"), around).sources
        assert len(found) == 1
        assert away_m(found, 180, 180) < 1.0

    def test_a_larger_raster_is_averaged(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(night_light, "MAX_CELLS", 100 * 100)
        values = np.zeros((200, 200), np.float32)
        values[90:92, 120] = 8.0  # half of a coarser cell
        known = night_lights(laea(values, tmp_path / "light.tif"), (4.0, 49.0, 7.0, 52.0))
        assert len(known.sources) == 1
        assert away_m(known.sources, 90.5, 120.5) < 1.0
        assert known.sources.light[0] == pytest.approx(4.0)
        assert known.detail_km == pytest.approx(1.0, rel=0.005)

    def test_cells_without_data_are_dark(self, tmp_path: Path) -> None:
        values = np.full((200, 200), -9999.0, np.float32)
        values[100, 100] = 6.0
        values[0, :] = np.nan
        found = night_lights(laea(values, tmp_path / "light.tif", nodata=-9999.0), AROUND).sources
        assert found.light.tolist() == [6.0]

    @pytest.mark.parametrize(
        "around",
        [(15.0, 50.0, 16.0, 51.0), (150.0, -35.0, 151.0, -34.0), (-175.0, -51.0, -174.0, -50.0)],
        ids=["beside", "Sydney", "antipode"],
    )
    def test_a_raster_elsewhere_is_an_error(
        self, tmp_path: Path, around: tuple[float, float, float, float]
    ) -> None:
        file = laea(np.eye(200, dtype=np.float32), tmp_path / "light.tif")
        with pytest.raises(ReferenceLightError, match=r"light\.tif: night_light: does not show the place"):
            night_lights(file, around)

    @pytest.mark.parametrize("share", [0.2, 0.7, 1.2])
    def test_a_raster_that_only_touches_the_place_is_an_error(self, tmp_path: Path, share: float) -> None:
        values = np.ones((200, 200), np.float32)
        corner = from_origin(6 - share * 0.005, 51, 0.005, 0.005)
        file = raster(tmp_path / "light.tif", values, corner, "EPSG:4326")
        with pytest.raises(ReferenceLightError, match=r"light\.tif: night_light: only touches"):
            night_lights(file, AROUND)

    @pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
    def test_a_raster_without_reference_system_is_an_error(self, tmp_path: Path) -> None:
        file = laea(np.eye(200, dtype=np.float32), tmp_path / "light.tif", crs=None)
        with pytest.raises(ReferenceLightError, match=r"light\.tif: night_light: is not georeferenced"):
            night_lights(file, AROUND)

    @pytest.mark.parametrize("value", [0.0, 3.0, np.nan])
    def test_a_raster_without_contrast_is_an_error(self, tmp_path: Path, value: float) -> None:
        file = laea(np.full((200, 200), value, np.float32), tmp_path / "light.tif")
        with pytest.raises(ReferenceLightError, match=r"light\.tif: night_light: is dark"):
            night_lights(file, AROUND)

    @pytest.mark.parametrize("name", ["light.tif", "absent.tif"])
    def test_unreadable_files_are_named(self, tmp_path: Path, name: str) -> None:
        (tmp_path / "light.tif").write_bytes(b"not light\n" * 20)
        with pytest.raises(ReferenceLightError, match=f"{name}: night_light: cannot be read") as error:
            night_lights(tmp_path / name, AROUND)
        assert "\n" not in str(error.value)


class TestTogether:
    """A reference has a share of the light by how surely it tells places."""

    def known(self, sigma_km: float, light: float = 1.0) -> Extent:
        """Nine lights around 5.5 E, 50.5 N."""
        steps = 0.01 * np.arange(-1, 2)
        lights = Sources.joined([city(5.5 + x, 50.5 + y, light) for x in steps for y in steps])
        return extents._extent(
            replace(lights, sigma_km=np.full(9, sigma_km), radius_km=np.full(9, 0.3)), detail_km=0.5
        )

    @pytest.mark.parametrize(("sigma_km", "share"), [(0.1, 1 / 17), (0.4, 0.5), (4.0, 100 / 101)])
    def test_a_city_keeps_more_beside_a_coarser_raster(self, sigma_km: float, share: float) -> None:
        light = with_extent(city(5.5, 50.5, 900.0), self.known(sigma_km))
        assert light.light[light.radius_km == 0.5].sum() == pytest.approx(900 * share)
        assert light.light.sum() == pytest.approx(900.0)

    def test_what_would_move_nothing_is_left_out(self) -> None:
        light = with_extent(city(5.5, 50.5, 900.0), self.known(0.02))
        assert len(light) == 9
        assert light.light.sum() == pytest.approx(900.0)

    def test_streets_lie_over_a_raster_over_cities(self) -> None:
        cities = Sources.joined([city(5.5, 50.5, 900.0), city(5.9, 50.9, 100.0)])
        raster = self.known(0.4, light=7.0)
        light = with_extent(cities, self.known(0.02, light=3.0).over(raster))
        # The streets have the light of all that is there, and the town that only the gazetteer knows stays.
        assert light.light.sum() == pytest.approx(1000.0)
        assert sorted(set(np.round(light.sigma_km, 6))) == [0.02, 0.4]
        assert light.light[light.lon == 5.9].tolist() == [100.0]


def test_gaps_wider_than_the_closing_stay_open() -> None:
    """Two rows of lights, 30 cells long: 5 cells apart they are one extent, 20 cells apart they are two."""
    for cells, closed in ((5, True), (20, False)):
        column, row = (v.ravel() for v in np.meshgrid(np.arange(30.0), [0.0, cells]))
        lon, lat = 5.5 + COVER_CELL_DEG * column, 50.5 + COVER_CELL_DEG * row
        rows = Sources(lon, lat, *(np.full(60, v) for v in (1.0, 0.02, 0.02, 0.0, 0.0)))
        known: Extent = extents._extent(rows, 0.02)
        assert known.covers(lon, lat).all()
        assert known.covers(lon.mean(keepdims=True), lat.mean(keepdims=True)).tolist() == [closed]
