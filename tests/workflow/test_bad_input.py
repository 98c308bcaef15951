"""Each mistake a user can make ends in one line, an exit code, and nothing half written."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.steps.plan import plan_or_exit
from tests.scenes.pictures import night_codes, save_jpeg
from tests.workflow.workdir import Workdir

FACTS: dict[str, Any] = {"nadir": {"lon": 6.2, "lat": 50.6}, "altitude_km": 391, "sensor_width_mm": 36}
SIMULATED = [{"simulate": {"seed": 1, "year": 2012}}]


@pytest.fixture
def workdir(tmp_path: Path) -> Workdir:
    return Workdir.make(tmp_path)


@pytest.mark.parametrize(
    ("city", "line"),
    [
        (
            {"photos": [{"path": "photos/none.jpg"}]},
            "the first photo (none): path = 'photos/none.jpg': there is no such file",
        ),
        (
            {"photos": [{"id": "none"}]},
            "data/photos/none.jpg: there is no such photo (.jpg, .jpeg, .png, .tif, .tiff, ",
        ),
        (
            {"photos": [FACTS | {"id": "ISS030-E-1", "focal_length_mm": 0}]},
            "the first photo (ISS030-E-1): focal_length_mm = 0: must be 10 to 3000",
        ),
        (
            {"photos": [FACTS | {"id": "ISS030-E-1", "nadir": {"lon": -150, "lat": 0}}]},
            "the first photo (ISS030-E-1): nadir = 'lon -150, lat 0': the place looked at is 13929 km away",
        ),
        (
            {"photos": [FACTS | {"id": "ISS030-E-1", "nadir": {"lon": 50.6, "lat": 6.2}}]},
            "the first photo (ISS030-E-1): nadir = 'lon 50.6, lat 6.2': the place looked at is 6456 km away",
        ),
        (
            {"photos": SIMULATED, "location": {"lon": 50.64, "lat": 5.57}},
            "location = 'lon 50.64, lat 5.57': is far from BE; lon and lat look swapped",
        ),
        (
            {"photos": SIMULATED, "countries": ["BE", "FR"]},
            "countries: unknown country 'FR'; borders are known for BE, DE, LU, NL",
        ),
        (
            {"photos": SIMULATED, "grid": {"crs": "EPSG:99999"}},
            "grid.crs = 'EPSG:99999': is not a coordinate reference system; try EPSG:3035",
        ),
        (
            {"photos": SIMULATED, "grid": {"resolution": 50}},
            "grid.resolution: unknown key; did you mean 'resolution_m'?",
        ),
    ],
)
def test_a_mistake_in_the_city(
    workdir: Workdir, monkeypatch: pytest.MonkeyPatch, city: dict[str, Any], line: str
) -> None:
    """As the Snakefile asks for its plan, before any work."""
    monkeypatch.chdir(workdir.folder)
    workdir.write_city("x", **city)
    with pytest.raises(SystemExit) as caught:
        plan_or_exit({"cities": "x"})
    message = str(caught.value)
    assert message.startswith("error: ")
    assert line in message
    assert "\n" not in message
    assert not (workdir.folder / "results").exists()


def test_a_mistake_is_the_last_line_of_the_run(workdir: Workdir) -> None:
    workdir.write_city("x", photos=SIMULATED, grid={"resolution": 50})
    outcome = workdir.snakemake("--config", "cities=x")
    assert outcome.code != 0
    (error,) = outcome.errors
    assert "grid.resolution: unknown key; did you mean 'resolution_m'?" in error
    assert error == outcome.text.splitlines()[-1]
    assert "Traceback" not in outcome.text
    assert not (workdir.folder / "results").exists()


def test_mistakes_in_photos(workdir: Workdir) -> None:
    """All in one run, which goes on with the others: each is named once, and nothing is written of them."""
    store = workdir.folder / "data" / "photos"
    store.mkdir()
    night = save_jpeg(night_codes(640, 480), store / "sound.jpg").read_bytes()
    (store / "sound.jpg").unlink()
    (store / "truncated.jpg").write_bytes(night[: len(night) // 2])
    (store / "text.jpg").write_text("not a picture")
    save_jpeg(np.zeros((1, 1, 3), np.uint8), store / "tiny.jpg")
    day = np.random.default_rng(1).integers(60, 200, (480, 640, 3)).astype(np.uint8)
    save_jpeg(day, store / "day.jpg")
    save_jpeg(np.zeros((480, 640, 3), np.uint8), store / "black.jpg")
    expected = {
        "truncated": "data/photos/truncated.jpg: is damaged or cut short",
        "text": "data/photos/text.jpg: is not a picture: it holds neither JPEG nor PNG nor TIFF data",
        "tiny": "data/photos/tiny.jpg: is 1 x 1 pixels; at least 64 x 64 are needed",
        "day": "data/photos/day.jpg: is too bright for a night photograph",
        "black": "data/photos/black.jpg: is all black",
    }
    away = "ISS030-E-1"
    facts = FACTS | {"focal_length_mm": 85}
    workdir.write_city("x", photos=[facts | {"id": name} for name in (*expected, away)])

    outcome = workdir.snakemake("--config", "cities=x")

    assert outcome.code != 0
    for name, line in expected.items():
        (error,) = (error for error in outcome.errors if name in error)
        assert line in error
    assert len(outcome.errors) == len(expected)
    assert "Traceback" not in outcome.text
    assert [file for file in workdir.results() if away not in file] == ["cities.parquet"]
    assert (store / "truncated.jpg").stat().st_size == len(night) // 2
    # One that cannot be fetched is told at once; its place in the store is free again for the next run.
    (line,) = (line for line in outcome.text.splitlines() if "could not be fetched" in line)
    assert line.startswith(f"{away}: could not be fetched: ")
    assert (
        "attempts failed (4 attempts); you can put the photo at data/photos/ISS030-E-1.jpg yourself" in line
    )
    assert not list((store / "nasa").glob("*.jpg*"))


def test_results_in_the_way_of_a_file(workdir: Workdir) -> None:
    workdir.write_city("x", photos=SIMULATED)
    (workdir.folder / "file").touch()
    outcome = workdir.snakemake("--config", "cities=x", "results=file/results")
    assert outcome.code != 0
    (error,) = outcome.errors
    assert error.startswith("error: file: is in the way of the results folder file/results/x/simulated-2012")


def test_results_that_cannot_be_written(workdir: Workdir) -> None:
    workdir.write_city("x", photos=SIMULATED)
    # /proc refuses new folders to everyone, root included, who is not held back by permissions.
    outcome = workdir.snakemake("--config", "cities=x", "results=/proc/results")
    assert outcome.code != 0
    (error,) = outcome.errors
    assert error.startswith("error: /proc: cannot be written to (")
    assert "Traceback" not in outcome.text
