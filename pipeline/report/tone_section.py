"""What the report says of a photo's tone: what its evidence carries, what was done to its light, and whether
tone depends on the view. Pure data for `templates/tone.html`."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.features import rasterize
from rasterio.windows import Window

from pipeline.borders.squares import square_codes
from pipeline.camera.earth import Array
from pipeline.deliver.results import CityResults, PhotoResults
from pipeline.ground.country_table import country_title
from pipeline.tone.evidence import MAY_SAY, RATIO_SYSTEM, carries, not_identifiable
from pipeline.tone.lamps import FAMILIES
from pipeline.tone.view_angle import angle_check, matched

SAMPLES = 1_000_000  # cells of the grid looked at, at most about
MIN_CELLS = 100  # of a country
BLOCK_M = 5e3  # a stretch of land: towns are smaller
MIN_OVERLAP = 0.1  # of light, below which too little is seen at the same angles


@dataclass(frozen=True)
class LampShare:
    """A lamp family, its colour on maps and its share of a country's green light."""

    name: str
    colour: str
    share: float


@dataclass(frozen=True)
class CountryTone:
    """Tone of a country's lit cells, log2 of sums of light: of all of them, and at matched view zenith (NaN
    where the countries are not seen alike). `lamps` are none where the evidence does not carry them."""

    country: str
    tone: float
    matched_tone: float
    zenith_deg: float
    n_cells: int
    verdict: str
    lamps: tuple[LampShare, ...]


@dataclass(frozen=True)
class ToneFacts:
    """`refused` are pairs: what cannot be identified, and why; `overlap` is the share of light that all
    countries have at the same view zenith, none of a single one."""

    may_say: str
    ratio_system: str
    refused: tuple[tuple[str, str], ...]
    light: tuple[str, ...]
    countries: tuple[CountryTone, ...]
    overlap: float | None


@dataclass(frozen=True, eq=False)
class LitCells:
    """Lit cells of the map, thinned evenly: country by its place in a list, log2(G/R), light, view zenith,
    place in the frame (0 in its centre, 1 in its corners), stretch of land, and lamp family."""

    country: NDArray[np.integer]
    tone: Array
    red: Array
    green: Array
    zenith_deg: Array
    radius: Array
    block: NDArray[np.integer]
    family: NDArray[np.integer]

    def chosen(self, mask: NDArray[np.bool_]) -> "LitCells":
        return LitCells(**{name: values[mask] for name, values in vars(self).items()})


def tone_facts(photo: PhotoResults, city: CityResults) -> ToneFacts:
    """From the photo's facts and rasters."""
    level = photo.facts.evidence
    codes = list(city.countries["country"]) if len(city.countries) else []
    cells = lit_cells(photo, city)
    parts = {code: cells.chosen(cells.country == place) for place, code in enumerate(codes, 1)}
    parts = {code: part for code, part in parts.items() if len(part.tone) >= MIN_CELLS}
    same = None
    factors: Sequence[Array | float] = [math.nan] * len(parts)
    if len(parts) > 1:
        same = matched(
            [part.zenith_deg for part in parts.values()], [part.red + part.green for part in parts.values()]
        )
        factors = same.factors if same.overlap >= MIN_OVERLAP else factors
    return ToneFacts(
        may_say=MAY_SAY[level],
        ratio_system=RATIO_SYSTEM[level],
        refused=tuple(not_identifiable(level)),
        light=_light(photo),
        countries=tuple(
            _country(code, part, factor, carries(level, "lamp_family"))
            for (code, part), factor in zip(parts.items(), factors, strict=True)
        ),
        overlap=same.overlap if same else None,
    )


def _light(photo: PhotoResults) -> tuple[str, ...]:
    """What was done to the photo's light, in sentences."""
    facts = photo.facts
    hot = facts.hot_pixels
    looked = "not looked for in a JPEG" if hot is None else f"{hot} isolated ones masked"
    said = [
        f"Linear light: {facts.linearisation}.",
        f"Vignetting: {facts.vignetting}.",
        f"Hot pixels: {looked}.",
    ]
    if facts.anchor:
        said.append(
            f"Colours: anchored to daylight by the colour matrix of {facts.camera} ({facts.anchor.source})."
        )
    if facts.unanchored:
        said.append(f"Colours: not anchored; {facts.unanchored}.")
    return tuple(said)


def _country(code: str, cells: LitCells, factor: Array | float, named: bool) -> CountryTone:
    light = cells.red + cells.green
    check = angle_check(cells.tone, light, cells.zenith_deg, cells.radius, cells.block)
    return CountryTone(
        country=country_title(code),
        tone=_tone(cells, 1.0),
        matched_tone=_tone(cells, factor),
        zenith_deg=float(np.average(cells.zenith_deg, weights=light)),
        n_cells=len(cells.tone),
        verdict=check.verdict,
        lamps=_lamps(cells) if named else (),
    )


def _tone(cells: LitCells, factor: Array | float) -> float:
    """log2 of sums of green over red, NaN of none."""
    red, green = (float(np.sum(factor * light)) for light in (cells.red, cells.green))
    return math.log2(green / red) if red > 0 and green > 0 else math.nan


def _lamps(cells: LitCells) -> tuple[LampShare, ...]:
    total = cells.green.sum()
    shares = {family: cells.green[cells.family == family.code].sum() / total for family in FAMILIES}
    return tuple(LampShare(one.name, one.colour, float(share)) for one, share in shares.items())


def lit_cells(photo: PhotoResults, city: CityResults) -> LitCells:
    """The lit cells of every few rows and columns that lie in a country and whose light is positive."""
    step = max(1, math.ceil(math.sqrt(city.grid.width * city.grid.height / SAMPLES)))
    with rasterio.open(photo.raster("tone")) as source:
        tone, corner = _thinned(source, 1, step), source.transform
    with rasterio.open(photo.raster("light")) as source:
        red, green = (_thinned(source, band, step) for band in (1, 2))
    with rasterio.open(photo.raster("geometry")) as source:
        zenith = _thinned(source, 1, step)
    with rasterio.open(photo.raster("lamps")) as source:
        family = _thinned(source, 1, step)
    shift = 0.5 - step / 2  # a thinned cell's middle is that of the cell it was taken from
    thinned = corner @ Affine.translation(shift, shift) @ Affine.scale(step)
    country = np.zeros(tone.shape, np.uint8)
    if len(city.countries):
        shapes = [(shape, place) for place, shape in enumerate(city.countries.geometry, 1)]
        country = rasterize(shapes, tone.shape, transform=thinned, dtype="uint8")
    good = np.isfinite(tone) & (red > 0) & (green > 0) & np.isfinite(zenith) & (country > 0)
    row, column = np.nonzero(good)
    x, y = thinned @ (column + 0.5, row + 0.5)
    to_degrees = Transformer.from_crs(city.grid.crs, "EPSG:4326", always_xy=True)
    pixel = photo.camera.project(*to_degrees.transform(x, y))
    width, height = photo.camera.width, photo.camera.height
    away = np.hypot(pixel[0] - (width - 1) / 2, pixel[1] - (height - 1) / 2)
    block = square_codes(x, y, BLOCK_M)
    picked = partial(np.asarray, dtype=float)
    return LitCells(
        country=country[good],
        tone=picked(tone[good]),
        red=picked(red[good]),
        green=picked(green[good]),
        zenith_deg=picked(zenith[good]),
        radius=away / (np.hypot(width, height) / 2),
        block=block,
        family=family[good],
    )


def _thinned(source: rasterio.io.DatasetReader, band: int, step: int) -> NDArray[np.floating | np.integer]:
    """Every `step`-th cell of every `step`-th row of a band, read a strip of blocks at a time."""
    block = source.block_shapes[0][0]
    strip = step * math.ceil(block / step)
    parts = [
        source.read(band, window=Window(0, top, source.width, min(strip, source.height - top)))[
            ::step, ::step
        ]
        for top in range(0, source.height, strip)
    ]
    return np.concatenate(parts)
