"""Step orthorectify: a photo and its geometry on the map grid (`ortho.tif`, `geometry.tif`)."""

import json
from pathlib import Path

import dask.config
import shapely

from pipeline.camera.uncertainty import SolvedCamera
from pipeline.ortho.cog import GEOMETRY_BANDS, ORTHO_BANDS, photo_tags, write_cog
from pipeline.ortho.grid import Grid, narrowest_pixel_m, visible_area
from pipeline.ortho.warp import orthorectify, view_geometry
from pipeline.photo.tiff import read_photo_tif
from pipeline.steps.step import run_step


def bring_onto_grid(
    light: Path, camera: Path, grid: Path, ortho: Path, geometry: Path, threads: int = 1
) -> None:
    """Resample `light` through `camera`. The photo is named by the folder of its results."""
    solution = json.loads(camera.read_text("utf-8"))
    solved = SolvedCamera.from_dict(solution)
    laid = Grid.from_dict(json.loads(grid.read_text("utf-8")))
    area = visible_area(solved.camera, laid.crs, shapely.box(*laid.bounds))
    pixel_m = narrowest_pixel_m(solved.camera, area, laid.crs)
    about = solution["solution"]
    tags = photo_tags(ortho.parent.name, about["evidence"], about["simulated"])
    with dask.config.set(num_workers=threads):
        light_on_grid = orthorectify(read_photo_tif(light), solved.camera, laid, pixel_m)
        write_cog(ortho, light_on_grid, laid, ORTHO_BANDS, tags)
        write_cog(geometry, view_geometry(solved, laid), laid, GEOMETRY_BANDS, tags)


if "snakemake" in globals():
    run_step(bring_onto_grid, globals()["snakemake"])
