"""Map pictures: the light's and the tone's colours, where things are, and the mark of simulated photos."""

import dataclasses
import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.deliver import palette
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.report.maps import PHONE_CANVAS, Canvas, light_map, shrunk, tone_map
from tests.scenes.delivery import Delivery

CANVAS = Canvas(600, 500, 14.0, 5)
# WebP at quality 72 moves a channel by this much, out of 255, on flat ground.
WEBP = 12


@pytest.fixture(scope="module")
def city(delivery: Delivery) -> CityResults:
    return delivery.results()


def real(photo: PhotoResults) -> PhotoResults:
    """The same photo, as if it were no simulation."""
    return dataclasses.replace(photo, facts=photo.facts.model_copy(update={"simulated": False}))


def pixels(picture: bytes) -> NDArray[np.int_]:
    return np.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), int)


def near(picture: NDArray[np.int_], colour: str) -> int:
    """How many pixels have about this colour."""
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return int((np.abs(picture - rgb) <= WEBP).all(axis=2).sum())


def test_display_is_the_stretch_of_qgis() -> None:
    light = np.array([0, 0.125, 0.5, 1.0], np.float32)
    expected = [0, (0.125 / palette.LIGHT_MAX) ** (1 / palette.LIGHT_GAMMA), 1, 1]
    assert palette.display(light) == pytest.approx(expected)


def test_tone_scale_rises_in_lightness_up_to_white() -> None:
    """So that it reads without hue: relative luminance rises from deep orange to white."""
    colours = palette.tone_map()(np.linspace(0, 0.8, 50))[:, :3]
    luminance = (colours**2.2) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > 0).all()
    assert palette.tone_colour(0.0) == "#ffffff"


def test_tone_map_shows_each_country_in_its_tone(city: CityResults) -> None:
    picture = pixels(tone_map(city.photos[0], city, CANVAS, 10.0))
    for tone in (-1.2, -0.7, -0.4):  # planted in 2012
        assert near(picture, palette.tone_colour(tone)) > 300
    assert near(picture, palette.tone_colour(-0.95)) < 30


def test_tone_map_hides_what_is_too_faint(city: CityResults) -> None:
    lit, bright = (pixels(tone_map(city.photos[0], city, CANVAS, snr)) for snr in (10.0, 100.0))
    belgian = palette.tone_colour(-1.2)
    assert 0 < near(bright, belgian) < 0.7 * near(lit, belgian)


def test_light_map_is_brightest_where_the_towns_are(city: CityResults) -> None:
    """Without lines, names and marks nothing is brighter than Liège in its quarter of the picture."""
    bare = dataclasses.replace(
        city, cities=city.cities[:0], borders=city.borders[:0], motorways=city.motorways[:0]
    )
    picture = pixels(light_map(real(city.photos[0]), bare, CANVAS)).sum(axis=2)
    box = city.photos[0].footprint.union_all().intersection(city.frame).bounds
    scale = 1.06 * max((box[2] - box[0]) / CANVAS.width_px, (box[3] - box[1]) / CANVAS.height_px)
    liege = city.cities.set_index("name").loc["Liège"].geometry
    column = (liege.x - (box[0] + box[2]) / 2) / scale + CANVAS.width_px / 2
    row = ((box[1] + box[3]) / 2 - liege.y) / scale + CANVAS.height_px / 2
    around = picture[int(row) - 8 : int(row) + 9, int(column) - 8 : int(column) + 9]
    assert around.mean() > 4 * np.median(picture)


@pytest.mark.parametrize("draw", [light_map, lambda *args: tone_map(*args, 10.0)])
def test_simulated_photos_carry_the_mark_and_others_do_not(city: CityResults, draw: object) -> None:
    assert callable(draw)
    corner = np.s_[: CANVAS.height_px // 10, : CANVAS.width_px // 2]
    simulated, measured = (
        pixels(draw(photo, city, CANVAS))[corner] for photo in (city.photos[0], real(city.photos[0]))
    )
    assert (simulated[..., 0] - simulated[..., 1] > 50).sum() > 200  # 28 letters of ten pixels and a frame
    assert (measured[..., 0] - measured[..., 1] > 50).sum() == 0


def test_pictures_have_the_size_asked_for(city: CityResults) -> None:
    small = PHONE_CANVAS.scaled(0.5)
    assert pixels(light_map(city.photos[0], city, small)).shape == (small.height_px, small.width_px, 3)


def test_shrunk_never_grows() -> None:
    source = io.BytesIO()
    Image.new("RGB", (300, 200)).save(source, "PNG")
    assert pixels(shrunk(source.getvalue(), 150)).shape == (100, 150, 3)
    assert pixels(shrunk(source.getvalue(), 900)).shape == (200, 300, 3)
