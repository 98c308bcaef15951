"""Step tone: light above the background and its tone on the map grid (`light.tif`, `tone.tif`)."""

import logging
from functools import partial
from pathlib import Path

import dask.config

from pipeline.models import ToneConfig
from pipeline.ortho.cog import mapped, median_of_band, opened, photo_tags, raster_grid, write_cog
from pipeline.photo.photo import PhotoFacts
from pipeline.steps.step import run_step
from pipeline.tone.evidence import MAY_SAY, RATIO_SYSTEM
from pipeline.tone.ratios import LIGHT_BANDS, calibrate, light_tile, tone_bands, tone_tile

log = logging.getLogger(__name__)


def measure_tone(
    ortho: Path,
    geometry: Path,
    photo_facts: Path,
    options: ToneConfig,
    tone: Path,
    light: Path,
    threads: int = 1,
) -> None:
    """Subtract the background from `ortho` and take ratios where light is sure."""
    facts = PhotoFacts.model_validate_json(photo_facts.read_text("utf-8"))
    grid = raster_grid(ortho)
    gsd_m = median_of_band(geometry, "ground_sample_distance_m")
    with dask.config.set(num_workers=threads):
        calibration = calibrate(opened(ortho), grid.resolution_m, gsd_m, facts.evidence, options)
        blue = calibration.blue_refused or "is used"
        log.info("%s: noise %s, blue %s", facts.id, calibration.tone_noise, blue)
        about = photo_tags(
            facts.id,
            facts.evidence,
            facts.simulated,
            ratio_system=RATIO_SYSTEM[facts.evidence],
            may_say=MAY_SAY[facts.evidence],
        )
        for file, bands, function in (
            (light, LIGHT_BANDS, light_tile),
            (tone, tone_bands(facts.evidence, calibration.blue_refused), tone_tile),
        ):
            array = mapped(ortho, len(bands), calibration.margin, partial(function, calibration=calibration))
            write_cog(file, array, grid, bands, about)


if "snakemake" in globals():
    run_step(measure_tone, globals()["snakemake"])
