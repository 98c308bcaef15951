"""Step tone: light above the background, its tone and its lamps on the map grid (`light.tif`, `tone.tif`,
`lamps.tif`)."""

import logging
from functools import partial
from pathlib import Path

import dask.config
import numpy as np

from pipeline.models import ToneConfig
from pipeline.photo.cameras import ab_factors
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.bands import photo_tags
from pipeline.raster.cog import Class, ClassMap, Raster, write_cogs
from pipeline.raster.read import mapped, median_of_band, opened, raster_grid
from pipeline.raster.tiles import Tile
from pipeline.steps.step import run_step
from pipeline.tone.background import Floats
from pipeline.tone.evidence import MAY_SAY, RATIO_SYSTEM, why_not
from pipeline.tone.lamp_maps import LAMP_BANDS, Lamps, lamps_seen, tone_and_lamps_tile
from pipeline.tone.lamps import lamp_classes
from pipeline.tone.ratios import (
    BY_CAMERA,
    Calibration,
    ab_scale,
    calibrate,
    light_above_background_tile,
    light_bands,
    tone_bands,
)

STRIP_ROWS = 128  # of a tile at a time: its bands fit into the processor's cache

log = logging.getLogger(__name__)


def measure_tone(
    ortho: Path,
    geometry: Path,
    photo_facts: Path,
    options: ToneConfig,
    tone: Path,
    light: Path,
    lamps: Path,
    threads: int = 1,
) -> None:
    """Subtract the background from `ortho`, take ratios where light is sure, and name lamps where ratios are
    anchored."""
    facts = PhotoFacts.model_validate_json(photo_facts.read_text("utf-8"))
    grid = raster_grid(ortho)
    gsd_m = median_of_band(geometry, "ground_sample_distance_m")
    scale = ab_scale(ab_factors(facts.anchor)) if facts.anchor else BY_CAMERA
    known_lamps = _lamps(facts, options, geometry)
    with dask.config.set(num_workers=threads):
        calibration = calibrate(opened(ortho), grid.resolution_m, gsd_m, facts.evidence, options, scale)
        blue = calibration.blue_refused or "is used"
        log.info("%s: noise %s, blue %s", facts.id, calibration.tone_noise, blue)
        about = _about(facts)
        bands = tone_bands(facts.evidence, calibration.blue_refused) + (LAMP_BANDS if known_lamps else ())
        families = lamp_classes(facts.evidence)
        classes = {code: Class(family.name, family.colour) for code, family in families.items()}
        rasters = (
            Raster(light, light_bands(facts.evidence), about),
            Raster(tone, bands, about),
            ClassMap(lamps, "lamp_family", classes, about),
        )
        count = sum(raster.count for raster in rasters)
        function = partial(_tile, calibration=calibration, lamps=known_lamps, bands=count)
        write_cogs(rasters, mapped(ortho, count, calibration.margin, function), grid)


def _tile(ortho: Floats, tile: Tile, calibration: Calibration, lamps: Lamps | None, bands: int) -> Floats:
    """The bands of `light.tif`, `tone.tif` and `lamps.tif`, from the tile of `ortho.tif` with its margin."""
    result = np.empty((bands, tile.height, tile.width), np.float32)
    for rows, strip in tile.strips(STRIP_ROWS):
        cut = ortho[:, rows.start : rows.stop + 2 * calibration.margin]
        light = light_above_background_tile(cut, strip, calibration)
        result[: len(light), rows] = light
        result[len(light) :, rows] = tone_and_lamps_tile(cut, strip, calibration, lamps)
    return result


def _lamps(facts: PhotoFacts, options: ToneConfig, geometry: Path) -> Lamps | None:
    """Lamps as the photo sees them, at its median view zenith; none where its colours have no anchor."""
    if facts.anchor is None:
        return None
    zenith_deg = median_of_band(geometry, "view_zenith_deg")
    log.info("%s: lamps at view zenith %.0f deg, aerosol %g", facts.id, zenith_deg, options.aerosol_depth)
    name = facts.camera or facts.id
    return lamps_seen(name, facts.anchor, options.aerosol_depth, zenith_deg, facts.evidence)


def _about(facts: PhotoFacts) -> dict[str, str]:
    """Tags of a photo's light, tone and lamps: the system of their ratios, and what may not be said."""
    level = facts.evidence
    refused = {"lamps": reason} if (reason := why_not(level, "lamp_family")) else {}
    return photo_tags(
        facts.id,
        level,
        facts.simulated,
        ratio_system=RATIO_SYSTEM[level],
        may_say=MAY_SAY[level],
        vignetting=facts.vignetting,
        **refused,
    )


if "snakemake" in globals():
    run_step(measure_tone, globals()["snakemake"])
