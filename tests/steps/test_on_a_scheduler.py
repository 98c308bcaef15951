"""Steps that work cell by cell write the same on a dask scheduler's two workers as in their own threads.

Sums over strips are those behind the map of change: the changes that all of the frame has in common.
"""

from pathlib import Path

import pytest
from distributed import LocalCluster

from pipeline.raster.workers import Workers
from tests.scenes.frames import toned_countries
from tests.scenes.on_map import lay_on_map
from tests.steps.test_borders import YEARS_BEFORE, Shot
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
        lay_on_map(photo, camera, place, 30.0, Path(folder), workers)
    for name in ("ortho", "geometry", "light", "tone", "lamps"):
        ours, theirs = (Path(folder, "photo", f"{name}.tif").read_bytes() for folder in ("here", "there"))
        assert ours == theirs, name


def test_the_map_of_change(tmp_path: Path, there: Workers) -> None:
    shots = Shot("later"), Shot("sooner", YEARS_BEFORE)
    ours = mapped(tmp_path / "here", *shots, workers=THREADS)
    theirs = mapped(tmp_path / "there", *shots, workers=there)
    assert ours.read_bytes() == theirs.read_bytes()
