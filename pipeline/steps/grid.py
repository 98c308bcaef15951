"""Step grid: one map grid for all photos of a city (`grid.json`)."""

import json
from pathlib import Path

from pipeline.camera.camera import Camera
from pipeline.files import write_json
from pipeline.models import GridConfig, LonLat
from pipeline.raster.grid import lay_grid
from pipeline.steps.step import run_step


def make_grid(cameras: list[Path], location: LonLat, options: GridConfig, grid: Path) -> None:
    """Lay the grid over what the cameras show around `location`. A photo is named by its camera's folder."""
    named = {file.parent.name: Camera.from_dict(json.loads(file.read_text("utf-8"))) for file in cameras}
    write_json(lay_grid(named, options, location).to_dict(), grid)


if "snakemake" in globals():
    run_step(make_grid, globals()["snakemake"])
