"""Step tone: light above the background, its tone and its lamps on the map grid (`light.tif`, `tone.tif`,
`lamps.tif`)."""

import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pipeline.arrays import Floats
from pipeline.models import ToneConfig
from pipeline.photo.cameras import ab_factors
from pipeline.photo.photo import PhotoFacts
from pipeline.raster.bands import ORTHO_BANDS, Class, photo_tags
from pipeline.raster.cog import write_cogs
from pipeline.raster.dataset import class_map, labelled
from pipeline.raster.read import raster_grid, read_bands, read_overview
from pipeline.raster.tiled import tiled
from pipeline.raster.tiles import TILE, Tile
from pipeline.raster.workers import HERE, Workers
from pipeline.steps.step import run_step
from pipeline.tone.bands import light_bands, tone_bands
from pipeline.tone.evidence import MAY_SAY, RATIO_SYSTEM, why_not
from pipeline.tone.lamp_maps import LAMP_BANDS, Lamps, lamps_seen, tone_and_lamps_tile
from pipeline.tone.lamps import lamp_classes
from pipeline.tone.ratios import (
    BY_CAMERA,
    Calibration,
    ab_scale,
    calibrate,
    light_above_background_tile,
    light_and_averages_tile,
)
from pipeline.tone.reach import square_cells
from pipeline.tone.saturation import without_saturated

ORTHO = tuple(band.name for band in ORTHO_BANDS)
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
    workers: Workers = HERE,
) -> None:
    """Subtract the background from `ortho`, take ratios where light is sure, and name lamps where ratios are
    anchored."""
    facts = PhotoFacts.model_validate_json(photo_facts.read_text("utf-8"))
    grid = raster_grid(ortho)
    gsd_m = _median(geometry, "ground_sample_distance_m")
    scale = ab_scale(ab_factors(facts.anchor)) if facts.anchor else BY_CAMERA
    known_lamps = _lamps(facts, options, geometry)
    codes = facts.colour_codes if facts.evidence == "jpeg" else 0.0
    with workers.at_work():
        cells = square_cells(gsd_m, grid.resolution_m)
        lights = tiled((6, grid.height, grid.width), TILE, partial(_lights, ortho.absolute(), cells))
        calibration = calibrate(lights, grid.resolution_m, gsd_m, codes, options, scale)
        blue = calibration.blue_refused or "is used"
        log.info("%s: noise %s, blue %s", facts.id, calibration.tone_noise, blue)
        of_light = light_bands(facts.evidence)
        of_tone = tone_bands(facts.evidence, calibration.blue_refused) + (LAMP_BANDS if known_lamps else ())
        count = len(of_light) + len(of_tone) + 1
        tiles = _MapsOfTile(ortho.absolute(), calibration, known_lamps, count)
        maps = tiled((count, grid.height, grid.width), TILE, tiles)
        families = lamp_classes(facts.evidence)
        classes = {code: Class(family.name, family.colour) for code, family in families.items()}
        about = _about(facts)
        write_cogs(
            {
                light: labelled(maps[: len(of_light)], grid, of_light, about),
                tone: labelled(maps[len(of_light) : -1], grid, of_tone, about),
                lamps: class_map(maps[-1], grid, "lamp_family", classes, about),
            }
        )


# A tile is read with its margin from the file. By dask's `map_overlap` each chunk waits for its eight
# neighbours, read whole: of 4 x 4 tiles that took 1.7 times as long, and processor alike.
def _lights(ortho: Path, tone_cells: int, tile: Tile) -> Floats:
    """What the calibration looks at in a tile."""
    return light_and_averages_tile(read_bands(ortho, ORTHO, tile, tone_cells // 2), tone_cells)


@dataclass(frozen=True, eq=False)
class _MapsOfTile:
    """The bands of `light.tif`, `tone.tif` and `lamps.tif`."""

    ortho: Path
    calibration: Calibration
    lamps: Lamps | None
    count: int

    def __call__(self, tile: Tile) -> Floats:
        """All bands (count, height, width) of a tile."""
        result = np.empty((self.count, tile.height, tile.width), np.float32)
        margin = self.calibration.margin
        ortho = read_bands(self.ortho, ORTHO, tile, margin)
        for rows, strip in tile.strips(STRIP_ROWS):
            cut = ortho[:, rows.start : rows.stop + 2 * margin]
            usable = without_saturated(cut, self.calibration.halo_cells)
            light = light_above_background_tile(usable, strip, self.calibration)
            result[: len(light), rows] = light
            result[len(light) :, rows] = tone_and_lamps_tile(usable, strip, self.calibration, self.lamps)
        return result


def _median(raster: Path, name: str) -> float:
    """The median of a band, from its overviews."""
    return float(np.nanmedian(read_overview(raster, name)))


def _lamps(facts: PhotoFacts, options: ToneConfig, geometry: Path) -> Lamps | None:
    """Lamps as the photo sees them, at its median view zenith; none where its colours have no anchor."""
    if facts.anchor is None:
        return None
    zenith_deg = _median(geometry, "view_zenith_deg")
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
        facts.taken_at,
        ratio_system=RATIO_SYSTEM[level],
        may_say=MAY_SAY[level],
        vignetting=facts.vignetting,
        **refused,
    )


if "snakemake" in globals():
    run_step(measure_tone, globals()["snakemake"])
