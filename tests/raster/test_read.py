"""Windows, bands by name, and strips of a raster agree with what was written."""

import dask.array as da
import numpy as np
import pytest

from pipeline.errors import RasterError
from pipeline.raster.bands import Band
from pipeline.raster.cog import write_cog
from pipeline.raster.dataset import labelled
from pipeline.raster.grid import Grid
from pipeline.raster.read import raster_grid, read_bands, read_overview
from pipeline.raster.strips import of_each, strips
from pipeline.raster.tiled import tiled
from pipeline.raster.tiles import TILE, Tile

GRID = Grid("EPSG:3035", 100.0, (4_000_000.0, 3_000_000.0, 4_130_000.0, 3_115_000.0))
NAMES = ("first", "second", "third")
WHOLE = Tile(0, 0, GRID.height, GRID.width)


@pytest.fixture(scope="module")
def values():
    values = np.random.default_rng(0).normal(5, 2, (3, GRID.height, GRID.width)).astype(np.float32)
    values[:, :200, :300] = np.nan
    return values


@pytest.fixture(scope="module")
def raster(values, tmp_path_factory):
    file = tmp_path_factory.mktemp("read") / "raster.tif"
    bands = [Band(name, "m", f"the {name}") for name in NAMES]
    write_cog(file, labelled(da.from_array(values, chunks=(3, 256, 300)), GRID, bands))
    return file


def test_tiles_read_with_a_margin_are_padded_beyond_the_edge(raster, values):
    padded = np.pad(values, ((0, 0), (7, 7), (7, 7)), constant_values=np.nan)
    height, width = values.shape[1:]
    for tile in (Tile(0, 0, 30, 40), Tile(height - 30, width - 40, 30, 40), Tile(500, 600, 30, 40)):
        window = np.s_[:, tile.row : tile.row + 44, tile.column : tile.column + 54]
        np.testing.assert_array_equal(read_bands(raster, NAMES, tile, 7), padded[window])


def test_bands_come_by_name_in_the_order_named(raster, values):
    np.testing.assert_array_equal(read_bands(raster, ("third", "first"), WHOLE), values[[2, 0]])


def test_a_name_that_no_band_has_is_told_with_those_there_are(raster):
    with pytest.raises(RasterError, match=r"raster\.tif: has no band 'fourth', only first, second, third;"):
        read_bands(raster, ("first", "fourth"), WHOLE)


def test_an_overview_has_about_the_same_median(raster):
    overview = read_overview(raster, "second")
    assert overview.shape == (512, 512)
    # 200,000 values of sigma 2 know their median to 0.006; means of 2 x 2 cells have the same one.
    assert np.nanmedian(overview) == pytest.approx(5, abs=0.03)


def test_strips_are_worked_out_from_north_to_south(raster, values):
    assert raster_grid(raster) == GRID
    assert GRID.height > TILE  # so that there are several
    parts = of_each(
        lambda tile, a, b: (tile, a, b), strips((raster, ("second",)), (raster, ("first", "third")))
    )
    assert [tile.row for tile, _, _ in parts] == list(range(0, GRID.height, TILE))
    np.testing.assert_array_equal(np.concatenate([a for _, a, _ in parts], axis=1), values[[1]])
    np.testing.assert_array_equal(np.concatenate([b for _, _, b in parts], axis=1), values[[0, 2]])


def test_tiled_arrays_hold_what_each_tile_gives():
    """Each cell tells its own row and column."""

    def place(tile):
        row, column = np.mgrid[: tile.height, : tile.width].astype(np.float32)
        return np.stack([row + tile.row, column + tile.column])

    expected = np.mgrid[:70, :110].astype(np.float32)
    np.testing.assert_array_equal(tiled((2, 70, 110), 32, place).compute(), expected)


@pytest.mark.parametrize(
    ("tile", "halves"),
    [
        (Tile(3, 5, 7, 8), (Tile(3, 5, 7, 4), Tile(3, 9, 7, 4))),
        (Tile(3, 5, 9, 8), (Tile(3, 5, 4, 8), Tile(7, 5, 5, 8))),
    ],
)
def test_halves_are_cut_across_the_longer_side(tile, halves):
    assert tile.halves() == halves
