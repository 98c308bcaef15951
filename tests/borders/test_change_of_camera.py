"""The same lamps photographed by two cameras are no change of lighting; a change of lighting is one."""

import dataclasses

import numpy as np
import pytest

from pipeline.borders.allowed_change import allowed
from pipeline.borders.dates import compare_dates
from pipeline.borders.scene import Scene
from pipeline.models import CameraRow
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.tiles import Tile
from pipeline.tone.responses import ab_ratios, carried_response, spectra
from tests.borders.test_change import CONFIG, photo_over
from tests.scenes.lands import countries, light_and_tone
from tests.scenes.raw_cameras import D3S, D850

LAND = countries(80, 80, 40)
# None of them takes part in the fit of the transform. Belgian towns burn three, German ones the others.
LAMPS = ("C100S54C (HPS)", "SDW-T 100W/LV (Super HPS)", "PHOS-1", "F32T8/TL835 (Triphosphor)", "HP2", "FL2")
GREENER = 0.2


def row(matrix: np.ndarray) -> CameraRow:
    return CameraRow(
        sensor_width_mm=36,
        image_width_px=4256,
        image_height_px=2832,
        xyz_to_camera=matrix.tolist(),
        source="test",
    )


CAMERAS = {"D3S": D3S, "D850": D850}


def scene(name: str, camera: str) -> Scene:
    photo = photo_over(40, 40, name, 75.0, evidence="raw_anchored", camera=camera)
    return dataclasses.replace(photo, facts=anchored(photo.facts, camera))


def anchored(facts: PhotoFacts, camera: str) -> PhotoFacts:
    return facts.model_copy(update={"anchor": row(CAMERAS[camera])})


def light_of_towns(change: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Light (120, 81) of towns and whether they are German; those mixed with as much white that a D3S sees
    German ones greener by `change`."""
    rng = np.random.default_rng(3)
    german = np.arange(120) % 2 == 1
    lamp = np.where(german, rng.integers(3, 6, 120), rng.integers(0, 3, 120))
    light = spectra(LAMPS)[lamp]
    light = light / light.sum(axis=1, keepdims=True)
    if change:
        white = spectra(("LED-B5",))
        shares = np.linspace(0, 0.9, 400)[:, None]
        for town in np.flatnonzero(german):
            mixed = (1 - shares) * light[town] + shares * white / white.sum()
            tone = np.log2(ab_ratios(carried_response("D3S", D3S), mixed)[:, 0])
            light[town] = mixed[np.argmin(abs(tone - tone[0] - change))]
    return light, german


def seen(camera: str, change: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Bands of light.tif and tone.tif of 120 towns through a camera."""
    light, german = light_of_towns(change)
    ratios = ab_ratios(carried_response(camera, CAMERAS[camera]), light)
    rng = np.random.default_rng(0)
    x, y = np.meshgrid(np.arange(0.25, 80, 0.5), np.arange(79.75, 0, -0.5))
    bands = np.zeros((3, *x.shape))
    for (green_red, blue_green), is_german in zip(ratios, german, strict=True):
        at_x, at_y = rng.uniform(42, 78) if is_german else rng.uniform(2, 38), rng.uniform(0, 80)
        disc = np.hypot(x - at_x, y - at_y) < 1.6
        bands += disc * np.reshape([1, green_red, green_red * blue_green], (3, 1, 1))
    return light_and_tone(*bands, bands[0] > 0)


def changes(second: str, taken_for: str, change: float = 0.0):
    """Changes from a D3S's photo to one of a `second` camera that is taken for another."""
    one, other = scene("a", "D3S"), scene("b", taken_for)
    layers = compare_dates(
        one, other, [(Tile(0, 0, 160, 160), *seen("D3S"), *seen(second, change))], LAND, CONFIG
    )
    return layers["changes"].set_index(["scope", "country"]), layers["border_changes"].iloc[0]


def test_two_cameras_that_see_the_same_lamps_show_no_change():
    zones, border = changes("D850", "D850")
    for country in ("BE", "DE"):
        zone = zones.loc[("country", country)]
        assert zone["tone_kind"] == "absolute"
        assert zone["tone_low95"] < 0 < zone["tone_high95"]
        assert abs(zone["tone_change"]) < 0.02  # the transform's own scatter
        # 5 % of either camera's anchor, 1.96 sigma.
        assert zone["tone_high95"] - zone["tone_change"] == pytest.approx(0.2, abs=0.02)
    assert border["tone_low95"] < 0 < border["tone_high95"]
    assert border["tone_high95"] - border["tone_low95"] < 0.15
    note = zones.loc[("cameras",), "statement"].iloc[0]
    assert "as the D3S would have seen them, not the D850" in note


def test_without_the_transform_they_would():
    zones, border = changes("D850", "D3S")
    assert zones.loc[("country", "BE"), "tone_change"] < -0.08
    assert zones.loc[("country", "BE"), "tone_high95"] < 0
    assert border["tone_low95"] > 0  # sodium seems to have changed, white lamps less
    assert "cameras" not in zones.index.get_level_values("scope")


def test_a_change_of_lighting_is_told_through_a_change_of_camera():
    zones, border = changes("D850", "D850", GREENER)
    for value in (zones.loc[("country", "DE")], border):
        assert value["tone_change"] == pytest.approx(GREENER, abs=0.03)
        assert value["tone_low95"] < GREENER < value["tone_high95"]
    assert border["tone_low95"] > 0
    assert abs(zones.loc[("country", "BE"), "tone_change"]) < 0.02


def test_anchored_photos_of_two_cameras_may_be_compared_and_unanchored_may_not():
    facts = scene("a", "D3S").facts.model_copy(update={"anchor": None})
    other = facts.model_copy(update={"id": "b", "camera": "D850"})
    assert allowed(facts, other).kind == "relative"
    both = allowed(anchored(facts, "D3S"), anchored(other, "D850"))
    assert (both.kind, both.reason) == ("absolute", "colours of the D850 as the D3S would see them")
    assert both.place_sigma == pytest.approx(0.02, abs=0.005)
    # 5 % of either camera, as log2.
    assert both.frame_sigma == pytest.approx(np.sqrt(2) * 0.05 / np.log(2))
    same = allowed(anchored(facts, "D3S"), anchored(facts, "D3S"))
    assert (same.kind, same.reason, same.note) == ("absolute", "", None)
    assert same.place_sigma == same.frame_sigma == 0
    jpeg = other.model_copy(update={"evidence": "jpeg", "anchor": None})
    assert allowed(anchored(facts, "D3S"), jpeg).kind == "relative"
