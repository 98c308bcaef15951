"""Step change: how light and tone of each cell changed between the photos of a city (`change.tif`)."""

from functools import partial
from pathlib import Path

import numpy as np

from pipeline.arrays import Floats
from pipeline.borders.allowed_change import Allowed, allowed
from pipeline.borders.paired_cells import Common, change_tile, pair_cells, paired_squares
from pipeline.borders.squares import AREA_CRS
from pipeline.files import atomic_write
from pipeline.ground.countries import Countries, read_countries
from pipeline.qgis.qml import qml
from pipeline.qgis.raster_styles import light_change
from pipeline.raster.bands import Band, change_band, photo_tags
from pipeline.raster.cog import write_cog
from pipeline.raster.dataset import labelled
from pipeline.raster.read import read_bands
from pipeline.raster.tiled import tiled
from pipeline.raster.tiles import TILE, Tile
from pipeline.raster.workers import HERE, Workers
from pipeline.steps.photos import Pair, pairs, read_photos
from pipeline.steps.step import run_step
from pipeline.tone.evidence import weakest

LIGHT, TONE = ("red", "green", "blue"), ("log2_g_r", "log2_b_g")
ComparedPair = tuple[Pair, Allowed, Common | None]


def map_change(
    tones: list[Path],
    lights: list[Path],
    photo_facts: list[Path],
    cameras: list[Path],
    countries: list[str],
    change: Path,
    style: Path,
    workers: Workers = HERE,
) -> None:
    """Two bands for each pair of photos: light and tone, later less earlier, log2. What the whole frame did
    is taken off, of light always, of tone where only relative change may be told. The lists run over the
    photos of the city. `style` is what QGIS reads beside `change`."""
    photos = read_photos(photo_facts, cameras, lights, tones)
    areas, grid = read_countries(AREA_CRS, countries), photos[0].scene.grid
    facts = [photo.scene.facts for photo in photos]
    tags = photo_tags(
        ", ".join(photo.id for photo in facts),
        weakest(photo.evidence for photo in facts),
        any(photo.simulated for photo in facts),
        photos_taken_at=", ".join(
            f"{photo.taken_at:%Y-%m-%dT%H:%M:%SZ}" if photo.taken_at else "unknown" for photo in facts
        ),
    )
    with workers.at_work():
        compared = [_compared(pair, areas) for pair in pairs(photos)]
        bands = tuple(band for pair, may, _ in compared for band in _bands(pair, may))
        values = tiled((len(bands), grid.height, grid.width), TILE, partial(_tile, compared))
        write_cog(change, labelled(values, grid, bands, tags))
    with atomic_write(style) as part:
        part.write_text(qml(light_change(1)), encoding="utf-8")


def _compared(pair: Pair, countries: Countries) -> ComparedPair:
    """A pair with what may be said of it and what its frame has in common, None where nothing may be said."""
    may, grid = allowed(pair.before.scene.facts, pair.after.scene.facts), pair.before.scene.grid
    if may.kind == "refused":
        return pair, may, None
    cells = pair_cells(pair.strips(), may, countries.areas.to_crs(grid.crs), grid, AREA_CRS)
    return pair, may, Common.of(paired_squares(cells), may.kind)


def _tile(compared: list[ComparedPair], tile: Tile) -> Floats:
    """The change of all pairs in a tile (2 pairs, height, width), NaN where none may be said."""
    changes = []
    for pair, may, common in compared:
        if common is None:
            changes.append(np.full((2, tile.height, tile.width), np.nan, np.float32))
        else:
            light, later = (read_bands(photo.light, LIGHT, tile) for photo in (pair.before, pair.after))
            tone, later_tone = (read_bands(photo.tone, TONE, tile) for photo in (pair.before, pair.after))
            later, later_tone = may.later(later, later_tone)
            changes.append(change_tile(light, later, tone, later_tone, common))
    return np.concatenate(changes)


def _bands(pair: Pair, may: Allowed) -> list[Band]:
    """The two bands of a pair, which say what they hold and why not more."""
    before, after = pair.before.scene.facts.id, pair.after.scene.facts.id
    light = "log2 of light after over before, minus the change of the whole frame"
    tone = "change of log2(G/R)" + (", minus the change of the whole frame" if may.kind == "relative" else "")
    why = f": {may.reason}" if may.reason else ""
    meanings = (light, tone) if may.kind != "refused" else ("none can be given",) * 2
    return [
        Band(change_band(name, before, after), "1", meaning + why)
        for name, meaning in zip(("light", "tone"), meanings, strict=True)
    ]


if "snakemake" in globals():
    run_step(map_change, globals()["snakemake"])
