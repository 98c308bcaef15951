"""Step orthorectify: a photo and its geometry on the map grid (`ortho.tif`, `geometry.tif`)."""

import json
from collections.abc import Sequence
from pathlib import Path

import shapely

from pipeline.camera.channel_shifts import ChannelRegistration
from pipeline.camera.earth import transformer
from pipeline.camera.terrain import FLAT, Bounds
from pipeline.camera.uncertainty import SolvedCamera
from pipeline.ground.elevation import TerrainFile
from pipeline.ground.fetched import read_problem
from pipeline.models import Dem
from pipeline.ortho.pixel_map import Ground
from pipeline.ortho.warp import orthorectify, view_geometry
from pipeline.photo.photo import PhotoFacts
from pipeline.photo.tiff import PhotoTif
from pipeline.raster.bands import photo_tags
from pipeline.raster.cog import write_cogs
from pipeline.raster.grid import Grid, narrowest_pixel_m, visible_area
from pipeline.raster.workers import HERE, Workers
from pipeline.steps.placed import read_camera
from pipeline.steps.step import run_step

MARGIN_DEG = 0.05  # 4 km or more: heights at the grid's rim are interpolated from beyond it


def bring_onto_grid(
    light: Path,
    camera: Path,
    photo_facts: Path,
    grid: Path,
    ortho: Path,
    geometry: Path,
    dem: Sequence[Path] = (),
    heights: Dem | None = None,
    workers: Workers = HERE,
) -> None:
    """Resample `light` through `camera`, red and blue where the lens has put them, on the heights of `dem`
    (no file or one, read as `heights` says). The photo is named by the folder of its results; its facts say
    what it is."""
    solution = read_camera(camera)
    solved = SolvedCamera.from_dict(solution)
    channels = ChannelRegistration.from_dict(solution["channels"]) if "channels" in solution else None
    laid = Grid.from_dict(json.loads(grid.read_text("utf-8")))
    ground = _ground(dem, heights, laid)
    area = visible_area(solved.camera, laid.crs, shapely.box(*laid.bounds))
    pixel_m = narrowest_pixel_m(solved.camera, area, laid.crs)
    facts = PhotoFacts.model_validate_json(photo_facts.read_text("utf-8"))
    tags = photo_tags(ortho.parent.name, facts.evidence, facts.simulated, facts.taken_at)
    photo = PhotoTif(light.absolute())
    with workers.at_work():
        on_grid = orthorectify(photo, solved.camera, laid, pixel_m, ground=ground, channels=channels)
        seen_from = view_geometry(solved, laid, ground=ground)
        write_cogs({ortho: on_grid.assign_attrs(tags), geometry: seen_from.assign_attrs(tags)})


def _ground(dem: Sequence[Path], heights: Dem | None, grid: Grid) -> Ground:
    """The ground under the grid; the ellipsoid without a DEM, or with one that could not be fetched."""
    if not dem or read_problem(dem[0]) is not None:
        return FLAT
    assert heights is not None  # the rule gives both or neither
    return TerrainFile(dem[0].absolute(), heights.heights, heights.geoid_m, _around(grid))


def _around(grid: Grid) -> Bounds:
    """West, south, east and north of the grid in degrees, with a margin."""
    to_degrees = transformer(grid.crs, "EPSG:4326")
    west, south, east, north = to_degrees.transform_bounds(*grid.bounds)
    return west - MARGIN_DEG, south - MARGIN_DEG, east + MARGIN_DEG, north + MARGIN_DEG


if "snakemake" in globals():
    run_step(bring_onto_grid, globals()["snakemake"])
