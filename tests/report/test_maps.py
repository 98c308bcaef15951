"""Map pictures: the light's and the tone's colours, where things are, what is drawn over them."""

import base64
import dataclasses
import io
import re
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from pipeline.deliver import palette
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.report import close_ups
from pipeline.report.first_screen import best_rows, focus
from pipeline.report.maps import (
    PHONE_CANVAS,
    Canvas,
    encoded,
    opened,
    photo_maps,
    resized,
    without_title,
)
from tests.report.svg_words import words
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


def light_map(photo: PhotoResults, city: CityResults, canvas: Canvas = CANVAS) -> str:
    return photo_maps(photo, city, canvas, 10.0)[0]


def tone_map(photo: PhotoResults, city: CityResults, min_signal_to_noise: float = 10.0) -> str:
    return photo_maps(photo, city, CANVAS, min_signal_to_noise)[1]


def pixels(svg: str) -> NDArray[np.int_]:
    """The cells of a map, without what is drawn over them."""
    (webp,) = re.findall(r"href='data:image/webp;base64,([^']*)'", svg)
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(webp))).convert("RGB"), int)


def place(city: CityResults, name: str) -> tuple[float, float]:
    """Where a city is on the picture of the first photo, pixels."""
    box = city.photos[0].footprint.union_all().intersection(city.frame).bounds
    scale = 1.06 * max((box[2] - box[0]) / CANVAS.width_px, (box[3] - box[1]) / CANVAS.height_px)
    town = city.cities.set_index("name").loc[name].geometry
    column = (town.x - (box[0] + box[2]) / 2) / scale + CANVAS.width_px / 2
    row = ((box[1] + box[3]) / 2 - town.y) / scale + CANVAS.height_px / 2
    return column, row


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
    colours = palette.tone_colours(np.linspace(-2.0, 0.0, 50)) / 255
    luminance = (colours**2.2) @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > 0).all()
    assert palette.tone_colour(0.0) == "#ffffff"


def test_tone_map_shows_each_country_in_its_tone(city: CityResults) -> None:
    picture = pixels(tone_map(city.photos[0], city))
    for tone in (-1.2, -0.7, -0.4):  # planted in 2012
        assert near(picture, palette.tone_colour(tone)) > 300
    assert near(picture, palette.tone_colour(-0.95)) < 30


def test_tone_map_hides_what_is_too_faint(city: CityResults) -> None:
    lit, bright = (pixels(tone_map(city.photos[0], city, snr)) for snr in (10.0, 100.0))
    belgian = palette.tone_colour(-1.2)
    assert 0 < near(bright, belgian) < 0.7 * near(lit, belgian)


def test_light_map_is_brightest_where_the_towns_are(city: CityResults) -> None:
    """Nothing is brighter than Liège in its quarter of the picture."""
    picture = pixels(light_map(city.photos[0], city)).sum(axis=2)
    column, row = place(city, "Liège")
    around = picture[int(row) - 8 : int(row) + 9, int(column) - 8 : int(column) + 9]
    assert around.mean() > 4 * np.median(picture)


def test_simulated_photos_carry_the_mark_and_others_do_not(city: CityResults) -> None:
    simulated, measured = (
        photo_maps(photo, city, CANVAS, 10.0) for photo in (city.photos[0], real(city.photos[0]))
    )
    assert all("SIMULATED: not a measurement" in words(svg) for svg in simulated)
    assert not any("SIMULATED" in words(svg) for svg in measured)


def test_names_the_largest_cities_where_they_are(city: CityResults) -> None:
    """Five find room; a ring is where its city is, in pixels of the view around the frame of the photo."""
    svg = light_map(city.photos[0], city)
    assert {"Maastricht", "Aachen", "20 km", "N"} <= set(re.findall(r">([^<]+)</text>", svg))
    assert svg.count("<circle") == 2 * CANVAS.cities  # a ring and its dark edge
    for column, row in (place(city, name) for name in ("Maastricht", "Aachen")):
        assert f"cx='{round(column, 1):g}' cy='{round(row, 1):g}'" in svg


def test_lines_are_drawn_once_with_their_casing_within_the_picture(city: CityResults) -> None:
    """The frame of the photo, motorways and borders; their coordinates do not leave the picture."""
    svg = light_map(city.photos[0], city)
    for colour, lines in ((palette.MUTED, 2), (palette.TEXT, 1)):
        drawn = re.findall(
            rf"<path d='([^']*)' fill='none' stroke='{colour}' stroke-width='[^']*'( stroke-das|/>)", svg
        )
        drawn = [d for d, _ in drawn if d.count(",") > 2]
        assert len(drawn) == lines
        places = np.array([pair.split(",") for d in drawn for pair in re.split("[ML]", d)[1:]], float)
        assert places.min() >= 0
        assert (places.max(axis=0) <= [CANVAS.width_px, CANVAS.height_px]).all()


def test_pictures_have_the_size_asked_for(city: CityResults) -> None:
    small = PHONE_CANVAS.scaled(0.5)
    svg = light_map(city.photos[0], city, small)
    assert pixels(svg).shape == (small.height_px, small.width_px, 3)
    assert f"viewBox='0 0 {small.width_px} {small.height_px}'" in svg


def test_pictures_never_grow() -> None:
    picture = Image.new("RGB", (300, 200))
    assert [resized(picture, width_px).size for width_px in (150, 900)] == [(150, 100), (300, 200)]


def test_for_a_phone_the_title_gives_way_to_a_mark(tmp_path: Path) -> None:
    source = tmp_path / "solve.png"
    picture = np.zeros((266, 400, 3), np.uint8)
    picture[:66] = 255  # the title's lines
    Image.fromarray(picture).save(source)
    plain, marked = (
        np.asarray(Image.open(io.BytesIO(encoded(without_title(opened(source), 66, 200, mark)))))
        for mark in ("", "SIMULATED")
    )
    assert plain.shape == marked.shape == (100, 200, 3)
    assert plain.max() <= WEBP
    pink = np.abs(marked.astype(int) - palette.rgb(palette.SIMULATED)).max(axis=-1) < 60
    columns = np.flatnonzero(pink.any(axis=0))
    assert columns.max() - columns.min() > 50  # a quarter of the width
    assert np.flatnonzero(pink.any(axis=1)).max() < 25  # and in the upper corner


def test_pictures_are_of_real_photos_before_simulated_ones(city: CityResults, delivery: Delivery) -> None:
    """Though a simulated one is later and shows as much."""
    assert close_ups.showing(city, "BE-DE") is not None
    mixed = dataclasses.replace(city, photos=(real(city.photos[0]), city.photos[1]))
    shown = close_ups.showing(mixed, "BE-DE")
    assert shown is mixed.photos[0]
    assert focus(mixed, delivery.city, best_rows(mixed)).photo is mixed.photos[0]
    swapped = dataclasses.replace(city, photos=(city.photos[0], real(city.photos[1])))
    assert close_ups.showing(swapped, "BE-DE") is swapped.photos[1]
    assert focus(swapped, delivery.city, best_rows(swapped)).photo is swapped.photos[1]
