"""A region of two cities, through Snakemake itself: what is pooled of photos that the cities share."""

import csv
import shutil
from pathlib import Path

import geopandas as gpd
import pytest
import yaml

from pipeline.borders.squares_file import read_light_squares
from tests.scenes.raw_scene import NIGHTS
from tests.workflow.cluster import Job
from tests.workflow.test_demo import job_counts
from tests.workflow.workdir import Outcome, Workdir


@pytest.fixture(scope="module")
def pooled(
    raw_city: tuple[Workdir, list[Job]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Workdir, Outcome]:
    """The finished city of raw photos, its double beside it, and the region of both."""
    folder = tmp_path_factory.mktemp("pooled") / "run"
    shutil.copytree(raw_city[0].folder, folder, symlinks=True)
    workdir = Workdir(folder)
    city = yaml.safe_load((folder / "configs" / "raw.yaml").read_text(encoding="utf-8"))
    shutil.copy(folder / "configs" / "raw.yaml", folder / "configs" / "twin.yaml")
    shutil.copytree(folder / "results" / "raw", folder / "results" / "twin")
    workdir.write_region("both", cities=["raw", "twin"], countries=city["countries"])
    outcome = workdir.snakemake("--config", "cities=raw", "regions=both")
    assert outcome.code == 0, outcome.text
    return workdir, outcome


@pytest.fixture
def results(pooled: tuple[Workdir, Outcome]) -> Path:
    return pooled[0].folder / "results"


def test_only_the_region_is_made(pooled: tuple[Workdir, Outcome]) -> None:
    """The squares of both cities are there already; the double is not delivered, for nobody asked for it."""
    assert job_counts(pooled[1].log) == {"region": 1, "deliver_region": 1, "index": 1, "all": 1}


def test_every_photo_counts_once(results: Path) -> None:
    photos = gpd.read_file(results / "both" / "borders.gpkg", layer="photos").set_index("photo")
    assert len(photos) == len(NIGHTS)
    for name, photo in photos.iterrows():
        squares = read_light_squares(results / "raw" / str(name) / "squares.parquet")
        assert photo["n_cells"] == squares.n_cells.sum() > 0


def test_the_region_is_delivered(results: Path) -> None:
    made = {file.name for file in (results / "both").iterdir() if file.is_file()}
    assert made == {"borders.gpkg", "both.gpkg", "both.qgz", "both.csv", "report.html", "summary.json"}
    with (results / "both" / "both.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["pair"] for row in rows if row["photo"] == "all"} == {"BE-DE", "BE-NL", "DE-NL"}


def test_a_second_run_does_nothing(pooled: tuple[Workdir, Outcome]) -> None:
    outcome = pooled[0].snakemake("--config", "cities=raw", "regions=both", "--dry-run")
    assert "Nothing to be done" in outcome.text
