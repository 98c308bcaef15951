"""The light of a photo by squares of ground, of maps so small that sums can be reckoned by hand."""

from dataclasses import fields, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from pipeline.borders.exclusion_zone import exclusion_m
from pipeline.borders.light_squares import ARRAYS, LightSquares, light_squares
from pipeline.borders.scene import Scene
from pipeline.borders.settings import IN_FORCE
from pipeline.borders.squares import AREA_CRS
from pipeline.borders.squares_file import read_light_squares, write_light_squares
from pipeline.borders.zones import country_zones, scan
from pipeline.camera.camera import Camera, look_at_rotation
from pipeline.camera.earth import to_ecef, transformer
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.ground.countries import Countries
from pipeline.models import EvidenceLevel
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.grid import Grid
from pipeline.raster.tiles import Tile
from tests.scenes.lands import box, countries, grid, light_and_tone

PIXEL_M = 100.0
NO_ROADS = shapely.Polygon()
# A map of 4 x 2 cells of 500 m, two squares; the border is between the third and the fourth column, a
# motorway runs through the first one:
#
#      road   BE     | DE
#     :1: 2 | 4 : 8        red; green is half of it, blue a quarter
#     :1: x | 4 : m        x not lit, m masked
RED = np.array([[1.0, 2.0, 4.0, 8.0], [1.0, 2.0, 4.0, np.nan]])
LIT = np.array([[True, True, True, True], [True, False, True, False]])
ROAD = box(0.1, -5, 0.4, 5)
SIGMA = 0.1


def seen_on(on: Grid, evidence: EvidenceLevel = "raw", from_km: float = 0.0) -> Scene:
    """A photo of a map, looking at its middle from straight above, or from so far in the north, with pixels
    of PIXEL_M right below."""
    (x0, y0, x1, y1), size = on.bounds, 1001
    lon, lat = transformer(AREA_CRS, "EPSG:4326").transform((x0 + x1) / 2, (y0 + y1) / 2)
    position = to_ecef(lon, lat + from_km / 111.2, 400e3)
    rotation = look_at_rotation(position, to_ecef(lon, lat), 0.0)
    camera = Camera(position, rotation, 400e3 / PIXEL_M, ((size - 1) / 2,) * 2, size, size)
    solved = SolvedCamera(camera, ("rotation_x_rad", "rotation_y_rad"), np.eye(2) * 1e-9)
    taken_at = datetime(2012, 2, 23, 21, 9, 34, tzinfo=UTC)
    about = {
        "id": "one",
        "taken_at": taken_at,
        "width": size,
        "height": size,
        "source": "",
        "linearisation": "",
    }
    return Scene(PhotoFacts(**about, evidence=evidence), solved, on)


def summed(
    red: np.ndarray,
    lit: np.ndarray,
    land: Countries,
    on: Grid,
    roads: BaseGeometry = NO_ROADS,
    rows: int = 1000,
    **more: Any,
) -> LightSquares:
    """The squares of a map of red light, green half and blue a quarter of it, in strips of some rows."""
    light, tone = light_and_tone(red, 0.5 * red, 0.25 * red, lit)
    tone[1] = np.where(lit, SIGMA, np.nan)
    strips = [
        (
            Tile(top, 0, len(red[top : top + rows]), on.width),
            light[:, top : top + rows],
            tone[:, top : top + rows],
        )
        for top in range(0, on.height, rows)
    ]
    return light_squares(seen_on(on, **more), strips, land, roads)


@cache
def small(**more: Any) -> LightSquares:
    return summed(RED, LIT, countries(2, 1, 1.5), grid(2, 1, 500.0), ROAD, **more)


# By square, country and whether in the motorway's corridor.
EXPECTED = {
    "column": [4000, 4000, 4001, 4001],
    "row": [3000, 3000, 3000, 3000],
    "country": ["BE", "BE", "BE", "DE"],
    "motorway": [False, True, False, False],
    "x": [4_000_750, 4_000_250, 4_001_250, 4_001_750],
    "y": [3_000_750, 3_000_500, 3_000_500, 3_000_750],
    # Sums of light by cells of a quarter of a square kilometre.
    "red": [2 / 4, (1 + 1) / 4, (4 + 4) / 4, 8 / 4],
    "green": [1 / 4, 1 / 4, 4 / 4, 4 / 4],
    "blue": [0.5 / 4, 0.5 / 4, 2 / 4, 2 / 4],
    "power": [3, 1.5, 6, 12],
    "n_cells": [1, 2, 2, 1],
}


@pytest.mark.parametrize("rows", [2, 1], ids=["whole", "by rows"])
@pytest.mark.parametrize("quantity", EXPECTED)
def test_squares_by_hand(quantity: str, rows: int) -> None:
    found = getattr(small(rows=rows), quantity)
    assert found.tolist() == (
        EXPECTED[quantity] if found.dtype.kind != "f" else pytest.approx(EXPECTED[quantity])
    )


def test_the_photo_is_told() -> None:
    squares = small(evidence="jpeg")
    assert (squares.photo, squares.evidence, squares.simulated) == ("one", "jpeg", False)
    assert squares.taken_at == datetime(2012, 2, 23, 21, 9, 34, tzinfo=UTC)
    assert squares.cell_km2 == pytest.approx(0.25, rel=1e-12)
    # A pixel of 100 m at 400 km: 2 km are seen 0.3 degrees off the vertical.
    assert squares.view_zenith_deg == pytest.approx(np.zeros(4), abs=0.3)


@pytest.mark.parametrize("evidence", ["raw", "jpeg"])
def test_noise_that_cells_share_is_not_averaged_away(evidence: EvidenceLevel) -> None:
    """Pixels are a fifth of a cell: a raw photo's cells are independent, a JPEG's block is three wide."""
    alone, two = small(evidence=evidence).tone_sigma[[0, 2]]
    assert alone == pytest.approx(SIGMA)
    assert two == pytest.approx(SIGMA if evidence == "jpeg" else SIGMA / np.sqrt(2))


def test_the_sigma_of_a_square_is_that_of_averaged_noise_or_more() -> None:
    """White noise averaged over 4 x 4 cells of 100 m, as tone is. The noise of the mean of a square's 10 x 10
    cells: how often each of the 13 x 13 noisy cells is in it, along one side and then the other."""
    on, land = grid(2, 2, PIXEL_M), countries(2, 2, 2)
    (found, *_) = summed(np.ones((20, 20)), np.ones((20, 20), bool), land, on).tone_sigma
    often = np.convolve(np.ones(10), np.ones(4)) / 4  # in means over four
    one_cell = SIGMA * 4  # the noise before it was averaged
    truth = one_cell * (often**2).sum() / 10**2
    # At a square's edge averages reach out of it, which lessens the noise by a seventh.
    assert truth < found < 1.2 * truth


def test_where_pixels_are_smaller_tone_is_averaged_over_as_many_cells() -> None:
    """Seen from the north, pixels are larger in the south than in the north of 200 km: the south is less
    sure, the north no surer than the middle."""
    on, land = grid(1, 200, PIXEL_M), countries(1, 200, 1)
    ones = np.ones((2000, 10))
    sigma = summed(ones, ones > 0, land, on, from_km=300).tone_sigma
    assert (sigma[:100] > sigma[100:]).all()
    assert np.ptp(sigma[101:]) < 1e-12
    assert np.ptp(sigma[:100]) > 1e-3


def test_a_square_without_light_has_no_tone() -> None:
    """Noise alone may leave a cell less than none."""
    squares = summed(-RED, LIT, countries(2, 1, 1.5), grid(2, 1, 500.0))
    assert np.isinf(squares.tone_sigma).all()
    assert squares.power.tolist() == [0, 0, 0]


def test_a_cell_of_less_than_no_light_weighs_nothing() -> None:
    """But it is in the sums, from which noise must not be chosen out."""
    red = np.array([[2.0, -1.0]])
    squares = summed(red, red != 0, countries(1, 1, 1), grid(1, 0.5, 500.0))
    assert squares.red.tolist() == [1.0 / 4]
    assert squares.power.tolist() == [3.0]
    assert squares.tone_sigma.tolist() == pytest.approx([SIGMA])


def test_light_outside_all_countries_is_left_out() -> None:
    squares = summed(RED, LIT, countries(1, 1, 0.5), grid(2, 1, 500.0))
    assert squares.column.tolist() == [4000, 4000]
    assert squares.n_cells.sum() == 3


def random_map() -> tuple[np.ndarray, np.ndarray]:
    """Red light and where it is lit, on 50 x 40 cells."""
    rng = np.random.default_rng(3)
    return rng.lognormal(0, 1, (50, 40)), rng.random((50, 40)) < 0.4


def test_sums_are_those_of_the_zones() -> None:
    """Of the countries, whose border here follows the cells' edges; the motorway's part is not lost."""
    land, on, (red, lit) = countries(8, 10, 3.4), grid(8, 10, 200.0), random_map()
    squares = summed(red, lit, land, on, box(1.1, 0, 2.3, 10), rows=7)
    light, tone = light_and_tone(red, 0.5 * red, 0.25 * red, lit)
    zones = country_zones(land, box(0, 0, 8, 10))
    expected = scan([(Tile(0, 0, 50, 40), light, tone)], zones, land, on).sums.set_index(zones["country"])
    assert 0 < squares.motorway.sum() < len(squares)
    for country, row in expected.iterrows():
        own = squares.chosen(squares.country == country)
        assert own.n_cells.sum() == row["lit"]
        for colour in ("red", "green", "blue"):
            # Zones are summed in single precision.
            assert getattr(own, colour).sum() == pytest.approx(row[colour] * 0.2**2, rel=1e-5)


def test_photos_of_other_resolution_agree() -> None:
    """The same light on cells of 200 m and of 100 m."""
    land, (red, lit) = countries(8, 10, 3.4), random_map()
    road = box(0.2, 0, 0.6, 10)
    coarse = summed(red, lit, land, grid(8, 10, 200.0), road)
    finer = (values.repeat(2, 0).repeat(2, 1) for values in (red, lit))
    fine = summed(*finer, land, grid(8, 10, 100.0), road)
    assert (4 * coarse.n_cells).tolist() == fine.n_cells.tolist()
    for name in set(ARRAYS) - {"n_cells", "country"}:
        np.testing.assert_allclose(getattr(coarse, name), getattr(fine, name), rtol=1e-12, err_msg=name)


def test_exclusion_zones_are_those_of_the_borders_in_the_frame_and_near_it() -> None:
    on = grid(2, 2, 500.0)
    scene, nothing = seen_on(on), (np.full((4, 4), np.nan),) * 3
    for border_km, pairs in ((1.5, {"BE-DE"}), (15.0, {"BE-DE"}), (25.0, set())):
        land = countries(60, 60, border_km)
        squares = light_squares(
            scene, [(Tile(0, 0, 4, 4), np.stack(nothing), np.stack(nothing[:2]))], land, NO_ROADS
        )
        assert set(squares.exclusion_m) == pairs
        if border_km == 1.5:
            within = land.borders.geometry[0] & scene.frame
            expected = exclusion_m(scene.solved, within, IN_FORCE.exclusion)
            assert squares.exclusion_m["BE-DE"] == expected


@pytest.mark.parametrize("chosen", ["all", "none"])
def test_what_is_written_is_read(chosen: str, tmp_path: Path) -> None:
    squares = small()
    squares = squares.chosen(np.full(len(squares), chosen == "all"))
    for timed in (squares, replace(squares, taken_at=None, tone_systematic=0.02)):
        write_light_squares(timed, tmp_path / "squares.parquet")
        read = read_light_squares(tmp_path / "squares.parquet")
        for field in fields(LightSquares):
            before, after = getattr(timed, field.name), getattr(read, field.name)
            assert type(before) is type(after)
            if field.name in ARRAYS:
                assert (before.dtype.kind, before.tolist()) == (after.dtype.kind, after.tolist()), field.name
            else:
                assert before == after
