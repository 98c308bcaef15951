"""The light of a photo summed over squares of ground: the small table that many photos are pooled by."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.arrays import Floats, Ints
from pipeline.borders.cells import countries_at, places
from pipeline.borders.exclusion_zone import exclusion_m
from pipeline.borders.scene import Scene
from pipeline.borders.settings import IN_FORCE, BorderSettings
from pipeline.borders.squares import AREA_CRS, centres_of, numbered, square_codes, squares
from pipeline.camera.earth import Array, transformer
from pipeline.ground.countries import Countries, clipped
from pipeline.models import EvidenceLevel
from pipeline.raster.grid import Grid
from pipeline.raster.strips import Strips, of_each
from pipeline.raster.tiles import Tile
from pipeline.tone.reach import TONE_PX

# The columns of the table, in order.
ARRAYS = (
    *("column", "row", "country", "motorway", "x", "y", "red", "green", "blue", "power", "tone_sigma"),
    *("n_cells", "view_zenith_deg"),
)
# Pixels of the photo over which a JPEG's colours share their errors: compression of 4:2:0 writes them in
# blocks of 16 x 16 pixels. Elsewhere they are shared over the square that tone is averaged over.
JPEG_BLOCK_PX = 16
# Borders up to so far (m) beyond the frame are listed: farther than any exclusion zone reaches.
NEAR_FRAME_M = 20_000.0
_COUNTRIES = 128  # more than `countries_at` can tell apart


@dataclass(frozen=True, eq=False)
class LightSquares:
    """The lit cells of a photo summed over squares of SQUARE_M of AREA_CRS. A square has a row for each
    country in it, and one each for what lies in the corridor of a motorway and what does not.

    `column` and `row` number the square; `x`, `y` (m) are the mean place of its cells. `red`, `green` and
    `blue` are sums of light x area of a cell (km2). `power`: mean light (red + green) of a cell, weighted by
    light. `tone_sigma`: 1 sigma of log2(green / red) by the photo's noise, never too small; infinite without
    light. `view_zenith_deg` is at x, y.

    Of the photo: id, time, evidence, `tone_systematic` (1 sigma of log2(G/R), shared by all its light), how
    near to each border (by pair) light is too near to tell its side (`exclusion_m`), the area of a cell.
    """

    column: Ints
    row: Ints
    country: NDArray[np.str_]
    motorway: NDArray[np.bool_]
    x: Array
    y: Array
    red: Array
    green: Array
    blue: Array
    power: Array
    tone_sigma: Array
    n_cells: Ints
    view_zenith_deg: Array
    photo: str
    taken_at: datetime | None
    evidence: EvidenceLevel
    simulated: bool
    tone_systematic: float
    exclusion_m: dict[str, float]
    cell_km2: float

    def __len__(self) -> int:
        return len(self.x)

    def chosen(self, mask: NDArray[np.bool_] | NDArray[np.intp]) -> "LightSquares":
        """The rows that a mask or indices take."""
        return replace(self, **{name: getattr(self, name)[mask] for name in ARRAYS})


def light_squares(
    scene: Scene,
    strips: Strips,
    countries: Countries,
    corridors: BaseGeometry,
    settings: BorderSettings = IN_FORCE,
) -> LightSquares:
    """From strips of light (red, green, blue) and tone (log2 G/R and its sigma); `countries` and `corridors`,
    the area beside motorways, are in AREA_CRS. Cells count by their centre."""
    grid, facts = scene.grid, scene.facts
    areas = countries.areas.to_crs(grid.crs)
    roads = gpd.GeoSeries([corridors], crs=AREA_CRS).to_crs(grid.crs).iloc[0]
    code, sums = _joined(of_each(partial(_of_strip, areas, roads, grid), strips))
    n, x, y, red, green, blue, light, squared, light_sigma, squared_sigma = sums
    x, y, cell_km2 = x / n, y / n, _cell_km2(grid)
    square, part = np.divmod(code, 2 * _COUNTRIES)
    column, row = squares(*centres_of(square))
    shared = _shared_cells(scene, x, y)
    with np.errstate(divide="ignore", invalid="ignore"):
        power = np.where(light > 0, squared / light, 0.0)
        tone_sigma = np.minimum(shared * np.sqrt(squared_sigma), light_sigma) / light
    return LightSquares(
        column=column,
        row=row,
        country=np.asarray(countries.areas["country"], str)[part // 2],
        motorway=part % 2 == 1,
        x=x,
        y=y,
        red=red * cell_km2,
        green=green * cell_km2,
        blue=blue * cell_km2,
        power=power,
        tone_sigma=np.where(light > 0, tone_sigma, np.inf),
        n_cells=n.astype(np.int64),
        view_zenith_deg=scene.view_zenith_deg(x, y),
        photo=facts.id,
        taken_at=facts.taken_at,
        evidence=facts.evidence,
        simulated=facts.simulated,
        tone_systematic=float(getattr(facts, "tone_systematic", 0.0)),
        exclusion_m=_exclusions_m(scene, countries, settings),
        cell_km2=cell_km2,
    )


def _of_strip(
    areas: gpd.GeoDataFrame, corridors: BaseGeometry, grid: Grid, tile: Tile, light: Floats, tone: Floats
) -> tuple[Ints, Array]:
    """The squares of a strip by number, and their sums (10, squares): cells, x, y, red, green, blue, light,
    light^2, light x sigma of tone, and the square of that. Areas and corridors are in the grid's CRS."""
    green_red, sigma = tone
    country = countries_at(areas, grid, tile)
    row, column = np.nonzero(np.isfinite(green_red) & (country >= 0))
    x, y = places(row, column, grid, tile, AREA_CRS)
    on_road = _inside(corridors, grid, tile)[row, column]
    code = (square_codes(x, y) * _COUNTRIES + country[row, column]) * 2 + on_road
    red, green, blue = light[:, row, column].astype(float)
    total = np.maximum(red + green, 0)  # noise may leave a cell less than none
    noise = total * sigma[row, column]
    return _summed(code, (np.ones_like(x), x, y, red, green, blue, total, total**2, noise, noise**2))


def _inside(area: BaseGeometry, grid: Grid, tile: Tile) -> NDArray[np.bool_]:
    """Which cells of a tile have their centre in an area in the grid's CRS."""
    shapes = gpd.GeoDataFrame(geometry=[] if area.is_empty else [area], crs=grid.crs)
    return countries_at(shapes, grid, tile) >= 0


def _summed(code: Ints, values: Sequence[Array]) -> tuple[Ints, Array]:
    """The codes that occur, in order, and the sums of values (kinds, codes) over each."""
    codes, index = numbered(code)
    return codes, np.stack([np.bincount(index, value, len(codes)) for value in values]).astype(float)


def _joined(parts: Sequence[tuple[Ints, Array]]) -> tuple[Ints, Array]:
    """The sums of all strips."""
    codes, sums = zip(*parts, strict=True)
    return _summed(np.concatenate(codes), list(np.concatenate(sums, axis=1)))


def _shared_cells(scene: Scene, x: Array, y: Array) -> Array:
    """Side, in cells, of the square of ground within which the noise of tone may be shared, at places.

    Tone is averaged over a square, so cells side by side share its noise, with a correlation that sums to the
    square's number of cells at most. With m cells a side, the variance of a mean of noise, of weights w and
    sigmas s, is then at most m^2 sum((w s)^2), and never more than (sum(w s))^2.
    """
    if not len(x):
        return x
    pixels = JPEG_BLOCK_PX if scene.facts.evidence == "jpeg" else TONE_PX
    gsd_m = scene.solved.camera.ground_sample_distance_m(*transformer(AREA_CRS, "EPSG:4326").transform(x, y))
    # The average is over as many cells everywhere, so by the typical pixel; where those are greater, by them.
    return np.maximum(1.0, pixels * np.fmax(gsd_m, np.nanmedian(gsd_m)) / scene.grid.resolution_m)


def _exclusions_m(scene: Scene, countries: Countries, settings: BorderSettings) -> dict[str, float]:
    """By pair: of a border in the frame along its part there, of one near the frame along what is near."""
    near, within = (
        clipped(countries, area).borders for area in (scene.frame.buffer(NEAR_FRAME_M), scene.frame)
    )
    lines = dict(zip(near["pair"], near.geometry, strict=True))
    lines |= dict(zip(within["pair"], within.geometry, strict=True))
    return {pair: exclusion_m(scene.solved, line, settings.exclusion) for pair, line in lines.items()}


def _cell_km2(grid: Grid) -> float:
    """The mean area of a cell on the ground: the grid's own metres may not be those of the ground."""
    outline = shapely.segmentize(shapely.box(*grid.bounds), grid.resolution_m * 100)
    on_ground = gpd.GeoSeries([outline], crs=grid.crs).to_crs(AREA_CRS).area.iloc[0]
    return float(on_ground) / 1e6 / (grid.width * grid.height)
