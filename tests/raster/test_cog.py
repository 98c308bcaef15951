import os
import resource
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime

import dask.array as da
import numpy as np
import pytest
import rasterio
from rio_cogeo import cog_validate

from pipeline.errors import OutputError
from pipeline.raster.bands import ORTHO_BANDS, SIMULATED_NOTE, Band, Class, photo_tags
from pipeline.raster.cog import write_cog, write_cogs
from pipeline.raster.dataset import class_map, labelled
from pipeline.raster.grid import Grid
from pipeline.raster.statistics import Statistics

GRID = Grid("EPSG:3035", 100.0, (4_000_000.0, 3_000_000.0, 4_130_000.0, 3_115_000.0))
BANDS = (Band("first", "m", "a length"), Band("second", "1", "a share"))


@pytest.fixture(scope="module")
def values():
    values = np.random.default_rng(0).normal(5, 2, (2, GRID.height, GRID.width)).astype(np.float32)
    values[:, :200, :300] = np.nan
    values[1, 900:] = np.nan
    return values


@pytest.fixture(scope="module")
def raster(values, tmp_path_factory):
    file = tmp_path_factory.mktemp("cog") / "new" / "raster.tif"
    array = da.from_array(values, chunks=(2, 256, 300))
    write_cog(file, labelled(array, GRID, BANDS, photo_tags("ISS030-E-1", "jpeg", simulated=True, more="so")))
    return file


def test_is_a_valid_cog_with_overviews(raster):
    valid, errors, warnings = cog_validate(raster, strict=True)
    assert (valid, errors, warnings) == (True, [], [])
    with rasterio.open(raster) as source:
        assert source.overviews(1) == [2, 4, 8]
        assert source.block_shapes == [(256, 256)] * 2
        assert source.dtypes == ("float32", "float32")
        assert source.compression.value.lower() == "zstd"
        assert np.isnan(source.nodata)
        assert source.crs.to_epsg() == 3035
        assert source.transform == GRID.transform


def test_holds_the_values_and_averaging_overviews(raster, values):
    with rasterio.open(raster) as source:
        np.testing.assert_array_equal(source.read(), values)
    with rasterio.open(raster, overview_level=0) as overview:
        small = overview.read(2)
    block = values[1, 400:402, 600:602]
    assert small[200, 300] == pytest.approx(block.mean(), rel=1e-6)


def test_statistics_are_exact_and_of_all_cells(raster, values):
    with rasterio.open(raster) as source:
        for index, band in enumerate(values, 1):
            tags = source.tags(index)
            good = band[np.isfinite(band)].astype(float)
            assert float(tags["STATISTICS_MINIMUM"]) == good.min()
            assert float(tags["STATISTICS_MAXIMUM"]) == good.max()
            # Streaming and whole sums differ by rounding alone.
            assert float(tags["STATISTICS_MEAN"]) == pytest.approx(good.mean(), rel=1e-12)
            assert float(tags["STATISTICS_STDDEV"]) == pytest.approx(good.std(), rel=1e-12)
            assert float(tags["STATISTICS_VALID_PERCENT"]) == pytest.approx(
                100 * good.size / band.size, rel=1e-3
            )


def test_statistics_of_nothing_are_not_written():
    empty = Statistics.of(np.full((3, 3), np.nan))
    assert empty.tags() == {}
    empty.add(Statistics.of(np.float32([[1, 2]])))
    assert empty.tags()["STATISTICS_MEAN"] == "1.5"
    assert empty.tags()["STATISTICS_VALID_PERCENT"] == "18.18"


def test_says_what_it_is(raster):
    with rasterio.open(raster) as source:
        tags = source.tags()
        assert source.descriptions == ("first", "second")
        assert source.units == ("m", "1")
        assert source.tags(1)["meaning"] == "a length"
    assert {k: tags[k] for k in ("photo", "evidence", "simulated", "more")} == {
        "photo": "ISS030-E-1",
        "evidence": "jpeg",
        "simulated": "true",
        "more": "so",
    }
    assert tags["TIFFTAG_IMAGEDESCRIPTION"] == SIMULATED_NOTE
    assert tags["software"].startswith("borderlight ")
    assert "TIFFTAG_IMAGEDESCRIPTION" not in photo_tags("a", "jpeg", simulated=False)


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, values):
    file = tmp_path / "raster.tif"
    file.write_text("old")

    def fails(block):
        raise RuntimeError("no light")

    broken = da.from_array(values, chunks=(2, 256, 300)).map_blocks(
        fails, meta=np.empty((0, 0, 0), np.float32)
    )
    with pytest.raises(RuntimeError, match="no light"):
        write_cog(file, labelled(broken, GRID, BANDS, {}))
    assert [f.name for f in tmp_path.iterdir()] == ["raster.tif"]
    assert file.read_text() == "old"


def test_stale_statistics_are_deleted(tmp_path, values):
    stale = tmp_path / "raster.tif.aux.xml"
    stale.write_text("<PAMDataset/>")
    write_cog(tmp_path / "raster.tif", labelled(da.from_array(values, chunks=-1), GRID, BANDS, {}))
    assert not stale.exists()


def test_what_cannot_be_written_is_said_in_one_line(tmp_path, values):
    (tmp_path / f".raster.tiles{os.getpid()}.tif").mkdir()  # where it would write first
    with pytest.raises(OutputError, match=r"raster\.tif: cannot be written") as caught:
        write_cog(tmp_path / "raster.tif", labelled(da.from_array(values, chunks=-1), GRID, BANDS, {}))
    assert "\n" not in str(caught.value)


def test_two_runs_do_not_write_into_each_others_files_and_sweep_those_of_the_dead(tmp_path, values):
    """A run that still lives keeps its temporary files, whatever is written beside them."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left = [tmp_path / f".raster.{kind}{dead.pid}.tif" for kind in ("tiles", "part")]
    alive = [tmp_path / f".raster.{kind}{os.getppid()}.tif" for kind in ("tiles", "part")]
    for file in (*left, *alive):
        file.write_text("of another run")
    write_cog(tmp_path / "raster.tif", labelled(da.from_array(values, chunks=-1), GRID, BANDS, {}))
    assert set(tmp_path.iterdir()) == {tmp_path / "raster.tif", *alive}
    assert [file.read_text() for file in alive] == ["of another run"] * 2


@pytest.mark.parametrize("missing", [1, 1000, 100_000])
def test_a_disk_that_becomes_full_leaves_the_old_file(tmp_path, values, monkeypatch, missing):
    file, array = tmp_path / "raster.tif", da.from_array(values, chunks=-1)
    write_cog(file, labelled(array, GRID, BANDS, {}))
    before, copy = file.read_bytes(), rasterio.shutil.copy

    def with_little_room(*args, **options):
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) - missing, limits[1]))
        try:
            copy(*args, **options)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    monkeypatch.setattr(rasterio.shutil, "copy", with_little_room)
    with pytest.raises(OutputError, match=r"raster\.tif: cannot be written"):
        write_cog(file, labelled(array, GRID, BANDS, {}))
    assert [f.name for f in tmp_path.iterdir()] == ["raster.tif"]
    assert file.read_bytes() == before


def test_memory_is_bounded_by_a_few_chunks(tmp_path):
    grid = Grid("EPSG:3035", 100.0, (0.0, 0.0, 100 * 1024.0, 100 * 128 * 64.0))
    array = da.ones((1, grid.height, grid.width), chunks=(1, 128, 512), dtype=np.float32)
    tracemalloc.start()
    write_cog(tmp_path / "raster.tif", labelled(array, grid, BANDS[:1]))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A chunk is 0.25 MB, in statistics 0.8 MB more as float64; the whole is 34 MB, the graph 1 MB.
    assert peak < 8e6


CLASSES = {0: Class("nothing", None), 1: Class("water", "#0080ff"), 7: Class("land", "#ffffff")}


@pytest.fixture(scope="module")
def classes():
    return np.random.default_rng(1).choice([0, 1, 1, 7], (1, GRID.height, GRID.width)).astype(np.float32)


@pytest.fixture(scope="module")
def map_of_classes(values, classes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("classes")
    array = da.from_array(np.concatenate([values, classes]), chunks=(3, 256, 300))
    tags = photo_tags("ISS030-E-1", "raw", simulated=False)
    rasters = {
        folder / "raster.tif": labelled(array[:2], GRID, BANDS, tags),
        folder / "classes.tif": class_map(array[2], GRID, "ground", CLASSES, tags),
    }
    write_cogs(rasters)
    return folder / "classes.tif"


def test_a_raster_with_a_class_map_beside_it_is_as_it_is_without(map_of_classes, raster):
    with rasterio.open(map_of_classes.with_name("raster.tif")) as beside, rasterio.open(raster) as alone:
        np.testing.assert_array_equal(beside.read(), alone.read())
        assert beside.descriptions == alone.descriptions
        assert [beside.tags(k) for k in (1, 2)] == [alone.tags(k) for k in (1, 2)]


def test_a_class_map_is_a_valid_cog_with_its_palette_and_names(map_of_classes, classes):
    assert cog_validate(map_of_classes, strict=True) == (True, [], [])
    with rasterio.open(map_of_classes) as source:
        np.testing.assert_array_equal(source.read(), classes)
        assert (source.dtypes, source.nodata, source.descriptions) == (("uint8",), 0, ("ground",))
        colours = source.colormap(1)
        assert (colours[0], colours[1], colours[7]) == ((0, 0, 0, 0), (0, 128, 255, 255), (255,) * 4)
        names = {k: v for k, v in source.tags(1).items() if k.startswith("class_")}
        assert names == {"class_0": "nothing", "class_1": "water", "class_7": "land"}
        assert source.tags()["photo"] == "ISS030-E-1"


def test_overviews_of_a_class_map_are_of_its_classes(map_of_classes, classes):
    with rasterio.open(map_of_classes, overview_level=0) as overview:
        small = overview.read(1)
    assert set(np.unique(small)) <= {0, 1, 7}  # none is a mean of others
    blocks = classes[0, : 2 * (GRID.height // 2), : 2 * (GRID.width // 2)]
    blocks = blocks.reshape(GRID.height // 2, 2, -1, 2)
    water = (blocks == 1).sum(axis=(1, 3)) >= 3
    assert (small[: water.shape[0], : water.shape[1]][water] == 1).all()


def test_light_opens_in_colour_and_says_whose_it_is(tmp_path):
    """GDAL's own software draws bands by their colour: without it light was grey but in QGIS."""
    file, cells = tmp_path / "light.tif", np.ones((4, GRID.height, GRID.width), np.float32)
    taken = datetime(2012, 12, 8, 22, 13, tzinfo=UTC)
    tags = photo_tags("ISS034-E-5935", "jpeg", simulated=False, taken_at=taken)
    write_cog(file, labelled(da.from_array(cells, chunks=(4, 256, 300)), GRID, ORTHO_BANDS, tags))
    assert cog_validate(file, strict=True) == (True, [], [])
    with rasterio.open(file) as source:
        assert [band.name for band in source.colorinterp] == ["red", "green", "blue", "undefined"]
        told = source.tags()
    assert told["AREA_OR_POINT"] == "Area"
    assert told["taken_at"] == "2012-12-08T22:13:00Z"
    assert told["TIFFTAG_DATETIME"] == "2012:12:08 22:13:00"
    assert told["licence"].startswith("public domain")
    assert told["TIFFTAG_COPYRIGHT"] == f"{told['source']}: {told['licence']}"


def test_an_own_photo_is_not_credited_to_nasa():
    assert "NASA" not in photo_tags("mine", "raw", simulated=False)["source"]
    assert "NASA" in photo_tags("ISS034-E-5935, ISS030-E-1", "raw", simulated=False)["source"]
    assert "NASA" not in photo_tags("ISS034-E-5935, mine", "raw", simulated=False)["source"]
