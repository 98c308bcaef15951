"""Change between two photos: planted ones are recovered, those of the camera are not taken for the lamps'."""

import math

import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.borders.allowed_change import Allowed, allowed
from pipeline.borders.change import border_change, zone_change
from pipeline.borders.change_statements import border_statement, zone_statement
from pipeline.borders.dates import compare_dates
from pipeline.borders.paired_cells import (
    Common,
    PairedCells,
    change_tile,
    pair_cells,
    paired_scales,
    paired_squares,
)
from pipeline.borders.scene import Scene
from pipeline.borders.schema import COLUMNS, GEOMETRY, OF_A_PHOTO, OF_TWO_PHOTOS
from pipeline.borders.settings import IN_FORCE
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.tables import compare
from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.tiles import Tile
from tests.borders.test_urban import TO_DEGREES
from tests.scenes.border_towns import EXCLUSION_M
from tests.scenes.changed_towns import CONFIG, Setting, measured, scene
from tests.scenes.lands import box, countries, grid, light_and_tone, place

SMOOTHING = IN_FORCE.contrast.smoothing_blocks


def facts(name="a", evidence="raw", camera="Nikon D3S", simulated=False, when=None):
    return PhotoFacts(
        id=name, width=9, height=6, evidence=evidence, camera=camera, simulated=simulated, source="",
        linearisation="", taken_at=when,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "kind", "words"),
    [
        (facts(), facts("b"), "absolute", ""),
        (facts(evidence="raw_anchored"), facts("b", "raw_anchored"), "absolute", ""),
        (facts(), facts("b", "jpeg"), "relative", "b is of evidence level jpeg"),
        (facts(evidence="jpeg"), facts("b", "jpeg"), "relative", "a is of evidence level jpeg"),
        (facts(), facts("b", camera="Nikon D5"), "relative", "Nikon D3S and Nikon D5 see"),
        (facts(camera=None), facts("b", camera=None), "relative", "an unknown camera and an unknown camera"),
        (facts(), facts("b", "raw_anchored"), "relative", "raw and raw_anchored are not of one system"),
        (facts(simulated=True), facts("b"), "refused", "simulated"),
    ],
)
def test_what_may_be_said_of_two_photos(one, other, kind, words):
    found = allowed(one, other)
    assert found.kind == kind
    assert words in found.reason
    assert (found.reason == "") == (kind == "absolute")


# 2 x 3 cells of 1 km, the border after the second column; m masked in one photo, . lit in neither.
BEFORE = np.array([[1.0, 2.0, 4.0], [2.0, np.nan, 1.0]])
AFTER = np.array([[2.0, 2.0, 4.0], [1.0, 3.0, 1.0]])
LIT_BEFORE = np.array([[True, True, True], [False, True, False]])
LIT_AFTER = np.array([[True, False, True], [True, True, False]])


def small_pair() -> PairedCells:
    land, on = countries(3, 2, 2), grid(3, 2, 1000.0)
    before = light_and_tone(BEFORE, 0.5 * BEFORE, 0.1 * BEFORE, LIT_BEFORE)
    after = light_and_tone(AFTER, AFTER, 0.1 * AFTER, LIT_AFTER)
    areas = land.areas.to_crs(on.crs)
    strips = [(Tile(0, 0, 2, 3), *before, *after)]
    return pair_cells(strips, Allowed("absolute", ""), areas, on, AREA_CRS)


def test_cells_are_paired_where_both_photos_see_and_one_is_lit():
    cells = small_pair()
    assert cells.red_before.tolist() == [1, 2, 4, 2]
    assert cells.red_after.tolist() == [2, 2, 4, 1]
    assert cells.green_after.tolist() == [2, 2, 4, 1]
    assert cells.country.tolist() == [0, 0, 1, 0]
    assert cells.both_lit.tolist() == [True, False, True, False]
    assert list(zip(cells.x, cells.y, strict=True))[3] == place(0.5, 0.5)


def test_squares_sum_light_of_all_and_tone_of_what_both_show():
    cells = small_pair()
    rows = paired_squares(cells)
    by_place = {(x, y): i for i, (x, y) in enumerate(zip(rows.x, rows.y, strict=True))}
    first, unlit = by_place[place(0.5, 1.5)], by_place[place(1.5, 1.5)]
    assert (rows.before[first], rows.after[first]) == pytest.approx((1.5, 4.0))
    assert rows.tone_change[first] == pytest.approx(1.0)
    assert (rows.before[unlit], rows.after[unlit]) == pytest.approx((3.0, 4.0))
    assert math.isnan(rows.tone_change[unlit])
    common = Common.of(rows, "relative")
    ratios = np.log2([4 / 1.5, 4 / 3, 8 / 6, 2 / 3])
    assert (common.light, common.tone) == pytest.approx((np.median(ratios), 1.0))


def test_a_zone_changes_by_its_sums_less_what_is_common():
    """The west of ten towns is twice as bright and greener by 0.3, the frame three times and by 0.5."""
    setting = Setting(light_factor=3.0, tone_shift=0.5, change=0.3, tone_scatter=0.0, light_scatter=0.0)
    made = scene(setting, 0)
    rows, scales = (
        paired_squares(made.cells),
        paired_scales(made.cells, 2.0, SMOOTHING),
    )
    second = rows.chosen(rows.country == 1)
    found = zone_change(second, scales, Common(math.log2(3), 0.5), CONFIG, IN_FORCE.contrast)
    assert found.tone[0] == pytest.approx(0.3, abs=1e-3)
    whole = zone_change(second, scales, Common(0.0, 0.0), CONFIG, IN_FORCE.contrast)
    assert whole.tone[0] == pytest.approx(0.8, abs=1e-3)
    assert found.light[0] == pytest.approx(math.log2(second.after.sum() / second.before.sum()) - math.log2(3))
    assert found.n_cells == second.n_cells.sum()
    unit = scales[-1].at(second.x, second.y, second.country)
    one_town = second.chosen(unit == unit[0])
    alone = zone_change(one_town, scales, Common(0.0, 0.0), CONFIG, IN_FORCE.contrast)
    assert math.isnan(alone.light[0])
    assert "too little light" in zone_statement(alone, "Germany", "relative")


def test_a_change_on_one_side_is_found_there_and_not_on_the_other():
    """The coverage over 200 scenes is in benchmarks/borders/change.json."""
    found = [measured(Setting(change=0.2), seed) for seed in range(30)]
    border = np.array([one["border"].tone for one in found])
    # 30 means of a spread of 0.05.
    assert border[:, 0].mean() == pytest.approx(0.2, abs=0.04)
    covered = (border[:, 1] <= 0.2) & (border[:, 2] >= 0.2)
    assert covered.sum() >= 25
    quiet = np.array([one["first"].tone for one in found])
    assert ((quiet[:, 1] <= 0) & (quiet[:, 2] >= 0)).sum() >= 25


def test_what_a_picture_shifts_as_a_whole_is_no_change_at_the_border():
    """A white balance shifts no contrast of tone. Of light it does: red and green add up otherwise where the
    tone is another, so light is compared under an exposure alone."""
    plain = measured(Setting(change=0.2), 4)["border"]
    balanced = measured(Setting(change=0.2, tone_shift=0.7, light_factor=5.0), 4)["border"]
    exposed = measured(Setting(change=0.2, light_factor=5.0), 4)["border"]
    # A patch of ground at the edge between two hills may fall to the other one by rounding of float32.
    assert balanced.tone == pytest.approx(plain.tone, abs=5e-3)
    assert exposed.tone == pytest.approx(plain.tone, abs=5e-3)
    assert exposed.light == pytest.approx(plain.light, abs=5e-3)


def test_statements_say_what_changed_and_how_surely():
    made = measured(Setting(change=0.6), 1)
    sentence = border_statement(made["border"], "Belgian", "German")
    assert sentence.startswith("Relative to the Belgian side, light on the German side changed by a factor")
    assert " and tone by +0." in sentence
    assert sentence.endswith("the change of tone is clear.")
    quiet = border_statement(measured(Setting(change=0.0), 1)["border"], "Belgian", "German")
    assert quiet.endswith("the change of tone is not clear.")
    assert zone_statement(made["second"], "Germany", "relative").endswith(
        "in log2(G/R) relative to the rest of the frame."
    )
    assert zone_statement(made["second"], "Germany", "absolute").endswith("in log2(G/R).")


def test_change_of_cells_by_hand():
    before, tone = light_and_tone(BEFORE, 0.5 * BEFORE, 0.5 * BEFORE, LIT_BEFORE)
    after, later = light_and_tone(AFTER, AFTER, 0.5 * AFTER, LIT_AFTER)
    found = change_tile(before, after, tone, later, Common(0.25, 0.5))
    assert found.shape == (2, 2, 3)
    assert found.dtype == np.float32
    both = LIT_BEFORE & LIT_AFTER & np.isfinite(BEFORE)
    assert (np.isfinite(found) == both).all()
    # Red 1 to 2 with green 0.5 to 2 and blue 0.5 to 1: 2 to 5.
    assert found[0, 0, 0] == pytest.approx(math.log2(2.5) - 0.25)
    assert found[1, 0, 0] == pytest.approx(1.0 - 0.5)


def photo_over(x_km, y_km, name, width_km=30.0, **more) -> Scene:
    """A photo straight down on a square around a place of the test's map, on a grid of all of it."""
    lon, lat = (float(v) for v in TO_DEGREES.transform(*place(x_km, y_km)))
    position, aim = to_ecef(lon, lat, 400e3), to_ecef(lon, lat)
    camera = Camera(
        position, look_at_rotation(position, aim, 0.0), 400e3 / width_km / 10, (49.5, 49.5), 100, 100
    )
    solved = SolvedCamera(camera, ("rotation_x_rad", "rotation_y_rad"), np.eye(2) * 1e-10)
    return Scene(facts(name, **more), solved, grid(80, 80, 500.0))


def tiles_of(seed=0, change=0.0):
    """Light and tone of 60 towns on the grid, German ones greener by `change` in a second picture."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(0.25, 80, 0.5), np.arange(79.75, 0, -0.5))
    red, green = np.zeros_like(x), np.zeros_like(x)
    for _ in range(120):
        at_x, at_y, own = rng.uniform(0, 80), rng.uniform(0, 80), rng.normal(-0.8, 0.2)
        disc = np.where(np.hypot(x - at_x, y - at_y) < 1.6, 1.0, 0.0) * ((x > 40) == (at_x > 40))
        red, green = red + disc, green + disc * 2 ** (own + change * (at_x > 40))
    lit = red > 0
    return (Tile(0, 0, 160, 160), *light_and_tone(red, green, 0.2 * red, lit))


LAND = countries(80, 80, 40)


def test_two_dates_become_tables_of_zones_sides_and_borders():
    one, other = photo_over(40, 40, "a", 75.0), photo_over(40, 40, "b", 75.0)
    tile, *before = tiles_of()
    _, *after = tiles_of(change=0.3)
    layers = compare_dates(one, other, [(tile, *before, *after)], LAND, CONFIG)
    assert set(layers) == set(OF_TWO_PHOTOS)
    for name, layer in layers.items():
        labels = ["before", "taken_before", "after", "taken_after"]
        assert list(layer.columns) == [*labels, *COLUMNS[name], "geometry", "evidence", "simulated"]
    changes = layers["changes"].set_index(["scope", "country"])
    assert changes.loc[("country", "DE"), "tone_change"] == pytest.approx(0.3, abs=1e-5)
    assert changes.loc[("country", "BE"), "tone_change"] == pytest.approx(0.0, abs=1e-5)
    assert (layers["changes"]["scope"] == "side").sum() == 2
    border = layers["border_changes"].iloc[0]
    assert (border["pair"], border["tone_kind"]) == ("BE-DE", "absolute")
    # The step is planted exactly; light of squares that towns share is not.
    assert border["tone_change"] == pytest.approx(0.3, abs=0.02)
    assert border["statement"].endswith("the change of tone is clear.")


@pytest.mark.parametrize(
    ("places", "more", "sentence"),
    [
        (((15, 40), (65, 40)), {}, "No change can be given: the photos do not overlap."),
        (((60, 40), (60, 40)), {"simulated": True}, "No change can be given: one of the photos is simulated"),
        (((65, 40), (65, 40)), {}, "Only Germany of the countries to be compared is in the frame"),
    ],
    ids=["apart", "simulated", "one country"],
)
def test_what_cannot_be_compared_is_a_sentence(places, more, sentence):
    one, other = photo_over(*places[0], "a"), photo_over(*places[1], "b", **more)
    tile, *light = tiles_of()
    layers = compare_dates(one, other, [(tile, *light, *light)], LAND, CONFIG)
    assert layers["changes"]["statement"].str.startswith(sentence).any()
    assert len(layers["border_changes"]) == 0
    assert not layers["changes"].geometry.is_empty.any()


def test_dark_photos_have_a_sentence():
    one, other = photo_over(40, 40, "a"), photo_over(40, 40, "b")
    tile, light, tone = tiles_of()
    dark = np.full_like(tone, np.nan)
    layers = compare_dates(one, other, [(tile, light, dark, light, dark)], LAND, CONFIG)
    assert layers["changes"]["statement"].tolist() == [
        "No change can be given: no lit place is seen in both photos."
    ]


def test_tables_of_one_photo_can_be_written_and_read(tmp_path):
    layers = compare(photo_over(40, 40, "a", 75.0), [tiles_of()], LAND, CONFIG)
    assert set(layers) == set(OF_A_PHOTO)
    for name, layer in layers.items():
        assert list(layer.columns) == [
            "photo", "taken_at", *COLUMNS[name], "geometry", "evidence", "simulated",
        ]  # fmt: skip
        layer.to_file(tmp_path / "a.gpkg", layer=name, driver="GPKG", geometry_type=GEOMETRY[name])
        assert len(gpd.read_file(tmp_path / "a.gpkg", layer=name)) == len(layer)
    assert len(layers["notes"]) == 0
    assert len(layers["profiles"]) == 40
    contrast = layers["contrasts"].iloc[0]
    assert contrast["low95"] < contrast["contrast_g_r"] < contrast["high95"]
    assert contrast["low90"] > contrast["low95"]
    assert 0 <= contrast["orange_first"] + contrast["green_first"] <= 1
    zones = layers["zones"]
    assert (zones["tone_q10"] <= zones["tone_q50"]).all()
    assert (zones["tone_q50"] <= zones["tone_q90"]).all()


def test_a_photo_of_one_country_says_so():
    layers = compare(photo_over(65, 40, "a"), [tiles_of()], LAND, CONFIG)
    assert len(layers["contrasts"]) == len(layers["segments"]) == 0
    assert layers["notes"]["statement"].tolist() == [
        "Only Germany of the countries to be compared is in the frame: there is no border to compare."
    ]
    beyond = compare(photo_over(65, 40, "a"), [tiles_of()], countries(20, 20, 10), CONFIG)
    assert beyond["notes"]["statement"][0].startswith("None of the countries")


def test_boxes_of_the_test_map_are_where_the_camera_looks():
    frame = photo_over(40, 40, "a", 30.0).frame
    assert frame.symmetric_difference(box(25, 25, 55, 55)).area / 900e6 < 0.15
    assert shapely.Point(place(40, 40)).within(frame)


def test_an_error_that_towns_share_widens_what_it_concerns_alone():
    """The error of a camera's colours: once on a zone, on both sides of a border; never on light."""
    sigma, made = 0.1, scene(Setting(change=0.2), 4)
    rows, scales = paired_squares(made.cells), paired_scales(made.cells, 2.0, SMOOTHING)
    at = rows, scales, made.line, 1, EXCLUSION_M, CONFIG, IN_FORCE.contrast
    zone = rows, scales, Common(0.0, 0.0), CONFIG, IN_FORCE.contrast
    for sure, unsure, sigmas in (
        (zone_change(*zone), zone_change(*zone, sigma), sigma),
        (border_change(*at), border_change(*at, sigma), math.sqrt(2) * sigma),
    ):
        assert unsure.light == sure.light
        assert unsure.tone[0] == sure.tone[0]
        halves = [one.tone[2] - one.tone[0] for one in (sure, unsure)]
        assert math.sqrt(halves[1] ** 2 - halves[0] ** 2) == pytest.approx(1.96 * sigmas)


def test_light_too_near_to_the_border_does_not_count_in_its_change():
    made = scene(Setting(change=0.2), 4)
    rows, scales = paired_squares(made.cells), paired_scales(made.cells, 2.0, SMOOTHING)
    away_m = made.line.distance_m(rows.x, rows.y, 1e6)
    found = border_change(rows, scales, made.line, 1, 3000.0, CONFIG, IN_FORCE.contrast)
    assert found.n_cells == rows.n_cells[(away_m >= 3000) & (away_m <= 10_000)].sum()
    far = rows.chosen(away_m > 12_000)
    nothing = border_change(far, scales, made.line, 1, 500.0, CONFIG, IN_FORCE.contrast)
    assert np.isnan([*nothing.light, *nothing.tone]).all()
    assert (nothing.n_blocks, nothing.n_cells) == (0, 0)
