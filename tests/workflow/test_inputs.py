"""Roads and heights through Snakemake: one simulated photo, from its scene to the map."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import rasterio

from pipeline.camera.camera import Camera
from pipeline.deliver.truth import position_error
from tests.camera.test_terrain import write_dem
from tests.workflow.test_demo import job_counts
from tests.workflow.workdir import REPOSITORY, Workdir

PHOTO = "results/x/simulated-2012"
MAP = (f"{PHOTO}/ortho.tif", f"{PHOTO}/geometry.tif")
CITY = ("--config", "cities=x")


@pytest.fixture(scope="module")
def mapped(tmp_path_factory: pytest.TempPathFactory) -> Workdir:
    """The demo's first photo with streets, on a DEM as high as the ellipsoid, where it was simulated."""
    workdir = Workdir.make(tmp_path_factory.mktemp("inputs"))
    write_dem(workdir.folder / "dem.tif", np.zeros((90, 160), np.float32), bounds=(-4, 45, 16, 56))
    write_city(workdir, geoid_m=0)
    outcome = workdir.snakemake(*MAP, *CITY)
    assert outcome.code == 0, outcome.text
    return workdir


def write_city(workdir: Workdir, geoid_m: float) -> None:
    workdir.write_city(
        "x",
        location={"lon": 5.72, "lat": 50.70},
        photos=[{"simulate": {"seed": 1, "year": 2012}}],
        roads="data/streets_liege.parquet",
        dem={"path": "dem.tif", "heights": "geoid", "geoid_m": geoid_m},
        grid={"radius_km": 40},
    )


def test_a_photo_with_streets_and_heights_is_placed_within_a_pixel(mapped: Workdir) -> None:
    folder = mapped.folder / PHOTO
    truth = Camera.from_dict(json.loads((folder / "truth.json").read_text())["camera"])
    solved = json.loads((folder / "camera.json").read_text())
    error = position_error(truth, Camera.from_dict(solved))
    print(f"with streets: {error.rmse_px:.2f} px, {error.rmse_m:.0f} m RMSE; worst {error.worst_m:.0f} m")
    assert "extent" in solved["solution"]["method"]
    assert error.rmse_px < 1.0


def test_the_map_is_there(mapped: Workdir) -> None:
    grid = json.loads((mapped.folder / "results" / "x" / "grid.json").read_text())
    for file in MAP:
        with rasterio.open(mapped.folder / file) as raster:
            assert (raster.width, raster.height) == (grid["width"], grid["height"])
            assert np.isfinite(raster.read(1)).mean() > 0.5


def test_no_step_logs_a_warning(mapped: Workdir) -> None:
    logs = sorted((mapped.folder / "results").rglob("*.log"))
    assert len(logs) == 7
    for log in logs:
        text = log.read_text(encoding="utf-8")
        assert "WARNING" not in text, f"{log.name}: {text}"


def test_other_heights_place_and_map_the_photo_again(mapped: Workdir) -> None:
    write_city(mapped, geoid_m=46)
    counts = job_counts(mapped.snakemake("--dry-run", *MAP, *CITY).text)
    assert counts == {"georeference": 1, "place": 1, "grid": 1, "orthorectify": 1}
    write_city(mapped, geoid_m=0)


def test_without_a_network_motorways_drawn_by_hand_serve_and_are_kept(tmp_path: Path) -> None:
    workdir = Workdir.make(tmp_path)
    workdir.write_city("x", photos=[{"simulate": {"seed": 1, "year": 2012}}], motorways="openstreetmap")
    file = "results/x/motorways.gpkg"
    outcome = workdir.snakemake(file, *CITY)
    assert outcome.code == 0, outcome.text
    (line,) = (line for line in outcome.text.splitlines() if "drawn by hand" in line)
    assert line.startswith("x: The motorways are those of data/motorways.gpkg, most of them drawn by hand, ")
    assert line.endswith(f"To try again, delete {file}.")
    shipped = tmp_path / "data" / "motorways.gpkg"
    shipped.unlink()
    shutil.copy(REPOSITORY / "data" / "motorways.gpkg", shipped)  # newer than what was made of it
    assert "Nothing to be done" in workdir.snakemake("--dry-run", file, *CITY).text
