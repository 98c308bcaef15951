"""A raster is one labelled dataset, in memory and on disk, to this package and to others."""

import dask.array as da
import numpy as np
import odc.geo.xr  # noqa: F401
import pytest
import rioxarray  # noqa: F401

from pipeline.raster.bands import Band, Class
from pipeline.raster.cog import write_cogs
from pipeline.raster.dataset import class_map, classes_of, grid_of, labelled, read_raster
from pipeline.raster.grid import Grid

GRID = Grid("EPSG:3035", 250.0, (4_000_000.0, 3_000_000.0, 4_075_000.0, 3_050_000.0))
BANDS = (Band("light", "1", "linear light"), Band("zenith", "deg", "view zenith"))
CLASSES = {0: Class("no data", None), 1: Class("low sodium", "#c9381f"), 5: Class("white", "#ffffff")}
TAGS = {"photo": "a", "evidence": "raw", "simulated": "true"}


@pytest.fixture(scope="module")
def values():
    return np.random.default_rng(2).random((3, GRID.height, GRID.width), np.float32)


@pytest.fixture(scope="module")
def datasets(values):
    array = da.from_array(values, chunks=(3, 64, 64))
    return (
        labelled(array[:2], GRID, BANDS, TAGS),
        class_map((array[2] * 6).astype(np.uint8), GRID, "lamps", CLASSES, TAGS),
    )


def test_what_is_written_comes_back_with_its_labels(datasets, values, tmp_path):
    files = tmp_path / "floats.tif", tmp_path / "classes.tif"
    write_cogs(dict(zip(files, datasets, strict=True)))
    for file, written in zip(files, datasets, strict=True):
        read = read_raster(file)
        assert read.chunks  # nothing is read before it is asked for
        assert read.attrs.items() >= TAGS.items()
        for name, layer in written.items():
            assert read[name].dtype == layer.dtype
            np.testing.assert_array_equal(read[name], layer)
            np.testing.assert_equal(read[name].attrs, layer.attrs)
        for name in ("x", "y"):
            np.testing.assert_array_equal(read[name], written[name])
        assert grid_of(read) == GRID
    assert classes_of(read_raster(files[1])["lamps"]) == CLASSES
    assert classes_of(read_raster(files[0])["light"]) == {}


def test_others_know_where_it_lies(datasets):
    for raster in datasets:
        assert raster.rio.crs.to_epsg() == 3035
        assert raster.rio.transform() == GRID.transform
        assert raster.rio.bounds() == GRID.bounds
        assert raster.odc.geobox == GRID.geobox
        assert Grid.of_geobox(raster.odc.geobox) == GRID
        x, y = GRID.centres(np.array([0.0]), np.array([0.0]))
        assert (raster.x[0], raster.y[0]) == (x[0], y[0])
