"""Steps that work cell by cell write the same on a dask scheduler's two workers as in their own threads."""

from pathlib import Path

import geopandas as gpd
import pyogrio
import pytest
from distributed import LocalCluster
from pandas.testing import assert_frame_equal

from pipeline.raster.workers import Workers
from tests.scenes.frames import toned_countries
from tests.scenes.on_map import lay_on_map
from tests.steps.test_borders import YEARS_BEFORE, Shot, run
from tests.steps.test_change import mapped

THREADS = Workers(threads=2)


@pytest.fixture(scope="module")
def there(cluster: LocalCluster) -> Workers:
    return Workers(cluster.scheduler_address)


def test_light_geometry_and_tone(tmp_path: Path, there: Workers, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a relative path, as Snakemake gives them: the workers run elsewhere."""
    monkeypatch.chdir(tmp_path)
    photo, camera = toned_countries()
    centre = camera.to_ground(camera.width / 2, camera.height / 2)
    place = float(centre[0]), float(centre[1])
    for folder, workers in (("here/photo", THREADS), ("there/photo", there)):
        Path(folder).mkdir(parents=True)
        lay_on_map(photo, camera, place, 60.0, Path(folder), workers)
    for name in ("ortho", "geometry", "light", "tone", "lamps"):
        ours, theirs = (Path(folder, "photo", f"{name}.tif").read_bytes() for folder in ("here", "there"))
        assert ours == theirs, name


def test_the_tables_of_borders(tmp_path: Path, there: Workers) -> None:
    ours = run(tmp_path / "here", Shot("a"), workers=THREADS)
    theirs = run(tmp_path / "there", Shot("a"), workers=there)
    layers = [name for name, _ in pyogrio.list_layers(ours)]
    assert "zones" in layers
    for layer in layers:
        assert_frame_equal(gpd.read_file(ours, layer=layer), gpd.read_file(theirs, layer=layer))


def test_the_map_of_change(tmp_path: Path, there: Workers) -> None:
    shots = Shot("later"), Shot("sooner", YEARS_BEFORE)
    ours = mapped(tmp_path / "here", *shots, workers=THREADS)
    theirs = mapped(tmp_path / "there", *shots, workers=there)
    assert ours.read_bytes() == theirs.read_bytes()
