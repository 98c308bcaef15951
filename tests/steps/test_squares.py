"""Step squares: the file that photos are pooled by, from the files of a photo."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.borders.light_squares import LightSquares
from pipeline.borders.squares_file import read_light_squares
from pipeline.raster.read import read_overview
from pipeline.steps.squares import sum_light
from tests.conftest import REPOSITORY
from tests.steps.test_borders import EVENING, MOTORWAYS, Shot

BORDERS = REPOSITORY / "data" / "borders.gpkg"


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a photo of towns around the tripoint of Belgium, Germany and the Netherlands."""
    folder = tmp_path_factory.mktemp("squares") / "a"
    Shot("a", width_km=40.0).write(folder)
    return folder


@pytest.fixture(scope="module")
def squares(photo: Path) -> LightSquares:
    names = ("tone.tif", "light.tif", "photo.json", "camera.json")
    sum_light(*(photo / name for name in names), MOTORWAYS, BORDERS, photo / "squares.parquet")
    return read_light_squares(photo / "squares.parquet")


def test_all_light_is_summed_over_squares(photo: Path, squares: LightSquares) -> None:
    """The three countries fill the frame, so that no lit cell is left out."""
    lit = np.isfinite(read_overview(photo / "tone.tif", "log2_g_r"))
    assert squares.n_cells.sum() == lit.sum() > 5000
    for colour in ("red", "green", "blue"):
        light = read_overview(photo / "light.tif", colour)
        # Cells are 200 m wide.
        assert getattr(squares, colour).sum() == pytest.approx(0.04 * light[lit].sum(dtype=float), rel=1e-6)


def test_countries_motorways_and_borders_are_told_apart(squares: LightSquares) -> None:
    assert set(squares.country) == {"BE", "DE", "NL"}
    assert set(squares.exclusion_m) == {"BE-DE", "BE-NL", "DE-NL"}
    # Motorways around Aachen, most of them drawn by hand to 1 km, light some of the towns.
    assert 0.05 < squares.n_cells[squares.motorway].sum() / squares.n_cells.sum() < 0.5
    assert (squares.photo, squares.taken_at, squares.evidence) == ("a", EVENING, "jpeg")
