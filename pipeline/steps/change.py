"""Step change: how light and tone of each cell changed between the photos of a city (`change.tif`)."""

from functools import partial
from pathlib import Path

import dask.config
import numpy as np
from dask.delayed import delayed

from pipeline.borders.change import Allowed, Common, allowed, change_tile, pair_cells, paired_squares
from pipeline.borders.zones import AREA_CRS
from pipeline.ground.countries import Countries, read_countries
from pipeline.raster.bands import Band, photo_tags
from pipeline.raster.cog import write_cog
from pipeline.raster.read import read_tile
from pipeline.raster.tiles import TILE, Tile, tiled
from pipeline.steps.photos import Pair, pairs, read_photos
from pipeline.steps.step import run_step
from pipeline.tone.background import Floats
from pipeline.tone.evidence import weakest


def map_change(
    tones: list[Path],
    lights: list[Path],
    photo_facts: list[Path],
    cameras: list[Path],
    countries: list[str],
    change: Path,
    threads: int = 1,
) -> None:
    """Two bands for each pair of photos: light and tone, later less earlier, log2. What the whole frame did
    is taken off, of light always, of tone where only relative change may be told. The lists run over the
    photos of the city."""
    photos = read_photos(photo_facts, cameras, lights, tones)
    maps, grid = read_countries(AREA_CRS, countries), photos[0].scene.grid
    facts = [photo.scene.facts for photo in photos]
    found, bands = [], []
    for pair in pairs(photos):
        may = allowed(pair.before.scene.facts, pair.after.scene.facts)
        found.append((pair, may, None if may.kind == "refused" else _common(pair, may, maps)))
        bands += _bands(pair, may)
    function = delayed(partial(_tile, found), traverse=False)
    about = photo_tags(
        ", ".join(one.id for one in facts),
        weakest(one.evidence for one in facts),
        any(one.simulated for one in facts),
    )
    with dask.config.set(num_workers=threads):
        write_cog(
            change, tiled((len(bands), grid.height, grid.width), TILE, function), grid, tuple(bands), about
        )


def _common(pair: Pair, may: Allowed, maps: Countries) -> Common:
    grid = pair.before.scene.grid
    cells = pair_cells(may.alike(pair.rows()), maps.areas.to_crs(grid.crs), grid, AREA_CRS)
    return Common.of(paired_squares(cells), may.kind)


def _tile(found: list[tuple[Pair, Allowed, Common | None]], tile: Tile) -> Floats:
    """The change of all pairs in a tile, without a value where none may be told."""
    parts = []
    for pair, may, common in found:
        if common is None:
            parts.append(np.full((2, tile.height, tile.width), np.nan, np.float32))
        else:
            light, later, tone, later_tone = (
                read_tile(file, tile)
                for file in (pair.before.light, pair.after.light, pair.before.tone, pair.after.tone)
            )
            later, later_tone = may.later(later, later_tone)
            parts.append(change_tile(light, later, tone, later_tone, common))
    return np.concatenate(parts)


def _bands(pair: Pair, may: Allowed) -> list[Band]:
    before, after = pair.before.scene.facts.id, pair.after.scene.facts.id
    light = "log2 of light after over before, less that of the whole frame"
    tone = "change of log2(G/R)" + (", less that of the whole frame" if may.kind == "relative" else "")
    why = f": {may.reason}" if may.reason else ""
    meanings = (light, tone) if may.kind != "refused" else ("none can be given",) * 2
    return [
        Band(f"{name} {before} to {after}", "1", meaning + why)
        for name, meaning in zip(("light", "tone"), meanings, strict=True)
    ]


if "snakemake" in globals():
    run_step(map_change, globals()["snakemake"])
