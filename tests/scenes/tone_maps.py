"""Simulated maps with a planted tone per country, as they come from the orthorectification.

Towns of lamps in four countries side by side, imaged by the simulator's lens (with its glow), on a
background, with shot and read noise; as raw light, or as a JPEG of it, written to a file and read as users'
photos are. A cell is a pixel of 100 m.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import dask.array as da
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.models import EvidenceLevel, ToneConfig
from pipeline.photo.reader import read_photo
from pipeline.photo.reading import Reading
from pipeline.photo.saturation import SATURATION
from pipeline.raster.tiled import tiled
from pipeline.raster.tiles import Tile
from pipeline.simulate.render import Optics, developed, on_pixels, spread
from pipeline.tone.ratios import (
    average_around,
    calibrate,
    light_above_background_tile,
    light_and_averages_tile,
    tone_tile,
)
from pipeline.tone.reach import square_cells
from pipeline.tone.saturation import without_saturated

SIDE, RESOLUTION_M = 800, 100.0
TONES = (-1.3, -0.9, -0.6, -0.2)  # log2(G/R) of the countries, from sodium to white
BLUES = (-2.0, -1.5, -1.0, -0.7)  # log2(B/G)
TOWNS = 120
LAMP_SPREAD = 1.5  # of the logarithm of a lamp's light: from a lane's to a stadium's
BORDER_CELLS = 10  # near a border light of both sides is blurred into one
QUALITY, SUBSAMPLING = 92, 2  # of JPEGs: one colour for 2 x 2 pixels, which is what most cameras write
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Scene:
    """`ortho` (4, rows, columns), the lamps' light alone as the lens shows it (3, ...), the country of each
    cell, the share of lamps whose pixel is saturated, and the noise of colours as stored, in codes."""

    ortho: Floats
    light: NDArray[np.float64]
    country: NDArray[np.intp]
    saturated_lamps: float
    colour_codes: float


def scene(
    seed: int,
    evidence: EvidenceLevel,
    exposure: float,
    quality: int = QUALITY,
    subsampling: int = SUBSAMPLING,
    unlike: float = 0.0,
) -> Scene:
    """A scene; with a higher exposure more lamps saturate. `quality` and `subsampling` are of its JPEG, as
    Pillow counts; a country's lamps differ by `unlike` (1 sigma, in log2 of G/R and of B/G)."""
    rng, optics = np.random.default_rng(seed), Optics()
    column, row, red = _lamps(rng)
    home = _country(column)
    own = np.random.default_rng([seed, 1]).normal(0, unlike, (2, len(red)))
    green = red * 2 ** (np.array(TONES)[home] + own[0])
    blue = green * 2 ** (np.array(BLUES)[home] + own[1])
    bands = [on_pixels(column, row, exposure * value, (SIDE, SIDE)) for value in (red, green, blue)]
    light = np.stack([spread(band, optics.spread) for band in bands])
    clean = light + np.reshape(optics.background, (3, 1, 1))
    read = np.reshape(optics.read_noise_e, (3, 1, 1)) / optics.full_well_e
    sigma = np.sqrt(np.maximum(clean, 0) / optics.full_well_e + read**2)
    picture = clean + sigma * rng.standard_normal(clean.shape)
    if evidence == "jpeg":
        reading = jpeg(picture, quality, subsampling)
        seen, saturated, codes = reading.photo.light, reading.photo.saturated, reading.errors.colour_codes
    else:
        seen, codes = np.minimum(picture, 1), 0.0
        saturated = (seen >= SATURATION).any(axis=0)
    lamps = saturated[np.rint(row).astype(int), np.rint(column).astype(int)]
    country = np.broadcast_to(_country(np.arange(SIDE)), (SIDE, SIDE))
    ortho = np.concatenate([seen, saturated[None]]).astype(np.float32)
    return Scene(ortho, light, country, float(lamps.mean()), codes)


def exposed_for(seed: int, evidence: EvidenceLevel, share: float) -> Scene:
    """The scene at the exposure that saturates this share of its lamps, to a tenth of it."""
    low, high = 1.0, 20.0
    for _ in range(20):
        middle = (low * high) ** 0.5
        made = scene(seed, evidence, middle)
        if abs(made.saturated_lamps - share) < 0.1 * share:
            break
        low, high = (middle, high) if made.saturated_lamps < share else (low, middle)
    return made


def _lamps(rng: np.random.Generator) -> tuple[NDArray[np.float64], ...]:
    """Columns, rows and red light of lamps: towns of log-normal size, lamps of log-normal light."""
    sizes = np.exp(rng.normal(3.5, 1.0, TOWNS)).astype(int) + 1
    centre = rng.uniform(20, SIDE - 20, (2, TOWNS))
    town = np.repeat(np.arange(TOWNS), sizes)
    column, row = centre[:, town] + rng.normal(size=(2, len(town))) * 0.6 * np.sqrt(sizes[town])
    # No lamp in another country than its town.
    kept = (_country(column) == _country(centre[0, town])) & (np.minimum(column, row) > 2)
    kept &= np.maximum(column, row) < SIDE - 3
    red = 0.05 * np.exp(rng.normal(0, LAMP_SPREAD, len(town)))
    return column[kept], row[kept], red[kept]


def _country(column: NDArray[np.floating | np.integer]) -> NDArray[np.intp]:
    return np.clip(column * len(TONES) // SIDE, 0, len(TONES) - 1).astype(np.intp)


def jpeg(picture: NDArray[np.float64], quality: int, subsampling: int) -> Reading:
    """Through a JPEG file and the pipeline's reader."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.jpg"
        Image.fromarray(developed(picture)).save(file, quality=quality, subsampling=subsampling)
        return read_photo(file)


def lights_of(ortho: Floats, gsd_m: float, resolution_m: float, tile: int = 300) -> da.Array:
    """What the calibration looks at, from the bands of `ortho.tif` in memory, tile by tile."""
    cells = square_cells(gsd_m, resolution_m)
    reach = cells // 2
    padded = np.pad(ortho, ((0, 0), (reach, reach), (reach, reach)), constant_values=np.nan)

    def of_tile(at: Tile) -> Floats:
        rows, columns = (
            slice(first, first + size + 2 * reach)
            for first, size in ((at.row, at.height), (at.column, at.width))
        )
        return light_and_averages_tile(padded[:, rows, columns], cells)

    return tiled((6, *ortho.shape[1:]), tile, of_tile)


@dataclass(frozen=True, eq=False)
class Measured:
    """The bands of tone.tif and light.tif of a scene."""

    tone: Floats
    light: Floats
    tone_cells: int


def measured(made: Scene, masked: bool = True) -> Measured:
    """What the tone step gives; without the mask of saturated cells where `masked` is false."""
    ortho = made.ortho.copy()
    if not masked:
        ortho[3] = 0
    lights = lights_of(ortho, RESOLUTION_M, RESOLUTION_M)
    known = calibrate(lights, RESOLUTION_M, RESOLUTION_M, made.colour_codes, ToneConfig())
    m = known.margin
    padded = np.pad(ortho, ((0, 0), (m, m), (m, m)), constant_values=np.nan)
    tile, light = Tile(0, 0, SIDE, SIDE), without_saturated(padded, known.halo_cells)
    return Measured(
        tone_tile(light, tile, known), light_above_background_tile(light, tile, known), known.tone_cells
    )


def country_biases(made: Scene, seen: Measured, low: float, high: float = np.inf) -> list[float]:
    """Of each country's log2 of sums of green over red, of cells whose signal-to-noise is in a range and
    which are not near a border; against the lamps' light of the same cells."""
    column = np.arange(SIDE)
    inland = np.abs((column + SIDE // len(TONES) // 2) % (SIDE // len(TONES)) - SIDE // len(TONES) // 2)
    snr = seen.tone[4]
    lit = np.isfinite(seen.tone[0]) & (snr >= low) & (snr < high) & (inland >= BORDER_CELLS)[None]
    lit &= np.isfinite(seen.light[:2]).all(axis=0)
    biases = []
    for code in range(len(TONES)):
        own = lit & (made.country == code)
        (red, green), (true_red, true_green) = (
            light[:2, own].sum(axis=1, dtype=float) for light in (seen.light, made.light)
        )
        biases.append(float(np.log2(green / red) - np.log2(true_green / true_red)))
    return biases


def residual_spread(made: Scene, seen: Measured, band: int = 0) -> float:
    """Spread (from the interquartile range) of the errors of lit cells' ratios over their stated sigmas.

    The truth is the ratio of the lamps' light alone, averaged as the measurement averages.
    """
    averaged = average_around(made.light.astype(np.float32), seen.tone_cells)
    over, under = ((1, 0), (2, 1))[band]
    true = np.log2(averaged[over] / averaged[under])
    error = ((seen.tone[band] - true) / seen.tone[2 + band])[np.isfinite(seen.tone[band])]
    return float(np.subtract(*np.percentile(error, [75, 25])) * 0.7413)
