"""A folder whose name a shell would take apart: the run's, the project's and the interpreter's."""

import sys
from dataclasses import replace
from pathlib import Path

from tests.scenes.pictures import night_codes, save_jpeg
from tests.workflow.workdir import REPOSITORY, Workdir

PHOTO = {
    "id": "own",
    "nadir": {"lon": 6.2, "lat": 50.6},
    "altitude_km": 391,
    "focal_length_mm": 50,
    "sensor_width_mm": 36,
}


def test_a_step_runs_in_a_folder_with_a_blank_and_an_umlaut_in_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "One Drive - Ä; $HOME 'x'"
    workdir = Workdir.make(folder / "run")
    (folder / "environment").symlink_to(sys.prefix)
    (folder / "project").symlink_to(REPOSITORY)
    python = folder / "environment" / "bin" / Path(sys.executable).name
    workdir = replace(workdir, python=str(python), project=folder / "project")
    store = workdir.folder / "data" / "photos"
    store.mkdir()
    save_jpeg(night_codes(), store / "own.jpg")
    workdir.write_city("x", photos=[PHOTO])
    outcome = workdir.snakemake("results/x/own/photo.json", "--config", "cities=x")
    assert outcome.code == 0, outcome.text
    assert workdir.results() == ["x/own/photo.json", "x/own/photo.tif"]
