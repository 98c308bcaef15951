"""Towns, and cities against the towns around them, of light laid by hand."""

import numpy as np
import pytest
import shapely
from pyproj import Transformer

from pipeline.borders.cells import Cells
from pipeline.borders.patches import patches
from pipeline.borders.settings import IN_FORCE
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.units import Units, settled, unit_scales
from pipeline.borders.urban import (
    Lookup,
    built_radius_km,
    cells_of_towns,
    compare_cores,
    core_contrast,
    nowhere,
    rings,
    towns,
)
from pipeline.ground.cities import Cities
from pipeline.models import BordersConfig
from tests.scenes.lands import box, countries, place

CONFIG = BordersConfig()
RING_KM = 30.0
TO_DEGREES = Transformer.from_crs(AREA_CRS, "EPSG:4326", always_xy=True)
#            name      x km  y km  population  country
PLACES = [
    ("Core", 60.0, 40.0, 250_000, "DE"),
    ("District", 61.0, 40.0, 20_000, "DE"),  # inside Core
    ("Near", 70.0, 40.0, 50_000, "DE"),
    ("Far", 60.0, 40.0 + RING_KM - 1, 12_000, "DE"),
    ("Beyond", 60.0, 40.0 - RING_KM - 1, 12_000, "DE"),
    ("Abroad", 45.0, 40.0, 80_000, "BE"),
    ("Village", 65.0, 45.0, 900, "DE"),
    ("Unseen", 300.0, 40.0, 90_000, "DE"),
]
LAND = countries(100, 80, 50)
FRAME = box(0, 0, 100, 80)


def gazetteer() -> Cities:
    name, x, y, population, country = zip(*PLACES, strict=True)
    lon, lat = TO_DEGREES.transform(*place(np.array(x), np.array(y)))
    return Cities(lon, lat, np.array(population, float), np.array(name), np.array(country))


def test_the_built_radius_follows_from_the_population():
    # 0.42 km2 for 1,000 inhabitants; Aachen's 250,000 build 48 km2.
    assert np.pi * built_radius_km(np.array([1000.0])) ** 2 == pytest.approx(0.42)
    assert built_radius_km(np.array([250_000.0]))[0] == pytest.approx(3.93, abs=0.01)


def test_towns_are_discs_of_separate_places_in_the_frame():
    table = towns(gazetteer(), LAND, FRAME, 5000)
    assert table["name"].tolist() == ["Core", "Abroad", "Near", "Far", "Beyond"]
    core = table.iloc[0]
    assert core.geometry.area / 1e6 == pytest.approx(np.pi * core.radius_km**2, rel=0.01)
    # Cut by a border through its centre.
    half = (
        towns(gazetteer(), countries(100, 80, 60), box(50, 0, 100, 80), 5000)
        .set_index("name")
        .geometry["Core"]
    )
    assert half.area == pytest.approx(core.geometry.area / 2, rel=1e-3)
    assert len(towns(nowhere(), LAND, FRAME, 5000)) == 0


def test_a_ring_is_of_the_towns_of_its_country_near_by():
    table = rings(towns(gazetteer(), LAND, FRAME, 5000), IN_FORCE.urban)
    assert table["name"].tolist() == ["Core"]
    row = table.iloc[0]
    assert row.members == (0, 2, 3)
    assert row.n_towns == 2
    area = np.pi * (built_radius_km(np.array([50_000.0, 12_000.0])) ** 2).sum()
    assert row.geometry.area / 1e6 == pytest.approx(area, rel=0.01)
    assert len(rings(towns(nowhere(), LAND, FRAME, 5000), IN_FORCE.urban)) == 0


def lit_discs(tones: dict[str, float], scatter: float = 0.1) -> Cells:
    """Cells of 200 m within the towns named, each square of 2 km with a tone of its own around the town's."""
    rng = np.random.default_rng(0)
    parts = []
    for name, at_x, at_y, population, country in PLACES:
        if name in tones:
            reach = built_radius_km(np.array([float(population)]))[0]
            x, y = (
                v.ravel() for v in np.meshgrid(*(at + np.arange(-reach, reach, 0.2) for at in (at_x, at_y)))
            )
            inside = np.hypot(x - at_x, y - at_y) <= reach
            x, y = x[inside], y[inside]
            square = np.unique(np.floor(x / 2) * 1000 + np.floor(y / 2), return_inverse=True)[1]
            tone = (tones[name] + scatter * rng.normal(size=square.max() + 1)[square]).astype(np.float32)
            ones = np.ones(len(x), np.float32)
            index = np.full(len(x), ["BE", "DE"].index(country), np.int8)
            parts.append(Cells(*place(x, y), ones, ones * 2**tone, index, tone))
    return Cells.joined(parts)


def test_cells_of_a_town_lie_in_its_disc_and_country():
    cells = lit_discs({"Core": 0.0, "Near": 0.0, "Abroad": 0.0})
    table = towns(gazetteer(), LAND, FRAME, 5000)
    found = dict(zip(table["name"], cells_of_towns(table, Lookup.of(cells), ["BE", "DE"]), strict=True))
    assert len(found["Far"]) == 0
    assert len(found["Core"]) + len(found["Near"]) + len(found["Abroad"]) == len(cells)
    at = shapely.points(cells.x[found["Near"]], cells.y[found["Near"]])
    assert shapely.distance(at, shapely.Point(place(70, 40))).max() <= 1e3 * table["radius_km"][2]


def compared(tones):
    cells, table = lit_discs(tones), towns(gazetteer(), LAND, FRAME, 5000)
    members = cells_of_towns(table, Lookup.of(cells), ["BE", "DE"])
    return compare_cores(rings(table, IN_FORCE.urban), cells, members, CONFIG, IN_FORCE)


def test_a_core_is_compared_with_its_ring():
    row = compared({"Core": -1.0, "Near": -0.5, "Far": -0.5, "Abroad": 3.0}).iloc[0]
    # A dozen squares with a scatter of 0.1 a side: 0.05.
    assert row.contrast_g_r == pytest.approx(-0.5, abs=0.15)
    assert row.low95 < -0.5 < row.high95 < 0
    assert row.contrast_g_r == pytest.approx(row.tone_core - row.tone_ring)
    assert row.statement.startswith("The towns around Core are greener than Core by 0.")
    assert {"members"}.isdisjoint(row.index)
    alike = compared({"Core": -0.5, "Near": -0.5, "Far": -0.5}).iloc[0]
    assert "do not clearly differ" in alike.statement
    greener = compared({"Core": 1.0, "Near": -0.5, "Far": -0.5}).iloc[0]
    assert greener.statement.startswith("Core is greener than the towns around it by 1.")


@pytest.mark.parametrize(
    ("lit", "who"), [({"Near": 0.0}, "Core has"), ({"Core": 0.0}, "The towns around Core have")]
)
def test_too_little_light_is_said(lit, who):
    row = compared(lit).iloc[0]
    assert np.isnan(row.contrast_g_r)
    assert row.statement == f"{who} too little light to be compared."


def test_light_of_core_and_ring_is_not_counted_twice():
    cells = lit_discs({"Core": 0.0, "Near": 0.0})
    everything = np.arange(len(cells))
    core = everything[cells.x < place(65, 0)[0]]
    result = core_contrast("Core", cells, [core, everything], CONFIG, IN_FORCE)
    assert (result.n_core, result.n_ring) == (len(core), len(cells) - len(core))


def test_lookup_finds_what_a_search_of_all_cells_finds():
    rng = np.random.default_rng(0)
    x, y = place(rng.uniform(0, 30, 3000), rng.uniform(0, 30, 3000))
    ones = np.ones(3000, np.float32)
    lookup = Lookup.of(Cells(x, y, ones, ones, np.zeros(3000, np.int8), ones))
    for at_x, at_y, radius_m in ((15, 15, 2500.0), (0, 0, 700.0), (29.9, 3, 9000.0), (80, 80, 3000.0)):
        at = place(at_x, at_y)
        expected = np.flatnonzero(np.hypot(x - at[0], y - at[1]) <= radius_m)
        assert sorted(lookup.within(*at, radius_m)) == expected.tolist()


def hilly(country: int = 0) -> Cells:
    """Two towns 12 km apart, 4 km wide, and a street of single cells between them."""
    parts = [np.meshgrid(at + np.arange(-1.75, 2, 0.5), 10 + np.arange(-1.75, 2, 0.5)) for at in (10, 22)]
    x = np.concatenate([*(part[0].ravel() for part in parts), np.arange(12.5, 20, 0.5)])
    y = np.concatenate([*(part[1].ravel() for part in parts), np.full(15, 10.0)])
    ones = np.ones(len(x), np.float32)
    return Cells(*place(x, y), ones, ones, np.full(len(x), country, np.int8), 0 * ones)


def test_a_town_is_a_unit_and_a_street_divides_between_towns():
    cells = hilly()
    unit = Units.of(cells, 2000.0).at(cells.x, cells.y, cells.country)
    assert [len(np.unique(part)) for part in (unit[:64], unit[64:128])] == [1, 1]
    assert unit[0] != unit[64]
    # The street goes over in the middle, at 16 km, to a square of 1 km.
    street = unit[128:]
    change = np.flatnonzero(np.diff(street))
    assert len(change) == 1
    assert 12.5 + 0.5 * change[0] == pytest.approx(15.75, abs=1)
    # Smoothed more than towns are apart, they are one.
    assert len(np.unique(Units.of(cells, 8000.0).at(cells.x, cells.y, cells.country))) == 1


def test_a_unit_ends_at_the_border():
    cells = hilly()
    cells.country[cells.x > place(10, 0)[0]] = 1
    unit = Units.of(cells, 2000.0).at(cells.x, cells.y, cells.country)
    assert not set(unit[cells.country == 0]) & set(unit[cells.country == 1])
    assert len(np.unique(unit)) == 3
    nothing = Units.of(cells.chosen(cells.x < 0), 2000.0)
    assert len(nothing.at(cells.x[:0], cells.y[:0], cells.country[:0])) == 0


def test_units_are_as_coarse_as_leaves_enough_of_them():
    """Two towns 12 km apart are two at 2.5 km; where one has nearly all light, or is alone, nothing helps."""
    cells = hilly()
    scales = unit_scales(cells, 2.0, IN_FORCE.contrast.smoothing_blocks)
    where = cells.x, cells.y, cells.country
    towns_alone = (np.arange(len(cells)) < 128).astype(float)
    units, least = settled(scales, *where, [towns_alone], 2.0)
    assert (units is scales[0], least) == (True, 2.0)
    west = (cells.x < place(13, 0)[0]).astype(float)
    units, least = settled(scales, *where, [towns_alone, west], 2.0)
    assert (units is scales[-1], least) == (True, 1.0)


def test_patches_hold_all_light_by_square_country_and_brightness():
    # Two cells of one square and brightness, one four times as bright, one of the other country, one beyond.
    x, y = place(np.array([0.1, 0.3, 0.5, 0.7, 1.2]), np.full(5, 0.5))
    red = np.array([1.0, 1.2, 4.0, 1.0, 1.0], np.float32)
    cells = Cells(x, y, red, red / 2, np.array([0, 0, 0, 1, 0], np.int8), 0 * red)
    table = patches(cells, IN_FORCE.patches)
    assert len(table) == 4
    pair = table.chosen(table.n_cells == 2)
    assert (pair.red[0], pair.green[0], pair.level[0]) == pytest.approx((2.2, 1.1, 0))
    assert (pair.x[0], pair.y[0]) == pytest.approx(place(0.2, 0.5))
    assert sorted(table.level) == [0, 0, 0, 2]
    assert table.light.sum() == pytest.approx(1.5 * red.sum())
    assert table.tone == pytest.approx(-1)
    # A key splits further.
    keyed = patches(cells, IN_FORCE.patches, np.array([7, 8, 0, 0, 0]))
    assert len(keyed) == 5
    assert set(keyed.key[keyed.level == 0]) == {0, 7, 8}
    assert len(patches(cells.chosen(cells.x < 0), IN_FORCE.patches)) == 0


def test_light_fainter_or_brighter_than_the_scale_counts_as_of_its_ends():
    """Linear light of 2^-24 to 2^8 a cell; a step of brightness is a factor of two."""
    power = 2.0 ** np.array([-30, -24.5, -23.5, -22.5, 7.5, 8.5, 12.0])
    red = (power / 2).astype(np.float32)
    x, y = place(0.5 + np.arange(7.0), np.full(7, 0.5))
    table = patches(Cells(x, y, red, red, np.zeros(7, np.int8), 0 * red), IN_FORCE.patches)
    by_place = table.level[np.argsort(table.x)]
    assert by_place.tolist() == [-24, -24, -24, -23, 7, 8, 8]
    dark = Cells(x, y, 0 * red, 0 * red, np.zeros(7, np.int8), 0 * red)
    assert set(patches(dark, IN_FORCE.patches).level) == {-24}


def test_patches_of_many_cells_are_those_of_all_at_once(monkeypatch):
    cells = lit_discs({"Core": 0.0, "Near": -0.5, "Abroad": 1.0})
    whole = patches(cells, IN_FORCE.patches)
    monkeypatch.setattr("pipeline.borders.patches.CELLS_AT_A_TIME", 300)
    parts = patches(cells, IN_FORCE.patches)
    assert len(parts) == len(whole) > 10
    # Sums of sums round otherwise.
    assert parts.red == pytest.approx(whole.red, rel=1e-12)
    assert parts.country.tolist() == whole.country.tolist()


@pytest.mark.parametrize(("away_km", "n_towns"), [(29.9, 1), (30.1, 0)])
def test_a_ring_reaches_as_far_as_monschau_is_from_aachen_and_a_little_more(away_km, n_towns):
    lon, lat = TO_DEGREES.transform(*place(np.array([40.0, 40.0]), np.array([20.0, 20.0 + away_km])))
    two = Cities(lon, lat, np.array([250_000.0, 12_000.0]), np.array(["A", "B"]), np.array(["DE", "DE"]))
    table = rings(towns(two, countries(100, 80, 10), FRAME, 5000), IN_FORCE.urban)
    assert table["n_towns"].tolist() == [1] * n_towns
